"""Many sources: one reading of each against `cat`, and a map of URLs against the ideal."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from typing import TYPE_CHECKING

import komparu
import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Harness

KIB, MIB = 1 << 10, 1 << 20
COPIES = 200
BIG_FILES = 100
MIRRORED = 1000
TRANSFERS = 16


def _write(paths: list[Path], content: bytes) -> None:
    for path in paths:
        path.write_bytes(content)


def benchmark(harness: Harness) -> None:
    """Measure groups, the first difference, and a mirror."""
    with harness.files() as directory:
        for part in (_groups, _first_difference, _mirror):
            if harness.wants(part.__name__.strip("_")):
                part(harness, directory)


def _groups(harness: Harness, directory: Path) -> None:
    paths = [directory / f"copy{number}" for number in range(COPIES)]
    _write(paths, os.urandom(MIB))

    def cat() -> bool:
        with open(os.devnull, "wb") as null:  # noqa: PTH123
            return subprocess.run(["cat", *paths], stdout=null, check=True).returncode == 0

    harness.measure(
        "200 identical files of 1 MiB",
        {"komparu": lambda: komparu.compare_many(paths).all_equal, "cat": cat},
        expected=True,
        target=("cat", 1.3),
    )
    for path in paths:
        path.unlink()


def _first_difference(harness: Harness, directory: Path) -> None:
    paths = [directory / f"big{number}" for number in range(BIG_FILES)]
    content = os.urandom(10 * MIB)
    _write(paths, content)
    paths[1].write_bytes(bytes([content[0] ^ 1]) + content[1:])

    def four() -> bool:
        return not all(komparu.compare(paths[0], path) for path in paths[2:6])

    harness.measure(
        "100 files of 10 MiB, the second differs",
        {"komparu": lambda: komparu.compare_all(paths), "4 comparisons": four},
        expected=False,
        target=("4 comparisons", 1.0),
    )
    for path in paths:
        path.unlink()


def _mirror(harness: Harness, directory: Path) -> None:
    """Compare a directory with nginx behind a relay, against round trips alone."""
    mirror = directory / "mirror"
    mirror.mkdir(mode=0o755)
    for number in range(MIRRORED):
        (mirror / str(number)).write_bytes(os.urandom(10 * KIB))
    with serving.relayed(directory) as far:
        remote = {path.name: f"{far}/mirror/{path.name}" for path in mirror.iterdir()}
        # A connection costs one round trip more than a request: 16 at once make one of them.
        ideal = (MIRRORED / TRANSFERS + 1) * serving.ROUND_TRIP
        times = [_timed(lambda: komparu.compare_dir_urls(mirror, remote)) for _ in range(5)]
        median = statistics.median(times)
        text = f"{median:.2f} s, {median / ideal:.2f} of the ideal {ideal:.2f} s"
        harness.note("1,000 files of 10 KiB over 20 ms", text, "at most 1.5")


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    if not work():
        raise AssertionError("a mirror is the same")
    return time.perf_counter() - begun
