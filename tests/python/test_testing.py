"""`assert_same` passes for what is the same, and else says in a few lines what is not."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import komparu
from children import outcome
from komparu import _explained
from komparu.testing import assert_same
from trees import Entry, Fifo, Link, pair, plant
from unprivileged import open_to_all

if TYPE_CHECKING:
    from typing import Any

    from conftest import Write


def text_of(actual: object, expected: object, **options: object) -> str:
    """The text of the failure, which there must be."""
    with pytest.raises(AssertionError) as failure:
        assert_same(actual, expected, **options)  # type: ignore[arg-type]
    return str(failure.value)


def test_the_same_passes(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    a, b = pair
    assert_same(a, b)
    assert_same(str(a), os.fsencode(b))
    assert_same(komparu.Source(str(a)), b.as_uri())
    plant(tmp_path / "left", {"d": {"f": b"1"}})
    plant(tmp_path / "right", {"d": {"f": b"1"}, "g.pyc": b""})
    assert_same(tmp_path / "left", tmp_path / "right", ignore=["*.pyc"])
    assert_same((tmp_path / "left").as_uri(), tmp_path / "right", ignore=["*.pyc"])


def test_a_line_of_text_is_shown_from_both_sides(write: Write) -> None:
    a = write("a", "one\nprice: 10 é\nend\n".encode())
    b = write("b", "one\nprice: 10 è\nend\n".encode())
    assert text_of(a, b) == (
        "actual and expected are not the same\n"
        "  offset 15, line 2\n"
        "  actual    'price: 10 é\\n'\n"
        "  expected  'price: 10 è\\n'"
    )


def test_bytes_are_shown_where_either_side_is_no_text(write: Write) -> None:
    a, b = write("a", bytes(range(48, 148))), write("b", bytes(range(48, 98)) + b"\0")
    assert text_of(a, b) == (
        "actual and expected are not the same\n"
        "  offset 50, line 1, 100 bytes in actual, 51 bytes in expected\n"
        "  actual    52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f 60 61"
        " >62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 71"
        "  b'RSTUVWXYZ[\\\\]^_`abcdefghijklmnopq'\n"
        "  expected  52 53 54 55 56 57 58 59 5a 5b 5c 5d 5e 5f 60 61"
        " >00  b'RSTUVWXYZ[\\\\]^_`a\\x00'"
    )


@pytest.mark.parametrize(
    ("actual", "expected", "shown"),
    [
        (b"", b"q", ["'' (ends here)", "'q'"]),
        (b"abc", b"abc\n", ["'abc' (ends here)", r"'abc\n'"]),
        (b"abc\n", b"abc\nd", ["'' (ends here)", "'d'"]),
        (b"a\r\nb", b"a\nb", [r"'a\r\n'", r"'a\n'"]),
        (b"a\\n", b"a\\t", [r"'a\\n'", r"'a\\t'"]),
        (b"\0", b"", [r">00  b'\x00'", "(ends here)  b''"]),
        ("\u202etxt".encode(), b"txt", [r">e2 80 ae 74 78 74", ">74 78 74"]),
        ("é".encode(), "è".encode(), ["'é'", "'è'"]),
        ("é".encode(), "é".encode()[:1], [">a9", "c3 (ends here)"]),
        (b"\xff", b"a", [">ff", ">61"]),
    ],
)
def test_short_contents_are_shown_exactly(
    write: Write, actual: bytes, expected: bytes, shown: list[str]
) -> None:
    lines = text_of(write("a", actual), write("b", expected)).splitlines()
    for line, side, part in zip(lines[2:], ("actual", "expected"), shown, strict=True):
        assert line.startswith(f"  {side}")
        assert part in line


def test_of_a_huge_line_the_part_around_the_place_is_shown(write: Write) -> None:
    for size in (4000, 4096, 5000, 3 << 20):
        head = "é".encode() * (size // 2)
        a, b = write("a", head + b"1" * size), write("b", head + b"2" * size)
        shown = text_of(a, b)
        assert f"offset {len(head):,}, line 1\n" in shown
        assert f"...'{'é' * 38}{'1' * 38}'..." in shown
        assert len(shown) < 400


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
    ),
    repeated=st.sampled_from([1, 1, 1, 100]),
    after=st.tuples(st.binary(max_size=50), st.binary(max_size=50)),
)
def test_any_two_contents_are_told_in_a_few_printable_lines(
    before: bytes, repeated: int, after: tuple[bytes, bytes]
) -> None:
    if after[0] == after[1]:
        return
    with tempfile.TemporaryDirectory() as home:
        a, b = Path(home, "a"), Path(home, "b")
        for path, end in zip((a, b), after, strict=True):
            path.write_bytes(before * repeated + end)
        text = text_of(a, b)
        offset = komparu.first_difference(a, b)
    assert offset is not None
    assert f"offset {offset.offset:,}, line {offset.line:,}" in text
    assert len(text) < 1200
    assert len(text.split("\n")) == 4
    assert all(letter.isprintable() or letter == "\n" for letter in text)


def test_a_tree_names_paths_and_what_is_wrong_with_each(tmp_path: Path) -> None:
    left, right = pair(
        tmp_path,
        {"a": b"1\n", "b": b"", "c": {"d": b""}, "only": b"", "same": b"", "link": Link("x")},
        {"a": b"2\n", "b": b"1", "c": b"", "same": b"", "z": b"", "link": Link("y")},
    )
    assert text_of(left, right) == (
        "actual and expected are not the same: 4 different, 2 only in actual, 1 only in expected\n"
        "  a: content mismatch\n"
        "    offset 0, line 1\n"
        "    actual    '1\\n'\n"
        "    expected  '2\\n'\n"
        "  b: size mismatch\n"
        "    offset 0, line 1, 0 bytes in actual, 1 byte in expected\n"
        "    actual    '' (ends here)\n"
        "    expected  '1'\n"
        "  c: type mismatch\n"
        "  c/d: only in actual\n"
        "  link: content mismatch\n"
        "  only: only in actual\n"
        "  z: only in expected"
    )


def test_names_are_escaped_and_long_ones_cut(tmp_path: Path) -> None:
    names = ["\x1b[31m", "a\nb", "\udcff", "\u202eexe", "x" * 255, "http:"]
    left, right = pair(tmp_path, dict.fromkeys(names, b"1"), dict.fromkeys(names, b"2"))
    text = text_of(left, right)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    for shown in (r"\x1b[31m:", r"a\nb:", r"\udcff:", r"\u202eexe:", f"{'x' * 100}...{'x' * 100}:"):
        assert f"\n  {shown} content mismatch\n" in text
    assert text.count("offset 0, line 1") == len(names)


def test_a_hundred_thousand_differences_are_told_in_twenty_paths() -> None:
    paths = [f"{number:06}" for number in range(100_000)]
    result = komparu.DirResult(
        equal=False,
        diff=dict.fromkeys(paths, komparu.DiffReason.CONTENT_MISMATCH),
        only_left={f"l{path}" for path in paths},
        only_right={f"r{path}" for path in paths},
    )
    begun = time.process_time()
    lines = _explained.tree_text(result, None, ("a", "b"), {}).splitlines()
    assert time.process_time() - begun < 10
    assert (
        lines[0]
        == "a and b are not the same: 100,000 different, 100,000 only in a, 100,000 only in b"
    )
    assert lines[1:21] == [f"  {path}: content mismatch" for path in paths[:20]]
    assert lines[21:] == ["  and 299,980 more"]


def test_only_the_first_files_are_read_again(tmp_path: Path) -> None:
    names = [f"{number:02}" for number in range(30)]
    left, right = pair(tmp_path, dict.fromkeys(names, b"1"), dict.fromkeys(names, b"2"))
    text = text_of(left, right)
    assert text.count("offset 0") == 20
    assert text.endswith("\n  and 10 more")


_AS_ORDINARY_USER = """
from komparu.testing import assert_same
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    assert_same(*sys.argv[1:])
except AssertionError as failure:
    print(failure)
"""


def test_what_could_not_be_compared_fails_and_says_so() -> None:
    with open_to_all() as home:
        left, right = pair(home, {"a": b"1", "b": b"1"}, {"a": b"1", "b": b"1"})
        for root in (left, right):
            root.chmod(0o755)
        (left / "a").chmod(0)
        status, output, errors = outcome(_AS_ORDINARY_USER, left, right)
    assert (status, errors) == (0, "")
    assert output == (
        "actual and expected are not known to be the same (UNVERIFIED): 1 not comparable\n"
        f"  a: {left / 'a'}: Permission denied\n"
    )


def test_archives_are_compared_where_that_is_said(tmp_path: Path) -> None:
    for name, content in [("a.zip", "1"), ("b.zip", "2")]:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(zipfile.ZipInfo("same", (2000, 1, 1, 0, 0, 0)), "")
            archive.writestr(zipfile.ZipInfo("entry", (2000, 1, 1, 0, 0, 0)), content)
    a, b = tmp_path / "a.zip", tmp_path / "b.zip"
    assert text_of(a, b, archive=True) == (
        "actual and expected are not the same: 1 different\n  entry: content mismatch\n"
        "    offset 0, line 1\n    actual    '1'\n    expected  '2'"
    )
    assert "offset" in text_of(a, b)
    assert_same(a, a, archive=True, hash_compare=True)


def test_any_trees_are_compared_and_their_places_shown(tmp_path: Path) -> None:
    plant(tmp_path / "tree", {"a": b"one\ntwo\n", "b": b""})
    komparu.write_manifest(tmp_path / "tree", tmp_path / "sums")
    in_memory = {"a": komparu.Content(b"one\ntwo\n"), "b": komparu.Content(b"")}
    with zipfile.ZipFile(tmp_path / "tree.zip", "w") as archive:
        archive.writestr("a", "one\ntwo\n")
        archive.writestr("b", "")
    trees: list[Any] = [
        komparu.Directory(tmp_path / "tree"),
        komparu.Archive(tmp_path / "tree.zip"),
        in_memory,
        komparu.Manifest(tmp_path / "sums"),
    ]
    for actual in trees:
        for expected in trees:
            assert_same(actual, expected)
    other = {"a": komparu.Content(b"one\n2\n"), "c": komparu.Content(b"")}
    for tree in trees[:3]:
        assert text_of(other, tree) == (
            "actual and expected are not the same: 1 different, 1 only in actual, "
            "1 only in expected\n"
            "  a: size mismatch\n"
            "    offset 4, line 2, 6 bytes in actual, 8 bytes in expected\n"
            "    actual    ...'2\\n'\n"
            "    expected  ...'two\\n'\n"
            "  b: only in expected\n"
            "  c: only in actual"
        )
    # A manifest tells that it differs, and not where.
    assert text_of(trees[3], other).splitlines()[1:3] == [
        "  a: content mismatch",
        "  b: only in actual",
    ]


def test_paths_that_differ_come_before_those_that_one_side_lacks(tmp_path: Path) -> None:
    plant(tmp_path / "a", {f"{number:03}": b"" for number in range(30)} | {"x": b"1", "y": b"2"})
    plant(tmp_path / "b", {"x": b"2", "y": b"2"})
    lines = text_of(tmp_path / "a", tmp_path / "b").splitlines()
    assert lines[1] == "  000: only in actual"
    assert "  x: content mismatch" in lines
    assert lines[-1] == "  and 11 more"


def test_a_directory_is_not_the_same_as_a_file(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    assert text_of(tmp_path, pair[0]) == "actual is a directory, and expected is no directory"
    assert text_of(pair[0], tmp_path) == "actual is no directory, and expected is a directory"
    with pytest.raises(komparu.SourceNotFoundError):
        assert_same(tmp_path, tmp_path / "missing")
    with pytest.raises(komparu.SourceNotFoundError):
        assert_same(pair[0], tmp_path / "missing")
    with pytest.raises(TypeError, match="ignore"):
        assert_same(*pair, ignore=["a"])


def test_a_file_that_changed_since_is_shown_as_it_was_compared(write: Write) -> None:
    difference = komparu.Difference(1, 1, b"b", b"c", 2, 2)
    a, b = str(write("a", b"now")), str(write("b", b""))
    text = _explained.file_text(difference, (a, b), ("x", "y"))
    assert text.endswith("  x  ...'b'\n  y  ...'c'")


@pytest.fixture
def _updating(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if pytest had been told ``--komparu-update``."""
    monkeypatch.setitem(sys.modules, "_komparu_pytest", SimpleNamespace(updating=True))


NAMES = st.sampled_from(["a", "b", "c", "\n", "\udcff"])
LEAVES: st.SearchStrategy[Entry] = st.one_of(
    st.sampled_from([b"", b"1", b"2", b"x" * 9000]),
    st.sampled_from([b"", b"1"]),
    st.builds(Link, st.sampled_from(["a", "nowhere", "b/a", "."])),
)


def trees(inner: st.SearchStrategy[Entry]) -> st.SearchStrategy[dict[str, Entry]]:
    return st.dictionaries(NAMES, inner, max_size=4)


TREES = trees(st.recursive(LEAVES, trees, max_leaves=6))


def listed(root: Path) -> dict[str, object]:
    """Every file and link below a directory, and what it is."""
    return {
        os.fspath(path.relative_to(root)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        for path in root.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.thread_unsafe(reason="what is updated is the process's")
@pytest.mark.usefixtures("_updating")
@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(a=TREES, b=TREES)
def test_any_directory_is_rewritten_from_any_other(
    a: dict[str, Entry], b: dict[str, Entry]
) -> None:
    with tempfile.TemporaryDirectory() as home:
        left, right = pair(Path(home), a, b)
        before = listed(left)
        assert_same(left, right, follow_symlinks=False)
        assert listed(right) == listed(left) == before
        assert sorted(os.listdir(home)) == ["a", "b"]


@pytest.mark.thread_unsafe(reason="what is updated is the process's")
@pytest.mark.usefixtures("_updating")
def test_a_file_is_rewritten_in_one_step_and_what_links_to_it_stays(tmp_path: Path) -> None:
    plant(tmp_path / "t", {"new": b"2", "old": b"1", "link": Link("old")})
    new, old, link = (tmp_path / "t" / name for name in ("new", "old", "link"))
    new.chmod(0o755)
    other_name = tmp_path / "other"
    os.link(old, other_name)
    assert_same(new, link)
    assert link.is_symlink()
    assert (old.read_bytes(), other_name.read_bytes()) == (b"2", b"1")
    assert old.stat().st_mode & 0o777 == 0o755
    inode = old.stat().st_ino
    assert_same(new, old)
    assert old.stat().st_ino == inode  # nothing to do, nothing done
    assert_same(new, tmp_path / "d" / "e" / "made")
    assert (tmp_path / "d/e/made").read_bytes() == b"2"
    assert_same(tmp_path / "t", tmp_path / "d" / "copy")
    assert listed(tmp_path / "d/copy") == listed(tmp_path / "t")


@pytest.mark.thread_unsafe(reason="what is updated is the process's")
@pytest.mark.usefixtures("_updating")
def test_what_is_ignored_is_neither_copied_nor_deleted(tmp_path: Path) -> None:
    left, right = pair(
        tmp_path,
        {"a": b"1", "x.pyc": b"new", "gone": b""},
        {"x.pyc": b"old", "d": {"y.pyc": b"", "f": b"", "e": {"f": b""}}},
    )
    assert_same(left, right, ignore=["*.pyc"])
    assert listed(right) == {"a": b"1", "gone": b"", "x.pyc": b"old", "d/y.pyc": b""}
    assert not (right / "d/e").exists()
    (left / "d").write_bytes(b"")
    with pytest.raises(komparu.ConfigError, match="is not empty"):
        assert_same(left, right, ignore=["*.pyc"])
    assert (right / "d/y.pyc").exists()


@pytest.mark.thread_unsafe(reason="what is updated is the process's")
@pytest.mark.usefixtures("_updating")
def test_nothing_behind_a_link_is_changed(tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", {"f": b"keep", "g": b"keep"})
    left, right = pair(tmp_path, {"d": {"f": b"1"}}, {"d": Link(outside), "e": Link(outside)})
    assert_same(left, right)
    assert listed(right) == {"d/f": b"1"}
    assert listed(outside) == {"f": b"keep", "g": b"keep"}
    # And a link is taken over as one.
    (left / "l").symlink_to(outside)
    assert_same(left, right)
    assert (right / "l").readlink() == outside


@pytest.mark.thread_unsafe(reason="what is updated is the process's")
@pytest.mark.usefixtures("_updating")
def test_what_cannot_be_rewritten_is_refused_and_left_as_it_is(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    a, b = pair
    b.write_bytes(b"other")
    plant(tmp_path / "d", {"f": Fifo()})
    refused = [
        ((a, b), {"archive": True}, "archive"),
        ((a, tmp_path / "d"), {}, "is a directory, and the other is none"),
        ((tmp_path / "d", b), {}, "is a directory, and the other is none"),
        ((tmp_path / "d", tmp_path), {}, "holds the other"),
        ((tmp_path / "d", tmp_path / "new"), {}, "neither a file nor a link"),
    ]
    for paths, options, message in refused:
        with pytest.raises((komparu.ConfigError, komparu.ArchiveError), match=message):
            assert_same(*paths, **options)  # type: ignore[arg-type]
    assert b.read_bytes() == b"other"
    from komparu._update import update  # noqa: PLC0415

    for one, other in [(None, str(b)), (str(a), None)]:
        with pytest.raises(komparu.ConfigError, match="only files and directories"):
            update(one, other, archive=False, options={})
