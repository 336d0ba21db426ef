"""A soak that is told to end leaves nothing: no server, no mount, no file of its own.

Ctrl-C, SIGTERM and SIGHUP come out of whatever is being done as an exception, so that each part
puts things back as it does at its good end. Before, all that the soak has started is killed, and
what that has started: a mount cannot go while somebody works on it, and nobody else would stop the
servers of a pytest that is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["ENDING", "EndedError", "as_told", "end_by_exception"]

#: The signals that say so.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Has orphans among the descendants become children of this process: see prctl(2).
_PR_SET_CHILD_SUBREAPER = 36


class EndedError(SystemExit):
    """A signal said so; an event loop lets no other exception out that is no KeyboardInterrupt."""

    def __init__(self, number: int) -> None:
        """Keep the signal's number."""
        super().__init__(number)
        self.number = number


def end_by_exception() -> None:
    """From now on, such a signal kills what was started, and raises."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in ENDING:
        signal.signal(number, _end)


def as_told(error: EndedError) -> None:
    """End by the signal itself, as whoever waits for this expects, though threads are at work."""
    signal.signal(error.number, signal.SIG_DFL)
    os.kill(os.getpid(), error.number)


def _end(number: int, _: FrameType | None) -> None:
    # One is enough: a second must not come between while things are put back.
    for other in ENDING:
        signal.signal(other, signal.SIG_IGN)
    while living := _living(os.getpid()):
        for process in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    raise EndedError(number)


def _living(process: int) -> list[int]:
    """Find the descendants of a process that have not ended."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # The name stands in parentheses, and may hold any; state and parent come next.
            state, parent = place.read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                children.setdefault(int(parent), []).append(int(place.parent.name))
    found = []
    generation = [process]
    while generation:
        generation = [child for parent in generation for child in children.get(parent, [])]
        found += generation
    return found
