"""What threads and descriptors a process has, and what it has read, by /proc."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

__all__ = ["SOAK", "bytes_read", "descriptors", "thread_names"]

#: How many times as often as usual what may leak is repeated: `make soak`.
SOAK = int(os.environ.get("KOMPARU_SOAK", "1"))


def thread_names(process: str | int = "self") -> Counter[str]:
    """How many threads there are of each name. It needs nothing but `os` and `Counter`.

    By system calls alone. To read a text file, a free-threaded Python 3.13 takes one lock several
    times over, and gives its core away 40 times for each: beside ten busy threads on two cores, one
    look took 2 to 7 seconds.
    """
    names: Counter[str] = Counter()
    for task in os.listdir(f"/proc/{process}/task"):
        try:
            comm = os.open(f"/proc/{process}/task/{task}/comm", os.O_RDONLY)
        except OSError:  # ended meanwhile
            continue
        try:
            names[os.read(comm, 64).decode().rstrip("\n")] += 1
        except OSError:
            continue
        finally:
            os.close(comm)
    return names


def bytes_read() -> int:
    """How many this process has read so far, all its threads together."""
    first = Path("/proc/self/io").read_text().splitlines()[0]
    return int(first.removeprefix("rchar:"))


def descriptors() -> int:
    """How many are open."""
    return len(os.listdir("/proc/self/fd"))
