"""What the command line prints: lines that say what they are to say in any encoding, and no more.

Names are data. What would drive a terminal is escaped, and so is what the output's encoding lacks;
what is no text leaves as the bytes it came as.
"""

from __future__ import annotations

import codecs
import io
import sys
from typing import TYPE_CHECKING

from komparu._core import legible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO

__all__ = ["prepare", "put", "say", "say_all"]


def put(line: str) -> None:
    """Print a line of JSON, which has nothing to escape, at once."""
    stream = sys.stdout
    print(line, file=stream, flush=True)


def say(
    line: str, stream: TextIO | None = None, colours: Callable[[str], str] = lambda line: line
) -> None:
    """Print a line: one, whatever it holds."""
    print(colours(legible(line)), file=stream)


def say_all(
    pieces: Iterable[str], decode: Callable[[str], str], colours: Callable[[str], str] | None
) -> None:
    """Print pieces of some lines each, which are legible, as fast as a program can take them."""
    if sys.stdout is None:
        return
    for piece in pieces:
        text = decode(piece)
        if colours is not None:
            text = "".join(f"{colours(line)}\n" for line in text.split("\n")[:-1])
        sys.stdout.write(text)


def _fitting(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace a character that the output's encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter, after = error.object[error.start], error.start + 1
    if "\udc80" <= letter <= "\udcff":
        return bytes([ord(letter) - 0xDC00]), after
    return letter.encode("ascii", "backslashreplace").decode(), after


def _is_character(letters: str) -> bool:
    """Whether bytes that were no text are one character of UTF-8."""
    try:
        return len(letters.encode("ascii", "surrogateescape").decode("utf-8")) == 1
    except UnicodeError:
        return False


def _fitting_a_terminal(error: UnicodeError) -> tuple[str | bytes, int]:
    """Replace the bytes that an 8-bit terminal takes for control characters, too: C1 has CSI."""
    if isinstance(error, UnicodeEncodeError):
        rest = error.object[error.start : error.start + 4]
        for count in range(len(rest), 1, -1):
            # Several bytes may be a character that only the locale does not know.
            if _is_character(rest[:count]):
                return rest[:count].encode("ascii", "surrogateescape"), error.start + count
        if "\udc80" <= rest[0] <= "\udc9f":
            return f"\\x{ord(rest[0]) - 0xDC00:02x}", error.start + 1
    return _fitting(error)


def prepare() -> None:
    """Have standard output and error take any line."""
    codecs.register_error("komparu.fitting", _fitting)
    codecs.register_error("komparu.fitting.terminal", _fitting_a_terminal)
    for stream in (sys.stdout, sys.stderr):
        # A stream that was closed before Python began is None, and prints nothing.
        if isinstance(stream, io.TextIOWrapper):
            terminal = ".terminal" if stream.isatty() else ""
            stream.reconfigure(errors=f"komparu.fitting{terminal}")
