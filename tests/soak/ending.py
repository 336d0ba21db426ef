"""A soak that is told to end leaves nothing: no server, no mount, no file of its own.

It works in a child of the process that Ctrl-C, SIGTERM and SIGHUP come to. That one only waits for
them, without a handler, and puts away whatever is there. An exception out of a handler may come
anywhere, and came where `subprocess` held the lock without which nobody waits for a child.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["go_on_in_a_child"]

#: The signals that say so.
_ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}

#: Has orphans among the descendants become children of this process: see prctl(2).
_PR_SET_CHILD_SUBREAPER = 36


def go_on_in_a_child() -> None:
    """Return in a child, which has a directory for temporary files; never in this process.

    It ends as its child does, or by the signal that says so.
    """
    home = Path(tempfile.mkdtemp(prefix="komparu-soak-"))
    # Other users come here in some parts.
    home.chmod(0o755)
    awaited = {*_ENDING, signal.SIGCHLD}
    # A signal that is ignored is not waited for, either.
    for number in awaited:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        # A terminal's Ctrl-C is for the parent.
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, awaited)
        tempfile.tempdir = os.environ["TMPDIR"] = os.fspath(home)
        return
    status, told = None, int(signal.SIGCHLD)
    while told not in _ENDING and status is None:
        told = signal.sigwait(awaited)
        status = _reaped().get(child)
    _put_away(home)
    if told in _ENDING:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, awaited)
        os.kill(os.getpid(), told)
    # Signals do not end the first process of a container: it says so as a shell does.
    ended = os.waitstatus_to_exitcode(told if status is None else status)
    sys.exit(ended if ended >= 0 else 128 - ended)


def _put_away(home: Path) -> None:
    # Until they are reaped: a process whose first thread has ended may have others yet, at work.
    while descendants := _descendants(os.getpid()):
        for process in descendants:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        _reaped()
    # Nobody is left who could keep a mount busy.
    for place, names, _ in os.walk(home):
        if Path(place).is_mount():
            subprocess.run(["umount", place], check=True)
            names.clear()
    shutil.rmtree(home)


def _reaped() -> dict[int, int]:
    """Reap the children that have ended; their statuses."""
    statuses = {}
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            statuses[ended[0]] = ended[1]
    return statuses


def _descendants(process: int) -> list[int]:
    """Find all that a process has started, and what that has."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # The name stands in parentheses, and may hold any; state and parent come next.
            parent = place.read_text().rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(place.parent.name))
    found = []
    generation = [process]
    while generation:
        generation = [child for parent in generation for child in children.get(parent, [])]
        found += generation
    return found
