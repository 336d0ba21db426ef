"""Loops that a forked child inherits, and loops that are not asyncio's own."""

from __future__ import annotations

import asyncio
import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from children import run
from komparu import aio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PRELUDE = """
import asyncio, gc, importlib, warnings
from komparu import aio
warnings.simplefilter("ignore", DeprecationWarning)  # of forks while there are threads
class Blind(asyncio.SelectorEventLoop):
    def add_reader(self, *_):
        raise NotImplementedError
class Bare(asyncio.SelectorEventLoop):
    add_reader = None
kinds = {"blind": Blind, "bare": Bare, "asyncio": asyncio.SelectorEventLoop}
kind = sys.argv[1]
new_loop = kinds[kind] if kind in kinds else importlib.import_module(kind).new_event_loop
loop = new_loop()
"""

KINDS = ["asyncio", "blind", "bare"]
if importlib.util.find_spec("uvloop"):
    KINDS.append("uvloop")

every_loop = pytest.mark.parametrize("kind", KINDS)


@every_loop
def test_a_child_that_runs_an_inherited_loop_does_not_silence_its_parent(
    kind: str,
) -> None:
    """It hears of the parent's results first, for the parent is not running its loop."""
    code = """
job = lambda: aio.compare("/dev/null", "/dev/null")
async def hundred():
    await asyncio.gather(*(job() for _ in range(100)))
assert loop.run_until_complete(job())
begun, hears = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    os.read(begun[0], 1)
    async def listen():
        for _ in range(50):
            await asyncio.sleep(0.001)
    loop.run_until_complete(listen())
    os.write(hears[1], b"x")
    os._exit(0)
async def begin():
    tasks = [loop.create_task(job()) for _ in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks
tasks = loop.run_until_complete(begin())
# All have finished before the child looks: what came after them has.
asyncio.run(hundred())
os.write(begun[1], b"x")
os.read(hears[0], 1)
async def all_done():
    done, waiting = await asyncio.wait(tasks, timeout=60)
    return len(done), len(waiting)
print(*loop.run_until_complete(all_done()), loop.run_until_complete(job()))
print(os.waitpid(child, 0)[1])
loop.close()
"""
    assert run(PRELUDE + code, kind) == "5 0 True\n0\n"


@every_loop
def test_both_sides_of_a_fork_compare_in_the_same_loop(kind: str) -> None:
    code = """
async def many():
    return all(await asyncio.gather(*(aio.compare("/dev/null", "/dev/null") for _ in range(50))))
assert loop.run_until_complete(many())
if kind == "uvloop":
    # Its loops do not survive a fork, whichever library uses them.
    new = new_loop
else:
    new = lambda: loop
child = os.fork()
if child == 0:
    os._exit(0 if new().run_until_complete(many()) else 1)
print(os.waitpid(child, 0)[1], loop.run_until_complete(many()))
loop.close()
"""
    assert run(PRELUDE + code, kind) == "0 True\n"


def test_the_parents_loop_goes_on_while_children_come_and_go(pair: tuple[Path, Path]) -> None:
    code = """
async def some():
    return all(await asyncio.gather(*(aio.compare(*sys.argv[2:]) for _ in range(20))))
assert loop.run_until_complete(some())
for _ in range(20):
    child = os.fork()
    if child == 0:
        os._exit(0 if loop.run_until_complete(some()) else 1)
    assert loop.run_until_complete(asyncio.wait_for(some(), 60))
    assert os.waitpid(child, 0)[1] == 0
print("whole")
loop.close()
"""
    assert run(PRELUDE + code, "asyncio", *pair) == "whole\n"


@pytest.mark.thread_unsafe(reason="measures the time of a processor")
def test_a_child_with_an_inherited_loop_does_not_keep_a_core_busy() -> None:
    """What the parent has not heard yet is heard in every turn of the child's loop, too."""
    code = """
job = lambda: aio.compare("/dev/null", "/dev/null")
assert loop.run_until_complete(job())
async def begin():
    task = loop.create_task(job())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task
task = loop.run_until_complete(begin())
asyncio.run(job())
child = os.fork()
if child == 0:
    before = time.process_time()
    loop.run_until_complete(asyncio.sleep(1))
    os._exit(int((time.process_time() - before) * 100))
busy = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(busy < 50, loop.run_until_complete(task))
loop.close()
"""
    assert run(PRELUDE + code, "asyncio") == "True True\n"


def test_a_result_that_comes_as_the_fallback_thread_stops_waiting_is_not_lost() -> None:
    """It waits with a limit of time as long as a loop that it has called does not come."""
    code = """
import select
real = select.poll
class Late:
    missed = 0
    def __init__(self):
        self.real = real()
    def register(self, *arguments):
        self.real.register(*arguments)
    def poll(self, limit):
        found = self.real.poll(None if limit is None else 60_000)
        if limit is not None and found and not Late.missed:
            Late.missed += 1
            return []  # as if it had come a moment later
        return found
select.poll = Late
stopped, other = Blind(), loop
begun = aio.compare("/dev/null", "/dev/null")
stopped.call_soon(begun.send, None)
stopped.call_soon(stopped.stop)
stopped.run_forever()
deadline = time.monotonic() + 60
while not stopped._ready and time.monotonic() < deadline:
    time.sleep(0.001)
async def job():
    return await asyncio.wait_for(aio.compare("/dev/null", "/dev/null"), 30)
print(other.run_until_complete(job()), Late.missed)
os._exit(0 if sys.stdout.flush() is None else 1)
"""
    assert run(PRELUDE + code, "blind") == "True 1\n"


class Odd(asyncio.SelectorEventLoop):
    """A loop that cannot watch, and at times cannot be called either."""

    broken = False

    def add_reader(self, *_: object) -> None:
        raise NotImplementedError

    def call_soon_threadsafe(self, *arguments: Any, **options: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
        if self.broken:
            raise ValueError("of the loop's own")
        return super().call_soon_threadsafe(*arguments, **options)


@pytest.mark.thread_unsafe(reason="replaces what the process has for exceptions")
def test_a_loop_that_cannot_be_called_does_not_keep_the_others_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr("sys.excepthook", lambda kind, *_: seen.append(kind))
    odd, other = Odd(), Odd()
    job: Callable[[], Any] = lambda: aio.compare("/dev/null", "/dev/null")  # noqa: E731
    assert odd.run_until_complete(job())
    assert other.run_until_complete(job())
    odd.broken = True
    for _ in range(3):
        assert other.run_until_complete(job())
    # It has been said once, and the loop is called no more until it asks again.
    assert seen == [ValueError]
    odd.close()
    other.close()


@pytest.mark.parametrize("name", sorted(set(aio.__all__) - {"TreeRun"}))
def test_without_asyncio_the_error_says_what_to_do(name: str) -> None:
    with pytest.raises(
        RuntimeError, match=r"no running event loop: komparu\.aio is for asyncio"
    ) as error:
        getattr(aio, name)("a", "b").send(None)
    assert f"await trio.to_thread.run_sync(komparu.{name}, ...)" in str(error.value)


def test_asyncio_is_not_loaded_without_a_loop() -> None:
    code = """
assert "asyncio" not in sys.modules
try:
    komparu.aio.compare("a", "b").send(None)
except RuntimeError:
    print("asyncio" in sys.modules)
"""
    assert run(code) == "False\n"
