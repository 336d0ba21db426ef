"""Event loops: komparu.aio against filecmp in threads and aiofiles, and URLs against aiohttp."""

from __future__ import annotations

import asyncio
import filecmp
import os
import shutil
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING

import aiofiles
import aiohttp
import anyio.to_thread

from komparu import aio
from serving import relayed

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any, TypeAlias

    from harness import Harness

    Compare: TypeAlias = Callable[[Path, Path], Coroutine[Any, Any, bool]]

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
GATHERED = 10_000
IN_A_ROW = 1000
FETCHED = 1000
CONNECTIONS = 100

#: Seconds between two ticks, and how long they are watched at a time. About once a second a virtual
#: machine stands still for some milliseconds, whatever is at work: that must not be the worst of
#: most rounds. So these are short, and many.
TICK, WATCHED = 0.001, 0.5
ROUNDS = 21


def _by_filecmp(a: Path, b: Path) -> bool:
    filecmp.clear_cache()
    return filecmp.cmp(a, b, shallow=False)


async def _in_a_thread(a: Path, b: Path) -> bool:
    return await asyncio.to_thread(_by_filecmp, a, b)


async def _in_anyios_thread(a: Path, b: Path) -> bool:
    same: bool = await anyio.to_thread.run_sync(_by_filecmp, a, b)
    return same


async def _by_aiofiles(a: Path, b: Path) -> bool:
    async with aiofiles.open(a, "rb") as one, aiofiles.open(b, "rb") as other:
        while True:
            first: bytes = await one.read(64 * KIB)
            second: bytes = await other.read(64 * KIB)
            if first != second:
                return False
            if not first:
                return True


_WAYS: dict[str, Compare] = {
    "komparu": aio.compare,
    "to_thread(filecmp)": _in_a_thread,
    "anyio.to_thread": _in_anyios_thread,
    "aiofiles": _by_aiofiles,
}


async def _gathered(compare: Compare, a: Path, b: Path) -> bool:
    # As many files as that cannot be open at once: what opens them in the loop has to wait.
    if compare is _by_aiofiles:
        few = asyncio.Semaphore(100)

        async def one() -> bool:
            async with few:
                return await compare(a, b)

        return all(await asyncio.gather(*(one() for _ in range(GATHERED))))
    return all(await asyncio.gather(*(compare(a, b) for _ in range(GATHERED))))


async def _in_a_row(compare: Compare, a: Path, b: Path) -> bool:
    for _ in range(IN_A_ROW):
        if not await compare(a, b):
            return False
    return True


def benchmark(harness: Harness) -> None:
    """Measure many small files, a big one beside a heartbeat, and many URLs."""
    with harness.files() as directory:
        a, b = directory / "a", directory / "b"
        for path in (a, b):
            path.write_bytes(bytes(100))
        cases = (
            (f"{GATHERED:,} times 100 B at once", _gathered, 0.3),
            (f"{IN_A_ROW:,} times 100 B in a row", _in_a_row, 0.5),
        )
        for name, work, limit in cases:
            ways = {
                way: partial(lambda work, compare: asyncio.run(work(compare, a, b)), work, compare)
                for way, compare in _WAYS.items()
            }
            harness.measure(name, ways, expected=True, target=("to_thread(filecmp)", limit))
        _heartbeat(harness, a, b)
        _fetched(harness, directory)


async def _gaps(compare: Compare | None, a: Path, b: Path) -> list[float]:
    """Tick while ``compare`` is at work; the times between two ticks, in seconds."""
    gaps, last = [], time.perf_counter()
    end = last + WATCHED
    comparison: asyncio.Future[bool] | None = None
    while (now := time.perf_counter()) < end:
        gaps.append(now - last)
        last = now
        if compare is not None and (comparison is None or comparison.done()):
            comparison = asyncio.ensure_future(compare(a, b))
        await asyncio.sleep(TICK)
    if comparison is not None and not await comparison:
        raise AssertionError("two files are the same")
    return gaps


def _heartbeat(harness: Harness, a: Path, b: Path) -> None:
    with a.open("wb") as file:
        for _ in range(GIB // (16 * MIB)):
            file.write(os.urandom(16 * MIB))
    shutil.copyfile(a, b)
    ways: dict[str, Compare | None] = {
        "idle": None,
        "komparu": aio.compare,
        "to_thread(filecmp)": _in_a_thread,
    }
    rounds: dict[str, list[list[float]]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, compare in ways.items():
            rounds[way].append(asyncio.run(_gaps(compare, a, b)))
    worst = {way: statistics.median(map(max, gaps)) for way, gaps in rounds.items()}
    all_gaps = {way: [gap for gaps in each for gap in gaps] for way, each in rounds.items()}
    rare = {way: statistics.quantiles(gaps, n=100)[-1] for way, gaps in all_gaps.items()}
    name = f"gap of a 1 ms tick, 1 GiB, {ROUNDS} times {WATCHED} s"
    harness.note(f"worst {name}", _shown(worst), "at most 1.5, and less than in a thread")
    harness.note(f"99th percentile {name}", _shown(rare))
    for path in (a, b):
        path.unlink()


def _shown(gaps: dict[str, float]) -> str:
    shown = ", ".join(f"{way} {gap * 1e3:.2f} ms" for way, gap in gaps.items())
    return f"{shown}; {gaps['komparu'] / gaps['idle']:.2f} times the idle one"


def _fetched(harness: Harness, directory: Path) -> None:
    """Compare with nginx behind a relay, all at once."""
    content = os.urandom(10 * KIB)
    for number in range(FETCHED):
        (directory / f"{number}.bin").write_bytes(content)
    with relayed(directory) as far:
        pairs = [(directory / f"{number}.bin", f"{far}/{number}.bin") for number in range(FETCHED)]

        async def ours() -> bool:
            return all(await asyncio.gather(*(aio.compare(path, url) for path, url in pairs)))

        async def theirs() -> bool:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS)
            async with aiohttp.ClientSession(connector=connector) as session:

                async def one(path: Path, url: str) -> bool:
                    async with session.get(url) as response:
                        body: bytes = await response.read()
                    return body == path.read_bytes()  # noqa: ASYNC240  # the fastest way

                return all(await asyncio.gather(*(one(path, url) for path, url in pairs)))

        harness.measure(
            f"{FETCHED:,} URLs of 10 KiB at once, 20 ms",
            {"komparu": lambda: asyncio.run(ours()), "aiohttp": lambda: asyncio.run(theirs())},
            expected=True,
            target=("aiohttp", 2.0),
        )
