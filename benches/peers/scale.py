"""A million files a side: how long it takes, and how much memory.

Not run unless named; KOMPARU_FILES=N has another number of files. They lie in memory (/dev/shm)
where there is such a place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Harness

#: Compares in a fresh interpreter, and prints the time, by how much anonymous memory grew at its
#: peak, and what was found.
_CHILD = """
import sys, threading, time
import komparu

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

komparu.compare_dir("/proc/self/fdinfo", "/proc/self/fdinfo")
done = threading.Event()
idle = peak = resident()

def watch():
    global peak
    while not done.wait(0.002):
        peak = max(peak, resident())

watcher = threading.Thread(target=watch)
watcher.start()
begun = time.perf_counter()
result = komparu.compare_dir(*sys.argv[1:3])
taken = time.perf_counter() - begun
peak = max(peak, resident())
done.set()
watcher.join()
print(taken, (peak - idle) * 1024, len(result.diff) + len(result.only_left), len(result.errors))
"""


def _fill(root: Path, count: int, per_directory: int, content: bytes) -> None:
    root.mkdir()
    for start in range(0, count, per_directory):
        path = root / f"{start // per_directory:06}"
        path.mkdir()
        directory = os.open(path, os.O_RDONLY)
        for index in range(start, min(start + per_directory, count)):
            file = os.open(f"file-{index:07}.txt", os.O_WRONLY | os.O_CREAT, dir_fd=directory)
            if content:
                os.write(file, content)
            os.close(file)
        os.close(directory)


def _compare(a: Path, b: Path) -> tuple[float, int, int]:
    command = [sys.executable, "-P", "-c", _CHILD, str(a), str(b)]
    seconds, peak, found, errors = subprocess.check_output(command, text=True).split()
    if int(errors):
        message = f"{errors} errors"
        raise AssertionError(message)
    return float(seconds), int(peak), int(found)


def benchmark(harness: Harness) -> None:
    """Measure shapes of trees, and what every finding costs."""
    count = int(os.environ.get("KOMPARU_FILES", "1000000"))
    memory = Path("/dev/shm")  # noqa: S108  # where files lie in memory, by its only name
    place = memory if memory.is_dir() else None
    directory = Path(tempfile.mkdtemp(prefix="komparu-scale-", dir=place))
    a, b = directory / "a", directory / "b"

    def measure(name: str, make: Callable[[], object], found: int) -> None:
        make()
        seconds, peak, differing = _compare(a, b)
        if differing != found:
            message = f"{name}: {differing} findings, not {found}"
            raise AssertionError(message)
        each = f"{peak / count:.0f} bytes of memory and {seconds / count * 1e6:.2f} µs a file"
        harness.note(f"{count:,} files a side, {name}", f"{seconds:.2f} s, {each}")
        for tree in (a, b):
            shutil.rmtree(tree)

    def both(per_directory: int, left: bytes, right: bytes) -> None:
        _fill(a, count, per_directory, left)
        _fill(b, count, per_directory, right)

    def left() -> None:
        _fill(a, count, 1000, b"")
        b.mkdir()

    try:
        measure("empty, 1,000 in a directory", lambda: both(1000, b"", b""), 0)
        measure("empty, all in one directory", lambda: both(count, b"", b""), 0)
        measure(
            "10 bytes, 1,000 in a directory", lambda: both(1000, b"0123456789", b"0123456789"), 0
        )
        measure("all of them different", lambda: both(1000, b"1", b"2"), count)
        measure("all of them only left", left, count)
    finally:
        shutil.rmtree(directory)
