"""Trees are iterated while they are compared, and what is left stops when the consumer leaves."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from children import interrupt, start, wait_until_comparing
from children import run as run_child
from komparu import DiffReason, Finding, Progress, Proof, TreeRun, Verdict, aio
from packing import files, zipped
from threads import descriptors, thread_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: More findings than the queue and a batch hold: a comparison of them waits for its consumer.
MANY = 5000


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    left, right = tmp_path / "left", tmp_path / "right"
    for side in (left, right):
        (side / "d").mkdir(parents=True)
    for name, one, other in [
        ("same", "1", "1"),
        ("d/content", "1", "2"),
        ("size", "1", "22"),
        ("only", "1", None),
        ("d/new", None, "1"),
        ("kind", "1", None),
    ]:
        if one is not None:
            (left / name).write_text(one)
        if other is not None:
            (right / name).write_text(other)
    (right / "kind").mkdir()
    return left, right


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    left, right = tmp_path_factory.mktemp("many"), tmp_path_factory.mktemp("none")
    for number in range(MANY):
        (left / f"{number:05}").touch()
    return left, right


def expected(name: str, **fields: Any) -> Finding:  # noqa: ANN401
    return Finding(name, Verdict.DIFFERENT, **fields)


FOUND = {
    "d/content": expected("d/content", reason=DiffReason.CONTENT_MISMATCH, proof=Proof.BYTES),
    "d/new": expected("d/new", reason=DiffReason.MISSING, side="right"),
    "kind": expected("kind", reason=DiffReason.TYPE_MISMATCH),
    "only": expected("only", reason=DiffReason.MISSING, side="left"),
    "size": expected("size", reason=DiffReason.SIZE_MISMATCH, proof=Proof.SIZE),
}


async def collected(run: aio.TreeRun) -> list[Finding]:
    return [finding async for finding in run]


def test_every_finding_comes_once_and_the_result_is_that_of_the_call(
    trees: tuple[Path, Path],
) -> None:
    with komparu.iter_trees(*trees) as run:
        found = list(run)
        result = run.result()
    assert {it.path: it for it in found} == FOUND
    assert len(found) == len(FOUND)
    assert result == komparu.compare_dir(*trees)
    assert result.complete
    assert (result.summary.entries, result.summary.equal) == (6, 1)
    assert run.result() == result


def test_equal_paths_are_findings_on_request(trees: tuple[Path, Path]) -> None:
    found = list(komparu.iter_trees(*trees, equal=True))
    same = Finding("same", Verdict.EQUAL, proof=Proof.BYTES)
    assert {it.path: it for it in found} == {**FOUND, "same": same}


def test_an_event_loop_gets_the_same(trees: tuple[Path, Path]) -> None:
    async def main() -> None:
        async with aio.iter_trees(*trees, equal=True) as run:
            found = {it.path: it for it in await collected(run)}
            assert await run.result() == komparu.compare_dir(*trees)
        assert found.keys() == {*FOUND, "same"}
        assert aio.iter_trees.__module__ == "komparu.aio"

    asyncio.run(main())


def test_archives_and_maps_are_iterated(trees: tuple[Path, Path], tmp_path: Path) -> None:
    left, right = trees
    archives = (
        files(tmp_path / "a.tar", [("x", b"1"), ("y", b"1")]),
        zipped(tmp_path / "b.zip", [("x", b"2"), ("z", b"1")]),
    )
    with komparu.iter_trees(*archives) as run:
        assert {it.path: it.side for it in run} == {"x": None, "y": "left", "z": "right"}
        assert run.result() == komparu.compare_archive(*archives)
    urls = {"only": left / "only", "size": right / "size"}
    with komparu.iter_trees(left, urls) as run:
        assert {it.path for it in run} == {"size", "same", "kind", "d/content"}
        assert run.result() == komparu.compare_dir_urls(left, urls)


def test_a_failure_is_a_finding_or_is_raised(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("1")
    urls = {"x": tmp_path / "nothing"}
    (finding,) = komparu.iter_trees(tmp_path / "a", urls)
    assert (finding.verdict, finding.reason) == (Verdict.UNVERIFIED, DiffReason.READ_ERROR)
    assert "No such file" in (finding.message or "")
    with komparu.iter_trees(tmp_path / "a", urls, on_error="raise") as run:
        with pytest.raises(komparu.SourceNotFoundError):
            list(run)
        with pytest.raises(komparu.SourceNotFoundError):
            run.result()
    with (
        komparu.iter_trees(tmp_path / "a", tmp_path / "nothing") as run,
        pytest.raises(komparu.SourceNotFoundError),
    ):
        next(run)
    assert list(run) == []


def test_wrong_arguments_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^chunk_size must be positive$"):
        komparu.iter_trees(tmp_path, tmp_path, chunk_size=0)
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'told'"):
        komparu.iter_trees(tmp_path, tmp_path, told=print)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^equal must be bool, not int$"):
        komparu.iter_trees(tmp_path, tmp_path, equal=1)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no running event loop"):
        aio.iter_trees(tmp_path, tmp_path)


def comes_true(condition: Callable[[], bool]) -> None:
    """Wait until it is so. It never is where something is left for good."""
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


def left_open() -> int:
    return sum("many" in os.readlink(f"/proc/self/fd/{fd}") for fd in descriptors_now())  # noqa: PTH115


def descriptors_now() -> Iterator[str]:
    for fd in os.listdir("/proc/self/fd"):
        try:
            os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115
        except OSError:
            continue
        yield fd


def test_a_slow_consumer_makes_the_comparison_wait_and_costs_nothing(
    many: tuple[Path, Path],
) -> None:
    with komparu.iter_trees(*many) as run:
        next(run)
        # The queue fills up.
        while run.progress.entries < 1024:
            time.sleep(0.001)
        begun = run.progress.entries
        # Not to wait for anything: it is this time that must cost nothing. What a thread that spins
        # takes, it takes again and again; others of this process may take something once.
        shares = []
        for _ in range(5):
            used, since = time.process_time(), time.monotonic()
            time.sleep(0.3)
            shares.append((time.process_time() - used) / (time.monotonic() - since))
        assert min(shares) < 0.05, "of one processor, all threads of this process together"
        assert run.progress.entries < MANY
        assert run.progress.entries - begun <= 512
        assert len(list(run)) == MANY - 1


@pytest.mark.parametrize("leave", ["close", "with", "exception", "drop", "break"])
def test_leaving_a_run_stops_it_and_leaves_nothing(many: tuple[Path, Path], leave: str) -> None:
    run: TreeRun | None = komparu.iter_trees(*many)
    assert run is not None
    next(run)
    if leave == "close":
        run.close()
        run.close()
        assert run.has_stopped
        assert list(run) == []
        assert not run.result().complete
        assert not run.result().equal
    elif leave == "with":
        with run:
            next(run)
        assert run.has_stopped
    elif leave == "exception":
        with pytest.raises(ZeroDivisionError), run:
            _ = 1 // 0
        assert run.has_stopped
    else:
        if leave == "break":
            for _ in run:
                break
        run = None
        gc.collect()
    del run
    comes_true(lambda: left_open() == 0)


def test_a_result_asked_for_early_waits_for_no_consumer(many: tuple[Path, Path]) -> None:
    with komparu.iter_trees(*many) as run:
        next(run)
        result = run.result()
        assert len(result.only_left) == MANY
        assert result.complete
        assert list(run) == []

    async def main() -> None:
        async with aio.iter_trees(*many) as run:
            await anext(run)
            assert await run.result() == result

    asyncio.run(main())


def test_two_threads_cannot_iterate_at_once(tmp_path: Path, long_work: tuple[Path, Path]) -> None:
    for side, path in zip("ab", long_work, strict=True):
        (tmp_path / side).mkdir()
        (tmp_path / side / "x").symlink_to(path)
    run = komparu.iter_trees(tmp_path / "a", tmp_path / "b", chunk_size=1)
    found: list[Finding] = []
    iterating = threading.Thread(target=lambda: found.extend(run))
    iterating.start()
    message = "^another thread is iterating this TreeRun$"
    while True:
        try:
            run.take()
        except RuntimeError:
            break
    with pytest.raises(RuntimeError, match=message):
        next(run)
    with pytest.raises(RuntimeError, match=message):
        run.result()
    # It ends the other thread's iteration.
    run.close()
    iterating.join()
    assert found == []


def test_a_timeout_brings_what_was_found(many: tuple[Path, Path]) -> None:
    # A second is far more than it takes to fill the queue, on most machines.
    for limit in (1, 10, 100):
        with komparu.iter_trees(*many, comparison_timeout=limit) as run:
            # The queue is full long before, and the comparison waits for its consumer.
            while not run.has_ended:
                time.sleep(0.001)
            with pytest.raises(komparu.ComparisonTimeoutError) as raised:
                list(run)
            partial = raised.value.partial
            assert partial is not None
            assert not partial.complete
            assert not partial.equal
            if partial.only_left:
                break
    assert partial is not None
    assert 0 < len(partial.only_left) <= MANY


def test_progress_can_be_asked_for_at_any_time(many: tuple[Path, Path]) -> None:
    with komparu.iter_trees(*many) as run:
        assert isinstance(run.progress, Progress)
        list(run)
        assert run.progress.entries == run.progress.entries_total == MANY


def test_one_turn_of_a_loop_goes_by_for_many_findings(many: tuple[Path, Path]) -> None:
    async def main() -> None:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        async with aio.iter_trees(*many) as run:
            assert len(await collected(run)) == MANY
        counting.cancel()
        # The loop has its turns, and not one for each finding.
        assert turns > MANY / 256 / 2

    asyncio.run(main())


def test_cancelling_a_task_leaves_nothing(many: tuple[Path, Path]) -> None:
    async def consume(has_begun: asyncio.Event) -> None:
        async with aio.iter_trees(*many) as run:
            async for _ in run:
                has_begun.set()
                await asyncio.Event().wait()

    async def main() -> None:
        has_begun = asyncio.Event()
        task = asyncio.create_task(consume(has_begun))
        await has_begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert left_open() == 0

    asyncio.run(main())


def test_many_runs_that_are_opened_and_dropped_leave_nothing(trees: tuple[Path, Path]) -> None:
    def some(count: int) -> None:
        for number in range(count):
            run = komparu.iter_trees(*trees)
            if number % 2:
                next(run)

    some(200)
    before = descriptors()
    some(1000)
    comes_true(lambda: descriptors() <= before)
    # A thread that has nothing to do ends after ten seconds.
    comes_true(lambda: sum(n for name, n in thread_names().items() if "komparu" in name) < 30)


def test_a_forked_child_is_told_that_the_run_is_its_parents(many: tuple[Path, Path]) -> None:
    run_child(
        f"""
import os, warnings, komparu
warnings.simplefilter("ignore", DeprecationWarning)  # of a fork while there are threads
run = komparu.iter_trees({str(many[0])!r}, {str(many[1])!r})
next(run)
child = os.fork()
if not child:
    try:
        next(run)
    except RuntimeError as error:
        assert "belongs to the process that opened it" in str(error), error
        run.__exit__(None, None, None)
        del run
        os._exit(7)
    os._exit(1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert len(list(run)) == {MANY - 1}
"""
    )


def test_ctrl_c_comes_out_of_the_iteration(tmp_path: Path, long_work: tuple[Path, Path]) -> None:
    for side, path in zip("ab", long_work, strict=True):
        (tmp_path / side).mkdir()
        (tmp_path / side / "x").symlink_to(path)
    code = """
try:
    with komparu.iter_trees(*sys.argv[1:], chunk_size=1) as run:
        print("opened", flush=True)
        next(run)
except KeyboardInterrupt:
    print(run.has_stopped, run.result().complete)
"""
    with start(code, tmp_path / "a", tmp_path / "b") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "opened\n"
        wait_until_comparing(child, "komparu-worker")
        interrupt(child)
        output, errors = child.communicate()
    assert (output, errors) == ("True False\n", "")


def test_the_interpreter_exits_with_a_run_open(many: tuple[Path, Path]) -> None:
    run_child(
        f"""
import komparu
run = komparu.iter_trees({str(many[0])!r}, {str(many[1])!r})
next(run)
"""
    )
