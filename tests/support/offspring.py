"""Processes that a process has started."""

from __future__ import annotations

import os
import time
from pathlib import Path

#: How long something is waited for that happens at once where nothing else is to do.
PATIENCE = 60.0


def _stat(process: int) -> list[str]:
    """What the kernel tells of a process behind its name: its state, its parent, and more."""
    try:
        return Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ["X", "0"]


def started_by(parent: int) -> set[int]:
    """Processes that this one has started and that run."""
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            state, its_parent = _stat(int(name))[:2]
            if int(its_parent) == parent and state not in "ZX":
                found.add(int(name))
    return found


def wait_until_gone(processes: set[int]) -> None:
    """Wait until none of these processes runs."""
    end = time.monotonic() + PATIENCE
    while any(_stat(process)[0] not in "ZX" for process in processes):
        assert time.monotonic() < end
        os.sched_yield()
