"""Where the files of two trees or archives differ first."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import komparu
import packing
from hostile import answer
from komparu import Difference, DiffReason, aio, compare_archive, compare_dir
from komparu.__main__ import main
from packing import files, grow, link, member, symlink, tar, zipped

if TYPE_CHECKING:
    import socket

    from hostile import Hostile, Request
    from servers import Nginx

MiB = 1 << 20
BIG = packing.noise(300_000).replace(b"\n", b"n")


def place(a: bytes, b: bytes, context: int = 16) -> Difference:
    """Where two contents that differ do so first, by looking at one byte after the other."""
    common = min(len(a), len(b))
    offset = next((n for n in range(common) if a[n] != b[n]), common)
    end = offset + context
    line = 1 + a.count(b"\n", 0, offset)
    return Difference(offset, line, a[offset:end], b[offset:end], len(a), len(b))


def changed(content: bytes, *places: int) -> bytes:
    """The content, with another byte at these places."""
    other = bytearray(content)
    for at in places:
        other[at] ^= 1
    return bytes(other)


LEFT = {
    "same": b"same",
    "text": b"one\ntwo\nthree\n",
    "longer": b"beginning",
    "shorter": b"beginning and end",
    "empty": b"",
    "d/big": BIG,
    "d/huge": b"a line\n" * MiB,
}
RIGHT = {
    **LEFT,
    "text": b"one\ntwo\nfour\n!",
    "longer": b"beginning and end",
    "shorter": b"beginning",
    "empty": b"no more",
    "d/big": changed(BIG, 70_000, 299_999),
    "d/huge": changed(LEFT["d/huge"], 5 * MiB, 6 * MiB),
}
PLACES = {path: place(LEFT[path], RIGHT[path]) for path in LEFT if LEFT[path] != RIGHT[path]}


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    """Two directories that differ in files of every size, and in more."""
    a, b = grow(tmp_path / "a", LEFT), grow(tmp_path / "b", RIGHT)
    (a / "link").symlink_to("nowhere")
    (b / "link").symlink_to("elsewhere")
    (a / "kind").mkdir()
    (b / "kind").write_bytes(b"file")
    (a / "left").touch()
    return a, b


@pytest.mark.parametrize("max_workers", [0, 1, 5])
def test_every_file_of_two_directories_that_differs_has_its_place(
    trees: tuple[Path, Path], max_workers: int
) -> None:
    result = compare_dir(*trees, where=True, max_workers=max_workers)
    assert result.differences == PLACES
    # A link that leads nowhere is compared by its target, and a directory is no file.
    assert result.diff.keys() == {*PLACES, "link", "kind"}
    # Nothing else is another result.
    assert result == compare_dir(*trees, max_workers=max_workers)
    assert compare_dir(*trees).differences == {}


def test_findings_have_the_place_as_they_come(trees: tuple[Path, Path]) -> None:
    with komparu.iter_trees(*trees, where=True) as run:
        found = {finding.path: finding.difference for finding in run}
    assert {path: difference for path, difference in found.items() if difference} == PLACES
    assert "link" in found


def test_files_that_were_read_when_they_were_opened_have_theirs(tmp_path: Path) -> None:
    # What was changed long ago is trusted at once.
    old = [Path(os.__file__), Path(subprocess.__file__)]
    for name, file in zip("ab", old, strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").symlink_to(file)
    result = compare_dir(tmp_path / "a", tmp_path / "b", where=True, context=5)
    one, other = (file.read_bytes() for file in old)
    assert result.differences == {"x": place(one, other, 5)}


def test_the_coroutine_finds_the_same(trees: tuple[Path, Path]) -> None:
    assert asyncio.run(aio.compare_dir(*trees, where=True)).differences == PLACES


@pytest.mark.parametrize("hash_compare", [False, True])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_every_entry_of_two_archives_that_differs_has_its_place(
    tmp_path: Path, hash_compare: bool, order: int, kind: str
) -> None:
    a = files(tmp_path / "a", LEFT.items(), "w:gz")
    right = list(RIGHT.items())[::order]
    b = files(tmp_path / "b", right) if kind == "tar" else zipped(tmp_path / "b", right)
    options: dict[str, Any] = {"hash_compare": hash_compare, "max_compression_ratio": None}
    result = compare_archive(a, b, where=True, **options)
    assert result.differences == PLACES
    assert result == compare_archive(a, b, **options)
    assert compare_archive(a, a, where=True, **options).differences == {}


def test_links_and_names_that_come_twice_have_the_place_of_what_they_name(tmp_path: Path) -> None:
    left = [
        member("twice", b"before"),
        member("target", BIG),
        link("hard", "target"),
        member("twice", BIG),
        symlink("soft", "target"),
        symlink("kind", "target"),
    ]
    other = changed(BIG, 200_000)
    right = [
        member("hard", other),
        member("twice", b"another"),
        member("target", BIG[:-1]),
        member("twice", other),
        symlink("soft", "twice"),
        member("kind", b""),
    ]
    a, b = tar(tmp_path / "a.tar", left), tar(tmp_path / "b.tar", right)
    result = compare_archive(a, b, where=True)
    assert result.diff.keys() == {"twice", "target", "hard", "soft", "kind"}
    # Of links only targets are compared.
    assert result.differences == {
        "twice": place(BIG, other),
        "target": place(BIG, BIG[:-1]),
        "hard": place(BIG, other),
    }


def test_members_of_one_name_have_the_place_of_the_first_that_differs(tmp_path: Path) -> None:
    archives = []
    for name, contents in (("a", ["same", "first", "second"]), ("b", ["same", "fir!t", "se"])):
        lines = [b"!<arch>\n"]
        for text in contents:
            content = text.encode()
            head = b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (b"x/", 0, 0, 0, b"644", len(content))
            lines.append(head + content + b"\n" * (len(content) % 2))
        archives.append(tmp_path / name)
        archives[-1].write_bytes(b"".join(lines))
    result = compare_archive(*archives, where=True)
    assert result.differences == {"x": place(b"first", b"fir!t")}


def test_more_entries_than_are_kept_at_a_time_have_theirs(tmp_path: Path) -> None:
    # Together they have more than 64 MiB in blocks that differ, and stand in opposite orders.
    contents = {f"{number:04}": bytes([number % 251]) * (64 << 10) for number in range(1100)}
    others = {name: changed(content, len(content) - 1) for name, content in contents.items()}
    a = files(tmp_path / "a.tar", contents.items())
    b = files(tmp_path / "b.tar", reversed(others.items()))
    result = compare_archive(a, b, where=True, context=1)
    assert len(result.differences) == 1100
    assert result.differences == {
        name: place(content, others[name], 1) for name, content in contents.items()
    }


def test_an_archive_that_changes_before_it_is_read_again_is_an_error(
    hostile: Hostile, tmp_path: Path
) -> None:
    served = [files(tmp_path / name, [("x", b"1"), ("y", BIG)]).read_bytes() for name in "ab"]
    served[1] = files(tmp_path / "c", [("x", b"1"), ("y", changed(BIG, 7))]).read_bytes()
    asked: list[Request] = []

    def handler(connection: socket.socket, request: Request) -> None:
        body = served[min(len(asked), 1)]
        asked.append(request)
        connection.sendall(answer(f"Content-Length: {len(body)}", body=body))

    url = hostile.url("/x.tar", handler)
    other = files(tmp_path / "other", [("y", changed(BIG, 9)), ("x", b"2")])
    with pytest.raises(komparu.SourceReadError, match="changed between two passes over it"):
        compare_archive(url, other, where=True, hash_compare=True)
    assert len(asked) > 1


def test_every_url_of_a_map_that_differs_has_its_place(nginx: Nginx, tmp_path: Path) -> None:
    tree = grow(tmp_path / "tree", LEFT)
    urls: dict[str, str] = {}
    for number, (path, content) in enumerate(RIGHT.items()):
        nginx.put(f"where-{number}", content)
        urls[path] = f"{nginx.plain}/where-{number}"
    result = komparu.compare_dir_urls(tree, urls, where=True)
    assert result.differences == PLACES
    assert not result.errors


def test_a_type_that_is_wrong_is_refused(tmp_path: Path) -> None:
    wrong: Any = 1
    with pytest.raises(TypeError, match="where must be bool, not int"):
        compare_dir(tmp_path, tmp_path, where=wrong)
    with pytest.raises(TypeError, match="unexpected keyword argument 'where'"):
        komparu.compare(tmp_path, tmp_path, where=True)  # type: ignore[call-arg]


def test_the_command_line_adds_the_place_to_every_path_that_differs(
    trees: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(path) for path in trees]
    assert main(["--first-difference", *arguments]) == 1
    said = capfd.readouterr().out.splitlines()
    assert "* text (content_mismatch at byte 9, line 3)" in said
    assert "* link (content_mismatch)" in said
    assert main(arguments) == 1
    assert "* text (content_mismatch)" in capfd.readouterr().out.splitlines()
    # Of two files it goes without saying.
    pair = [str(path / "text") for path in trees]
    assert main(["--first-difference", *pair]) == 1
    assert " at byte 9, line 3)" in capfd.readouterr().out


def test_reasons_are_those_without_it(tmp_path: Path) -> None:
    a = grow(tmp_path / "a", {"x": b"1" * 10, "y": b"1" * 10})
    b = grow(tmp_path / "b", {"x": b"2" * 11, "y": b"2" * 10})
    result = compare_dir(a, b, where=True)
    assert result.diff == {"x": DiffReason.SIZE_MISMATCH, "y": DiffReason.CONTENT_MISMATCH}
