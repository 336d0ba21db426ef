"""What an archive has besides files, beside another tree: directories, links, pipes and devices."""

from __future__ import annotations

import os
import socket
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import DiffReason
from packing import grow, link, member, symlink, tar

if TYPE_CHECKING:
    from pathlib import Path

    from komparu import DirResult
    from servers import Nginx

DIRECTORY, FIFO, CHARACTERS, BLOCKS = (
    {"type": kind} for kind in (tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE)
)


def both_ways(one: Path | dict[str, Path], other: Path) -> DirResult:
    """Compare both ways, and hold one against the other."""
    result = komparu.compare_trees(one, other)
    back = komparu.compare_trees(other, one)
    assert (result.diff, result.errors) == (back.diff, back.errors)
    assert (result.only_left, result.only_right) == (back.only_right, back.only_left)
    return result


def test_pipes_sockets_and_devices_that_one_side_has_are_listed(tmp_path: Path) -> None:
    place = grow(tmp_path / "place", {"x": b"1"})
    os.mkfifo(place / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place / "socket"))
    archive = tar(tmp_path / "a.tar", [member("x", b"1"), member("null", **CHARACTERS)])
    result = both_ways(place, archive)
    assert result.only_left == {"pipe", "socket"}
    assert result.only_right == {"null"}
    assert not result.errors
    assert not result.diff


def test_pipes_and_devices_of_one_kind_are_equal_and_of_two_are_not(tmp_path: Path) -> None:
    place = grow(tmp_path / "place", {"x": b"1", "file": b""})
    for name in ("pipe", "other", "linked-to"):
        os.mkfifo(place / name)
    (place / "link").symlink_to("linked-to")
    members = [
        member("x", b"1"),
        member("pipe", **FIFO),
        member("linked-to", **FIFO),
        symlink("link", "linked-to"),
        member("other", **BLOCKS),
        member("file", **FIFO),
    ]
    result = both_ways(place, tar(tmp_path / "a.tar", members))
    assert result.diff == dict.fromkeys(["other", "file"], DiffReason.TYPE_MISMATCH)
    assert not result.only_left | result.only_right | result.errors
    assert both_ways({"file": place / "file"}, tar(tmp_path / "b.tar", [members[-1]])).diff == {
        "file": DiffReason.TYPE_MISMATCH
    }


def test_an_empty_directory_of_an_archive_is_one(tmp_path: Path) -> None:
    place = grow(tmp_path / "place", {"d": b"1", "e/x": b"1"})
    (place / "same").mkdir()
    (place / "here").mkdir()
    (place / "link").symlink_to("same")
    members = [member(name, **DIRECTORY) for name in ("d", "e", "same", "there/below")]
    archive = tar(tmp_path / "a.tar", [*members, symlink("link", "same")])
    result = both_ways(place, archive)
    assert result.diff == {"d": DiffReason.TYPE_MISMATCH}
    assert result.only_left == {"e/x"}
    assert not result.only_right | result.errors


def test_one_name_of_two_kinds_in_an_archive_is_an_error(tmp_path: Path) -> None:
    place = grow(tmp_path / "place", {"x": b"1", "y": b"1", "z": b"1"})
    members = [
        *(member("x", b"1"), member("x", **FIFO)),
        *(member("y", **DIRECTORY), member("y", b"1")),
        *(member("z", **FIFO), member("z", **BLOCKS)),
    ]
    result = both_ways(place, tar(tmp_path / "a.tar", members))
    assert result.errors == {"x", "y", "z"}
    assert not result.equal


def test_links_that_lead_through_one_another_are_followed_once_each(tmp_path: Path) -> None:
    count = 5_000
    ring = [symlink(f"l{i}", f"l{(i + 1) % count}") for i in range(count)]
    chain = [symlink(f"c{i}", f"c{i + 1}") for i in range(count)]
    ends = [member(f"c{count}/x", b"1"), symlink("in", "c0/x"), symlink("round", "l0/x")]
    archive = tar(tmp_path / "a.tar", [*ring, *chain, *ends])
    place = grow(tmp_path / "place", {"in": b"1"})
    with komparu.iter_trees(archive, place, max_archive_entries=None, ignore=["c*"]) as run:
        found = {it.path: it for it in run}
    # Those in a circle lead nowhere, and are compared by their targets, which only the archive has.
    assert len(found) == count + 1
    assert not run.result().diff
    assert "in" not in found


@pytest.mark.parametrize("kind", ["directory", "map", "url"])
@pytest.mark.parametrize("size", [3, 200_000])
def test_what_only_digests_can_tell_has_a_place(
    nginx: Nginx, tmp_path: Path, kind: str, size: int
) -> None:
    before = b"line\n" * (size // 5)
    place = grow(
        tmp_path / "place",
        {
            "file": before + b"1234",
            "same": before + b"abcd",
            "other": before + b"ab?d",
            "longer": before + b"abcd-",
        },
    )
    archive = tar(
        tmp_path / "a.tar",
        [
            member("file", before + b"abcd"),
            *(link(it, "file") for it in ("same", "other", "longer")),
        ],
    )
    given: Any = place if kind == "directory" else {it.name: it for it in place.iterdir()}
    source: Any = archive
    if kind == "url":
        source = f"{nginx.plain}/{nginx.put('places.tar', archive.read_bytes()).name}"
    result = komparu.compare_trees(source, given, where=True)
    back = komparu.compare_trees(given, source, where=True)
    assert result.diff.keys() == back.diff.keys() == {"file", "other", "longer"}
    lines, start = before.count(b"\n") + 1, len(before)
    for name, offset, one, other in [
        ("file", 0, b"abcd", b"1234"),
        ("other", 2, b"cd", b"?d"),
        ("longer", 4, b"", b"-"),
    ]:
        difference = result.differences[name]
        assert (difference.offset, difference.line) == (start + offset, lines)
        assert (difference.left, difference.right) == (one, other)
        assert difference.left_size == start + 4
        assert (back.differences[name].left, back.differences[name].right) == (other, one)
