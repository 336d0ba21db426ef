"""A compressed file without an archive within is an archive of one entry, which has no name."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import komparu
import packing
from komparu import (
    Archive,
    ArchiveBombError,
    ArchiveError,
    Content,
    DiffReason,
    DirResult,
    Verdict,
    compare_archive,
    compare_trees,
)
from outcomes import refuses
from packing import COMPRESSIONS, files

TEXT = b"a file, and no archive\n" * 5000
ISOLATE = ["auto", "never", "always"]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The text in each of these ways."""
    directory = tmp_path_factory.mktemp("packed")
    paths = {way: directory / f"one.txt.{way}" for way in COMPRESSIONS}
    for way, path in paths.items():
        path.write_bytes(COMPRESSIONS[way](TEXT))
    return paths


@pytest.mark.parametrize("isolate", ISOLATE)
@pytest.mark.parametrize("way", COMPRESSIONS)
def test_one_file_compressed_in_two_ways_is_equal(
    packed: dict[str, Path], tmp_path: Path, way: str, isolate: str
) -> None:
    for other, path in packed.items():
        result = compare_archive(packed[way], path, isolate=isolate)
        assert (result.verdict, result.summary.entries) == (Verdict.EQUAL, 1), other
    changed, longer = tmp_path / "changed", tmp_path / "longer"
    changed.write_bytes(COMPRESSIONS[way](TEXT[:-1] + b"!"))
    longer.write_bytes(COMPRESSIONS[way](TEXT + b"!"))
    for bad, reason in [
        (changed, DiffReason.CONTENT_MISMATCH),
        (longer, DiffReason.SIZE_MISMATCH),
    ]:
        for pair in [(packed["gz"], bad), (bad, packed["gz"])]:
            assert compare_archive(*pair, isolate=isolate).diff == {"": reason}
    result = compare_trees(packed["gz"], changed, where=True, isolate=isolate)
    assert result.differences[""].offset == len(TEXT) - 1


@pytest.mark.parametrize("way", COMPRESSIONS)
def test_several_members_are_one_content(packed: dict[str, Path], tmp_path: Path, way: str) -> None:
    both = tmp_path / "both"
    both.write_bytes(COMPRESSIONS[way](TEXT[:1000]) + COMPRESSIONS[way](TEXT[1000:]))
    assert compare_archive(both, packed["xz"])


@pytest.mark.parametrize("way", COMPRESSIONS)
def test_a_single_file_cut_anywhere_is_an_error(tmp_path: Path, way: str) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    content = COMPRESSIONS[way](packing.noise(300))
    whole.write_bytes(content)
    # A skippable frame of no content, or the header of one, is the whole of nothing.
    for length in range(6, len(content)):
        cut.write_bytes(content[:length])
        with pytest.raises(ArchiveError):
            compare_archive(whole, cut)
        with pytest.raises(ArchiveError):
            compare_archive(cut, cut)


@pytest.mark.parametrize("way", COMPRESSIONS)
def test_of_two_members_a_cut_anywhere_but_between_them_is_not_merely_different(
    tmp_path: Path, way: str
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    first, second = COMPRESSIONS[way](packing.noise(300)), COMPRESSIONS[way](packing.noise(200))
    whole.write_bytes(first + second)
    for length in range(1, len(second)):
        cut.write_bytes(first + second[:length])
        try:
            result = compare_archive(whole, cut)
        except ArchiveError:
            continue
        assert result.verdict is Verdict.UNVERIFIED, length
    # What ends with a member is whole, and holds less.
    cut.write_bytes(first)
    assert compare_archive(whole, cut).diff == {"": DiffReason.SIZE_MISMATCH}


@pytest.mark.parametrize("way", COMPRESSIONS)
def test_a_flipped_bit_of_a_single_file_is_never_overlooked(tmp_path: Path, way: str) -> None:
    whole, bad = tmp_path / "whole", tmp_path / "bad"
    content = COMPRESSIONS[way](packing.noise(120))
    whole.write_bytes(content)
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 4
        bad.write_bytes(damaged)
        try:
            result = compare_archive(whole, bad)
        except ArchiveError:
            continue
        # Some fields say nothing of the content: the time, the system, the level.
        assert result.verdict is Verdict.UNVERIFIED or (result and position < 24), position


@pytest.mark.parametrize("isolate", ISOLATE)
def test_a_single_file_that_is_too_large_is_a_bomb(tmp_path: Path, isolate: str) -> None:
    bomb, small = tmp_path / "bomb.gz", tmp_path / "small.gz"
    bomb.write_bytes(gzip.compress(b"x" * (20 << 20)))
    small.write_bytes(gzip.compress(b"x"))
    with pytest.raises(ArchiveBombError, match="max_compression_ratio is 200"):
        compare_archive(small, bomb, isolate=isolate)
    with pytest.raises(ArchiveBombError, match="max_decompressed_size is 1000000"):
        compare_archive(
            small,
            bomb,
            max_decompressed_size=1_000_000,
            max_compression_ratio=None,
            isolate=isolate,
        )
    assert compare_archive(bomb, bomb, max_compression_ratio=None, isolate=isolate)


@pytest.mark.parametrize("isolate", ISOLATE)
def test_an_archive_has_nothing_without_a_name(
    packed: dict[str, Path], tmp_path: Path, isolate: str
) -> None:
    tar = files(tmp_path / "x.tar", [("a", TEXT)])
    result = compare_archive(packed["xz"], tar, isolate=isolate)
    assert (result.only_left, result.only_right, result.errors) == ({""}, {"a"}, set())
    result = compare_archive(tar, packed["xz"], isolate=isolate)
    assert (result.only_left, result.only_right) == ({"a"}, {""})
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a").write_bytes(TEXT)
    for other in (tmp_path / "tree", {"a": Content(TEXT)}):
        result = compare_trees(other, packed["gz"], isolate=isolate)
        assert (result.only_left, result.only_right, result.errors) == ({"a"}, {""}, set())
        result = compare_trees(packed["gz"], other, isolate=isolate)
        assert (result.only_left, result.only_right) == ({""}, {"a"})
    manifest = tmp_path / "SHA256SUMS"
    manifest.write_text(f"{hashlib.sha256(TEXT).hexdigest()}  a\n")
    result = compare_trees(packed["gz"], komparu.Manifest(manifest), isolate=isolate)
    assert (result.only_left, result.only_right) == ({""}, {"a"})


def test_a_single_file_has_no_directory(packed: dict[str, Path]) -> None:
    for root, words in [("x", "has no directory 'x'"), ("*", "does not lie in one directory")]:
        with pytest.raises(ArchiveError, match=words):
            compare_trees(Archive(packed["gz"], root=root), packed["xz"])


def test_a_manifest_cannot_list_what_has_no_name(packed: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="which has no name to list"):
        komparu.write_manifest(packed["gz"], tmp_path / "SHA256SUMS")
    assert not (tmp_path / "SHA256SUMS").exists()


@pytest.mark.parametrize("isolate", ISOLATE)
def test_content_and_container_are_both_told_under_the_empty_path(
    packed: dict[str, Path], tmp_path: Path, isolate: str
) -> None:
    same, other = tmp_path / "same.gz", tmp_path / "other.gz"
    same.write_bytes(packed["gz"].read_bytes() + b"more")
    other.write_bytes(gzip.compress(TEXT[1:]) + b"more")

    def told(bad: Path) -> DirResult:
        result = compare_archive(packed["gz"], bad, isolate=isolate)
        assert result.errors == {""}
        assert "bytes behind its end" in result.messages[""]
        return result

    result = told(same)
    assert (result.verdict, result.diff) == (Verdict.UNVERIFIED, {"": DiffReason.READ_ERROR})
    # What follows may be the beginning of more content.
    result = told(other)
    assert (result.verdict, result.diff) == (Verdict.UNVERIFIED, {"": DiffReason.READ_ERROR})
    other.write_bytes(gzip.compress(TEXT.swapcase()) + b"more")
    result = told(other)
    assert (result.verdict, result.diff) == (Verdict.DIFFERENT, {"": DiffReason.CONTENT_MISMATCH})
    with komparu.iter_trees(packed["gz"], same, equal=True, isolate=isolate) as run:
        assert sorted(finding.verdict for finding in run) == [Verdict.EQUAL, Verdict.UNVERIFIED]
    # What both have is no reason.
    assert compare_archive(same, same, isolate=isolate)


def tar_of(*names: str, format_: int) -> bytearray:
    """Make a tar of some kind."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format_) as archive:
        for name in names:
            info, content = packing.member(name, TEXT[:700])
            archive.addfile(info, io.BytesIO(content))
    return bytearray(file.getvalue())


@pytest.mark.parametrize("isolate", ISOLATE)
@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_damaged_tar_within_a_compression_is_no_single_file(
    tmp_path: Path, format_: int, isolate: str
) -> None:
    whole = tar_of("a", "b", format_=format_)
    good = tmp_path / "good.tgz"
    good.write_bytes(gzip.compress(whole))
    # A name that tells nothing.
    bad = tmp_path / "bad"
    for position in (0, 124, 148, 150):
        damaged = bytearray(whole)
        damaged[position] ^= 4
        bad.write_bytes(gzip.compress(damaged))
        for pair in [(good, bad), (bad, good), (bad, bad)]:
            with pytest.raises(ArchiveError, match="tar that is damaged"):
                compare_archive(*pair, isolate=isolate)
    # All of the first header is lost: the second one shows what it was.
    bad.write_bytes(gzip.compress(b"\xff" * 512 + whole[512:]))
    with pytest.raises(ArchiveError, match="tar that is damaged"):
        compare_archive(bad, bad, isolate=isolate)


@pytest.mark.parametrize("isolate", ISOLATE)
def test_what_is_named_as_an_archive_is_no_single_file(tmp_path: Path, isolate: str) -> None:
    for name in ("x.tar.gz", "x.tgz", "x.cpio.gz", "x.ISO.gz"):
        bad = tmp_path / name
        bad.write_bytes(gzip.compress(packing.noise(5000)))
        with pytest.raises(ArchiveError, match="no archive of a known format, as its name says"):
            compare_archive(bad, bad, isolate=isolate)


@pytest.mark.parametrize("isolate", ISOLATE)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"PK is how the notes begin, and PKZIP is what they are about\n",
        b"MZ\0\0" + packing.noise(700),
        b"begin 644 of a poem\nthat goes on\n",
        b"07070 is a number\n",
        bytes(300) + b"x",
    ],
    ids=["empty", "one", "pk", "program", "begin", "number", "zeros"],
)
def test_a_beginning_alone_makes_no_archive(tmp_path: Path, content: bytes, isolate: str) -> None:
    one, two = tmp_path / "one.gz", tmp_path / "two.xz"
    one.write_bytes(gzip.compress(content))
    two.write_bytes(lzma.compress(content))
    result = compare_archive(one, two, isolate=isolate)
    assert (result.verdict, result.summary.entries) == (Verdict.EQUAL, 1)


@pytest.mark.parametrize("isolate", ISOLATE)
def test_a_program_is_a_single_file(tmp_path: Path, isolate: str) -> None:
    program = Path(shutil.which("true") or sys.executable).resolve().read_bytes()
    one, two = tmp_path / "true.gz", tmp_path / "true.bz2"
    one.write_bytes(gzip.compress(program))
    two.write_bytes(bz2.compress(program))
    assert compare_archive(one, two, isolate=isolate).summary.equal == 1


def test_an_archive_within_is_still_one(tmp_path: Path) -> None:
    tar = files(tmp_path / "x.tar", [("a", TEXT), ("b", b"")])
    for way, compress in COMPRESSIONS.items():
        path = tmp_path / f"x.{way}"
        path.write_bytes(compress(tar.read_bytes()))
        assert compare_archive(tar, path).summary.entries == 2
    # A zip within a compression cannot be read, and is no single file for that.
    zip_ = packing.zipped(tmp_path / "x.zip", [("a", TEXT)])
    path = tmp_path / "zip.gz"
    path.write_bytes(gzip.compress(zip_.read_bytes()))
    refuses(tar, path, path, "a zip is read from its end, and it is compressed once more")


def test_a_file_compressed_twice_is_an_error(tmp_path: Path, packed: dict[str, Path]) -> None:
    twice = tmp_path / "twice"
    twice.write_bytes(lzma.compress(packed["gz"].read_bytes()))
    refuses(packed["gz"], twice, twice, "is compressed, and what is within is no archive")


def test_the_command_line_compares_compressed_files(
    packed: dict[str, Path], tmp_path: Path
) -> None:
    def run(*arguments: object) -> tuple[int, str]:
        command = [sys.executable, "-I", "-m", "komparu", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert run("--archive", packed["gz"], packed["xz"]) == (0, "")
    other = tmp_path / "other.gz"
    other.write_bytes(gzip.compress(TEXT[:-1] + b"!"))
    assert run("--archive", packed["gz"], other) == (1, "*  (content_mismatch)\n")
