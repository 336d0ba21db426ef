"""Few descriptors, no patience, Ctrl-C: nothing is left behind, and nothing called equal."""

from __future__ import annotations

import errno
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

import komparu
from children import interrupt, run, start, wait_until_comparing
from komparu import DirResult
from threads import bytes_read
from trees import Link, pair, plant

if TYPE_CHECKING:
    from pathlib import Path

    from trees import Entry

MIB = 1 << 20


def comb(depth: int) -> dict[str, Entry]:
    """Directories within directories, each with files enough for several threads, and siblings."""
    files: dict[str, Entry] = {f"f{index}": b"x" for index in range(40)}
    side: dict[str, Entry] = {"s": dict(files), "t": dict(files)}
    tree: dict[str, Entry] = {**files, **side}
    for _ in range(depth):
        tree = {**files, **side, "deeper": tree}
    return tree


@pytest.mark.thread_unsafe(reason="its process starts a thousand threads, which is enough for one")
def test_64_descriptors_are_enough(tmp_path: Path) -> None:
    a, b = pair(tmp_path, comb(20), comb(20))
    code = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
for workers in [0, 1, 7, 256] * 4:
    result = komparu.compare_dir(*sys.argv[1:], max_workers=workers)
    assert result, result.messages
"""
    run(code, a, b)


def test_no_descriptor_at_all_is_an_error_and_never_a_verdict(tmp_path: Path) -> None:
    a, b = pair(tmp_path, comb(2), comb(2))
    code = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
assert komparu.compare_dir(*sys.argv[1:])
taken = []
try:
    while True:
        taken.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
outcomes = []
# How many two threads need depends on which of them is where; more than this they never do.
for _ in range(32):
    try:
        result = komparu.compare_dir(*sys.argv[1:])
    except komparu.SourceReadError as error:
        outcomes.append(error.errno)
    else:
        outcomes.append(result.verdict.name)
        assert result.equal == (not result.errors)
    os.close(taken.pop())
for descriptor in taken:
    os.close(descriptor)
print(outcomes[0], outcomes[-1], komparu.compare_dir(*sys.argv[1:]).equal)
"""
    assert run(code, a, b).split() == [str(errno.EMFILE), "EQUAL", "True"]


def test_nothing_is_left_open_and_no_thread_behind(tmp_path: Path) -> None:
    broken: dict[str, Entry] = {"nowhere": Link("gone"), "itself": Link("itself")}
    plant(tmp_path / "file", {})
    a, b = pair(tmp_path, {**comb(3), **broken}, {**comb(3), "x": b""})
    code = """
def left_open():
    return sorted(os.listdir("/proc/self/fd"))
komparu.compare_dir(*sys.argv[1:3])
before = left_open()
for workers in [1, 2, 16]:
    for follow in [True, False]:
        assert not komparu.compare_dir(*sys.argv[1:3], max_workers=workers, follow_symlinks=follow)
        for wrong in [sys.argv[1] + "/f0", sys.argv[1] + "/missing"]:
            for pair in [(wrong, sys.argv[1]), (sys.argv[1], wrong)]:
                try:
                    komparu.compare_dir(*pair)
                except komparu.KomparuError:
                    pass
        try:
            komparu.compare_dir(*sys.argv[1:3], comparison_timeout=1e-4)
        except komparu.ComparisonTimeoutError:
            pass
        assert left_open() == before
# Threads that are done may take a moment to leave.
while len(os.listdir("/proc/self/task")) > 1: pass
"""
    run(code, a, b)


@pytest.fixture(scope="session")
def long_trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two equal trees that take minutes to compare with a chunk size of 1, and nothing to make."""
    a, b = pair(tmp_path_factory.mktemp("long"), {}, {})
    for index in range(200):
        for side in [a, b]:
            with (side / f"{index}").open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, MIB)
                file.write(bytes([1]))
    return a, b


#: What one side of them has: it is read unless the comparison ends before, on any machine.
LONG = 200 * MIB


def test_ctrl_c_ends_the_walk_and_leaves_nothing(long_trees: tuple[Path, Path]) -> None:
    code = """
open_before = len(os.listdir("/proc/self/fd"))
try:
    komparu.compare_dir(*sys.argv[1:], chunk_size=1, max_workers=4)
except KeyboardInterrupt:
    print(bytes_read(), len(os.listdir("/proc/self/fd")) - open_before)
    while len(os.listdir("/proc/self/task")) > 1: pass
    print(komparu.compare_dir(sys.argv[1], sys.argv[1]).equal)
"""
    with start(code, *long_trees) as child:
        wait_until_comparing(child, "komparu-worker")
        interrupt(child)
        output, errors = child.communicate()
    assert errors == ""
    done, left_open, works_again = output.split()
    assert int(done) < LONG
    assert (left_open, works_again) == ("0", "True")


def test_ctrl_c_works_without_helping_threads_and_in_a_walk_of_empty_files(
    tmp_path: Path,
) -> None:
    tree: dict[str, Entry] = {f"d{n}": {f"f{m}": b"" for m in range(20)} for n in range(50)}
    a, b = pair(tmp_path, tree, tree)
    code = """
class Pressed(Exception): pass
def handler(number, frame):
    raise Pressed
signal.signal(signal.SIGALRM, handler)
try:
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    while True:
        komparu.compare_dir(*sys.argv[1:], max_workers=1)
except Pressed:
    print("pressed")
"""
    assert run(code, a, b) == "pressed\n"


@pytest.mark.parametrize("max_workers", [1, 4])
@pytest.mark.parametrize("limit", [1e-9, 0.1])
def test_the_limit_of_time_is_an_error_that_names_it(
    long_trees: tuple[Path, Path], max_workers: int, limit: float
) -> None:
    begun, before = time.monotonic(), bytes_read()
    with pytest.raises(komparu.ComparisonTimeoutError, match=r"^comparison timed out after 0\."):
        komparu.compare_dir(
            *long_trees, chunk_size=1, max_workers=max_workers, comparison_timeout=limit
        )
    assert limit <= time.monotonic() - begun
    assert bytes_read() - before < LONG


def test_a_limit_that_is_kept_changes_nothing(tmp_path: Path) -> None:
    a, b = pair(tmp_path, comb(1), comb(1))
    assert komparu.compare_dir(a, b, comparison_timeout=3600) == DirResult(equal=True)


def test_other_threads_run_meanwhile(long_trees: tuple[Path, Path]) -> None:
    code = """
def work():
    wait_until_comparing("komparu-worker")
    for step in range(100_000):
        pass
    print(step)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=work).start()
try:
    while True:
        komparu.compare_dir(*sys.argv[1:], chunk_size=1, max_workers=4)
except KeyboardInterrupt:
    pass
"""
    assert run(code, *long_trees) == "99999\n"


def test_many_threads_compare_at_once(tmp_path: Path) -> None:
    a, b = pair(tmp_path, comb(2), {**comb(2), "extra": b""})
    expected = DirResult(equal=False, only_right={"extra"})
    answers: list[DirResult] = []
    together = threading.Barrier(6)

    def work() -> None:
        together.wait()
        answers.extend(komparu.compare_dir(a, b, max_workers=2) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 120


def test_a_child_forked_in_the_middle_compares_too(long_trees: tuple[Path, Path]) -> None:
    code = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
def work():
    wait_until_comparing("komparu-worker")
    child = os.fork()
    if child == 0:
        equal = komparu.compare_dir(*sys.argv[1:], max_workers=4).equal
        os._exit(0 if equal else 1)
    _, status = os.waitpid(child, 0)
    print("the child's", status, flush=True)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=work).start()
try:
    while True:
        komparu.compare_dir(*sys.argv[1:], chunk_size=1, max_workers=4)
except KeyboardInterrupt:
    print("the parent's")
"""
    assert run(code, *long_trees) == "the child's 0\nthe parent's\n"
