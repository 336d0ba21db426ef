"""Two directories: komparu against diff, filecmp, rsync and pyfs_watcher."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import komparu
from harness import settle
from real_tree import real_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness import Harness

KIB, MIB = 1 << 10, 1 << 20


def _write(directory: Path, count: int, size: int) -> None:
    directory.mkdir()
    for index in range(count):
        (directory / f"{index:05}.bin").write_bytes(os.urandom(size))


def _by_filecmp(a: str, b: str) -> bool:
    """Walk all that both have, every file byte by byte."""
    filecmp.clear_cache()
    return _same(filecmp.dircmp(a, b, ignore=[], hide=[os.curdir, os.pardir]))


def _same(pair: filecmp.dircmp[str]) -> bool:
    if pair.left_only or pair.right_only or pair.common_funny:
        return False
    _, mismatch, errors = filecmp.cmpfiles(pair.left, pair.right, pair.common_files, shallow=False)
    if mismatch or errors:
        return False
    return all(_same(below) for below in _below(pair))


def _below(pair: filecmp.dircmp[str]) -> Iterator[filecmp.dircmp[str]]:
    for name in pair.common_dirs:
        left, right = os.path.join(pair.left, name), os.path.join(pair.right, name)  # noqa: PTH118  # as dircmp does
        yield filecmp.dircmp(left, right, ignore=[], hide=[os.curdir, os.pardir])


def _by_diff(a: str, b: str) -> bool:
    command = ["diff", "-rq", "--no-dereference", a, b]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0


def _by_rsync(a: str, b: str) -> bool:
    """Compare checksums; an itemized line is a difference."""
    command = ["rsync", "-rnc", "--delete", "--itemize-changes", f"{a}/", f"{b}/"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout == b""


def _by_pyfs_watcher(a: str, b: str) -> bool:
    import pyfs_watcher  # noqa: PLC0415  # only where it is installed

    result = pyfs_watcher.diff_dirs(a, b, detect_moves=False)
    return not (result.added or result.removed or result.modified)


def _contenders(a: Path, b: Path) -> dict[str, Callable[[], object]]:
    left, right = os.fspath(a), os.fspath(b)
    contenders: dict[str, Callable[[], object]] = {
        "komparu": lambda: komparu.compare_dir(left, right).equal,
        "diff -rq": lambda: _by_diff(left, right),
        "filecmp": lambda: _by_filecmp(left, right),
    }
    if shutil.which("rsync"):
        contenders["rsync -rnc"] = lambda: _by_rsync(left, right)
    try:
        _by_pyfs_watcher(left, left)
    except ImportError:
        pass
    else:
        contenders["pyfs_watcher"] = lambda: _by_pyfs_watcher(left, right)
    return contenders


def benchmark(harness: Harness) -> None:
    """Measure a real tree, many small files, some big ones, and one difference."""
    with harness.files() as directory:
        a, b = directory / "a", directory / "b"

        def case(name: str, target: float | None, *, expected: bool = True) -> None:
            limit = None if target is None else ("diff -rq", target)
            harness.measure(name, _contenders(a, b), expected=expected, target=limit)

        def again(count: int, size: int) -> None:
            for tree in (a, b):
                shutil.rmtree(tree, ignore_errors=True)
            _write(a, count, size)
            shutil.copytree(a, b)
            settle()

        if harness.wants("real"):
            count, size = real_tree(a)
            shutil.copytree(a, b)
            settle()
            case(f"real tree, {count:,} files", 0.42)
            times = harness.cases[-1].seconds
            share = f"{times['komparu'] / times['filecmp']:.3f} of filecmp"
            harness.note(f"real tree, {size / MIB:,.0f} MiB", share, "at most 0.22")
        if not harness.wants("made"):
            return

        again(10_000, 4 * KIB)
        case("10,000 files of 4 KiB", 0.45)
        again(100, 10 * MIB)
        case("100 files of 10 MiB", 0.5)
        again(100, MIB)
        with (b / "00050.bin").open("r+b") as file:
            file.seek(MIB // 2 + 1)
            original = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([original[0] ^ 1]))
        case("100 files of 1 MiB, one differs", None, expected=False)
