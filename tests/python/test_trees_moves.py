"""Files that moved: `moves=True`, for every pair of kinds, against a naive search."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import tarfile
import zipfile
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import DiffReason, Proof, Verdict, aio
from komparu.__main__ import main
from komparu.testing import assert_same
from packing import chance, grow, link, member, symlink, tar
from trees import opened
from unprivileged import compare_dir as compare_unprivileged
from unprivileged import open_to_all

if TYPE_CHECKING:
    from pathlib import Path

    from komparu import DirResult
    from servers import Nginx

KINDS = ["directory", "tar", "zip", "map", "manifest"]
PAIRS = list(product(KINDS, KINDS))


def manifest(place: Path, files: dict[str, bytes], algorithm: str = "sha256") -> komparu.Manifest:
    """List files and their digests as `sha256sum` does."""
    digests = {name: hashlib.new(algorithm, content) for name, content in files.items()}
    lines = [f"{digest.hexdigest()}  {name}\n" for name, digest in digests.items()]
    sums = place / f"{algorithm.upper()}SUMS"
    sums.write_text("".join(lines))
    return komparu.Manifest(sums)


def form(kind: str, place: Path, files: dict[str, bytes]) -> Any:  # noqa: ANN401
    """Make a tree of this kind."""
    place.mkdir(exist_ok=True)
    if kind == "manifest":
        return manifest(place, files)
    if kind == "tar":
        return tar(place / "tree.tar", [member(*it) for it in files.items()])
    if kind == "zip":
        with zipfile.ZipFile(place / "tree.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return place / "tree.zip"
    directory = place / "directory"
    directory.mkdir(exist_ok=True)
    grow(directory, files)
    return directory if kind == "directory" else {name: directory / name for name in files}


def naive(left: dict[str, bytes], right: dict[str, bytes]) -> dict[str, str]:
    """Find what moved as one would by hand: first by file name, then in order."""
    lefts = sorted(left.keys() - right.keys())
    rights = sorted(right.keys() - left.keys())
    moved: dict[str, str] = {}
    for by_name in (True, False):
        for one in lefts:
            for other in rights:
                if (
                    one not in moved
                    and other not in moved.values()
                    and left[one]
                    and left[one] == right[other]
                    and (not by_name or os.path.basename(one) == os.path.basename(other))  # noqa: PTH119
                ):
                    moved[one] = other
    return moved


def check(result: DirResult, left: dict[str, bytes], right: dict[str, bytes]) -> None:
    """Hold a result against the naive search."""
    moved = naive(left, right)
    assert result.moved == moved
    assert result.only_left == left.keys() - right.keys() - moved.keys()
    assert result.only_right == right.keys() - left.keys() - set(moved.values())
    assert result.diff.keys() == {it for it in left.keys() & right.keys() if left[it] != right[it]}
    assert not result.errors
    assert result.complete
    assert result.equal == (left == right)
    assert (result.verdict is Verdict.EQUAL) == (left == right)
    summary = result.summary
    assert summary.moved == len(moved)
    assert (summary.only_left, summary.only_right) == (
        len(result.only_left),
        len(result.only_right),
    )
    assert summary.entries == len(left.keys() | right.keys()) - len(moved)


LEFT = {
    "same": b"1",
    "differs": b"1",
    "gone": b"what only the left has",
    "old/report.txt": b"a report",
    "old/copy": b"twice",
    "other/copy": b"twice",
    "empty": b"",
    "size": b"size-1",
}
RIGHT = {
    "same": b"1",
    "differs": b"2",
    "come": b"what only the right",
    "new/2026/report.txt": b"a report",
    "a/copy": b"twice",
    "void": b"",
    "equal-size": b"size-2",
}
MOVED = {"old/report.txt": "new/2026/report.txt", "old/copy": "a/copy"}


@pytest.mark.parametrize("kinds", PAIRS, ids="-".join)
def test_a_file_that_moved_is_one_entry_with_two_paths(
    tmp_path: Path, kinds: tuple[str, str]
) -> None:
    left = form(kinds[0], tmp_path / "left", LEFT)
    right = form(kinds[1], tmp_path / "right", RIGHT)
    result = komparu.compare_trees(left, right, moves=True)
    check(result, LEFT, RIGHT)
    assert result.moved == MOVED
    assert asyncio.run(aio.compare_trees(left, right, moves=True)).moved == MOVED
    assert komparu.Comparer(moves=True).compare_trees(left, right).moved == MOVED
    with komparu.iter_trees(left, right, moves=True, equal=True) as run:
        found = {it.path: it for it in run}
        assert run.result().moved == MOVED
    assert len(found) == result.summary.entries
    for path, to in MOVED.items():
        finding = found[path]
        assert (finding.verdict, finding.reason) == (Verdict.DIFFERENT, DiffReason.MISSING)
        assert (finding.side, finding.moved_to, finding.proof) == ("left", to, Proof.DIGEST)
    plain = komparu.compare_trees(left, right)
    assert (plain.moved, plain.summary.moved) == ({}, 0)
    assert plain.only_left == result.only_left | result.moved.keys()
    one_way = komparu.compare_trees(left, right, moves=True, one_way=True)
    assert (one_way.moved, one_way.only_right) == (MOVED, set())
    assert one_way.only_left == result.only_left


@pytest.mark.parametrize("seed", range(12))
def test_moves_are_what_a_naive_search_finds(tmp_path: Path, seed: int) -> None:
    random = chance(seed)
    contents = [b"", b"a", b"b", b"ab", b"cd", b"x" * 40_000, b"y" * 40_000, b"z" * 40_001]
    names = [
        f"{place}{name}"
        for place in ("", "d/", "d/e/", "f/", "g/h/i/")
        for name in ("one", "two", "three", "four")
    ]
    trees: list[dict[str, bytes]] = []
    for _ in range(2):
        chosen = random.sample(names, random.randrange(1, len(names)))
        trees.append({name: random.choice(contents) for name in chosen})
    forms = [
        {kind: form(kind, tmp_path / str(side), files) for kind in KINDS}
        for side, files in enumerate(trees)
    ]
    for one, other in PAIRS:
        result = komparu.compare_trees(forms[0][one], forms[1][other], moves=True)
        check(result, *trees)
        back = komparu.compare_trees(forms[1][other], forms[0][one], moves=True)
        check(back, trees[1], trees[0])


def test_a_file_of_the_same_name_goes_first_and_then_the_order(tmp_path: Path) -> None:
    left = {"b/x": b"1", "b/z": b"1", "b/zz": b"1"}
    right = {"a/q": b"1", "c/z": b"1", "a/a": b"1", "d/s": b"1"}
    result = komparu.compare_trees(
        form("directory", tmp_path / "l", left), form("tar", tmp_path / "r", right), moves=True
    )
    assert result.moved == {"b/z": "c/z", "b/x": "a/a", "b/zz": "a/q"}
    assert result.only_right == {"d/s"}


def test_only_files_whose_size_both_sides_have_are_read(tmp_path: Path) -> None:
    left = grow(tmp_path / "left", {"d/one": b"1", "d/two": b"22", "d/three": b"333", "d/no": b""})
    right = grow(tmp_path / "right", {"e/two": b"22", "e/four": b"4444", "e/empty": b""})
    with opened(left / "d", right / "e") as names:
        result = komparu.compare_dir(left, right, moves=True)
    assert names - {"."} == {"two"}
    assert result.moved == {"d/two": "e/two"}
    with opened(left / "d", right / "e") as names:
        komparu.compare_dir(left, right)
    assert names - {"."} == set()
    packed = tar(tmp_path / "left.tar", [member("d/one", b"1"), member("d/two", b"22")])
    with opened(right / "e") as names:
        assert komparu.compare_trees(packed, right, moves=True).moved == {"d/two": "e/two"}
    assert names - {"."} == {"two"}


def piped(archive: Path, pipe: Path, other: Path) -> int:
    """Compare an archive that can be read only once with another one."""
    with subprocess.Popen(["sh", "-c", 'cat "$1" > "$2"', "sh", str(archive), str(pipe)]):
        return main(["--moves", "--archive", str(pipe), str(other)])


def test_an_archive_is_read_once_unless_its_names_share_contents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    single = tar(tmp_path / "single.tar", [member("a", b"22"), member("old", b"333")])
    other = tar(tmp_path / "other.tar", [member(n, c) for n, c in [("a", b"22"), ("new", b"333")]])
    assert piped(single, tmp_path / "pipe", other) == 1
    assert capsys.readouterr().out == "> old -> new\n"
    # The content of both names has been compared with that of one, and so has no digest yet.
    twice = tar(tmp_path / "twice.tar", [member("a", b"22"), link("c", "a")])
    other = tar(tmp_path / "two.tar", [member("a", b"22"), member("b", b"22")])
    directory = grow(tmp_path / "directory", {"a": b"22", "b": b"22"})
    for right in (other, directory):
        assert komparu.compare_trees(twice, right, moves=True).moved == {"c": "b"}
        assert komparu.compare_trees(right, twice, moves=True).moved == {"b": "c"}
    assert piped(twice, tmp_path / "pipe", other) == 2
    failed, *rest = capsys.readouterr().out.splitlines()
    assert (failed.startswith("+ b"), rest[0][:3], rest[1:]) == (True, "! c", ["- c"])
    assert "whether it was moved cannot be told" in rest[0]


def test_a_file_that_cannot_be_read_is_only_left_and_an_error() -> None:
    with open_to_all() as place:
        left = grow(place / "left", {"old": b"22", "secret": b"333", "long": b"4444"})
        right = grow(place / "right", {"new": b"22", "open": b"333"})
        (left / "secret").chmod(0)
        (left / "long").chmod(0)
        result = compare_unprivileged(left, right, moves=True)
        raised = compare_unprivileged(left, right, moves=True, on_error="raise")
    assert isinstance(result, komparu.DirResult)
    assert (result.only_left, result.only_right) == ({"secret", "long"}, {"open"})
    assert result.errors == {"secret"}
    assert "whether it was moved cannot be told: " in result.messages["secret"]
    assert result.verdict is Verdict.DIFFERENT
    assert isinstance(raised, list)
    assert raised[0] == "SourcePermissionError"


def test_links_and_directories_do_not_move(tmp_path: Path) -> None:
    left = grow(tmp_path / "left", {"target": b"1", "d/x": b"22"})
    right = grow(tmp_path / "right", {"target": b"1", "x/x": b"22", "x/y": b"22"})
    (left / "old").symlink_to("target")
    (right / "new").symlink_to("target")
    os.mkfifo(left / "pipe")
    os.mkfifo(right / "tube")
    packed = tar(tmp_path / "r.tar", [
        member("target", b"1"), member("x/x", b"22"), member("x/y", b"22"),
        symlink("new", "target"), member("tube", type=tarfile.FIFOTYPE),
    ])  # fmt: skip
    for other in (right, packed):
        result = komparu.compare_trees(left, other, moves=True, follow_symlinks=False)
        assert result.moved == {"d/x": "x/x"}
        assert result.only_left == {"old", "pipe"}
        assert result.only_right == {"new", "tube", "x/y"}
        # What a link leads to is a file.
        result = komparu.compare_trees(left, other, moves=True)
        assert result.moved == {"d/x": "x/x", "old": "new"}


def test_a_map_of_urls_asks_once_for_each_that_may_have_moved(nginx: Nginx, tmp_path: Path) -> None:
    names = {name: nginx.put(name, content).name for name, content in [
        ("moves-two", b"22"), ("moves-four", b"4444"), ("moves-big", b"x" * 3_000_000),
    ]}  # fmt: skip
    urls = {f"new/{name}": f"{nginx.plain}/{file}" for name, file in names.items()}
    left = grow(tmp_path / "left", {"old/two": b"22", "old/three": b"333"})
    both: list[tuple[Any, Any]] = [(left, urls), (urls, left)]
    for one, other in both:
        result = komparu.compare_trees(one, other, moves=True)
        assert result.moved == (
            {"old/two": "new/moves-two"} if one is left else {"new/moves-two": "old/two"}
        )
        assert not result.errors
    elsewhere = {f"elsewhere/{name}": url for name, url in urls.items()}
    result = komparu.compare_trees(urls, elsewhere, moves=True)
    assert result.moved == {name: f"elsewhere/{name}" for name in urls}
    broken = {"new/gone": f"{nginx.plain}/moves-no-such-file"}
    result = komparu.compare_trees(left, broken, moves=True)
    assert result.errors == {"new/gone"}
    assert result.only_right == {"new/gone"}


def test_manifests_settle_moves_where_they_have_an_algorithm_in_common(tmp_path: Path) -> None:
    left, right = {"old": b"22", "none": b"", "o": b"1"}, {"new": b"22", "nothing": b"", "n": b"2"}
    one, other = manifest(tmp_path, left), manifest(tmp_path, right, "sha512")
    result = komparu.compare_trees(one, other, moves=True)
    assert result.moved == {}
    assert result.errors == {"old", "o", "new", "n"}
    assert "the two manifests have no digest in common" in result.messages["old"]
    (tmp_path / "other").mkdir()
    result = komparu.compare_trees(one, manifest(tmp_path / "other", right), moves=True)
    check(result, left, right)
    assert result.summary.algorithms == {"sha256": 1}
    blank = tmp_path / "RECORD"
    blank.write_text("old,,2\nlong,,3\n")
    listed = komparu.Manifest(blank, format="record")
    result = komparu.compare_trees(listed, grow(tmp_path / "right", right), moves=True)
    assert result.errors == {"old"}
    assert result.only_left == {"old", "long"}


def test_what_is_ignored_is_nowhere_that_a_file_could_have_moved_to(tmp_path: Path) -> None:
    left, right = {"old.py": b"1", "a.txt": b"22"}, {"new.pyc": b"1", "b.txt": b"22"}
    forms = [
        [form(kind, tmp_path / str(side), files) for kind in KINDS]
        for side, files in enumerate((left, right))
    ]
    for one, other in product(*forms):
        result = komparu.compare_trees(one, other, moves=True, ignore=["*.pyc"])
        assert result.moved == {"a.txt": "b.txt"}
        result = komparu.compare_trees(one, other, moves=True, only=["*.py*"])
        assert result.moved == {"old.py": "new.pyc"}
        assert not result.only_left | result.only_right


def test_a_limit_of_findings_counts_a_move_as_one(tmp_path: Path) -> None:
    left = grow(tmp_path / "left", {"old": b"1", "z": b"22", "both": b"1"})
    right = grow(tmp_path / "right", {"new": b"1", "both": b"2"})
    result = komparu.compare_dir(left, right, moves=True, max_differences=2)
    assert not result.complete
    assert (set(result.diff), result.moved) == ({"both"}, {"old": "new"})
    result = komparu.compare_dir(left, right, moves=True, max_differences=1)
    assert (set(result.diff), result.moved, result.only_left) == ({"both"}, {}, set())


def test_a_result_says_in_every_form_what_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = grow(tmp_path / "left", {"a -> b\n": b"1", "d/x": b"22", "e/y": b"333", "e/z": b"4"})
    right = grow(tmp_path / "right", {"c -> d": b"1", "n/x": b"22", "n/y": b"333"})
    lines = ["> a\\x20-> b\\n -> c\\x20-> d", "> d/x -> n/x", "> e/y -> n/y"]
    assert main(["--moves", str(left), str(right)]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == [*lines[:2], "- e/ (1 file)", lines[2]]
    assert "1 only in A, 3 moved, 0 equal" in told.err
    result = komparu.compare_trees(left, right, moves=True)
    assert str(result).splitlines()[:-1] == told.out.splitlines()
    assert "moved: " in repr(result)
    assert result.to_dict()["moved"] == result.moved
    assert "<td>e/y</td><td>moved</td><td>to n/y</td>" in result.to_html()
    assert result.directories == {"e"}
    merged = komparu.DirResult.merge([result, komparu.compare_trees(right, right)])
    assert merged.moved == result.moved
    assert merged.verdict is Verdict.DIFFERENT
    assert main(["--moves", "--json-lines", str(left), str(right)]) == 1
    assert '"moved_to": "n/x"' in capsys.readouterr().out
    with pytest.raises(AssertionError, match="d/x: moved to n/x"):
        assert_same(left, right, moves=True)
    only_moves = komparu.compare_dir(left / "e", right / "n", only=["y", "x"], moves=True)
    assert only_moves.verdict is Verdict.DIFFERENT


def test_what_moved_alone_is_a_difference(tmp_path: Path) -> None:
    left = grow(tmp_path / "left", {"old/a": b"1"})
    right = grow(tmp_path / "right", {"new/a": b"1"})
    result = komparu.compare_dir(left, right, moves=True)
    assert (result.equal, result.verdict) == (False, Verdict.DIFFERENT)
    assert not result
    assert result.directories == set()
    assert main(["-q", "--moves", str(left), str(right)]) == 1


def test_what_a_run_has_found_is_never_called_moved_in_advance(tmp_path: Path) -> None:
    # More than a run finds before its consumer takes something.
    differing = {f"d/{i}": b"1" for i in range(2500)}
    left = grow(tmp_path / "left", {"old": b"1", **differing})
    right = grow(tmp_path / "right", {"new": b"1", **dict.fromkeys(differing, b"2")})
    with komparu.iter_trees(left, right, moves=True) as run:
        assert next(iter(run)).reason is DiffReason.CONTENT_MISMATCH
    result = run.result()
    assert not result.complete
    assert result.moved == {}
    assert result.only_left <= {"old"}
    assert result.only_right <= {"new"}
