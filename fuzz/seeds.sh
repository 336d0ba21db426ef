#!/bin/sh
# Small archives of many kinds, for the fuzzer to begin with: it would not think of them by itself.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/archive
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mkdir "$home/tree"
printf 'some text, some text\n' > "$home/tree/a.txt"
printf 'more\n' > "$home/tree/b.txt"
ln -s a.txt "$home/tree/link"
ln "$home/tree/a.txt" "$home/tree/hard"
truncate -s 5000 "$home/tree/sparse"
for format in gnutar pax ustar newc odc zip 7zip iso9660 xar ar mtree shar raw; do
    bsdtar -C "$home/tree" --format "$format" -cf "$home/$format" . 2>/dev/null || continue
    cp "$home/$format" corpus/archive/
done
for filter in gzip bzip2 xz zstd lz4 compress uuencode; do
    bsdtar -C "$home/tree" "--$filter" -cf "$home/$filter" . 2>/dev/null || continue
    cp "$home/$filter" corpus/archive/
done
