"""What the hardware and the interpreter allow: the limits that komparu is held against."""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_memcmp.restype = ctypes.c_int


def memory_comparison(size: int, threads: int) -> Callable[[], bool]:
    """Make a call that compares two regions of anonymous memory, each thread its share.

    ctypes releases the GIL around memcmp, so the threads do run at once.
    """
    regions = [mmap.mmap(-1, size) for _ in range(2)]
    for region in regions:
        # Touched everywhere: a page that was never written is the kernel's one page of zeros, which
        # stays in the cache.
        for offset in range(0, size, 4096):
            region[offset] = 1
    a, b = (ctypes.addressof(ctypes.c_char.from_buffer(region)) for region in regions)
    share = size // threads
    answers = [True] * threads

    def work(index: int) -> None:
        offset = index * share
        answers[index] = _memcmp(a + offset, b + offset, share) == 0

    def compare() -> bool:
        others = [threading.Thread(target=work, args=[index]) for index in range(1, threads)]
        for thread in others:
            thread.start()
        work(0)
        for thread in others:
            thread.join()
        # Held here, so that the regions live as long as this function.
        return all(answers) and bool(regions)

    return compare


_PEAK = """
import sys, threading
import komparu

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

# A first comparison loads what any comparison loads.
komparu.compare("/dev/null", "/dev/null")
idle = peak = resident()
done = threading.Event()

def watch():
    global peak
    while not done.is_set():
        peak = max(peak, resident())

watcher = threading.Thread(target=watch)
watcher.start()
idle = resident()
for _ in range(3):
    assert komparu.compare(*sys.argv[1:])
done.set()
watcher.join()
print((peak - idle) * 1024)
"""


def peak_memory(a: Path, b: Path) -> int:
    """Measure the bytes of anonymous memory that comparing takes above an idle interpreter."""
    command = [sys.executable, "-I", "-c", _PEAK, str(a), str(b)]
    return int(subprocess.check_output(command))


def import_seconds(module: str) -> float:
    """Measure how long a fresh interpreter takes to import a module, by its own clock."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(subprocess.check_output([sys.executable, "-I", "-c", code]))
