"""A tree of real files, copied from what a machine has of them.

KOMPARU_TREE=DIR has it copied from there; else it is what there is of Python's own library and of a
package manager's sources.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIB = 1 << 20

#: What makes a tree worth measuring.
_FILES, _BYTES = 15_000, 500 * MIB

#: Where many files of many sizes lie, on machines of those who develop.
_PLACES = ("~/.cargo/registry/src", "~/.rustup/toolchains", "/usr/lib", "/usr/share")


def _candidates() -> Iterator[Path]:
    chosen = os.environ.get("KOMPARU_TREE")
    if chosen:
        yield Path(chosen)
        return
    yield Path(sysconfig.get_path("stdlib"))
    for place in _PLACES:
        path = Path(place).expanduser()
        if path.is_dir():
            yield path


def _files(path: Path) -> Iterator[Path]:
    for directory, _, names in os.walk(path):
        for name in names:
            file = Path(directory, name)
            if file.is_file() and not file.is_symlink():
                yield file


def _measured(files: Iterable[Path]) -> tuple[int, int]:
    sizes = [file.stat().st_size for file in files]
    return len(sizes), sum(sizes)


def real_tree(target: Path) -> tuple[int, int]:
    """Copy real files until there are enough, and say how many of how many bytes there are."""
    target.mkdir()
    for index, candidate in enumerate(_candidates()):
        shutil.copytree(
            candidate, target / f"{index}", symlinks=True, ignore_dangling_symlinks=True
        )
        # Links may lead out of the copy, and the peers do not agree on them.
        for path in target.rglob("*"):
            if path.is_symlink():
                path.unlink()
        count, size = _measured(_files(target))
        if count >= _FILES and size >= _BYTES:
            return count, size
    message = "too few files here; set KOMPARU_TREE to a directory with more of them"
    raise SystemExit(message)
