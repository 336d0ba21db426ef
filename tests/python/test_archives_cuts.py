"""Archives that are cut short, in many formats: never taken for whole ones."""

from __future__ import annotations

import gzip
import subprocess
from typing import TYPE_CHECKING

import pytest

import packing
from komparu import ArchiveError, Verdict, compare_archive
from packing import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ["long name of more than fifteen letters.bin", "a.txt", "empty", "z.txt"]


def tree(path: Path) -> list[str]:
    path.mkdir()
    for name, content in zip(NAMES, (packing.noise(9000), b"a", b"", b"the last"), strict=True):
        (path / name).write_bytes(content)
    return NAMES


def run(directory: Path, *command: str, given: bytes = b"") -> bytes:
    done = subprocess.run(command, cwd=directory, input=given, capture_output=True, check=True)
    return done.stdout


def by_bsdtar(form: str, *options: str) -> Callable[[Path], bytes]:
    def make(path: Path) -> bytes:
        names = tree(path)
        made = path.with_name("made")
        run(path, "bsdtar", f"--format={form}", *options, "-cf", str(made), *names)
        return made.read_bytes()

    return make


def by_cpio(form: str) -> Callable[[Path], bytes]:
    def make(path: Path) -> bytes:
        names = "\n".join(tree(path)).encode()
        return run(path, "cpio", "-o", "-H", form, given=names)

    return make


def by_file(*command: str) -> Callable[[Path], bytes]:
    """By a program that writes a file, which is named before what goes into it."""

    def make(path: Path) -> bytes:
        names = tree(path)
        made = path.with_name("made")
        run(path, *command, str(made), *names)
        return made.read_bytes()

    return make


def lha(path: Path) -> bytes:
    """What is stored only, with headers of level 2 as LHa for UNIX writes them."""
    made = b""
    for name in tree(path):
        content = (path / name).read_bytes()
        named = name.encode()
        extended = (len(named) + 3).to_bytes(2, "little") + b"\x01" + named
        extended += b"\x05\0\0\0\0" + b"\0\0"
        header = b"-lh0-" + len(content).to_bytes(4, "little") * 2 + bytes(4) + b"\x20\x02"
        header += crc16(content).to_bytes(2, "little") + b"U" + extended
        header = (len(header) + 2).to_bytes(2, "little") + header
        at = len(header) - 4
        header = header[:at] + crc16(header).to_bytes(2, "little") + header[at + 2 :]
        made += header + content
    return made + b"\0"


def crc16(content: bytes) -> int:
    crc = 0
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def rpm(path: Path) -> bytes:
    """A cpio behind a lead and two headers without fields, compressed as rpm does it."""
    header = b"\x8e\xad\xe8\x01" + bytes(12)
    lead = b"\xed\xab\xee\xdb\x03" + bytes(91)
    return lead + header + header + gzip.compress(by_cpio("newc")(path))


MAKERS: dict[str, Callable[[Path], bytes]] = {
    "ar of BSD": by_bsdtar("arbsd"),
    "ar of GNU": by_file("ar", "rc"),
    "cabinet": by_file("gcab", "-c"),
    "packed cabinet": by_file("gcab", "-c", "-z"),
    "bin cpio": by_cpio("bin"),
    "crc cpio": by_cpio("crc"),
    "newc cpio": by_cpio("newc"),
    "odc cpio": by_cpio("odc"),
    "cpio of bsdtar": by_bsdtar("cpio"),
    "iso of bsdtar": by_bsdtar("iso9660"),
    "iso": by_file("genisoimage", "-quiet", "-l", "-o"),
    "iso with Joliet": by_file("genisoimage", "-quiet", "-J", "-o"),
    "iso with Rock Ridge": by_file("genisoimage", "-quiet", "-R", "-o"),
    "iso with both": by_file("genisoimage", "-quiet", "-J", "-R", "-o"),
    "lha": lha,
    "rpm": rpm,
    "warc": by_bsdtar("warc"),
    "xar": by_bsdtar("xar"),
}
if not packing.HAS_XML:
    del MAKERS["xar"]

# Nothing marks their ends: a part that ends between two entries is an archive as well.
UNMARKED = {"ar of BSD", "ar of GNU", "warc"}


def verdict(one: Path, other: Path) -> Verdict | None:
    try:
        return compare_archive(one, other).verdict
    except ArchiveError:
        return None


@pytest.mark.parametrize("kind", MAKERS)
def test_an_archive_cut_short_is_never_taken_for_a_whole_one(tmp_path: Path, kind: str) -> None:
    data = MAKERS[kind](tmp_path / "tree")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.write_bytes(data)
    cut.write_bytes(data)
    expected = Verdict.UNVERIFIED if kind == "warc" else Verdict.EQUAL
    assert verdict(whole, cut) is expected
    # Zeros at an end are padding. Zeros alone may be an empty tar, or the start of an image.
    last = len(data.rstrip(b"\0"))
    near = (1, 2, 3, 10, 100, 600)
    lengths = {*range(0, last, max(last // 40, 1)), *(last - less for less in near if less < last)}
    if data.startswith(bytes(512)):
        lengths |= {1, 511, 512, 513, 1023, 1024, 1025, 2048, 10_239, 10_240, 10_241, 20_480}
    if kind == "xar":
        # libarchive writes 20 bytes behind it, without which nothing is missing.
        lengths -= {last - 20}
    for length in sorted(lengths):
        cut.write_bytes(data[:length])
        accepted = (None, Verdict.UNVERIFIED)
        assert verdict(whole, cut) in accepted, length
        assert verdict(cut, whole) in accepted, length
        if kind not in UNMARKED and data[:length].strip(b"\0"):
            assert verdict(cut, cut) in accepted, length


@pytest.mark.parametrize("kind", sorted(UNMARKED))
def test_without_an_end_mark_it_is_not_known_what_is_missing(tmp_path: Path, kind: str) -> None:
    data = MAKERS[kind](tmp_path / "tree")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    whole.write_bytes(data)
    mark = b"WARC/1.0" if kind == "warc" else b"z.txt"
    cut.write_bytes(data[: data.rindex(mark)])
    result = compare_archive(whole, cut)
    assert result.verdict is Verdict.UNVERIFIED
    assert not result.only_left
    assert "z.txt" in result.errors
    assert "may have it" in result.messages["z.txt"]


@pytest.mark.parametrize("kind", MAKERS)
def test_an_archive_is_equal_to_a_tar_of_what_is_in_it(tmp_path: Path, kind: str) -> None:
    (tmp_path / "made").write_bytes(MAKERS[kind](tmp_path / "tree"))
    names = [(name, (tmp_path / "tree" / name).read_bytes()) for name in NAMES]
    result = compare_archive(tmp_path / "made", files(tmp_path / "b.tar", names))
    if kind == "iso":
        # Names of plain ISO 9660 are shorter, and in capitals.
        assert len(result.only_left) == len(result.only_right) == len(NAMES)
    elif kind == "warc":
        # libarchive writes names with spaces, and does not show them.
        assert result.errors == {"", NAMES[0]}
    else:
        assert result.equal


def test_zeros_alone_are_an_empty_tar_and_no_image(tmp_path: Path) -> None:
    zeros = tmp_path / "zeros"
    empty, full = files(tmp_path / "empty.tar", []), files(tmp_path / "full.tar", [("a", b"a")])
    assert empty.read_bytes() == bytes(10_240)
    zip_of_nothing = tmp_path / "empty.zip"
    zip_of_nothing.write_bytes(b"PK\x05\x06" + bytes(18))
    for length in (1024, 10_240):
        zeros.write_bytes(bytes(length))
        for same in (zeros, empty, zip_of_nothing):
            assert verdict(zeros, same) is verdict(same, zeros) is Verdict.EQUAL, length
        assert compare_archive(zeros, full).only_right == {"a"}
    # Other lengths are none that a tar is written with.
    for length in (1536, 2048, 5120, 10_239):
        zeros.write_bytes(bytes(length))
        for other in (zeros, empty, zip_of_nothing, full):
            assert verdict(zeros, other) is verdict(other, zeros) is Verdict.UNVERIFIED, length
    for length in (0, 1, 511, 512, 10_752):
        zeros.write_bytes(bytes(length))
        assert verdict(zeros, empty) in (None, Verdict.UNVERIFIED), length
