"""Zips that are encrypted, and the password that an `Archive` has."""

from __future__ import annotations

import asyncio
import copy
import pickle
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import komparu
import packing
from komparu import Archive, ArchiveError, Content, aio, compare_trees
from packing import files, grow

if TYPE_CHECKING:
    from pathlib import Path

WORD = "S3cr3t W0rd"
OTHER = "another"
FILES = {"a": b"a text\n" * 3000, "src/b": packing.noise(70_000), "src/c": b"", "d": b"short"}
ISOLATE = ["auto", "never", "always"]
WAYS = {
    "zip": ["zip", "-qr", "-P", WORD],
    "stored": ["zip", "-qr0", "-P", WORD],
    "7z": ["7z", "a", "-bd", "-tzip", "-mem=ZipCrypto", f"-p{WORD}"],
    "aes128": ["7z", "a", "-bd", "-tzip", "-mem=AES128", f"-p{WORD}"],
    "aes256": ["7z", "a", "-bd", "-tzip", "-mem=AES256", f"-p{WORD}"],
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grow(tmp_path_factory.mktemp("tree") / "tree", FILES)


def encrypted(way: str, tree: Path, path: Path) -> Path:
    """Pack the tree, encrypted in this way."""
    program, *arguments = WAYS[way]
    command: list[str | Path] = [packing.tool(program), *arguments, path, "."]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def zips(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("zips")
    return {way: encrypted(way, tree, directory / f"{way}.zip") for way in WAYS}


def decrypts(archive: Path) -> bool:
    """Say whether this libarchive has what AES needs; wheels bring one that has not."""
    try:
        compare_trees(Archive(archive, password=WORD), {})
    except ArchiveError as error:
        if "in a way that is not supported" in str(error):
            return False
        raise
    return True


@pytest.mark.parametrize("isolate", ISOLATE)
@pytest.mark.parametrize("way", WAYS)
def test_a_password_opens_a_zip(
    tree: Path, zips: dict[str, Path], tmp_path: Path, way: str, isolate: str
) -> None:
    if not decrypts(zips[way]):
        assert way.startswith("aes")
        return
    opened = Archive(zips[way], password=WORD)
    plain = files(tmp_path / "x.tar", FILES.items())
    for other in (tree, plain, Archive(zips["zip"], password=WORD.encode())):
        for pair in [(opened, other), (other, opened)]:
            result = compare_trees(*pair, isolate=isolate)
            assert (result.equal, result.summary.equal) == (True, len(FILES))
    changed = grow(tmp_path / "changed", {**FILES, "d": b"shorT"})
    assert compare_trees(opened, changed, isolate=isolate, where=True).differences["d"].offset == 4
    other = encrypted(way, changed, tmp_path / "changed.zip")
    result = compare_trees(opened, Archive(other, password=WORD), isolate=isolate)
    assert result.diff.keys() == {"d"}


@pytest.mark.parametrize("isolate", ISOLATE)
@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_password_is_an_error_that_says_so(
    tree: Path, zips: dict[str, Path], way: str, isolate: str
) -> None:
    for number in range(40 if isolate == "never" else 3):
        wrong = f"wrong{number}"
        pairs: list[tuple[Any, Any]] = [
            (Archive(zips[way], password=wrong), tree),
            (tree, zips[way]),
        ]
        for pair in pairs:
            with pytest.raises(ArchiveError) as caught:
                compare_trees(*pair, isolate=isolate)
            assert str(caught.value).startswith(f"{zips[way]}: is encrypted")
            assert wrong not in str(caught.value)
            assert WORD not in str(caught.value)
            if pair[0] is not tree and decrypts(zips[way]):
                assert "the password is wrong" in str(caught.value)
        assert "Archive(source, password=...)" in str(caught.value)


def test_a_wrong_password_that_its_check_lets_pass_is_found_out_by_the_content(
    zips: dict[str, Path],
) -> None:
    # The old encryption tells a wrong password by one byte: of 256, one passes.
    for way in ("stored", "zip"):
        for number in range(600):
            with pytest.raises(ArchiveError, match="the password is wrong"):
                compare_trees(Archive(zips[way], password=f"{number}"), {}, isolate="never")


@pytest.mark.parametrize("isolate", ISOLATE)
def test_damage_behind_the_encryption_is_never_overlooked(
    tree: Path, zips: dict[str, Path], tmp_path: Path, isolate: str
) -> None:
    for way in ("stored", "zip", "aes256"):
        if not decrypts(zips[way]):
            continue
        content = bytearray(zips[way].read_bytes())
        for position in (len(content) // 3, len(content) // 2):
            damaged = tmp_path / f"{way}-{position}.zip"
            damaged.write_bytes(
                content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
            )
            with pytest.raises(ArchiveError):
                compare_trees(Archive(damaged, password=WORD), tree, isolate=isolate)


@pytest.mark.parametrize("isolate", ISOLATE)
def test_only_zips_take_a_password(tmp_path: Path, tree: Path, isolate: str) -> None:
    tar = files(tmp_path / "x.tar", FILES.items())
    packed = [tar]
    for suffix, tool in [("gz", "gzip"), ("xz", "xz")]:
        subprocess.run([packing.tool(tool), "-k", tar], check=True)
        packed.append(tmp_path / f"x.tar.{suffix}")
    single = tmp_path / "one.gz"
    with single.open("wb") as out:
        subprocess.run([packing.tool("gzip"), "-c", tree / "a"], check=True, stdout=out)
    seven = tmp_path / "x.7z"
    command: list[str | Path] = [packing.tool("7z"), "a", "-bd", f"-p{WORD}", seven, "."]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    plain_seven = tmp_path / "plain.7z"
    command = [packing.tool("7z"), "a", "-bd", plain_seven, "."]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    for archive in [*packed, single, seven, plain_seven]:
        with pytest.raises(ArchiveError, match="only zips are decrypted"):
            compare_trees(Archive(archive, password=WORD), tree, isolate=isolate)
    # A zip that is not encrypted needs none.
    zip_ = packing.zipped(tmp_path / "x.zip", FILES.items())
    assert compare_trees(Archive(zip_, password=WORD), tree, isolate=isolate)


def test_an_encrypted_link_is_refused(tmp_path: Path) -> None:
    tree = grow(tmp_path / "tree", {"a": b"1"})
    (tree / "link").symlink_to("a")
    path = tmp_path / "x.zip"
    command: list[str | Path] = [packing.tool("zip"), "-qry", "-P", WORD, path, "."]
    subprocess.run(command, cwd=tree, check=True)
    with pytest.raises(ArchiveError, match="has a link that is encrypted"):
        compare_trees(Archive(path, password=WORD), tree)


def test_a_password_goes_wherever_an_archive_does(
    tree: Path, zips: dict[str, Path], tmp_path: Path
) -> None:
    opened = Archive(Content(zips["zip"].read_bytes()), password=WORD)
    assert compare_trees(opened, tree)
    assert komparu.write_manifest(opened, tmp_path / "SHA256SUMS") == len(FILES)
    assert compare_trees(komparu.Manifest(tmp_path / "SHA256SUMS"), tree)
    assert asyncio.run(aio.compare_trees(opened, tree))
    with komparu.iter_trees(opened, tree) as run:
        assert list(run) == []
    rooted = encrypted("zip", tree.parent, tmp_path / "rooted.zip")
    assert compare_trees(Archive(rooted, root="tree", password=WORD), tree)
    # Two passwords of one file are not known to be the same, unread.
    with pytest.raises(ArchiveError, match="the password is wrong"):
        compare_trees(Archive(zips["zip"], password=WORD), Archive(zips["zip"], password=OTHER))
    both = Archive(zips["zip"], password=OTHER)
    with pytest.raises(ArchiveError, match="the password is wrong"):
        compare_trees(both, both)


def test_a_password_is_never_shown(zips: dict[str, Path]) -> None:
    archive = Archive(zips["zip"], password=WORD)
    assert WORD not in repr(archive)
    assert "password='***'" in repr(archive)
    assert "password" not in repr(Archive("x.zip"))
    again = pickle.loads(pickle.dumps(archive))  # noqa: S301  # just made
    assert again == archive == copy.deepcopy(archive)
    assert again != Archive(zips["zip"], password=OTHER)
    wrong: list[tuple[Any, type[Exception], str]] = [
        ("", ValueError, "Archive.password cannot be empty"),
        (f"{WORD}\0", ValueError, "Archive.password contains a NUL byte"),
        (f"{WORD}\udc80", ValueError, "Archive.password has letters that UTF-8 does not have"),
        (5, TypeError, "Archive.password must be str, bytes or None, not int"),
    ]
    for bad, error, words in wrong:
        with pytest.raises(error) as caught:
            Archive("x.zip", password=bad)
        assert words in str(caught.value)
        assert WORD not in str(caught.value)
