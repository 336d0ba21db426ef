"""Of a tar everything is accounted for: its end, what follows it, and every cut."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

import packing
from komparu import ArchiveError, DiffReason, Verdict, compare_archive
from outcomes import judge
from packing import files, link, member, symlink, tar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLOCK = 512

#: Two blocks of zeros.
END = bytes(2 * BLOCK)


def bare(path: Path) -> bytes:
    """Read a tar without its end mark and what follows."""
    content = path.read_bytes()
    with tarfile.open(path) as archive:
        last = archive.getmembers()[-1]
    return content[: last.offset_data + -(-last.size // BLOCK) * BLOCK]


def write(path: Path, content: bytes) -> Path:
    """Write a file."""
    path.write_bytes(content)
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return files(tmp_path / "good.tar", [("a", b"hello" * 300), ("b", b"1")])


def make_python(tmp_path: Path, **options: object) -> Path:
    """Have Python pack entries of many kinds, of which some need headers of their own."""
    with tarfile.open(tmp_path / "whole", "w", **options) as archive:  # type: ignore[call-overload]
        for info, content in [
            member("a" * 150, b"hello" * 300),
            member("d/", type=tarfile.DIRTYPE),
            symlink("s" * 120, "t" * 130),
            link("h", "a" * 150),
            member("é/ü", b"1"),
        ]:
            archive.addfile(info, io.BytesIO(content))
    return tmp_path / "whole"


def make_by_tool(tmp_path: Path, program: str, *options: str) -> Path:
    """Have a tool pack a tree with all that needs a header of its own."""
    long = "long" * 35
    tree = packing.grow(tmp_path / "tree", {"d/a": b"hello" * 300, "é": b"1", f"{long}/x": b"2"})
    (tree / "h").hardlink_to(tree / "d/a")
    (tree / "s").symlink_to("t" * 130)
    with (tree / "sparse").open("wb") as sparse:
        for part in range(30):
            sparse.seek(part << 16)
            sparse.write(b"part")
        sparse.truncate(3 << 20)
    command = [program, *options, "-cf", str(tmp_path / "whole"), "."]
    subprocess.run(command, cwd=tree, check=True)
    return tmp_path / "whole"


#: How tars come about.
TARS: dict[str, Callable[[Path], Path]] = {
    "python-gnu": lambda path: make_python(path, format=tarfile.GNU_FORMAT),
    "python-pax": lambda path: make_python(path, format=tarfile.PAX_FORMAT),
    "python-global": lambda path: make_python(
        path, format=tarfile.PAX_FORMAT, pax_headers={"comment": "0123456789"}
    ),
    "gnu": lambda path: make_by_tool(path, packing.gnu_tar(), "--format=gnu", "-S"),
    "gnu-volume": lambda path: make_by_tool(path, packing.gnu_tar(), "--format=gnu", "-V", "name"),
    "posix": lambda path: make_by_tool(path, packing.gnu_tar(), "--format=posix", "-S"),
    "posix-0.0": lambda path: make_by_tool(
        path, packing.gnu_tar(), "--format=posix", "-S", "--sparse-version=0.0"
    ),
    "posix-0.1": lambda path: make_by_tool(
        path, packing.gnu_tar(), "--format=posix", "-S", "--sparse-version=0.1"
    ),
    "bsd-pax": lambda path: make_by_tool(path, packing.tool("bsdtar"), "--format=pax"),
    "bsd-gnu": lambda path: make_by_tool(path, packing.tool("bsdtar"), "--format=gnutar"),
}


@pytest.mark.parametrize("make", TARS.values(), ids=TARS)
def test_a_cut_tar_is_never_equal_and_never_merely_different(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    whole, cut = make(tmp_path), tmp_path / "cut"
    assert judge(whole, whole) == "equal"
    content = whole.read_bytes()
    end = len(content.rstrip(b"\0"))
    end += -end % BLOCK + len(END)
    for length in {*range(0, end, BLOCK), *range(1, end, 397), end - 1}:
        cut.write_bytes(content[:length])
        for pair in [(cut, whole), (whole, cut), (cut, cut)]:
            assert judge(*pair) in ("error", "unverified"), (length, pair)
    # What lies behind the end mark is padding.
    for length in {*range(end, len(content), 511), len(content)}:
        cut.write_bytes(content[:length])
        assert judge(cut, whole) == "equal", length


def test_an_entry_that_came_again_behind_a_cut_is_not_known_to_differ(tmp_path: Path) -> None:
    members = [member("x", b"old"), member("y"), member("x", b"new")]
    whole = tar(tmp_path / "whole", members)
    cut = write(tmp_path / "cut", bare(tar(tmp_path / "before", members[:2])))
    for pair in [(cut, whole), (whole, cut)]:
        result = compare_archive(*pair)
        assert (result.verdict, result.errors) == (Verdict.UNVERIFIED, {"", "x"})


def test_a_tar_without_an_end_mark_is_compared_and_unverified(tmp_path: Path, good: Path) -> None:
    without = write(tmp_path / "without", bare(good))
    for pair in [(without, good), (good, without), (without, without)]:
        result = compare_archive(*pair)
        assert (result.verdict, result.errors) == (Verdict.UNVERIFIED, {""})
        assert result.messages[""].startswith(f"{without}: ends without an end mark")
    more = files(tmp_path / "more", [("a", b"hello" * 300), ("b", b"2"), ("c", b"")])
    result = compare_archive(without, more)
    assert result.diff["b"] is DiffReason.CONTENT_MISMATCH
    assert (result.verdict, result.errors) == (Verdict.DIFFERENT, {"", "c"})
    assert (result.only_left, result.only_right) == (set(), set())
    # That the other lacks what this one has is known.
    fewer = files(tmp_path / "fewer", [("a", b"hello" * 300)])
    assert compare_archive(without, fewer).only_left == {"b"}


def test_half_an_end_mark_is_none(tmp_path: Path, good: Path) -> None:
    for length in (BLOCK, BLOCK + 1, 2 * BLOCK - 1):
        half = write(tmp_path / "half", bare(good) + bytes(length))
        assert compare_archive(half, good).errors == {""}


def test_what_follows_the_end_has_to_be_the_same(tmp_path: Path, good: Path) -> None:
    content = bare(good) + END
    behind = {
        name: write(tmp_path / name, content + rest)
        for name, rest in [
            ("nothing", b""),
            ("zeros", bytes(70_000)),
            ("junk", b"junk"),
            ("moved", bytes(3 * BLOCK) + b"junk" + bytes(9)),
            ("other", b"jank"),
            ("tar", content),
            ("large", packing.noise(300_000)),
        ]
    }
    same = [{"nothing", "zeros"}, {"junk", "moved"}]
    for one, other in itertools.product(behind, repeat=2):
        result = compare_archive(behind[one], behind[other])
        is_same = one == other or {one, other} in same
        assert result.errors == (set() if is_same else {""}), (one, other)
        assert bool(result) is is_same


def test_ignore_zeros_reads_on_behind_an_end(tmp_path: Path) -> None:
    one, two = (files(tmp_path / name, [(name, b"1" * 700)]) for name in "ab")
    both = files(tmp_path / "both", [("a", b"1" * 700), ("b", b"1" * 700)])
    for between in (END, bytes(20 * BLOCK)):
        joined = write(tmp_path / "joined", bare(one) + between + bare(two) + END)
        assert compare_archive(joined, both, ignore_zeros=True)
        assert compare_archive(joined, joined, ignore_zeros=True)
        assert compare_archive(one, joined).errors == {""}
        packed = write(tmp_path / "packed", gzip.compress(joined.read_bytes()))
        assert compare_archive(packed, both, ignore_zeros=True)
    listed = subprocess.check_output([packing.gnu_tar(), "--ignore-zeros", "-tf", joined])
    assert listed == b"a\nb\n"
    without = write(tmp_path / "without", bare(one) + END + bare(two))
    assert compare_archive(without, both, ignore_zeros=True).errors == {""}
    bad = write(tmp_path / "bad", bare(one) + END + b"x" * BLOCK)
    assert compare_archive(bad, bad)
    with pytest.raises(ArchiveError, match="no header where one has to be"):
        compare_archive(bad, both, ignore_zeros=True)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
    **{
        program: lambda content, program=program: (
            subprocess.run(  # type: ignore[misc]
                [packing.tool(program), "-c"], input=content, stdout=subprocess.PIPE, check=True
            ).stdout
        )
        for program in ("zstd", "lz4")
    },
}


@pytest.mark.parametrize("compress", COMPRESSIONS.values(), ids=COMPRESSIONS)
def test_what_follows_a_compression_has_to_be_the_same(
    tmp_path: Path, good: Path, compress: Callable[[bytes], bytes]
) -> None:
    packed = compress(good.read_bytes())
    plain = write(tmp_path / "plain", packed)
    assert compare_archive(plain, write(tmp_path / "zeros", packed + bytes(1000)))
    one = write(tmp_path / "one", packed + b"junk" * 3000)
    assert compare_archive(one, one)
    again = write(tmp_path / "again", compress(good.read_bytes() + bytes(BLOCK)) + b"junk" * 3000)
    assert compare_archive(one, again)
    for other in (plain, good, write(tmp_path / "other", packed + b"junk" * 3000 + b"x")):
        for pair in [(one, other), (other, one)]:
            result = compare_archive(*pair)
            assert (result.verdict, result.errors) == (Verdict.UNVERIFIED, {""})
            assert "behind its end" in result.messages[""]


@pytest.mark.parametrize("inner", COMPRESSIONS.values(), ids=COMPRESSIONS)
@pytest.mark.parametrize("outer", COMPRESSIONS.values(), ids=COMPRESSIONS)
def test_compressions_within_compressions_are_undone_one_by_one(
    tmp_path: Path,
    good: Path,
    inner: Callable[[bytes], bytes],
    outer: Callable[[bytes], bytes],
) -> None:
    packed = inner(good.read_bytes())
    twice = write(tmp_path / "twice", outer(packed))
    verdicts = ("equal", "error") if inner is outer else ("equal",)
    assert judge(twice, good) in verdicts
    # What lies behind the inner one is seen, too.
    behind = write(tmp_path / "behind", outer(packed + b"junk"))
    assert judge(behind, good) in ("unverified", *verdicts[1:])
