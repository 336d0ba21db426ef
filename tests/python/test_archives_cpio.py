"""cpio, and what the Linux kernel boots from: several of them, each compressed in its own way."""

from __future__ import annotations

import bz2
import gzip
import lzma
import subprocess
from typing import TYPE_CHECKING

import pytest

import packing
from komparu import ArchiveError, DiffReason, Verdict, compare_archive
from packing import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOISE = packing.noise(300_000)


def entry(name: str, content: bytes = b"", mode: int = 0o100644) -> bytes:
    """One entry, as System V writes it."""
    named = name.encode() + b"\0"
    fields = (1, mode, 0, 0, 1, 0, len(content), 8, 1, 0, 0, len(named), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + named
    header += bytes(-len(header) % 4)
    return header + content + bytes(-len(content) % 4)


def cpio(*entries: tuple[str, bytes]) -> bytes:
    raw = b"".join(entry(name, content) for name, content in entries) + entry("TRAILER!!!", mode=0)
    return raw + bytes(-len(raw) % 512)


def program(*command: str) -> Callable[[bytes], bytes]:
    def pack(content: bytes) -> bytes:
        return subprocess.run(command, input=content, capture_output=True, check=True).stdout

    return pack


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
    "zstd": program("zstd", "-q", "-c"),
    "lz4": program("lz4", "-q", "-l", "-c"),
}

EARLY = cpio(("kernel/x86/microcode/GenuineIntel.bin", b"microcode"))


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
@pytest.mark.parametrize("zeros", [0, 512, 200_000])
@pytest.mark.parametrize("around", [bytes, gzip.compress], ids=["as it is", "compressed"])
def test_what_follows_a_cpio_is_read_on(
    tmp_path: Path,
    pack: Callable[[bytes], bytes],
    zeros: int,
    around: Callable[[bytes], bytes],
) -> None:
    def image(name: str, init: bytes) -> Path:
        main = pack(cpio(("init", init), ("big", NOISE)))
        (tmp_path / name).write_bytes(around(EARLY + bytes(zeros) + main))
        return tmp_path / name

    a, b = image("a", b"#!/bin/sh\n: a\n"), image("b", b"#!/bin/sh\n: b\n")
    result = compare_archive(a, b)
    assert result.diff == {"init": DiffReason.CONTENT_MISMATCH}
    assert result.verdict is Verdict.DIFFERENT
    names = [
        ("kernel/x86/microcode/GenuineIntel.bin", b"microcode"),
        ("init", b"#!/bin/sh\n: a\n"),
        ("big", NOISE),
    ]
    assert compare_archive(a, files(tmp_path / "c.tar", names)).equal


def test_of_one_name_in_two_parts_the_later_counts(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(cpio(("x", b"1"), ("y", b"y")) + cpio(("x", b"2")))
    b = files(tmp_path / "b.tar", [("x", b"2"), ("y", b"y")])
    assert compare_archive(tmp_path / "a", b).equal


def test_a_part_that_cannot_be_read_is_never_equal(tmp_path: Path) -> None:
    packed = gzip.compress(cpio(("init", NOISE)))
    whole = tmp_path / "whole"
    whole.write_bytes(EARLY + packed)
    cut = tmp_path / "cut"
    for length in (1, 2, 11, 1000, len(packed) // 2, len(packed) - 9, len(packed) - 1):
        cut.write_bytes(EARLY + packed[:length])
        for other in (whole, cut):
            try:
                result = compare_archive(other, cut)
            except ArchiveError:
                continue
            assert result.verdict is not Verdict.EQUAL or other == cut, length
            assert result.verdict is not Verdict.DIFFERENT, length


def test_a_part_of_another_format_is_an_error(tmp_path: Path) -> None:
    other = files(tmp_path / "b.tar", [("init", b"")]).read_bytes()
    (tmp_path / "a").write_bytes(EARLY + gzip.compress(other))
    with pytest.raises(ArchiveError, match="no cpio"):
        compare_archive(tmp_path / "a", tmp_path / "a")


def test_parts_within_parts_end_somewhere(tmp_path: Path) -> None:
    image = EARLY
    for _ in range(30):
        image = EARLY + gzip.compress(image)
    (tmp_path / "a").write_bytes(image)
    with pytest.raises(ArchiveError, match="compressed more than"):
        compare_archive(tmp_path / "a", tmp_path / "a")


def test_what_is_no_part_has_to_be_the_same(tmp_path: Path) -> None:
    for name, behind in (("a", b"signature"), ("b", b"another"), ("c", bytes(100) + b"signature")):
        (tmp_path / name).write_bytes(EARLY + behind)
    result = compare_archive(tmp_path / "a", tmp_path / "b")
    assert result.verdict is Verdict.UNVERIFIED
    assert result.errors == {""}
    assert compare_archive(tmp_path / "a", tmp_path / "c").equal


def test_a_checksum_of_the_crc_kind_is_looked_at(tmp_path: Path) -> None:
    def archive(name: str, content: bytes, sum_of: bytes) -> Path:
        raw = entry("x", content).replace(b"070701", b"070702", 1)
        raw = raw[:102] + b"%08X" % sum(sum_of) + raw[110:]
        end = entry("TRAILER!!!", mode=0).replace(b"070701", b"070702", 1)
        (tmp_path / name).write_bytes(raw + end)
        return tmp_path / name

    good = archive("good", NOISE, NOISE)
    assert compare_archive(good, files(tmp_path / "x.tar", [("x", NOISE)])).equal
    bad = archive("bad", b"\0" + NOISE[1:], NOISE)
    with pytest.raises(ArchiveError, match="checksum"):
        compare_archive(bad, bad)
