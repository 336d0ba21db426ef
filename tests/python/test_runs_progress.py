"""A function that is told of a run's progress: in its consumer's thread or loop."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import Progress, aio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Enough(BaseException):
    """Raised by a function that is told of the progress."""


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    for side, names in [("a", ["one", "two", "left"]), ("b", ["one", "two"])]:
        (tmp_path / side).mkdir()
        for name in names:
            (tmp_path / side / name).write_bytes(b"12345")
    return tmp_path / "a", tmp_path / "b"


@pytest.fixture
def endless(tmp_path: Path, long_work: tuple[Path, Path]) -> tuple[Path, Path]:
    """Two trees that take a minute to compare, and of which nothing is found meanwhile."""
    for side, path in zip("ab", long_work, strict=True):
        (tmp_path / side).mkdir()
        (tmp_path / side / "x").symlink_to(path)
    return tmp_path / "a", tmp_path / "b"


def iterate(*trees: Path, **options: Any) -> None:  # noqa: ANN401
    with komparu.iter_trees(*trees, **options) as run:
        for _ in run:
            pass
        run.result()


def ask_for_the_result(*trees: Path, **options: Any) -> None:  # noqa: ANN401
    with komparu.iter_trees(*trees, **options) as run:
        run.result()


def iterate_in_a_loop(*trees: Path, **options: Any) -> None:  # noqa: ANN401
    async def main() -> None:
        async with aio.iter_trees(*trees, **options) as run:
            async for _ in run:
                pass
            await run.result()

    asyncio.run(main())


def ask_in_a_loop(*trees: Path, **options: Any) -> None:  # noqa: ANN401
    async def main() -> None:
        async with aio.iter_trees(*trees, **options) as run:
            await run.result()

    asyncio.run(main())


def ask_a_comparer(*trees: Path, **options: Any) -> None:  # noqa: ANN401
    with komparu.Comparer().iter_trees(*trees, **options) as run:
        run.result()


every_way = pytest.mark.parametrize(
    "consume",
    [iterate, ask_for_the_result, iterate_in_a_loop, ask_in_a_loop, ask_a_comparer],
)


@every_way
def test_it_is_told_of_the_end_once_and_exactly(
    trees: tuple[Path, Path], consume: Callable[..., None]
) -> None:
    seen: list[Progress] = []
    threads: set[int] = set()

    def watch(progress: Progress) -> None:
        seen.append(progress)
        threads.add(threading.get_ident())

    consume(*trees, progress=watch)
    last = seen[-1]
    assert (last.entries, last.entries_total, last.bytes, last.bytes_total) == (3, 3, 10, 10)
    assert threads == {threading.get_ident()}


@every_way
def test_it_is_told_meanwhile_and_what_it_raises_ends_the_run(
    endless: tuple[Path, Path], consume: Callable[..., None]
) -> None:
    times: list[float] = []

    def watch(progress: Progress) -> None:
        assert progress.entries_total in {None, 1}
        times.append(time.monotonic())
        if len(times) == 4:
            raise Enough

    begun = time.monotonic()
    with pytest.raises(Enough):
        consume(*endless, chunk_size=1, progress=watch)
    assert len(times) == 4
    assert times[-1] - begun >= 4 * 0.05, "at most 20 times a second"


@pytest.mark.parametrize(("workers", "directory"), [(1, "."), (2, "d")])
def test_the_number_of_entries_is_known_before_they_are_compared(
    endless: tuple[Path, Path], workers: int, directory: str
) -> None:
    for side in endless:
        (side / directory).mkdir(exist_ok=True)
        for name in ("one", "two"):
            (side / directory / name).write_bytes(b"12345")
    with komparu.iter_trees(*endless, chunk_size=1, max_workers=workers) as run:
        # One file takes a minute, after which the number would be known in any case.
        while (progress := run.progress).entries_total is None:
            time.sleep(0.001)
    assert progress.entries_total == 3
    assert progress.entries < 3


def test_a_run_that_was_ended_so_has_stopped(endless: tuple[Path, Path]) -> None:
    def watch(_: Progress) -> None:
        raise ZeroDivisionError

    run = komparu.iter_trees(*endless, chunk_size=1, progress=watch)
    with pytest.raises(ZeroDivisionError):
        next(run)
    assert list(run) == []
    assert not run.result().complete


def test_a_run_that_is_closed_tells_of_no_end(trees: tuple[Path, Path]) -> None:
    seen: list[Progress] = []
    with komparu.iter_trees(*trees, progress=seen.append) as run:
        pass
    assert not run.result().equal
    assert [progress for progress in seen if progress.bytes_total is not None] == []


def test_it_may_use_the_run(endless: tuple[Path, Path]) -> None:
    def watch(_: Progress) -> None:
        assert run.progress.entries == 0
        run.close()

    run = komparu.iter_trees(*endless, chunk_size=1, progress=watch)
    assert list(run) == []


@pytest.mark.parametrize("module", [komparu, aio])
def test_what_cannot_be_called_is_refused(module: Any, trees: tuple[Path, Path]) -> None:  # noqa: ANN401
    async def main() -> None:
        with pytest.raises(TypeError, match=r"^progress must be callable or None, not int$"):
            module.iter_trees(*trees, progress=1)

    asyncio.run(main())


def test_a_run_and_a_function_that_refer_to_each_other_are_collected(
    trees: tuple[Path, Path],
) -> None:
    class Watch:
        def __init__(self) -> None:
            self.run: komparu.TreeRun | None = None

        def __call__(self, progress: Progress) -> None:
            pass

    watch = Watch()
    watch.run = komparu.iter_trees(*trees, progress=watch)
    known = weakref.ref(watch)
    del watch
    gc.collect()
    assert known() is None
