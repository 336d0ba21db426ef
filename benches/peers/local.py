"""Two files: komparu against filecmp, cmp and digests; and the limits that komparu is held to."""

from __future__ import annotations

import filecmp
import hashlib
import os
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

import komparu
import limits
from harness import settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Harness

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SIZES = {
    "100 B": 100,
    "4 KiB": 4 * KIB,
    "64 KiB": 64 * KIB,
    "1 MiB": MIB,
    "16 MiB": 16 * MIB,
    "1 GiB": GIB,
}


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        if sys.version_info >= (3, 11):
            return hashlib.file_digest(file, "sha256").digest()
        digest = hashlib.sha256()
        while chunk := file.read(256 * KIB):
            digest.update(chunk)
        return digest.digest()


def _contenders(a: Path, b: Path) -> dict[str, Callable[[], object]]:
    def by_filecmp() -> bool:
        filecmp.clear_cache()
        return filecmp.cmp(a, b, shallow=False)

    def by_cmp() -> bool:
        return subprocess.run(["cmp", "-s", a, b], check=False).returncode == 0

    return {
        "komparu": lambda: komparu.compare(a, b),
        "filecmp": by_filecmp,
        "cmp -s": by_cmp,
        "sha256": lambda: _digest(a) == _digest(b),
    }


def _write(path: Path, size: int) -> None:
    piece = os.urandom(min(size, 16 * MIB))
    with path.open("wb") as file:
        for _ in range(0, size, len(piece)):
            file.write(piece)


def _copy(source: Path, target: Path) -> None:
    """Copy every byte: what copies by reflink or keeps holes would be another file to compare."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while piece := reading.read(16 * MIB):
            writing.write(piece)


def benchmark(harness: Harness) -> None:
    """Measure every size with every place of the first difference."""
    with harness.files() as directory:
        a, b = directory / "a", directory / "b"
        small = 0.0
        for label, size in SIZES.items():
            _write(a, size)
            _copy(a, b)
            settle()
            places = {"first byte": 0, "one quarter in": size // 4 + 1, "last byte": size - 1}
            target = {"100 B": ("filecmp", 0.30), "1 GiB": ("cmp -s", 0.45)}.get(label)
            contenders = _contenders(a, b)
            case = harness.measure(f"{label}, identical", contenders, expected=True, target=target)
            small = small or case.seconds["komparu"]
            if size == GIB:
                _limits(harness, a, b)
            for place, offset in places.items():
                with b.open("r+b") as file:
                    file.seek(offset)
                    original = file.read(1)
                    file.seek(offset)
                    file.write(bytes([original[0] ^ 1]))
                if size == GIB:
                    # A digest takes as long wherever the difference is.
                    contenders.pop("sha256", None)
                case = harness.measure(f"{label}, {place}", contenders, expected=False)
                if size == GIB and place == "last byte":
                    times = f"{case.seconds['komparu'] / small:.1f} times 100 identical bytes"
                    harness.note("last byte of 1 GiB", times, "at most 15")
                with b.open("r+b") as file:
                    file.seek(offset)
                    file.write(original)
    _imports(harness)


def _limits(harness: Harness, a: Path, b: Path) -> None:
    peak = limits.peak_memory(a, b)
    harness.note("anonymous memory above idle, 1 GiB", f"{peak / MIB:.1f} MiB", "at most 24 MiB")
    case = harness.measure(
        "1 GiB, limit of memory",
        {
            "komparu": lambda: komparu.compare(a, b),
            "memcmp, 2 threads": limits.memory_comparison(GIB, 2),
        },
        expected=True,
    )
    times = f"{1 / case.ratios()['memcmp, 2 threads']:.2f} times memcmp on two threads"
    harness.note("1 GiB in files against anonymous memory", times, "at most 1.9")


def _imports(harness: Harness) -> None:
    modules = ("komparu", "requests")
    times: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(15):
        for module in modules:
            times[module].append(limits.import_seconds(module))
    ours, theirs = (statistics.median(times[module]) for module in modules)
    text = f"{ours * 1e3:.1f} ms, {ours / theirs:.3f} of import requests"
    # With the libraries inside, as in a published wheel. The system's take the loader 7 ms more.
    harness.note("import komparu", text, "at most 0.1 from a published wheel")
