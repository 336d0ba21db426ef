"""A zip says most things twice. It means one thing, or it is an error, whoever reads it."""

from __future__ import annotations

import collections
import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

import packing
from komparu import ArchiveError, compare_archive
from packing import chance, files, zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

CONTENT = [("a", b"hello world\n" * 30), ("d/b", packing.noise(300)), ("c", b"")]

#: Where the records of an entry have their numbers: in its header, and in the index.
NUMBERS = {
    "flags": (6, 8, "<H"),
    "method": (8, 10, "<H"),
    "checksum": (14, 16, "<L"),
    "packed": (18, 20, "<L"),
    "size": (22, 24, "<L"),
    "name": (30, 46, "<B"),
}

MUTATIONS = 300

KINDS: dict[str, Callable[[int], bytes]] = {"noise": packing.noise, "zeros": bytes}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return zipped(tmp_path / "good.zip", CONTENT)


def places(archive: bytes | bytearray, name: str) -> tuple[int, int]:
    """Where the header of an entry begins, and its record in the index."""
    header = archive.index(name.encode()) - 30
    record = archive.index(name.encode(), archive.index(b"PK\1\2")) - 46
    return header, record


def changed(
    archive: bytes, name: str, number: str, by: int, where: Iterable[int] = (0, 1)
) -> bytes:
    """Change what an entry says of itself, in its header and in the index."""
    result, (*offsets, form) = bytearray(archive), NUMBERS[number]
    for which in where:
        at = places(archive, name)[which] + offsets[which]
        (value,) = struct.unpack_from(form, archive, at)
        struct.pack_into(form, result, at, value + by)
    return bytes(result)


def unlike(archive: bytes) -> bytes:
    """Make an archive that means the same, but that begins with something else."""
    return b"PK: something else\n" + archive


def refused(good: Path, bad: Path) -> str:
    with pytest.raises(ArchiveError) as caught:
        compare_archive(good, bad)
    assert caught.value.source == str(bad)
    with pytest.raises(ArchiveError):
        compare_archive(bad, bad)
    return str(caught.value)


@pytest.mark.parametrize(
    ("number", "where"),
    [
        *((number, 0) for number in NUMBERS),
        # Two of them count only in the header, for libarchive.
        *((number, 1) for number in NUMBERS if number not in {"flags", "method"}),
    ],
)
def test_a_header_and_an_index_that_disagree_are_an_error(
    tmp_path: Path, good: Path, number: str, where: int
) -> None:
    bad = tmp_path / "bad.zip"
    for by in (1, 3):
        bad.write_bytes(changed(good.read_bytes(), "d/b", number, by, [where]))
        assert refused(good, bad)


@pytest.mark.parametrize(
    ("number", "by", "words"),
    [
        ("checksum", 1, "'a' in it is damaged: its checksum is wrong"),
        ("size", 1, "'a' in it is damaged: it is not as large as the index says"),
        ("size", -1, "it is larger than the index says"),
        ("packed", -1, "it is cut short"),
        ("packed", 1, "wrong size"),
    ],
)
def test_content_that_is_not_what_both_say_is_an_error(
    tmp_path: Path, good: Path, number: str, by: int, words: str
) -> None:
    bad = tmp_path / "bad.zip"
    bad.write_bytes(changed(good.read_bytes(), "a", number, by))
    assert words in refused(good, bad)


def test_content_that_would_lie_in_the_next_entry_is_an_error(tmp_path: Path, good: Path) -> None:
    bad, content = tmp_path / "bad.zip", bytearray(good.read_bytes())
    header, _ = places(content, "d/b")
    content[header + 28] += 1
    bad.write_bytes(content)
    assert "'d/b' in it is damaged: it goes on where something else begins" in refused(good, bad)


def test_content_that_ends_before_its_place_does_is_an_error(tmp_path: Path, good: Path) -> None:
    bad, last = tmp_path / "bad.zip", [("a", b"hello world\n" * 30)]
    content = zipped(bad, last).read_bytes()
    index = content.index(b"PK\1\2")
    longer = changed(content[:index] + b"\0" + content[index:], "a", "packed", 1)
    (offset,) = struct.unpack_from("<L", longer, len(longer) - 6)
    bad.write_bytes(longer[:-6] + struct.pack("<L", offset + 1) + longer[-2:])
    assert "it is not as large as the index says" in refused(good, bad)


def test_two_entries_at_one_place_are_an_error(tmp_path: Path, good: Path) -> None:
    bad, content = tmp_path / "bad.zip", bytearray(good.read_bytes())
    (_, first), (_, second) = places(content, "a"), places(content, "d/b")
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    bad.write_bytes(content)
    assert refused(good, bad)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_written_to_a_pipe_is_compared(tmp_path: Path, compression: int) -> None:
    class Pipe(io.BytesIO):
        """Something to write to, and no way back."""

        def tell(self) -> int:
            raise OSError

    pipe, piped = Pipe(), tmp_path / "piped.zip"
    with zipfile.ZipFile(pipe, "w", compression) as archive:
        for name, content in CONTENT:
            archive.writestr(name, content)
    piped.write_bytes(pipe.getvalue())
    assert compare_archive(piped, files(tmp_path / "good.tar", CONTENT))


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


def test_one_zip_means_the_same_to_both_readers(tmp_path: Path, good: Path) -> None:
    content, random = good.read_bytes(), chance(MUTATIONS)
    one, other, outcomes = tmp_path / "one", tmp_path / "other", collections.Counter[str]()
    index = content.index(b"PK\1\2")
    for _ in range(MUTATIONS):
        mutated = bytearray(content)
        for _ in range(random.randrange(3)):
            place = random.choice(
                [random.randrange(len(content)), random.randrange(index, len(content))]
            )
            mutated[place] ^= 1 << random.randrange(8)
        one.write_bytes(mutated)
        other.write_bytes(unlike(bytes(mutated)))
        verdicts = {judge(good, path) for path in (one, other)}
        assert not {"equal", "different"} <= verdicts, mutated
        outcomes[" ".join(sorted(verdicts))] += 1
    assert outcomes["equal"] > 0
    assert outcomes["error"] > 0


def judge(a: Path, b: Path) -> str:
    try:
        return compare_archive(a, b).verdict.value
    except ArchiveError:
        return "error"
