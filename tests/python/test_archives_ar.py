"""ar archives: all members of one name count, since a linker uses all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from komparu import DiffReason, Verdict, compare_archive
from packing import files, tar

if TYPE_CHECKING:
    from pathlib import Path


def ar(path: Path, *members: tuple[str, bytes]) -> Path:
    """An archive as GNU ar writes it."""
    packed = [
        f"{name + '/':16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        + content
        + b"\n" * (len(content) % 2)
        for name, content in members
    ]
    path.write_bytes(b"!<arch>\n" + b"".join(packed))
    return path


ONE, TWO, THREE = ("util.o", b"1"), ("util.o", b"second"), ("util.o", b"third")
OTHER = ("main.o", b"main")


@pytest.mark.parametrize("hash_compare", [False, True])
@pytest.mark.parametrize(
    ("left", "right", "diff"),
    [
        ([ONE, TWO], [ONE, TWO], {}),
        ([ONE, OTHER, TWO], [OTHER, ONE, TWO], {}),
        ([ONE, TWO], [("util.o", b"2"), TWO], {"util.o": DiffReason.CONTENT_MISMATCH}),
        ([ONE, TWO], [ONE, ("util.o", b"other2")], {"util.o": DiffReason.CONTENT_MISMATCH}),
        ([ONE, TWO, THREE], [ONE, ("util.o", b""), THREE], {"util.o": DiffReason.SIZE_MISMATCH}),
        ([ONE, TWO], [ONE, TWO, TWO], {"util.o": DiffReason.CONTENT_MISMATCH}),
        ([ONE, OTHER], [TWO, ONE, OTHER], {"util.o": DiffReason.SIZE_MISMATCH}),
    ],
)
def test_members_of_one_name_are_paired_in_their_order(
    tmp_path: Path,
    left: list[tuple[str, bytes]],
    right: list[tuple[str, bytes]],
    diff: dict[str, DiffReason],
    hash_compare: bool,
) -> None:
    a, b = ar(tmp_path / "a.a", *left), ar(tmp_path / "b.a", *right)
    for one, other in ((a, b), (b, a)):
        result = compare_archive(one, other, hash_compare=hash_compare)
        assert result.diff == diff
        assert not result.only_left
        assert not result.only_right
        assert result.verdict is (Verdict.DIFFERENT if diff else Verdict.EQUAL)


def test_all_members_of_one_name_are_one_path(tmp_path: Path) -> None:
    a, b = ar(tmp_path / "a.a", ONE, TWO, OTHER), ar(tmp_path / "b.a", ("x.o", b"x"), OTHER)
    result = compare_archive(a, b)
    paths = result.only_left | result.only_right | result.errors
    assert paths == {"util.o", "x.o"}


def test_an_archive_of_another_format_has_one_of_a_name(tmp_path: Path) -> None:
    a, b = ar(tmp_path / "a.a", ONE, TWO), files(tmp_path / "b.tar", [TWO])
    for one, other in ((a, b), (b, a)):
        assert not compare_archive(one, other).equal
    assert compare_archive(ar(tmp_path / "c.a", TWO), b).equal
    assert compare_archive(tar(tmp_path / "d.tar", []), tar(tmp_path / "e.tar", [])).equal


def test_nothing_moves_out_of_an_archive_whose_end_is_not_marked(tmp_path: Path) -> None:
    left = ar(tmp_path / "l.a", ("x.o", b"1"), ("x.o", b"2"), ("y.o", b"33"))
    members = [("z.o", b"1"), ("w.o", b"33")]
    for right in (ar(tmp_path / "r.a", *members), files(tmp_path / "r.tar", members)):
        result = compare_archive(left, right, moves=True)
        assert not result.moved
        assert {"z.o", "w.o"} <= result.errors
