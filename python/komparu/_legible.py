"""Texts and names, escaped so that they can be printed: nothing in them drives a terminal.

Loaded with komparu, and loads nothing that Python has not loaded.
"""

from __future__ import annotations

from komparu import _core

__all__ = ["legible", "one_line"]

_ESCAPES: dict[int, str] = {}
#: The same letters as they come out of a name that was not decoded.
_UNDECODED: dict[str, str] = {}


def _prepare() -> None:
    letters = _core.escaped()
    _UNDECODED.update(
        {
            letter.encode().decode("ascii", "surrogateescape"): repr(letter)[1:-1]
            for letter in letters
            if not letter.isascii()
        }
    )
    _ESCAPES.update({ord(letter): repr(letter)[1:-1] for letter in letters})


def legible(text: str) -> str:
    """Escape what is not to be printed as it is."""
    if not _ESCAPES:
        _prepare()
    text = text.translate(_ESCAPES)
    if not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text):
        for undecoded, escape in _UNDECODED.items():
            text = text.replace(undecoded, escape)
    return text


def one_line(path: str) -> str:
    """Escape a name so that it stays on its line and can be read back: its backslashes, too."""
    return legible(path.replace("\\", r"\\"))
