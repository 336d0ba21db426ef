"""Random trees, links and loops among them, against an oracle: the contract by its letter."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import komparu
from komparu import DiffReason, DirResult
from trees import Entry, Fifo, Link, pair

NAMES = st.sampled_from(["a", "b", "c", "\n", "\udcff", "\u00e9"])
CONTENTS = st.sampled_from([b"", b"1", b"2", b"12", b"x" * 70_000, b"x" * 69_999 + b"y"])
TARGETS = st.sampled_from(["a", "b", "c", ".", "..", "../a", "../..", "nowhere", "../../b/a"])
LEAVES: st.SearchStrategy[Entry] = st.one_of(
    CONTENTS, CONTENTS, st.just(Fifo()), st.builds(Link, TARGETS)
)


def trees(leaves: st.SearchStrategy[Entry], most: int) -> st.SearchStrategy[dict[str, Entry]]:
    def directories(inner: st.SearchStrategy[Entry]) -> st.SearchStrategy[dict[str, Entry]]:
        return st.dictionaries(NAMES, inner, max_size=4)

    return directories(st.recursive(leaves, directories, max_leaves=most))


#: The directory that each side is in, by its device and inode; None: in none.
Pair: TypeAlias = "list[tuple[int, int] | None]"


@dataclass
class Oracle:
    """Compares the slow way, one path after another."""

    a: Path
    b: Path
    follow: bool
    #: How many directories it may yet enter: the ways through a few links can be millions.
    patience: int = 500
    result: DirResult = field(default_factory=lambda: DirResult(equal=False))

    def compared(self) -> DirResult:
        self.walk("", [], None)
        found = self.result
        return DirResult(
            equal=not (found.diff or found.only_left or found.only_right),
            diff=found.diff,
            only_left=found.only_left,
            only_right=found.only_right,
            errors=found.errors,
        )

    def walk(self, path: str, above: list[Pair], only: int | None) -> None:
        """Compare the directory at this path; `only` is the side that has it, if one has not."""
        self.patience -= 1
        if self.patience < 0:
            reject()
        roots = [self.a, self.b]
        here: Pair = [None, None]
        names: list[set[str]] = [set(), set()]
        for side in [0, 1] if only is None else [only]:
            status = (roots[side] / path).stat()
            here[side] = (status.st_dev, status.st_ino)
            names[side] = set(os.listdir(roots[side] / path))
        if only is None and here[0] == here[1]:
            return
        sides = [side for side in (0, 1) if here[side] is not None]
        if any(all(here[side] == before[side] for side in sides) for before in above):
            if only is not None and path not in self.result.diff:
                (self.result.only_left, self.result.only_right)[only].add(path)
            return
        for name in sorted(names[0] | names[1]):
            inner = f"{path}/{name}" if path else name
            kinds = [self.kind(roots[s] / inner) if name in names[s] else "" for s in (0, 1)]
            self.entry(inner, kinds, [*above, here])

    def kind(self, path: Path) -> str:
        try:
            mode = (os.stat if self.follow else os.lstat)(path).st_mode
        except OSError as error:
            # No link here leads further than the system follows: it leads nowhere, or in a circle.
            if error.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
                raise
            mode = os.lstat(path).st_mode
        return str(stat.S_IFMT(mode))

    def entry(self, path: str, kinds: list[str], above: list[list[tuple[int, int] | None]]) -> None:
        result, directory = self.result, str(stat.S_IFDIR)
        if kinds[0] == kinds[1] == directory:
            self.walk(path, above, None)
        elif kinds[0] == kinds[1]:
            self.content(path, kinds[0])
        else:
            if "" not in kinds:
                result.diff[path] = DiffReason.TYPE_MISMATCH
            for side, found in enumerate((result.only_left, result.only_right)):
                if kinds[side] == directory:
                    self.walk(path, above, side)
                elif kinds[side] and not kinds[1 - side]:
                    found.add(path)

    def content(self, path: str, kind: str) -> None:
        a, b = self.a / path, self.b / path
        if kind == str(stat.S_IFLNK):
            if a.readlink() != b.readlink():
                self.result.diff[path] = DiffReason.CONTENT_MISMATCH
        elif kind == str(stat.S_IFREG):
            one, two = a.read_bytes(), b.read_bytes()
            if len(one) != len(two):
                self.result.diff[path] = DiffReason.SIZE_MISMATCH
            elif one != two:
                self.result.diff[path] = DiffReason.CONTENT_MISMATCH


def check(left: dict[str, Entry], right: dict[str, Entry]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        # No link leads more than two levels up: out of both sides, but not out of this directory.
        inner = Path(directory) / "1" / "2"
        inner.mkdir(parents=True)
        a, b = pair(inner, left, right)
        for follow in [True, False]:
            expected = Oracle(a, b, follow).compared()
            results = [
                komparu.compare_dir(a, b, follow_symlinks=follow, max_workers=workers)
                for workers in (1, 2, 7)
            ]
            assert results[0] == results[1] == results[2]
            for result in results:
                assert set(result.messages) == result.errors
                result.messages.clear()
                assert result == expected


calm = settings(deadline=None, suppress_health_check=list(HealthCheck))


@calm
@given(trees(LEAVES, 12), trees(LEAVES, 12))
def test_any_two_trees_compare_as_the_oracle_says(
    left: dict[str, Entry], right: dict[str, Entry]
) -> None:
    check(left, right)


@calm
@given(st.data())
def test_a_tree_and_a_changed_copy_compare_as_the_oracle_says(data: st.DataObject) -> None:
    left = data.draw(trees(LEAVES, 12))
    right: dict[str, Entry] = {**left, **data.draw(st.dictionaries(NAMES, LEAVES, max_size=2))}
    check(left, right)
