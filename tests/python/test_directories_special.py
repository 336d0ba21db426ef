"""What is no file and no directory is told apart by its kind, and never opened."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

import komparu
from komparu import DiffReason, DirResult
from trees import Device, Fifo, Link, Socket, opened, pair

if TYPE_CHECKING:
    from pathlib import Path

    from trees import Entry

KINDS: dict[str, Entry] = {"fifo": Fifo(), "socket": Socket(), "device": Link("/dev/zero")}
if os.geteuid() == 0:
    KINDS["a device of its own"] = Device(stat.S_IFCHR)
    KINDS["block device"] = Device(stat.S_IFBLK)
CHARACTER = {"device", "a device of its own"}

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_two_of_one_kind_count_as_equal_and_are_not_opened(tmp_path: Path, kind: str) -> None:
    a, b = pair(tmp_path, {"x": KINDS[kind], "y": b"1"}, {"x": KINDS[kind], "y": b"1"})
    with opened(a, b) as names:
        assert komparu.compare_dir(a, b) == DirResult(equal=True)
    assert names == {".", "y"}


@every_kind
@pytest.mark.parametrize("other", ["file", "directory", *KINDS])
@pytest.mark.parametrize("follow_symlinks", [True, False])
def test_two_kinds_are_a_type_mismatch_and_are_not_opened(
    tmp_path: Path, kind: str, other: str, follow_symlinks: bool
) -> None:
    others: dict[str, Entry] = {**KINDS, "file": b"", "directory": {}}
    a, b = pair(tmp_path, {"x": KINDS[kind]}, {"x": others[other]})
    same = kind == other or (follow_symlinks and {kind, other} == CHARACTER)
    diff = {} if same else {"x": DiffReason.TYPE_MISMATCH}
    with opened(a) as names_a, opened(b) as names_b:
        result = komparu.compare_dir(a, b, follow_symlinks=follow_symlinks)
        mirrored = komparu.compare_dir(b, a, follow_symlinks=follow_symlinks)
    assert result == mirrored == DirResult(equal=not diff, diff=diff)
    assert names_a == {"."}
    assert names_b == {"."} | ({"x"} if other == "directory" else set())


@every_kind
def test_what_only_one_side_has_is_not_opened_either(tmp_path: Path, kind: str) -> None:
    a, b = pair(tmp_path, {"x": KINDS[kind]}, {})
    with opened(a) as names:
        assert komparu.compare_dir(a, b) == DirResult(equal=False, only_left={"x"})
    assert names == {"."}


def test_a_link_to_a_fifo_is_followed_to_its_kind_and_the_fifo_not_opened(tmp_path: Path) -> None:
    a, b = pair(
        tmp_path,
        {"fifo": Fifo(), "same": Link("fifo"), "other": Link("fifo")},
        {"fifo": Fifo(), "same": Fifo(), "other": b""},
    )
    with opened(a) as names:
        result = komparu.compare_dir(a, b)
    assert result == DirResult(equal=False, diff={"other": DiffReason.TYPE_MISMATCH})
    assert names == {"."}


@every_kind
@pytest.mark.parametrize("side", ["dir_a", "dir_b"])
def test_as_a_directory_to_compare_it_is_refused_and_not_opened(
    tmp_path: Path, kind: str, side: str
) -> None:
    a, b = pair(tmp_path, {"x": KINDS[kind]}, {})
    pair_of = {"dir_a": b, "dir_b": b, side: a / "x"}
    with opened(a) as names, pytest.raises(komparu.SourceReadError) as caught:
        komparu.compare_dir(pair_of["dir_a"], pair_of["dir_b"])
    assert str(caught.value) == f"{a / 'x'}: is not a directory"
    assert names == set()
