"""A filesystem that says odd things, as some do that programs serve.

    python odd_filesystem.py PLACE

What it holds is JSON on its standard input: `{"/path": file}`, where a file has a `content` and may
have an inode number `ino`, a number of links `nlink`, and a `size` that is not that of its content;
be a `hole`, which is where `lseek` says that there is no data; be listed `twice`, as all
directories are; and have `failures`, the numbers of errors that its first reads end with. It prints
a line once it is mounted.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from pathlib import PurePosixPath
from typing import Any

import mfusepy as fuse

#: A time long ago, in nanoseconds: nothing that is looked at has just been written.
LONG_AGO = 10**18


class Odd(fuse.Operations):  # type: ignore[misc]
    """The files, and what is said of them."""

    use_ns = True

    def __init__(self, files: dict[str, dict[str, Any]]) -> None:
        """Hold these."""
        self.files = files
        self.directories = {"/"}
        for path in files:
            self.directories.update(map(str, PurePosixPath(path).parents))

    def init_with_config(self, _: object, config: Any) -> None:  # noqa: ANN401
        """Have reads go past the size that is reported."""
        if config is not None:
            config.direct_io = 1
            config.use_ino = 1
            config.attr_timeout = config.entry_timeout = 0
        print("mounted", flush=True)

    def getattr(self, path: str, _fh: int | None = None) -> dict[str, int]:
        """Say what is known of a file or directory."""
        times = {"st_mtime": LONG_AGO, "st_ctime": LONG_AGO, "st_atime": LONG_AGO}
        if path in self.directories:
            numbers = {"st_ino": 1, "st_nlink": 2, "st_size": 0}
            return {"st_mode": stat.S_IFDIR | 0o755, **numbers, **times}
        if path not in self.files:
            raise fuse.FuseOSError(errno.ENOENT)
        file = self.files[path]
        return {
            "st_mode": stat.S_IFREG | 0o644,
            "st_ino": file.get("ino", 1000 + list(self.files).index(path)),
            "st_nlink": file.get("nlink", 1),
            "st_size": file.get("size", len(file["content"])),
            "st_blocks": file.get("blocks", 1),
            **times,
        }

    def readdir(self, path: str, _fh: int) -> list[tuple[str, dict[str, int], int]]:
        """List a directory, some names twice."""
        base = path.rstrip("/") + "/"
        entries = [(".", self.getattr(path), 0), ("..", self.getattr("/"), 0)]
        for entry in [*self.directories, *self.files]:
            if entry != "/" and entry.startswith(base) and "/" not in entry[len(base) :]:
                twice = self.files.get(entry, {}).get("twice", entry in self.directories)
                listed = (entry[len(base) :], self.getattr(entry), 0)
                entries += [listed, listed] if twice else [listed]
        return entries

    def read(self, path: str, size: int, offset: int, _fh: int) -> bytes:
        """Read all bytes, whatever was said of the size."""
        failures = self.files[path].get("failures")
        if failures:
            raise fuse.FuseOSError(failures.pop(0))
        content: bytes = self.files[path]["content"].encode()
        return content[offset : offset + size]

    def lseek(self, path: str, offset: int, whence: int) -> int:
        """Find the next data, or say that there is none."""
        is_hole = self.files[path].get("hole", False)
        if whence == os.SEEK_DATA and is_hole:
            raise fuse.FuseOSError(errno.ENXIO)
        if whence == os.SEEK_HOLE and not is_hole:
            return len(self.files[path]["content"])
        return offset


class Mount(fuse.FUSE):  # type: ignore[misc]
    """The same with the one operation that the library leaves out."""

    def lseek(self, path: bytes, offset: int, whence: int, _: object) -> int:
        """Hand it on."""
        result: int = self.operations.lseek(path.decode(), offset, whence)
        return result


if __name__ == "__main__":
    Mount(Odd(json.load(sys.stdin)), sys.argv[1], foreground=True, nothreads=True)
