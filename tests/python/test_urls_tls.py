"""Bodies over TLS whose end nothing tells but the connection's: a cut is no end."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import komparu

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers import Nginx

Failure = Callable[..., komparu.SourceReadError]
TEN = b"0123456789"

pytestmark = pytest.mark.usefixtures("trusted")


class Secure:
    """Answers every connection with the same bytes, and ends it by close_notify, or not."""

    def __init__(self, home: Path, protocol: str) -> None:
        """Start to listen."""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(home / "server.pem", home / "server.key")
        self._context.set_alpn_protocols([protocol, "http/1.1"])
        self._only = protocol if protocol == "h2" else None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.response = b""
        self.by_http_1: bytes | None = None
        self.orderly = True
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            secure = self._context.wrap_socket(connection, server_side=True)
            with secure:
                secure.settimeout(30)
                request = b""
                # The preface of HTTP/2 has the same ending.
                while b"\r\n\r\n" not in request:
                    request += secure.recv(65536)
                spoken = secure.selected_alpn_protocol()
                if self._only and spoken != self._only:
                    if self.by_http_1 is None:
                        return
                    secure.sendall(self.by_http_1)
                    secure.unwrap()
                    return
                secure.sendall(self.response)
                if self.orderly:
                    secure.unwrap()
                else:
                    socket.socket.shutdown(secure, socket.SHUT_WR)
                    secure.recv(65536)


@pytest.fixture
def serve(nginx: Nginx) -> Iterator[Callable[..., str]]:
    """The URL of a server that sends this."""
    servers = []

    def started(
        response: bytes,
        *,
        orderly: bool,
        protocol: str = "http/1.1",
        by_http_1: bytes | None = None,
    ) -> str:
        server = Secure(nginx.home, protocol)
        servers.append(server)
        server.response, server.orderly, server.by_http_1 = response, orderly, by_http_1
        return server.url

    yield started
    for server in servers:
        server.close()


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    path = tmp_path / "ten"
    path.write_bytes(TEN)
    return path


ENDLESS = {
    "1.0": b"HTTP/1.0 200 OK\r\n\r\n" + TEN,
    "1.1": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + TEN,
    "identity": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n" + TEN,
    "coded": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(TEN),
    "empty": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_body_that_only_a_cut_ends_is_an_error(
    serve: Callable[..., str], ten: Path, failure: Failure, kind: str
) -> None:
    if kind == "empty":
        ten.write_bytes(b"")
    error = failure(serve(ENDLESS[kind], orderly=False), ten)
    assert "cut" in str(error) or "broke off" in str(error)
    assert komparu.compare(serve(ENDLESS[kind], orderly=True), ten)


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + TEN,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n" + TEN + b"\r\n0\r\n\r\n",
    ],
    ids=["length", "chunked"],
)
def test_a_body_whose_end_is_told_needs_no_orderly_end_of_its_connection(
    serve: Callable[..., str], ten: Path, response: bytes
) -> None:
    assert komparu.compare(serve(response, orderly=False), ten)


@pytest.mark.parametrize("orderly", [True, False])
@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + TEN[:9],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n" + TEN + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n" + TEN + b"\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n" + TEN,
    ],
    ids=["length", "no last chunk", "no end of trailers", "no end of a chunk"],
)
def test_a_body_whose_end_is_told_must_come_to_it(
    serve: Callable[..., str], ten: Path, failure: Failure, response: bytes, orderly: bool
) -> None:
    failure(serve(response, orderly=orderly), ten)


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame of HTTP/2 (RFC 9113, section 4.1)."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


DATA, HEADERS, RESET, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
# `:status: 200` stands in HPACK's table, and so does the name `content-length`.
SET_UP = frame(SETTINGS, 0, 0) + frame(SETTINGS, ACK, 0)
BEGUN = SET_UP + frame(HEADERS, END_HEADERS, 1, b"\x88")
WITH_LENGTH = SET_UP + frame(HEADERS, END_HEADERS, 1, b"\x88\x0f\x0d\x0210")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_stream_of_http_2_ends_by_its_last_frame(serve: Callable[..., str], ten: Path) -> None:
    response = WITH_LENGTH + frame(DATA, END_STREAM, 1, TEN)
    assert komparu.compare(serve(response, orderly=True, protocol="h2"), ten)
    assert komparu.compare(serve(response, orderly=False, protocol="h2"), ten)
    response = WITH_LENGTH + frame(DATA, 0, 1, TEN) + frame(DATA, END_STREAM, 1)
    assert komparu.compare(serve(response, orderly=False, protocol="h2"), ten)


def test_a_body_of_http_2_without_a_length_is_asked_for_by_http_1(
    serve: Callable[..., str], ten: Path, failure: Failure
) -> None:
    whole, cut = BEGUN + frame(DATA, END_STREAM, 1, TEN), BEGUN + frame(DATA, 0, 1, TEN[:5])
    chunks = CHUNKED + b"a\r\n" + TEN + b"\r\n0\r\n\r\n"
    for response in (whole, cut):
        url = serve(response, orderly=False, protocol="h2", by_http_1=chunks)
        assert komparu.compare(url, ten)
        assert komparu.compare_many([url, ten, url]).all_equal
    # libcurl 7 does not pass the head on, where a stream is given up right behind it.
    with contextlib.suppress(komparu.SourceReadError):
        given_up = cut + frame(RESET, 0, 1, bytes(4))
        assert komparu.compare(serve(given_up, orderly=True, protocol="h2", by_http_1=chunks), ten)
    failure(serve(whole, orderly=True, protocol="h2", by_http_1=chunks[:-5]), ten)
    failure(serve(whole, orderly=True, protocol="h2"), ten)


@pytest.mark.parametrize("orderly", [True, False])
@pytest.mark.parametrize(
    "end",
    [
        b"",
        *[frame(RESET, 0, 1, struct.pack(">I", code)) for code in (0, 2, 5, 8)],
        *[
            frame(GOAWAY, 0, 0, struct.pack(">II", last, code))
            for last in (0, 1)
            for code in (0, 2)
        ],
        frame(DATA, 0, 1),
    ],
    ids=[
        "cut",
        "reset 0",
        "reset 2",
        "reset 5",
        "reset 8",
        "away 0 0",
        "away 0 2",
        "away 1 0",
        "away 1 2",
        "empty",
    ],
)
def test_a_stream_of_http_2_that_is_given_up_is_an_error(
    serve: Callable[..., str], ten: Path, failure: Failure, end: bytes, orderly: bool
) -> None:
    for response in (BEGUN + frame(DATA, 0, 1, TEN), WITH_LENGTH + frame(DATA, 0, 1, TEN[:9])):
        failure(serve(response + end, orderly=orderly, protocol="h2"), ten)
