"""Filesystems that say odd things: numbers that repeat, holes and sizes that are none."""

from __future__ import annotations

import ctypes.util
import errno
import itertools
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import DiffReason, DirResult
from trees import Link, plant

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parent.with_name("support") / "odd_filesystem.py"
OPTIONS: list[dict[str, Any]] = [
    {"size_precheck": precheck, "quick_check": quick, "max_workers": workers}
    for precheck, quick, workers in itertools.product([True, False], [True, False], [1, 4])
]

needs_fuse = pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="needs /dev/fuse"
)


@contextmanager
def mounted(place: Path, files: dict[str, dict[str, Any]]) -> Iterator[Path]:
    """Mount a filesystem that holds these files and says of them what they say."""
    place.mkdir()
    library = ctypes.util.find_library("fuse3")
    assert library is not None
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "FUSE_LIBRARY_PATH": library},
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        json.dump(files, program.stdin)
        program.stdin.close()
        assert program.stdout.readline() == "mounted\n"
        try:
            yield place
        finally:
            subprocess.run(["fusermount3", "-u", "-z", place], check=True)
    assert program.returncode == 0


def same(content: str, number: int = 128) -> dict[str, Any]:
    return {"content": content, "ino": number}


@needs_fuse
def test_files_of_one_number_are_told_apart(tmp_path: Path) -> None:
    files = {"/a": same("first"), "/b": same("FIRST"), "/c": same("longer"), "/d": same("first")}
    with mounted(tmp_path / "m", files) as m:
        a, b, c, d = (m / name for name in "abcd")
        for options in OPTIONS:
            assert komparu.compare(a, a, **options)
            assert komparu.compare(a, d, **options)
            assert not komparu.compare(a, b, **options)
            assert not komparu.compare(a, c, **options)
            assert not komparu.compare_all([a, d, b], **options)
            assert komparu.compare_all([a, d, a], **options)
            groups = komparu.compare_many([a, b, c, d, a, b], **options).groups
            assert groups == [{str(a), str(d)}, {str(b)}, {str(c)}]
    for file in files.values():
        file["nlink"] = 2
    with mounted(tmp_path / "n", files) as m:
        assert not komparu.compare(m / "a", m / "b")
        assert not komparu.compare_all([m / "a", m / "d", m / "b"])
        groups = komparu.compare_many([m / name for name in "abcd"]).groups
        assert groups == [{str(m / "a"), str(m / "d")}, {str(m / "b")}, {str(m / "c")}]


@needs_fuse
def test_a_link_to_a_file_whose_number_repeats_is_that_file(tmp_path: Path) -> None:
    with mounted(tmp_path / "m", {"/a": same("first"), "/b": same("FIRST")}) as m:
        a, b = m / "a", m / "b"
        link = tmp_path / "link"
        link.symlink_to(a)
        assert komparu.compare(link, a)
        assert not komparu.compare(link, b)
        assert komparu.compare_many([link, a, b]).groups == [{str(link), str(a)}, {str(b)}]


@needs_fuse
def test_archives_of_one_number_are_told_apart(tmp_path: Path) -> None:
    def tar(name: str, content: bytes) -> str:
        plant(tmp_path / name, {"x": content})
        command = ["tar", "--format=ustar", "-cf", "-", "-C", str(tmp_path / name), "x"]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode()

    with mounted(tmp_path / "m", {"/a": same(tar("1", b"1")), "/b": same(tar("2", b"2"))}) as m:
        assert komparu.compare_archive(m / "a", m / "a")
        expected = DirResult(equal=False, diff={"x": DiffReason.CONTENT_MISMATCH})
        assert komparu.compare_archive(m / "a", m / "b") == expected


@needs_fuse
@pytest.mark.parametrize("follow_symlinks", [True, False])
def test_directories_and_files_of_one_number_are_told_apart(
    tmp_path: Path, follow_symlinks: bool
) -> None:
    # Every directory has one number here.
    long = "x" * 200_000
    files = {
        "/l/d/x": same("1"),
        "/l/d/big": same(long),
        "/l/e/f/y": same("1"),
        "/r/d/x": same("2"),
        "/r/d/big": same(long[:-1] + "y"),
        "/r/e/f/y": same("2"),
    }
    with mounted(tmp_path / "m", files) as m:
        for options in OPTIONS:
            result = komparu.compare_dir(
                m / "l", m / "r", follow_symlinks=follow_symlinks, **options
            )
            assert set(result.diff) == {"d/x", "d/big", "e/f/y"}
            assert komparu.compare_dir(m / "l", m / "l", **options)
        # What is reached through a link lies below a directory of its own number, and is no loop.
        a, b = (
            plant(tmp_path / "a", {"l": Link(m / "l")}),
            plant(tmp_path / "b", {"l": Link(m / "r")}),
        )
        assert set(komparu.compare_dir(a, b).diff) == {"l/d/x", "l/d/big", "l/e/f/y"}
        plant(tmp_path / "c", {})
        assert komparu.compare_dir(a, tmp_path / "c").only_left == {
            "l/d/x",
            "l/d/big",
            "l/e/f/y",
        }


@needs_fuse
def test_a_hole_that_reads_as_data_is_data(tmp_path: Path) -> None:
    content = "precious data " * 400_000
    (tmp_path / "zeros").write_bytes(bytes(len(content)))
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(len(content))
    (tmp_path / "good").write_text(content)
    with mounted(tmp_path / "m", {"/x": {"content": content, "hole": True}}) as m:
        for options in OPTIONS:
            for other in ["zeros", "hole"]:
                assert not komparu.compare(m / "x", tmp_path / other, **options)
                assert not komparu.compare_many([m / "x", tmp_path / other], **options)
            assert komparu.compare(m / "x", tmp_path / "good", **options)
            assert komparu.compare_all([m / "x", m / "x", tmp_path / "good"], **options)


@needs_fuse
def test_a_hole_whose_ends_are_zeros_is_read_where_that_is_asked_for(tmp_path: Path) -> None:
    content = "\0" * 100_000 + "hidden" + "\0" * 100_000
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(len(content))
    with mounted(tmp_path / "m", {"/x": {"content": content, "hole": True}}) as m:
        pair = m / "x", tmp_path / "hole"
        assert komparu.compare(*pair)
        for options in OPTIONS:
            assert not komparu.compare(*pair, read_holes=True, **options)
            assert not komparu.compare_many(pair, read_holes=True, **options)
        komparu.configure(read_holes=True)
        assert not komparu.compare(*pair)
        assert komparu.compare(*pair, read_holes=False)


@needs_fuse
@pytest.mark.parametrize("size", [3, 16_384, 131_072, 147_456, 5_000_000])
def test_reading_must_give_what_is_reported_on_any_ordinary_filesystem(
    tmp_path: Path, size: int
) -> None:
    content = "x" * size
    files = {
        "/d/more": {"content": content + "y", "size": size},
        "/e/less": {"content": content[:-1], "size": size},
    }
    plant(tmp_path / "d", {"more": content.encode()})
    plant(tmp_path / "e", {"less": content.encode()})
    messages = {
        "d/more": f"goes on after the {size} bytes that it reports",
        "e/less": f"ended after {size - 1} of {size} bytes",
    }
    with mounted(tmp_path / "m", files) as m:
        for path, message in messages.items():
            for options in OPTIONS:
                with pytest.raises(komparu.SourceReadError, match=message):
                    komparu.compare(m / path, tmp_path / path, **options)
                with pytest.raises(komparu.SourceReadError, match=message):
                    komparu.compare_many([m / path, tmp_path / path], **options)
                directory, name = path.split("/")
                result = komparu.compare_dir(m / directory, tmp_path / directory, **options)
                assert result.messages == {name: f"{m / path}: {message}"}


@needs_fuse
def test_a_name_that_is_listed_twice_is_one_entry(tmp_path: Path) -> None:
    twice = {"content": "1", "twice": True}
    # The directories are listed twice, too.
    files: dict[str, dict[str, Any]] = {
        **{f"/l/d/{n}": twice for n in range(50)},
        **{f"/r/d/{n}": twice for n in range(50)},
        "/l/d/differs": twice,
        "/r/d/differs": {"content": "2", "twice": True},
        "/l/only": twice,
        "/e/x": {"content": "1"},
    }
    listed = "a name is listed twice"
    with mounted(tmp_path / "m", files) as m:
        assert sorted(os.listdir(m / "l")) == ["d", "d", "only", "only"], listed
        expected = DirResult(
            equal=False, diff={"d/differs": DiffReason.CONTENT_MISMATCH}, only_left={"only"}
        )
        assert komparu.compare_dir(m / "l", m / "r") == expected
        plant(tmp_path / "copy", {"d": {str(n): b"1" for n in range(50)} | {"differs": b"2"}})
        assert komparu.compare_dir(m / "l", tmp_path / "copy") == expected
        paths = [str(m / "l"), str(tmp_path / "copy")]
        command = [sys.executable, "-m", "komparu", "-v", *paths]
        lines = subprocess.run(command, capture_output=True, check=False, text=True).stdout
        assert len(lines.splitlines()) == len(set(lines.splitlines())) == 52


SYSFS = Path("/sys/devices/system/cpu/online")
needs_sysfs = pytest.mark.skipif(not SYSFS.exists(), reason="needs sysfs")


@needs_sysfs
def test_a_file_whose_size_is_made_up_is_read_to_its_end(tmp_path: Path) -> None:
    content = SYSFS.read_bytes()
    assert len(content) != SYSFS.stat().st_size
    for name, other, equal in [
        ("copy", content, True),
        ("longer", content + b"x", False),
        ("shorter", content[:-1], False),
        ("padded", content.ljust(SYSFS.stat().st_size, b"\0"), False),
    ]:
        path = tmp_path / name
        path.write_bytes(other)
        for options in OPTIONS:
            assert komparu.compare(SYSFS, path, **options) is equal
            assert komparu.compare(path, SYSFS, **options) is equal
            assert komparu.compare_all([SYSFS, path], **options) is equal
            assert komparu.compare_many([path, SYSFS], **options).all_equal is equal
            a = tmp_path / "a"
            if not a.exists():
                plant(a, {"x": Link(SYSFS)})
            b = plant(tmp_path / f"b{len(list(tmp_path.iterdir()))}", {"x": other})
            assert komparu.compare_dir(a, b, **options).equal is equal


@needs_sysfs
def test_an_empty_file_whose_size_is_made_up_is_empty(tmp_path: Path) -> None:
    empty = Path("/sys/devices/system/cpu/uevent")
    assert empty.stat().st_size > 0
    assert empty.read_bytes() == b""
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "full").write_bytes(bytes(empty.stat().st_size))
    plant(tmp_path / "a", {"x": Link(empty), "y": Link(empty), "z": Link(empty)})
    plant(
        tmp_path / "b", {"x": b"", "y": b"y", "z": Link("/sys/devices/system/clocksource/uevent")}
    )
    for options in OPTIONS:
        assert komparu.compare(empty, tmp_path / "empty", **options)
        assert not komparu.compare(tmp_path / "full", empty, **options)
        assert komparu.compare_many([empty, tmp_path / "empty", "/dev/null"], **options)
        result = komparu.compare_dir(tmp_path / "a", tmp_path / "b", **options)
        assert (set(result.diff), result.errors) == ({"y"}, set())


@needs_sysfs
def test_an_archive_whose_size_is_made_up_is_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(komparu.ArchiveError) as caught:
        komparu.compare_archive(SYSFS, tmp_path / "empty")
    # It is what it is: no archive. That it would end too early is not said.
    assert "ended after" not in str(caught.value)


@needs_fuse
@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EAGAIN])
def test_a_file_that_cannot_be_read_is_tried_again(tmp_path: Path, number: int) -> None:
    def files(*directories: str) -> dict[str, dict[str, Any]]:
        failing = {"content": "x" * 5000, "failures": [number, number]}
        return {f"/{directory}/a": dict(failing) for directory in directories}

    good = tmp_path / "good"
    good.mkdir()
    (good / "a").write_text("x" * 5000)
    again: dict[str, Any] = {"retries": 2, "retry_delay": 1e-9, "max_workers": 1}
    with mounted(tmp_path / "m", files("1", "2", "3", "4", "5", "6")) as m:
        with pytest.raises(komparu.SourceReadError) as caught:
            komparu.compare(m / "1" / "a", good / "a")
        assert caught.value.errno == number
        assert komparu.compare(m / "2" / "a", good / "a", **again)
        assert komparu.compare_dir(m / "3", good, **again).equal
        assert komparu.compare_all([good / "a", m / "4" / "a"], **again)
        assert komparu.compare_many([good / "a", m / "5" / "a"], **again).all_equal
        assert komparu.first_difference(m / "6" / "a", good / "a", **again) is None
