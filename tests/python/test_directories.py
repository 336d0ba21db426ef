"""What `compare_dir` says of two trees: which paths are paired, and why they differ."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import DiffReason, DirResult, Verdict
from trees import Fifo, Link, pair

if TYPE_CHECKING:
    from pathlib import Path

    from trees import Entry

LEFT: dict[str, Entry] = {
    "same": b"same",
    "content": b"left.",
    "size": b"left",
    "left": b"",
    "deep": {"er": {"same": b"1", "content": b"l", "left": {"x": b"", "y": b""}}},
    "file or directory": b"",
    "directory or file": {"x": b"", "y": {"z": b""}},
}
RIGHT: dict[str, Entry] = {
    "same": b"same",
    "content": b"right",
    "size": b"right",
    "right": {"only": {"x": b""}},
    "deep": {"er": {"same": b"1", "content": b"r"}},
    "file or directory": {"x": b"", "y": {"z": b""}},
    "directory or file": b"",
}
RESULT = DirResult(
    equal=False,
    diff={
        "content": DiffReason.CONTENT_MISMATCH,
        "size": DiffReason.SIZE_MISMATCH,
        "deep/er/content": DiffReason.CONTENT_MISMATCH,
        "file or directory": DiffReason.TYPE_MISMATCH,
        "directory or file": DiffReason.TYPE_MISMATCH,
    },
    only_left={
        "left",
        "deep/er/left/x",
        "deep/er/left/y",
        "directory or file/x",
        "directory or file/y/z",
    },
    only_right={"right/only/x", "file or directory/x", "file or directory/y/z"},
)


@pytest.mark.parametrize("max_workers", [0, 1, 2, 7, 256])
def test_every_path_of_either_side_is_accounted_for(tmp_path: Path, max_workers: int) -> None:
    a, b = pair(tmp_path, LEFT, RIGHT)
    assert komparu.compare_dir(a, b, max_workers=max_workers) == RESULT
    mirrored = komparu.compare_dir(b, a, max_workers=max_workers)
    assert mirrored.diff == RESULT.diff
    assert (mirrored.only_left, mirrored.only_right) == (RESULT.only_right, RESULT.only_left)


@pytest.mark.parametrize("max_workers", [0, 1, 2, 7])
def test_equal_trees_are_equal_and_true(tmp_path: Path, max_workers: int) -> None:
    a, b = pair(tmp_path, LEFT, LEFT)
    result = komparu.compare_dir(a, b, max_workers=max_workers)
    assert result == DirResult(equal=True)
    assert result
    assert result.verdict is Verdict.EQUAL


def test_a_difference_anywhere_makes_the_result_false(tmp_path: Path) -> None:
    full: dict[str, Entry] = {"x": b"1"}
    others: list[dict[str, Entry]] = [{"x": b"2"}, {"x": b"12"}, {}, {"x": {}}]
    pairs = [pair for other in others for pair in [(full, other), (other, full)]]
    for index, (left, right) in enumerate(pairs):
        directory = tmp_path / str(index)
        directory.mkdir()
        result = komparu.compare_dir(*pair(directory, left, right))
        assert not result
        assert not result.equal
        assert result.verdict is Verdict.DIFFERENT


def test_empty_directories_are_no_entries(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"d": {"e": {}, "x": b""}}, {"d": {"x": b""}, "f": {"g": {}}})
    assert komparu.compare_dir(a, b) == DirResult(equal=True)


def test_two_empty_directories_are_equal(tmp_path: Path) -> None:
    assert komparu.compare_dir(*pair(tmp_path, {}, {})) == DirResult(equal=True)


def test_an_empty_directory_against_a_file_is_a_type_mismatch(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": {}}, {"x": b""})
    expected = DirResult(equal=False, diff={"x": DiffReason.TYPE_MISMATCH})
    assert komparu.compare_dir(a, b) == expected


def test_an_empty_file_against_one_with_content_is_a_size_mismatch(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": b"", "y": b"1"}, {"x": b"1", "y": b""})
    assert set(komparu.compare_dir(a, b).diff.values()) == {DiffReason.SIZE_MISMATCH}


@pytest.mark.parametrize("options", [{"size_precheck": False}, {"quick_check": False}])
def test_checks_that_are_left_out_change_no_verdict(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    big = bytes(5 << 20)
    a, b = pair(
        tmp_path,
        {**LEFT, "big": big, "bigger": big, "changed": big},
        {**RIGHT, "big": big, "bigger": big + b"\0", "changed": big[1:] + b"\1"},
    )
    result = komparu.compare_dir(a, b, **options)
    assert set(result.diff) == {*RESULT.diff, "bigger", "changed"}
    assert (result.only_left, result.only_right) == (RESULT.only_left, RESULT.only_right)


@pytest.mark.parametrize("chunk_size", [1, 3, 1 << 30])
def test_the_chunk_size_changes_no_result(tmp_path: Path, chunk_size: int) -> None:
    a, b = pair(tmp_path, LEFT, RIGHT)
    assert komparu.compare_dir(a, b, chunk_size=chunk_size) == RESULT


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_configured_options_hold_and_arguments_go_first(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": b"", "y": b"1"}, {"y": b"2"})
    komparu.configure(ignore=["x"])
    assert set(komparu.compare_dir(a, b).diff) == {"y"}
    assert komparu.compare_dir(a, b).only_left == set()
    assert komparu.compare_dir(a, b, ignore=["y"]).only_left == {"x"}
    assert komparu.compare_dir(a, b, ignore=None).only_left == {"x"}


def test_what_could_not_be_compared_is_never_called_equal(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": Link("/proc/self/mem"), "y": b""}, {"x": b"", "y": b""})
    result = komparu.compare_dir(a, b)
    assert not result
    assert result.verdict is Verdict.UNVERIFIED
    assert result.diff == {"x": DiffReason.READ_ERROR}
    assert result.errors == set(result.messages) == {"x"}


def test_a_known_difference_outweighs_what_could_not_be_compared(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": Link("/proc/self/mem"), "y": b"1"}, {"x": b"", "y": b"2"})
    assert komparu.compare_dir(a, b).verdict is Verdict.DIFFERENT


def test_results_pickle_copy_and_compare_by_value(tmp_path: Path) -> None:
    left: dict[str, Entry] = {**LEFT, "x": Link("nowhere"), "\udcff": b"", "p": Fifo()}
    a, b = pair(tmp_path, left, RIGHT)
    result = komparu.compare_dir(a, b)
    assert result == komparu.compare_dir(a, b)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(result, protocol)) == result  # noqa: S301  # our own
    duplicates = [copy.copy(result), copy.deepcopy(result)]
    assert duplicates == [result, result]
    duplicates[1].only_left.clear()
    assert duplicates[1] != result
    assert komparu.compare_dir(a, a) != result


def test_a_result_is_frozen(tmp_path: Path) -> None:
    result = komparu.compare_dir(tmp_path, tmp_path)
    with pytest.raises(AttributeError):
        result.equal = False  # type: ignore[misc]
