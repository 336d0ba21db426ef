"""Archives within gzip, which is undone before libarchive sees them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from typing import TYPE_CHECKING

import pytest

import packing
from komparu import ArchiveError, Verdict, compare_archive
from outcomes import judge, refuses
from packing import files

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

CONTENT = {"a": b"hello world\n" * 3, "b": b"second\n"}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return files(tmp_path / "good.tar", CONTENT.items())


def test_the_checksum_of_gzip_is_looked_at(tmp_path: Path, good: Path) -> None:
    # Stored without compression, so that a flipped bit of content is content like any other.
    packed = gzip.compress(good.read_bytes(), compresslevel=0)
    bad, same = tmp_path / "bad.tar.gz", tmp_path / "same.tar.gz"
    content = packed.index(CONTENT["a"])
    for position in (content, *range(len(packed) - 8, len(packed))):
        damaged = bytearray(packed)
        damaged[position] ^= 1
        bad.write_bytes(damaged)
        same.write_bytes(damaged)
        refuses(good, bad, bad, "its gzip is damaged: ")
        with pytest.raises(ArchiveError, match="its gzip is damaged: "):
            compare_archive(bad, same)


@pytest.mark.parametrize("parts", [2, 300])
def test_gzip_in_parts_is_read_to_its_end(tmp_path: Path, good: Path, parts: int) -> None:
    content = good.read_bytes()
    step = -(-len(content) // parts)
    members = [
        gzip.compress(content[start : start + step]) for start in range(0, len(content), step)
    ]
    packed, cut = tmp_path / "x.tar.gz", tmp_path / "cut.tar.gz"
    whole = gzip.compress(b"").join(members)
    packed.write_bytes(whole)
    assert compare_archive(good, packed)
    cut.write_bytes(whole[:-1])
    refuses(good, cut, cut, "is cut short: its gzip has no end")
    damaged = bytearray(whole)
    damaged[len(members[0]) - 8] ^= 1
    cut.write_bytes(damaged)
    refuses(good, cut, cut, "its gzip is damaged: ")


@pytest.mark.parametrize("rest", [bytes(1), bytes(10_000), b"\x1f\x8b", packing.noise(200_000)])
def test_what_follows_gzip_has_to_be_the_same_unless_it_is_zeros(
    tmp_path: Path, good: Path, rest: bytes
) -> None:
    packed = tmp_path / "x.tar.gz"
    packed.write_bytes(gzip.compress(good.read_bytes()) + rest)
    result = compare_archive(good, packed)
    assert result.errors == ({""} if any(rest) else set())
    assert result.verdict is (Verdict.UNVERIFIED if any(rest) else Verdict.EQUAL)
    again = tmp_path / "again.tar.gz"
    again.write_bytes(gzip.compress(good.read_bytes(), 1) + rest)
    assert compare_archive(packed, again)


def test_everything_that_gzip_has_before_its_content_is_passed_over(
    tmp_path: Path, good: Path
) -> None:
    plain = gzip.compress(good.read_bytes())
    header = b"\x1f\x8b\x08\x1e" + plain[4:10] + b"\x04\x00more" + b"name\0" + b"comment\0"
    packed = tmp_path / "x.tar.gz"
    packed.write_bytes(header + (zlib.crc32(header) & 0xFFFF).to_bytes(2, "little") + plain[10:])
    assert compare_archive(good, packed)


def test_what_is_compressed_twice_is_read(tmp_path: Path, good: Path) -> None:
    packed = tmp_path / "x.tar.gz"
    for inner in (bz2.compress, gzip.compress):
        packed.write_bytes(gzip.compress(inner(good.read_bytes())))
        assert compare_archive(good, packed)


@pytest.mark.parametrize("module", [bz2, lzma, gzip])
def test_an_archive_within_one_compression_several_times_is_read(
    tmp_path: Path, good: Path, module: ModuleType
) -> None:
    packed = good.read_bytes()
    for _ in range(3):
        packed = module.compress(packed)
    path = tmp_path / "packed"
    path.write_bytes(packed)
    assert compare_archive(good, path)
    # An end that is missing, of the outermost layer and of the one within it.
    within = module.compress(module.compress(good.read_bytes()))
    for cut in [packed[:-1], module.compress(within[:-1])]:
        path.write_bytes(cut)
        assert (judge(good, path), judge(path, path)) == ("error", "error")
    for position in range(0, len(packed), 7):
        path.write_bytes(packed[:position] + bytes([packed[position] ^ 1]) + packed[position + 1 :])
        assert judge(good, path) in {"error", "equal"}, position
