"""Names that are not text, and paths longer than the system takes in one piece."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import komparu
from children import run
from komparu import DiffReason, DirResult
from trees import pair

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = [
    os.fsdecode(b"\xff"),
    os.fsdecode(b"caf\xe9"),
    os.fsdecode(b"\xed\xa0\x80"),
    "e\u0301",
    "\u00e9",
    "line\nbreak",
    "tab\tand\x7f\x1b[31mcontrol\x01",
    "\r",
    " ",
    "-rf",
    "*",
    "...",
    "\\",
    "C:",
    "http:",
    "\U0001f600",
    "x" * 255,
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_is_paired_and_told_as_the_os_module_does(tmp_path: Path, name: str) -> None:
    a, b = pair(tmp_path, {name: {name: b"1"}}, {name: {name: b"2"}, f"{name[:250]}2": b""})
    result = komparu.compare_dir(a, b)
    assert result.diff == {f"{name}/{name}": DiffReason.CONTENT_MISMATCH}
    assert result.only_right == {f"{name[:250]}2"}
    assert (a / next(iter(result.diff))).read_bytes() == b"1"


def test_names_differ_if_their_bytes_do_but_for_normalization(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"\u00e9": b"", "a": b"", "\u00c5": b""}, {"e\u0301": b"", "A": b""})
    result = komparu.compare_dir(a, b)
    assert (result.only_left, result.only_right) == ({"a", "\u00c5"}, {"A"})


def test_the_roots_may_have_any_name(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": b"1"}, {"x": b"2"})
    for name in NAMES:
        other = a.rename(tmp_path / f"{name[:254]}_")
        assert komparu.compare_dir(other, b).diff == {"x": DiffReason.CONTENT_MISMATCH}
        a = other.rename(tmp_path / "a")


def test_names_survive_a_locale_that_is_not_theirs(tmp_path: Path) -> None:
    a, b = pair(tmp_path, dict.fromkeys(NAMES, b""), {})
    code = """
names = {os.fsencode(path) for path in komparu.compare_dir(*sys.argv[1:]).only_left}
print(names == set(os.listdir(os.fsencode(sys.argv[1]))))
"""
    for environment in [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {}]:
        assert run(code, a, b, environment=environment) == "True\n"


@contextmanager
def inside(root: Path, names: list[str]) -> Iterator[int]:
    """Make directories within directories, and open the innermost."""
    root.mkdir()
    descriptor = os.open(root, os.O_RDONLY)
    for name in names:
        os.mkdir(name, dir_fd=descriptor)
        inner = os.open(name, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def flatten(root: Path) -> None:
    """Remove directories that lie deeper than Python's own ways of removing them can go."""
    fresh = map(str, itertools.count())
    while directories := [
        path for path in root.iterdir() if path.is_dir() and not path.is_symlink()
    ]:
        for directory in directories:
            for inner in directory.iterdir():
                inner.rename(root / f"{next(fresh)}.moved")
            directory.rmdir()


def write(directory: int, name: str, content: bytes) -> None:
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, dir_fd=directory)
    os.write(file, content)
    os.close(file)


DEEP = {
    "2100 levels": ["d"] * 2100,
    "names of 255 bytes": ["x" * 255] * 60,
    "just the longest path": ["y" * 49] * 80,
}


@pytest.fixture
def roots(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    yield tmp_path / "a", tmp_path / "b"
    for side in tmp_path.iterdir():
        flatten(side)


@pytest.mark.parametrize("names", DEEP.values(), ids=DEEP.keys())
def test_files_are_listed_and_compared_however_deep_they_lie(
    roots: tuple[Path, Path], names: list[str]
) -> None:
    path = "/".join(names)
    with inside(roots[0], names) as a:
        write(a, "same", b"1")
        write(a, "differs", b"1")
        roots[1].mkdir()
        result = komparu.compare_dir(*roots)
        assert result == DirResult(equal=False, only_left={f"{path}/same", f"{path}/differs"})
        mirrored = komparu.compare_dir(*reversed(roots), ignore=["same"])
        assert mirrored == DirResult(equal=False, only_right={f"{path}/differs"})
        roots[1].rmdir()
        with inside(roots[1], names) as b:
            write(b, "same", b"1")
            write(b, "differs", b"1")
            assert komparu.compare_dir(*roots) == DirResult(equal=True)
            write(b, "differs", b"2")
            write(a, "left", b"")
            os.symlink("nowhere", "broken", dir_fd=b)
            results = [komparu.compare_dir(*roots, max_workers=workers) for workers in (1, 3)]
    assert results[0] == results[1]
    assert results[0].only_left == {f"{path}/left"}
    assert results[0].only_right == {f"{path}/broken"}
    assert results[0].errors == set()
    assert results[0].diff == {f"{path}/differs": DiffReason.CONTENT_MISMATCH}


@pytest.mark.parametrize("names", DEEP.values(), ids=DEEP.keys())
def test_a_file_is_found_by_a_path_of_any_length(
    roots: tuple[Path, Path], names: list[str]
) -> None:
    def path(root: Path, name: str) -> str:
        return "/".join([str(root), *names, name])

    with inside(roots[0], names) as a, inside(roots[1], names) as b:
        write(a, "x", b"1" * 300_000)
        write(a, "y", b"2" * 300_000)
        write(b, "x", b"1" * 300_000)
        os.symlink("x", "link", dir_fd=a)
        x, y, other = path(roots[0], "x"), path(roots[0], "y"), path(roots[1], "x")
        link, missing = path(roots[0], "link"), path(roots[0], "missing")
        assert komparu.compare(x, other)
        assert not komparu.compare(x, y)
        assert komparu.compare(x, link)
        assert komparu.compare(link, other)
        assert komparu.compare_all([x, other, link])
        assert komparu.compare_many([x, y, other, link]).groups == [{x, other, link}, {y}]
        assert komparu.compare_dir(path(roots[0], "."), path(roots[0], "."))
        assert not komparu.compare_dir(path(roots[0], ""), path(roots[1], ""))
        with pytest.raises(komparu.SourceNotFoundError):
            komparu.compare(x, missing)
        with pytest.raises(komparu.SourceNotFoundError):
            komparu.compare_archive(x, missing)
        with pytest.raises(komparu.SourceReadError, match="is a directory"):
            komparu.compare(x, path(roots[0], "."))


def test_the_command_line_sees_a_directory_by_a_path_of_any_length(
    roots: tuple[Path, Path],
) -> None:
    def said(*sources: str) -> tuple[int, str]:
        command = [sys.executable, "-I", "-m", "komparu", *sources]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        return done.returncode, done.stdout

    names = ["x" * 200] * 40
    a, b = ("/".join([str(root), *names]) for root in roots)
    with inside(roots[0], names) as one, inside(roots[1], names) as other:
        write(one, "same", b"1")
        write(other, "same", b"1")
        assert said(a, b) == said(f"file://{a}", f"{b}/") == (0, "")
        write(one, "left", b"")
        assert said(a, b) == (1, "- left\n")
        os.symlink(".", "link", dir_fd=other)
        os.unlink("left", dir_fd=one)
        assert said(a, f"{b}/link")[0] == 1
        assert said(f"{a}/same", f"{b}/same") == (0, "")
        assert said(f"{a}/same", b)[0] == said(f"{a}/missing", b)[0] == 2


def test_a_link_up_from_the_deep_closes_its_loop(roots: tuple[Path, Path]) -> None:
    names = ["x" * 200] * 40
    with inside(roots[0], names) as a, inside(roots[1], names) as b:
        for side, root in [(a, roots[0]), (b, roots[1])]:
            os.symlink(root, "up", dir_fd=side)
        assert komparu.compare_dir(*roots) == DirResult(equal=True)
        os.unlink("up", dir_fd=b)
        os.mkdir("up", dir_fd=b)
        result = komparu.compare_dir(*roots)
    # One side goes round once more, where the other has nothing.
    assert result == DirResult(equal=False, only_left={"/".join([*names, "up", names[0]])})


@settings(deadline=None, max_examples=100)
@given(
    names=st.sets(
        st.binary(min_size=1, max_size=6)
        .map(lambda name: name.translate(None, b"\0/"))
        .filter(lambda name: name not in {b"", b".", b".."}),
        min_size=2,
        max_size=20,
    )
)
def test_no_two_names_look_the_same_in_a_result(names: set[bytes]) -> None:
    with tempfile.TemporaryDirectory() as home:
        a, b = pair(Path(home), {}, {})
        for name in names:
            Path(os.fsdecode(os.fsencode(a) + b"/" + name)).touch()
        assert {os.fsencode(path) for path in komparu.compare_dir(a, b).only_left} == names
