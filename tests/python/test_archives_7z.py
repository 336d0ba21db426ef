"""A 7z says at its start where it ends, and lists its files there: all of them have to be shown."""

from __future__ import annotations

import gzip
import lzma
import stat
import struct
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest

import packing
from komparu import compare_archive
from outcomes import judge, refuses
from packing import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTENT = {"a": b"hello world\n" * 3, "d/b": b"second\n", "e": b""}

#: Ways to write one: the header packed as it is by default, as it is, in one block or in many.
OPTIONS: dict[str, list[str]] = {
    "usual": [],
    "with a plain header": ["-mhc=off"],
    "stored": ["-mx=0"],
    "one by one": ["-ms=off", "-mhc=off"],
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return packing.grow(tmp_path / "tree", CONTENT)


def packed(tree: Path, archive: Path, *options: str) -> Path:
    command = [packing.tool("7z"), "a", "-bso0", *options, str(archive), "a", "d", "e"]
    subprocess.run(command, cwd=tree, check=True)
    return archive


@pytest.mark.parametrize("options", OPTIONS)
def test_a_7z_cut_anywhere_is_an_error(tmp_path: Path, tree: Path, options: str) -> None:
    whole = packed(tree, tmp_path / "x.7z", *OPTIONS[options])
    assert compare_archive(whole, files(tmp_path / "x.tar", CONTENT.items()))
    content, cut = whole.read_bytes(), tmp_path / "cut"
    for length in range(len(content)):
        cut.write_bytes(content[:length])
        assert (judge(whole, cut), judge(cut, cut)) == ("error", "error"), length


def test_a_7z_that_is_compressed_once_more_is_an_error(tmp_path: Path, tree: Path) -> None:
    content = packed(tree, tmp_path / "x.7z").read_bytes()
    bad = tmp_path / "x.7z.gz"
    bad.write_bytes(gzip.compress(content))
    good = files(tmp_path / "x.tar", CONTENT.items())
    refuses(good, bad, bad, "a 7z is read from its end, and it is compressed once more")


def test_a_7z_that_was_never_finished_is_an_error(tmp_path: Path, tree: Path) -> None:
    content = bytearray(packed(tree, tmp_path / "x.7z").read_bytes())
    content[8:32] = bytes(24)
    bad = tmp_path / "bad.7z"
    good = files(tmp_path / "x.tar", CONTENT.items())
    # The space for what is to come, as it is while an archive is written.
    for archive in (content, content[:40], content[:32]):
        bad.write_bytes(archive)
        refuses(good, bad, bad, "was never finished")
        refuses(bad, bad, bad, "was never finished")


def test_one_flipped_bit_of_the_headers_of_a_7z_is_an_error(tmp_path: Path, tree: Path) -> None:
    whole = packed(tree, tmp_path / "x.7z", "-mhc=off")
    content, flipped = whole.read_bytes(), tmp_path / "flipped"
    header = 32 + int.from_bytes(content[12:20], "little")
    for place in [*range(6), *range(8, 32), *range(header, len(content))]:
        changed = bytearray(content)
        changed[place] ^= 1
        flipped.write_bytes(changed)
        assert judge(whole, flipped) == "error", place


def test_an_empty_7z_is_an_empty_archive(tmp_path: Path, tree: Path) -> None:
    empty = tmp_path / "empty.7z"
    packed(tree, empty)
    subprocess.run([packing.tool("7z"), "d", "-bso0", empty, "*", "-r"], check=True)
    assert compare_archive(empty, files(tmp_path / "empty.tar", []))
    assert compare_archive(empty, empty)


def test_a_7z_with_encrypted_headers_says_so(tmp_path: Path, tree: Path) -> None:
    bad = packed(tree, tmp_path / "x.7z", "-psecret", "-mhe=on")
    refuses(bad, bad, bad, "ncrypted")


@pytest.mark.parametrize("options", OPTIONS)
def test_a_7z_behind_a_program_is_compared(tmp_path: Path, tree: Path, options: str) -> None:
    whole = packed(tree, tmp_path / "x.7z", *OPTIONS[options])
    module = tmp_path / "sfx.7z"
    # libarchive looks for it from here on.
    module.write_bytes(b"MZ" + bytes(0x27000 - 2) + whole.read_bytes())
    assert judge(module, whole) == "equal"


def rewritten(archive: Path, header: bytes, content: bytes, path: Path) -> Path:
    """Give an archive another header, behind this content."""
    numbers = struct.pack("<QQL", len(content), len(header), zlib.crc32(header))
    start = archive.read_bytes()[:8] + struct.pack("<L", zlib.crc32(numbers)) + numbers
    path.write_bytes(start + content + header)
    return path


def parts(archive: Path) -> tuple[bytes, bytes]:
    """Take an archive apart: what is packed, and its header."""
    content = archive.read_bytes()
    at = 32 + int.from_bytes(content[12:20], "little")
    return content[32:at], content[at:]


LZMA_BY_PROPERTIES = {"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 2, "dict_size": 1 << 16}

#: Ways to pack a header: how it is done, and the coder that undoes it.
CODERS: dict[str, tuple[Callable[[bytes], bytes], bytes]] = {
    "LZMA": (
        lambda header: lzma.compress(header, format=lzma.FORMAT_RAW, filters=[LZMA_BY_PROPERTIES]),
        b"\x23\x03\x01\x01\x05\x5d\0\0\x01\0",
    ),
    "LZMA 2": (
        lambda header: lzma.compress(
            header,
            format=lzma.FORMAT_RAW,
            filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}],
        ),
        b"\x21\x21\x01\x08",
    ),
    "as it is": (lambda header: header, b"\x01\0"),
}


def number(value: int) -> bytes:
    """Write a number of at most 14 bits as a 7z does."""
    return bytes([value]) if value < 0x80 else bytes([0x80 | value >> 8, value & 0xFF])


@pytest.mark.parametrize("coder", CODERS)
def test_a_packed_header_of_a_7z_is_unpacked_and_looked_at(
    tmp_path: Path, tree: Path, coder: str
) -> None:
    plain = packed(tree, tmp_path / "x.7z", "-mhc=off")
    good = files(tmp_path / "x.tar", CONTENT.items())
    content, header = parts(plain)
    pack, undone_by = CODERS[coder]

    def encoded(header: bytes, *, checksum: int | None = None) -> Path:
        made = pack(header)
        streams = b"\x17\x06" + number(len(content)) + b"\x01\x09" + number(len(made)) + b"\0"
        streams += b"\x07\x0b\x01\0\x01" + undone_by + b"\x0c" + number(len(header)) + b"\x0a\x01"
        streams += struct.pack("<L", zlib.crc32(header) if checksum is None else checksum) + b"\0\0"
        return rewritten(plain, streams, content + made, tmp_path / "encoded.7z")

    assert compare_archive(encoded(header), good)
    # libarchive does not look at the checksum of what comes out.
    assert judge(encoded(header, checksum=1), good) == "error"
    # A file less than there is content for: its name is one of the empty ones.
    fewer = header.replace(b"\x05\x04\x0e\x01\xc0", b"\x05\x04\x0e\x01\xe0", 1)
    assert fewer != header
    bad = encoded(fewer)
    refuses(good, bad, bad, "more or less content than files")


def test_a_file_in_a_7z_that_is_read_as_a_directory_is_an_error(tmp_path: Path, tree: Path) -> None:
    plain = packed(tree, tmp_path / "x.7z", "-mhc=off")
    content, header = parts(plain)
    mode = struct.pack("<H", stat.S_IFREG | (tree / "a").stat().st_mode & 0o777)
    assert mode in header
    other = header.replace(mode, struct.pack("<H", stat.S_IFDIR | 0o755))
    bad = rewritten(plain, other, content, tmp_path / "bad.7z")
    refuses(plain, bad, bad, "is read as one of another kind")
    refuses(bad, bad, bad, "is read as one of another kind")
