"""Runs where there is nothing but a Python and the wheel: says what works there, as JSON.

Its arguments are a directory of archives, named by their formats, and a URL with a local copy.
"""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path


def libraries() -> set[str]:
    """What is loaded into this process."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {line.split()[-1] for line in lines if ".so" in line}


OF_PYTHON = libraries()

import komparu  # noqa: E402  # what comes with it is asked for

HIDDEN = ["libarchive.so.13", "libcurl.so.4", "libnghttp2.so.14", "libssl.so.3", "libcrypto.so.3"]


def works(name: str) -> bool:
    """Whether a library of the system can be loaded."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def said(function: str, *arguments: str) -> str:
    """What a comparison says, an error's text included."""
    try:
        return str(bool(getattr(komparu, function)(*arguments)))
    except komparu.KomparuError as error:
        return f"{type(error).__name__}: {error}"


archives, url, copy = sys.argv[1:]
other = Path(archives) / "other.tar"
outcome = {
    "visible": [name for name in HIDDEN if works(name)],
    "files": said("compare", copy, copy + ".same"),
    "url": said("compare", url, copy),
    "archives": {
        path.name: said("compare_archive", str(path), str(other.with_name("plain.tar")))
        for path in sorted(Path(archives).iterdir())
    },
    "loaded": sorted(libraries() - OF_PYTHON),
}
print(json.dumps(outcome))
