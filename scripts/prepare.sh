#!/bin/sh
# Sees to it that the tools which komparu is built with are there.
# As root on Debian or Ubuntu it installs what is missing, and so it does in a CI that has Homebrew;
# elsewhere it says how to, and stops.
#
# KOMPARU_FOR=wheel: only what a build needs that carries its libraries with it.
# KOMPARU_FOR=rust: everything but Python.
set -eu

python=${PYTHON:-python3}
purpose=${KOMPARU_FOR:-tests}
apt="" dnf="" brew=""
missing() { # what, and its packages: apt, dnf, brew
    echo "missing: $1"
    apt="$apt $2" dnf="$dnf $3" brew="$brew $4"
}

command -v cc >/dev/null 2>&1 || missing "a C compiler" gcc gcc gcc
if [ "$purpose" = rust ]; then
    : # It is built and tested without.
elif ! command -v "$python" >/dev/null 2>&1; then
    missing "Python 3.10 or newer" "python3 python3-venv" python3 python
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "$python is $("$python" -V); komparu needs 3.10 or newer. Set PYTHON to one." >&2
    exit 1
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    missing "Python's venv module" python3-venv python3 python
fi

if [ "$purpose" = wheel ]; then
    # OpenSSL is configured by it.
    perl -MIPC::Cmd -MTime::Piece -e 1 2>/dev/null ||
        missing "Perl with its modules" perl "perl-core perl-IPC-Cmd perl-Time-Piece" perl
else
    command -v pkg-config >/dev/null 2>&1 || missing pkg-config pkg-config pkgconf-pkg-config pkgconf
    if ! pkg-config --exists libarchive 2>/dev/null; then
        # Homebrew keeps it beside the system's own; PKG_CONFIG_PATH must name its lib/pkgconfig then.
        missing "libarchive, with its headers" libarchive-dev libarchive-devel libarchive
    fi
    # What the tests make archives with.
    command -v bsdtar >/dev/null 2>&1 || missing bsdtar libarchive-tools bsdtar libarchive
    command -v zip >/dev/null 2>&1 || missing zip zip zip zip
    command -v 7z >/dev/null 2>&1 || missing 7z p7zip-full p7zip-plugins p7zip
    command -v zstd >/dev/null 2>&1 || missing zstd zstd zstd zstd
    command -v cpio >/dev/null 2>&1 || missing cpio cpio cpio cpio
    command -v gcab >/dev/null 2>&1 || missing gcab gcab gcab gcab
    command -v genisoimage >/dev/null 2>&1 || missing genisoimage genisoimage genisoimage cdrtools
    command -v jq >/dev/null 2>&1 || missing jq jq jq jq
    command -v lz4 >/dev/null 2>&1 || missing lz4 lz4 lz4 lz4
    # What the tests check manifests with.
    command -v hashdeep >/dev/null 2>&1 || missing hashdeep hashdeep md5deep md5deep
    command -v b3sum >/dev/null 2>&1 || missing b3sum b3sum b3sum b3sum
    case $(tar --version 2>/dev/null) in
    *GNU*) ;;
    *) command -v gtar >/dev/null 2>&1 || missing "GNU tar" tar tar gnu-tar ;;
    esac
    # The tests mount filesystems that say odd things of their files.
    if [ "$(uname)" = Linux ]; then
        command -v fusermount3 >/dev/null 2>&1 || missing "FUSE 3, for the tests" fuse3 fuse3 ""
    fi
    # PyInstaller, which the tests try, wants Python as a library. Debian's own Python has it apart; where
    # it cannot be had, that test is left out.
    if [ "$purpose" = tests ] && [ "$(id -u)" = 0 ]; then
        library=$("$python" -c '
import ctypes, sys, sysconfig
try:
    ctypes.CDLL(sysconfig.get_config_var("INSTSONAME"))
except OSError:
    if sys.prefix == "/usr":
        print("libpython%d.%d" % sys.version_info[:2])
')
        [ -z "$library" ] || missing "$library, for the tests" "$library" "" ""
    fi
    # Without them curl-sys builds a libcurl of its own, which speaks no https.
    pkg-config --exists 'libcurl >= 7.68' 2>/dev/null ||
        missing "libcurl 7.68 or newer, with headers" "libcurl4-openssl-dev pkg-config" \
            "libcurl-devel pkgconf" "curl pkgconf"
    # The servers that the tests start. Debian keeps them out of a user's PATH.
    for server in nginx:nginx-light tinyproxy:tinyproxy microsocks:microsocks; do
        PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "${server%%:*}" >/dev/null 2>&1 ||
            missing "${server%%:*}, for the tests" "${server#*:}" "${server%%:*}" "${server%%:*}"
    done
fi

if [ -n "$apt" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq
        # shellcheck disable=SC2086  # several packages
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $apt
    elif [ -n "${CI:-}" ] && command -v brew >/dev/null 2>&1; then
        # shellcheck disable=SC2086  # several packages
        brew install --quiet $brew
    else
        {
            echo "Install it, then run make again:"
            echo "  Debian, Ubuntu:  sudo apt-get install$apt"
            echo "  Fedora:          sudo dnf install$dnf"
            echo "  macOS:           brew install$brew"
        } >&2
        exit 1
    fi
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo "missing: Rust 1.88 or newer. Get it from https://rustup.rs, then run make again." >&2
    exit 1
fi
