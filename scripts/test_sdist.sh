#!/bin/sh
# Installs komparu from an unpacked copy of its source distribution, into an empty virtual
# environment and with the libraries of this system, and uses it once.
#
#     scripts/test_sdist.sh PYTHON SDIST WORK
set -eu

python=$1 sdist=$2 work=$3
rm -rf "$work"
mkdir -p "$work/source"
tar -xzf "$sdist" -C "$work/source" --strip-components=1
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip --disable-pip-version-check install --quiet "$work/source"
cd "$work"
printf 'same' >a
printf 'same' >b
printf 'SAME' >c
venv/bin/komparu a b
if venv/bin/komparu -q a c; then exit 1; fi
venv/bin/python -I -c 'import komparu; assert komparu.compare("a", "b"); print(komparu.__version__)'
