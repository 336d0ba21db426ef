"""Threads of Python that compare files of their own: one, and two, with the GIL or without.

Run it with either Python; the table says which it was.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import sysconfig
import threading
from typing import TYPE_CHECKING

import komparu

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness import Harness

KIB = 1 << 10

#: How many pairs of which size: tens of milliseconds of work each time.
SIZES = {"4 KiB": (4 * KIB, 2000), "64 KiB": (64 * KIB, 800), "1 MiB": (1024 * KIB, 150)}

#: What digests are made of: nothing but work, which shows what a second thread is worth just now.
_CONTENT = bytes(20_000)

Pair = tuple["Path", "Path"]


def _by_komparu(pairs: Sequence[Pair]) -> bool:
    return all(komparu.compare(a, b, max_workers=1) for a, b in pairs)


def _by_filecmp(pairs: Sequence[Pair]) -> bool:
    filecmp.clear_cache()
    return all(filecmp.cmp(a, b, shallow=False) for a, b in pairs)


def _by_digest(pairs: Sequence[Pair]) -> bool:
    return all(hashlib.sha256(_CONTENT).digest() for _ in pairs)


def _shared(
    compare: Callable[[Sequence[Pair]], bool], pairs: Sequence[Pair], threads: int
) -> Callable[[], bool]:
    """Have so many threads do the work, each its share of the pairs."""

    def call() -> bool:
        answers: list[bool] = []

        def work(share: Sequence[Pair]) -> None:
            answers.append(compare(share))

        crew = [
            threading.Thread(target=work, args=[pairs[number::threads]])
            for number in range(threads)
        ]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()
        return len(answers) == threads and all(answers)

    return call


def benchmark(harness: Harness) -> None:
    """Measure every size with one thread and with two."""
    free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    with harness.files() as directory:
        for label, (size, count) in SIZES.items():
            pairs = []
            for number in range(count):
                pair = directory / f"{label}-{number}-a", directory / f"{label}-{number}-b"
                content = os.urandom(size)
                for path in pair:
                    path.write_bytes(content)
                pairs.append(pair)
            taken = {}
            for threads in (1, 2):
                case = harness.measure(
                    f"{count} of {label}, {threads} thread{'s' * (threads - 1)}",
                    {
                        "komparu": _shared(_by_komparu, pairs, threads),
                        "filecmp": _shared(_by_filecmp, pairs, threads),
                        "sha256 in memory": _shared(_by_digest, pairs, threads),
                    },
                    expected=True,
                )
                taken[threads] = case.seconds
            for name in taken[1]:
                gain = taken[1][name] / taken[2][name]
                gil = "without" if free else "with"
                harness.note(
                    f"{label}, {name}: two threads, {gil} the GIL", f"{gain:.2f} times as fast"
                )
