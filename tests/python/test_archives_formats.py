"""Any format against any other, in any order, in any locale."""

from __future__ import annotations

import itertools
import subprocess
from typing import TYPE_CHECKING

import pytest

import packing
from children import run
from komparu import compare_archive
from packing import COMMANDS, files, pack, zipped

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = {
    "a": b"a",
    "empty": b"",
    "d/one": b"1" * 70_000,
    "d/two": packing.noise(300_000),
    "d/e/three": b"3" * 4096,
}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same tree in every format."""
    directory = tmp_path_factory.mktemp("formats")
    tree = packing.grow(directory / "tree", CONTENT)
    (tree / "link").symlink_to("d/one")
    return {kind: pack(kind, tree, directory / f"x.{kind}") for kind in COMMANDS}


@pytest.mark.parametrize("a", COMMANDS)
def test_a_tree_is_equal_in_any_two_formats(packed: dict[str, Path], a: str) -> None:
    for b in COMMANDS:
        assert compare_archive(packed[a], packed[b]), (a, b)


@pytest.mark.parametrize("kind", COMMANDS)
def test_one_bit_of_the_tree_is_seen_in_any_format(
    packed: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    changed = bytearray(CONTENT["d/two"])
    changed[-1] ^= 1
    tree = packing.grow(tmp_path / "tree", {**CONTENT, "d/two": bytes(changed)})
    (tree / "link").symlink_to("d/one")
    result = compare_archive(packed["gnu.tar"], pack(kind, tree, tmp_path / f"y.{kind}"))
    assert {name: reason.value for name, reason in result.diff.items()} == {
        "d/two": "content_mismatch"
    }
    assert (result.only_left, result.only_right, result.errors) == (set(), set(), set())


def test_the_members_of_an_ar_are_files(tmp_path: Path) -> None:
    tree = packing.grow(tmp_path / "tree", {"x.o": b"1", "a" * 40: b"22"})
    archive = tmp_path / "x.a"
    command: list[str | Path] = [packing.tool("ar"), "q", archive, "x.o", "a" * 40]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    b = files(tmp_path / "b", [("a" * 40, b"22"), ("x.o", b"1")])
    assert compare_archive(archive, b)


@pytest.mark.parametrize("hash_compare", [False, True])
def test_every_order_of_the_entries_gives_the_same_result(
    tmp_path: Path, hash_compare: bool
) -> None:
    left = [("a", b"1"), ("b", b"2" * 100_000), ("c", b""), ("d", b"4"), ("only", b"5")]
    right = [("a", b"1"), ("b", b"2" * 99_999 + b"3"), ("c", b""), ("d", b"44"), ("new", b"6")]
    a = files(tmp_path / "a", left)
    results = [
        compare_archive(a, make(tmp_path / "b", order), hash_compare=hash_compare)
        for order in itertools.permutations(right)
        for make in (files, zipped)
    ]
    first = results[0]
    assert {name: reason.value for name, reason in first.diff.items()} == {
        "b": "content_mismatch",
        "d": "size_mismatch",
    }
    assert (first.only_left, first.only_right) == ({"only"}, {"new"})
    assert results == [first] * len(results)


def test_many_entries_in_two_random_orders_are_equal(tmp_path: Path) -> None:
    chance = packing.chance(7)
    contents = [(f"d{n % 7}/{n}", chance.randbytes(chance.randrange(3000))) for n in range(3000)]
    a = files(tmp_path / "a", contents, "w:gz")
    for _ in range(3):
        chance.shuffle(contents)
        assert compare_archive(a, files(tmp_path / "b", contents))
    assert compare_archive(a, files(tmp_path / "b", contents[1:])).only_left == {contents[0][0]}


#: As many as it takes until the two archives no longer wait for each other.
MANY = 2500


@pytest.mark.parametrize("hash_compare", [False, True])
def test_what_differs_is_found_however_far_the_orders_are_apart(
    tmp_path: Path, hash_compare: bool
) -> None:
    plain = [packing.member(f"{n}", b"%d" % (n % 9)) for n in range(MANY)]
    early = [packing.member("0", b"old"), packing.link("linked", "1"), packing.symlink("s", "1")]
    a = packing.tar(tmp_path / "a", [*early, *plain, packing.link("last", "3")])
    others = [packing.member(f"{n}", b"%d" % (n % 9)) for n in reversed(range(MANY - 1))]
    others[5] = packing.member(others[5][0].name, b"x")
    late = [packing.link("linked", "1"), packing.symlink("s", "2"), packing.link("last", "4")]
    for kind in ("w", "w:gz"):
        b = packing.tar(tmp_path / "b", [*others, *late], kind)
        result = compare_archive(a, b, hash_compare=hash_compare, max_compression_ratio=None)
        # What comes again is compared by its last entry; a link whose target comes later is one to
        # that.
        assert {name: reason.value for name, reason in result.diff.items()} == {
            others[5][0].name: "content_mismatch",
            "s": "content_mismatch",
            "last": "content_mismatch",
        }
        assert (result.only_left, result.only_right) == ({str(MANY - 1)}, set())
        assert result.errors == set()


def test_big_files_in_another_order_are_compared_to_their_last_byte(tmp_path: Path) -> None:
    one, other = packing.noise(20 << 20), packing.noise(18 << 20)
    a = files(tmp_path / "a", [("one", one), ("other", other)])
    assert compare_archive(a, files(tmp_path / "b", [("other", other), ("one", one)]))
    changed = other[:-1] + bytes([other[-1] ^ 1])
    for contents in ([("other", changed), ("one", one)], [("x", one), ("other", changed)]):
        result = compare_archive(a, files(tmp_path / "b", contents))
        assert [reason.value for reason in result.diff.values()] == ["content_mismatch"]
        assert set(result.diff) == {"other"}


NAMES = """
import io, tarfile, zipfile
names = ["caf\\u00e9", "\\u65e5\\u672c", "plain"]
path = lambda name: sys.argv[1] + "/" + name
for kind in ("pax", "gnu"):
    form = getattr(tarfile, kind.upper() + "_FORMAT")
    with tarfile.open(path(kind), "w", format=form, encoding="utf-8") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
with zipfile.ZipFile(sys.argv[1] + "/zip", "w") as archive:
    for name in names:
        archive.writestr(name, b"")
raw = [b"caf\\xe9", b"\\xff\\xfe", b"caf\\x82"]
for kind in ("PAX", "GNU"):
    with tarfile.open(
        sys.argv[1] + "/raw" + kind, "w", format=getattr(tarfile, kind + "_FORMAT"),
        encoding="utf-8", errors="surrogateescape"
    ) as archive:
        for name in raw:
            archive.addfile(tarfile.TarInfo(name.decode("utf-8", "surrogateescape")))
import locale
locale.setlocale(locale.LC_CTYPE, "")
before = locale.setlocale(locale.LC_CTYPE)
for a in ("pax", "gnu", "zip"):
    for b in ("pax", "gnu", "zip"):
        result = komparu.compare_archive(path(a), path(b))
        print(a, b, result.equal, ascii(sorted(result.only_left | result.only_right)))
result = komparu.compare_archive(path("rawPAX"), path("rawGNU"))
print(result.equal, ascii(sorted(result.only_left | result.only_right)))
print(ascii(sorted(komparu.compare_archive(path("rawPAX"), path("pax")).only_left)))
print(ascii(sorted(komparu.compare_archive(path("pax"), path("rawPAX")).only_left)))
print(before == locale.setlocale(locale.LC_CTYPE))
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "C.UTF-8"},
        {"LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0"},
    ],
    ids=lambda environment: str(environment["LC_ALL"]),
)
def test_names_are_the_same_in_any_locale(
    tmp_path: Path, environment: dict[str, str], locales: Path
) -> None:
    output = run(NAMES, tmp_path, environment={**environment, "LOCPATH": str(locales)})
    pairs = [f"{a} {b} True []" for a in ("pax", "gnu", "zip") for b in ("pax", "gnu", "zip")]
    raw = r"['caf\udc82', 'caf\udce9', '\udcff\udcfe']"
    names = r"['caf\xe9', 'plain', '\u65e5\u672c']"
    assert output.splitlines() == [*pairs, "True []", raw, names, "True"]
