"""What threads and descriptors a process has, and what it has read, by /proc."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

__all__ = ["SOAK", "bytes_read", "descriptors", "thread_names"]

#: How many times as often as usual what may leak is repeated: `make soak`.
SOAK = int(os.environ.get("KOMPARU_SOAK", "1"))


def thread_names() -> Counter[str]:
    """How many threads there are of each name."""
    names: Counter[str] = Counter()
    for task in Path("/proc/self/task").iterdir():
        try:
            names[(task / "comm").read_text().rstrip("\n")] += 1
        except OSError:  # ended meanwhile
            continue
    return names


def bytes_read() -> int:
    """How many this process has read so far, all its threads together."""
    first = Path("/proc/self/io").read_text().splitlines()[0]
    return int(first.removeprefix("rchar:"))


def descriptors() -> int:
    """How many are open."""
    return len(os.listdir("/proc/self/fd"))
