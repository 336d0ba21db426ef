"""What `filecmp` knows of pairs of files, by the rules of the standard module.

A pair is decided by both signatures, by an outcome that was kept, or by the content. The compiled
part does the first and the last for many pairs at once; what is no regular file, or cannot be read,
is left to Python's own `stat` and `open`, whose exceptions are those that are expected.
"""

from __future__ import annotations

import filecmp as _standard
import os
import stat
from bisect import bisect
from contextlib import suppress
from typing import TYPE_CHECKING, AnyStr

from komparu import _core

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

    Path: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    #: What `os.fspath` turns into one kind of text.
    PathOf: TypeAlias = AnyStr | os.PathLike[AnyStr]
    #: A file's type, size and modification time.
    Signature: TypeAlias = tuple[int, int, float]
    Key: TypeAlias = tuple[object, object, Signature, Signature]

__all__ = ["FilePairs", "cache", "compare"]

#: The outcomes of comparisons, which hold while both signatures are the same.
cache: dict[Key, bool] = {}

#: The standard module clears its cache when it has more outcomes than this, before it adds another.
_MOST_KEPT = 100


def _not_comparable() -> tuple[type[Exception], ...]:
    """Find out which exceptions the standard `cmpfiles` takes for a file that cannot be compared.

    Since Python 3.13, and some releases before it, a name with a NUL byte is one.
    """
    try:
        _standard.cmpfiles("", "", ["\0"])
    except ValueError:
        return (OSError,)
    return (OSError, ValueError)


#: An outcome of the compiled part: the content was read, and is the same.
_READ_AND_SAME = 3

_NOT_COMPARABLE = _not_comparable()


def compare(f1: Path, f2: Path, *, shallow: bool) -> bool:
    """Compare two files, or what descriptors lead to."""
    key = _look_at(f1, f2, shallow=shallow)
    if isinstance(key, bool):
        return key
    known = cache.get(key)
    if known is None:
        known = _content_is_same(f1, f2)
        if len(cache) > _MOST_KEPT:
            cache.clear()
        cache[key] = known
    return known


def _look_at(f1: Path, f2: Path, *, shallow: bool) -> bool | Key:
    """Find out whether the signatures decide; if not, under what the outcome is kept."""
    stat1, stat2 = os.stat(f1), os.stat(f2)  # noqa: PTH116  # they may be descriptors
    if not (stat.S_ISREG(stat1.st_mode) and stat.S_ISREG(stat2.st_mode)):
        return False
    if stat1.st_size != stat2.st_size:
        return False
    if shallow and stat1.st_mtime == stat2.st_mtime:
        return True
    return f1, f2, _signature(stat1), _signature(stat2)


def _signature(status: os.stat_result) -> Signature:
    return stat.S_IFREG, status.st_size, status.st_mtime


def _content_is_same(f1: Path, f2: Path) -> bool:
    if not isinstance(f1, int) and not isinstance(f2, int):
        paths = os.fspath(f1), os.fspath(f2)
        (outcome,), _, _ = _core.compare_files([(*paths, None)], shallow=False, kept=0)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            return bool(outcome & 1)
    return _read_through(f1, f2)


def _read_through(f1: Path, f2: Path) -> bool:
    """Compare what `open` gives: it has the right exceptions, and takes descriptors."""
    with open(f1, "rb") as file1, open(f2, "rb") as file2:  # noqa: PTH123  # maybe descriptors
        while True:
            piece1, piece2 = file1.read(_standard.BUFSIZE), file2.read(_standard.BUFSIZE)
            if piece1 != piece2:
                return False
            if not piece1:
                return True


class FilePairs:
    """Files in several pairs of directories, compared at once as if one after another."""

    def __init__(self, *, shallow: bool) -> None:
        self._shallow = shallow
        self._groups: list[tuple[Any, Any, list[Any]]] = []
        #: The places at which the groups begin, and how many files there are.
        self._begins: list[int] = []
        self.count = 0

    def add(self, a: PathOf[AnyStr], b: PathOf[AnyStr], names: list[Any]) -> None:
        """Add two directories, and names of files in both."""
        if names:
            a, b = os.fspath(a), os.fspath(b)
        self._groups.append((a, b, names))
        self._begins.append(self.count)
        self.count += len(names)

    def compare(self) -> Iterator[tuple[list[Any], list[Any], list[Any]]]:
        """Compare all of them; give for each group the names that are the same, differ, failed."""
        known = self._known() if cache else {}
        groups = self._without(known) if known else self._groups
        outcomes, total, read = _core.compare_files(
            groups, shallow=self._shallow, kept=_MOST_KEPT + 1
        )
        self._keep(total, read, outcomes)
        for place, outcome in enumerate(outcomes):
            if outcome is None:
                outcomes[place] = known[place] if place in known else self._alone(place)
        remaining = iter(outcomes)
        return (_sorted_out(names, remaining) for _, _, names in self._groups)

    def _paths(self, place: int) -> tuple[Any, Any]:
        group = bisect(self._begins, place) - 1
        a, b, names = self._groups[group]
        name = names[place - self._begins[group]]
        return os.path.join(a, name), os.path.join(b, name)  # noqa: PTH118  # text or bytes

    def _known(self) -> dict[int, bool]:
        """Find the outcomes that are kept, by the places of their names.

        Those behind which the cache may have been cleared meanwhile are not kept any more.
        """
        known: dict[int, bool] = {}
        room = _room()
        paths = {(key[0], key[1]) for key in cache}
        for place in range(self.count):
            if place - len(known) > room:
                break
            f1, f2 = self._paths(place)
            if (f1, f2) in paths:
                with suppress(*_NOT_COMPARABLE):
                    key = _look_at(f1, f2, shallow=self._shallow)
                    if not isinstance(key, bool) and key in cache:
                        known[place] = cache[key]
        return known

    def _without(self, known: dict[int, bool]) -> list[tuple[Any, Any, list[Any]]]:
        """Make the same groups, with None in place of the names whose outcomes are known."""
        places = iter(range(self.count))
        return [
            (a, b, [None if next(places) in known else name for name in names])
            for a, b, names in self._groups
        ]

    def _alone(self, place: int) -> bool | Exception:
        """Compare a pair that the compiled part could not compare."""
        f1, f2 = self._paths(place)
        try:
            key = _look_at(f1, f2, shallow=self._shallow)
            return key if isinstance(key, bool) else _read_through(f1, f2)
        except _NOT_COMPARABLE as error:
            return error

    def _keep(
        self,
        total: int,
        read: list[tuple[int, int, float, float]],
        outcomes: list[int | Exception | None],
    ) -> None:
        """Keep the last outcomes of all that were read, and forget what is forgotten by then."""
        room = _room()
        if total > room:
            cache.clear()
            read = read[-((total - room - 1) % (_MOST_KEPT + 1) + 1) :]
        for place, size, modified1, modified2 in read:
            f1, f2 = self._paths(place)
            signature1, signature2 = (
                (stat.S_IFREG, size, modified1),
                (stat.S_IFREG, size, modified2),
            )
            cache[f1, f2, signature1, signature2] = outcomes[place] == _READ_AND_SAME


def _room() -> int:
    """Tell how many outcomes can be added before the cache is cleared."""
    return max(0, _MOST_KEPT + 1 - len(cache))


def _sorted_out(
    names: list[Any], outcomes: Iterator[int | Exception | None]
) -> tuple[list[Any], list[Any], list[Any]]:
    """Take the outcomes of these names, and sort the names by them."""
    same: list[Any] = []
    different: list[Any] = []
    failed: list[Any] = []
    for name, outcome in zip(names, outcomes, strict=False):
        if isinstance(outcome, int):
            (same if outcome & 1 else different).append(name)
        else:
            failed.append(name)
    return same, different, failed
