"""What cannot be compared is named, with its reason, and stops nothing else."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import komparu
import unprivileged
from komparu import DiffReason, DirResult, Verdict
from trees import Link, pair, plant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trees import Entry

DENIED = os.strerror(errno.EACCES)


@pytest.fixture
def place() -> Iterator[Path]:
    with unprivileged.open_to_all() as directory:
        yield directory


def unreadable(path: str, file: Path) -> DirResult:
    return DirResult(
        equal=False,
        diff={path: DiffReason.READ_ERROR},
        errors={path},
        messages={path: f"{file}: {DENIED}"},
    )


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize("locked", ["d/file", "d/directory", "d/not to be listed"])
def test_what_a_user_may_not_read_is_an_error_of_its_own(
    place: Path, side: str, locked: str
) -> None:
    tree: dict[str, Entry] = {
        "d": {"file": b"", "directory": {"x": b"1"}, "not to be listed": {"x": b""}, "z": b""}
    }
    a, b = pair(place, tree, tree)
    path = place / side / locked
    path.chmod(0o711 if "listed" in locked else 0)
    result = unprivileged.compare_dir(a, b)
    assert isinstance(result, DirResult)
    assert result == unreadable(locked, path)
    assert result.verdict is Verdict.UNVERIFIED


def test_a_directory_that_can_be_listed_but_not_entered_has_errors_for_its_files(
    place: Path,
) -> None:
    tree: dict[str, Entry] = {"d": {"x": b"", "y": {"z": b""}, "l": Link("x")}}
    a, b = pair(place, tree, tree)
    (a / "d").chmod(0o744)
    result = unprivileged.compare_dir(a, b)
    assert isinstance(result, DirResult)
    assert result.errors == {"d/x", "d/y", "d/l"}
    assert set(result.messages.values()) == {f"{a}/{path}: {DENIED}" for path in result.errors}


def test_what_only_one_side_has_and_cannot_be_read_is_an_error(place: Path) -> None:
    a, b = pair(place, {"d": {"e": {"x": b""}, "f": b""}}, {})
    (a / "d" / "e").chmod(0)
    (a / "d" / "f").chmod(0)
    result = unprivileged.compare_dir(a, b)
    assert isinstance(result, DirResult)
    # That a file is missing on the other side is known without reading it.
    assert result.only_left == {"d/f"}
    assert result.errors == {"d/e"}


def test_the_rest_is_compared_all_the_same(place: Path) -> None:
    tree: dict[str, Entry] = {
        f"d{index}": {"locked": b"1", "open": b"1", "dir": {"x": b"1"}} for index in range(40)
    }
    a, b = pair(place, tree, tree)
    for index in range(40):
        (a / f"d{index}/locked").chmod(0)
        (b / f"d{index}/dir").chmod(0)
        (b / f"d{index}/open").write_bytes(b"2")
    for max_workers in [1, 2, 7]:
        result = unprivileged.compare_dir(a, b, max_workers=max_workers)
        assert isinstance(result, DirResult)
        assert len(result.errors) == 80
        mismatches = [r for r in result.diff.values() if r is DiffReason.CONTENT_MISMATCH]
        assert len(mismatches) == 40


def test_a_locked_directory_against_a_file_is_a_type_mismatch_and_an_error(place: Path) -> None:
    names = [f"x{index}" for index in range(50)]
    a, b = pair(place, {name: {"y": b""} for name in names}, dict.fromkeys(names, b""))
    for name in names:
        (a / name).chmod(0)
    for max_workers in [1, 4]:
        result = unprivileged.compare_dir(a, b, max_workers=max_workers)
        assert isinstance(result, DirResult)
        assert result.diff == dict.fromkeys(names, DiffReason.TYPE_MISMATCH)
        assert result.errors == set(names)
        assert result.verdict is Verdict.DIFFERENT


def test_an_ignored_locked_directory_is_no_error(place: Path) -> None:
    tree: dict[str, Entry] = {"d": {"locked": {"x": b""}, "y": b""}}
    a, b = pair(place, tree, tree)
    (a / "d/locked").chmod(0)
    assert unprivileged.compare_dir(a, b, ignore=["locked/"]) == DirResult(equal=True)


@pytest.mark.parametrize("side", ["a", "b"])
def test_a_locked_root_is_raised(place: Path, side: str) -> None:
    a, b = pair(place, {"x": b""}, {"x": b""})
    locked = place / side
    locked.chmod(0)
    answer = unprivileged.compare_dir(a, b)
    message = f"{locked}: {DENIED}"
    assert answer == ["SourcePermissionError", message, str(locked), errno.EACCES]


def test_a_message_is_one_line_whatever_the_name(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"l\ni\x1bne\udcff": Link("/proc/self/mem")}, {"l\ni\x1bne\udcff": b""})
    result = komparu.compare_dir(a, b)
    assert result.errors == {"l\ni\x1bne\udcff"}
    assert list(result.messages.values()) == [rf"{a}/l\ni\u{{1b}}ne\xff: {os.strerror(errno.EIO)}"]


def test_a_file_that_reports_no_size_is_read_to_its_end(tmp_path: Path) -> None:
    plant(tmp_path / "c", {"x": Link("/proc/version")})
    content = Path("/proc/version").read_bytes()
    a, b = pair(
        tmp_path,
        {"same": Link("/proc/version"), "longer": Link("/proc/version")},
        {"same": content, "longer": content + b"x"},
    )
    expected = DirResult(equal=False, diff={"longer": DiffReason.CONTENT_MISMATCH})
    assert komparu.compare_dir(a, b) == expected


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    # Its first page is not mapped, and reading it fails.
    a, b = pair(tmp_path, {"x": Link("/proc/self/mem"), "y": b"1"}, {"x": b"", "y": b"2"})
    result = komparu.compare_dir(a, b)
    assert result.diff == {"x": DiffReason.READ_ERROR, "y": DiffReason.CONTENT_MISMATCH}
    assert result.messages == {"x": f"{a / 'x'}: {os.strerror(errno.EIO)}"}
