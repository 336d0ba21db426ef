"""What is compared in two archives, and what makes them equal."""

from __future__ import annotations

import gzip
import io
import itertools
import subprocess
import tarfile
import warnings
from typing import TYPE_CHECKING

import pytest

import komparu
import packing
from komparu import ArchiveError, DiffReason, Verdict, compare_archive
from packing import files, link, member, symlink, tar, zipped

if TYPE_CHECKING:
    from pathlib import Path

BIG = packing.noise(700_000)


@pytest.mark.parametrize("hash_compare", [False, True])
def test_every_way_to_differ_has_its_name(tmp_path: Path, hash_compare: bool) -> None:
    a = files(tmp_path / "a", [("x", b"1"), ("same", BIG), ("size", b"12"), ("left", b"")])
    b = tar(
        tmp_path / "b",
        [
            member("right"),
            member("size", b"123"),
            member("same", BIG),
            member("x", b"2"),
        ],
    )
    result = compare_archive(a, b, hash_compare=hash_compare)
    assert not result
    assert result == komparu.DirResult(
        equal=False,
        diff={"x": DiffReason.CONTENT_MISMATCH, "size": DiffReason.SIZE_MISMATCH},
        only_left={"left"},
        only_right={"right"},
    )
    assert result.verdict is Verdict.DIFFERENT


def test_the_size_is_named_wherever_the_first_difference_is(tmp_path: Path) -> None:
    a = files(tmp_path / "a", [("x", b"1" + BIG)])
    for content, reason in [
        (b"2" + BIG, DiffReason.CONTENT_MISMATCH),
        (b"2" + BIG + b"3", DiffReason.SIZE_MISMATCH),
        (b"1" + BIG + b"3", DiffReason.SIZE_MISMATCH),
        (b"", DiffReason.SIZE_MISMATCH),
    ]:
        for b in (
            files(tmp_path / "b", [("x", content)]),
            zipped(tmp_path / "z", [("x", content)]),
        ):
            assert compare_archive(a, b).diff == {"x": reason}


def test_names_are_made_plain(tmp_path: Path) -> None:
    a = files(tmp_path / "a", [("d/x", b"1"), ("d/y", b"2"), ("z", b"3")])
    b = files(tmp_path / "b", [("./d/x", b"1"), ("d//y", b"2"), ("././z", b"3")])
    assert compare_archive(a, b)


@pytest.mark.parametrize("name", ["/x", "../x", "d/../x", "d/.."])
def test_a_name_that_leads_elsewhere_is_an_error_and_matches_nothing(
    tmp_path: Path, name: str
) -> None:
    plain = [member("ok", b"1")]
    unsafe = [*plain, member(name, b"2")]
    a, b = tar(tmp_path / "a", unsafe), tar(tmp_path / "b", [*reversed(unsafe)])
    for left, right in [(a, b), (a, a), (a, tar(tmp_path / "c", plain))]:
        result = compare_archive(left, right)
        assert (result.equal, result.errors) == (False, {name})
        assert result.diff == {name: DiffReason.READ_ERROR}
        assert result.messages[name].startswith(str(left))
        assert result.verdict is Verdict.UNVERIFIED


def test_symbolic_links_compare_by_target(tmp_path: Path) -> None:
    a = tar(tmp_path / "a", [symlink("l", "x"), symlink("m", "/no/such"), member("n", b"y")])
    b = tar(tmp_path / "b", [symlink("n", "y"), symlink("m", "/no/such"), symlink("l", "./x")])
    result = compare_archive(a, b)
    assert result.diff == {"l": DiffReason.CONTENT_MISMATCH, "n": DiffReason.TYPE_MISMATCH}
    assert (result.only_left, result.only_right, result.errors) == (set(), set(), set())


def test_hard_links_compare_by_the_content_they_name(tmp_path: Path) -> None:
    linked = tar(tmp_path / "linked", [member("x", BIG), link("y", "./x"), link("z", "y")])
    for order in itertools.permutations([("x", BIG), ("y", BIG), ("z", BIG)]):
        assert compare_archive(linked, files(tmp_path / "copies", order))
        assert compare_archive(files(tmp_path / "copies", order), linked)
    other = files(tmp_path / "other", [("x", BIG), ("y", b"?" + BIG[1:]), ("z", BIG)])
    assert compare_archive(linked, other).diff == {"y": DiffReason.CONTENT_MISMATCH}


def test_a_hard_link_names_what_its_target_was_at_that_moment(tmp_path: Path) -> None:
    members = [member("x", b"old"), link("y", "x"), member("x", b"new")]
    a = tar(tmp_path / "a", members)
    assert compare_archive(a, files(tmp_path / "b", [("y", b"old"), ("x", b"new")]))
    with tarfile.open(a) as oracle:
        target = oracle.extractfile("y")
        assert target is not None
        assert target.read() == b"old"


def test_a_hard_link_may_come_before_its_target(tmp_path: Path) -> None:
    members = [member("x", b"1"), link("y", "x"), link("z", "y")]
    copies = files(tmp_path / "copies", [("x", b"1"), ("y", b"1"), ("z", b"1")])
    for order in itertools.permutations(members):
        assert compare_archive(tar(tmp_path / "a", order), copies)


@pytest.mark.parametrize("links", [[link("y", "x")], [link("y", "z"), link("z", "y")]])
def test_a_hard_link_to_nothing_is_an_error(
    tmp_path: Path, links: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    a = tar(tmp_path / "a", [member("ok", b"1"), *links])
    for b in (a, files(tmp_path / "b", [("ok", b"1")])):
        result = compare_archive(a, b)
        assert result.errors == {info.name for info, _ in links}
        assert "which is not in the archive" in result.messages["y"]


def test_cpio_keeps_the_content_of_a_hard_link_with_its_last_name(tmp_path: Path) -> None:
    tree = packing.grow(tmp_path / "tree", {"x": BIG})
    (tree / "y").hardlink_to(tree / "x")
    b = files(tmp_path / "b", [("x", BIG), ("y", BIG)])
    for kind in ("newc.cpio", "odc.cpio", "gnu.tar", "pax.tar"):
        assert compare_archive(packing.pack(kind, tree, tmp_path / kind), b)


def test_of_several_entries_of_one_name_the_last_counts(tmp_path: Path) -> None:
    last = files(tmp_path / "last", [("x", b"3"), ("y", BIG)])
    contents = [("x", b"1"), ("y", BIG), ("x", b"2"), ("x", b"3")]
    several = files(tmp_path / "several", contents)
    assert compare_archive(several, last)
    assert compare_archive(last, several)
    assert compare_archive(several, files(tmp_path / "others", [("x", b"4"), *contents[1:]]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of what is meant here
        assert compare_archive(several, zipped(tmp_path / "zip", contents))
    other = files(tmp_path / "other", [*contents, ("x", b"1")])
    assert compare_archive(several, other).diff == {"x": DiffReason.CONTENT_MISMATCH}


@pytest.mark.parametrize("hash_compare", [False, True])
def test_an_entry_that_comes_twice_does_not_stand_for_another_one(
    tmp_path: Path, hash_compare: bool
) -> None:
    for twice, both in [("aa", "ab"), ("bb", "ba"), ("aba", "abc"), ("abb", "abc")]:
        a = files(tmp_path / "a", [(name, b"") for name in twice])
        b = files(tmp_path / "b", [(name, b"") for name in both])
        only = set(both) - set(twice)
        assert compare_archive(a, b, hash_compare=hash_compare).only_right == only
        assert compare_archive(b, a, hash_compare=hash_compare).only_left == only


def test_a_name_may_come_again_as_another_kind(tmp_path: Path) -> None:
    a = tar(tmp_path / "a", [member("x", b"1"), symlink("x", "y")])
    assert compare_archive(a, tar(tmp_path / "b", [symlink("x", "y")]))
    c = files(tmp_path / "c", [("x", b"1")])
    assert compare_archive(a, c).diff == {"x": DiffReason.TYPE_MISMATCH}


def test_directories_and_devices_are_passed_over(tmp_path: Path) -> None:
    a = tar(
        tmp_path / "a",
        [
            member("./", type=tarfile.DIRTYPE),
            member("d/", type=tarfile.DIRTYPE),
            member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
            member("fifo", type=tarfile.FIFOTYPE),
            member("d/x", b"1"),
        ],
    )
    assert compare_archive(a, files(tmp_path / "b", [("d/x", b"1")]))
    empty = files(tmp_path / "empty", [])
    only = tar(tmp_path / "only", [member("d/", type=tarfile.DIRTYPE)])
    nothing = zipped(tmp_path / "nothing.zip", [])
    assert compare_archive(empty, only)
    assert compare_archive(only, nothing)
    assert compare_archive(nothing, nothing)


@pytest.mark.parametrize("options", [["--format=gnu"], ["--format=pax"]])
@pytest.mark.parametrize("version", ["0.0", "0.1", "1.0"])
def test_sparse_entries_compare_by_their_full_content(
    tmp_path: Path, options: list[str], version: str
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for name, places in {"middle": [5 << 20], "ends": [0, (10 << 20) - 1], "hole": []}.items():
        with (tree / name).open("wb") as file:
            file.truncate(10 << 20)
            for place in places:
                file.seek(place)
                file.write(b"x")
    command = [packing.gnu_tar(), "--sparse", f"--sparse-version={version}", *options]
    a = tmp_path / "sparse.tar"
    subprocess.run([*command, "-cf", a, "middle", "ends", "hole"], cwd=tree, check=True)
    assert a.stat().st_size < 1 << 20
    names = ["hole", "middle", "ends"]
    b = packing.pack("gnu.tar", tree, tmp_path / "full.tar", names)
    assert b.stat().st_size > 30 << 20
    assert compare_archive(a, b)
    assert compare_archive(a, b, hash_compare=True)
    with (tree / "middle").open("r+b") as file:
        file.seek(7 << 20)
        file.write(b"y")
    c = packing.pack("gnu.tar", tree, tmp_path / "c.tar", names)
    assert compare_archive(a, c).diff == {"middle": DiffReason.CONTENT_MISMATCH}


def test_holes_of_solaris_compare_by_their_full_content(tmp_path: Path) -> None:
    content = b"a" * 512 + bytes(512) + b"c" * 512
    full = files(tmp_path / "full.tar", [("hole", content)])

    def sparse(content: bytes, offsets: str) -> Path:
        info = tarfile.TarInfo("hole")
        info.size, info.pax_headers = len(content), {"SUN.holesdata": offsets}
        path = tmp_path / "sparse.tar"
        with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(info, io.BytesIO(content))
        return path

    assert compare_archive(sparse(content, " 0 512 1024 1536"), full)
    zeros = files(tmp_path / "zeros.tar", [("hole", bytes(1536))])
    hole = sparse(bytes(1536), " 0 0 1536 1536")
    assert compare_archive(hole, zeros)
    assert compare_archive(hole, full).diff == {"hole": DiffReason.CONTENT_MISMATCH}
    # Of one that comes in its order, the entry is shown long before its holes have passed.
    long = b"a" * 512 + bytes(1 << 20)
    packed = tmp_path / "sparse.tar.gz"
    packed.write_bytes(gzip.compress(sparse(long, f" 0 512 {len(long)} {len(long)}").read_bytes()))
    assert compare_archive(packed, files(tmp_path / "long.tar", [("hole", long)]))
    # libarchive passes over the bytes of a hole; tar itself unpacks them.
    unlike = content[:600] + b"b" + content[601:]
    for bad in [(unlike, " 0 512 1024 1536"), (content, " 0 512 1024 1537"), (content, "0 1536")]:
        with pytest.raises(ArchiveError, match="has a sparse file"):
            compare_archive(sparse(*bad), full)


def test_a_nested_archive_is_a_blob(tmp_path: Path) -> None:
    inner = files(tmp_path / "inner", [("x", b"1")]).read_bytes()
    a = files(tmp_path / "a", [("inner.tar", inner)])
    assert compare_archive(a, zipped(tmp_path / "b", [("inner.tar", inner)]))
    c = files(tmp_path / "c", [("inner.tar", inner + bytes(512))])
    assert compare_archive(a, c).diff == {"inner.tar": DiffReason.SIZE_MISMATCH}


def test_long_names_are_whole(tmp_path: Path) -> None:
    name = "/".join(["d" * 200] * 10)
    gnu = tar(tmp_path / "gnu", [member(name, b"1")], format=tarfile.GNU_FORMAT)
    pax = tar(tmp_path / "pax", [member(name, b"1")], format=tarfile.PAX_FORMAT)
    assert compare_archive(gnu, pax)
    other = tar(tmp_path / "other", [member(name[:-1] + "e", b"1")])
    assert compare_archive(gnu, other).only_left == {name}


def test_the_same_file_under_two_names_is_equal(tmp_path: Path) -> None:
    a = files(tmp_path / "a", [("x", BIG)], "w:gz")
    (tmp_path / "b").symlink_to(a)
    assert compare_archive(a, tmp_path / "b")
    assert compare_archive(a.as_uri(), komparu.Source(a))


COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def spelled(path: Path, kind: str, contents: list[tuple[str, bytes]]) -> Path:
    """Write an archive whose names are spelled like this."""
    if kind == "zip":
        return zipped(path, contents)
    form = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}[kind]
    members = [member(name, content) for name, content in contents]
    return tar(path, members, format=form)


def test_a_name_is_the_same_however_unicode_spells_it(tmp_path: Path) -> None:
    for a, b in itertools.product(("gnu", "pax", "zip"), repeat=2):
        for one, other in itertools.product((COMPOSED, DECOMPOSED), repeat=2):
            left = spelled(tmp_path / "a", a, [(one, b"1")])
            assert compare_archive(left, spelled(tmp_path / "b", b, [(other, b"1")])), (a, b)
            result = compare_archive(left, spelled(tmp_path / "b", b, [(other, b"2")]))
            assert result.diff == {COMPOSED: DiffReason.CONTENT_MISMATCH}


@pytest.mark.parametrize("kind", ["gnu", "pax", "zip"])
def test_two_spellings_of_a_name_in_one_archive_are_never_equal(tmp_path: Path, kind: str) -> None:
    contents = [(DECOMPOSED, b"1"), (COMPOSED, b"2"), ("plain", b"3")]
    a = spelled(tmp_path / "a", kind, contents)
    for b in (
        a,
        spelled(tmp_path / "b", kind, [(DECOMPOSED, b"?"), *contents[1:]]),
        spelled(tmp_path / "c", kind, contents[1:]),
    ):
        for pair in [(a, b), (b, a)]:
            result = compare_archive(*pair)
            assert (result.verdict, result.errors) == (Verdict.UNVERIFIED, {COMPOSED})


def test_a_hard_link_to_one_of_two_spellings_is_an_error(tmp_path: Path) -> None:
    members = [member(DECOMPOSED, b"1"), member(COMPOSED, b"2"), link("y", DECOMPOSED)]
    a = tar(tmp_path / "a", members, format=tarfile.GNU_FORMAT)
    assert compare_archive(a, a).errors == {COMPOSED, "y"}


def test_of_entries_with_one_spelling_the_last_counts(tmp_path: Path) -> None:
    contents = [(COMPOSED, b"1"), (COMPOSED, b"2")]
    several = spelled(tmp_path / "a", "gnu", contents)
    assert compare_archive(several, spelled(tmp_path / "b", "zip", contents[1:]))


def test_a_name_with_a_nul_in_it_is_an_error(tmp_path: Path) -> None:
    good = zipped(tmp_path / "good", [("aXb", b"1"), ("c", b"2")])
    bad = tmp_path / "bad"
    bad.write_bytes(good.read_bytes().replace(b"aXb", b"a\0b"))
    for pair in [(bad, zipped(tmp_path / "b", [("a", b"1"), ("c", b"2")])), (bad, bad)]:
        result = compare_archive(*pair)
        assert result.errors == {"a"}
        assert result.messages["a"] == f"{bad}: the name contains a NUL byte"
        assert not result


def test_a_name_in_a_pax_header_ends_at_a_nul_as_for_tar(tmp_path: Path) -> None:
    info = tarfile.TarInfo("short")
    info.pax_headers = {"path": "a\0b"}
    info.size = 1
    bad = tmp_path / "bad"
    with tarfile.open(bad, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"1"))
    for program in (packing.gnu_tar(), packing.tool("bsdtar")):
        assert subprocess.check_output([program, "-tf", bad]) == b"a\n"
    assert compare_archive(bad, files(tmp_path / "b", [("a", b"1")]))
    assert compare_archive(bad, files(tmp_path / "b", [("aXb", b"1")])).only_left == {"a"}
