"""Archives from servers, sparse files, and trees that change, beside other trees."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

import komparu
import packing
from hostile import answer
from komparu import DiffReason
from packing import grow, member, pack, tar

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from hostile import Hostile, Request
    from servers import Nginx

FILES = {"a": b"1", "d/b": packing.noise(200_000), "d/e/c": b"", "z": bytes(70_000)}


@pytest.mark.parametrize("kind", ["gnu.tar", "tar.gz", "info.zip", "bsd.7z"])
def test_an_archive_at_a_server_is_what_it_is_in_a_file(
    nginx: Nginx, tmp_path: Path, kind: str
) -> None:
    place = grow(tmp_path / "place", FILES)
    packed = pack(kind, place, tmp_path / f"packed.{kind}")
    name = nginx.put(f"trees-{kind}", packed.read_bytes()).name
    contents = {path: nginx.put(f"trees-{kind}-{i}", FILES[path]) for i, path in enumerate(FILES)}
    urls = {path: f"{nginx.plain}/{file.name}" for path, file in contents.items()}
    (place / "a").write_bytes(b"2")
    (place / "more").write_bytes(b"")
    for archive in (f"{nginx.plain}/{name}", packed):
        assert komparu.compare_trees(archive, urls).equal
        assert komparu.compare_trees(urls, archive).equal
        for where in (False, True):
            result = komparu.compare_trees(archive, place, where=where)
            assert result == komparu.compare_trees(packed, place, where=where)
            assert result.diff == {"a": DiffReason.CONTENT_MISMATCH}
            assert result.only_right == {"more"}
            back = komparu.compare_trees(place, archive, where=where)
            assert (back.diff, back.only_left) == (result.diff, result.only_right)


def test_sparse_files_are_compared_with_their_holes(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with (place / "sparse").open("wb") as file:
        file.truncate(3 << 20)
        file.seek(1 << 20)
        file.write(b"data")
    archive = tmp_path / "a.tar"
    command = [packing.gnu_tar(), "-S", "-cf", str(archive), "-C", str(place), "sparse"]
    subprocess.run(command, check=True)
    assert archive.stat().st_size < 1 << 20
    sources = {"sparse": place / "sparse"}
    for tree in (place, sources):
        assert komparu.compare_trees(archive, tree).equal
        assert komparu.compare_trees(tree, archive).equal
    with (place / "sparse").open("r+b") as file:
        file.seek(2 << 20)
        file.write(b"?")
    for tree in (place, sources):
        result = komparu.compare_trees(archive, tree, where=True)
        assert result.differences["sparse"].offset == 2 << 20


def test_a_directory_that_changes_while_the_archive_is_read_is_told_as_it_is_then(
    hostile: Hostile, tmp_path: Path
) -> None:
    large = packing.noise(2 << 20)
    files = {"first": b"1", "large": large, "later": b"1", "gone": b"1", "same": b"1"}
    place = grow(tmp_path / "place", files)
    packed = tar(tmp_path / "a.tar", [member(*it) for it in files.items()]).read_bytes()

    def change_amid(connection: socket.socket, _: Request) -> None:
        half = len(packed) // 2
        connection.sendall(answer(f"Content-Length: {len(packed)}", body=packed[:half]))
        # The second half of the large file and all that follows has not been sent yet.
        with (place / "large").open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"?" if large[-1:] != b"?" else b"!")
        (place / "later").write_bytes(b"2")
        (place / "gone").unlink(missing_ok=True)
        (place / "new").write_bytes(b"")
        connection.sendall(packed[half:])

    result = komparu.compare_trees(hostile.url("/a.tar", change_amid), place)
    assert result.diff == dict.fromkeys(["large", "later"], DiffReason.CONTENT_MISMATCH)
    assert (result.only_left, result.only_right) == ({"gone"}, {"new"})
    assert not result.errors
