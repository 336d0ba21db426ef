"""Coroutines: what they take, return and raise is what the functions that wait do."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import os
import tarfile
import threading
import traceback
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import aio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Write
    from hostile import Hostile
    from servers import Nginx

Call = tuple[str, tuple[Any, ...], dict[str, Any]]


def outcome_of(call: Callable[[], object]) -> object:
    """A result, or the kind and the words of what was raised."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # whatever it is, the other one must raise the same
        attributes = {name: vars(error)[name] for name in sorted(vars(error))}
        return type(error), str(error), attributes


def both(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> tuple[object, object]:
    """What the function gives, and what its twin gives."""

    def awaited() -> object:
        return asyncio.run(getattr(aio, name)(*arguments, **options))

    return outcome_of(lambda: getattr(komparu, name)(*arguments, **options)), outcome_of(awaited)


def test_every_function_has_a_twin_of_the_same_signature() -> None:
    prefixes = ("compare", "first", "iter_", "write_")
    functions = {name for name in komparu.__all__ if name.startswith(prefixes)}
    assert set(aio.__all__) - {"TreeRun"} == functions
    functions.remove("iter_trees")
    for name in functions:
        function, twin = getattr(komparu, name), getattr(aio, name)
        assert inspect.iscoroutinefunction(twin)
        assert inspect.signature(twin) == inspect.signature(function)
        assert twin.__doc__ == function.__doc__
        assert (twin.__name__, twin.__module__) == (name, "komparu.aio")


def test_the_module_comes_when_it_is_asked_for() -> None:
    assert komparu.aio is aio
    assert "aio" in dir(komparu)


def test_results_are_the_same(write: Write, tmp_path: Path, nginx: Nginx) -> None:
    a, b, c = write("a", b"same"), write("b", b"same"), write("c", b"else")
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same").write_bytes(b"same")
        (tmp_path / name / "else").write_bytes(name.encode())
        (tmp_path / name / name).touch()
    (tmp_path / "left" / "dangling").symlink_to("nowhere")
    nginx.put("aio", b"same")
    for name in ("one.tar", "two.tar"):
        with tarfile.open(tmp_path / name, "w") as archive:
            archive.add(a, "a")
            archive.add(c if name == "two.tar" else b, "b")
    one, two = tmp_path / "one.tar", tmp_path / "two.tar"
    nginx.put("aio.tar", two.read_bytes())
    url, missing = f"{nginx.plain}/aio", f"{nginx.plain}/missing"
    left, right = tmp_path / "left", tmp_path / "right"
    calls: list[Call] = [
        ("compare", (a, b), {}),
        ("compare", (str(a), os.fsencode(c)), {"size_precheck": False}),
        ("compare", (a, url), {"timeout": 10}),
        ("compare", (komparu.Source(url, headers={"X": "y"}), c), {}),
        ("first_difference", (a, b), {}),
        ("first_difference", (a, c), {"context": 2}),
        ("first_difference", (url, c), {"timeout": 10}),
        ("compare_dir", (left, right), {}),
        ("compare_dir", (left, left), {"ignore": ["*"]}),
        ("compare_dir", (left, right), {"follow_symlinks": False, "max_workers": 1}),
        ("compare_archive", (one, two), {"hash_compare": True}),
        ("compare_archive", (two, f"{nginx.plain}/aio.tar"), {}),
        ("compare_all", ([a, b, url],), {}),
        ("compare_all", ([a, b, c],), {}),
        ("compare_all", ([],), {}),
        ("compare_many", ([a, b, c, url],), {}),
        ("compare_many", ([],), {}),
        ("compare_dir_urls", (left, {"same": url, "else": missing, "more/x": url}), {}),
        ("compare_dir_urls", (left, {}), {"ignore": ["*"]}),
    ]
    for name, arguments, options in calls:
        result, awaited = both(name, arguments, options)
        assert result == awaited, name
        assert not isinstance(result, tuple), result
        assert type(result) is type(awaited)


def test_errors_are_the_same(write: Write, tmp_path: Path, hostile: Hostile) -> None:
    a, missing = write("a", b"x"), tmp_path / "missing"
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    calls: list[Call] = [
        ("compare", (), {}),
        ("compare", (a,), {}),
        ("compare", (a, a, a), {}),
        ("compare", (a, a), {"source_a": a}),
        ("compare", (a, a), {"chunk_sise": 1}),
        ("compare", (a, a), {"chunk_size": 0}),
        ("compare", (a, a), {"chunk_size": "1"}),
        ("compare", (a, a), {"max_workers": 257}),
        ("compare", (a, a), {"comparison_timeout": 0}),
        ("compare", (a, ""), {}),
        ("compare", (a, "a\0"), {}),
        ("compare", (a, 1), {}),
        ("compare", (a, "ftp://host/a"), {}),
        ("compare", (a, missing), {}),
        ("compare", (a, fifo), {}),
        ("compare", (a, tmp_path), {}),
        ("compare", (a, hostile.url("/nothing")), {}),
        ("first_difference", (a,), {}),
        ("first_difference", (a, a), {"context": -1}),
        ("first_difference", (a, a), {"context": 2.0}),
        ("first_difference", (a, missing), {}),
        ("compare_dir", (a, tmp_path), {}),
        ("compare_dir", (tmp_path, "http://host/"), {}),
        ("compare_dir", (tmp_path, missing), {}),
        ("compare_dir", (tmp_path, tmp_path), {"ignore": "*"}),
        ("compare_archive", (a, a), {}),
        ("compare_archive", (a,), {}),
        ("compare_archive", (a, a), {"max_archive_entries": 0}),
        ("compare_archive", (missing, ""), {}),
        ("compare_all", ("text",), {}),
        ("compare_all", ([a, None],), {}),
        ("compare_all", ([a, missing],), {}),
        ("compare_many", ([a, missing],), {}),
        ("compare_many", (7,), {}),
        ("compare_dir_urls", (tmp_path,), {}),
        ("compare_dir_urls", (tmp_path, {"../a": a}), {}),
        ("compare_dir_urls", (tmp_path, {"a": 1}), {}),
        ("compare_dir_urls", (missing, {}), {}),
    ]
    for name, arguments, options in calls:
        raised, awaited = both(name, arguments, options)
        assert isinstance(raised, tuple), (name, arguments, raised)
        assert raised == awaited, name


def test_arguments_are_checked_before_anything_is_queued() -> None:
    async def main() -> None:
        coroutines = [
            aio.compare("a", "b", chunk_size=0),
            aio.compare_dir("http://host/", "b"),
            aio.compare_archive("a", "b", hash_compare=1),  # type: ignore[arg-type]
            aio.compare_all(["a", 1]),  # type: ignore[list-item]
            aio.compare_many(["a", ""]),
            aio.compare_dir_urls("a", {"/absolute": "b"}),
        ]
        for coroutine in coroutines:
            # One step, without any loop to come back to, is enough.
            with pytest.raises((ValueError, TypeError)):
                coroutine.send(None)

    asyncio.run(main())


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_configured_options_hold(pair: tuple[Path, Path], long_work: tuple[Path, Path]) -> None:
    komparu.configure(comparison_timeout=0.05, chunk_size=1)
    with pytest.raises(komparu.ComparisonTimeoutError, match=r"timed out after 0\.05 s"):
        asyncio.run(aio.compare(*long_work))
    komparu.configure(comparison_timeout=None)
    assert asyncio.run(aio.compare(*pair))


def test_outside_a_running_loop_it_is_the_usual_error(pair: tuple[Path, Path]) -> None:
    coroutine = aio.compare(*pair)
    with pytest.raises(RuntimeError, match="no running event loop"):
        coroutine.send(None)


def test_a_coroutine_that_is_never_awaited_does_nothing(tmp_path: Path) -> None:
    coroutine = aio.compare(tmp_path / "missing", "")
    coroutine.close()
    with pytest.warns(RuntimeWarning, match="never awaited"):
        aio.compare(tmp_path / "missing", "")  # type: ignore[unused-coroutine]


def test_the_loop_runs_on_while_it_compares(long_work: tuple[Path, Path]) -> None:
    async def main() -> int:
        comparison = asyncio.create_task(aio.compare(*long_work, chunk_size=1))
        turns = 0
        while turns < 10_000:
            await asyncio.sleep(0)
            turns += 1
        assert not comparison.done()
        comparison.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await comparison
        return turns

    assert asyncio.run(main()) == 10_000


def test_context_variables_are_the_callers(pair: tuple[Path, Path]) -> None:
    variable = contextvars.ContextVar[str]("variable")
    seen = []

    class Named(os.PathLike[str]):
        def __fspath__(self) -> str:
            seen.append((variable.get(), threading.current_thread()))
            return str(pair[0])

    async def compare(value: str) -> str:
        variable.set(value)
        assert await aio.compare(Named(), pair[1])
        return variable.get()

    async def main() -> list[str]:
        return await asyncio.gather(*map(compare, "abc"))

    assert asyncio.run(main()) == ["a", "b", "c"]
    assert seen == [(value, threading.current_thread()) for value in "abc"]


def test_a_traceback_leads_to_the_await(tmp_path: Path) -> None:
    async def main() -> None:
        await aio.compare(tmp_path / "missing", tmp_path / "missing too")

    with pytest.raises(komparu.SourceNotFoundError) as caught:
        asyncio.run(main())
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "main" in names


def test_a_thousand_at_once_are_told_apart(write: Write) -> None:
    files = [write(str(number), b"%d" % (number % 2)) for number in range(10)]

    async def main() -> list[bool]:
        return await asyncio.gather(
            *(aio.compare(files[n % 10], files[n // 10 % 10]) for n in range(1000))
        )

    assert asyncio.run(main()) == [n % 2 == n // 10 % 2 for n in range(1000)]
