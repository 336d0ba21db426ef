"""Trees and sources whose kind is said: `Archive`, `Directory` and `Content`."""

from __future__ import annotations

import asyncio
import copy
import pickle
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

import komparu
from komparu import Archive, ArchiveError, Content, Directory, aio
from packing import grow, link, member, symlink, tar

#: What a `Content` may be made of.
DATA = "Content.data must be bytes-like, a binary file object or a callable that opens one"

FILES = {"a": b"1", "src/b": b"12", "src/deep/c": bytes(100_000)}


@pytest.fixture
def released(tmp_path: Path) -> tuple[Path, dict[str, Path]]:
    """A tree, and archives of it in which it lies in one directory."""
    place = grow(tmp_path / "place", FILES)
    outer = tmp_path / "outer"
    shutil.copytree(place, outer / "pkg-1.0")
    archives = {
        kind: Path(shutil.make_archive(str(tmp_path / f"of-{kind}"), kind, outer))
        for kind in ("tar", "gztar", "zip")
    }
    return place, archives


@pytest.mark.parametrize("root", ["*", "pkg-1.0", "./pkg-1.0/", b"pkg-1.0", Path("pkg-1.0")])
def test_a_root_is_what_is_compared_without_it(
    released: tuple[Path, dict[str, Path]], root: str | bytes | Path
) -> None:
    place, archives = released
    sources = {name: place / name for name in FILES}
    for one in archives.values():
        given = Archive(one, root=root)
        for tree in (place, Directory(place), sources):
            assert komparu.compare_trees(given, tree).equal
            assert komparu.compare_trees(tree, given, where=True).equal
        for other in archives.values():
            assert komparu.compare_trees(given, Archive(other, "*")).equal
            result = komparu.compare_trees(given, other)
            assert result.only_left == set(FILES)
            assert result.only_right == {f"pkg-1.0/{name}" for name in FILES}
        assert asyncio.run(aio.compare_trees(given, place)).equal
        with komparu.iter_trees(given, place, equal=True) as run:
            assert {it.path for it in run} == set(FILES)
    assert komparu.compare_trees(Archive(archives["zip"], "pkg-1.0/src/deep"), place / "src/deep")
    assert komparu.compare_trees(Archive(archives["zip"], ""), archives["tar"])


def test_one_archive_is_another_tree_below_another_root(
    released: tuple[Path, dict[str, Path]],
) -> None:
    tar_file = released[1]["tar"]
    result = komparu.compare_trees(Archive(tar_file, "*"), Archive(tar_file, "pkg-1.0/src"))
    assert result.only_left == set(FILES)
    assert result.only_right == {"b", "deep/c"}
    assert komparu.compare_trees(Archive(tar_file, "*"), Archive(tar_file, "*")).equal


@pytest.mark.parametrize(
    ("root", "names", "message"),
    [
        ("no", ["p/a"], "has no directory 'no'"),
        ("p/a", ["p/a"], "has no directory 'p/a'"),
        ("p", ["pp/a", "q"], "has no directory 'p'"),
        ("*", ["p/a", "q/a"], "does not lie in one directory, but in 'p' and 'q'"),
        ("*", ["p/a", "x"], "does not lie in one directory: there is 'x' beside it"),
        ("*", [], "has no directory"),
    ],
)
def test_a_root_that_is_not_there_is_an_error(
    tmp_path: Path, root: str, names: list[str], message: str
) -> None:
    place = grow(tmp_path / "place", {"a": b""})
    archive = tar(tmp_path / "a.tar", [member(name) for name in names])
    for other in (place, {"a": place / "a"}, Archive(archive)):
        for pair in ((Archive(archive, root), other), (other, Archive(archive, root))):
            with pytest.raises(ArchiveError, match=r"a\.tar: ") as caught:
                komparu.compare_trees(*pair)
            assert message in str(caught.value)


def test_links_are_seen_from_the_root(tmp_path: Path) -> None:
    place = grow(tmp_path / "place", {"a": b"1", "same": b"1"})
    (place / "soft").symlink_to("a")
    inside = [member("p/a", b"1"), link("p/same", "p/a"), symlink("p/soft", "a")]
    archive = tar(tmp_path / "a.tar", [*inside, member("q", b"1")])
    assert komparu.compare_trees(place, Archive(archive, "p")).equal
    assert komparu.compare_trees(Archive(archive, "p"), place, follow_symlinks=False).equal
    outside = [
        member("q", b"1"),
        member("p/a", b"1"),
        link("p/same", "q"),
        symlink("p/soft", "../q"),
    ]
    archive = tar(tmp_path / "b.tar", outside)
    result = komparu.compare_trees(place, Archive(archive, "p"))
    assert result.errors == {"same", "soft"}


def test_an_empty_directory_is_a_root(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    archive = tar(tmp_path / "a.tar", [member("p", type=tarfile.DIRTYPE)])
    assert komparu.compare_trees(Archive(archive, "p"), tmp_path / "place").equal
    assert komparu.compare_trees(Archive(archive, "*"), tmp_path / "place").equal


def test_what_was_to_be_a_directory_or_an_archive_is_nothing_else(tmp_path: Path) -> None:
    place = grow(tmp_path / "place", {"a": b"1"})
    archive = tar(tmp_path / "a.tar", [member("a", b"1")])
    assert komparu.compare_trees(Directory(place), Archive(archive)).equal
    with pytest.raises(komparu.SourceReadError, match="is not a directory"):
        komparu.compare_trees(Directory(archive), place)
    with pytest.raises(komparu.KomparuError, match="directory"):
        komparu.compare_trees(Archive(place), place)


def test_what_cannot_be_is_refused_when_it_is_made() -> None:
    broken: list[tuple[Any, tuple[Any, ...], type[Exception], str]] = [
        (Archive, ("",), ValueError, "Archive.source cannot be empty"),
        (Archive, (1,), TypeError, "Archive.source must be"),
        (Archive, ("a", "/p"), ValueError, "Archive.root is absolute"),
        (Archive, ("a", "p/../q"), ValueError, r"Archive.root has a '..' part"),
        (Archive, ("a", "p\0"), ValueError, "Archive.root contains a NUL byte"),
        (Archive, ("a", None), TypeError, "Archive.root must be"),
        (Directory, ("",), ValueError, "Directory.path cannot be empty"),
        (Directory, ("http://h/",), komparu.ConfigError, "is a URL"),
        (Content, ("text",), TypeError, f"{DATA}, not str"),
        (Content, (1,), TypeError, f"{DATA}, not int"),
        (Content, (b"", 1), TypeError, "Content.name must be str or None, not int"),
    ]
    for kind, arguments, error, message in broken:
        with pytest.raises(error, match=message):
            kind(*arguments)


def test_bytes_in_memory_are_a_source(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    file = tmp_path / "file"
    file.write_bytes(content)
    wide = memoryview(content).cast("I")
    for data in (content, bytearray(content), memoryview(content), wide):
        assert komparu.compare(file, Content(data))
        assert komparu.compare(Content(data), Content(content))
    other = Content(content[:-1] + b"?", name="other")
    assert not komparu.compare(file, other)
    difference = komparu.first_difference(other, file)
    assert difference is not None
    assert (difference.offset, difference.left) == (len(content) - 1, b"?")
    groups = komparu.compare_many([file, Content(content, "one"), other]).groups
    assert groups == [{str(file), "one"}, {"other"}]
    assert komparu.compare_all([Content(b""), "/dev/null"])
    assert asyncio.run(aio.compare(file, Content(content)))
    expected = {"file": Content(content)}
    assert komparu.compare_trees(tmp_path, expected).equal
    assert komparu.compare_dir_urls(tmp_path, expected).equal
    assert set(komparu.compare_trees(expected, {"file": other}).diff) == {"file"}


def test_an_archive_may_lie_in_memory(released: tuple[Path, dict[str, Path]]) -> None:
    place, archives = released
    for archive in archives.values():
        given = Archive(Content(archive.read_bytes(), "download"), "*")
        assert komparu.compare_trees(given, place).equal
    with pytest.raises(ArchiveError, match="download: "):
        komparu.compare_archive(Content(b"no archive", "download"), archives["tar"])


def test_they_are_values_and_show_no_content() -> None:
    for value in (Archive("a", "*"), Directory("d"), Content(b"secret", "name")):
        assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301
        assert copy.deepcopy(value) == value
        assert hash(value) == hash(copy.copy(value))
    assert repr(Content(b"secret", "name")) == "<Content 'name', 6 bytes>"
    assert repr(Archive("a", "*")) == "Archive(source='a', root='*')"
    url = "https://me:hidden@host/a"
    for shown in (Archive(url), Archive(komparu.Source(url)), komparu.Manifest(url)):
        assert "hidden" not in repr(shown)
        assert "https://***@host/a" in repr(shown)
