"""What of two trees is compared: `ignore`, `only` and `one_way`, for every pair of kinds."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import komparu
from komparu import DiffReason, aio
from komparu.__main__ import main
from packing import grow, member, tar

LEFT = {
    "a.py": b"1",
    "a.txt": b"1",
    "src/b.py": b"1",
    "src/deep/c.txt": b"1",
    "docs/d.txt": b"1",
    "docs/e.py": b"1",
    "only-left.py": b"1",
}
RIGHT = {
    **{name: b"2" for name in LEFT if name != "only-left.py"},
    "only-right.py": b"1",
    "more/x.py": b"1",
}
KINDS = ["directory", "tar", "zip", "map", "manifest"]


def forms(place: Path, files: dict[str, bytes]) -> dict[str, Any]:
    """Make a tree in every form."""
    directory = grow(place / "directory", files)
    with zipfile.ZipFile(place / "tree.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    (place / "SHA256SUMS").write_text("".join(lines))
    return {
        "manifest": komparu.Manifest(place / "SHA256SUMS"),
        "directory": directory,
        "tar": tar(place / "tree.tar", [member(*it) for it in files.items()]),
        "zip": place / "tree.zip",
        "map": {name: directory / name for name in files},
    }


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two trees, each in every form."""
    return (
        forms(tmp_path_factory.mktemp("left"), LEFT),
        forms(tmp_path_factory.mktemp("right"), RIGHT),
    )


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({"only": ["*.py"]}, {"a.py", "src/b.py", "docs/e.py", "only-left.py", "only-right.py"}),
    ({"only": ["/src/"]}, {"src/b.py", "src/deep/c.txt"}),
    ({"only": ["deep"]}, {"src/deep/c.txt"}),
    ({"only": ["src/", "!*.py"]}, {"src/deep/c.txt"}),
    (
        {"only": ["*.py"], "ignore": ["src", "docs/", "more"]},
        {"a.py", "only-left.py", "only-right.py"},
    ),
    ({"only": []}, set()),
    ({"only": ["nothing"]}, set()),
    ({"ignore": ["*.py"]}, {"a.txt", "src/deep/c.txt", "docs/d.txt"}),
    ({"ignore": ["*", "!a.txt"]}, {"a.txt"}),
    ({"one_way": True}, set(LEFT)),
    ({"one_way": True, "only": ["only-*"]}, {"only-left.py"}),
]


@pytest.mark.parametrize("kinds", list(product(KINDS, KINDS)), ids="-".join)
def test_what_counts_is_the_same_for_every_pair(
    trees: tuple[dict[str, Any], dict[str, Any]], kinds: tuple[str, str]
) -> None:
    left, right = trees[0][kinds[0]], trees[1][kinds[1]]
    for options, expected in CASES:
        counts = expected | ({"more/x.py"} if options == {"only": ["*.py"]} else set())
        result = komparu.compare_trees(left, right, **options)
        found = set(result.diff) | result.only_left | result.only_right
        assert (found, result.errors) == (counts, set()), options
        assert result.equal == (not counts)
        assert result.summary.entries == len(counts)
        assert not options.get("one_way") or not result.only_right
        assert asyncio.run(aio.compare_trees(left, right, **options)) == result
        assert komparu.Comparer(**options).compare_trees(left, right) == result
        with komparu.iter_trees(left, right, **options) as run:
            assert {it.path for it in run} == counts
            progress = run.progress
        assert progress.entries_total in (None, progress.entries)
        with komparu.iter_trees(left, left, equal=True, **options) as run:
            # The path of both, if they are one directory, is empty.
            assert {it.path for it in run} <= {*LEFT, ""}
            assert run.result().equal


def test_the_functions_of_one_kind_take_them_too(
    trees: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    options: dict[str, Any] = {"only": ["*.py"], "ignore": ["more"], "one_way": True}
    expected = dict.fromkeys(["a.py", "src/b.py", "docs/e.py"], DiffReason.CONTENT_MISMATCH)
    results = [
        komparu.compare_dir(trees[0]["directory"], trees[1]["directory"], **options),
        komparu.compare_archive(trees[0]["tar"], trees[1]["zip"], **options),
        komparu.compare_dir_urls(trees[0]["directory"], trees[1]["map"], **options),
    ]
    for result in results:
        assert (result.diff, result.only_left) == (expected, {"only-left.py"})
        assert not result.only_right | result.errors


def test_one_way_does_not_hide_what_both_have_and_differs_in_kind(tmp_path: Path) -> None:
    left = grow(tmp_path / "left", {"x": b"1", "y/z": b"1"})
    right = grow(tmp_path / "right", {"x/below": b"1", "y": b"1"})
    archives = [
        tar(tmp_path / f"{side}.tar", [member(*it) for it in files.items()])
        for side, files in (
            ("left", {"x": b"1", "y/z": b"1"}),
            ("right", {"x/below": b"1", "y": b"1"}),
        )
    ]
    for pair in [(left, right), (archives[0], right), (left, archives[1])]:
        result = komparu.compare_trees(*pair, one_way=True)
        assert result.diff == dict.fromkeys("xy", DiffReason.TYPE_MISMATCH)
        assert (result.only_left, result.only_right) == ({"y/z"}, set())


def test_one_way_says_what_may_be_missing_on_the_left(tmp_path: Path) -> None:
    right = grow(tmp_path / "right", {"x": b"1", "y": b"1"})
    left = tar(tmp_path / "a.tar", [member("x", b"1")])
    left.write_bytes(left.read_bytes()[:1024])
    result = komparu.compare_trees(left, right, one_way=True)
    assert not result.equal
    assert "y" in result.errors


def test_one_way_lists_no_directory_that_only_the_right_has(tmp_path: Path) -> None:
    left = grow(tmp_path / "left", {"x": b"1"})
    right = grow(tmp_path / "right", {"x": b"1", "d/y": b"1"})
    deep = right / "d"
    for _ in range(50):
        deep /= "deeper"
    deep.mkdir(parents=True)
    with komparu.iter_trees(left, right, one_way=True) as run:
        assert list(run) == []
        assert run.result().equal
    assert not komparu.compare_trees(right, left, one_way=True)


@pytest.mark.parametrize("option", ["ignore", "only"])
def test_a_pattern_that_is_none_is_named(tmp_path: Path, option: str) -> None:
    broken: dict[str, Any] = {option: ["x", "[z-a]"]}
    with pytest.raises(ValueError, match=rf"{option}\[1\] is not a pattern"):
        komparu.compare_trees(tmp_path, tmp_path, **broken)
    broken[option] = "text"
    with pytest.raises(TypeError, match=option):
        komparu.compare_trees(tmp_path, tmp_path, **broken)


def test_the_command_line_reads_patterns_from_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = grow(tmp_path / "left", {"x.pyc": b"1", "y": b"1", "z ": b"1", "keep.pyc": b"1"})
    right = grow(tmp_path / "right", {"extra": b"1"})
    patterns = tmp_path / "patterns"
    patterns.write_bytes(b"\xef\xbb\xbf# what is made\r\n*.pyc\r\n\r\n!keep.pyc\r\nz\\ ")
    arguments = ["--no-progress", "--ignore-from", str(patterns), str(left), str(right)]
    assert main(["--one-way", *arguments]) == 1
    assert capsys.readouterr().out.splitlines() == ["- keep.pyc", "- y"]
    assert main(["--one-way", "--ignore=y", "--ignore=keep.pyc", *arguments]) == 1
    assert main(["--one-way", *arguments, "--ignore=y", "--ignore=keep.pyc"]) == 0
    capsys.readouterr()
    assert main(["--only=extra", str(left), str(right)]) == 1
    assert capsys.readouterr().out == "+ extra\n"
    for broken in (str(tmp_path / "nothing"), str(tmp_path), os.devnull + "\0"):
        with pytest.raises(SystemExit) as caught:
            main(["--ignore-from", broken, str(left), str(right)])
        assert caught.value.code == 2
        assert "--ignore-from" in capsys.readouterr().err


def test_an_archive_of_python_files_alone(tmp_path: Path) -> None:
    place = grow(tmp_path / "place", LEFT)
    archive = Path(shutil.make_archive(str(tmp_path / "a"), "gztar", place))
    (place / "a.txt").write_bytes(b"other")
    assert komparu.compare_trees(place, archive, only=["*.py"])
    assert not komparu.compare_trees(place, archive)
