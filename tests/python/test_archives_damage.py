"""What is no whole archive gets an error that says which side and why, never a wrong verdict."""

from __future__ import annotations

import collections
import gzip
import io
import os
import subprocess
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

import komparu
import packing
from children import run
from komparu import ArchiveError, compare_archive
from outcomes import judge, refuses
from packing import COMMANDS, files, pack, zipped
from zips import Entry, made

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = {"a": b"hello world\n" * 3, "b": b"second\n"}

#: Formats whose checksums guard every byte of content.
ZIPS = {"info.zip", "stored.zip", "bzip2.zip", "bsd.zip"}
GUARDED = {"tar.gz", "tar.bz2", "tar.xz", "7z", "bsd.7z", *ZIPS}

#: How many mutations the last test makes of each format; set it for a longer run.
MUTATIONS = int(os.environ.get("KOMPARU_MUTATIONS", "300"))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packing.grow(tmp_path_factory.mktemp("tree"), CONTENT)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return files(tmp_path / "good.tar", CONTENT.items())


def small(kind: str, tree: Path, directory: Path) -> Path:
    """Make an archive of a kind, without any padding at its end."""
    archive = pack(kind, tree, directory / f"x.{kind}", ("a", "b"))
    if kind.endswith(".tar"):
        content = archive.read_bytes().rstrip(b"\0")
        archive.write_bytes(content.ljust(-len(content) % 512 + len(content), b"\0") + bytes(1024))
    return archive


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty", b"", "is empty"),
        ("text", b"no archive at all\n" * 100, "is no archive of a known format"),
        ("mtree", b"#mtree\n./x type=file size=0\n", "is no archive of a known format"),
        ("noise", packing.noise(5000), "is no archive of a known format"),
    ],
)
def test_what_is_no_archive_is_an_error(
    tmp_path: Path, good: Path, name: str, content: bytes, words: str
) -> None:
    bad = tmp_path / name
    bad.write_bytes(content)
    refuses(good, bad, bad, words)
    refuses(bad, bad, bad, words)


@pytest.mark.skipif(not packing.HAS_XML, reason="what libarchive says is said of a xar")
def test_what_libarchive_says_is_one_line(tmp_path: Path, tree: Path, good: Path) -> None:
    bad = pack("xar", tree, tmp_path / "x.xar", ("a", "b"))
    content = bytearray(bad.read_bytes())
    start = content.index(b"\x78", 28)
    length = int.from_bytes(content[8:16], "big")
    toc = b"<xar><toc></toc></xar>trailing"
    packed = zlib.compress(toc)
    header = content[:8] + len(packed).to_bytes(8, "big") + len(toc).to_bytes(8, "big")
    bad.write_bytes(header + content[24:start] + packed + content[start + length :])
    with pytest.raises(ArchiveError) as caught:
        compare_archive(good, bad)
    message = str(caught.value)
    assert "XML" in message
    assert message == message.strip()
    # Nor one that is escaped.
    assert r"\n" not in message


def test_a_method_that_is_not_supported_is_named(tmp_path: Path, good: Path) -> None:
    bad = tmp_path / "x.zip"
    bad.write_bytes(made(Entry("name", b"content", method=97)))
    refuses(good, bad, bad, "by a method that is not supported")


def test_what_is_no_file_is_an_error(tmp_path: Path, good: Path) -> None:
    refuses(good, tmp_path, tmp_path, "is a directory")
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    refuses(good, fifo, fifo, "is a FIFO")
    with pytest.raises(komparu.SourceNotFoundError):
        compare_archive(good, tmp_path / "missing")


@pytest.mark.parametrize("options", [["-psecret"], ["-psecret", "-mhe=on"]])
def test_an_encrypted_7z_is_an_error(
    tmp_path: Path, tree: Path, good: Path, options: list[str]
) -> None:
    bad = tmp_path / "x.7z"
    command: list[str | Path] = [packing.tool("7z"), "a", "-bso0", *options, bad, "a", "b"]
    subprocess.run(command, cwd=tree, check=True)
    refuses(good, bad, bad, "ncrypt")


@pytest.mark.parametrize("options", [["-tzip", "-mem=ZipCrypto"], ["-tzip", "-mem=AES256"]])
def test_an_encrypted_zip_is_an_error(
    tmp_path: Path, tree: Path, good: Path, options: list[str]
) -> None:
    bad = tmp_path / "x.zip"
    command: list[str | Path] = [
        packing.tool("7z"),
        "a",
        "-bso0",
        "-psecret",
        *options,
        bad,
        "a",
        "b",
    ]
    subprocess.run(command, cwd=tree, check=True)
    refuses(good, bad, bad, "is encrypted")
    refuses(bad, bad, bad, "is encrypted")


@pytest.mark.parametrize("kind", ["7z", "zip"])
def test_a_part_of_a_divided_archive_is_an_error(tmp_path: Path, good: Path, kind: str) -> None:
    tree = packing.grow(tmp_path / "tree", {"x": packing.noise(300_000)})
    command: list[str | Path] = [
        packing.tool("7z"),
        "a",
        "-bso0",
        f"-t{kind}",
        "-v100k",
        tmp_path / f"x.{kind}",
    ]
    subprocess.run([*command, "x"], cwd=tree, check=True)
    for part in sorted(tmp_path.glob(f"x.{kind}.*")):
        refuses(good, part, part, "")


@pytest.mark.parametrize("kind", [kind for kind in COMMANDS if kind not in {"iso", "tar.uu"}])
def test_an_archive_cut_short_is_never_equal_unless_all_is_there(
    tmp_path: Path, tree: Path, kind: str
) -> None:
    archive = small(kind, tree, tmp_path)
    content, cut = archive.read_bytes(), tmp_path / "cut"
    # Of other containers, what is missing may be nothing that was to be compared.
    accepted = ("error", "unverified" if "tar" in kind else "equal")
    for length in range(len(content)):
        cut.write_bytes(content[:length])
        assert judge(archive, cut) in accepted, length


def test_an_ar_cut_short_within_a_member_is_an_error(tmp_path: Path, tree: Path) -> None:
    archive, cut = tmp_path / "x.a", tmp_path / "cut"
    command: list[str | Path] = [packing.tool("ar"), "q", archive, "a", "b"]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    content = archive.read_bytes()
    # Nothing marks the end of an ar: cut between two members, it is not known what it lacks.
    ends = [8, 8 + 60 + len(CONTENT["a"])]
    for length in range(len(content) - 1):
        for packed in (content[:length], gzip.compress(content[:length])):
            cut.write_bytes(packed)
            verdict = "unverified" if length in ends else "error"
            if length < 3 and packed != content[:length]:
                # Up to two bytes may be all of a compressed file without an archive.
                verdict = "different"
            assert judge(archive, cut) == verdict, length
    cut.write_bytes(gzip.compress(content))
    assert judge(archive, cut) == "equal"


@pytest.mark.parametrize("kind", ["gnu.tar", *sorted(GUARDED)])
def test_one_flipped_bit_is_never_taken_for_other_content(
    tmp_path: Path, tree: Path, kind: str
) -> None:
    archive = small(kind, tree, tmp_path)
    content, flipped = archive.read_bytes(), tmp_path / "flipped"
    for position in range(len(content)):
        for bit in (1, 128) if kind == "gnu.tar" else (1, 2, 16, 128):
            changed = bytearray(content)
            changed[position] ^= bit
            flipped.write_bytes(changed)
            verdict = judge(archive, flipped)
            if verdict == "equal":
                assert read(changed) in (None, CONTENT), (position, bit)
            elif verdict == "different" and kind in GUARDED:
                # Names and types have no checksum of their own.
                assert not compare_archive(archive, flipped).diff, (position, bit)


def read(archive: bytes | bytearray) -> dict[str, bytes] | None:
    """Read an archive the way Python does; None if it cannot."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            return {
                info.name: file.read()
                for info in tar.getmembers()
                if (file := tar.extractfile(info)) is not None
            }
    except Exception:  # noqa: BLE001, S110  # damage has many faces, and it may be a zip
        pass
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            return {name: packed.read(name) for name in packed.namelist()}
    except Exception:  # noqa: BLE001
        return None


def test_an_index_that_lost_its_entries_is_an_error(tmp_path: Path, good: Path) -> None:
    bad = zipped(tmp_path / "x.zip", CONTENT.items())
    content = bytearray(bad.read_bytes())
    end = content.rfind(b"PK\x05\x06")
    size = int.from_bytes(content[end + 12 : end + 16], "little")
    offset = int.from_bytes(content[end + 16 : end + 20], "little")
    content[end + 12 : end + 16] = bytes(4)
    content[end + 16 : end + 20] = (offset + size).to_bytes(4, "little")
    bad.write_bytes(content)
    refuses(good, bad, bad, "counts 2", "signature")


def test_a_zip_that_is_compressed_once_more_is_an_error(tmp_path: Path, good: Path) -> None:
    # Which of its entries are links, only its index says, and that cannot be reached.
    bad = tmp_path / "x.zip.gz"
    bad.write_bytes(gzip.compress(zipped(tmp_path / "x.zip", CONTENT.items()).read_bytes()))
    refuses(good, bad, bad, "a zip is read from its end, and it is compressed once more")


def test_no_program_is_run_to_undo_a_compression(good: Path, tmp_path: Path) -> None:
    """libarchive would have these do what it was built without, or never does itself."""
    programs, ran = tmp_path / "programs", tmp_path / "ran"
    programs.mkdir()
    beginnings = {
        "grzip": b"GRZipII\0\2\4:)",
        "lrzip": b"LRZI\0\6",
        "lzop": b"\x89LZO\0\r\n\x1a\n",
        "lz4": b"\x04\x22\x4d\x18",
        "zstd": b"\x28\xb5\x2f\xfd",
        "xz": b"\xfd7zXZ\0",
        "bzip2": b"BZh91AY&SY",
        "gzip": b"\x1f\x8b\x08",
    }
    for name in [*beginnings, "bunzip2", "gunzip", "unlzma", "unxz", "lzip", "unzstd"]:
        program = programs / name
        program.write_text(f"#!/bin/sh\necho {name} >> {ran}\n")
        program.chmod(0o755)
    compressed = []
    for name, magic in beginnings.items():
        path = tmp_path / f"x.{name}"
        path.write_bytes(magic + bytes(100) + packing.noise(1000))
        compressed.append(path)
    code = """
for path in sys.argv[2:]:
    try:
        komparu.compare_archive(path, sys.argv[1])
    except komparu.ArchiveError:
        print("error")
"""
    printed = run(code, good, *compressed, environment={"PATH": os.fspath(programs)})
    assert printed == "error\n" * len(compressed)
    assert not ran.exists()


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_mutated_archive_never_crashes_nor_hangs(tmp_path: Path, tree: Path, kind: str) -> None:
    archive, mutated = small(kind, tree, tmp_path), tmp_path / "mutated"
    content, chance = archive.read_bytes(), packing.chance(MUTATIONS)
    outcomes = collections.Counter[str]()
    for _ in range(MUTATIONS):
        changed = bytearray(content)
        for _ in range(chance.randrange(1, 8)):
            place = chance.randrange(len(changed))
            match chance.randrange(5):
                case 0:
                    changed[place] = chance.randrange(256)
                case 1:
                    changed[place : place + 4] = chance.choice([b"\xff" * 4, bytes(4), b"9999"])
                case 2:
                    del changed[place : place + chance.randrange(64)]
                case 3:
                    start = chance.randrange(len(changed))
                    changed[place:place] = changed[start : start + chance.randrange(64)]
                case _:
                    changed[place] ^= 1 << chance.randrange(8)
            if not changed:
                break
        mutated.write_bytes(changed)
        outcomes[judge(archive, mutated)] += 1
    assert outcomes.total() == MUTATIONS
    assert outcomes["error"] > 0


def test_of_two_damaged_archives_it_is_always_the_first_that_is_told_of(tmp_path: Path) -> None:
    contents = [(str(n), b"") for n in range(5000)]
    a = files(tmp_path / "a.tar", contents)
    b = files(tmp_path / "b.tar", contents[::-1])
    for archive, entry in ((a, 4900), (b, 4000)):
        damaged = bytearray(archive.read_bytes())
        damaged[entry * 512] ^= 1
        archive.write_bytes(damaged)
    for hash_compare in (False, True) * 5:
        with pytest.raises(ArchiveError) as caught:
            compare_archive(a, b, hash_compare=hash_compare)
        assert caught.value.source == str(a)
        with pytest.raises(ArchiveError) as caught:
            compare_archive(b, a, hash_compare=hash_compare)
        assert caught.value.source == str(b)
