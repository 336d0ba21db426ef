"""Names that differ only in how Unicode spells them: one name, where that is unambiguous."""

from __future__ import annotations

import hashlib
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import DiffReason
from komparu.__main__ import main
from komparu._update import update
from packing import grow, member, tar

if TYPE_CHECKING:
    from pathlib import Path

    from komparu import DirResult

ONE, OTHER = "caf\u00e9", "cafe\u0301"
KINDS = ["directory", "map", "manifest"]


def form(kind: str, place: Path, files: dict[str, bytes]) -> Any:  # noqa: ANN401
    """Make a tree of this kind."""
    directory = grow(place / "directory", files)
    if kind == "manifest":
        lines = [f"{hashlib.sha256(it).hexdigest()}  {name}\n" for name, it in files.items()]
        (place / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
        return komparu.Manifest(place / "SHA256SUMS")
    return directory if kind == "directory" else {name: directory / name for name in files}


def both_ways(one: Any, other: Any, **options: Any) -> tuple[DirResult, DirResult]:  # noqa: ANN401
    """Compare both ways."""
    return (
        komparu.compare_trees(one, other, **options),
        komparu.compare_trees(other, one, **options),
    )


@pytest.mark.parametrize("kinds", list(product(KINDS, KINDS)), ids="-".join)
def test_a_name_is_one_however_unicode_spells_it(tmp_path: Path, kinds: tuple[str, str]) -> None:
    left = {
        f"{ONE}/{ONE}/{ONE}": b"1",
        f"{ONE}/{ONE}/differs": b"1",
        f"{ONE}/{OTHER}s": b"1",
        f"{ONE}/gone": b"1",
        f"{ONE}/here/gone": b"1",
        f"{ONE}/moved": b"22",
        "a": b"1",
    }
    right = {
        f"{OTHER}/{OTHER}/{OTHER}": b"1",
        f"{OTHER}/{OTHER}/differs": b"2",
        f"{OTHER}/{ONE}s": b"2",
        f"{OTHER}/come": b"1",
        f"{OTHER}/there/come": b"1",
        f"{OTHER}/new": b"22",
        "a": b"1",
    }
    one, other = form(kinds[0], tmp_path / "1", left), form(kinds[1], tmp_path / "2", right)
    result, back = both_ways(one, other)
    # A path that both have is told as the left one spells it.
    assert set(result.diff) == {f"{ONE}/{ONE}/differs", f"{ONE}/{OTHER}s"}
    assert set(back.diff) == {f"{OTHER}/{OTHER}/differs", f"{OTHER}/{ONE}s"}
    assert result.only_left == back.only_right == {
        f"{ONE}/{it}" for it in ("gone", "here/gone", "moved")
    }  # fmt: skip
    assert result.only_right == back.only_left == {
        f"{OTHER}/{it}" for it in ("come", "there/come", "new")
    }  # fmt: skip
    assert result.directories == {f"{ONE}/here", f"{OTHER}/there"}
    assert not result.errors
    assert result.summary.entries == 10
    moved = komparu.compare_trees(one, other, moves=True, only=["moved", "new"])
    assert moved.moved == {f"{ONE}/moved": f"{OTHER}/new"}
    same = {name: it for name, it in left.items() if "differs" not in name}
    respelled = {name.replace(ONE, OTHER): it for name, it in same.items()}
    assert komparu.compare_trees(
        form(kinds[0], tmp_path / "3", same), form(kinds[1], tmp_path / "4", respelled)
    ).equal


@pytest.mark.parametrize("kinds", list(product(KINDS, KINDS)), ids="-".join)
def test_names_that_may_be_several_are_errors(tmp_path: Path, kinds: tuple[str, str]) -> None:
    dots = ["s\u0323\u0307", "s\u0307\u0323", "\u1e69"]
    left = {f"{dots[0]}/x": b"1", f"{dots[1]}/x": b"1", ONE: b"1", OTHER: b"1"}
    right = {f"{dots[2]}/x": b"1", ONE: b"1", OTHER: b"1"}
    one, other = form(kinds[0], tmp_path / "1", left), form(kinds[1], tmp_path / "2", right)
    for result in both_ways(one, other):
        # Byte for byte, these are two names on both sides.
        assert result.errors == set(dots)
        assert set(result.diff.values()) == {DiffReason.READ_ERROR}
        assert "differ only in how Unicode spells them" in result.messages[dots[0]]
        assert not result.only_left | result.only_right
        assert result.summary.equal == 2
    for result in both_ways(one, {OTHER: tmp_path / "1/directory" / OTHER}, only=["caf*"]):
        assert not result.errors
        assert result.only_left | result.only_right == {ONE}


def test_links_and_kinds_of_names_that_are_spelled_differently(tmp_path: Path) -> None:
    left = grow(tmp_path / "left", {f"{ONE}/x": b"1", f"{ONE}s": b"1", f"t{ONE}": b"1"})
    right = grow(tmp_path / "right", {f"{OTHER}/x": b"1", f"{OTHER}s/y": b"1"})
    for root, name in ((left, ONE), (right, OTHER)):
        (root / name / "loop").symlink_to(".")
        (root / f"l{name}").symlink_to("target")
    (right / f"t{OTHER}").symlink_to("nothing")
    for follow in (True, False):
        result = komparu.compare_dir(left, right, follow_symlinks=follow)
        assert result.diff == dict.fromkeys([f"{ONE}s", f"t{ONE}"], DiffReason.TYPE_MISMATCH)
        assert result.only_right == {f"{OTHER}s/y"}
        assert not result.errors | result.only_left
        assert result.directories == {f"{OTHER}s"}
    (right / f"l{OTHER}").unlink()
    (right / f"l{OTHER}").symlink_to("another")
    result = komparu.compare_dir(left, right, follow_symlinks=False)
    assert result.diff[f"l{ONE}"] is DiffReason.CONTENT_MISMATCH


def test_a_deep_tree_is_found_under_both_spellings(tmp_path: Path) -> None:
    # More levels than directories are kept open for.
    for root, name in (("left", ONE), ("right", OTHER)):
        place = tmp_path / root
        for _ in range(200):
            place = place / name
        place.mkdir(parents=True)
        (place / "x").write_text(root)
    result = komparu.compare_dir(tmp_path / "left", tmp_path / "right")
    assert set(result.diff) == {f"{ONE}/" * 200 + "x"}
    assert not result.only_left | result.only_right | result.errors


def test_an_update_leaves_one_spelling(tmp_path: Path) -> None:
    actual = grow(tmp_path / "actual", {f"{ONE}/{ONE}": b"1", "x": b"1"})
    expected = grow(tmp_path / "expected", {f"{OTHER}/{OTHER}": b"2", "x": b"1"})
    update(str(actual), str(expected), archive=False, options={})
    assert komparu.compare_dir(actual, expected)
    assert sum(it.is_file() for it in expected.rglob("*")) == 2


@pytest.mark.parametrize("kinds", list(product(KINDS, KINDS)), ids="-".join)
def test_case_does_not_count_where_that_is_asked_for(
    tmp_path: Path, kinds: tuple[str, str]
) -> None:
    left = {"Readme": b"1", "SRC/Main.py": b"1", "SRC/\u00c9": b"1", "SRC/only": b"1", "ss": b"33"}
    right = {"README": b"1", "src/main.PY": b"2", "src/e\u0301": b"1", "src/new": b"2"}
    right["\u00df"] = b"33"
    one, other = form(kinds[0], tmp_path / "1", left), form(kinds[1], tmp_path / "2", right)
    result, back = both_ways(one, other, ignore_case=True)
    assert (set(result.diff), set(back.diff)) == ({"SRC/Main.py"}, {"src/main.PY"})
    # One letter is never two.
    assert result.only_left == back.only_right == {"SRC/only", "ss"}
    assert result.only_right == back.only_left == {"src/new", "\u00df"}
    assert not result.errors
    assert result.summary.equal == 2
    assert komparu.compare_trees(one, other).summary.equal == 0
    with komparu.iter_trees(one, other, ignore_case=True, moves=True) as run:
        assert {it.moved_to for it in run if it.path == "ss"} == {"\u00df"}


@pytest.mark.parametrize("kinds", list(product(KINDS, KINDS)), ids="-".join)
def test_two_names_of_one_side_that_fold_together_are_errors(
    tmp_path: Path, kinds: tuple[str, str]
) -> None:
    left = {"a": b"1", "A": b"1", "d/b": b"1", "d/B/x": b"1", "c": b"1"}
    right = {"a": b"1", "c": b"1"}
    one, other = form(kinds[0], tmp_path / "1", left), form(kinds[1], tmp_path / "2", right)
    for result in both_ways(one, other, ignore_case=True):
        assert result.errors == {"a", "A", "d/b", "d/B"}
        assert "several names that differ only in case" in result.messages["a"]
        assert not result.only_left | result.only_right
        assert result.summary.equal == 1
    with pytest.raises(komparu.SourceReadError, match="differ only in case"):
        komparu.compare_trees(one, other, ignore_case=True, on_error="raise")


def test_archives_refuse_to_pair_names_of_another_case(tmp_path: Path) -> None:
    archive = tar(tmp_path / "a.tar", [member("a", b"1")])
    place = grow(tmp_path / "place", {"A": b"1"})
    for pair in (
        (archive, place),
        (place, archive),
        (archive, archive),
        ({"a": place / "A"}, archive),
    ):
        with pytest.raises(komparu.ConfigError, match="ignore_case is not for archives"):
            komparu.compare_trees(*pair, ignore_case=True)
    assert main(["--ignore-case", str(place), str(archive)]) == 2
    assert main(["--ignore-case", str(place), str(place)]) == 0
