"""What else could have been asked for: one line on standard error, where a flag may be missing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import komparu
from komparu._printed import say

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["hint_for_files", "hint_for_links"]

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


def hint_for_files(*sources: object) -> None:
    """Hint at archives: two that differ may have the same in them."""
    if all(map(_is_archive, sources)):
        _hint("both look like archives; --archive compares what is in them")


def _is_archive(source: object) -> bool:
    if not isinstance(source, str):
        return False
    try:
        with open(source, "rb") as file:  # noqa: PTH123  # bytes and texts alike
            start = file.read(_USTAR.stop)
    except (OSError, ValueError):
        return False
    return start.startswith(_MARKS) or start[_USTAR] == b"ustar"


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
