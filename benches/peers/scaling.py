"""Threads of Python that compare files of their own: one, and two, with the GIL or without.

Run it with either Python, one after the other: its table has what both measured.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import sysconfig
import threading
from typing import TYPE_CHECKING

import komparu
from harness import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness import Harness

KIB = 1 << 10

#: How many pairs of which size.
SIZES = {"4 KiB": (4 * KIB, 2000), "64 KiB": (64 * KIB, 800), "1 MiB": (1024 * KIB, 150)}

#: How often each thread goes through its share: some tenths of a second's work, so that Linux has
#: long found out which core is free.
ROUNDS = 8

#: What digests are made of, all pairs together: work outside of the GIL, which shows what a second
#: thread is worth just now.
_CONTENT = bytes(40_000_000)

Pair = tuple["Path", "Path"]


def _by_komparu(pairs: Sequence[Pair]) -> bool:
    return all(komparu.compare(a, b, max_workers=1) for a, b in pairs)


def _by_filecmp(pairs: Sequence[Pair]) -> bool:
    filecmp.clear_cache()
    return all(filecmp.cmp(a, b, shallow=False) for a, b in pairs)


def _by_digest(pairs: Sequence[Pair]) -> bool:
    size = pairs[0][0].stat().st_size
    length = next(len(_CONTENT) // count for each, count in SIZES.values() if each == size)
    return all(hashlib.sha256(memoryview(_CONTENT)[:length]).digest() for _ in pairs)


def _shared(
    compare: Callable[[Sequence[Pair]], bool], pairs: Sequence[Pair], threads: int
) -> Callable[[], bool]:
    """Have so many threads do the work, each its share of the pairs."""

    def call() -> bool:
        answers: list[bool] = []

        def work(share: Sequence[Pair]) -> None:
            answers.append(all(compare(share) for _ in range(ROUNDS)))

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
    gil = "without the GIL" if free else "with the GIL"
    # What the other kind of Python has measured stays beside it.
    harness.part = gil
    with harness.files() as directory:
        made = {label: _made(directory, label, *how) for label, how in SIZES.items()}
        settle()
        for label, pairs in made.items():
            ways = {"komparu": _by_komparu, "filecmp": _by_filecmp, "sha256": _by_digest}
            contenders = {}
            for name, compare in ways.items():
                contenders[name] = _shared(compare, pairs, 1)
                contenders[f"{name}, 2 threads"] = _shared(compare, pairs, 2)
            case = harness.measure(
                f"{ROUNDS * len(pairs):,} pairs of {label}, {gil}", contenders, expected=True
            )
            for name in ways:
                gain = case.seconds[name] / case.seconds[f"{name}, 2 threads"]
                harness.note(
                    f"{label}, {gil}, {name} in two threads", f"{gain:.2f} times as fast as in one"
                )


def _made(directory: Path, label: str, size: int, count: int) -> list[Pair]:
    """Write so many pairs of files that are equal."""
    pairs = []
    for number in range(count):
        pair = directory / f"{label}-{number}-a", directory / f"{label}-{number}-b"
        content = os.urandom(size)
        for path in pair:
            path.write_bytes(content)
        pairs.append(pair)
    return pairs
