"""`make soak`, told to end: it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SOAK = Path(__file__).parents[1] / "soak" / "run.py"


def processes_of(place: Path) -> Iterator[str]:
    """The commands of those that were told of a directory, or have a file open below it."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, told = [(process / name).read_bytes() for name in ("cmdline", "environ")]
            files = [os.fsencode(file.readlink()) for file in (process / "fd").iterdir()]
        except OSError:  # ended meanwhile, or another user's
            continue
        if any(os.fsencode(place) in where for where in (command, told, *files)):
            yield os.fsdecode(command)


# Under nohup this signal is ignored, which a child inherits.
HEARING = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


# Of these, the first does all within its own process; the others have others work, who start more.
@pytest.mark.parametrize(
    ("part", "told"),
    [("hammer", signal.SIGINT), ("loops", signal.SIGTERM), ("processes", signal.SIGHUP)],
)
def test_a_soak_that_is_told_to_end_leaves_nothing(
    tmp_path: Path, part: str, told: signal.Signals
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HEARING, SOAK, "--scale", "100", part],
        env={**os.environ, "TMPDIR": os.fspath(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as soak:
        # Until its own server works, or one of those whom it has work.
        while not any("nginx" in command for command in processes_of(home)):
            assert soak.poll() is None
        soak.send_signal(told)
        _, errors = soak.communicate()
    assert soak.returncode == -told, errors.decode()
    assert list(processes_of(home)) == []
    assert list(home.iterdir()) == []
