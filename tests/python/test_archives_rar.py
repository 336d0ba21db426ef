"""RAR archives: what is in them, and whether all of it is there."""

from __future__ import annotations

import gzip
import itertools
from typing import TYPE_CHECKING

import pytest

import packing
import rars
from komparu import ArchiveError, compare_archive
from outcomes import judge, refuses
from packing import files, link, member, symlink, tar, zipped
from rars import COPY, HARD_LINK, JUNCTION, UNIX_LINK, WINDOWS_LINK, block, numbers, rar4, rar5

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Nginx

CONTENT = {"a": b"hello world\n" * 3, "d/b": b"second\n", "e": b""}


def new(content: dict[str, bytes] = CONTENT) -> bytes:
    """Make an archive of RAR 5 of these files."""
    return rar5(*(rars.file(name, data) for name, data in content.items()))


def old(
    content: dict[str, bytes] = CONTENT, *, needs: int = 29, end: bytes = rars.OLD_END
) -> bytes:
    """Make an archive of RAR 1.5 to 4 of these files."""
    made = (rars.old_file(name, data, needs=needs) for name, data in content.items())
    return rar4(*made, end=end)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return files(tmp_path / "good.tar", CONTENT.items())


def written(path: Path, archive: bytes) -> Path:
    path.write_bytes(archive)
    return path


@pytest.mark.parametrize("make", [new, old])
def test_a_rar_is_compared_with_any_archive(tmp_path: Path, good: Path, make: type) -> None:
    rar = written(tmp_path / "x.rar", make())
    assert compare_archive(rar, good)
    assert compare_archive(rar, rar)
    other = written(tmp_path / "y.rar", make(CONTENT | {"d/b": b"sec0nd\n"}))
    assert set(compare_archive(rar, other).diff) == {"d/b"}
    fewer = written(tmp_path / "z.rar", make({"a": CONTENT["a"]}))
    assert compare_archive(rar, fewer).only_left == {"d/b", "e"}


def test_a_directory_in_a_rar_is_passed_over(tmp_path: Path, good: Path) -> None:
    made = [rars.file(name, data) for name, data in CONTENT.items()]
    rar = written(tmp_path / "x.rar", rar5(rars.directory("d"), *made, rars.directory("empty")))
    assert compare_archive(rar, good)


def bare(content: dict[str, bytes] = CONTENT) -> bytes:
    """Make an archive of RAR 5 with directories that have no data area."""
    directories = (rars.directory(f"d{n}" * 30, has_data_area=False) for n in itertools.count())
    entries = (rars.file(*entry) for entry in content.items())
    pairs = (pair for pair in zip(directories, entries, strict=False))
    return rar5(*itertools.chain.from_iterable(pairs), next(directories))


def test_directories_without_a_data_area_are_passed_over(
    tmp_path: Path, good: Path, nginx: Nginx
) -> None:
    rar = written(tmp_path / "x.rar", bare())
    packed = written(tmp_path / "x.rar.gz", gzip.compress(bare()))
    nginx.put("bare.rar", bare())
    ranges, without = (f"{nginx.plain}/{place}bare.rar" for place in ("", "no-ranges/"))
    forms: list[Path | str] = [rar, packed, ranges, without]
    # Behind a program; libarchive looks for it from here on.
    forms.append(written(tmp_path / "x.exe", b"MZ" + bytes(0x10000 - 2) + bare()))
    for one in forms:
        assert compare_archive(one, good), one
        assert compare_archive(one, rar), one
    other = written(tmp_path / "y.rar", bare(CONTENT | {"d/b": b"sec0nd\n"}))
    assert set(compare_archive(rar, other).diff) == {"d/b"}
    behind = written(tmp_path / "behind", bare() + b"behind")
    assert compare_archive(rar, behind).errors == {""}
    many = {f"f{n}": packing.noise(n * 90) for n in range(300)}
    written(rar, bare(many))
    nginx.put("bare.rar", bare(many))
    unpacked: list[Path | str] = [rar, ranges, without]
    for one in unpacked:
        assert compare_archive(one, files(tmp_path / "many.tar", many.items())), one


@pytest.mark.parametrize("make", [new, old, bare])
@pytest.mark.parametrize("front", [b"", b"MZ" + bytes(5000)])
def test_a_rar_cut_anywhere_is_an_error(tmp_path: Path, make: type, front: bytes) -> None:
    archive, cut = make(), tmp_path / "cut"
    whole = written(tmp_path / "x.rar", archive)
    for length in range(len(archive)):
        cut.write_bytes(front + archive[:length])
        assert judge(whole, cut) == "error", length
        assert judge(cut, cut) == "error", length


@pytest.mark.parametrize("make", [new, old, bare])
def test_a_rar_that_is_read_from_its_start_is_accounted_for_as_well(
    tmp_path: Path, nginx: Nginx, make: type
) -> None:
    archive, packed = make(), tmp_path / "x.rar.gz"
    whole, url = written(tmp_path / "x.rar", archive), f"{nginx.plain}/no-ranges/stream.rar"
    flips = (bytes([*archive[:n], archive[n] ^ 1, *archive[n + 1 :]]) for n in range(len(archive)))
    for bad in [*(archive[:length] for length in range(len(archive))), *flips]:
        packed.write_bytes(gzip.compress(bad))
        assert judge(whole, packed) == "error", bad
    for bad in (archive[:-8], archive[: len(archive) // 2]):
        nginx.put("stream.rar", bad)
        with pytest.raises(ArchiveError) as caught:
            compare_archive(url, whole)
        assert caught.value.source == url
    nginx.put("stream.rar", archive + b"behind")
    assert compare_archive(url, whole).errors == {""}


def test_an_old_rar_without_an_end_block_is_never_equal(tmp_path: Path, good: Path) -> None:
    rar = written(tmp_path / "x.rar", old(needs=20, end=b""))
    for one, other in [(rar, good), (good, rar), (rar, rar)]:
        result = compare_archive(one, other)
        assert (result.verdict.value, result.errors) == ("unverified", {""})
        assert "no end block" in result.messages[""]
    assert set(compare_archive(rar, files(tmp_path / "other.tar", [("a", b"!")])).diff) >= {"a"}
    # It may have been cut short: what is missing is not known to be.
    archive, cut = old(needs=20), tmp_path / "cut"
    for length in range(len(archive)):
        cut.write_bytes(archive[:length])
        assert judge(cut, good) in ("error", "unverified"), length
        assert judge(cut, cut) in ("error", "unverified"), length


@pytest.mark.parametrize("make", [new, old, bare])
def test_one_flipped_bit_of_a_rar_is_an_error(tmp_path: Path, make: type) -> None:
    archive, flipped = make(), tmp_path / "flipped"
    whole = written(tmp_path / "x.rar", archive)
    for place in range(len(archive)):
        changed = bytearray(archive)
        changed[place] ^= 1
        flipped.write_bytes(changed)
        assert judge(whole, flipped) == "error", place


@pytest.mark.parametrize("kind", [HARD_LINK, COPY])
def test_a_reference_in_a_rar_has_the_content_that_it_names(tmp_path: Path, kind: int) -> None:
    one, two = b"content A\n" * 50, b"content B\n" * 50

    def refers(target: str) -> Path:
        entries = rars.file("one", one), rars.file("two", two)
        reference = rars.file("three", reference=(kind, target), size=len(one))
        return written(tmp_path / f"{target}.rar", rar5(*entries, reference))

    contents = [("one", one), ("two", two)]
    plain = files(tmp_path / "plain.tar", [*contents, ("three", one)])
    linked = [*(member(*content) for content in contents), link("three", "one")]
    assert compare_archive(refers("one"), plain)
    assert compare_archive(refers("one"), refers("one"))
    assert compare_archive(refers("one"), tar(tmp_path / "linked.tar", linked))
    assert set(compare_archive(refers("one"), refers("two")).diff) == {"three"}
    empty = files(tmp_path / "empty.tar", [*contents, ("three", b"")])
    assert set(compare_archive(refers("one"), empty).diff) == {"three"}
    result = compare_archive(refers("nothing"), plain)
    assert (result.verdict.value, result.errors) == ("unverified", {"three"})


@pytest.mark.parametrize("kind", [UNIX_LINK, WINDOWS_LINK, JUNCTION])
def test_a_link_in_a_rar_is_compared_by_its_target(tmp_path: Path, kind: int) -> None:
    def links(target: str) -> Path:
        entry = rars.file("link", reference=(kind, target))
        return written(tmp_path / f"{target}.rar", rar5(rars.file("a", b"one"), entry))

    linked = tar(tmp_path / "linked.tar", [member("a", b"one"), symlink("link", "a")])
    assert compare_archive(links("a"), linked)
    assert set(compare_archive(links("b"), linked).diff) == {"link"}


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (rars.MARK + block(numbers(1, 0, 3, 1)) + rars.END, "several volumes"),
        (rars.START + rars.file("a", b"one", flags=16) + rars.END, "several volumes"),
        (rars.START + rars.file("a", b"one") + block(numbers(5, 0, 1)), "several volumes"),
        (rars.MARK + block(numbers(4, 0, 0, 0, 15) + bytes(16)), "ncrypt"),
        (rar5(rars.file("a", b"one"), rars.file("b", reference=(9, "a"))), "type 9"),
        (rars.OLD_MARK + rars.old_block(0x73, 1, bytes(6)) + rars.OLD_END, "several volumes"),
        (rar4(rars.old_file("a", b"one", flags=2)), "several volumes"),
        (rar4(rars.old_file("a", b"one"), end=rars.old_block(0x7B, 1)), "several volumes"),
        (rars.OLD_MARK + rars.old_block(0x73, 0x80, bytes(6)) + bytes(20), "ncrypt"),
        (rar4(rars.old_file("a", b"one", flags=4)), "ncrypt"),
    ],
)
def test_a_rar_that_cannot_be_compared_says_why(
    tmp_path: Path, good: Path, archive: bytes, words: str
) -> None:
    bad = written(tmp_path / "x.rar", archive)
    refuses(good, bad, bad, words)
    refuses(bad, bad, bad, words)


@pytest.mark.parametrize("size", [0, 1, 64, 1000, 300_000])
def test_a_blake2sp_digest_in_a_rar_is_looked_at(tmp_path: Path, size: int) -> None:
    content = packing.noise(size)
    digest = rars.blake2sp(content)
    plain = files(tmp_path / "x.tar", [("a", content)])
    good = written(tmp_path / "x.rar", rar5(rars.digested("a", content, digest)))
    assert compare_archive(good, plain)
    assert compare_archive(good, good)
    others = [(content, bytes([digest[0] ^ 1]) + digest[1:]), (content, digest[:-1] + b"!")]
    others += [(content[:-1] + bytes([content[-1] ^ 1]), digest)] if content else []
    for other, claimed in others:
        bad = written(tmp_path / "bad.rar", rar5(rars.digested("a", other, claimed)))
        refuses(plain, bad, bad, "has an entry whose checksum is wrong")
        refuses(bad, bad, bad, "has an entry whose checksum is wrong")


@pytest.mark.parametrize("make", [rars.rar5, rars.rar4])
def test_a_zip_at_the_end_of_a_rar_is_not_taken_for_the_archive(tmp_path: Path, make: type) -> None:
    inner = zipped(tmp_path / "inner.zip", [("a", b"one")])
    name, content = "inner.zip", inner.read_bytes()
    entry = rars.file(name, content) if make is rars.rar5 else rars.old_file(name, content)
    rar = written(tmp_path / "x.rar", make(entry))
    assert compare_archive(rar, files(tmp_path / "x.tar", [(name, content)]))
    cut = written(tmp_path / "cut", rar.read_bytes().split(content)[0] + content)
    for pair in [(cut, inner), (cut, rar), (cut, cut)]:
        assert judge(*pair) == "error"
    cut.write_bytes(b"MZ" + bytes(100) + cut.read_bytes())
    assert judge(cut, inner) == "error"
