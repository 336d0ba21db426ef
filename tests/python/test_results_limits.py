"""The limits of a call hold until its result is made: a result of many paths takes a while."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: More paths than are made Python objects between two looks at the limits.
PATHS = 10_000

#: The first name takes all the time that there is: komparu keeps what decodes names when it is
#: imported. The comparison itself is sure to be done by then.
PROGRAM = """
import asyncio, os, sys, time
limit, decoded, decode = 5.0, [], os.fsdecode

def fsdecode(name):
    while not decoded and time.monotonic() <= begun + limit:
        time.sleep(0.01)
    decoded.append(decode(name))
    return decoded[-1]

os.fsdecode = fsdecode
import komparu, komparu.aio

async def coroutine(*trees, comparison_timeout):
    return await komparu.aio.compare_dir(*trees, comparison_timeout=comparison_timeout)

def waiting(*trees, comparison_timeout):
    return asyncio.run(coroutine(*trees, comparison_timeout=comparison_timeout))

compare = waiting if sys.argv[1] == "coroutine" else komparu.compare_dir
begun = time.monotonic()
try:
    compare(*sys.argv[2:], comparison_timeout=limit)
except komparu.ComparisonTimeoutError:
    print(len(decoded))
"""


@pytest.mark.parametrize("how", ["call", "coroutine"])
def test_the_limit_of_time_holds_while_a_result_is_made(tmp_path: Path, how: str) -> None:
    left, right = tmp_path / "left", tmp_path / "right"
    left.mkdir()
    right.mkdir()
    for number in range(PATHS):
        (left / f"é{number}").touch()
    program = [sys.executable, "-c", PROGRAM, how, str(left), str(right)]
    made = subprocess.run(program, check=True, capture_output=True, text=True)
    assert 0 < int(made.stdout) < PATHS, made.stderr
