"""A comparison that is no longer wanted stops, and the interpreter lives on meanwhile.

How soon, `make soak SOAK=signals` measures. Here what is interrupted would go on for a minute, and
has not read what it had to compare when it stops, however slow the machine.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

import komparu
from children import interrupt, outcome, run, start, wait_until_comparing
from threads import bytes_read

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Write


@pytest.mark.parametrize("sides", ["data and hole", "data and data"])
def test_ctrl_c_ends_a_comparison_with_keyboard_interrupt(
    long_work: tuple[Path, Path], tmp_path: Path, sides: str
) -> None:
    a, b = long_work
    if sides == "data and data":
        b = tmp_path / "second"
        run("os.posix_fallocate(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), 0, 1 << 30)", b)
    code = """
open_before = len(os.listdir("/proc/self/fd"))
try:
    komparu.compare(*sys.argv[1:], chunk_size=1)
except KeyboardInterrupt:
    print(bytes_read(), len(os.listdir("/proc/self/fd")) - open_before)
    # Threads that are done may take a moment to leave.
    while len(os.listdir("/proc/self/task")) > 1: pass
    print(komparu.compare("/dev/null", "/dev/null"))
"""
    with start(code, a, b) as child:
        wait_until_comparing(child)
        interrupt(child)
        output, errors = child.communicate()
    assert errors == ""
    done, left_open, works_again = output.split()
    assert int(done) < a.stat().st_size
    assert (left_open, works_again) == ("0", "True")


def test_ctrl_c_ends_the_search_for_the_first_difference(long_work: tuple[Path, Path]) -> None:
    code = """
try:
    komparu.first_difference(*sys.argv[1:], chunk_size=1)
except KeyboardInterrupt:
    print(bytes_read())
    # Threads that are done may take a moment to leave.
    while len(os.listdir("/proc/self/task")) > 1: pass
    print(komparu.first_difference("/dev/null", "/dev/null"))
"""
    with start(code, *long_work) as child:
        wait_until_comparing(child)
        interrupt(child)
        output, errors = child.communicate()
    assert errors == ""
    done, again = output.split()
    assert int(done) < long_work[0].stat().st_size
    assert again == "None"


def test_without_helping_threads_ctrl_c_works_too(long_work: tuple[Path, Path]) -> None:
    code = """
class Pressed(Exception): pass
def handler(number, frame):
    raise Pressed
signal.signal(signal.SIGALRM, handler)
try:
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    komparu.compare(*sys.argv[1:], chunk_size=1, max_workers=1)
except Pressed:
    print(bytes_read())
"""
    assert int(run(code, *long_work)) < long_work[0].stat().st_size


def test_the_exception_of_a_signal_handler_comes_out_of_the_call(
    long_work: tuple[Path, Path],
) -> None:
    code = """
def handler(number, frame):
    raise LookupError("from the handler")
signal.signal(signal.SIGUSR1, handler)
def send():
    wait_until_comparing()
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=send).start()
try:
    komparu.compare(*sys.argv[1:], chunk_size=1)
except LookupError as error:
    print(error, error.__context__)
"""
    assert run(code, *long_work) == "from the handler None\n"


def test_a_handler_that_raises_nothing_interrupts_nothing(long_work: tuple[Path, Path]) -> None:
    code = """
handled, answer = [], None
signal.signal(signal.SIGALRM, lambda number, frame: handled.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
while not handled or answer is not True:
    answer = komparu.compare(*sys.argv[1:])
signal.setitimer(signal.ITIMER_REAL, 0)
print(answer)
"""
    assert run(code, *long_work) == "True\n"


def test_other_threads_run_while_one_compares(long_work: tuple[Path, Path]) -> None:
    code = """
steps = 0
def work():
    global steps
    wait_until_comparing()
    while steps < 100_000:
        steps += 1
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=work).start()
try:
    komparu.compare(*sys.argv[1:], chunk_size=1)
except KeyboardInterrupt:
    print(steps)
"""
    assert run(code, *long_work) == "100000\n"


@pytest.mark.thread_unsafe(
    reason="must catch a process at work, from which seven others keep the cores"
)
def test_a_comparison_in_another_thread_outlives_ctrl_c_in_the_main_one(
    pair: tuple[Path, Path], long_work: tuple[Path, Path]
) -> None:
    code = """
answers = []
def work():
    answers.append(komparu.compare(*sys.argv[1:], chunk_size=16))
thread = threading.Thread(target=work)
thread.start()
try:
    wait_until_comparing()
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait()
except KeyboardInterrupt:
    thread.join()
    print(answers)
"""
    assert run(code, *long_work) == "[True]\n"
    assert komparu.compare(*pair)


@pytest.mark.parametrize("max_workers", [1, 2])
def test_a_program_ends_though_a_daemon_thread_still_compares(
    long_work: tuple[Path, Path], max_workers: int
) -> None:
    code = """
def work():
    begun.set()
    komparu.compare(*sys.argv[1:3], chunk_size=1, max_workers=int(sys.argv[3]))
begun = threading.Event()
threading.Thread(target=work, daemon=True).start()
begun.wait()
print("over")
"""
    assert run(code, *long_work, str(max_workers)) == "over\n"


def test_daemon_threads_that_return_while_the_program_ends_do_not_crash_it(write: Write) -> None:
    pair = [write(name, b"x" * 100) for name in ("a", "b")]
    code = """
def work():
    while True:
        komparu.compare(*sys.argv[1:3])
        turns.release()
turns = threading.Semaphore(0)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
for _ in range(300):
    turns.acquire()
"""
    for _ in range(20):
        assert run(code, *pair) == ""


def test_a_handler_may_compare_and_exit(long_work: tuple[Path, Path]) -> None:
    code = """
def handler(number, frame):
    print(komparu.compare("/dev/null", sys.argv[1]))
    sys.exit(7)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.1)
komparu.compare(*sys.argv[1:], chunk_size=1)
"""
    assert outcome(code, *long_work) == (7, "False\n", "")


@pytest.mark.parametrize("max_workers", [1, 4])
@pytest.mark.parametrize("limit", [1e-9, 0.1])
def test_the_limit_of_time_is_an_error_that_names_it(
    long_work: tuple[Path, Path], max_workers: int, limit: float
) -> None:
    begun, before = time.monotonic(), bytes_read()
    with pytest.raises(komparu.ComparisonTimeoutError) as caught:
        komparu.compare(*long_work, chunk_size=1, max_workers=max_workers, comparison_timeout=limit)
    assert limit <= time.monotonic() - begun
    assert bytes_read() - before < long_work[0].stat().st_size
    assert isinstance(caught.value, TimeoutError)
    assert str(caught.value).startswith("comparison timed out after 0.")


def test_a_limit_that_is_kept_changes_nothing(pair: tuple[Path, Path]) -> None:
    assert komparu.compare(*pair, comparison_timeout=3600) is True


def test_many_threads_compare_at_once(
    pair: tuple[Path, Path], long_work: tuple[Path, Path]
) -> None:
    answers: list[object] = []
    start_together = threading.Barrier(8)

    def work(index: int) -> None:
        start_together.wait()
        for _ in range(50):
            answers.append(komparu.compare(*pair))
            if index == 0:
                try:
                    komparu.compare(*long_work, comparison_timeout=0.001)
                except komparu.ComparisonTimeoutError:
                    answers.append(True)

    threads = [threading.Thread(target=work, args=[index]) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 450
