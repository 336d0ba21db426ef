"""Coroutines cancelled by the thousand, and loop after loop: the tests of the suite, for long."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ledger import demand

if TYPE_CHECKING:
    from ledger import Ledger

#: Times what the quick tests do.
USUAL = 50


def soak(ledger: Ledger) -> None:
    """Run them for long."""
    times = ledger.times(USUAL)
    command = [sys.executable, "-I", "-m", "pytest", "-q", "-k", "storm or loop_after_loop"]
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [*command, str(Path(__file__).parents[1] / "python")],
            env={**os.environ, "KOMPARU_SOAK": str(times), "TMPDIR": home},
            capture_output=True,
            text=True,
            check=False,
        )
    counted = re.search(r"(\d+) passed", done.stdout)
    demand(done.returncode == 0 and counted, done.stdout[-5000:])
    ledger.kept(
        "jobs that are cancelled and event loops that end leave nothing behind",
        tried=f"{counted[1] if counted else 0} tests, {times} times what they do otherwise",
        often=f"{3000 * times:,} jobs cancelled, {200 * times:,} loops",
    )
