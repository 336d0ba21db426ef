"""Disks that fail: blocks that are gone, blocks whose checksum is wrong. Wants to be root."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import komparu
from ledger import demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger import Ledger

MIB = 1 << 20

#: Read at once, read in pieces, shared by several threads.
SIZES = [200 << 10, 2 * MIB, 8 * MIB]


def soak(ledger: Ledger) -> None:
    """Break disks."""
    # Of every byte that it finds wrong btrfs writes to the console, which takes its time.
    for name, breaking, way, usual in [
        ("the end of the device is cut off (ext4 on a loop device)", _cut, "ext4", 20),
        ("one byte on the device is not what its checksum says (btrfs)", _flip, "btrfs", 3),
    ]:
        counted: Counter[str] = Counter()
        for _ in range(ledger.times(usual)):
            for size in SIZES:
                counted += _broken(way, breaking, size)
        demand(counted.keys() == {"error"}, f"{name}: {counted}")
        ledger.kept(
            f"what cannot be read is an error, whatever else: {os.strerror(errno.EIO)}",
            tried=f"{name}: all functions, {len(SIZES)} sizes",
            often=f"{counted.total():,} calls",
            result=", ".join(f"{count:,} {answer}" for answer, count in counted.items()),
        )
    counted = Counter()
    for _ in range(ledger.times(20)):
        counted += _meanwhile()
    demand(counted.keys() <= {"equal", "error"}, f"meanwhile: {counted}")
    ledger.kept(
        "equal or an error, never different, no crash",
        tried="the device is cut off while files on it are compared",
        often=f"{counted.total():,} calls",
        result=", ".join(f"{count:,} {answer}" for answer, count in counted.items()),
    )


def _ways(a: Path, b: Path) -> list[Callable[[], object]]:
    return [
        lambda: komparu.compare(a, b),
        lambda: komparu.compare(b, a, quick_check=False, max_workers=1),
        lambda: komparu.compare_all([b, a, b]),
        lambda: komparu.compare_many([b, a, b.with_name("copy")]),
        lambda: komparu.compare_dir(a.parent, b.parent, ignore=["copy", "lost+found"]),
        lambda: komparu.compare_dir_urls(b.parent, {"file": str(a), "copy": str(b)}),
    ]


def _outcome(call: Callable[[], object]) -> str:
    try:
        answer = call()
    except komparu.SourceReadError as error:
        known = error.errno == errno.EIO or "while it was compared" in str(error)
        return "error" if known else f"{error}"
    if isinstance(answer, komparu.DirResult) and answer.errors:
        return "error"
    return "equal" if answer else "different"


@contextmanager
def _device(kind: str, size: int) -> Iterator[tuple[Path, Path, Path]]:
    """Mount a filesystem of its own: its image, a file there, and the same file elsewhere."""
    with tempfile.TemporaryDirectory() as home:
        image, place, other = Path(home) / "image", Path(home) / "disk", Path(home) / "other"
        place.mkdir()
        other.mkdir()
        with image.open("wb") as file:
            file.truncate(160 * MIB)
        options = ["-m", "single", "-d", "single"] if kind == "btrfs" else []
        subprocess.run([f"mkfs.{kind}", "-q", *options, image], check=True, capture_output=True)
        try:
            _mount(image, place)
            content = os.urandom(size)
            for directory, name in [(place, "file"), (other, "file"), (other, "copy")]:
                (directory / name).write_bytes(content)
            # Nothing is to be written any more, once the device is broken.
            subprocess.run(["mount", "-o", "remount,ro", place], check=True)
            yield image, place / "file", other / "file"
        finally:
            if place.is_mount():
                subprocess.run(["umount", place], check=True)


def _mount(image: Path, place: Path) -> None:
    subprocess.run(["mount", "-o", "loop,noatime", image, place], check=True)


def _forget(place: Path) -> None:
    """Forget what has been read of a filesystem."""
    for path in place.iterdir():
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)
    # The image is read through this cache, too.
    Path("/proc/sys/vm/drop_caches").write_text("1\n")


def _offset(image: Path, content: bytes) -> int:
    """Where in an image these bytes are."""
    whole = image.read_bytes()
    place = whole.find(content)
    demand(place >= 0, "the file is not on the disk")
    return place


def _cut(image: Path, content: bytes) -> None:
    """Cut off the whole file: of a request that is cut in its middle, Linux fills up the rest."""
    os.truncate(image, _offset(image, content[:4096]))


def _flip(image: Path, content: bytes) -> None:
    """Change one byte, anywhere in the file."""
    middle = int.from_bytes(os.urandom(4), "big") % (len(content) - 64)
    place = _offset(image, content[middle : middle + 64])
    with image.open("r+b") as file:
        file.seek(place)
        file.write(bytes([content[middle] ^ 1]))


def _broken(kind: str, breaking: Callable[[Path, bytes], None], size: int) -> Counter[str]:
    with _device(kind, size) as (image, file, other):
        breaking(image, other.read_bytes())
        counted: Counter[str] = Counter()
        for call in _ways(file, other):
            _forget(file.parent)
            counted[_outcome(call)] += 1
        return counted


def _meanwhile() -> Counter[str]:
    with _device("ext4", SIZES[-1]) as (image, file, other):
        place = _offset(image, other.read_bytes()[:4096])
        stop = threading.Event()

        def forget() -> None:
            os.truncate(image, place)
            while not stop.is_set():
                _forget(file.parent)

        thread = threading.Thread(target=forget)
        thread.start()
        try:
            return Counter(_outcome(call) for _ in range(10) for call in _ways(file, other))
        finally:
            stop.set()
            thread.join()
