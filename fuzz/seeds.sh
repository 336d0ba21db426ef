#!/bin/sh
# Small archives of many kinds, for the fuzzer to begin with: it would not think of them by itself.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/archive
corpus=$PWD/corpus/archive
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
    cp "$home/$format" "$corpus"
done
for filter in gzip bzip2 xz zstd lz4 compress uuencode; do
    bsdtar -C "$home/tree" "--$filter" -cf "$home/$filter" . 2>/dev/null || continue
    cp "$home/$filter" "$corpus"
done

# gzip, which komparu undoes itself: of other formats, within itself, in several members, followed by
# zeros or by anything, with a name in its header or none, and with its end cut short or wrong.
changed() { # file, where, what: with a few of its bytes replaced
    printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
for format in pax ustar newc ar; do
    gzip -nc "$home/$format" > "$corpus/gzip-$format"
done
gzip -c "$home/ustar" > "$corpus/gzip-named"
gzip -n1c "$home/ustar" > "$corpus/gzip-fast"
gzip -nc "$home/zip" > "$corpus/gzip-zip"
gzip -nc "$corpus/gzip-ustar" > "$corpus/gzip-gzip"
bzip2 -c "$corpus/gzip-ustar" > "$corpus/bzip2-gzip"
gzip -nc "$home/tree/a.txt" > "$corpus/gzip-raw"
gzip -nc /dev/null > "$corpus/gzip-nothing"
{ head -c 700 "$home/ustar" | gzip -nc && tail -c +701 "$home/ustar" | gzip -nc; } > "$corpus/gzip-members"
cat "$corpus/gzip-nothing" "$corpus/gzip-ustar" "$corpus/gzip-nothing" > "$corpus/gzip-nothing-around"
{ cat "$corpus/gzip-ustar" && head -c 600 /dev/zero; } > "$corpus/gzip-zeros-behind"
{ cat "$corpus/gzip-ustar" && printf 'anything'; } > "$corpus/gzip-more-behind"
{ cat "$corpus/gzip-ustar" && printf '\037\213\010'; } > "$corpus/gzip-cut-member"
{ printf '\037\213\010\034\0\0\0\0\0\003\004\0ABCDname\0comment\0' && tail -c +11 "$corpus/gzip-ustar"; } > "$corpus/gzip-extra"
size=$(wc -c < "$corpus/gzip-ustar")
for missing in 1 4 8 9 20; do
    head -c "-$missing" "$corpus/gzip-ustar" > "$corpus/gzip-without-$missing"
done
for wrong in 1 8 30; do
    cp "$corpus/gzip-ustar" "$corpus/gzip-wrong-$wrong"
    changed "$corpus/gzip-wrong-$wrong" $((size - wrong)) '\0125'
done

# zip: what `zip` writes into a file and into a pipe, plain, compressed, with large numbers, with a comment
# at the end, behind other bytes, with a password, and with its pieces cut or wrong.
cd "$home/tree"
zip -q0 ../stored.zip a.txt b.txt sparse
zip -q9 ../deflated.zip a.txt b.txt sparse
zip -qy9 ../links.zip a.txt link hard
zip -q9 - a.txt b.txt | cat > ../pipe.zip
zip -q0 - a.txt b.txt | cat > ../pipe-stored.zip
cat a.txt | zip -q9 - - | cat > ../pipes.zip
cat a.txt | zip -q9 -fz - - | cat > ../pipes-large.zip
zip -q9 -fz ../large.zip a.txt b.txt
zip -q9 -Z bzip2 ../bzip2.zip a.txt sparse
zip -q9 -P word ../password.zip a.txt b.txt
zip -qr9X ../directory.zip .
zip -q9 ../commented.zip a.txt b.txt && echo 'a comment PK' | zip -qz ../commented.zip > /dev/null
7z a -bd -mm=LZMA ../lzma.zip a.txt sparse > /dev/null
7z a -bd -mm=Deflate64 ../deflate64.zip a.txt sparse > /dev/null
7z a -bd -mm=PPMd ../ppmd.zip a.txt sparse > /dev/null
bsdtar --format zip --options zip:zip64,zip:compression=store -cf ../zip64.zip a.txt b.txt
bsdtar --format zip --options zip:experimental -cf ../experimental.zip a.txt b.txt
cd ..
printf 'PK\005\006\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' > empty.zip
{ printf 'bytes before it' && cat deflated.zip; } > behind.zip
cp behind.zip adjusted.zip && zip -qA adjusted.zip > /dev/null
{ cat deflated.zip && printf 'anything'; } > more-behind.zip
cat stored.zip deflated.zip > two.zip
size=$(wc -c < deflated.zip)
for missing in 1 22 40; do
    head -c "-$missing" deflated.zip > "without-$missing.zip"
done
# Its checksum, its method, its name and its content, in the first entry; what counts the entries.
for wrong in 14 8 30 40 $((size - 12)); do
    cp deflated.zip "wrong-$wrong.zip"
    changed "wrong-$wrong.zip" "$wrong" '\0011'
done
cp -- *.zip "$corpus"

# Structures: the number of a format in `fuzzed::NAMES`, in octal, the lengths of pieces, where to cut, and a container.
mkdir -p "$corpus/../structure"
structure() { # number, file
    { printf '%b\103\7\100\0' "\\0$1" && cat "$2"; } > "$corpus/../structure/$1-$(basename "$2")"
}
7z a -bd -mx=0 plain.7z tree > /dev/null
structure 0 ar
for cpio in newc odc; do
    structure 2 "$cpio"
done
structure 3 iso9660
structure 7 7zip
structure 7 plain.7z
structure 11 xar
for tar in gnutar pax ustar; do
    structure 12 "$tar"
done
structure 13 zstd
structure 13 lz4
