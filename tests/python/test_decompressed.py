"""What is within a compressed file, as a source."""

from __future__ import annotations

import asyncio
import copy
import gzip
import lzma
import pickle
from typing import TYPE_CHECKING, Any

import pytest

import komparu
import packing
from komparu import (
    ArchiveBombError,
    ArchiveError,
    Content,
    Decompressed,
    DiffReason,
    Source,
    SourceNotFoundError,
    SourceReadError,
    Verdict,
    compare,
    compare_all,
    compare_many,
    compare_trees,
    first_difference,
)
from komparu import testing as komparu_testing
from packing import COMPRESSIONS

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"".join(b"line %d of a text\n" % number for number in range(40_000))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text, with all ways of compressing it beside it."""
    path = tmp_path_factory.mktemp("texts") / "one.txt"
    path.write_bytes(TEXT)
    for way, compress in COMPRESSIONS.items():
        path.with_suffix(f".txt.{way}").write_bytes(compress(TEXT))
    return path


def of(plain: Path, way: str) -> Decompressed:
    return Decompressed(plain.with_suffix(f".txt.{way}"))


@pytest.mark.parametrize("way", COMPRESSIONS)
def test_what_is_within_is_compared_with_a_file(plain: Path, tmp_path: Path, way: str) -> None:
    within = of(plain, way)
    assert compare(plain, within)
    assert compare(within, plain)
    assert compare(within, of(plain, "xz"))
    assert compare(Decompressed(Content(COMPRESSIONS[way](TEXT))), plain)
    for bad in (TEXT[:-1] + b"!", TEXT + b"!", TEXT[:-1], b"", b"!" + TEXT[1:]):
        other = tmp_path / "other"
        other.write_bytes(COMPRESSIONS[way](bad))
        assert not compare(plain, Decompressed(other))
        assert not compare(Decompressed(other), within)
    assert first_difference(plain, within) is None
    other.write_bytes(COMPRESSIONS[way](TEXT[:-1] + b"!"))
    difference = first_difference(within, Decompressed(other))
    assert difference is not None
    assert (difference.offset, difference.line) == (len(TEXT) - 1, 40_000)


@pytest.mark.parametrize("way", COMPRESSIONS)
def test_several_members_are_one_content(plain: Path, tmp_path: Path, way: str) -> None:
    both = tmp_path / "both"
    both.write_bytes(COMPRESSIONS[way](TEXT[:1000]) + COMPRESSIONS[way](TEXT[1000:]))
    assert compare(plain, Decompressed(both))


def test_it_stands_wherever_a_source_does(plain: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.gz"
    other.write_bytes(gzip.compress(b"other"))
    assert compare_all([plain, *(of(plain, way) for way in COMPRESSIONS)])
    assert not compare_all([of(plain, "gz"), of(plain, "xz"), Decompressed(other)])
    # More than are read at once.
    assert compare_all([of(plain, way) for way in COMPRESSIONS] * 10)
    many = compare_many([plain, of(plain, "gz"), Decompressed(other), plain.with_suffix(".txt.gz")])
    packed = str(plain.with_suffix(".txt.gz"))
    assert many.groups == [
        {str(plain), f"{packed} (decompressed)"},
        {f"{other} (decompressed)"},
        {packed},
    ]
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a").write_bytes(TEXT)
    (tree / "b").write_bytes(b"another")
    map_: dict[Any, Any] = {"a": of(plain, "zst"), "b": Decompressed(other)}
    for result in (compare_trees(tree, map_), komparu.compare_dir_urls(tree, map_)):
        assert result.diff.keys() == {"b"}
    result = compare_trees(tree, map_, where=True)
    assert result.differences["b"].offset == 0
    assert compare_trees(packing.files(tmp_path / "x.tar", [("a", TEXT), ("b", b"other")]), map_)
    komparu_testing.assert_same(of(plain, "lz4"), plain)
    with pytest.raises(AssertionError, match="5 bytes in actual"):
        komparu_testing.assert_same(Decompressed(other), plain)


def test_archives_and_manifests_are_read_from_what_is_within(tmp_path: Path) -> None:
    tar = packing.files(tmp_path / "x.tar", [("a", b"content")])
    twice = tmp_path / "x.tar.gz.xz"
    twice.write_bytes(lzma.compress(gzip.compress(tar.read_bytes())))
    assert komparu.compare_archive(tar, Decompressed(twice))
    assert compare(Decompressed(Content(gzip.compress(tar.read_bytes()))), tar)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a").write_bytes(b"content")
    assert compare_trees(tree, Decompressed(twice))
    sums = tmp_path / "SHA256SUMS"
    komparu.write_manifest(tree, sums)
    packed = tmp_path / "SHA256SUMS.xz"
    packed.write_bytes(lzma.compress(sums.read_bytes()))
    assert compare_trees(tree, komparu.Manifest(Decompressed(packed)))


def test_coroutines_take_it(plain: Path) -> None:
    async def main() -> None:
        pairs = [komparu.aio.compare(plain, of(plain, way)) for way in COMPRESSIONS]
        assert await asyncio.gather(*pairs) == [True] * len(COMPRESSIONS)
        assert await komparu.aio.first_difference(of(plain, "gz"), of(plain, "bz2")) is None
        with pytest.raises(ArchiveBombError):
            await komparu.aio.compare(plain, of(plain, "gz"), max_decompressed_size=1000)

    asyncio.run(main())


@pytest.mark.parametrize("way", COMPRESSIONS)
def test_what_is_cut_short_is_an_error(tmp_path: Path, way: str) -> None:
    content = packing.noise(300)
    packed, plain, cut = COMPRESSIONS[way](content), tmp_path / "plain", tmp_path / "cut"
    plain.write_bytes(content)
    for length in range(len(packed)):
        cut.write_bytes(packed[:length])
        with pytest.raises(ArchiveError) as caught:
            compare(plain, Decompressed(cut))
        assert caught.value.source == str(cut)
        assert str(caught.value).startswith(f"{cut}: ")


def test_a_checksum_that_is_wrong_is_an_error(tmp_path: Path) -> None:
    packed, bad = bytearray(gzip.compress(TEXT)), tmp_path / "bad.gz"
    packed[-6] ^= 1
    bad.write_bytes(packed)
    with pytest.raises(ArchiveError, match="its gzip is damaged"):
        compare(Content(TEXT), Decompressed(bad))


def test_nothing_may_follow_what_is_compressed(tmp_path: Path) -> None:
    for way, compress in COMPRESSIONS.items():
        path = tmp_path / f"x.{way}"
        path.write_bytes(compress(TEXT) + bytes(512))
        assert compare(Content(TEXT), Decompressed(path)), "zeros are padding"
        path.write_bytes(compress(TEXT) + b"more")
        with pytest.raises(ArchiveError):
            compare(Content(TEXT), Decompressed(path))


@pytest.mark.parametrize(
    "content", [b"", b"a text", b"PK\3\4", b"\x5d\0\0\x80\0" + b"\xff" * 8, bytes(5000)]
)
def test_what_is_not_compressed_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="is not compressed by gzip, bzip2, xz, zstd or lz4"):
        compare(path, Decompressed(path))


def test_limits_hold(tmp_path: Path) -> None:
    bomb, zeros = tmp_path / "bomb.gz", tmp_path / "zeros"
    with zeros.open("wb") as file:
        file.truncate(20 << 20)
    bomb.write_bytes(gzip.compress(bytes(20 << 20)))
    with pytest.raises(ArchiveBombError, match="max_compression_ratio is 200"):
        compare(zeros, Decompressed(bomb))
    with pytest.raises(ArchiveBombError, match="max_decompressed_size is 1000000"):
        compare_many(
            [zeros, Decompressed(bomb)], max_decompressed_size=1_000_000, max_compression_ratio=None
        )
    assert compare(zeros, Decompressed(bomb), max_compression_ratio=None)
    limited = komparu.Comparer(max_decompressed_size=1_000_000, max_compression_ratio=None)
    with pytest.raises(ArchiveBombError):
        limited.compare(zeros, Decompressed(bomb))


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError) as caught:
        compare(Content(b""), Decompressed(tmp_path / "missing.gz"))
    assert caught.value.source == str(tmp_path / "missing.gz")
    with pytest.raises(SourceReadError):
        compare(Content(b""), Decompressed(tmp_path))


def test_a_file_object_is_undone_as_it_is_read(plain: Path) -> None:
    packed = plain.with_suffix(".txt.xz")
    with packed.open("rb") as file:
        assert compare(plain, Decompressed(file))
    assert compare(Decompressed(Content(lambda: packed.open("rb"), "x")), plain)


def test_a_url_is_undone_as_it_arrives(simple: tuple[str, Path], plain: Path) -> None:
    url, directory = simple
    (directory / "one.gz").write_bytes(gzip.compress(TEXT))
    url = f"{url}/one.gz"
    assert compare(plain, Decompressed(url))
    assert compare(plain, Decompressed(Source(url, headers={"X-Key": "1"})))
    assert not compare(Content(TEXT[:-1] + b"!"), Decompressed(url))
    with pytest.raises(SourceNotFoundError):
        compare(plain, Decompressed(f"{url}.missing"))


def test_it_is_a_value() -> None:
    one = Decompressed("https://user:secret@host/one.gz")
    assert "secret" not in repr(one)
    assert repr(Decompressed("a.gz")) == "Decompressed(source='a.gz')"
    again = pickle.loads(pickle.dumps(one))  # noqa: S301  # just made
    assert again == one == copy.deepcopy(one)
    assert hash(one) == hash(Decompressed("https://user:secret@host/one.gz"))
    with pytest.raises(AttributeError):
        one.source = "x"  # type: ignore[misc]
    wrong: list[tuple[Any, type[Exception], str]] = [
        ("", ValueError, "Decompressed.source cannot be empty"),
        (5, TypeError, "Decompressed.source must be "),
        (one, TypeError, "Decompressed.source must not be Decompressed itself"),
    ]
    for bad, error, words in wrong:
        with pytest.raises(error, match=words):
            Decompressed(bad)
    with pytest.raises(komparu.ConfigError, match="is content, not a local path"):
        komparu.Directory(Decompressed("a"))


def test_an_equal_pair_of_equal_names_is_still_read(tmp_path: Path) -> None:
    bad = tmp_path / "bad.gz"
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1
    bad.write_bytes(packed)
    with pytest.raises(ArchiveError):
        compare(Decompressed(bad), Decompressed(bad))
    result = compare_trees({"a": Decompressed(bad)}, {"a": Content(TEXT)})
    assert (result.verdict, result.diff) == (Verdict.UNVERIFIED, {"a": DiffReason.READ_ERROR})
