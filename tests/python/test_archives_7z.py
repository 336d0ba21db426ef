"""A 7z says at its beginning where it ends; one that is cut short or not finished is an error."""

from __future__ import annotations

import gzip
import subprocess
from typing import TYPE_CHECKING

import pytest

import packing
from judging import judge, refuses
from komparu import compare_archive
from packing import files

if TYPE_CHECKING:
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
