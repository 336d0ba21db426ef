"""Limits hold while arguments are read and a result is made: many take a while."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import komparu
import komparu.aio

if TYPE_CHECKING:
    from collections.abc import Callable
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


class Slow:
    """A source that takes all the time of a call when it is read first."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self.read = 0

    def __fspath__(self) -> str:
        if not self.read:
            time.sleep(2 * self._limit)
        self.read += 1
        return "/nothing"


@pytest.mark.parametrize(
    "call",
    [
        komparu.compare_all,
        komparu.compare_many,
        lambda sources, **limit: komparu.compare_dir_urls(".", mapped(sources), **limit),
        lambda sources, **limit: komparu.compare_trees(mapped(sources), ".", **limit),
        lambda sources, **limit: komparu.iter_trees(".", mapped(sources), **limit),
        lambda sources, **limit: asyncio.run(komparu.aio.compare_all(sources, **limit)),
    ],
)
def test_a_limit_of_time_holds_while_sources_are_read(call: Callable[..., Any]) -> None:
    limit, number = 0.01, 10_000
    source = Slow(limit)
    with pytest.raises(komparu.ComparisonTimeoutError):
        call([source] * number, comparison_timeout=limit)
    assert 1 <= source.read < number


def mapped(sources: list[Slow]) -> dict[str, Slow]:
    return {str(number): source for number, source in enumerate(sources)}
