"""Files that another process changes, again and again, while they are compared.

Whatever happens is an error or a right answer.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import komparu
from children import start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Write

#: Read by one thread, in a few pieces and in many, and by several.
SIZES = [300 << 10, 3 << 20, 12 << 20]

ROUNDS = 200

#: Changes the file named by its argument for as long as its standard input is open.
_CHANGING = """
path, size = sys.argv[1], int(sys.argv[2])
file = os.open(path, os.O_RDWR)
half = size // 2
def begin():
    # Dates of its own, so that no two states have the same one, however coarse the clock.
    global stamp
    stamp += 1_000_000_000
    os.utime(path, ns=(stamp, stamp))
stamp = 1_000_000_000
def closed(stop=threading.Event()):
    if not stop.is_set() and threading.active_count() == 1:
        threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    return stop.is_set()
print("ready", flush=True)
"""

DEEDS = {
    "truncated": """
while not closed():
    for _ in range(20):
        os.ftruncate(file, half + 7)
        os.ftruncate(file, size)
        os.ftruncate(file, 0)
        os.ftruncate(file, size)
    os.pwrite(file, b"a" * size, 0)
""",
    "grown": """
while not closed():
    os.pwrite(file, b"more", size)
    os.ftruncate(file, size)
""",
    "replaced": """
while not closed():
    with open(path + ".new", "wb") as new:
        new.write(b"a" * size)
    os.replace(path + ".new", path)
""",
    "deleted": """
while not closed():
    os.unlink(path)
    with open(path, "wb") as new:
        new.write(b"a" * size)
""",
    "swapped for a pipe": """
while not closed():
    os.rename(path, path + ".kept")
    os.mkfifo(path)
    os.unlink(path)
    os.rename(path + ".kept", path)
""",
}


@contextmanager
def changing(deed: str, path: Path, size: int) -> Iterator[None]:
    with start(_CHANGING + deed, path, str(size)) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield
        _, errors = child.communicate()
        assert (child.returncode, errors) == (0, "")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.thread_unsafe(reason="counts the process's descriptors")
def test_a_file_being_changed_gives_an_error_or_an_answer(
    write: Write, deed: str, size: int
) -> None:
    a, b = write("a", b"a" * size), write("b", b"a" * size)
    open_before = len(os.listdir("/proc/self/fd"))
    with changing(DEEDS[deed], a, size):
        for round_number in range(ROUNDS):
            try:
                precheck, quick_check = round_number % 2 == 0, round_number % 3 == 0
                komparu.compare(a, b, size_precheck=precheck, quick_check=quick_check)
            except (komparu.SourceReadError, komparu.SourceNotFoundError) as error:
                assert error.source == os.fspath(a)  # noqa: PT017  # no error is right as well
    assert len(os.listdir("/proc/self/fd")) <= open_before
    a.write_bytes(b"a" * size)
    assert komparu.compare(a, b) is True


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "deed",
    [
        pytest.param(
            """
while not closed():
    for first, second in [(b"q", b"p"), (b"p", b"q")]:
        # Never both halves as those of the other file.
        for place, byte in [(0, b"q"), (half, b"q"), (0, first), (half, second)]:
            begin()
            os.pwrite(file, byte * half, place)
            begin()
""",
            id="overwritten",
        ),
        pytest.param(
            """
while not closed():
    for first, second in [(b"q", b"p"), (b"p", b"q")]:
        with open(path + ".new", "wb") as new:
            new.write(first * half + second * half)
        os.replace(path + ".new", path)
""",
            id="replaced",
        ),
        pytest.param(
            """
while not closed():
    os.ftruncate(file, half)
    os.pwrite(file, b"q" * half, half)
    os.ftruncate(file, 0)
    os.pwrite(file, b"p" * half + b"q" * half, 0)
""",
            id="truncated",
        ),
    ],
)
def test_files_that_were_equal_at_no_time_are_never_found_equal(
    write: Write, deed: str, size: int
) -> None:
    half = size // 2
    a, b = write("a", b"p" * half + b"q" * half), write("b", b"p" * size)
    with changing(deed, a, size):
        for round_number in range(ROUNDS):
            try:
                assert not komparu.compare(a, b, quick_check=round_number % 2 == 0)
            except (komparu.SourceReadError, komparu.SourceNotFoundError):
                continue
