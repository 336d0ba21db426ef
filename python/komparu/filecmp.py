"""The standard `filecmp`, with contents compared by komparu.

    from komparu import filecmp

Every name, result, exception and line of a report is that of the standard module of the Python that
runs, whose `dircmp` is the base class of the one here. Three things differ:

* Contents are compared in the compiled part, by several threads.
* A file that changes while it is compared is an error; `cmpfiles` lists it as one that could not be
  compared.
* `dircmp` takes ``shallow`` on every Python, not only from 3.13 on.
"""

from __future__ import annotations

import filecmp as _standard
import sys
from typing import TYPE_CHECKING, AnyStr

from komparu._file_pairs import FilePairs
from komparu._file_pairs import cache as _cache
from komparu._file_pairs import compare as _compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Literal, TypeAlias

    from komparu._file_pairs import Path, PathOf

    Shallow: TypeAlias = bool | Literal[0, 1]

__all__ = ["DEFAULT_IGNORES", "clear_cache", "cmp", "cmpfiles", "dircmp"]

BUFSIZE = _standard.BUFSIZE

#: A list of its own: changing it changes nothing for those who use the standard module.
DEFAULT_IGNORES = list(_standard.DEFAULT_IGNORES)

#: How many files `report_full_closure` compares before the first of them is printed: enough for
#: several threads, one of which takes as long to spawn as five files to compare.
_FILES_AHEAD = 500


def clear_cache() -> None:
    """Forget all outcomes."""
    _cache.clear()


def cmp(f1: Path, f2: Path, shallow: Shallow = True) -> bool:  # noqa: FBT002  # its signature
    """Find out whether two files are the same.

    What is no regular file is the same as nothing. An outcome is kept, and holds as long as type,
    size and modification time of both files stay what they are; `clear_cache` forgets it.

    Args:
        f1: A path.
        f2: Another one.
        shallow: Do not read files whose type, size and modification time are the same: they are
            taken for the same. Default True.

    """
    return _compare(f1, f2, shallow=bool(shallow))


def cmpfiles(
    a: PathOf[AnyStr],
    b: PathOf[AnyStr],
    common: Iterable[PathOf[AnyStr]],
    shallow: Shallow = True,  # noqa: FBT002  # its signature
) -> tuple[list[AnyStr], list[AnyStr], list[AnyStr]]:
    """Compare the files of these names in two directories, several at a time.

    Args:
        a: A directory.
        b: Another one.
        common: The names of files that both have.
        shallow: Do not read files whose type, size and modification time are the same: they are
            taken for the same. Default True.

    Returns:
        The names of files that are the same, of those that differ, and of those that could not be
        compared.

    """
    pairs = FilePairs(shallow=bool(shallow))
    pairs.add(a, b, list(common))
    return next(pairs.compare())


class dircmp(_standard.dircmp[AnyStr]):  # noqa: N801  # its name
    """How two directories compare: the standard class, with contents compared by komparu.

    Attributes are computed when they are asked for, and kept.

    Args:
        a: A directory.
        b: Another one.
        ignore: Names to leave out. Default `DEFAULT_IGNORES`.
        hide: More names to leave out. Default "." and "..".
        shallow: Do not read files whose type, size and modification time are the same: they are
            taken for the same. Default True.

    Attributes:
        left: The first directory.
        right: The second one.
        left_list: The names in it.
        right_list: The names in the second one.
        common: The names that both have.
        left_only: The names that only the first has.
        right_only: The names that only the second has.
        common_dirs: Names of directories in both.
        common_files: Names of regular files in both.
        common_funny: Names of different kinds of things, or of what cannot be looked at.
        same_files: Files that are the same.
        diff_files: Files that differ.
        funny_files: Files that could not be compared.
        subdirs: A `dircmp` for each of common_dirs, by its name.

    """

    shallow: bool
    _walk: _Walk

    if sys.version_info < (3, 13):
        shallow = True

        def __init__(  # noqa: D107  # the class says it
            self,
            a: PathOf[AnyStr],
            b: PathOf[AnyStr],
            ignore: Sequence[AnyStr] | None = None,
            hide: Sequence[AnyStr] | None = None,
            *,
            shallow: bool = True,
        ) -> None:
            super().__init__(a, b, ignore, hide)  # type: ignore[arg-type]  # of one kind of text
            self.shallow = shallow

    def phase3(self) -> None:
        """Compare the files that both have."""
        lists = cmpfiles(self.left, self.right, self.common_files, self.shallow)
        self.same_files, self.diff_files, self.funny_files = lists

    def phase4(self) -> None:
        """Make a `dircmp`, or what the subclass is, of each directory that both have."""
        super().phase4()
        if sys.version_info < (3, 13):
            for below in self.subdirs.values():
                below.shallow = self.shallow  # type: ignore[attr-defined]  # of this class

    def report_full_closure(self) -> None:
        """Print a report on the two directories and, recursively, on those that both have."""
        walk = self.__dict__.pop("_walk", None) or _Walk(self)
        walk.come_to(self)
        self.report()
        for below in self.subdirs.values():
            print()  # noqa: T201  # a report is printed
            below.report_full_closure()

    methodmap: dict[str, Callable[..., None]] = {  # noqa: RUF012  # subclasses may change it
        **_standard.dircmp.methodmap,
        "same_files": phase3,
        "diff_files": phase3,
        "funny_files": phase3,
        "subdirs": phase4,
    }


class _Walk:
    """Compares files of several directories at once, ahead of a report on one after another."""

    def __init__(self, root: dircmp[Any]) -> None:
        #: The next directories that the report will come to, the next one last.
        self._next: list[dircmp[Any]] = [root]

    def come_to(self, directories: dircmp[Any]) -> None:
        """Compare the files there, unless that is done, and those of some directories after it."""
        if _is_done(directories) or directories.methodmap is not dircmp.methodmap:
            return
        shallow, compared = bool(directories.shallow), []
        pairs = FilePairs(shallow=shallow)
        while self._next and pairs.count < _FILES_AHEAD and self._next[-1].shallow == shallow:
            directories = self._next.pop()
            try:
                if not _is_done(directories):
                    pairs.add(directories.left, directories.right, directories.common_files)
                    compared.append(directories)
                below: list[dircmp[Any]] = list(directories.subdirs.values())  # type: ignore[arg-type]
            except Exception:  # noqa: BLE001  # it is raised when the report comes there
                self._next.clear()
                break
            for one in below:
                vars(one)["_walk"] = self
            self._next += reversed(below)
        for one, lists in zip(compared, pairs.compare(), strict=True):
            one.same_files, one.diff_files, one.funny_files = lists


def _is_done(directories: dircmp[Any]) -> bool:
    """Find out whether its files are compared already."""
    return "same_files" in vars(directories)


def demo() -> None:
    """Compare the two directories that the command line names; -r: and all below them."""
    from getopt import GetoptError, getopt  # noqa: PLC0415  # for programs only

    options, directories = getopt(sys.argv[1:], "r")
    if len(directories) != 2:  # noqa: PLR2004  # a left and a right one
        raise GetoptError("need exactly two args", None)  # type: ignore[arg-type]  # as it is said
    comparison = dircmp(directories[0], directories[1])
    if ("-r", "") in options:
        comparison.report_full_closure()
    else:
        comparison.report()


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Find what else the standard module has."""
        return getattr(_standard, name)


if __name__ == "__main__":
    demo()
