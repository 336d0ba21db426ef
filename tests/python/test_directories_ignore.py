"""What is left out: patterns with the meaning that they have to git."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

import komparu
from komparu import DirResult
from trees import Fifo, Link, opened, pair

if TYPE_CHECKING:
    from pathlib import Path

    from trees import Entry

TREE: dict[str, Entry] = {
    "a.pyc": b"",
    "keep.pyc": b"",
    "build": {"x": b"", "keep.pyc": b""},
    "src": {
        "build": {"x": b""},
        "a.pyc": b"",
        "__pycache__": {"b.pyc": b"", "c": b""},
        "deep": {"er": {"x.log": b"", "z": b"", "build": b""}},
        "z": b"",
    },
    "doc": {"a.html": b"", "b.txt": b"", "sub": {"c.html": b""}},
    "#hash": b"",
    "!bang": b"",
    "sp ace ": b"",
    "[x]": b"",
    "caf\u00e9": b"",
    ".hidden": {"y": b""},
}

PATTERNS = [
    ["*.pyc"],
    ["*.pyc", "!keep.pyc"],
    ["!keep.pyc", "*.pyc"],
    ["build"],
    ["build/"],
    ["/build"],
    ["/build/"],
    ["build/*", "!build/keep.pyc"],
    ["build/", "!build/keep.pyc"],
    ["src/**/z"],
    ["src/**"],
    ["**/z"],
    ["**/build/"],
    ["doc/*.html"],
    ["doc/**/*.html"],
    ["*.html", "!doc/"],
    ["/*", "!/src"],
    ["*", "!*/", "!*.log"],
    ["\\#hash", "\\!bang"],
    ["# a comment", "", "   "],
    ["sp ace\\ "],
    ["sp ace "],
    ["[[]x]"],
    ["[a-b].*"],
    ["[!a]*.pyc"],
    ["caf?"],
    ["caf\u00e9"],
    [".*"],
    ["x.log", "src/deep/"],
    ["/src/deep/er/z", "er/x.log"],
    ["*"],
    [],
]


@pytest.mark.parametrize("patterns", PATTERNS, ids=" ".join)
def test_patterns_leave_out_what_git_leaves_out(tmp_path: Path, patterns: list[str]) -> None:
    a, b = pair(tmp_path, TREE, {})
    result = komparu.compare_dir(a, b, ignore=patterns)
    (tmp_path / "excludes").write_text("\n".join(patterns))
    git = ["git", "-c", f"core.excludesFile={tmp_path / 'excludes'}", "-C", str(a)]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run([*git, "init", "-q"], check=True, env=environment)
    command = [*git, "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE).stdout
    assert result.only_left == set(os.fsdecode(listed).split("\0")) - {""}
    mirrored = komparu.compare_dir(b, a, ignore=[*patterns, "/.git"])
    assert mirrored.only_right == result.only_left


def test_the_same_patterns_hold_on_both_sides(tmp_path: Path) -> None:
    a, b = pair(tmp_path, TREE, {"a.pyc": b"1", "x": {"b.pyc": {"y": b""}}})
    result = komparu.compare_dir(a, b, ignore=["*.pyc", "/src", "/build", "/doc", "[#!sc[.]*"])
    assert result == DirResult(equal=True)


def test_an_ignored_directory_is_never_read(tmp_path: Path) -> None:
    tree: dict[str, Entry] = {"d": {"x": b""}, "e": {"x": b""}, "l": Link("d"), "x": b"1"}
    a, b = pair(tmp_path, tree, tree)
    with opened(a, a / "d", b / "d") as names:
        assert komparu.compare_dir(a, b, ignore=["d/", "l", "x"]) == DirResult(equal=True)
    assert names == {".", "e"}


def test_what_is_broken_and_ignored_is_no_error(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"x": Link("nowhere"), "y": Fifo(), "z": Link("z")}, {"y": b""})
    assert komparu.compare_dir(a, b, ignore=["x", "y", "z"]) == DirResult(equal=True)


def test_a_link_is_a_directory_to_patterns_if_it_is_followed_to_one(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"d": {"x": b""}, "l": Link("d")}, {"d": {"x": b""}})
    assert komparu.compare_dir(a, b, ignore=["l/"]) == DirResult(equal=True)
    result = komparu.compare_dir(a, b, ignore=["l/"], follow_symlinks=False)
    assert result.only_left == {"l"}


def test_a_pattern_is_matched_under_the_name_that_leads_there(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"d": {"x": b"1"}, "l": Link("d")}, {"d": {"x": b"2"}, "l": Link("d")})
    assert set(komparu.compare_dir(a, b, ignore=["/d/x"]).diff) == {"l/x"}
    assert set(komparu.compare_dir(a, b, ignore=["/l/x"]).diff) == {"d/x"}


def test_names_that_are_not_text_are_matched_as_well(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {"\udcff.tmp": b"", "\udcfe": b"", "n\nl.tmp": b""}, {})
    assert komparu.compare_dir(a, b, ignore=["*.tmp"]).only_left == {"\udcfe"}
    assert komparu.compare_dir(a, b, ignore=["?"]).only_left == {"\udcff.tmp", "n\nl.tmp"}


@pytest.mark.parametrize("make", [list, tuple, iter, dict.fromkeys, set])
def test_patterns_come_in_any_iterable(tmp_path: Path, make: type) -> None:
    a, b = pair(tmp_path, {"x.pyc": b"", "y": b""}, {})
    assert komparu.compare_dir(a, b, ignore=make(["*.pyc"])).only_left == {"y"}


def test_a_pattern_that_fits_in_countless_ways_is_tried_in_few(tmp_path: Path) -> None:
    """Were each way tried, there would be more than atoms in the world."""
    a, b = pair(tmp_path, {"a" * 250: b"1"}, {"a" * 250: b"2"})
    for pattern in ("*a" * 60 + "b", "/".join(["**"] * 60) + "/b", "[!b]*" * 60 + "b"):
        assert not komparu.compare_dir(a, b, ignore=[pattern])


@pytest.mark.parametrize("pattern", ["[z-a]", "x[b-a]y"])
def test_a_broken_pattern_is_refused_by_its_index(tmp_path: Path, pattern: str) -> None:
    with opened(tmp_path) as names, pytest.raises(ValueError, match=r"^ignore\[1\] is not a pat"):
        komparu.compare_dir(tmp_path, tmp_path, ignore=["x", pattern])
    assert names == set()
