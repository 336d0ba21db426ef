"""Loops of every kind: many, in many threads, again and again, closed early, unable to watch."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import importlib.util
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from children import run
from komparu import aio
from threads import SOAK, bytes_read, descriptors, thread_names

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

Make = Callable[[], asyncio.AbstractEventLoop]


class Blind(asyncio.SelectorEventLoop):
    """A loop that cannot watch descriptors of others, as on Windows."""

    def add_reader(self, *_: object) -> None:
        raise NotImplementedError

    def remove_reader(self, *_: object) -> bool:
        raise NotImplementedError


#: The loops there are: uvloop cannot be had for every Python.
KINDS: dict[str, Make] = {"asyncio": asyncio.new_event_loop, "blind": Blind}
if importlib.util.find_spec("uvloop"):
    KINDS["uvloop"] = importlib.import_module("uvloop").new_event_loop

loops_of_every_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


def run_in(loop: asyncio.AbstractEventLoop, main: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
    """What `asyncio.run` does, with a loop of one's own."""
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


async def hundred(pair: tuple[Path, Path]) -> bool:
    return all(await asyncio.gather(*(aio.compare(*pair) for _ in range(100))))


def test_every_loop_gets_its_own_results(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"other")
    start_together = threading.Barrier(8)
    answers = []

    def work(number: int) -> None:
        async def main() -> list[bool]:
            second = other if number % 2 else pair[1]
            return await asyncio.gather(*(aio.compare(pair[0], second) for _ in range(200)))

        start_together.wait()
        for _ in range(3):
            found = set(asyncio.run(main()))
            answers.append((number, found))

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 24
    assert all(found == {number % 2 == 0} for number, found in answers)


@pytest.mark.thread_unsafe(reason="counts what the process holds")
@loops_of_every_kind
def test_loop_after_loop_leaves_nothing_open(make: Make, pair: tuple[Path, Path]) -> None:
    # With more, another thread is started where one that has just answered is not yet waiting.
    komparu.configure(max_workers=1)

    def again(times: int) -> list[weakref.ref[asyncio.AbstractEventLoop]]:
        loops = []
        for _ in range(times):
            loop = make()
            loops.append(weakref.ref(loop))  # more is done than that
            assert run_in(loop, aio.compare(*pair))
        return loops

    again(3)
    gc.collect()
    before = descriptors(), sum(thread_names().values())
    loops = again(200 * SOAK)
    del loops[-1]
    gc.collect()
    assert descriptors() <= before[0]
    assert sum(thread_names().values()) <= before[1] + 1
    assert sum(loop() is not None for loop in loops) <= 1


@pytest.mark.thread_unsafe(reason="counts what the process holds")
@loops_of_every_kind
def test_a_loop_closed_with_jobs_in_flight_takes_them_along(
    make: Make,
    pair: tuple[Path, Path],
    long_work: tuple[Path, Path],
) -> None:
    before, done = descriptors(), bytes_read()
    for _ in range(20):
        loop = make()
        jobs = [aio.compare(*long_work, chunk_size=1), aio.compare(*pair), aio.compare(*pair)]
        for job in jobs:
            loop.call_soon(job.send, None)
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()
        for job in jobs:
            job.close()
    del job, jobs, loop
    while thread_names()["komparu-compare"]:
        pass
    # All twenty together have not read as much as one of them would have.
    assert bytes_read() - done < long_work[0].stat().st_size
    gc.collect()
    assert run_in(make(), hundred(pair))
    # The fallback thread's own descriptor, for loops that cannot watch.
    while descriptors() > before + 3:
        pass


@pytest.mark.parametrize("module", sorted(KINDS.keys() - {"blind"}))
def test_closing_a_loop_stops_jobs_that_were_not_cancelled(
    long_work: tuple[Path, Path], module: str
) -> None:
    code = """
import asyncio, importlib
from komparu import aio
def comparing():
    return "komparu-compare" in thread_names()
loop = importlib.import_module(sys.argv[3]).new_event_loop()
task = loop.create_task(aio.compare(*sys.argv[1:3], chunk_size=1, max_workers=2))
loop.call_soon(loop.stop)
loop.run_forever()
while not comparing(): pass
loop.close()
while comparing(): pass
print(bytes_read() < Path(sys.argv[1]).stat().st_size, task.done(), flush=True)
os._exit(0)  # asyncio complains of tasks that were not ended
"""
    assert run(code, *long_work, module) == "True False\n"


@loops_of_every_kind
def test_loops_of_every_kind_run_everything(
    make: Make, pair: tuple[Path, Path], long_work: tuple[Path, Path], tmp_path: Path
) -> None:
    async def main() -> None:
        assert await hundred(pair)
        for _ in range(100):
            assert await aio.compare(*pair)
        with pytest.raises(FileNotFoundError):
            await aio.compare(pair[0], tmp_path / "missing")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(aio.compare(*long_work, chunk_size=1), 0.05)
        with pytest.raises(komparu.ComparisonTimeoutError):
            await aio.compare(*long_work, chunk_size=1, comparison_timeout=0.05)

    for _ in range(5):
        run_in(make(), main())
    threads = [threading.Thread(target=run_in, args=(make(), hundred(pair))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert thread_names()["komparu-loops"] <= 1


def test_debug_mode_has_nothing_to_say(pair: tuple[Path, Path], tmp_path: Path) -> None:
    code = """
import asyncio, logging, warnings
from komparu import aio
logging.basicConfig(level=logging.WARNING)
warnings.simplefilter("error")
async def main():
    # A busy machine makes any step a slow one.
    asyncio.get_running_loop().slow_callback_duration = 600
    a, b, missing = sys.argv[1:]
    assert all(await asyncio.gather(*(aio.compare(a, b) for _ in range(100))))
    failing = (aio.compare(a, missing) for _ in range(9))
    results = await asyncio.gather(*failing, return_exceptions=True)
    assert {type(result) for result in results} == {komparu.SourceNotFoundError}
    tasks = [asyncio.create_task(aio.compare(a, b)) for _ in range(100)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
asyncio.run(main(), debug=True)
"""
    environment = {"PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1"}
    assert run(code, *pair, tmp_path / "missing", environment=environment) == ""


@pytest.mark.thread_unsafe(reason="counts what the process holds")
def test_two_loops_take_turns_in_one_thread(pair: tuple[Path, Path]) -> None:
    one, two = asyncio.new_event_loop(), asyncio.new_event_loop()
    with contextlib.closing(one), contextlib.closing(two):
        for _ in range(10):
            assert one.run_until_complete(aio.compare(*pair))
            before = descriptors()
            assert two.run_until_complete(hundred(pair))
            assert descriptors() - before <= 1


class Watched(asyncio.SelectorEventLoop):
    """Counts how often it is told that something has come, and turns of its own in between."""

    told, turns = 0, 0

    def add_reader(self, fd: Any, callback: Any, *arguments: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        def count() -> None:
            self.told += 1
            self.call_soon(self.turn)
            callback(*arguments)

        super().add_reader(fd, count)

    def turn(self) -> None:
        self.turns += 1


@pytest.mark.parametrize("kind", ["tree", "groups"])
def test_a_big_result_is_made_between_turns_of_the_loop(
    tmp_path: Path, pair: tuple[Path, Path], kind: str
) -> None:
    names = [f"name {number}" for number in range(20_000)]
    big: Coroutine[Any, Any, object]
    if kind == "tree":
        (tmp_path / "empty").mkdir()
        big = aio.compare_dir_urls(tmp_path / "empty", dict.fromkeys(names, pair[0]))
    else:
        big = aio.compare_many([pair[number % 2] for number in range(20_000)])
    loop = Watched()
    result = run_in(loop, big)
    if isinstance(result, komparu.DirResult):
        assert result.only_right == set(names)
    else:
        assert result.groups == [set(map(str, pair))]
    assert loop.told > 4
    assert loop.turns >= loop.told - 1


def test_a_result_that_is_given_up_half_made_is_gone(tmp_path: Path) -> None:
    loop = Watched()
    urls = dict.fromkeys(map(str, range(20_000)), tmp_path / "missing")

    async def main() -> None:
        task = asyncio.create_task(aio.compare_dir_urls(tmp_path, urls))
        while not loop.told:  # noqa: ASYNC110  # the loop itself knows
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        told = loop.told
        assert await aio.compare("/dev/null", "/dev/null")
        assert loop.told <= told + 2

    run_in(loop, main())
