"""Trees of files, laid out as a dictionary says, and the means to watch what happens to them."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import TypeAlias


class Link(NamedTuple):
    """A symbolic link to this target."""

    target: str | Path


class Fifo(NamedTuple):
    """A named pipe."""


class Socket(NamedTuple):
    """A socket that no process listens at any more."""


class Device(NamedTuple):
    """A device that does not exist; only root can make it."""

    mode: int


Entry: TypeAlias = "bytes | Link | Fifo | Socket | Device | Mapping[str, Entry]"


def plant(directory: Path, entries: Mapping[str, Entry]) -> Path:
    """Make a directory with these entries."""
    directory.mkdir()
    for name, entry in entries.items():
        path = directory / name
        match entry:
            case bytes():
                path.write_bytes(entry)
            case Link(target):
                path.symlink_to(target)
            case Fifo():
                os.mkfifo(path)
            case Socket():
                with socket.socket(socket.AF_UNIX) as listener:
                    # Its path may be longer than a socket's address.
                    base = os.open(directory, os.O_RDONLY)
                    listener.bind(f"/proc/self/fd/{base}/{name}")
                    os.close(base)
            case Device(mode):
                os.mknod(path, mode | 0o600, os.makedev(240, 77))
            case _:
                plant(path, entry)
    return directory


def pair(directory: Path, a: Mapping[str, Entry], b: Mapping[str, Entry]) -> tuple[Path, Path]:
    """Make two directories side by side."""
    return plant(directory / "a", a), plant(directory / "b", b)


#: `struct inotify_event`, without the name that follows it.
_EVENT = struct.Struct("iIII")

_IN_OPEN = 0x20
_IN_NONBLOCK = 0o4000
_IN_Q_OVERFLOW = 0x4000


@contextmanager
def opened(*directories: Path) -> Iterator[set[str]]:
    """Find out what is opened in these directories, by its name; "." is a directory itself.

    The kernel keeps the record, so nothing escapes it however short it was.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    queue = libc.inotify_init1(_IN_NONBLOCK)
    assert queue >= 0, os.strerror(ctypes.get_errno())
    names: set[str] = set()
    try:
        for directory in directories:
            assert libc.inotify_add_watch(queue, os.fsencode(directory), _IN_OPEN) >= 0
        yield names
        while events := _read(queue):
            while events:
                _, mask, _, length = _EVENT.unpack_from(events)
                assert mask & _IN_Q_OVERFLOW == 0, "events were lost"
                name = events[_EVENT.size : _EVENT.size + length].rstrip(b"\0")
                names.add(os.fsdecode(name) or ".")
                events = events[_EVENT.size + length :]
    finally:
        os.close(queue)


def _read(queue: int) -> bytes:
    try:
        return os.read(queue, 1 << 16)
    except BlockingIOError:
        return b""
