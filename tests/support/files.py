"""File objects of every make, and of every way to misbehave."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAKES", "Fills", "Openable", "Pipe", "Reads", "Seeks"]


class Reads:
    """An object that has `read`, and nothing else; it notes which threads call it."""

    def __init__(self, content: bytes, most: int = 1 << 30) -> None:
        """Give at most so many bytes at a time."""
        self._file = io.BytesIO(content)
        self._most = most
        self.threads: set[int] = set()

    def read(self, size: int) -> bytes:
        """Read some."""
        self.threads.add(threading.get_ident())
        return self._file.read(min(size, self._most))


class Fills:
    """An object that has `readinto`, and nothing else."""

    def __init__(self, content: bytes, most: int = 1 << 30) -> None:
        """Give at most so many bytes at a time."""
        self._file = io.BytesIO(content)
        self._most = most

    def readinto(self, buffer: memoryview) -> int:
        """Fill some of a buffer."""
        return self._file.readinto(buffer[: self._most])


class Seeks(io.RawIOBase):
    """A raw file that can seek."""

    def __init__(self, content: bytes) -> None:
        """Stand at the beginning."""
        super().__init__()
        self._file = io.BytesIO(content)

    def readable(self) -> bool:
        """It is open for reading."""
        return True

    def seekable(self) -> bool:
        """It can seek."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go elsewhere."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Say where it stands."""
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer."""
        return self._file.readinto(buffer)


class Pipe(Seeks):
    """A raw file that cannot seek."""

    def seekable(self) -> bool:
        """It cannot."""
        return False


class Openable:
    """An object with `open("rb")` that is no path, and notes what it has opened."""

    def __init__(self, content: bytes, make: Callable[[bytes], object] = io.BytesIO) -> None:
        """Open such files."""
        self._content, self._make = content, make
        self.opened: list[object] = []

    def open(self, mode: str) -> object:
        """Open one more."""
        assert mode == "rb"
        self.opened.append(self._make(self._content))
        return self.opened[-1]


#: Every kind of object that is read while a call goes on, by the content that it has.
MAKES: dict[str, Callable[[bytes], object]] = {
    "read": Reads,
    "read, little at a time": lambda content: Reads(content, 1000),
    "readinto": Fills,
    "readinto, little at a time": lambda content: Fills(content, 999),
    "raw": Seeks,
    "raw, no seek": Pipe,
    "buffered": lambda content: io.BufferedReader(Seeks(content)),
    "in memory": io.BytesIO,
    "its subclass": type("Sub", (io.BytesIO,), {}),
    "open": Openable,
    "open, no seek": lambda content: Openable(content, Pipe),
}
