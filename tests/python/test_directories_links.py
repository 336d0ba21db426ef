"""Symbolic links in trees: followed, or compared by target; loops cut where they close."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import komparu
from komparu import DiffReason, DirResult
from trees import Fifo, Link, pair, plant

if TYPE_CHECKING:
    from pathlib import Path

    from trees import Entry

EQUAL = DirResult(equal=True)


def different(path: str, reason: DiffReason) -> DirResult:
    return DirResult(equal=False, diff={path: reason})


def test_a_link_followed_is_what_it_leads_to(tmp_path: Path) -> None:
    plant(tmp_path / "elsewhere", {"x": b"1", "y": {"z": b"2"}})
    a, b = pair(
        tmp_path,
        {"file": Link("../elsewhere/x"), "directory": Link(tmp_path / "elsewhere")},
        {"file": b"1", "directory": {"x": b"1", "y": {"z": b"3"}}},
    )
    assert komparu.compare_dir(a, b) == different("directory/y/z", DiffReason.CONTENT_MISMATCH)


def test_a_link_followed_to_another_kind_is_a_type_mismatch(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": Link("d"), "d": {"y": b""}}, {"x": b"", "d": {"y": b""}})
    result = komparu.compare_dir(a, b)
    expected = DirResult(equal=False, diff={"x": DiffReason.TYPE_MISMATCH}, only_left={"x/y"})
    assert result == expected


@pytest.mark.parametrize(
    "other",
    [pytest.param(b"1", id="file"), pytest.param({}, id="directory"), Fifo()],
)
def test_a_link_not_followed_is_of_a_kind_of_its_own(tmp_path: Path, other: Entry) -> None:
    a, b = pair(tmp_path, {"x": Link("y"), "y": b"1"}, {"x": other, "y": b"1"})
    expected = different("x", DiffReason.TYPE_MISMATCH)
    assert komparu.compare_dir(a, b, follow_symlinks=False) == expected
    assert komparu.compare_dir(b, a, follow_symlinks=False) == expected


def long_target(directory: Path) -> str:
    """A target that fills a page, or for xfs, which has room for 1,023 bytes, most of that."""
    target = "x" * 4000
    try:
        (directory / "tried").symlink_to(target)
    except OSError:
        return target[:1000]
    return target


def test_links_not_followed_are_compared_by_their_target(tmp_path: Path) -> None:
    long = long_target(tmp_path)
    a, b = pair(
        tmp_path,
        {"same": Link("nowhere"), "x": Link("p"), "long": Link(long), "odd": Link("\udcff\n")},
        {"same": Link("nowhere"), "x": Link("./p"), "long": Link(long), "odd": Link("\udcff\n")},
    )
    expected = different("x", DiffReason.CONTENT_MISMATCH)
    assert komparu.compare_dir(a, b, follow_symlinks=False) == expected


def test_a_link_not_followed_is_an_entry(tmp_path: Path) -> None:
    plant(tmp_path / "elsewhere", {"x": b""})
    a, b = pair(tmp_path, {"l": Link("../elsewhere"), "m": Link("nowhere")}, {})
    expected = DirResult(equal=False, only_left={"l", "m"})
    assert komparu.compare_dir(a, b, follow_symlinks=False) == expected


def test_the_directories_to_compare_are_found_through_links_all_the_same(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": b"1"}, {"x": b"2"})
    link = tmp_path / "link"
    link.symlink_to(a)
    expected = different("x", DiffReason.CONTENT_MISMATCH)
    assert komparu.compare_dir(link, b, follow_symlinks=False) == expected


LOOPS: dict[str, dict[str, Entry]] = {
    "to itself": {"x": b"", "loop": Link(".")},
    "to its parent": {"x": b"", "d": {"y": b"", "loop": Link("..")}},
    "to the top, from deep": {"x": b"", "d": {"e": {"f": {"y": b"", "loop": Link("../../..")}}}},
    "mutual": {"d": {"to e": Link("../e"), "x": b""}, "e": {"to d": Link("../d"), "y": b""}},
    "two of them": {"x": b"", "one": Link("."), "two": Link(".")},
    "through a link": {"x": b"", "first": Link("second"), "second": Link(".")},
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS.keys())
@pytest.mark.parametrize("max_workers", [1, 4])
def test_a_loop_on_both_sides_is_cut_where_it_closes(
    tmp_path: Path, loop: dict[str, Entry], max_workers: int
) -> None:
    a, b = pair(tmp_path, loop, loop)
    assert komparu.compare_dir(a, b, max_workers=max_workers) == EQUAL


@pytest.mark.parametrize("max_workers", [1, 4])
def test_a_difference_in_a_loop_is_found_under_every_name_up_to_its_end(
    tmp_path: Path, max_workers: int
) -> None:
    a, b = pair(
        tmp_path,
        {"d": {"to e": Link("../e"), "x": b"1"}, "e": {"to d": Link("../d"), "y": b"1"}},
        {"d": {"to e": Link("../e"), "x": b"2"}, "e": {"to d": Link("../d"), "y": b"1"}},
    )
    result = komparu.compare_dir(a, b, max_workers=max_workers)
    assert set(result.diff) == {"d/x", "e/to d/x"}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS.keys())
def test_a_loop_that_only_one_side_has_is_cut_too(tmp_path: Path, loop: dict[str, Entry]) -> None:
    a, b = pair(tmp_path, loop, {"other": b""})
    result = komparu.compare_dir(a, b)
    assert result.errors == set()
    assert result.only_right == {"other"}
    # Every file is named once or more, and a loop ends as an entry of its own.
    assert {path.rpartition("/")[2] for path in result.only_left} >= {"x"}
    assert max(path.count("/") for path in result.only_left) <= 4
    mirrored = komparu.compare_dir(b, a)
    assert (mirrored.only_right, mirrored.only_left) == (result.only_left, result.only_right)


def test_the_link_that_closes_a_loop_of_one_side_stands_for_all_below_it(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": b"", "loop": Link(".")}, {"x": b""})
    assert komparu.compare_dir(a, b) == DirResult(equal=False, only_left={"loop"})


def test_a_loop_against_a_file_is_a_type_mismatch_and_nothing_else(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": Link(".")}, {"x": b""})
    assert komparu.compare_dir(a, b) == different("x", DiffReason.TYPE_MISMATCH)


def test_a_loop_against_a_finite_tree_ends_with_the_tree(tmp_path: Path) -> None:
    a, b = pair(
        tmp_path,
        {"x": b"", "loop": Link(".")},
        {"x": b"", "loop": {"x": b"", "loop": {"x": b"1", "loop": {}}}},
    )
    result = komparu.compare_dir(a, b)
    assert result.diff == {"loop/loop/x": DiffReason.SIZE_MISMATCH}
    assert result.only_left == {"loop/loop/loop/x", "loop/loop/loop/loop"}
    assert (result.only_right, result.errors) == (set(), set())


def ring(length: int) -> dict[str, Entry]:
    """Directories that lead to one another in a circle, each through a link of the same name."""
    circle: dict[str, Entry] = {
        f"r{index}": {"next": Link(f"../r{(index + 1) % length}")} for index in range(length)
    }
    return {"ring": circle, "start": Link("ring/r0")}


@pytest.mark.parametrize(("left", "right"), [(1, 2), (2, 3), (5, 7), (9, 11), (64, 64)])
def test_loops_of_different_length_close_where_both_do(
    tmp_path: Path, left: int, right: int
) -> None:
    a, b = pair(tmp_path, ring(left), ring(right))
    assert komparu.compare_dir(a, b, ignore=["/ring"]) == EQUAL
    # The last pair that is met before both are where they were together.
    (a / "ring" / f"r{left - 1}" / "last").write_bytes(b"")
    (b / "ring" / f"r{right - 1}" / "last").write_bytes(b"1")
    result = komparu.compare_dir(a, b, ignore=["/ring"])
    assert result.errors == set()
    assert max(path.count("next") for path in result.diff) == lcm(left, right) - 1


def lcm(a: int, b: int) -> int:
    return next(n for n in range(a, a * b + 1, a) if n % b == 0)


def test_links_into_the_other_tree_are_followed(tmp_path: Path) -> None:
    a, b = pair(
        tmp_path,
        {"x": b"1", "other": Link(tmp_path / "b")},
        {"x": b"1", "other": Link(tmp_path / "a")},
    )
    assert komparu.compare_dir(a, b) == EQUAL
    (a / "x").write_bytes(b"2")
    # Once under each name, and not once more when both sides are where they began.
    assert set(komparu.compare_dir(a, b).diff) == {"x", "other/x"}


def test_links_to_one_directory_are_equal_at_once(tmp_path: Path) -> None:
    shared = plant(tmp_path / "shared", {"x": b"", "broken": Link("nowhere")})
    a, b = pair(tmp_path, {"s": Link(shared)}, {"s": Link(shared)})
    assert komparu.compare_dir(a, b) == EQUAL


def test_a_directory_reached_through_two_links_is_compared_under_both_names(
    tmp_path: Path,
) -> None:
    a, b = pair(
        tmp_path,
        {"d": {"x": b"1", "y": b""}, "l": Link("d"), "m": {"n": Link("../d")}},
        {"d": {"x": b"2", "z": b""}, "l": Link("d"), "m": {"n": Link("../d")}},
    )
    result = komparu.compare_dir(a, b)
    assert set(result.diff) == {"d/x", "l/x", "m/n/x"}
    assert result.only_left == {"d/y", "l/y", "m/n/y"}
    assert result.only_right == {"d/z", "l/z", "m/n/z"}


@pytest.mark.parametrize("length", [30, 41, 100])
def test_a_path_of_many_links_is_no_loop(tmp_path: Path, length: int) -> None:
    chain: dict[str, Entry] = {
        f"d{index}": {"next": Link(f"../d{index + 1}")} for index in range(length)
    }
    a, b = pair(tmp_path, chain, chain)
    for side, content in [(a, b"1"), (b, b"2")]:
        plant(side / f"d{length}", {"end": content})
    result = komparu.compare_dir(a, b)
    assert result.errors == set()
    assert "d0/" + "next/" * length + "end" in result.diff


#: Names in a tree that lead nowhere or in a circle, and two that lead to the same from afar.
LOST: dict[str, Entry] = {
    "nowhere": Link("gone"),
    "below a file": Link("f/x"),
    "below a link": Link("nowhere/x"),
    "too long": Link("x" * 256),
    "itself": Link("itself"),
    "one": Link("two"),
    "two": Link("one"),
    "away": Link("/nowhere/at/all"),
    "f": b"",
}


def test_links_that_lead_nowhere_are_compared_by_their_target(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"d": LOST}, {"d": LOST})
    for max_workers in [1, 4]:
        assert komparu.compare_dir(a, b, max_workers=max_workers) == EQUAL
    others: dict[str, Entry] = {
        **LOST,
        **{
            name: Link(f"./{entry.target}")
            for name, entry in LOST.items()
            if isinstance(entry, Link)
        },
    }
    c = plant(tmp_path / "c", {"d": others})
    expected = {f"d/{name}": DiffReason.CONTENT_MISMATCH for name in LOST if name != "f"}
    # These lead nowhere, too: what they say differs.
    assert komparu.compare_dir(a, c) == DirResult(equal=False, diff=expected)


@pytest.mark.parametrize(
    "other", [pytest.param(b"", id="file"), pytest.param({"y": b""}, id="directory"), Fifo()]
)
@pytest.mark.parametrize("name", [name for name in LOST if name != "f"])
def test_a_link_that_leads_nowhere_is_of_another_kind_than_anything_else(
    tmp_path: Path, name: str, other: Entry
) -> None:
    a, b = pair(tmp_path, LOST, {**LOST, name: other})
    result, mirrored = komparu.compare_dir(a, b), komparu.compare_dir(b, a)
    # A link that led to this one leads somewhere now on the other side.
    assert result.diff[name] is mirrored.diff[name] is DiffReason.TYPE_MISMATCH
    assert set(result.diff.values()) == {DiffReason.TYPE_MISMATCH}
    assert not result.errors


def test_a_link_that_leads_nowhere_is_no_link_that_leads_somewhere(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": Link("y")}, {"x": Link("y"), "y": b""})
    result = komparu.compare_dir(a, b)
    assert result == DirResult(equal=False, diff={"x": DiffReason.TYPE_MISMATCH}, only_right={"y"})


def test_a_link_that_leads_nowhere_is_an_entry(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": Link("nowhere"), "d": {"y": Link("x"), "z": Link("z")}}, {})
    expected = DirResult(equal=False, only_left={"x", "d/y", "d/z"})
    assert komparu.compare_dir(a, b) == expected


def test_more_links_than_the_system_follows_are_an_error_if_they_lead_somewhere(
    tmp_path: Path,
) -> None:
    chain: dict[str, Entry] = {f"l{index}": Link(f"l{index + 1}") for index in range(60)}
    a, b = pair(tmp_path, {**chain, "l60": b"1"}, {**chain, "l60": b"2"})
    result = komparu.compare_dir(a, b)
    assert result.errors
    assert set(result.messages.values()) == {f"{a / x}: {os.strerror(40)}" for x in result.errors}
    # All that can be followed differ, and nothing of the rest is called equal.
    differ = {path for path, why in result.diff.items() if why is DiffReason.CONTENT_MISMATCH}
    assert differ | result.errors == {f"l{index}" for index in range(61)}
    # The same links to nothing are what they say.
    (a / "l60").unlink()
    (b / "l60").unlink()
    assert komparu.compare_dir(a, b) == EQUAL
