"""Trees of any kind against trees of any other kind: what `compare_dir` says of two directories."""

from __future__ import annotations

import asyncio
import os
import shutil
import tarfile
import zipfile
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

import komparu
import packing
from komparu import DiffReason, Verdict, aio
from komparu.__main__ import main
from packing import link, member, symlink, tar

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping
    from pathlib import Path

LONG = packing.noise(300_000)
CONTENTS = [b"", b"1", b"2", b"12", b"a\nb\nc", b"a\nb\nd", LONG, LONG[:-1] + b"?", bytes(200_000)]
NAMES = ["a", "b.txt", "d/x", "d/y.pyc", "d/e/f", "g/h", "caf\u00e9", "\u65e5\u672c/x", "g h/i\nj"]

Model = dict[str, bytes | tuple[str, str]]


def model(chance: random.Random, *, links: bool) -> Model:
    """Make up a tree: contents, and links by their targets."""
    made: Model = {}
    for name in NAMES:
        if chance.random() < 0.8:
            made[name] = chance.choice(CONTENTS)
    if chance.random() < 0.3:
        # A file where the other tree may have a directory.
        made.pop("g/h", None)
        made["g"] = b"1"
    if links:
        for name, target in [
            ("to-file", "d/x"),
            ("to-dir", "d"),
            ("d/up", "../b.txt"),
            ("nowhere", "no/thing"),
            ("circle", "circle"),
            ("d/loop", "../d"),
            ("through", "to-dir/e/f"),
        ]:
            if chance.random() < 0.7:
                made[name] = ("symlink", target)
        files = [name for name, content in made.items() if isinstance(content, bytes)]
        if files and chance.random() < 0.7:
            made["hard"] = ("hard", chance.choice(files))
    return made


def changed(tree: Model, chance: random.Random) -> Model:
    """Change a tree here and there."""
    made = dict(tree)
    for name in list(made):
        fate, content = chance.random(), made[name]
        if fate < 0.1 and not any(it == ("hard", name) for it in made.values()):
            del made[name]
        elif fate < 0.3 and isinstance(content, bytes):
            made[name] = chance.choice(CONTENTS)
    return made


def as_directory(tree: Model, path: Path) -> Path:
    path.mkdir()
    for name, content in sorted(tree.items(), key=lambda it: isinstance(it[1], tuple)):
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            place.write_bytes(content)
        elif content[0] == "hard":
            place.hardlink_to(path / content[1])
        else:
            place.symlink_to(content[1])
    return path


def as_tar(tree: Model, path: Path) -> Path:
    members = []
    for name, content in sorted(tree.items(), key=lambda it: isinstance(it[1], tuple)):
        if isinstance(content, bytes):
            members.append(member(name, content))
        elif content[0] == "hard":
            members.append(link(name, content[1]))
        else:
            members.append(symlink(name, content[1]))
    return tar(path, members)


def as_zip(tree: Model, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree.items():
            if isinstance(content, bytes):
                archive.writestr(name, content)
            elif content[0] == "hard":
                target = tree[content[1]]
                assert isinstance(target, bytes)
                archive.writestr(name, target)
            else:
                info = zipfile.ZipInfo(name)
                info.create_system, info.external_attr = 3, 0o120777 << 16
                archive.writestr(info, content[1])
    return path


def as_map(tree: Model, place: Path) -> dict[str, Path]:
    return {name: place / name for name in tree}


def forms(tree: Model, place: Path, *, maps: bool) -> dict[str, Any]:
    place.mkdir()
    made: dict[str, Any] = {
        "directory": as_directory(tree, place / "directory"),
        "tar": as_tar(tree, place / "tree.tar"),
        "zip": as_zip(tree, place / "tree.zip"),
    }
    if maps:
        made["map"] = as_map(tree, made["directory"])
    return made


def are_archives(one: str, other: str) -> bool:
    return {one, other} <= {"tar", "zip"}


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("links", [False, True])
def test_every_pair_of_kinds_says_what_directories_say(
    tmp_path: Path, seed: int, links: bool
) -> None:
    chance = packing.chance(seed)
    one = model(chance, links=links)
    other = changed(one, chance) if seed % 4 else dict(one)
    left = forms(one, tmp_path / "left", maps=not links)
    right = forms(other, tmp_path / "right", maps=not links)
    options: dict[str, Any] = {"where": seed % 2 == 0}
    if seed % 3 == 0:
        options["ignore"] = ["*.pyc", "/g/"]
    if links and seed % 5 == 0:
        options["follow_symlinks"] = False
    expected = komparu.compare_dir(left["directory"], right["directory"], **options)
    assert not expected.errors
    for kinds in product(left, right):
        result = komparu.compare_trees(left[kinds[0]], right[kinds[1]], **options)
        if are_archives(*kinds):
            letter = {name: it for name, it in options.items() if name != "follow_symlinks"}
            assert result == komparu.compare_archive(left[kinds[0]], right[kinds[1]], **letter)
            continue
        if "map" in kinds:
            # The size of an empty file of a map is not known before it is read.
            assert result.diff.keys() == expected.diff.keys(), (kinds, options)
            assert (result.only_left, result.only_right) == (
                expected.only_left,
                expected.only_right,
            )
            assert (result.errors, result.equal) == (set(), expected.equal)
            continue
        assert result == expected, (kinds, options)
        if not links:
            assert result.differences == expected.differences, kinds
        back = komparu.compare_trees(right[kinds[1]], left[kinds[0]], **options)
        assert (back.only_left, back.only_right) == (result.only_right, result.only_left)
        assert (back.diff, back.equal) == (result.diff, result.equal)


def tree_of(path: Path, files: Mapping[str, bytes]) -> Path:
    path.mkdir()
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def test_same_kinds_are_compared_to_the_letter_as_their_functions_do(tmp_path: Path) -> None:
    one = tree_of(tmp_path / "one", {"x": b"1", "y": b"2"})
    two = tree_of(tmp_path / "two", {"x": b"1", "y": b"3", "z": b""})
    sources = {"x": two / "x", "y": two / "y"}
    assert komparu.compare_trees(one, two) == komparu.compare_dir(one, two)
    urls = komparu.compare_dir_urls(one, sources)
    assert komparu.compare_trees(one, sources) == urls
    assert komparu.compare_trees(sources, one).diff == urls.diff
    assert komparu.compare_trees(sources, sources).equal


def test_a_run_a_coroutine_and_a_comparer_give_the_same(tmp_path: Path) -> None:
    one = tree_of(tmp_path / "one", {"x": b"1", "y": b"2", "same": b""})
    two = tar(tmp_path / "two.tar", [member("x", b"2"), member("z", b"2"), member("same", b"")])
    expected = komparu.compare_trees(one, two)
    assert expected.diff == {"x": DiffReason.CONTENT_MISMATCH}
    assert (expected.only_left, expected.only_right) == ({"y"}, {"z"})
    assert (expected.summary.entries, expected.summary.equal) == (4, 1)
    with komparu.iter_trees(one, two, equal=True) as run:
        assert {it.path for it in run} == {"x", "y", "z", "same"}
        assert run.result() == expected
    assert asyncio.run(aio.compare_trees(one, two)) == expected
    assert komparu.Comparer(ignore=["x", "y", "z"]).compare_trees(one, two).equal
    first = komparu.compare_trees(one, two, max_differences=1)
    assert not first.complete
    assert len(first.diff) + len(first.only_left) + len(first.only_right) == 1


def test_a_name_counts_by_its_last_entry(tmp_path: Path) -> None:
    place = tree_of(tmp_path / "place", {"x": b"2", "y": b"1"})
    archive = tar(tmp_path / "a.tar", [member("x", b"1"), member("y", b"1"), member("x", b"2")])
    assert komparu.compare_trees(place, archive).equal
    (place / "x").write_bytes(b"1")
    assert komparu.compare_trees(archive, place).diff == {"x": DiffReason.CONTENT_MISMATCH}


def test_a_hard_link_is_the_content_that_it_names_even_where_that_differs(tmp_path: Path) -> None:
    place = tree_of(tmp_path / "place", {"x": b"2", "y": b"1", "z": b"12"})
    archive = tar(tmp_path / "a.tar", [member("x", b"1"), link("y", "x"), link("z", "x")])
    result = komparu.compare_trees(archive, place)
    assert result.diff == {"x": DiffReason.CONTENT_MISMATCH, "z": DiffReason.SIZE_MISMATCH}
    dangling = tar(tmp_path / "b.tar", [member("x", b"2"), link("y", "no"), member("z", b"12")])
    result = komparu.compare_trees(dangling, place)
    assert result.errors == {"y"}
    assert "not in the archive" in result.messages["y"]


def test_a_link_that_leads_out_of_an_archive_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"1")
    place = tree_of(tmp_path / "place", {"x": b"1"})
    (place / "l").symlink_to("../outside")
    archive = tar(tmp_path / "a.tar", [member("x", b"1"), symlink("l", "../outside")])
    result = komparu.compare_trees(place, archive)
    assert (result.verdict, result.errors) == (Verdict.UNVERIFIED, {"l"})
    assert "leads out of the archive" in result.messages["l"]
    assert komparu.compare_trees(place, archive, follow_symlinks=False).equal
    (tmp_path / "outside").unlink()
    assert komparu.compare_trees(place, archive).equal


def test_names_that_are_not_matched_are_errors(tmp_path: Path) -> None:
    place = tree_of(tmp_path / "place", {"x": b"1"})
    archive = tar(tmp_path / "a.tar", [member("x", b"1"), member("/etc/y", b"1")])
    result = komparu.compare_trees(place, archive)
    assert (result.errors, result.equal) == ({"/etc/y"}, False)


def test_what_lies_behind_an_archive_is_reported_under_the_archive(tmp_path: Path) -> None:
    place = tree_of(tmp_path / "place", {"x": b"1"})
    archive = tar(tmp_path / "a.tar", [member("x", b"1")])
    with archive.open("ab") as file:
        file.write(b"more")
    result = komparu.compare_trees(archive, place)
    assert (result.errors, result.verdict) == ({""}, Verdict.UNVERIFIED)
    assert "behind its end" in result.messages[""]


def test_a_tar_without_an_end_may_have_more(tmp_path: Path) -> None:
    place = tree_of(tmp_path / "place", {"x": b"1", "y": b"1"})
    archive = tar(tmp_path / "a.tar", [member("x", b"1")])
    archive.write_bytes(archive.read_bytes()[:1024])
    result = komparu.compare_trees(place, archive)
    assert result.errors >= {"y"}
    assert not result.only_left


@pytest.mark.parametrize("decomposed", ["directory", "tar", "both"])
def test_names_that_unicode_spells_differently_are_one(tmp_path: Path, decomposed: str) -> None:
    composed, spelled = "caf\u00e9/\u00e9", "cafe\u0301/e\u0301"
    in_directory = composed if decomposed == "tar" else spelled
    in_archive = composed if decomposed == "directory" else spelled
    place = tree_of(tmp_path / "place", {in_directory: b"1"})
    archive = tar(tmp_path / "a.tar", [member(in_archive, b"1")])
    assert komparu.compare_trees(place, archive).equal
    assert komparu.compare_trees(archive, place).equal
    (place / in_directory).write_bytes(b"2")
    result = komparu.compare_trees(archive, place)
    assert result.diff == {in_directory: DiffReason.CONTENT_MISMATCH}


def test_two_spellings_of_one_name_are_not_told_apart(tmp_path: Path) -> None:
    place = tree_of(tmp_path / "place", {"\u00e9": b"1", "e\u0301": b"1"})
    archive = tar(tmp_path / "a.tar", [member("\u00e9", b"1"), member("e\u0301", b"1")])
    result = komparu.compare_trees(place, archive)
    assert result.verdict is Verdict.UNVERIFIED
    assert result.only_left == result.only_right == set()


def test_names_that_are_no_text_are_matched_by_their_bytes(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe")
    place = tree_of(tmp_path / "place", {name: b"1"})
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(place / name, name)
    assert komparu.compare_trees(place, tmp_path / "a.tar").equal


def test_a_path_that_is_a_file_and_a_directory_in_the_archive_is_an_error(tmp_path: Path) -> None:
    place = tree_of(tmp_path / "place", {"x/y": b"1"})
    archive = tar(tmp_path / "a.tar", [member("x", b"1"), member("x/y", b"1")])
    result = komparu.compare_trees(place, archive)
    assert (result.errors, result.equal) == ({"x"}, False)


def test_what_cannot_be_read_is_an_error_and_never_equal(tmp_path: Path) -> None:
    (tmp_path / "map").mkdir()
    (tmp_path / "x").write_bytes(b"1")
    archive = tar(tmp_path / "a.tar", [member("x", b"1"), member("y", b"1")])
    sources = {"x": tmp_path / "x", "y": tmp_path / "nothing"}
    for where in (False, True):
        result = komparu.compare_trees(archive, sources, where=where)
        assert (result.errors, result.verdict) == ({"y"}, Verdict.UNVERIFIED)
        with pytest.raises(komparu.SourceNotFoundError):
            komparu.compare_trees(sources, archive, where=where, on_error="raise")


def test_a_damaged_archive_and_a_bomb_end_the_call(tmp_path: Path) -> None:
    place = tree_of(tmp_path / "place", {"x": LONG, "y": bytes(1 << 20)})
    archive = as_tar({"x": LONG, "y": bytes(1 << 20)}, tmp_path / "a.tar")
    cut = tmp_path / "cut.tar"
    cut.write_bytes(archive.read_bytes()[:100_000])
    for pair in ((place, cut), (cut, place), ({"x": place / "x"}, cut)):
        with pytest.raises(komparu.ArchiveError):
            komparu.compare_trees(*pair)
    with pytest.raises(komparu.ArchiveBombError, match="archive bomb:"):
        komparu.compare_trees(place, archive, max_archive_entries=1)
    with pytest.raises(komparu.SourceNotFoundError):
        komparu.compare_trees(place, tmp_path / "nothing")


def test_one_thread_compares_as_several_do(tmp_path: Path) -> None:
    place = tree_of(tmp_path / "place", {"x": LONG, "y": b"1"})
    archive = as_tar({"x": LONG, "y": b"2"}, tmp_path / "a.tar")
    for workers in (1, 2, 8):
        result = komparu.compare_trees(place, archive, max_workers=workers)
        assert result.diff == {"y": DiffReason.CONTENT_MISMATCH}


def test_a_tree_that_python_packed_is_what_it_was(tmp_path: Path) -> None:
    place = tree_of(
        tmp_path / "place", {f"d{i % 7}/f{i}": packing.noise(i * 97) for i in range(90)}
    )
    for kind in ("gztar", "zip", "xztar"):
        archive = shutil.make_archive(str(tmp_path / kind), kind, place)
        assert komparu.compare_trees(place, archive).equal
        assert komparu.compare_trees(archive, place).equal
    (place / "d3/f3").write_bytes(b"?")
    assert set(komparu.compare_trees(archive, place).diff) == {"d3/f3"}


def test_the_command_line_compares_a_directory_with_an_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tree_of(tmp_path / "place", {"d/x": b"1", "d/y": b"1", "e/z": b"1", "e/w": b"1"})
    archive = tar(tmp_path / "a.tar", [member("d/x", b"2"), member("f", b"")])
    assert main(["--no-progress", str(place), str(archive)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "* d/x (content_mismatch)",
        "- d/y",
        "- e/ (2 files)",
        "+ f",
    ]
    assert main(["-q", "--ignore=*", "--max-archive-entries=9", str(archive), str(place)]) == 0
    assert main(["-q", "--max-archive-entries=1", str(archive), str(place)]) == 2
