"""A soak that is told to end leaves nothing: no server, no mount, no file of its own.

It works in a child of the process that Ctrl-C, SIGTERM and SIGHUP come to. That one only waits for
them, without a handler, and puts away whatever is there. An exception out of a handler may come
anywhere, and came where `subprocess` held the lock that waiting for a child takes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

__all__ = ["go_on_in_a_child"]

#: The signals that say so.
_ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}

#: Seconds that all who were killed get to be gone. Who waits for a disk may take long.
_PATIENCE = 60.0

#: What prctl(2) calls these: a signal for when the parent ends, and orphans for children.
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def go_on_in_a_child() -> None:
    """Return in a child, which has a directory for temporary files; never in this process.

    It ends as its child does, or by the signal that says so.
    """
    # A signal that was ignored before, as nohup does it, stays so.
    ending = {number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN}
    awaited = {*ending, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    for number in awaited:
        signal.signal(number, signal.SIG_DFL)
    home = Path(tempfile.mkdtemp(prefix="komparu-soak-"))
    # Other users come here in some parts.
    home.chmod(0o755)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        # A terminal's Ctrl-C is for the parent.
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, awaited)
        tempfile.tempdir = os.environ["TMPDIR"] = os.fspath(home)
        return
    status, told = None, int(signal.SIGCHLD)
    while told not in ending and status is None:
        told = signal.sigwait(awaited)
        status = _reaped().get(child)
    is_clean = _put_away(home)
    for number in ending & {told, *signal.sigpending()}:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, awaited)
        os.kill(parent, number)
    # Signals do not end the first process of a container: it says so as a shell does.
    ended = os.waitstatus_to_exitcode(told if status is None else status)
    sys.exit(128 - ended if ended < 0 else ended if is_clean else 1)


def _put_away(home: Path) -> bool:
    """End all that was started, and remove what was made; false, with words, if something stays."""
    begun = time.monotonic()
    # Until they are reaped: a process whose first thread has ended may have others yet, at work.
    while descendants := _descendants(os.getpid()):
        for process in descendants:
            # It has ended, or is another user's.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        _reaped()
        if time.monotonic() - begun > _PATIENCE:
            print(f"these do not end: {descendants}", file=sys.stderr)
            return False
        # The next to end, or soon: some are no children of this process until others have ended.
        signal.sigtimedwait({signal.SIGCHLD}, 0.01)
    # No process of ours is left that could keep a mount busy. The last one may lie upon others.
    for place in reversed(_mounts(home)):
        if subprocess.run(["umount", place], check=False).returncode != 0:
            return False
    # Tests that were killed leave directories that not even their owner may read.
    subprocess.run(["chmod", "--recursive", "u+rwX", home], check=False)
    shutil.rmtree(home)
    return True


def _mounts(home: Path) -> list[str]:
    """Name what is mounted below a directory, in the order in which it was."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    octal = re.compile(rb"\\([0-7]{3})")
    places = [octal.sub(lambda code: bytes([int(code[1], 8)]), line.split()[4]) for line in lines]
    return [os.fsdecode(place) for place in places if place.startswith(os.fsencode(home) + b"/")]


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
            # The name stands in parentheses, and may hold any bytes; state and parent come next.
            parent = place.read_bytes().rpartition(b")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(place.parent.name))
    found = []
    generation = [process]
    while generation:
        generation = [child for parent in generation for child in children.get(parent, [])]
        found += generation
    return found
