"""Servers that lie: never a wrong verdict, always one line that says why."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import komparu
from hostile import Hostile, Request, answer

if TYPE_CHECKING:
    from pathlib import Path

Failure = Callable[..., komparu.SourceReadError]
MiB = 1 << 20


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    path = tmp_path / "ten"
    path.write_bytes(b"0123456789")
    return path


def ten_bytes(*headers: str, body: bytes = b"0123456789") -> bytes:
    return answer("Content-Length: 10", *headers, body=body)


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)


def test_a_body_shorter_than_promised_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure
) -> None:
    error = failure(hostile.url("/short", ten_bytes(body=b"01234")), ten)
    assert error.strerror == "ended after 5 of 10 bytes"


def test_bytes_after_the_promised_body_are_not_content(hostile: Hostile, ten: Path) -> None:
    assert komparu.compare(hostile.url("/long", ten_bytes(body=b"0123456789 and more")), ten)


def test_a_body_without_any_length_is_compared_to_its_end(hostile: Hostile, ten: Path) -> None:
    assert komparu.compare(hostile.url("/same", answer(body=b"0123456789")), ten)
    assert not komparu.compare(hostile.url("/shorter", answer(body=b"012345678")), ten)
    assert not komparu.compare(hostile.url("/longer", answer(body=b"0123456789x")), ten)


def test_chunked_coding_is_undone(hostile: Hostile, ten: Path) -> None:
    body = chunked(b"0123", b"456", b"789", b"")
    assert komparu.compare(hostile.url("/a", answer("Transfer-Encoding: chunked", body=body)), ten)


def test_chunks_that_break_off_are_an_error(hostile: Hostile, ten: Path, failure: Failure) -> None:
    body = chunked(b"0123", b"456789")
    error = failure(hostile.url("/a", answer("Transfer-Encoding: chunked", body=body)), ten)
    assert "after 10 bytes" in str(error)


def test_the_length_of_a_chunked_body_is_not_believed(hostile: Hostile, ten: Path) -> None:
    body = chunked(b"0123456789", b"")
    response = answer("Content-Length: 3", "Transfer-Encoding: chunked", body=body)
    assert komparu.compare(hostile.url("/a", response), ten)


def test_a_different_content_length_settles_it_without_the_body(
    hostile: Hostile, ten: Path
) -> None:
    def head_only(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer("Content-Length: 11"))
        hostile.closing.wait()

    assert not komparu.compare(hostile.url("/a", head_only), ten)


def test_two_content_lengths_are_an_error(hostile: Hostile, ten: Path, failure: Failure) -> None:
    failure(hostile.url("/a", ten_bytes("Content-Length: 11")), ten)


@pytest.mark.parametrize("length", ["-1", "ten", "99999999999999999999999999"])
def test_a_content_length_that_is_none_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure, length: str
) -> None:
    failure(hostile.url("/a", answer(f"Content-Length: {length}", body=b"0123456789")), ten)


def test_a_reset_in_the_body_is_an_error(hostile: Hostile, ten: Path, failure: Failure) -> None:
    def reset(connection: socket.socket, _: Request) -> None:
        connection.sendall(ten_bytes(body=b"0123"))
        # Closing with a linger time of zero sends a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    error = failure(hostile.url("/a", reset), ten)
    assert "connection reset by peer" in str(error)


def test_no_answer_is_an_error_that_names_the_limit(
    hostile: Hostile, ten: Path, failure: Failure
) -> None:
    def silence(_connection: socket.socket, _: Request) -> None:
        hostile.closing.wait()

    error = failure(hostile.url("/a", silence), ten, timeout=1)
    assert error.strerror == "no data for 1 s"


def test_a_body_that_stalls_is_an_error(hostile: Hostile, ten: Path, failure: Failure) -> None:
    def stall(connection: socket.socket, _: Request) -> None:
        connection.sendall(ten_bytes(body=b"0123"))
        hostile.closing.wait()

    error = failure(hostile.url("/a", stall), ten, timeout=1)
    assert error.strerror == "no data for 1 s"


def test_a_slow_body_that_moves_has_no_time_limit(hostile: Hostile, ten: Path) -> None:
    def drip(connection: socket.socket, _: Request) -> None:
        connection.sendall(ten_bytes(body=b""))
        for digit in b"0123456789":
            # The pace of the server, which is what is tested.
            hostile.closing.wait(0.25)
            connection.sendall(bytes([digit]))

    assert komparu.compare(hostile.url("/a", drip), ten, timeout=2)


def test_closing_without_an_answer_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure
) -> None:
    error = failure(hostile.url("/a", b""), ten)
    assert error.strerror == "the connection was closed without an answer"
    assert len(hostile.requests) == 1


@pytest.mark.parametrize("kept", [1, 12])
def test_kept_connections_that_close_without_an_answer_are_replaced(
    hostile: Hostile, ten: Path, failure: Failure, kept: int
) -> None:
    """A server may close what it kept while a request is on its way (RFC 9112, section 9.3.1)."""
    together = threading.Barrier(kept)

    def keep(connection: socket.socket, _: Request) -> None:
        together.wait(60)
        connection.sendall(ten_bytes())
        connection.recv(65536)

    urls = [hostile.url(f"/kept{number}", keep) for number in range(kept)]
    after = ten_bytes("Connection: close")
    assert komparu.compare_all([ten, *urls])
    assert komparu.compare(hostile.url("/next", after), ten)
    assert komparu.compare_all([ten, *urls])
    error = failure(hostile.url("/never", b""), ten)
    assert error.strerror == "the connection was closed without an answer"
    paths = [request.path for request in hostile.requests]
    assert paths.count("/next") == paths.count("/never") == 1
    assert len(paths) == 2 * kept + 2


@pytest.mark.parametrize("noise", [b"SSH-2.0-OpenSSH_9.2\r\n", b"0123456789", b"\0" * 100])
def test_an_answer_that_is_not_http_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure, noise: bytes
) -> None:
    failure(hostile.url("/a", noise), ten)


@pytest.mark.parametrize("line", [b"X: y\r\n", b"x"], ids=["many lines", "one line"])
def test_headers_without_end_are_given_up(
    hostile: Hostile, ten: Path, failure: Failure, line: bytes
) -> None:
    sent: list[int] = []

    def headers(connection: socket.socket, _: Request) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        block = line * (65536 // len(line))
        for _block in range(MiB * 1024 // len(block)):
            connection.sendall(block)
            sent.append(len(block))

    failure(hostile.url("/a", headers), ten)
    assert sum(sent) < 32 * MiB, "what is not read stays within the kernel's buffers"


def test_interim_responses_without_end_are_given_up(
    hostile: Hostile, ten: Path, failure: Failure
) -> None:
    def interim(connection: socket.socket, _: Request) -> None:
        while True:
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 1000)

    failure(hostile.url("/a", interim), ten)


def test_a_part_that_was_not_asked_for_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure
) -> None:
    part = answer(
        "Content-Length: 10",
        "Content-Range: bytes 0-9/20",
        status="206 Partial Content",
        body=b"0123456789",
    )
    error = failure(hostile.url("/a", part), ten)
    assert error.status == 206


def test_two_urls_are_both_asked_before_either_is_waited_for(
    hostile: Hostile, other: Hostile
) -> None:
    both = threading.Barrier(2)

    def together(connection: socket.socket, _: Request) -> None:
        both.wait(60)
        connection.sendall(ten_bytes())

    assert komparu.compare(hostile.url("/a", together), other.url("/a", together))
    assert not both.broken


def test_a_slow_side_does_not_let_the_other_fill_memory(hostile: Hostile, other: Hostile) -> None:
    sent: list[int] = []
    enough = threading.Event()

    def flood(connection: socket.socket, _: Request) -> None:
        connection.settimeout(0.5)
        connection.sendall(answer())
        try:
            while sum(sent) < 256 * MiB:
                sent.append(connection.send(bytes(MiB)))
        except TimeoutError:
            enough.set()

    def wait(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer(body=b"\0"))
        enough.wait(60)
        connection.sendall(b"x")

    assert not komparu.compare(hostile.url("/a", flood), other.url("/b", wait))
    assert enough.is_set()
    assert sum(sent) < 64 * MiB


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_a_missing_url_is_not_found(hostile: Hostile, ten: Path, status: str) -> None:
    response = answer("Content-Length: 4", status=status, body=b"gone")
    with pytest.raises(
        komparu.SourceNotFoundError, match=f"the server answered {status}"
    ) as caught:
        komparu.compare(hostile.url("/a", response), ten)
    assert caught.value.status == int(status[:3])


@pytest.mark.parametrize(
    "status", ["101 Switching", "304 Not Modified", "401 Unauthorized", "403 Forbidden", "500 Oh"]
)
def test_any_other_status_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure, status: str
) -> None:
    error = failure(hostile.url("/a", answer("Content-Length: 10", status=status)), ten)
    assert error.strerror == f"the server answered {status}"
    assert error.status == int(status[:3])
    assert len(hostile.requests) == 1, "no automatic retry"


def test_a_status_line_cannot_break_the_message(
    hostile: Hostile, ten: Path, failure: Failure
) -> None:
    failure(hostile.url("/a", answer(status="500 a\x1b[31m\x08\u2028b" + "c" * 1000)), ten)
