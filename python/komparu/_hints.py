"""What else could have been asked for: one line on standard error, where a flag may be missing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import komparu
from komparu import _core
from komparu._directories import local_path
from komparu._printed import say

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["hint_for_archives", "hint_for_files", "hint_for_links", "is_manifest"]

#: How archives begin, and what is compressed as archives are.
_MARKS = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"070701",
    b"!<arch>\n",
)
#: What a tar has in each header, and where: POSIX.1-2017, pax, "ustar Interchange Format".
_USTAR = slice(257, 262)

#: Bytes that are enough to have the first line of a manifest in them.
_START = 8192


def hint_for_files(*sources: object) -> None:
    """Hint at archives: two that differ may have the same in them, or one be a manifest of it."""
    if all(map(_is_archive, sources)):
        _hint("both look like archives; --archive compares what is in them")
    elif any(map(_is_archive, sources)):
        hint_for_archives(*sources)


def hint_for_archives(*sources: object) -> None:
    """Hint at a manifest that was named as an archive."""
    if any(map(is_manifest, sources)):
        _hint("one looks like a manifest; --manifest takes a manifest and a tree")


def is_manifest(source: object) -> bool:
    """Whether a source is a file that looks like a manifest, such as SHA256SUMS."""
    return _core.is_manifest(_start(source))


def _is_archive(source: object) -> bool:
    start = _start(source)
    return start.startswith(_MARKS) or start[_USTAR] == b"ustar"


def _start(source: object) -> bytes:
    """Read the start of a local file; nothing of anything else."""
    if not isinstance(source, str):
        return b""
    try:
        path = local_path(source)
        # Opening a device or a pipe may do something to it.
        if not os.path.isfile(path):  # noqa: PTH113  # bytes and texts alike
            return b""
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(_START)
    except (OSError, ValueError):
        return b""


def hint_for_links(result: komparu.DirResult, roots: Iterable[str]) -> None:
    """Hint at links: one that leads nowhere may be meant as a link."""
    for path, reason in result.diff.items():
        if reason is not komparu.DiffReason.TYPE_MISMATCH:
            continue
        for root in roots:
            whole = f"{root}/{path}"
            if os.path.islink(whole) and not os.path.exists(whole):  # noqa: PTH110, PTH114
                _hint("a link leads nowhere; --no-follow-symlinks compares links by their targets")
                return


def _hint(text: str) -> None:
    say(f"komparu: {text}", sys.stderr)
