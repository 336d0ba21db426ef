"""Cancelling stops the work, wherever it is, and leaves nothing behind.

How soon, `make soak SOAK=signals` measures. Here what is cancelled has no end, or hours of it, so
that only what was stopped comes back; or it has stopped before it had read what it had to compare.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import komparu
import packing
from hostile import Request, answer
from komparu import aio
from threads import SOAK, bytes_read, descriptors, thread_names

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine

    from conftest import Write
    from hostile import Hostile
    from servers import Nginx

#: What a server that says nothing is given, so that nothing but the cancelling ends it.
A_DAY = 86_400.0


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until it is so."""
    while not condition():  # noqa: ASYNC110  # what is waited for is outside of the loop
        await asyncio.sleep(0)


def comparing() -> bool:
    """Is a comparison under way that has called for help?"""
    return thread_names()["komparu-compare"] > 0


async def cancelled(coroutine: Coroutine[Any, Any, object], begun: Callable[[], bool]) -> None:
    """Cancel what has begun, and see that its work ends."""
    task = asyncio.create_task(coroutine)
    await until(begun)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not begun())


@pytest.mark.thread_unsafe(reason="looks at the threads of the process")
def test_a_comparison_of_files_stops(long_work: tuple[Path, Path]) -> None:
    before = bytes_read()
    asyncio.run(cancelled(aio.compare(*long_work, chunk_size=1, max_workers=2), comparing))
    assert bytes_read() - before < long_work[0].stat().st_size


@pytest.mark.thread_unsafe(reason="looks at the threads of the process")
def test_a_comparison_of_directories_stops(long_work: tuple[Path, Path], tmp_path: Path) -> None:
    for path, name in zip(long_work, "ab", strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").symlink_to(path)

    def begun() -> bool:
        return thread_names()["komparu-worker"] > 0

    comparison = aio.compare_dir(tmp_path / "a", tmp_path / "b", chunk_size=1, max_workers=2)
    before = bytes_read()
    asyncio.run(cancelled(comparison, begun))
    assert bytes_read() - before < long_work[0].stat().st_size


def test_a_transfer_stops_and_its_connection_is_closed(hostile: Hostile, write: Write) -> None:
    connections = []

    def stall(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer("Content-Length: 1000"))
        connections.append(connection)
        connection.recv(1)  # until the client has gone
        connections.remove(connection)

    url = hostile.url("/stalls", stall)
    file = write("a", b"x" * 1000)
    for comparison in [
        aio.compare(url, file, timeout=A_DAY),
        aio.compare_many([file, url], timeout=A_DAY),
        aio.compare_all([url, file, file], timeout=A_DAY),
        aio.compare_dir_urls(file.parent, {"a": url}, timeout=A_DAY),
    ]:
        asyncio.run(cancelled(comparison, lambda: bool(connections)))


@pytest.mark.parametrize("how", ["both sides", "one side", "by digests"])
def test_a_decompression_stops(tmp_path: Path, how: str) -> None:
    directory = tmp_path / str(threading.get_ident())
    directory.mkdir()
    slow = packing.slow(directory / "slow")
    small = packing.files(directory / "small", [("x", b"1")])

    def is_open() -> bool:
        return str(slow) in map(os.path.realpath, Path("/proc/self/fd").iterdir())

    comparison = aio.compare_archive(
        slow,
        slow if how == "both sides" else small,
        hash_compare=how == "by digests",
        max_decompressed_size=None,
        max_compression_ratio=None,
    )
    asyncio.run(cancelled(comparison, is_open))


@pytest.mark.thread_unsafe(reason="looks at the threads of the process")
@pytest.mark.parametrize("how", ["wait_for", "timeout"])
def test_a_time_limit_of_asyncio_stops_the_work(long_work: tuple[Path, Path], how: str) -> None:
    async def main() -> None:
        comparison = aio.compare(*long_work, chunk_size=1)
        if how == "timeout" and hasattr(asyncio, "timeout"):
            async with asyncio.timeout(0.1):
                await comparison
        else:
            await asyncio.wait_for(comparison, 0.1)

    before = bytes_read()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(main())
    while comparing():
        pass
    assert bytes_read() - before < long_work[0].stat().st_size


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_a_limit_of_our_own_counts_from_the_call(long_work: tuple[Path, Path]) -> None:
    """What waits for its turn may time out, too."""
    komparu.configure(max_workers=1)

    async def main() -> komparu.ComparisonTimeoutError:
        first = asyncio.create_task(aio.compare(*long_work, chunk_size=1, max_workers=2))
        await until(comparing)
        with pytest.raises(komparu.ComparisonTimeoutError) as caught:
            await aio.compare(*long_work, comparison_timeout=0.1)
        assert not first.done()
        first.cancel()
        await asyncio.wait([first])
        return caught.value

    assert str(asyncio.run(main())) == "comparison timed out after 0.1 s"


def test_a_limit_without_end_is_none(pair: tuple[Path, Path]) -> None:
    for limit in (1e6, 1e12, 1e300, float("inf")):
        assert asyncio.run(aio.compare(*pair, comparison_timeout=limit))


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_a_job_that_waits_for_its_turn_is_given_up_at_once(
    long_work: tuple[Path, Path], tmp_path: Path
) -> None:
    komparu.configure(max_workers=1)

    async def main() -> None:
        first = asyncio.create_task(aio.compare(*long_work, chunk_size=1, max_workers=2))
        await until(comparing)
        # It would raise if it were ever begun.
        second = asyncio.create_task(aio.compare(tmp_path / "missing", tmp_path))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(main())


def test_one_that_fails_does_not_disturb_the_others(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    async def main() -> list[type]:
        results = await asyncio.gather(
            aio.compare(*pair),
            aio.compare(*pair, chunk_size=0),
            aio.compare(tmp_path / "missing", tmp_path),
            aio.compare(*pair),
            return_exceptions=True,
        )
        return [type(result) for result in results]

    kinds = asyncio.run(main())
    assert kinds == [bool, ValueError, komparu.SourceNotFoundError, bool]


def storm(rounds: int, files: tuple[Path, Path], url: str) -> None:
    """Cancel in every state: not begun, waiting, running, done and not yet delivered."""

    async def main() -> None:
        for number in range(rounds):
            tasks = [asyncio.create_task(aio.compare(*files)) for _ in range(8)]
            tasks += [asyncio.create_task(aio.compare(url, files[0])) for _ in range(2)]
            for _ in range(number % 5):
                await asyncio.sleep(0)
            for task in tasks[number % 3 :]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            for result in results:
                assert result is True or isinstance(result, asyncio.CancelledError), result

    asyncio.run(main())


@pytest.mark.thread_unsafe(reason="counts what the process holds")
def test_a_storm_of_cancelled_jobs_leaves_nothing(nginx: Nginx, write: Write) -> None:
    content = b"x" * 100
    nginx.put("storm", content)
    files = write("a", content), write("b", content)
    url = f"{nginx.plain}/storm"
    storm(50, files, url)
    gc.collect()
    before = descriptors(), sum(thread_names().values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    storm(300 * SOAK, files, url)
    gc.collect()
    after = descriptors(), sum(thread_names().values())
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    # Connections are kept, and threads; no more than may run at once: 100 for URLs, one for each
    # core and 64 more, and the spare threads of the queue for URLs.
    assert after[0] - before[0] < 64
    assert after[1] - before[1] < 250
    assert grown < 64 << 10


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_a_cancelled_job_holds_no_file_open(long_work: tuple[Path, Path]) -> None:
    komparu.configure(max_workers=2)

    async def main() -> None:
        before = descriptors()
        tasks = [asyncio.create_task(aio.compare(*long_work, chunk_size=1)) for _ in range(20)]
        await until(comparing)
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        # The loop's own descriptor remains.
        await until(lambda: descriptors() <= before + 1)

    asyncio.run(main())
