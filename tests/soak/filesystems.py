"""The tests that compare files, on every kind of filesystem; sparse and reflinked files."""

from __future__ import annotations

import filecmp
import os
import random
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import komparu
from ledger import demand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger import Ledger

MIB = 1 << 20

#: The tests of files, by name. Those of URLs have no files that matter.
CHOSEN = "compare or changes or faults or directories or many or properties or archives"

#: How each is made: the program that makes it in an image, and how it is mounted.
MAKERS: dict[str, list[str]] = {
    "ext4": ["mkfs.ext4", "-q"],
    "btrfs": ["mkfs.btrfs", "-q"],
    "xfs": ["mkfs.xfs", "-q"],
    "tmpfs": [],
    "overlay": [],
}


def soak(ledger: Ledger) -> None:
    """Mount and test."""
    tests = Path(__file__).parents[1] / "python"
    for kind in ledger.chosen(MAKERS):
        with _mounted(kind) as place:
            command = [sys.executable, "-I", "-m", "pytest", "-q", "-k", CHOSEN]
            command += ["-p", "no:cacheprovider", "--basetemp", str(place / "pytest"), str(tests)]
            done = subprocess.run(
                command,
                env={**os.environ, "TMPDIR": str(place)},
                capture_output=True,
                text=True,
                check=False,
            )
            counted = re.search(r"(\d+) passed", done.stdout)
            demand(done.returncode == 0 and counted, f"{kind}: {done.stdout[-5000:]}")
            ledger.kept(
                "the tests of files, directories and archives pass",
                tried=f"on {kind}",
                often=f"{counted[1] if counted else 0} tests",
            )
            if kind in {"btrfs", "xfs"}:
                rounds = ledger.times(200)
                _relatives(place, rounds)
                ledger.kept(
                    "a file and its reflinked copy are equal, until one is written to",
                    tried=f"on {kind}, sparse files of random layout, bytes written, holes punched",
                    often=f"{rounds:,} files",
                )


@contextmanager
def _mounted(kind: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        home, place = Path(directory), Path(directory) / "mounted"
        # Users without rights come here in some tests.
        home.chmod(0o755)
        place.mkdir()
        if kind == "tmpfs":
            mount = ["-t", "tmpfs", "-o", "size=6g", "tmpfs"]
        elif kind == "overlay":
            lower, upper, work = (home / name for name in ("lower", "upper", "work"))
            for layer in (lower, upper, work):
                layer.mkdir()
            layers = f"lowerdir={lower},upperdir={upper},workdir={work}"
            mount = ["-t", "overlay", "-o", layers, "overlay"]
        else:
            image = home / "image"
            with image.open("wb") as file:
                file.truncate(12 << 30)
            subprocess.run([*MAKERS[kind], image], check=True, capture_output=True)
            mount = ["-o", "loop", str(image)]
        try:
            subprocess.run(["mount", *mount, place], check=True)
            place.chmod(0o755)
            yield place
        finally:
            if place.is_mount():
                subprocess.run(["umount", place], check=True)


def _relatives(place: Path, rounds: int) -> None:
    """Write files with holes, copy them by reflink, and change the copies."""
    chance = random.Random(1)  # noqa: S311
    a, b = place / "file", place / "copy"
    for number in range(rounds):
        size = chance.choice([5_000, 300_000, 3 * MIB, 20 * MIB]) + chance.randrange(5_000)
        with a.open("wb") as file:
            file.truncate(size)
            for _ in range(chance.randrange(6)):
                file.seek(chance.randrange(size))
                file.write(chance.randbytes(min(100_000, size - file.tell())))
        subprocess.run(["cp", "--reflink=always", a, b], check=True)
        _demand_the_truth(a, b, equal=True)
        with b.open("r+b") as file:
            offset = chance.randrange(size)
            if number % 2:
                file.seek(offset)
                file.write(b"\1")
            else:
                length = min(chance.randrange(1, MIB), size - offset)
                subprocess.run(
                    ["fallocate", "--punch-hole", f"--offset={offset}", f"--length={length}", b],
                    check=True,
                )
        _demand_the_truth(a, b)


def _demand_the_truth(a: Path, b: Path, *, equal: bool | None = None) -> None:
    filecmp.clear_cache()
    truth = filecmp.cmp(a, b, shallow=False)
    demand(equal is None or truth is equal, f"{a} and {b} are not what they were made to be")
    for options in ({}, {"quick_check": False}, {"max_workers": 1}, {"chunk_size": 1000}):
        demand(komparu.compare(a, b, **options) is truth, f"{truth} with {options}")
