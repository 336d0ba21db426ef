"""progress= is called in the caller's thread or loop, seldom, and exactly at the end."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import Progress, aio
from packing import files
from threads import bytes_read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FUNCTIONS = [
    "compare",
    "first_difference",
    "compare_dir",
    "compare_archive",
    "compare_all",
    "compare_many",
    "compare_dir_urls",
]
every_function = pytest.mark.parametrize("name", FUNCTIONS)


@pytest.fixture
def arguments(tmp_path: Path) -> dict[str, tuple[Any, ...]]:
    for side in "ab":
        (tmp_path / side).mkdir()
        for name in ("one", "two"):
            (tmp_path / side / name).write_bytes(b"12345")
    one, other = tmp_path / "a", tmp_path / "b"
    archives = [files(tmp_path / name, [("x", b"12345")]) for name in ("a.tar", "b.tar")]
    sources = [one / "one", one / "two", other / "one"]
    return {
        "compare": (one / "one", other / "one"),
        "first_difference": (one / "one", other / "one"),
        "compare_dir": (one, other),
        "compare_archive": tuple(archives),
        "compare_all": (sources,),
        "compare_many": (sources,),
        "compare_dir_urls": (one, {"one": other / "one", "two": other / "two"}),
    }


def check_last(name: str, seen: list[Progress]) -> None:
    assert seen
    last = seen[-1]
    assert last.entries == last.entries_total
    assert last.bytes == last.bytes_total
    if name == "compare_dir":
        assert (last.entries, last.bytes, last.differing, last.failed) == (2, 10, 0, 0)
    assert last.elapsed > 0


@every_function
def test_it_is_called_at_the_end_in_the_callers_thread(
    name: str, arguments: dict[str, tuple[Any, ...]]
) -> None:
    seen: list[Progress] = []
    threads: set[int] = set()

    def watch(progress: Progress) -> None:
        seen.append(progress)
        threads.add(threading.get_ident())

    function: Callable[..., Any] = getattr(komparu, name)
    result = function(*arguments[name], progress=watch)
    assert result == function(*arguments[name])
    check_last(name, seen)
    assert threads == {threading.get_ident()}
    assert function(*arguments[name], progress=None) == result


@every_function
def test_a_coroutine_calls_it_in_its_loop(name: str, arguments: dict[str, tuple[Any, ...]]) -> None:
    seen: list[Progress] = []

    def watch(progress: Progress) -> None:
        asyncio.get_running_loop()
        seen.append(progress)

    function: Callable[..., Any] = getattr(aio, name)
    asyncio.run(function(*arguments[name], progress=watch))
    check_last(name, seen)


@every_function
def test_what_cannot_be_called_is_refused(name: str, arguments: dict[str, tuple[Any, ...]]) -> None:
    function: Callable[..., Any] = getattr(komparu, name)
    with pytest.raises(TypeError, match=r"^progress must be callable or None, not int$"):
        function(*arguments[name], progress=1)


class Enough(BaseException):
    """Raised by a function that is told of the progress."""


@pytest.mark.parametrize("raised", [ZeroDivisionError, Enough])
@pytest.mark.parametrize("limit", [None, 3600.0])
def test_what_it_raises_ends_the_call(
    long_work: tuple[Path, Path], raised: type[BaseException], limit: float | None
) -> None:
    def watch(_: Progress) -> None:
        raise raised

    before = bytes_read()
    with pytest.raises(raised):
        komparu.compare(*long_work, chunk_size=1, comparison_timeout=limit, progress=watch)

    async def main() -> None:
        with pytest.raises(raised):
            await aio.compare(*long_work, chunk_size=1, comparison_timeout=limit, progress=watch)

    if raised is ZeroDivisionError:
        asyncio.run(main())
    assert bytes_read() - before < long_work[0].stat().st_size


def test_what_it_raises_at_the_end_comes_out(arguments: dict[str, tuple[Any, ...]]) -> None:
    def watch(progress: Progress) -> None:
        if progress.entries == progress.entries_total:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        komparu.compare_dir(*arguments["compare_dir"], progress=watch)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(aio.compare_dir(*arguments["compare_dir"], progress=watch))


def test_it_is_called_seldom_and_never_goes_back(long_work: tuple[Path, Path]) -> None:
    seen: list[Progress] = []
    times: list[float] = []

    def watch(progress: Progress) -> None:
        seen.append(progress)
        times.append(time.monotonic())
        if len(seen) == 5:
            raise Enough

    begun = time.monotonic()
    with pytest.raises(Enough):
        komparu.compare(*long_work, chunk_size=1, progress=watch)
    assert times[-1] - begun >= 5 * 0.05
    counts = [progress.bytes for progress in seen]
    assert counts == sorted(counts)
    assert counts[-1] > 0
    assert {progress.bytes_total for progress in seen} == {long_work[0].stat().st_size}
    assert {progress.entries_total for progress in seen} == {1}
    assert seen[-1].path == str(long_work[0])


def test_it_may_call_komparu_itself(
    long_work: tuple[Path, Path], arguments: dict[str, tuple[Any, ...]]
) -> None:
    def watch(_: Progress) -> None:
        assert komparu.compare(*arguments["compare"])
        raise Enough

    with pytest.raises(Enough):
        komparu.compare(*long_work, chunk_size=1, progress=watch)


@pytest.mark.parametrize("chunk_size", [1 << 16, 5000])
def test_every_byte_counts_once_whatever_is_data_and_what_a_hole(
    tmp_path: Path, chunk_size: int
) -> None:
    size, block = 40 << 20, b"\0" * (3 << 20)
    for name, at in [("a", 1 << 20), ("b", 17 << 20)]:
        with (tmp_path / name).open("wb") as file:
            file.seek(at)
            file.write(block)
            file.truncate(size)
    seen: list[Progress] = []
    paths = (tmp_path / "a", tmp_path / "b")
    assert komparu.compare(*paths, chunk_size=chunk_size, progress=seen.append)
    assert seen[-1].bytes == seen[-1].bytes_total == size
