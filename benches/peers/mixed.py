"""A directory and an archive of it: komparu against tar, bsdtar and cmp."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import komparu
from archives import PEAK, packed
from harness import settle
from real_tree import real_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Harness

MIB = 1 << 20

#: Entries of the archive that memory is measured with.
_MANY = 50_000

#: For each kind of archive: what komparu is held to, and how many times as long it may take.
TARGETS = {
    "tar": ("cmp of two tars", 1.3),
    "tar.gz": ("bsdtar -xOf", 1.1),
    "zip": ("bsdtar -xOf", 0.6),
}


def benchmark(harness: Harness) -> None:
    """Measure a directory against a tar, a tar.gz and a zip of it."""
    with harness.files() as directory:
        tree = directory / "tree"
        real_tree(tree)
        # Zeros compress well, and these archives are no bombs.
        komparu.configure(
            max_compression_ratio=None, max_decompressed_size=None, max_archive_entries=None
        )
        for kind, target in TARGETS.items():
            if harness.wants(kind):
                archive = packed(directory, tree, "a", kind)
                contenders = _contenders(directory, tree, archive, kind)
                settle()
                harness.measure(
                    f"a directory and a {kind} of it",
                    contenders,
                    expected=True,
                    target=target,
                )
        if harness.wants("memory"):
            _memory(harness, directory)


def _contenders(
    directory: Path, tree: Path, archive: Path, kind: str
) -> dict[str, Callable[[], object]]:
    def succeeds(*command: str | Path) -> Callable[[], bool]:
        def run() -> bool:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
            return done.returncode == 0

        return run

    contenders: dict[str, Callable[[], object]] = {
        "komparu": lambda: komparu.compare_trees(tree, archive).equal,
        "bsdtar -xOf": succeeds("bsdtar", "-xOf", archive),
    }
    if kind != "zip":
        contenders["tar --compare"] = succeeds("tar", "--compare", "-C", tree, "-f", archive)
    if kind == "tar":
        # All of it is read: a copy that differs in nothing.
        copy = directory / "copy.tar"
        shutil.copyfile(archive, copy)
        contenders["cmp of two tars"] = succeeds("cmp", "-s", archive, copy)
    return contenders


def _memory(harness: Harness, directory: Path) -> None:
    many, archive = directory / "many", directory / "many.tar"
    with tarfile.open(archive, "w") as made:
        for number in range(_MANY):
            file = many / f"{number // 1000}" / f"{number}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"x")
            made.add(file, str(file.relative_to(many)))
    command: list[str | Path] = [sys.executable, "-I", "-c", PEAK, many, archive]
    peak = int(subprocess.check_output(command))
    harness.note(
        f"anonymous memory above idle, {_MANY:,} entries", f"{peak / MIB:.1f} MiB", "at most 24 MiB"
    )
