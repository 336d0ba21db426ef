"""Servers that answer one request at a time, as many do by default: several URLs of one."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import komparu
import packing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Failure = Callable[..., komparu.SourceReadError]
MiB = 1 << 20
# More than all buffers on the way hold.
BIG = 24 * MiB
TIMEOUT = 2


class OneSlot:
    """Answers in one thread, and closes each connection behind its answer or keeps it."""

    def __init__(self, backlog: int, *, keeps: bool = False) -> None:
        """Start to listen."""
        bodies: dict[str, bytes] = {}
        lengths: dict[str, bool] = {}
        pauses: dict[str, float] = {}
        ranged: set[str] = set()
        self.closing = closing = threading.Event()
        self.bodies, self.lengths, self.pauses, self.ranged = bodies, lengths, pauses, ranged
        self.served: list[str] = []
        served = self.served
        open_now: list[socket.socket] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1" if keeps else "HTTP/1.0"

            def setup(self) -> None:
                open_now.append(self.request)
                super().setup()

            def do_GET(self) -> None:
                served.append(self.path)
                body = bodies[self.path]
                closing.wait(pauses.get(self.path, 0))
                asked = self.headers["Range"] if self.path in ranged else None
                whole = len(body)
                self.send_response(206 if asked else 200)
                if asked:
                    first, last = map(int, asked.removeprefix("bytes=").split("-"))
                    body = body[first : last + 1]
                    self.send_header("Content-Range", f"bytes {first}-{last}/{whole}")
                if self.path in ranged:
                    self.send_header("Accept-Ranges", "bytes")
                if lengths.get(self.path, True):
                    self.send_header("Content-Length", str(len(body)))
                elif keeps:
                    self.send_header("Transfer-Encoding", "chunked")
                    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None: ...

        class Server(http.server.HTTPServer):
            request_queue_size = backlog

            def handle_error(self, *_: object) -> None: ...

        self._open = open_now
        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def url(
        self, path: str, body: bytes, *, length: bool = True, pause: float = 0, ranges: bool = False
    ) -> str:
        """The URL of a body: with its length or without, and in parts where they are asked for."""
        if ranges:
            self.ranged.add(path)
        self.bodies[path], self.lengths[path], self.pauses[path] = body, length, pause
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        """Stop."""
        stopping = threading.Thread(target=self._server.shutdown)
        stopping.start()
        # A client may keep the connection that the thread waits at.
        while stopping.is_alive():
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            stopping.join(0.01)
        self._thread.join()
        self._server.server_close()


@pytest.fixture(params=[(5, False), (1, False), (5, True), (1, True)], ids=str)
def slot(request: pytest.FixtureRequest) -> Iterator[OneSlot]:
    backlog, keeps = request.param
    server = OneSlot(backlog, keeps=keeps)
    yield server
    server.close()


@pytest.mark.parametrize("length", [True, False])
def test_two_urls_of_a_server_that_answers_one_at_a_time(slot: OneSlot, length: bool) -> None:
    body = bytes(BIG)
    a, b = (slot.url(path, body, length=length) for path in ("/a", "/b"))
    assert komparu.compare(a, b, timeout=TIMEOUT)
    c = slot.url("/c", body[:-1] + b"x", length=length)
    assert not komparu.compare(a, c, timeout=TIMEOUT)
    assert not komparu.compare(c, b, timeout=TIMEOUT)
    d = slot.url("/d", body + b"\0", length=length)
    assert not komparu.compare(a, d, timeout=TIMEOUT)
    assert not komparu.compare(d, a, timeout=TIMEOUT)


@pytest.mark.parametrize("length", [True, False])
def test_the_first_difference_of_two_urls_of_such_a_server(slot: OneSlot, length: bool) -> None:
    body = bytes(MiB) + b"\n" * 5 + bytes(BIG)
    a, b = (slot.url(path, body, length=length) for path in ("/a", "/b"))
    assert komparu.first_difference(a, b, timeout=TIMEOUT) is None
    place = 7 * MiB - 3
    other = body[:place] + b"x\ny" + body[place + 3 :]
    c = slot.url("/c", other, length=length)
    for one, two, left, right in (
        (a, c, b"\0\0\0\0", b"x\ny\0"),
        (c, a, b"x\ny\0", b"\0\0\0\0"),
    ):
        found = komparu.first_difference(one, two, timeout=TIMEOUT, context=4)
        assert found is not None
        assert (found.offset, found.line) == (place, 6)
        assert (found.left, found.right) == (left, right)
    d = slot.url("/d", body + b"!", length=length)
    found = komparu.first_difference(a, d, timeout=TIMEOUT)
    assert found == komparu.Difference(len(body), 6, b"", b"!", len(body), len(body) + 1)


def test_a_second_url_that_fails_is_an_error(slot: OneSlot, failure: Failure) -> None:
    a = slot.url("/a", bytes(BIG))
    gone = slot.url("/b", b"")
    del slot.bodies["/b"]
    failure(a, gone, timeout=TIMEOUT)


@pytest.mark.parametrize("length", [True, False])
def test_many_urls_of_a_server_that_answers_one_at_a_time(
    slot: OneSlot, tmp_path: Path, length: bool
) -> None:
    same, other = bytes(BIG), bytes(BIG - 1) + b"x"
    urls = [slot.url(f"/{n}", other if n == 2 else same, length=length) for n in range(4)]
    path = tmp_path / "same"
    path.write_bytes(same)
    outcome = komparu.compare_many([*urls, path], timeout=TIMEOUT)
    assert {frozenset(group) for group in outcome.groups} == {
        frozenset([urls[0], urls[1], urls[3], str(path)]),
        frozenset([urls[2]]),
    }
    assert komparu.compare_all([urls[0], urls[1], urls[3]], timeout=TIMEOUT)
    assert komparu.compare_all([path, urls[0], urls[1], urls[3]], timeout=TIMEOUT)
    assert not komparu.compare_all(urls, timeout=TIMEOUT)
    assert komparu.compare_all([urls[0], urls[1]], timeout=TIMEOUT)
    assert komparu.compare_many([urls[0], urls[1]], timeout=TIMEOUT).all_equal


def test_a_request_that_waits_for_its_turn_is_not_given_up(slot: OneSlot, tmp_path: Path) -> None:
    """The line takes longer than any of them may be silent."""
    number, pause = 10, 0.15
    urls = {}
    for n in range(number):
        (tmp_path / str(n)).write_bytes(b"%d" % n)
        urls[str(n)] = slot.url(f"/{n}", b"%d" % n, pause=pause)
    assert komparu.compare_dir_urls(tmp_path, urls, timeout=4 * pause).equal
    outcome = komparu.compare_many(list(urls.values()), timeout=4 * pause)
    assert len(outcome.groups) == number


def test_a_server_that_says_nothing_to_all_is_given_up(slot: OneSlot, failure: Failure) -> None:
    # What the server would say in the end is an answer.
    a, b = (slot.url(path, b"", pause=120) for path in ("/a", "/b"))
    try:
        error = failure(a, b, timeout=0.5)
    finally:
        slot.closing.set()
    assert error.strerror == "no data for 0.5 s"


def archive(tmp_path: Path, kind: str, size: int, last: bytes = b"z") -> bytes:
    parts = [("first", packing.noise(size)), ("last", last)]
    path = tmp_path / f"archive.{kind}"
    made = packing.zipped(path, parts) if kind == "zip" else packing.files(path, parts)
    content: bytes = made.read_bytes()
    return content


# A MiB is smaller than the buffers on the way, and more than what is kept of an end.
SIZES = [(BIG, BIG), (MiB, BIG), (BIG, MiB)]


@pytest.mark.parametrize("kinds", [("zip", "zip"), ("zip", "tar"), ("tar", "zip")])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("keeps", [False, True])
def test_two_archives_of_a_server_that_answers_one_at_a_time(
    tmp_path: Path, kinds: tuple[str, str], sizes: tuple[int, int], keeps: bool
) -> None:
    with contextlib.closing(OneSlot(5, keeps=keeps)) as slot:
        a, b = (
            slot.url(f"/{n}", archive(tmp_path, kind, size), ranges=True)
            for n, (kind, size) in enumerate(zip(kinds, sizes, strict=True))
        )
        outcome = komparu.compare_archive(a, b, timeout=TIMEOUT)
        expected = {} if sizes[0] == sizes[1] else {"first"}
        assert set(outcome.diff) == set(expected)
        assert not outcome.errors
        c = slot.url("/c", archive(tmp_path, kinds[1], sizes[1], b"other"), ranges=True)
        outcome = komparu.compare_archive(a, c, timeout=TIMEOUT)
        assert set(outcome.diff) == {*expected, "last"}


def test_two_archives_of_such_a_server_without_ranges(slot: OneSlot, tmp_path: Path) -> None:
    body = archive(tmp_path, "tar", BIG)
    for hash_compare in (False, True):
        a, b = (slot.url(path, body) for path in ("/a", "/b"))
        assert komparu.compare_archive(a, b, timeout=TIMEOUT, hash_compare=hash_compare).equal


@pytest.mark.parametrize("size", [BIG, MiB])
def test_one_archive_in_parts_of_a_server_that_answers_one_at_a_time(
    slot: OneSlot, tmp_path: Path, size: int
) -> None:
    body = archive(tmp_path, "zip", size)
    url = slot.url("/a", body, ranges=True)
    assert komparu.compare_archive(url, tmp_path / "archive.zip", timeout=TIMEOUT).equal


@pytest.mark.parametrize("kinds", [("zip", "zip"), ("tar", "tar"), ("zip", "tar")])
@pytest.mark.parametrize("hash_compare", [False, True])
def test_the_places_in_two_archives_of_such_a_server(
    slot: OneSlot, tmp_path: Path, kinds: tuple[str, str], hash_compare: bool
) -> None:
    a, b = (
        slot.url(f"/{n}", archive(tmp_path, kind, MiB, last), ranges=True)
        for n, (kind, last) in enumerate(zip(kinds, (b"1\n2", b"1\n3"), strict=True))
    )
    result = komparu.compare_archive(a, b, timeout=TIMEOUT, where=True, hash_compare=hash_compare)
    assert result.differences == {"last": komparu.Difference(2, 2, b"2", b"3", 3, 3)}
