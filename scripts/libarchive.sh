#!/bin/sh
# Fetches the source of libarchive that goes into the wheel: that of this Debian or Ubuntu, with its
# security fixes, checked by apt. Where there is no apt, unpack one there by hand:
#
#     scripts/libarchive.sh DIRECTORY     afterwards DIRECTORY/CMakeLists.txt is there
#
# Nothing of the system changes: lists and downloads are kept beside the source.
set -eu

target=$1
[ -e "$target/CMakeLists.txt" ] && exit 0

for tool in apt-get dpkg-source; do
    command -v "$tool" >/dev/null 2>&1 && continue
    {
        echo "$tool is not here, so the source of libarchive cannot be fetched."
        echo "Unpack a release of it, 3.6.2 or newer, as $target"
    } >&2
    exit 1
done

work=$target.download
rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/source"
work=$(cd "$work" && pwd)

# The places that packages come from on this machine have their sources, too.
for origin in debian:Debian ubuntu:Ubuntu; do
    keys=/usr/share/keyrings/${origin%%:*}-archive-keyring.gpg
    [ -e "$keys" ] && signed="[signed-by=$keys]" || signed=""
    apt-get indextargets "Origin: ${origin#*:}" 'Created-By: Packages' 'Component: main' \
        --format "deb-src $signed \$(REPO_URI) \$(RELEASE) \$(COMPONENT)"
done | sort -u >"$work/sources.list"
if [ ! -s "$work/sources.list" ]; then
    echo "apt knows no package lists of Debian or Ubuntu: run apt-get update, then make again." >&2
    exit 1
fi

private() {
    apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User= \
        "$@"
}
private update
# As root, dpkg-source keeps the owners that the archive names unless told otherwise.
(cd "$work/source" && private source libarchive >/dev/null)
rm -rf "$target"
mv "$work"/source/libarchive-*/ "$target"
# What was taken, for the notices of the wheel: the version, and the digests of the files it came as.
(cd "$target" && dpkg-parsechangelog --show-field Version) >"$target/VERSION"
(cd "$work/source" && sha256sum libarchive_*) >"$target/DIGESTS"
rm -rf "$work"
