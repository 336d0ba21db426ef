"""The end of a program, and forks: nothing hangs, nothing crashes, nothing is said."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from children import outcome, run

if TYPE_CHECKING:
    from pathlib import Path

    from hostile import Hostile

PRELUDE = """
import asyncio, gc
from komparu import aio
async def comparing():
    while "komparu-compare" not in thread_names():
        await asyncio.sleep(0)
"""


@pytest.mark.parametrize("end", ["", "sys.exit(0)", "os._exit(0)", "gc.disable()"])
def test_a_program_ends_though_jobs_run(long_work: tuple[Path, Path], end: str) -> None:
    code = """
loop = asyncio.new_event_loop()
jobs = [aio.compare(*sys.argv[1:3], chunk_size=1) for _ in range(5)]
for job in jobs:
    loop.call_soon(job.send, None)
loop.run_until_complete(comparing())
print("over", flush=True)
exec(sys.argv[3])
"""
    assert run(PRELUDE + code, *long_work, end) == "over\n"


def test_a_program_ends_though_transfers_run(hostile: Hostile, pair: tuple[Path, Path]) -> None:
    def stall(*_: object) -> None:
        hostile.closing.wait()

    code = """
async def main():
    tasks = [asyncio.create_task(aio.compare(*sys.argv[1:])) for _ in range(20)]
    await asyncio.wait(tasks, timeout=0.1)
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.wait(tasks)
try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""
    assert run(PRELUDE + code, pair[0], hostile.url("/stalls", stall)) == "interrupted\n"


def test_ctrl_c_ends_a_loop_and_its_jobs(long_work: tuple[Path, Path]) -> None:
    code = """
async def main():
    tasks = [asyncio.create_task(aio.compare(*sys.argv[1:], chunk_size=1)) for _ in range(5)]
    await comparing()
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.wait(tasks)
try:
    asyncio.run(main())
except KeyboardInterrupt:
    # Jobs that are given up may take a moment to stop.
    while len(os.listdir("/proc/self/fd")) >= 10: pass
    print(asyncio.run(aio.compare("/dev/null", "/dev/null")))
"""
    assert run(PRELUDE + code, *long_work) == "True\n"


def test_daemon_threads_with_loops_do_not_crash_the_end(pair: tuple[Path, Path]) -> None:
    code = """
def work():
    async def main():
        while True:
            await asyncio.gather(*(aio.compare(*sys.argv[1:]) for _ in range(20)))
            turns.release()
    asyncio.run(main())
turns = threading.Semaphore(0)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
for _ in range(30):
    turns.acquire()
"""
    for _ in range(10):
        assert run(PRELUDE + code, *pair) == ""


def test_a_forked_child_has_a_pool_of_its_own(pair: tuple[Path, Path]) -> None:
    code = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forks while there are threads
a, b = sys.argv[1:]
async def many():
    return all(await asyncio.gather(*(aio.compare(a, b) for _ in range(200))))
async def main():
    assert await many()
    child = os.fork()
    if child == 0:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        # A loop of its own, and a child of its own.
        ok = asyncio.new_event_loop().run_until_complete(many())
        grandchild = os.fork()
        if grandchild == 0:
            os._exit(0 if asyncio.new_event_loop().run_until_complete(many()) else 1)
        ok &= os.waitpid(grandchild, 0)[1] == 0
        os._exit(0 if ok else 1)
    tasks = [asyncio.create_task(many()) for _ in range(5)]
    assert all(await asyncio.gather(*tasks))
    print(os.waitpid(child, 0)[1])
asyncio.run(main())
print(asyncio.run(many()))
"""
    assert run(PRELUDE + code, *pair) == "0\nTrue\n"


def test_forks_amid_jobs_leave_both_sides_whole(
    pair: tuple[Path, Path], long_work: tuple[Path, Path]
) -> None:
    code = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
async def many():
    return all(await asyncio.gather(*(aio.compare(*sys.argv[1:3]) for _ in range(50))))
async def main():
    long = asyncio.create_task(aio.compare(*sys.argv[3:5], chunk_size=1))
    for _ in range(20):
        jobs = [asyncio.create_task(many()) for _ in range(3)]
        await asyncio.sleep(0)
        child = os.fork()
        if child == 0:
            gc.collect()
            os._exit(0 if asyncio.new_event_loop().run_until_complete(many()) else 1)
        assert all(await asyncio.gather(*jobs))
        assert os.waitpid(child, 0)[1] == 0
    assert not long.done()
    print("whole")
asyncio.run(main())
"""
    assert run(PRELUDE + code, *pair, *long_work) == "whole\n"


def test_a_signal_handler_that_raises_loses_no_result(pair: tuple[Path, Path]) -> None:
    code = """
class Raised(Exception): pass
def handler(*_):
    raise Raised
signal.signal(signal.SIGUSR1, handler)
loop = asyncio.new_event_loop()
async def main():
    return await asyncio.gather(*(aio.compare(*sys.argv[1:]) for _ in range(500)))
loop.run_until_complete(main())
async def once():
    future = asyncio.get_running_loop().create_future()
    comparison = asyncio.create_task(aio.compare(*sys.argv[1:]))
    def disturb():
        try:
            os.kill(os.getpid(), signal.SIGUSR1)
        except Raised:
            future.set_result("raised")
    asyncio.get_running_loop().call_soon(disturb)
    return await asyncio.gather(future, comparison)
print(*(loop.run_until_complete(once()) == ["raised", True] for _ in range(3)))
"""
    assert run(PRELUDE + code, *pair) == "True True True\n"


@pytest.mark.parametrize("kind", ["LookupError", "KeyboardInterrupt", "SystemExit"])
def test_a_signal_that_comes_amid_a_delivery_leaves_no_task_waiting(
    pair: tuple[Path, Path], kind: str
) -> None:
    """Its handler would run in the loop's call_soon, and the task would never be woken.

    Asking whether the future is done, which a delivery begins with, makes the signal come: without
    any Python code, in which the handler would run at once.
    """
    code = """
import ctypes, functools, itertools
kind = eval(sys.argv[3])
def handler(*_):
    raise kind
signal.signal(signal.SIGUSR1, handler)
send = getattr(ctypes.CDLL(None), "raise")
class Loop(asyncio.SelectorEventLoop):
    def create_future(self):
        # Only komparu's: asyncio has others.
        if sys._getframe(1).f_globals["__name__"] != "komparu._loops":
            return super().create_future()
        future = Disturbed(loop=self)
        answers = itertools.chain(map(send, [signal.SIGUSR1]), itertools.repeat(0))
        future.done = functools.partial(next, answers)
        return future
class Disturbed(asyncio.Future): pass
raised = []
loop = Loop()
loop.set_exception_handler(lambda _, context: raised.append(type(context["exception"])))
async def main():
    # The timer is for the case that one waits for good.
    return await asyncio.wait([asyncio.create_task(aio.compare(*sys.argv[1:3]))], timeout=60)
for _ in range(3):
    task = loop.create_task(main())
    while not task.done():
        try:
            loop.run_until_complete(task)
        except kind as error:
            raised.append(type(error))
    done, waiting = task.result()
    print([one.result() for one in done], len(waiting), raised == [kind])
    raised.clear()
loop.close()
"""
    assert run(PRELUDE + code, *pair, kind) == "[True] 0 True\n" * 3


@pytest.mark.parametrize("limit", [None, 1e-9])
def test_a_loop_that_ends_before_its_task_hears_of_an_error_says_nothing(
    long_work: tuple[Path, Path], limit: float | None
) -> None:
    code = """
class Loop(asyncio.SelectorEventLoop):
    def create_future(self):
        future = super().create_future()
        # Only komparu's. What was added first is called first: before the task is woken.
        if sys._getframe(1).f_globals["__name__"] == "komparu._loops":
            future.add_done_callback(interrupt)
        return future
def interrupt(future):
    raise KeyboardInterrupt
async def main():
    limit = eval(sys.argv[3])
    other = sys.argv[2] if limit else "/no/such"
    await aio.compare(sys.argv[1], other, comparison_timeout=limit, chunk_size=1)
loop = Loop()
task = loop.create_task(main())
task._log_destroy_pending = False
try:
    loop.run_until_complete(task)
except KeyboardInterrupt:
    print("interrupted", task.done())
loop.close()
del task
gc.collect()
"""
    assert run(PRELUDE + code, *long_work, str(limit)) == "interrupted False\n"


def test_subinterpreters_are_refused_in_words() -> None:
    code = """
import importlib
interpreters = importlib.import_module(sys.argv[1])
assert asyncio.run(aio.compare("/dev/null", "/dev/null"))
interpreter = interpreters.create()
interpreters.run_string(interpreter, sys.argv[2])
interpreters.destroy(interpreter)
assert asyncio.run(aio.compare("/dev/null", "/dev/null"))
"""
    attempt = """
try:
    import komparu.aio
except ImportError as error:
    print(type(error).__name__, "subinterpreters" in str(error), flush=True)
"""
    module = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    assert outcome(PRELUDE + code, module, attempt)[:2] == (0, "ImportError True\n")
