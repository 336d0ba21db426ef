"""Python programs as child processes."""

from __future__ import annotations

import inspect
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from threads import bytes_read, thread_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: What every program begins with: a way to wait until a comparison is at work in other threads, and
#: one to tell how much of it was done.
_PRELUDE = f"""
from __future__ import annotations
import os, signal, sys, threading, time
from collections import Counter
from pathlib import Path
import komparu

{inspect.getsource(thread_names)}
{inspect.getsource(bytes_read)}
def wait_until_comparing(name="komparu-compare"):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if name in thread_names():
            return
    raise RuntimeError("no comparison was seen")
"""


def start(
    code: str, *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a program that talks over pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="surrogateescape",
        env={**os.environ, **(environment or {})},
    )


def run(code: str, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end, which must be a good one, and return what it printed."""
    status, output, errors = outcome(code, *arguments, environment=environment)
    assert (status, errors) == (0, ""), errors
    return output


def outcome(
    code: str, *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run a program to its end, and return its status, output and errors."""
    with start(code, *arguments, environment=environment) as child:
        output, errors = child.communicate()
    return child.returncode, output, errors


def wait_until_comparing(child: subprocess.Popen[str], name: str = "komparu-compare") -> None:
    """Return when several threads of the child are comparing."""
    while child.poll() is None:
        if name in thread_names(child.pid):
            return
    message = f"ended with {child.returncode} before it compared anything"
    raise AssertionError(message)


def interrupt(child: subprocess.Popen[str]) -> None:
    """Press Ctrl-C."""
    child.send_signal(signal.SIGINT)
