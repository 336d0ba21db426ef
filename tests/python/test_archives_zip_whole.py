"""A zip has what its index lists and nothing else, whatever reads it; else it is an error."""

from __future__ import annotations

import dataclasses
import io
import struct
import subprocess
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

import packing
from komparu import compare_archive
from outcomes import judge, refuses
from packing import files, zipped
from zips import DEFLATED, STORED, Entry, body, end, extra, large_end, locator, made

if TYPE_CHECKING:
    from pathlib import Path

#: An extra field that nothing knows: a zip with it is read by way of libarchive.
UNKNOWN = extra(0x9999)

#: Ways to have a zip read: by komparu itself, and by libarchive.
READERS = {"alone": b"", "by libarchive": UNKNOWN}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return files(tmp_path / "good.tar", [("a", b"hello")])


@pytest.fixture(params=READERS)
def field(request: pytest.FixtureRequest) -> bytes:
    return READERS[request.param]


def written(path: Path, archive: bytes) -> Path:
    path.write_bytes(archive)
    return path


def unicode(raw: bytes, name: str) -> bytes:
    """Make the extra field with a name in UTF-8."""
    return extra(0x7075, b"\1" + struct.pack("<L", zlib.crc32(raw)) + name.encode())


def renamed(archive: bytes, name: bytes, *, header: bytes = b"", index: bytes = b"") -> bytes:
    """Change a name, in the header or in the index, to another of the same length."""
    first, second = archive.index(name), archive.rindex(name)
    changed = bytearray(archive)
    if header:
        changed[first : first + len(name)] = header
    if index:
        changed[second : second + len(name)] = index
    return bytes(changed)


@pytest.mark.parametrize(
    ("header", "index"),
    [
        ("test.txt", "longername.exe"),
        ("a", "b"),
        ("d\\e", "d/e"),
        ("a\0b", "a\0c"),
        ("a", "a\0b"),
        ("d", "d/"),
        ("a", "./a"),
    ],
)
def test_a_header_and_an_index_with_two_names_are_an_error(
    tmp_path: Path, good: Path, field: bytes, header: str, index: str
) -> None:
    content = b"payload\n" * 20
    one, other = (Entry(name, content, record_extra=field) for name in (header, index))
    contents, _ = body(one)
    _, listed = body(other)
    bad = written(tmp_path / "x.zip", contents + listed + end(1, len(listed), len(contents)))
    # A longer one would have its content where the index begins.
    words = "its header is not what the index says: another name", "where something else begins"
    refuses(good, bad, bad, *words)
    refuses(bad, bad, bad, *words)


@pytest.mark.parametrize(
    "where", [["header_extra"], ["record_extra"], ["header_extra", "record_extra"]]
)
@pytest.mark.parametrize(
    ("raw", "name"),
    [("a", "b"), ("a.txt", "a.exe"), ("a", "\u00e4"), ("\u00e4", "\u00f6")],
)
def test_a_name_in_unicode_that_is_another_name_is_an_error(
    tmp_path: Path, good: Path, where: list[str], raw: str, name: str
) -> None:
    fields = dict.fromkeys(where, unicode(raw.encode(), name))
    entry = Entry(raw, b"hello", flags=0 if raw.isascii() else 0x800, **fields)  # type: ignore[arg-type]
    bad = written(tmp_path / "x.zip", made(entry))
    refuses(good, bad, bad, "it has two names")


def test_a_name_in_unicode_beside_the_same_name_in_an_encoding_counts(tmp_path: Path) -> None:
    # What Info-ZIP and WinZip write for a name in another encoding than UTF-8.
    raw, name = b"caf\x82.txt", "caf\u00e9.txt"
    good = files(tmp_path / "good.tar", [(name, b"hello")])
    for where in (["record_extra"], ["header_extra", "record_extra"]):
        fields = dict.fromkeys(where, unicode(raw, name))
        archive = made(Entry("caf@.txt", b"hello", **fields)).replace(b"caf@.txt", raw)  # type: ignore[arg-type]
        assert compare_archive(good, written(tmp_path / "x.zip", archive)), where


def test_flags_that_decide_what_a_name_means_must_agree(tmp_path: Path, good: Path) -> None:
    truth = {"flags": 0x800, "method": DEFLATED, "checksum": 0x3610A686, "packed": 7, "size": 5}
    entry = Entry("\u00e4", b"hello", flags=0, header=truth)
    bad = written(tmp_path / "x.zip", made(entry))
    refuses(good, bad, bad, "other flags")
    bad.write_bytes(made(Entry("a", b"hello", flags=0, header=truth, record_extra=UNKNOWN)))
    assert compare_archive(good, bad), "ASCII is the same in both"


def test_a_backslash_is_a_slash_where_dos_wrote_the_name(tmp_path: Path) -> None:
    parts = files(tmp_path / "parts.tar", [("d/e", b"hello")])
    whole = files(tmp_path / "whole.tar", [("d\\e", b"hello")])
    dos = written(tmp_path / "dos.zip", made(Entry("d\\e", b"hello", made_by=0, mode=0)))
    unix = written(tmp_path / "unix.zip", made(Entry("d\\e", b"hello", made_by=3)))
    assert [judge(dos, parts), judge(dos, whole)] == ["equal", "different"]
    assert [judge(unix, parts), judge(unix, whole)] == ["different", "equal"]
    assert judge(dos, unix) == "different"


def front64(name: str, content: bytes, front: bytes) -> bytes:
    """Make a zip64 with something in front that its offsets do not count."""
    contents, index = body(Entry(name, content))
    at = len(contents) + len(index)
    tail = large_end(1, len(index), len(contents)) + locator(at)
    counted = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(index), len(contents), 0)
    return front + contents + index + tail + counted


@pytest.mark.parametrize("front", [b"#!/bin/sh\n", b"MZ" + bytes(3000)])
def test_a_zip64_with_a_program_in_front_is_never_an_empty_one(
    tmp_path: Path, front: bytes
) -> None:
    one = written(tmp_path / "one", front64("a", b"one", front))
    two = written(tmp_path / "two", front64("b", b"two!", front))
    with zipfile.ZipFile(one) as known:
        assert known.namelist() == ["a"]
    empty = written(tmp_path / "empty.zip", end(0, 0, 0))
    for pair in [(one, two), (one, empty), (empty, two)]:
        assert judge(*pair) in ("different", "error")


def makers(directory: Path) -> dict[str, bytes]:
    """Make a zip by each tool, of the same few files."""
    tree = packing.grow(directory / "tree", {"a": b"hello world\n" * 3, "d/b": b"second\n"})
    made_by = {}
    for name, command in {
        "zip": ["zip", "-qr"],
        "stored": ["zip", "-qr0"],
        "commented": ["zip", "-qrz"],
        "bzip2": ["zip", "-qrZ", "bzip2"],
        "bsdtar": ["bsdtar", "--format=zip", "-cf"],
        "7z": ["7z", "a", "-tzip", "-bso0"],
        "lzma": ["7z", "a", "-tzip", "-mm=LZMA", "-bso0"],
        "python": ["python3", "-m", "zipfile", "-c"],
    }.items():
        archive = directory / f"{name}.zip"
        program = packing.tool(command[0])
        full = [program, *command[1:], str(archive), "a", "d"]
        subprocess.run(full, cwd=tree, check=True, input=b"a comment\n.\n")
        made_by[name] = archive.read_bytes()
    pipe = [packing.tool("zip"), "-qr", "-", "a", "d"]
    piped = subprocess.run(pipe, cwd=tree, check=True, capture_output=True)
    made_by["pipe"] = piped.stdout
    return made_by


def test_a_zip_of_any_tool_cut_anywhere_is_an_error(tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    for name, archive in makers(tmp_path).items():
        whole = written(tmp_path / "whole.zip", archive)
        assert judge(whole, whole) == "equal", name
        for length in range(len(archive)):
            cut.write_bytes(archive[:length])
            assert (judge(whole, cut), judge(cut, cut)) == ("error", "error"), (name, length)


@pytest.mark.parametrize("front", [b"", b"#!/bin/sh\n" + bytes(3000), b"MZ" + bytes(70_000)])
def test_a_zip_cut_behind_a_zip_within_it_is_an_error(tmp_path: Path, front: bytes) -> None:
    inner = made(Entry("a", b"hello"), Entry("b", b"world"))
    for entries in (
        [Entry("inner.zip", inner, STORED)],
        [Entry("c", b"before"), Entry("inner.zip", inner, STORED), Entry("d", b"behind")],
        [Entry("inner.bin", b"MZ" + bytes(100) + inner + bytes(500), STORED)],
    ):
        outer = front + made(*entries)
        whole = written(tmp_path / "outer.zip", outer)
        assert judge(whole, whole) == "equal"
        last = outer.index(inner) + len(inner)
        cut = written(tmp_path / "cut.zip", outer[:last])
        alone = written(tmp_path / "inner.zip", inner)
        for pair in [(cut, alone), (cut, whole), (cut, cut)]:
            assert judge(*pair) == "error"


def test_a_zip_in_the_comment_of_a_zip_is_an_error(tmp_path: Path, good: Path) -> None:
    other = made(Entry("a", b"other"))
    bad = written(tmp_path / "x.zip", made(Entry("a", b"hello"), comment=other))
    refuses(good, bad, bad, "has two end records")
    # Two zips: readers from the start see the first, those from the end the second.
    bad.write_bytes(other + made(Entry("a", b"hello")))
    refuses(good, bad, bad, "that its index does not list")


@pytest.mark.parametrize("behind", [b"", b"PK\7\x08" + bytes(12), bytes(100)])
def test_an_entry_that_the_index_does_not_list_is_an_error(
    tmp_path: Path, good: Path, field: bytes, behind: bytes
) -> None:
    hidden = Entry("b", b"hidden")
    one, other = Entry("a", b"hello", record_extra=field), Entry("c", b"other")
    for entries in ([hidden, one], [one, hidden], [one, hidden, other]):
        contents, index, count = b"", b"", 0
        for entry in entries:
            if entry is not hidden:
                index += entry.indexed(len(contents))
                count += 1
            contents += entry.stored() + behind
        bad = written(tmp_path / "x.zip", contents + index + end(count, len(index), len(contents)))
        refuses(good, bad, bad, "that its index does not list")


def test_entries_that_share_their_bytes_are_an_error(
    tmp_path: Path, good: Path, field: bytes
) -> None:
    one = Entry("a", b"hello", STORED, record_extra=field)
    within = Entry("b", one.stored(), STORED)
    contents, _ = body(within)
    index = within.indexed(0) + one.indexed(31)
    bad = written(tmp_path / "x.zip", contents + index + end(2, len(index), len(contents)))
    refuses(good, bad, bad, "goes on where something else begins")


def test_which_of_two_entries_is_the_last_one_must_not_depend_on_the_reader(
    tmp_path: Path, good: Path, field: bytes
) -> None:
    one, two = Entry("a", b"hello", record_extra=field), Entry("a", b"other")
    contents, index = body(two, one)
    assert compare_archive(
        good, written(tmp_path / "y.zip", contents + index + end(2, len(index), len(contents)))
    )
    index = one.indexed(len(two.stored())) + two.indexed(0)
    bad = written(tmp_path / "x.zip", contents + index + end(2, len(index), len(contents)))
    refuses(good, bad, bad, "which is the last one depends on the reader")


def test_a_part_of_a_set_and_an_index_that_counts_wrong_are_errors(
    tmp_path: Path, good: Path, field: bytes
) -> None:
    contents, index = body(Entry("a", b"hello", record_extra=field))
    at = len(contents)
    for disks, count, words in [((1, 0), 1, "several parts"), ((0, 0), 2, "counts 2")]:
        record = struct.pack("<4s4H2LH", b"PK\5\6", *disks, count, count, len(index), at, 0)
        bad = written(tmp_path / "x.zip", contents + index + record)
        refuses(good, bad, bad, words)
    more = index + b"no entry"
    bad = written(tmp_path / "x.zip", contents + more + end(1, len(more), at))
    refuses(good, bad, bad, f"something else than entries at byte {at + len(index)}")
    bad = written(tmp_path / "x.zip", b"PK\7\x08" + contents)
    refuses(good, bad, bad, "without an index at its end")


def signed(archive: bytes) -> bytes:
    """Put the signatures of an APK between the contents and the index of a zip."""
    record = archive.rindex(b"PK\5\6")
    size, offset = struct.unpack("<2L", archive[record + 12 : record + 20])
    pairs = struct.pack("<QL", 4 + 500, 0x7109871A) + bytes(range(250)) * 2
    length = struct.pack("<Q", len(pairs) + 24)
    signatures = length + pairs + length + b"APK Sig Block 42"
    moved = struct.pack("<2L", size, offset + len(signatures))
    before = archive[:offset] + signatures + archive[offset : record + 12]
    return before + moved + archive[record + 20 :]


@pytest.mark.parametrize("mark", [b"PK\7\x08", b""])
@pytest.mark.parametrize("sizes", ["<3L", "<LQQ"])
def test_what_follows_the_content_must_say_what_the_index_says(
    tmp_path: Path, good: Path, field: bytes, mark: bytes, sizes: str
) -> None:
    def streamed(*numbers: int, header: bool = False) -> Path:
        zeros = {} if header else {"checksum": 0, "packed": 0, "size": 0}
        entry = Entry(
            "a",
            b"hello",
            flags=8,
            record_extra=field,
            header={"flags": 8, "method": DEFLATED, **zeros},
            behind=mark + struct.pack(sizes, *numbers),
        )
        return written(tmp_path / "x.zip", made(entry))

    truth = [0x3610A686, 7, 5]
    for header in (False, True):
        assert judge(good, streamed(*truth, header=header)) == "equal"
        for place, lie in enumerate([0x3610A687, 8, 6]):
            numbers = [*truth[:place], lie, *truth[place + 1 :]]
            bad = streamed(*numbers, header=header)
            refuses(good, bad, bad, "not what the index says")


def test_zips_of_all_kinds_get_a_verdict(tmp_path: Path, good: Path, field: bytes) -> None:
    entry = Entry("a", b"hello", record_extra=field)
    plain = made(entry)
    streamed = dataclasses.replace(
        entry,
        flags=8,
        header={"flags": 8, "method": DEFLATED, "checksum": 0, "packed": 0, "size": 0},
        behind=b"PK\7\x08" + struct.pack("<3L", 0x3610A686, 7, 5),
    )
    jar = dataclasses.replace(entry, header_extra=extra(0xCAFE))
    aligned = dataclasses.replace(entry, header_extra=extra(0xD935, bytes(7)) + bytes(3))
    for kind, archive in {
        "plain": plain,
        "with its sizes behind": made(streamed),
        "a jar": made(jar),
        "an APK": signed(made(aligned)),
        "a program in front": b"MZ" + bytes(1000) + plain,
        "a script in front": b"#!/usr/bin/env python3\n" + plain,
        "a span of one": b"PK00" + plain,
    }.items():
        assert judge(good, written(tmp_path / "x.zip", archive)) == "equal", kind


def test_more_entries_than_a_record_can_count_are_counted(tmp_path: Path) -> None:
    names = [str(number) for number in range(66_000)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    path = written(tmp_path / "x.zip", buffer.getvalue())
    tar = files(tmp_path / "x.tar", ((name, b"") for name in names))
    assert compare_archive(path, tar)
    assert compare_archive(path, zipped(tmp_path / "y.zip", [(name, b"") for name in names]))
