"""Every function, in every way it can end: from many threads, and again and again.

`make soak SOAK="hammer leaks"` does the same for long.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import komparu
from functions import Case, cases
from specimens import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS = 8


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Case]]:
    with laid_out(tmp_path_factory.mktemp("ground")) as ground:
        yield cases(ground)


def test_every_function_of_the_package_has_cases(everything: list[Case]) -> None:
    functions = {name for name in komparu.__all__ if name.startswith(("compare", "first", "iter"))}
    assert functions <= {case.function for case in everything}


@pytest.mark.thread_unsafe(reason="starts threads of its own")
def test_every_function_answers_right_from_many_threads(everything: list[Case]) -> None:
    together = threading.Barrier(THREADS)
    errors: list[BaseException] = []

    def work(seed: int) -> None:
        order = random.Random(seed).sample(everything, len(everything))  # noqa: S311
        together.wait()
        try:
            for case in order:
                case.check()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.thread_unsafe(reason="counts what the process holds")
def test_no_call_leaves_a_descriptor_or_a_thread(everything: list[Case]) -> None:
    def descriptors() -> int:
        """Count what is open but for connections, which are kept."""
        kinds = []
        for descriptor in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):  # that of the listing itself
                kinds.append(os.fspath(descriptor.readlink()))
        return sum(not kind.startswith("socket:") for kind in kinds)

    def threads() -> int:
        return len(os.listdir("/proc/self/task"))

    # What is kept on purpose, connections and the network thread, is there after a while.
    for case in everything * 3:
        case.check()
    before = descriptors(), threads()
    for case in everything * 5:
        case.check()
    # Jobs that were given up and threads that are done may take a moment, and loops are garbage.
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if descriptors() <= before[0] and threads() <= before[1]:
            break
        gc.collect()
    assert descriptors() <= before[0]
    assert threads() <= before[1]
