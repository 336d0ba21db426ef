"""What the command line prints: lines that say what they are to say in any encoding, and no more.

Names are data. What would drive a terminal is escaped, and so is what the output's encoding lacks;
what is no text leaves as the bytes it came as.
"""

from __future__ import annotations

import codecs
import io
import sys
from typing import TYPE_CHECKING

from komparu import _core

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from komparu import Difference

__all__ = ["legible", "one_line", "place", "prepare", "put", "say"]

_ESCAPES = {ord(letter): repr(letter)[1:-1] for letter in _core.escaped()}
#: The same letters as they come out of a name that was not decoded.
_UNDECODED = {
    letter.encode().decode("ascii", "surrogateescape"): repr(letter)[1:-1]
    for letter in _core.escaped()
    if not letter.isascii()
}


def legible(text: str) -> str:
    """Escape what is not to be printed as it is."""
    text = text.translate(_ESCAPES)
    if not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text):
        for undecoded, escape in _UNDECODED.items():
            text = text.replace(undecoded, escape)
    return text


def one_line(path: str) -> str:
    """Escape a name so that it can be read back: its backslashes, too."""
    return legible(path.replace("\\", r"\\"))


def place(difference: Difference) -> str:
    """Say where it is, bytes and lines counted from 1, as cmp does."""
    return f"at byte {difference.offset + 1}, line {difference.line}"


def put(line: str) -> None:
    """Print a line of JSON, which has nothing to escape, at once."""
    stream = sys.stdout
    print(line, file=stream, flush=True)


def say(
    line: str, stream: TextIO | None = None, colours: Callable[[str], str] = lambda line: line
) -> None:
    """Print a line: one, whatever it holds."""
    print(colours(legible(line)), file=stream)


def _fitting(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace a character that the output's encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter, after = error.object[error.start], error.start + 1
    if "\udc80" <= letter <= "\udcff":
        return bytes([ord(letter) - 0xDC00]), after
    return letter.encode("ascii", "backslashreplace").decode(), after


def prepare() -> None:
    """Have standard output and error take any line."""
    codecs.register_error("komparu.fitting", _fitting)
    for stream in (sys.stdout, sys.stderr):
        # A stream that was closed before Python began is None, and prints nothing.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="komparu.fitting")
