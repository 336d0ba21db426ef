"""Standard input and pipes, where the command line names them: they are read once, as they come.

The functions of komparu refuse a pipe: what is read from it is gone, and directories hold some that
no one means to read. A user who writes `-` or `<(...)` means it.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from typing import TYPE_CHECKING

from komparu import _core
from komparu._directories import local_path
from komparu._errors import SourceReadError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["opened"]

#: Paths that lead to what this program has open, by its number.
_OPEN = re.compile(r"/dev/(?:stdin|fd/(\d+))|/proc/self/fd/(\d+)")


class _Streams:
    """Those that were opened, and what each of them is."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()

    def add(self, descriptor: int, name: str) -> _core.OpenStream:
        """Take what is open; a ValueError says that it is taken already."""
        status = os.fstat(descriptor)
        what = (status.st_dev, status.st_ino)
        if what in self._seen:
            message = f"{name} is named twice, and can be read only once"
            raise ValueError(message)
        self._seen.add(what)
        return _core.OpenStream(descriptor, name)


def opened(sources: Iterable[str]) -> list[str | _core.OpenStream]:
    """Open those sources that can be read once; the others stay what they are.

    Raises ValueError if two of them are the same.
    """
    streams = _Streams()
    return [_opened(source, streams) for source in sources]


def _opened(source: str, streams: _Streams) -> str | _core.OpenStream:
    if source == "-":
        if sys.stdin is None:
            raise SourceReadError("-: standard input is closed")
        return streams.add(0, "-")
    path = local_path(source)
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  # a Path is text
    except (OSError, ValueError):
        # Whatever is wrong with it, comparing says so better.
        return source
    number = _OPEN.fullmatch(path)
    if number is not None and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return streams.add(int(number[1] or number[2] or 0), source)
    if not stat.S_ISFIFO(mode):
        return source
    try:
        # Only reading waits for a writer: it can be interrupted, and has its limit of time.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return source
    try:
        return streams.add(descriptor, source)
    finally:
        os.close(descriptor)
