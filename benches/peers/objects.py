"""Python objects against a file: komparu beside two files, and beside a loop that reads both."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import komparu
from harness import settle
from komparu import Content

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from harness import Harness

MIB, GIB = 1 << 20, 1 << 30


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


def benchmark(harness: Harness) -> None:
    """Measure each kind of object, of 1 GiB."""
    content = bytes(range(256)) * (GIB >> 8)
    with harness.files() as directory:
        one, other = directory / "one", directory / "other"
        one.write_bytes(content)
        other.write_bytes(content)
        settle()
        memory = lambda: io.BytesIO(content)  # noqa: E731
        # How komparu gets it, and how a loop does.
        kinds: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
            "BytesIO": (memory, memory),
            "Content of bytes": (lambda: Content(content), memory),
            "what opens a file": (
                lambda: Content(lambda: one.open("rb")),
                lambda: one.open("rb"),
            ),
            "a class of BytesIO": (lambda: Sub(content), lambda: Sub(content)),
            "read(n) alone": (lambda: Reads(content), lambda: Reads(content)),
        }
        for name, makes in kinds.items():
            if not harness.wants(name):
                continue
            case = harness.measure(
                f"{name}, 1 GiB against a file",
                _contenders(makes, one, other),
                expected=True,
            )
            share = case.seconds["komparu"] / case.seconds["two files"]
            harness.note(f"{name}, against two files", f"{share:.2f}", "at most 1.3")


def _contenders(
    makes: tuple[Callable[[], Any], Callable[[], Any]], one: Path, other: Path
) -> dict[str, Callable[[], object]]:
    make, plain = makes

    def by_loop() -> bool:
        source = plain()
        with other.open("rb") as file:
            while chunk := source.read(MIB):
                if file.read(len(chunk)) != chunk:
                    return False
            return not file.read(1)

    return {
        "komparu": lambda: komparu.compare(make(), other),
        "two files": lambda: komparu.compare(one, other),
        "read, read": by_loop,
    }
