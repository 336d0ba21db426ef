#!/bin/sh
# Runs a command on a machine that has next to nothing: in a mount namespace of its own, with no
# libraries beyond libc and what Python itself is linked to, and no certificates but those given.
#
#     unshare --mount enclosed.sh ETC VISIBLE... -- COMMAND...
#
# ETC is a directory that takes the place of /etc; VISIBLE are directories that stay where they are.
set -eu

root=$(mktemp -d)
mount -t tmpfs enclosed "$root"
for directory in /*; do
    if [ -L "$directory" ]; then
        cp -P "$directory" "$root$directory"
    elif [ -d "$directory" ]; then
        mkdir "$root$directory"
    fi
done
for directory in /usr /proc /dev; do
    mount --rbind "$directory" "$root$directory"
done
mount --bind "$1" "$root/etc"
shift
while [ "$1" != -- ]; do
    mkdir -p "$root$1"
    mount --rbind "$1" "$root$1"
    shift
done
shift

# What a wheel might be tempted to use, and what its parts would be found through.
libraries='lib(archive|curl|nghttp2|ssl|crypto|xml2|icu|z|bz2|lzma|zstd|lz4)[^/]*\.so[^/]*'
find "$root/usr/lib" "$root"/usr/local/lib* "$root"/usr/lib64 -regextype posix-extended \
    -regex ".*/$libraries" 2>/dev/null | while read -r found; do
    mount --bind /dev/null "$found" 2>/dev/null || true # a link to one that is hidden already
done
for certificates in /usr/lib/ssl /usr/share/ssl /usr/local/ssl /usr/local/share; do
    if [ -d "$root$certificates" ]; then
        mount -t tmpfs hidden "$root$certificates"
    fi
done

PATH=$PATH:/usr/sbin exec chroot "$root" "$@"
