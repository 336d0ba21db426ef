"""What it costs to compare Python objects with a file: beside two files, by turns, medians.

python benches/peers/objects.py [MiB] [turns]
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import komparu
from komparu import Content

if TYPE_CHECKING:
    from collections.abc import Callable


class Sub(io.BytesIO):
    """A class of one's own: it is read by `readinto`, and not taken as a whole."""


class Reads:
    """An object that has `read` alone."""

    def __init__(self, content: bytes) -> None:
        """Stand at the beginning."""
        self._file = io.BytesIO(content)

    def read(self, size: int) -> bytes:
        """Read some."""
        return self._file.read(size)


def main(mebibytes: int, turns: int) -> None:
    """Measure, and print a line for each kind."""
    content = bytes(range(256)) * (mebibytes << 12)
    with tempfile.TemporaryDirectory() as home:
        one, other = Path(home, "one"), Path(home, "other")
        one.write_bytes(content)
        other.write_bytes(content)
        makes: dict[str, Callable[[], Any]] = {
            "file": lambda: one,
            "Content(bytes)": lambda: Content(content),
            "BytesIO": lambda: io.BytesIO(content),
            "a class of BytesIO": lambda: Sub(content),
            "Content(opener)": lambda: Content(lambda: one.open("rb")),
            "read(n) alone": lambda: Reads(content),
        }
        taken: dict[str, list[float]] = {name: [] for name in makes}
        for _ in range(turns):
            for name, make in makes.items():
                source = make()
                begun = time.perf_counter()
                same = komparu.compare(source, other)
                taken[name].append(time.perf_counter() - begun)
                if not same:
                    raise SystemExit(name)
        alone = statistics.median(taken["file"])
        for name, seconds in taken.items():
            median = statistics.median(seconds)
            print(f"{name:20} {median * 1e3:8.1f} ms  {median / alone:5.2f}")


if __name__ == "__main__":
    main(*[int(it) for it in [*sys.argv[1:], *("1024", "5")[len(sys.argv) - 1 :]]])
