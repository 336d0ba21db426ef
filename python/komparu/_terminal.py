"""What the command line does on a terminal: colours, and a line that shows how far it is."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING

from komparu._core import one_line
from komparu._report import size

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TextIO

    from komparu import Progress

__all__ = ["Colours", "ProgressLine", "columns_of", "is_terminal", "pictured"]

#: Seconds between two pictures of the progress, and before the first: what takes less needs none.
_INTERVAL = 0.1

_RESET = "\x1b[0m"
#: By what a line begins with: red, green, yellow, cyan, bold red, dim.
_COLOURS = {
    "-": "\x1b[31m",
    "+": "\x1b[32m",
    "*": "\x1b[33m",
    ">": "\x1b[36m",
    "!": "\x1b[1;31m",
    "=": "\x1b[2m",
}
#: Back to the first column, and nothing to the right of it.
_CLEAR = "\r\x1b[K"


def is_terminal(stream: object) -> bool:
    """Whether a stream is a terminal that takes more than plain text."""
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return False


class Colours:
    """Colours lines by what they begin with, on a terminal; https://no-color.org says when not."""

    def __init__(self) -> None:
        """See whether standard output is a terminal, and what its user wants."""
        self.are_shown = is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")

    def __call__(self, line: str) -> str:
        """Colour a line, which has been made legible."""
        colour = _COLOURS.get(line[:1])
        return f"{colour}{line}{_RESET}" if self.are_shown and colour else line


class ProgressLine:
    """One line on standard error, overwritten again and again, and gone in the end.

    It is drawn by a thread of its own, which asks for the progress: whatever compares needs not
    think of it.
    """

    def __init__(self, progress: Callable[[], Progress | None], *, is_shown: bool) -> None:
        """Show what ``progress`` returns, if it is to be shown."""
        self._progress = progress
        self._thread = threading.Thread(target=self._draw, daemon=True) if is_shown else None
        self._is_over = threading.Event()

    def __enter__(self) -> None:
        """Begin to draw."""
        if self._thread is not None:
            self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exception: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the line away."""
        self._is_over.set()
        if self._thread is not None:
            self._thread.join()

    def _draw(self) -> None:
        drawn = False
        try:
            while not self._is_over.wait(_INTERVAL):
                progress = self._progress()
                if progress is not None and sys.stderr is not None:
                    width = columns_of(sys.stderr) - 1
                    sys.stderr.write(f"{_CLEAR}{pictured(progress, width)}")
                    sys.stderr.flush()
                    drawn = True
            if drawn:
                sys.stderr.write(_CLEAR)
                sys.stderr.flush()
        except (OSError, ValueError):
            # The terminal is gone, and what is compared is not.
            return


def columns_of(stream: TextIO) -> int:
    """How many columns the terminal has that a stream is; standard output may be another one."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return columns or shutil.get_terminal_size().columns


def pictured(progress: Progress, width: int) -> str:
    """Say how far a comparison is, in so many columns at most."""
    total = f" of {progress.entries_total:,}" if progress.entries_total is not None else ""
    parts = [f"{progress.entries:,}{total}", size(progress.bytes)]
    if progress.bytes_total:
        parts[-1] += f" of {size(progress.bytes_total)}"
        share = min(progress.bytes / progress.bytes_total, 1.0)
        parts.insert(0, f"{share:.0%}")
    if progress.differing:
        parts.append(f"{progress.differing:,} differ")
    if progress.failed:
        parts.append(f"{progress.failed:,} not compared")
    text = ", ".join(parts)
    room = width - len(text) - 2
    if progress.path and room > 8:  # noqa: PLR2004  # less would show nothing of a name
        text += f"  {_ending(one_line(progress.path), room)}"
    return text[: max(width, 0)]


def _ending(path: str, room: int) -> str:
    """Show of a path what has room: its end says more than its beginning."""
    if path.isascii():
        return path if len(path) <= room else f"…{path[-(room - 1) :]}"
    from unicodedata import east_asian_width  # noqa: PLC0415  # most names need it not

    columns = 0
    for index in range(len(path) - 1, -1, -1):
        columns += 2 if east_asian_width(path[index]) in "WF" else 1
        if columns > room - (index > 0):
            return f"…{path[index + 1 :]}"
    return path
