"""Python objects as sources of coroutines and of runs: one thread calls them, and no worker."""

from __future__ import annotations

import asyncio
import gc
import io
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from children import run as run_child
from files import MAKES, Openable, Reads, Seeks
from komparu import Archive, Content, SourceReadError, aio
from packing import grow, pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Write

CONTENT = bytes(range(256)) * 3000

every_make = pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)


@every_make
def test_every_coroutine_takes_objects(make: Callable[[bytes], Any], tmp_path: Path) -> None:
    place = grow(tmp_path / "place", {"a": CONTENT, "b": b"1"})
    changed = CONTENT[:-1] + b"?"
    packed = pack("tar.gz", place, tmp_path / "packed.tar.gz").read_bytes()

    def mapped() -> dict[str, Any]:
        return {"a": make(CONTENT), "b": make(b"1")}

    async def main() -> None:
        assert await aio.compare(make(CONTENT), place / "a")
        assert not await aio.compare(place / "a", make(changed))
        difference = await aio.first_difference(make(CONTENT), make(changed))
        assert difference is not None
        assert difference.offset == len(CONTENT) - 1
        assert await aio.compare_all([make(CONTENT), place / "a", make(CONTENT)])
        sources: list[Any] = [Content(make(CONTENT), "1"), Content(make(changed), "2"), place / "a"]
        assert len((await aio.compare_many(sources)).groups) == 2
        assert (await aio.compare_dir_urls(place, mapped())).equal
        assert (await aio.compare_trees(mapped(), place)).equal
        assert (await aio.compare_archive(make(packed), tmp_path / "packed.tar.gz")).equal
        assert (await aio.compare_trees(Archive(make(packed)), mapped())).equal
        assert await aio.write_manifest(mapped(), tmp_path / "sums") == 2
        async with aio.iter_trees({**mapped(), "a": make(changed)}, place) as run:
            assert [finding.path async for finding in run] == ["a"]
            assert not (await run.result()).equal
        assert await komparu.Comparer().aio.compare(make(CONTENT), place / "a")

    asyncio.run(main())


@every_make
def test_a_run_takes_objects(make: Callable[[bytes], Any], tmp_path: Path) -> None:
    names = [str(number) for number in range(30)]
    place = grow(tmp_path / "place", {name: name.encode() for name in names})
    mapped = {name: make(name.encode() if name != "7" else b"?") for name in names}
    with komparu.iter_trees(mapped, place, equal=True) as run:
        assert sorted(finding.path for finding in run) == sorted(names)
        assert run.result().diff == {"7": komparu.DiffReason.CONTENT_MISMATCH}
    with komparu.iter_trees(place, {name: make(name.encode()) for name in names}) as run:
        assert run.result().equal


def test_one_thread_calls_all_objects_of_a_loop(write: Write) -> None:
    path = write("file", CONTENT)
    objects = [Reads(CONTENT, 50_000) for _ in range(20)]

    async def main() -> list[bool]:
        return await asyncio.gather(*(aio.compare(it, path) for it in objects))

    assert all(asyncio.run(main()))
    threads = {thread for it in objects for thread in it.threads}
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


def test_a_run_without_a_loop_calls_objects_in_the_thread_that_iterates(write: Write) -> None:
    path, file, other = write("file", CONTENT), Reads(CONTENT, 50_000), Reads(CONTENT, 50_000)
    with komparu.iter_trees({"a": file}, {"a": path}, equal=True) as run:
        assert [finding.path for finding in run] == ["a"]
    with komparu.iter_trees({"a": other}, {"a": path}) as run:
        assert run.result().equal
    assert file.threads == other.threads == {threading.get_ident()}


def test_the_loop_goes_on_while_an_object_reads(write: Write) -> None:
    path, waits = write("file", b"x"), threading.Event()

    class Slow(Reads):
        def read(self, size: int) -> bytes:
            waits.wait()
            return super().read(size)

    async def main() -> bool:
        comparing = asyncio.ensure_future(aio.compare(Slow(b"x"), path))
        await asyncio.sleep(0)
        assert await aio.compare(path, path)
        waits.set()
        return await comparing

    assert asyncio.run(main())


def test_the_thread_ends_with_its_loop(write: Write) -> None:
    path = write("file", CONTENT)
    file = Reads(CONTENT)

    async def main() -> threading.Thread:
        assert await aio.compare(file, path)
        (thread,) = (it for it in threading.enumerate() if it.ident in file.threads)
        assert thread.name == "komparu-objects"
        assert thread.daemon
        return thread

    thread = asyncio.run(main())
    gc.collect()
    thread.join()


def test_what_was_opened_is_closed_when_the_result_comes(write: Write) -> None:
    path, opens = write("file", CONTENT), Openable(CONTENT)
    source: Any = opens

    async def main() -> None:
        assert await aio.compare(source, path)
        assert await aio.compare(source, source)
        async with aio.iter_trees({"a": source}, {"a": path}) as run:
            assert (await run.result()).equal

    asyncio.run(main())
    with komparu.iter_trees({"a": source}, {"a": path}) as sync:
        assert list(sync) == []
    assert len(opens.opened) == 5
    assert all(file.closed for file in opens.opened)  # type: ignore[attr-defined]


class Fails(Reads):
    """Raises what it is given."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(b"")
        self._error = error

    def read(self, _size: int) -> bytes:
        raise self._error


def test_what_an_object_raises_comes_out_of_the_coroutine(write: Write) -> None:
    path, own = write("file", CONTENT), LookupError("own")

    async def main() -> None:
        with pytest.raises(LookupError) as raised:
            await aio.compare(Fails(own), path)
        assert raised.value is own
        result = await aio.compare_trees({"a": Fails(own)}, {"a": path})
        assert result.messages == {"a": "Fails in left['a']: LookupError: own"}
        with pytest.raises(LookupError):
            await aio.compare_trees({"a": Fails(own)}, {"a": path}, on_error="raise")
        run = aio.iter_trees({"a": Fails(own)}, {"a": path}, on_error="raise")
        async with run:
            with pytest.raises(LookupError):
                await run.result()
        with pytest.raises(SourceReadError, match="non-blocking"):
            await aio.compare(Content(io.BytesIO), type("N", (), {"read": lambda _, __: None})())

    asyncio.run(main())
    with komparu.iter_trees({"a": Fails(own)}, {"a": path}, on_error="raise") as sync:
        with pytest.raises(LookupError) as raised:
            list(sync)
        assert raised.value is own


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_comes_out(kind: type[BaseException], write: Write) -> None:
    path, own = write("file", CONTENT), kind()

    async def compare() -> None:
        await aio.compare_trees({"a": Fails(own)}, {"a": path})

    async def iterate() -> None:
        async with aio.iter_trees({"a": Fails(own)}, {"a": path}) as run:
            await run.result()

    for main in (compare, iterate):
        with pytest.raises(kind) as raised:
            asyncio.run(main())
        assert raised.value is own
    with komparu.iter_trees({"a": Fails(own)}, {"a": path}) as run, pytest.raises(kind) as raised:
        list(run)
    assert raised.value is own


def test_a_task_is_cancelled_and_a_limit_holds_while_an_object_reads(write: Write) -> None:
    path, waits, reads = write("file", b"x"), threading.Event(), threading.Event()
    closed = threading.Event()

    class Blocks(Reads):
        def read(self, size: int) -> bytes:
            reads.set()
            waits.wait()
            return super().read(size)

        def close(self) -> None:
            closed.set()

    async def main() -> None:
        with pytest.raises(komparu.ComparisonTimeoutError):
            await aio.compare(Blocks(b"x"), path, comparison_timeout=0.01)
        comparing = asyncio.ensure_future(aio.compare(Content(lambda: Blocks(b"x")), path))
        await asyncio.sleep(0)
        comparing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await comparing
        waits.set()
        reads.clear()
        assert await aio.compare(Content(lambda: Blocks(b"x")), path)
        assert reads.is_set()
        assert closed.is_set()

    asyncio.run(main())


def test_an_object_of_a_coroutine_may_call_komparu_itself(write: Write) -> None:
    path = write("file", CONTENT)
    answers: list[bool] = []

    class Calls(Reads):
        def read(self, size: int) -> bytes:
            answers.append(komparu.compare(Reads(CONTENT), path))
            return super().read(size)

    async def main() -> None:
        assert await aio.compare(Calls(CONTENT, 200_000), path)

    asyncio.run(main())
    with komparu.iter_trees({"a": Calls(CONTENT, 200_000)}, {"a": path}) as run:
        assert run.result().equal
    assert len(answers) >= 8
    assert all(answers)


def test_a_run_that_is_left_early_closes_what_it_opened(tmp_path: Path) -> None:
    names = [str(number) for number in range(50)]
    place = grow(tmp_path / "place", dict.fromkeys(names, b"1"))
    opens: dict[str, Any] = {name: Openable(b"2") for name in names}
    with komparu.iter_trees(place, opens) as run:
        next(run)
    opened = [file for it in opens.values() for file in it.opened]
    assert opened
    assert all(file.closed for file in opened)


def test_a_run_that_is_dropped_drops_its_objects(write: Write) -> None:
    """Even one that refers to the run itself."""
    path = write("file", CONTENT)

    class Refers(Seeks):
        run: object

    file = Refers(CONTENT)
    gone = weakref.ref(file)
    run = komparu.iter_trees({"a": file}, {"a": path})
    file.run = run
    del file, run
    gc.collect()
    assert gone() is None


def test_objects_are_dropped_when_a_coroutine_is_done(write: Write) -> None:
    path = write("file", CONTENT)

    class Counted(Reads):
        """Can be referred to weakly."""

    async def main() -> list[weakref.ref[Counted]]:
        gone = []
        for _ in range(20):
            file = Counted(CONTENT)
            gone.append(weakref.ref(file))
            assert await aio.compare(file, path)
            assert (await aio.compare_trees({"a": Counted(CONTENT)}, {"a": path})).equal
        return gone

    gone = asyncio.run(main())
    gc.collect()
    for thread in threading.enumerate():
        if thread.name == "komparu-objects":
            thread.join()
    assert [it() for it in gone] == [None] * 20


def test_the_child_of_a_fork_lets_its_parents_objects_be() -> None:
    """It has neither the thread that compares nor the one that calls."""
    code = """
import asyncio, gc, io, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forks while there are threads
class Mine(io.BytesIO): pass
class Waits(io.RawIOBase):
    def readable(self): return True
    def readinto(self, buffer):
        reads.set()
        release.wait()
        return 0
reads, release = threading.Event(), threading.Event()
async def main():
    comparing = asyncio.ensure_future(komparu.aio.compare(Waits(), "/dev/null"))
    run = komparu.aio.iter_trees({"a": io.BufferedReader(Waits())}, {"a": "/dev/null"})
    held = komparu.iter_trees({"a": Waits()}, {"a": "/dev/null"})
    while not reads.is_set():
        await asyncio.sleep(0)
    child = os.fork()
    if child == 0:
        # No lock of Python's that the other threads may hold is touched here.
        del run, held
        gc.collect()
        print(komparu.compare(Mine(b""), "/dev/null"), flush=True)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    release.set()
    held.close()
    print(status, await comparing, (await run.result()).equal)
asyncio.run(main())
"""
    assert run_child(code) == "True\n0 True True\n"
