"""Whether a source that the command line was given is a directory, however long its path is.

The system takes paths of some 4,000 bytes. `compare_dir` goes through longer ones a piece at a
time, and so does the question whether to call it.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from urllib.parse import unquote_to_bytes

__all__ = ["is_directory", "local_path"]

#: The system takes no more of a path than this at once: POSIX's least, which every system takes.
_PIECE = 256

#: Entering takes no right to list a directory, where the system can tell these two apart.
_ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", 0)


def local_path(source: str) -> str:
    """Find the path that a text, or a URL of a file, leads to."""
    path = os.fsencode(source)
    if path[:7].lower() == b"file://":
        slash = path.find(b"/", 7)
        path = unquote_to_bytes(re.split(rb"[?#]", path[slash:])[0]) if slash > 0 else b""
    return os.fsdecode(path)


def is_directory(source: str) -> bool:
    """Whether a path, or a URL of a file, leads to a directory."""
    path = os.fsencode(local_path(source))
    if b"\0" in path:
        return False
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116  # a Path is text
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG and _can_be_entered(path)


def _can_be_entered(path: bytes) -> bool:
    """Enter a directory by its path, some names at a time."""
    names = [name for name in path.split(b"/") if name]
    try:
        at = os.open(b"/" if path.startswith(b"/") else b".", _ENTER)
        try:
            while names:
                count = 1
                while len(b"/".join(names[: count + 1])) <= _PIECE and count < len(names):
                    count += 1
                below = os.open(b"/".join(names[:count]), _ENTER, dir_fd=at)
                os.close(at)
                at, names = below, names[count:]
        finally:
            os.close(at)
    except OSError:
        return False
    return True
