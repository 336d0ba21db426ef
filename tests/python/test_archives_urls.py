"""Archives that come from servers."""

from __future__ import annotations

import gzip
import itertools
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import komparu
import packing
from hostile import answer
from komparu import ArchiveError, compare_archive
from packing import COMMANDS, files, pack, zipped
from zips import STORED, Entry, body, end, large_end, locator

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from hostile import Handler, Hostile, Request
    from servers import Nginx

CONTENT = {
    "a": b"a",
    "d/one": b"1" * 70_000,
    "d/two": packing.noise(700_000),
    "e": packing.noise(1000),
}

#: What cannot be read from its start alone.
SEEKS = {"bsd.zip", "info.zip", "stored.zip", "bzip2.zip", "7z", "bsd.7z"}


@pytest.fixture(scope="module")
def served(nginx: Nginx, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The same tree in every format: what it is called at the server."""
    tree = packing.grow(tmp_path_factory.mktemp("served"), CONTENT)
    (tree / "link").symlink_to("d/one")
    names = {}
    for kind in COMMANDS:
        archive = pack(kind, tree, tmp_path_factory.mktemp("packed") / f"x.{kind}")
        names[kind] = nginx.put(f"archive.{kind}", archive.read_bytes()).name
    return names


@pytest.mark.parametrize("kind", COMMANDS)
def test_an_archive_of_any_format_is_compared_where_it_lies(
    nginx: Nginx, served: dict[str, str], kind: str
) -> None:
    url = f"{nginx.plain}/{served[kind]}"
    assert compare_archive(url, nginx.root / served["gnu.tar"])
    assert compare_archive(nginx.root / served["7z"], url)
    assert compare_archive(url, url)


@pytest.mark.parametrize("ranges", ["", "/no-ranges"])
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_worker_reads_what_lies_on_a_server_as_this_process_does(
    nginx: Nginx, served: dict[str, str], kind: str, ranges: str
) -> None:
    url = f"{nginx.plain}{ranges}/{served[kind]}"
    cut = nginx.put(f"cut.{kind}", (nginx.root / served[kind]).read_bytes()[:-700]).name
    for other in [served[kind], served["gnu.tar"], cut]:
        pairs: list[tuple[str, str]] = [
            (url, os.fspath(nginx.root / other)),
            (f"{nginx.plain}{ranges}/{cut}", f"{nginx.plain}{ranges}/{other}"),
        ]
        for pair in pairs:
            answers: list[object] = []
            for isolate in ["never", "always", "auto"]:
                try:
                    result = compare_archive(*pair, isolate=isolate)
                except komparu.KomparuError as error:
                    answers.append((type(error), str(error)))
                else:
                    answers.append((result, result.messages, result.summary.bytes))
            assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("kind", COMMANDS)
def test_without_ranges_what_needs_none_is_compared_and_the_rest_says_so(
    nginx: Nginx, served: dict[str, str], kind: str
) -> None:
    url = f"{nginx.plain}/no-ranges/{served[kind]}"
    local = nginx.root / served["gnu.tar"]
    if kind not in SEEKS:
        assert compare_archive(url, local)
        return
    for a, b in [(url, os.fspath(local)), (os.fspath(local), url)]:
        with pytest.raises(ArchiveError, match="the server has no Range requests") as caught:
            compare_archive(a, b)
        assert caught.value.source == url


@pytest.mark.thread_unsafe(reason="looks in the log of the one nginx")
def test_what_is_read_anywhere_takes_few_requests(nginx: Nginx, tmp_path: Path) -> None:
    contents = [(f"d{n}/{n}", packing.noise(5000 + n)) for n in range(300)]
    directories = [(f"d{n}/", b"") for n in range(300)]
    # Each file follows its directory.
    zipped(tmp_path / "many.zip", itertools.chain(*zip(directories, contents, strict=True)))
    nginx.put("many.zip", (tmp_path / "many.zip").read_bytes())
    before = len(nginx.log())
    assert compare_archive(f"{nginx.plain}/many.zip", files(tmp_path / "many.tar", contents))
    # The content, the end, and the index if that begins before what is taken for the end.
    assert 0 < len(nginx.log()) - before <= 3


def test_a_zip_whose_end_leads_behind_it_is_an_error(nginx: Nginx, tmp_path: Path) -> None:
    content = bytearray(zipped(tmp_path / "good.zip", [("a", b"some text")]).read_bytes())
    # Where the index is, and how long: both behind all that there is.
    content[-10:-2] = b"\xf0\xff\xff\xff" * 2
    local = nginx.put("led-astray.zip", bytes(content))
    for bad in (f"{nginx.plain}/led-astray.zip", str(local)):
        with pytest.raises(ArchiveError) as caught:
            compare_archive(bad, tmp_path / "good.zip")
        assert caught.value.source == bad


@pytest.mark.parametrize("offset", [0xFFFFFFF0, 1 << 40, (1 << 64) - 1])
def test_an_index_beyond_the_end_is_an_error(nginx: Nginx, tmp_path: Path, offset: int) -> None:
    contents, index = body(Entry("a", packing.noise(300_000), STORED))
    ends = {
        True: end(1, len(index), min(offset, 0xFFFFFFF0)),
        False: large_end(1, len(index), offset)
        + locator(len(contents) + len(index))
        + end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
    }
    for which, last in ends.items():
        bad = nginx.put(f"far-{offset}-{which}.zip", contents + index + last)
        good = files(tmp_path / "good.tar", [("a", b"something else")])
        verdicts = set()
        for place in (f"{nginx.plain}/{bad.name}", bad):
            try:
                verdicts.add(compare_archive(place, good).verdict.value)
            except ArchiveError:
                verdicts.add("error")
        assert len(verdicts) == 1
        assert "equal" not in verdicts


def parts(content: bytes, tags: Iterator[str], lie: int = 0, ends: int = 0) -> Handler:
    """Serve ranges: the next tag each time, off by ``lie``, ending ``ends`` too early."""

    def serve(connection: socket.socket, request: Request) -> None:
        tag, asked = f'ETag: "{next(tags)}"', request.range
        if asked is None:
            length = f"Content-Length: {len(content)}"
            connection.sendall(answer(length, tag, "Accept-Ranges: bytes", body=content))
            return
        first, last = asked
        connection.sendall(
            answer(
                f"Content-Length: {last + 1 - first}",
                f"Content-Range: bytes {first + lie}-{last + lie}/{len(content)}",
                tag,
                body=content[first : last + 1 - ends],
                status="206 Partial Content",
            )
        )

    return serve


@pytest.fixture
def archive(tmp_path: Path) -> tuple[Path, bytes]:
    """A zip, and what is in it."""
    path = zipped(tmp_path / "local.zip", [(f"{n}", packing.noise(9000 + n)) for n in range(60)])
    return path, path.read_bytes()


def test_parts_of_one_archive_are_put_together(
    hostile: Hostile, archive: tuple[Path, bytes]
) -> None:
    url = hostile.url("/x.zip", parts(archive[1], itertools.repeat("same")))
    again = files(
        archive[0].with_suffix(".tar"), [(f"{n}", packing.noise(9000 + n)) for n in range(60)]
    )
    assert compare_archive(url, again)


@pytest.mark.parametrize(
    ("tags", "lie", "ends", "message"),
    [
        (["one", "other", "other"], 0, 0, "another ETag"),
        (["one"] * 9, 1, 0, "another part"),
        (["one"] * 9, 0, 10, "ended after"),
    ],
)
def test_parts_of_another_archive_are_an_error(  # noqa: PLR0913, PLR0917
    hostile: Hostile,
    archive: tuple[Path, bytes],
    tags: list[str],
    lie: int,
    ends: int,
    message: str,
) -> None:
    url = hostile.url("/x.zip", parts(archive[1], iter(tags), lie, ends))
    local = os.fspath(archive[0])
    for a, b in [(url, local), (local, url)]:
        with pytest.raises(komparu.SourceReadError, match=message) as caught:
            compare_archive(a, b)
        assert caught.value.source == url
        url = hostile.url("/x.zip", parts(archive[1], iter(tags), lie, ends))


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        ("206 Partial Content", ["Content-Range: bytes {place}/*"], None),
        ("206 Partial Content", ["Content-Range: bytes {place}/{size}", 'ETag: W/"one"'], None),
        ("206 Partial Content", ["Content-Range: bytes {place}/1"], "another part"),
        ("206 Partial Content", [], "another part"),
        ("206 Partial Content", ["Content-Type: multipart/byteranges"], "another part"),
        ("200 OK", [], "has none"),
        ("206 Partial Content", ["Content-Encoding: gzip"], "has none"),
        ("416 Range Not Satisfiable", [], "416"),
    ],
)
def test_an_answer_that_is_not_the_part_asked_for_is_an_error(
    hostile: Hostile,
    archive: tuple[Path, bytes],
    status: str,
    headers: list[str],
    message: str | None,
) -> None:
    path, content = archive

    def serve(connection: socket.socket, request: Request) -> None:
        size = len(content)
        if request.range is None:
            head = [f"Content-Length: {size}", 'ETag: "one"', "Accept-Ranges: bytes"]
            connection.sendall(answer(*head, body=content))
            return
        first, last = request.range
        part = content[first : last + 1]
        named = [header.format(place=f"{first}-{last}", size=size) for header in headers]
        connection.sendall(answer(f"Content-Length: {len(part)}", *named, status=status, body=part))

    url = hostile.url("/x.zip", serve)
    if message is None:
        assert compare_archive(url, path).equal
        return
    with pytest.raises(komparu.SourceReadError, match=message):
        compare_archive(url, path)


@pytest.mark.parametrize("kind", ["gnu.tar", "tar.gz"])
def test_a_server_that_fails_is_no_damaged_archive(
    nginx: Nginx, served: dict[str, str], kind: str, hostile: Hostile
) -> None:
    content = (nginx.root / served[kind]).read_bytes()
    local = nginx.root / served["gnu.tar"]
    half = answer(f"Content-Length: {len(content)}", body=content[: len(content) // 2])
    with pytest.raises(komparu.SourceReadError, match="ended after"):
        compare_archive(hostile.url("/half", half), nginx.root / served["tar.xz"])
    with pytest.raises(komparu.SourceNotFoundError) as caught:
        compare_archive(local, f"{nginx.plain}/missing.tar")
    assert caught.value.status == 404


@pytest.mark.parametrize("ranges", [False, True])
def test_a_promised_length_lifts_no_limit(hostile: Hostile, tmp_path: Path, ranges: bool) -> None:
    harmless = files(tmp_path / "harmless", [("x", b"1")])
    bomb = files(tmp_path / "bomb", [("zeros", bytes(64 << 20))], "w:bz2").read_bytes()
    promises = ["Content-Length: 9000000000", 'ETag: "same"']

    def serve(connection: socket.socket, _: Request) -> None:
        headers = [*promises, "Accept-Ranges: bytes"] if ranges else promises
        connection.sendall(answer(*headers, body=bomb + bytes(1 << 20)))
        hostile.closing.wait()

    with pytest.raises(komparu.ArchiveBombError, match="max_compression_ratio is 200"):
        compare_archive(hostile.url("/bomb.tar.bz2", serve), harmless)


def endless(begin: bytes, more: bytes) -> Handler:
    """Serve what begins so and has no end, as long as a client takes it."""

    def serve(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer(body=begin))
        while True:
            connection.sendall(more)

    return serve


UNLIMITED: dict[str, Any] = {"max_decompressed_size": None, "max_compression_ratio": None}


@pytest.mark.parametrize("hash_compare", [False, True])
@pytest.mark.parametrize("kind", ["missing", "broken"])
def test_what_cannot_be_opened_is_told_of_though_the_other_has_no_end(
    hostile: Hostile, tmp_path: Path, kind: str, hash_compare: bool
) -> None:
    info = tarfile.TarInfo("x")
    info.size = 1 << 60
    header = info.tobuf(tarfile.GNU_FORMAT)
    url = hostile.url("/endless", endless(header, bytes(1 << 16)))
    useless = os.fspath(tmp_path / "useless")
    if kind == "broken":
        Path(useless).write_bytes(b"no archive")
    for a, b in [(url, useless), (useless, url)]:
        with pytest.raises((komparu.SourceNotFoundError, ArchiveError)) as caught:
            compare_archive(a, b, hash_compare=hash_compare, **UNLIMITED)
        assert caught.value.source == useless


@pytest.mark.parametrize("content", [b"", bytes(1 << 20)], ids=["nothing", "zeros"])
def test_a_gzip_that_goes_on_after_its_archive_is_given_up_in_time(
    hostile: Hostile, tmp_path: Path, content: bytes
) -> None:
    local = files(tmp_path / "x.tar.gz", [("x", b"x")], "w:gz")
    tail = gzip.compress(content)
    url = hostile.url("/endless", endless(local.read_bytes(), tail * (1 + (1 << 16) // len(tail))))
    for a, b in [(url, os.fspath(local)), (os.fspath(local), url)]:
        with pytest.raises(komparu.ComparisonTimeoutError):
            compare_archive(a, b, comparison_timeout=0.2, **UNLIMITED)
    if content:
        with pytest.raises(komparu.ArchiveBombError):
            compare_archive(url, local, max_decompressed_size=1, max_compression_ratio=None)
