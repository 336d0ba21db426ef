"""The content of files in trees: every byte counts, and what need not be read is not."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

import komparu
from komparu import DiffReason, DirResult
from trees import pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trees import Entry

EQUAL = DirResult(equal=True)
KIB, MIB = 1 << 10, 1 << 20

#: Around what is read at once, and what is shared among threads.
SIZES = [1, 4 * KIB, 128 * KIB - 1, 128 * KIB, 128 * KIB + 1, MIB, 4 * MIB, 4 * MIB + 1, 9 * MIB]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("max_workers", [1, 4])
@pytest.mark.parametrize("quick_check", [True, False])
def test_a_single_byte_anywhere_is_found(
    tmp_path: Path, size: int, max_workers: int, quick_check: bool
) -> None:
    compare = partial(komparu.compare_dir, max_workers=max_workers, quick_check=quick_check)
    content = os.urandom(size)
    files: dict[str, Entry] = {f"small{index}": b"x" for index in range(20)}
    a, b = pair(tmp_path, {**files, "x": content}, {**files, "x": content})
    assert compare(a, b) == EQUAL
    expected = DirResult(equal=False, diff={"x": DiffReason.CONTENT_MISMATCH})
    for place in {0, size // 3, size // 2 + 1, max(size - 2, 0), size - 1} - {size}:
        with (b / "x").open("r+b") as file:
            file.seek(place)
            file.write(bytes([content[place] ^ 1]))
            file.flush()
            assert compare(a, b) == expected, place
            file.seek(place)
            file.write(content[place : place + 1])
    assert compare(a, b) == EQUAL


def test_many_big_files_are_each_compared(tmp_path: Path) -> None:
    content = os.urandom(5 * MIB)
    tree: dict[str, Entry] = {f"{index:02}": content for index in range(12)}
    a, b = pair(tmp_path, tree, tree)
    for max_workers in [1, 2, 5, 16]:
        assert komparu.compare_dir(a, b, max_workers=max_workers) == EQUAL
    for name, place in [("03", 0), ("07", 3 * MIB), ("11", 5 * MIB - 1)]:
        with (b / name).open("r+b") as file:
            file.seek(place)
            file.write(bytes([content[place] ^ 1]))
    for max_workers in [1, 2, 5, 16]:
        result = komparu.compare_dir(a, b, max_workers=max_workers)
        assert set(result.diff) == {"03", "07", "11"}


def sparse(path: Path, size: int, data: dict[int, bytes]) -> None:
    with path.open("wb") as file:
        file.truncate(size)
        for place, content in data.items():
            file.seek(place)
            file.write(content)


def test_a_hole_is_as_good_as_the_zeros_it_stands_for(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": bytes(9 * MIB), "y": bytes(300 * KIB)}, {})
    sparse(b / "x", 9 * MIB, {})
    sparse(b / "y", 300 * KIB, {})
    assert komparu.compare_dir(a, b) == EQUAL
    sparse(b / "x", 9 * MIB, {7 * MIB + 5: b"\1"})
    sparse(b / "y", 300 * KIB, {299 * KIB: b"\1"})
    assert set(komparu.compare_dir(a, b).diff) == {"x", "y"}


def test_holes_on_both_sides_are_not_read(tmp_path: Path) -> None:
    # Reading a tebibyte would take minutes.
    a, b = pair(tmp_path, {}, {})
    for side in [a, b]:
        for index in range(8):
            sparse(side / f"{index}", 1 << 40, {1 << 39: b"data", (1 << 40) - 1: b"\1"})
    assert komparu.compare_dir(a, b) == EQUAL
    sparse(b / "5", 1 << 40, {1 << 39: b"date", (1 << 40) - 1: b"\1"})
    assert set(komparu.compare_dir(a, b).diff) == {"5"}


@pytest.mark.parametrize("copy", [os.link, os.symlink])
def test_a_tree_of_links_to_the_files_of_another_is_equal(
    tmp_path: Path, copy: Callable[[Path, Path], None]
) -> None:
    a, b = pair(tmp_path, {"d": {"x": b"1", "y": b""}, "z": bytes(5 * MIB)}, {"d": {}})
    for name in ["d/x", "d/y", "z"]:
        copy(a / name, b / name)
    assert komparu.compare_dir(a, b) == EQUAL
    # What is written through one name is in the other.
    (b / "d/x").write_bytes(b"2")
    assert komparu.compare_dir(a, b) == EQUAL


def test_what_a_file_is_called_and_how_old_it_is_do_not_count(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": b"same", "y": b"1234"}, {"x": b"same", "y": b"1235"})
    os.utime(a / "x", (0, 0))
    (a / "x").chmod(0o755)
    for side in [a, b]:
        os.utime(side / "y", (1_000_000, 1_000_000))
    expected = DirResult(equal=False, diff={"y": DiffReason.CONTENT_MISMATCH})
    assert komparu.compare_dir(a, b) == expected


def test_a_difference_counts_the_bytes_before_it_whichever_thread_finds_it(tmp_path: Path) -> None:
    a, b = pair(
        tmp_path,
        {"d": {"differs": b"print(1)\n"}, "same": b"hello\n"},
        {"d": {"differs": b"print(2)\n"}, "same": b"hello\n"},
    )
    counted = {komparu.compare_dir(a, b).summary.bytes for _ in range(300)}
    assert counted == {12}
