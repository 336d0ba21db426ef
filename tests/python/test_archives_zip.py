"""A zip says most things twice. It means one thing, or it is an error, for every reader."""

from __future__ import annotations

import collections
import dataclasses
import io
import struct
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

import packing
from komparu import ArchiveError, compare_archive
from outcomes import judge
from packing import chance, files, zipped
from zips import DEFLATED, STORED, Entry, body, end, extra, large, large_end, locator, made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KINDS: dict[str, Callable[[int], bytes]] = {"noise": packing.noise, "zeros": bytes}

#: How many zips the last test makes.
MADE = 500

#: Extra fields that libarchive understands, or that pad.
RENAMED = extra(0x7075, b"\1" + struct.pack("<L", 0xE8B7BE43) + b"b")
EXTRAS = {
    "a date": extra(0x5455, b"\3" + bytes(8)),
    "padding": extra(0xD935, bytes(7)),
    "another name": RENAMED,
    "a type": extra(0x6C78, b"\4" + struct.pack("<L", 0o120777 << 16)),
    "encryption": extra(0x9901, bytes(7)),
    "one cut short": b"\7" * 7,
}

#: One that has no meaning, and leaves the zip to libarchive.
UNKNOWN = extra(0x9999)


def unlike(archive: bytes) -> bytes:
    """Make an archive that means the same, but that begins with something else."""
    return b"PK: something else\n" + archive


def refused(directory: Path, archive: bytes) -> str:
    """Compare a zip that is an error, and say which."""
    good = files(directory / "good.tar", [("a", b"hello")])
    bad = directory / "bad.zip"
    bad.write_bytes(archive)
    with pytest.raises(ArchiveError) as caught:
        compare_archive(good, bad)
    assert caught.value.source == str(bad)
    with pytest.raises(ArchiveError):
        compare_archive(bad, bad)
    return str(caught.value)


def shown(directory: Path, archive: bytes) -> str:
    """Say what is in a zip: what is known of it, or nothing certain."""
    good = files(directory / "good.tar", [("a", b"hello")])
    other = directory / "other.zip"
    other.write_bytes(archive)
    return judge(good, other)


def agrees(directory: Path, archive: bytes) -> str:
    """Say what is in a zip, which is the same for both readers, or an error."""
    one, other = shown(directory, archive), shown(directory, unlike(archive))
    assert one in (other, "error"), (one, other)
    return one


@pytest.mark.parametrize("lie", ["flags", "method", "checksum", "packed", "size"])
@pytest.mark.parametrize("by", [1, 3])
def test_a_header_and_an_index_that_disagree_are_an_error(
    tmp_path: Path, lie: str, by: int
) -> None:
    truth = {"flags": 0, "method": 8, "checksum": 0x3610A686, "packed": 7, "size": 5}
    lies = {lie: truth[lie] + by}
    assert shown(tmp_path, made(Entry("a", b"hello", header=truth))) == "equal"
    assert "its header is not what the index says" in refused(
        tmp_path, made(Entry("a", b"hello", header=lies))
    )


@pytest.mark.parametrize("lie", ["checksum", "packed", "size"])
def test_a_number_in_the_header_that_stands_for_nothing_is_an_error(
    tmp_path: Path, lie: str
) -> None:
    everything = {lie: 0xFFFFFFFF}
    for field in (b"", extra(1, bytes(4)), extra(1, struct.pack("<Q", 3))):
        refused(tmp_path, made(Entry("a", b"hello", header=everything, header_extra=field)))


def test_large_numbers_in_the_header_may_be_in_its_extra_field(tmp_path: Path) -> None:
    everything = {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}
    for numbers, flags in (((5, 7), 0), ((5, 7), 8), ((0, 0), 8)):
        field = extra(1, struct.pack("<2Q", *numbers))
        entry = Entry("a", b"hello", flags=flags, header=everything, header_extra=field)
        assert agrees(tmp_path, made(entry)) == "equal"
    # Nothing says that they follow the content: who goes by the header sees an empty file.
    entry = Entry("a", b"hello", header=everything, header_extra=extra(1, bytes(16)))
    assert agrees(tmp_path, made(entry)) == "error"


@pytest.mark.parametrize(
    ("lies", "words"),
    [
        ({"checksum": 1}, "'a' in it is damaged: its checksum is wrong"),
        ({"size": 6}, "'a' in it is damaged: it is not as large as the index says"),
        ({"size": 4}, "it is larger than the index says"),
        ({"packed": 6}, "it is cut short"),
    ],
)
def test_content_that_is_not_what_both_say_is_an_error(
    tmp_path: Path, lies: dict[str, int], words: str
) -> None:
    assert words in refused(tmp_path, made(Entry("a", b"hello", header=lies, record=lies)))


def test_content_that_would_lie_in_the_next_entry_is_an_error(tmp_path: Path) -> None:
    entry = Entry("a", b"hello", header_extra=EXTRAS["padding"])
    contents, index = body(entry)
    # The header without its extra field, which it says that it has.
    shorter = contents[:31] + contents[31 + len(EXTRAS["padding"]) :]
    archive = shorter + index + end(1, len(index), len(shorter))
    assert refused(tmp_path, archive)
    longer = shorter[:31] + EXTRAS["padding"][:4] + shorter[31:]
    archive = longer + index + end(1, len(index), len(longer))
    words = "'a' in it is damaged: it goes on where something else begins"
    assert words in refused(tmp_path, archive)


def test_content_that_ends_before_its_place_does_is_an_error(tmp_path: Path) -> None:
    lies = {"packed": 8}
    entry = Entry("a", b"hello", header=lies, record=lies, behind=b"\0")
    assert "it is not as large as the index says" in refused(tmp_path, made(entry))


def test_two_entries_at_one_place_are_an_error(tmp_path: Path) -> None:
    entries = Entry("a", b"hello"), Entry("b", b"hello", record={"offset": 0})
    assert refused(tmp_path, made(*entries))


@pytest.mark.parametrize("field", EXTRAS)
@pytest.mark.parametrize("where", ["header_extra", "record_extra"])
def test_an_extra_field_means_the_same_to_both_readers(
    tmp_path: Path, field: str, where: str
) -> None:
    entry = Entry("a", b"hello")
    setattr(entry, where, EXTRAS[field])
    found = agrees(tmp_path, made(entry))
    if field in {"a date", "padding"}:
        assert found == "equal"


def test_another_name_in_the_header_is_never_overlooked(tmp_path: Path) -> None:
    assert shown(tmp_path, made(Entry("a", b"hello", header_extra=RENAMED))) != "equal"


def test_an_end_within_the_comment_is_never_taken_for_another(tmp_path: Path) -> None:
    contents, index = body(Entry("a", b"hello"))
    others, hidden = body(Entry("a", b"other"), offset=len(contents))
    start = len(contents) + len(others) + len(index)
    inner = end(1, len(hidden), start + 22, b"xyz1234")[:-4]
    outer = end(1, len(index), len(contents) + len(others), hidden + inner)
    assert agrees(tmp_path, contents + others + index + outer) != "equal"


@pytest.mark.parametrize("length", [0, 5, 300, 16_000])
def test_a_comment_means_nothing(tmp_path: Path, length: int) -> None:
    archive = made(Entry("a", b"hello"), comment=b"x" * length)
    assert agrees(tmp_path, archive) == "equal"


@pytest.mark.parametrize("lies", [{"disks": 2}, {"disk": 1}, {"here": 2}, {"length": 45}])
def test_a_large_end_that_is_not_all_right_leads_nowhere_else(
    tmp_path: Path, lies: dict[str, int]
) -> None:
    plain, other = Entry("a", b"hello"), Entry("a", b"hello", record_extra=UNKNOWN)
    assert shown(tmp_path, large(plain)) == shown(tmp_path, large(other)) == "equal"
    assert shown(tmp_path, large(plain, **lies)) == shown(tmp_path, large(other, **lies))


@pytest.mark.parametrize("lies", [{}, {"disks": 2}, {"disk": 1}, {"here": 2}, {"length": 45}])
def test_an_index_that_only_some_would_find_is_found_as_libarchive_does(
    tmp_path: Path, lies: dict[str, int]
) -> None:
    options = {name: lies[name] for name in lies if name in {"disk", "disks"}}
    numbers = {name: lies[name] for name in lies if name not in options}

    def hidden(unknown: bytes) -> bytes:
        """Make a zip with an index, and another in the comment of which is the way to the first."""
        contents, index = body(Entry("a", b"hello", record_extra=unknown))
        more, visible = body(Entry("a", b"other"), offset=len(contents))
        start = len(contents) + len(more)
        at_end = large_end(1, len(index), start, **numbers)
        way = locator(start + len(index), **options)
        visible = visible[:32] + struct.pack("<H", len(way)) + visible[34:] + way
        before = contents + more + index + at_end
        return before + visible + end(1, len(visible), len(before))

    assert shown(tmp_path, hidden(b"")) == shown(tmp_path, hidden(UNKNOWN))


def test_a_zip_that_is_a_tar_as_well_is_never_taken_for_the_zip_alone(tmp_path: Path) -> None:
    # The name of its only entry has what a tar keeps in its first 512 bytes.
    fields = b"0000644 0000000 0000000 00000000005 00000000000 " + b" " * 8 + b"0"
    name = (b"x" * 70 + fields).ljust(299, b"x") + b"0000000 0000000 "
    name = name.ljust(482, b"x")
    total = sum(made(Entry(name.decode(), b"hello", STORED))[:512])
    name = name.replace(b" " * 9, b" %06o  " % total, 1)
    archive, path = made(Entry(name.decode(), b"hello", STORED)), tmp_path / "x.zip"
    assert archive[148:156] == b"%06o  " % total
    path.write_bytes(archive)
    with zipfile.ZipFile(path) as known:
        assert known.read(name.decode()) == b"hello"
    good = zipped(tmp_path / "good.zip", [(name.decode(), b"hello")])
    listed = subprocess.run([packing.tool("bsdtar"), "-tf", path], capture_output=True, check=False)
    assert listed.stdout.startswith(b"PK")
    assert judge(good, path) != "equal"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_written_to_a_pipe_is_compared(tmp_path: Path, compression: int) -> None:
    class Pipe(io.BytesIO):
        """Something to write to, and no way back."""

        def tell(self) -> int:
            raise OSError

    contents = [("a", b"hello world\n" * 30), ("d/b", packing.noise(300)), ("c", b"")]
    pipe, piped = Pipe(), tmp_path / "piped.zip"
    with zipfile.ZipFile(pipe, "w", compression) as archive:
        for name, content in contents:
            with archive.open(name, "w", force_zip64=name == "a") as file:
                file.write(content)
    piped.write_bytes(pipe.getvalue())
    assert compare_archive(piped, files(tmp_path / "good.tar", contents))


def test_a_file_deflated_to_no_bytes_at_all_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(made(Entry("a", method=STORED, header={"method": 8}, record={"method": 8})))
    assert compare_archive(path, files(tmp_path / "x.tar", [("a", b"")]))


def test_entries_may_be_larger_than_what_is_read_at_once(tmp_path: Path) -> None:
    sizes = [0, 1, 4095, 131_071, 131_072, 131_073, 400_000]
    contents = [(f"{n}{kind}", make(n)) for n in sizes for kind, make in KINDS.items()]
    tar = files(tmp_path / "x.tar", contents)
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = tmp_path / f"{compression}.zip"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in contents:
                archive.writestr(name, content)
        for pair in [(path, tar), (tar, path)]:
            assert compare_archive(*pair, max_compression_ratio=None)
    for n, (name, content) in enumerate(contents):
        if content:
            other = [*contents[:n], (name, content[:-1] + b"x"), *contents[n + 1 :]]
            result = compare_archive(path, zipped(tmp_path / "other.zip", other))
            assert set(result.diff) == {name}


def test_one_zip_means_the_same_to_both_readers(tmp_path: Path) -> None:
    """Make zips of all shapes, many of them wrong, and have each read in both ways."""
    random, outcomes = chance(MADE), collections.Counter[str]()
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    fields = [b"", b"", b"", *EXTRAS.values()]
    behind = [b"", b"", bytes(3), b"PK\7\x08" + bytes(12), b"PK\5\6"]

    def lies() -> dict[str, int]:
        names = ["flags", "method", "checksum", "packed", "size"]
        values = [0, 0, 1, 2, 8, 9, 0xFFFF]
        return {random.choice(names): random.choice(values)} if random.random() < 0.1 else {}

    def entry() -> Entry:
        made_of = random.choice([b"", b"hello", bytes(200), packing.noise(50)])
        return Entry(
            random.choice(["a", "b", "c", "d/", "d/e", "x\\y", "ä"]),
            made_of,
            method=random.choice([STORED, DEFLATED]),
            flags=random.choice([0, 0, 0, 2, 8, 0x800]),
            made_by=random.choice([0, 3, 3, 10]),
            mode=random.choice([0o100644, 0o100644, 0, 0o40755, 0o120777]),
            header_extra=random.choice(fields) if random.random() < 0.2 else b"",
            record_extra=random.choice(fields) if random.random() < 0.2 else b"",
            behind=random.choice(behind),
            header=lies(),
            record=lies(),
        )

    for number in range(MADE):
        entries = [entry() for _ in range(random.randrange(1, 5))]
        if number % 2:
            one.write_bytes(large(*entries))
            first = dataclasses.replace(entries[0], record_extra=UNKNOWN + entries[0].record_extra)
            other.write_bytes(large(first, *entries[1:]))
        else:
            archive = bytearray(made(*entries))
            if random.random() < 0.3:
                archive[random.randrange(len(archive))] ^= 1 << random.randrange(8)
            one.write_bytes(archive)
            other.write_bytes(unlike(bytes(archive)))
        found = judge(one, other)
        assert found != "different", one.read_bytes()
        outcomes[found] += 1
    assert min(outcomes["equal"], outcomes["error"]) > MADE / 10
