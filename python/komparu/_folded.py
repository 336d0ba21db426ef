"""Directories that only one side has, as one line each with the number of their files."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Directories", "folded", "in_directory"]


class Directories:
    """The directories that some paths lie in."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known = {""}

    def add(self, path: str) -> None:
        """Add all directories above a path."""
        known = self._known
        slash = path.rfind("/")
        while slash > 0:
            path = path[:slash]
            if path in known:
                return
            known.add(path)
            slash = path.rfind("/")

    def __contains__(self, path: str) -> bool:
        """Whether a path is one of them."""
        return path in self._known


def in_directory(root: str, *, follow_symlinks: bool) -> Callable[[str], bool]:
    """Make a question: is there a directory at this path below ``root``."""
    look = os.stat if follow_symlinks else os.lstat

    def has(path: str) -> bool:
        try:
            mode = look(f"{root}/{path}").st_mode
        except FileNotFoundError:
            return False
        except NotADirectoryError:
            return False
        except OSError:
            # It is not known, and nothing is folded that the other side may have.
            return True
        return stat.S_ISDIR(mode)

    return has


def folded(paths: Iterable[str], other_has: Callable[[str], bool]) -> Iterator[tuple[str, int]]:
    """Fold paths that only one side has.

    Of each, the topmost directory that the other side lacks comes out once, with a slash at its
    end and the number of paths in it; a path in none comes out as it is, with 0.
    """
    counts: dict[str, int] = {}
    #: The topmost directory that the other side lacks, for each directory; "" where it has all.
    lacking = {"": ""}
    for path in paths:
        directory = path.rpartition("/")[0]
        top = lacking.get(directory)
        if top is None:
            top = _topmost(directory, lacking, other_has)
        if top:
            counts[top] = counts.get(top, 0) + 1
        else:
            yield path, 0
    for directory, count in counts.items():
        yield f"{directory}/", count


def _topmost(directory: str, lacking: dict[str, str], other_has: Callable[[str], bool]) -> str:
    """Find the topmost directory above or at this one that the other side lacks."""
    unknown = []
    at = directory
    while at not in lacking:
        unknown.append(at)
        at = at.rpartition("/")[0]
    for at in reversed(unknown):
        above = lacking[at.rpartition("/")[0]]
        lacking[at] = above or ("" if other_has(at) else at)
    return lacking[directory]
