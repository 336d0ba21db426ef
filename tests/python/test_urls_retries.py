"""Transfers that fail and are tried again: they go on where they were, or fail as they did."""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
import socket
import tarfile
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import komparu
import komparu.aio
from hostile import Hostile, Request, answer

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Nginx

Failure = Callable[..., komparu.SourceReadError]
#: No wait to speak of.
AT_ONCE = 1e-9
CONTENT = b"".join(number.to_bytes(4, "big") for number in range(250_000))
TAG = 'ETag: "one"'
NOON = "Date: Sun, 06 Nov 1994 12:00:00 GMT"
BEFORE = "Last-Modified: Sun, 06 Nov 1994 11:00:00 GMT"
JUST = "Last-Modified: Sun, 06 Nov 1994 11:59:30 GMT"


class Breaking:
    """Serves a content, and breaks off after so many bytes of each answer."""

    def __init__(
        self,
        content: bytes,
        *headers: str,
        step: int | None = None,
        breaks: int = 1_000_000,
        length: bool = True,
    ) -> None:
        """Serve by ranges, with these headers."""
        self.content = content
        self.headers = headers
        self.step = step if step is not None else -(-len(content) // 10)
        self.breaks = breaks
        self.length = length
        self.sent = 0
        self.asked: list[Request] = []

    def __call__(self, connection: socket.socket, request: Request) -> None:
        """Answer a request."""
        self.asked.append(request)
        first, size = 0, len(self.content)
        head = list(self.headers)
        status = "200 OK"
        if "range" in request.headers:
            asked, _, last = request.headers["range"].removeprefix("bytes=").partition("-")
            first = int(asked)
            assert last in {"", str(size - 1)}
            status = "206 Partial Content"
            head.append(f"Content-Range: bytes {first}-{size - 1}/{size}")
        head.append(
            f"Content-Length: {size - first}" if self.length else "Transfer-Encoding: chunked"
        )
        part = self.content[first:]
        if len(self.asked) <= self.breaks:
            part = part[: self.step]
        self.sent += len(part)
        body = part if self.length else b"%x\r\n%b\r\n" % (len(part), part)
        if not self.length and first + len(part) == size:
            body += b"0\r\n\r\n"
        connection.sendall(answer(*head, status=status, body=body))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "copy"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize(
    ("headers", "condition"),
    [
        ((TAG,), ("if-match", '"one"')),
        ((TAG, BEFORE, NOON), ("if-match", '"one"')),
        ((BEFORE, NOON), ("if-unmodified-since", BEFORE.partition(": ")[2])),
    ],
)
def test_a_transfer_that_breaks_at_every_tenth_goes_on_where_it_was(
    hostile: Hostile, copy: Path, headers: tuple[str, ...], condition: tuple[str, str], length: bool
) -> None:
    server = Breaking(CONTENT, *headers, length=length)
    url = hostile.url("/a", server)
    assert komparu.compare(url, copy, retries=9, retry_delay=AT_ONCE)
    assert server.sent == len(CONTENT)
    step = len(CONTENT) // 10
    starts = [request.headers.get("range", "bytes=0-").split("-")[0] for request in server.asked]
    assert starts == [f"bytes={number * step}" for number in range(10)]
    name, value = condition
    assert [request.headers.get(name) for request in server.asked] == [None, *[value] * 9]


def test_one_retry_too_few_is_the_error_that_it_was(
    hostile: Hostile, copy: Path, failure: Failure
) -> None:
    server = Breaking(CONTENT, TAG)
    error = failure(hostile.url("/a", server), copy, retries=8, retry_delay=AT_ONCE)
    assert "ended after" in str(error)
    assert len(server.asked) == 9


def test_by_default_nothing_is_tried_again(hostile: Hostile, copy: Path, failure: Failure) -> None:
    server = Breaking(CONTENT, TAG)
    assert "ended after 100000 of 1000000 bytes" in str(failure(hostile.url("/a", server), copy))
    assert len(server.asked) == 1


def test_both_sides_may_break(hostile: Hostile, other: Hostile) -> None:
    left, right = Breaking(CONTENT, TAG, step=70_000), Breaking(CONTENT, 'ETag: "two"', step=90_000)
    urls = hostile.url("/a", left), other.url("/b", right)
    assert komparu.compare(*urls, retries=20, retry_delay=AT_ONCE)
    assert left.sent == right.sent == len(CONTENT)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ('ETag: W/"one"',),
        ('ETag: W/"one"', BEFORE, NOON),
        (BEFORE,),
        (JUST, NOON),
        ("ETag: one",),
    ],
)
def test_without_a_strong_validator_it_does_not_go_on(
    hostile: Hostile, copy: Path, failure: Failure, headers: tuple[str, ...]
) -> None:
    server = Breaking(CONTENT, *headers)
    error = failure(hostile.url("/a", server), copy, retries=9, retry_delay=AT_ONCE)
    assert error.strerror == "ended after 100000 of 1000000 bytes"
    assert len(server.asked) == 1


def test_before_anything_was_taken_it_is_asked_for_anew(hostile: Hostile, copy: Path) -> None:
    server = Breaking(CONTENT, step=0, breaks=3)
    assert komparu.compare(hostile.url("/a", server), copy, retries=3, retry_delay=AT_ONCE)
    assert [request.headers.get("range") for request in server.asked] == [None] * 4


REST = f"Content-Range: bytes 100000-{len(CONTENT) - 1}/{len(CONTENT)}"
PART = "206 Partial Content"
LENGTH = f"Content-Length: {len(CONTENT) - 100_000}"


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (answer("Content-Length: 0", status="412 Precondition Failed"), "changed while it was"),
        (answer('ETag: "two"', REST, LENGTH, status=PART), "changed while it was compared"),
        (answer('ETag: W/"one"', REST, LENGTH, status=PART), "changed while it was compared"),
        (answer('ETag: "two"', f"Content-Length: {len(CONTENT)}"), "changed while it was compared"),
        (answer(TAG, f"Content-Length: {len(CONTENT)}"), "ended after 100000 of 1000000 bytes"),
        (answer(REST, LENGTH, status=PART), "ended after 100000 of 1000000 bytes"),
        (answer(TAG, REST.replace("100000", "99999"), LENGTH, status=PART), "another part (206)"),
        (answer(TAG, REST.replace("999999", "999998"), LENGTH, status=PART), "another part (206)"),
        (answer(TAG, REST.replace("/1000000", "/1000001"), LENGTH, status=PART), "another part"),
        (answer(TAG, LENGTH, status=PART), "another part (206)"),
        (answer(TAG, REST, LENGTH, "Content-Encoding: gzip", status=PART), "ended after 100000 of"),
        (answer("Content-Length: 0", status="416 Range Not Satisfiable"), "ended after 100000 of"),
        (answer("Content-Length: 0", status="404 Not Found"), "the server answered 404 Not Found"),
    ],
)
def test_an_answer_that_is_not_the_rest_of_the_same_is_an_error(
    hostile: Hostile, copy: Path, failure: Failure, second: bytes, says: str
) -> None:
    first = Breaking(CONTENT, TAG)

    def serve(connection: socket.socket, request: Request) -> None:
        if not first.asked:
            first(connection, request)
        else:
            connection.sendall(second + CONTENT[100_000:])

    error = failure(hostile.url("/a", serve), copy, retries=5, retry_delay=AT_ONCE)
    assert says in str(error)
    assert len(hostile.requests) == 2


def test_a_coded_body_is_not_read_on_from_its_middle(
    hostile: Hostile, copy: Path, failure: Failure
) -> None:
    packed = gzip.compress(CONTENT)
    server = Breaking(packed, TAG, "Content-Encoding: gzip")
    error = failure(hostile.url("/a", server), copy, retries=5, retry_delay=AT_ONCE)
    assert "ended after" in str(error)
    assert len(server.asked) == 1
    raw = copy.with_name("raw")
    raw.write_bytes(packed)
    # The same bytes as they are sent.
    options: dict[str, Any] = {"decode_content": False, "retry_delay": AT_ONCE}
    assert komparu.compare(hostile.url("/a"), raw, retries=9, **options)


def test_it_goes_on_where_the_redirects_led(hostile: Hostile, other: Hostile, copy: Path) -> None:
    server = Breaking(CONTENT, TAG, step=400_000)
    url = hostile.url("/a", answer(f"Location: {other.url('/b', server)}", status="302 Found"))
    assert komparu.compare(url, copy, retries=2, retry_delay=AT_ONCE, headers={"X-Key": "s3cr3t"})
    assert len(hostile.requests) == 1
    assert len(server.asked) == 3
    assert all("x-key" not in request.headers for request in server.asked)


def busy(*responses: bytes) -> Callable[[socket.socket, Request], None]:
    left = list(responses)

    def serve(connection: socket.socket, _: Request) -> None:
        connection.sendall(left.pop(0))

    return serve


SAME = answer("Content-Length: 2", body=b"ok")
GONE = "Retry-After: Sun, 06 Nov 1994 12:00:00 GMT"


@pytest.fixture
def ok(tmp_path: Path) -> Path:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    return path


@pytest.mark.parametrize("status", ["408 A", "429 B", "500 C", "502 D", "503 E", "504 F"])
@pytest.mark.parametrize("wait", [("Retry-After: 0",), (GONE, NOON), (GONE,), ()])
def test_a_server_that_is_busy_is_asked_again(
    hostile: Hostile, ok: Path, status: str, wait: tuple[str, ...]
) -> None:
    refused = answer(*wait, "Content-Length: 0", status=status)
    # Were the server not heard, the call would take an hour.
    delay = 3600 if wait else AT_ONCE
    url = hostile.url("/a", busy(refused, refused, SAME))
    assert komparu.compare(url, ok, retries=2, retry_delay=delay)


@pytest.mark.parametrize("status", ["400 A", "401 B", "403 C", "404 D", "410 E", "501 F"])
def test_what_does_not_pass_is_not_tried_again(
    hostile: Hostile, ok: Path, failure: Failure, status: str
) -> None:
    url = hostile.url("/a", answer("Retry-After: 0", "Content-Length: 0", status=status))
    assert failure(url, ok, retries=5, retry_delay=AT_ONCE).status == int(status[:3])
    assert len(hostile.requests) == 1


@pytest.mark.parametrize(
    "answers",
    [
        (b"", b"", SAME),
        (b"HTTP/1.1 200 OK\r\nContent-Le", SAME),
        (answer("Content-Length: 2"), answer("Content-Length: 2"), SAME),
    ],
)
def test_what_breaks_off_before_the_content_is_tried_again(
    hostile: Hostile, ok: Path, answers: tuple[bytes, ...]
) -> None:
    url = hostile.url("/a", busy(*answers))
    assert komparu.compare(url, ok, retries=5, retry_delay=AT_ONCE)


def test_a_content_of_another_size_or_tag_is_no_answer_to_a_second_request(
    hostile: Hostile, ok: Path, failure: Failure
) -> None:
    first = answer("Content-Length: 2", TAG)
    for second in (
        answer("Content-Length: 3", body=b"abc"),
        answer('ETag: "x"', "Content-Length: 2"),
    ):
        error = failure(hostile.url("/a", busy(first, second)), ok, retries=5, retry_delay=AT_ONCE)
        assert "changed while it was compared" in str(error)


def records(caplog: pytest.LogCaptureFixture) -> list[str]:
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert {record.name for record in warnings} <= {"komparu"}
    return [record.getMessage() for record in warnings]


@pytest.mark.thread_unsafe(reason="reads what all threads log")
def test_each_retry_is_a_warning_without_secrets(
    hostile: Hostile, ok: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refused = answer("Content-Length: 0", "Retry-After: 0", status="503 Busy")
    url = hostile.url("/a?token=s3cr3t", busy(refused, refused, SAME))
    assert komparu.compare(url.replace("http://", "http://me:s3cr3t@"), ok, retries=2)
    shown = f"http://***@{hostile.authority}/a?token=***: the server answered 503 Busy"
    assert records(caplog) == [f"{shown}; trying again in 0 s ({number} of 2)" for number in (1, 2)]


@pytest.mark.thread_unsafe(reason="reads what all threads log")
def test_a_port_without_a_server_is_tried_so_often_and_each_wait_is_twice_as_long(
    ok: Path, failure: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}/", ok, retries=3, retry_delay=0.001)
    assert error.strerror == "connection refused"
    waits = [record.split("trying again in ")[1] for record in records(caplog)]
    assert waits == ["0.001 s (1 of 3)", "0.002 s (2 of 3)", "0.004 s (3 of 3)"]


@pytest.mark.thread_unsafe(reason="reads what all threads log")
def test_no_server_is_waited_for_longer_than_a_minute_and_the_call_may_end_before(
    hostile: Hostile, ok: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = hostile.url("/a", answer("Content-Length: 0", "Retry-After: 86400", status="503 Busy"))
    with pytest.raises(komparu.ComparisonTimeoutError):
        komparu.compare(url, ok, retries=1, comparison_timeout=0.3)
    assert [record.split("; ")[1] for record in records(caplog)] == [
        "trying again in 60 s (1 of 1)"
    ]


@pytest.mark.thread_unsafe(reason="reads what all threads log")
def test_a_task_that_waits_to_try_again_can_be_cancelled(
    hostile: Hostile, ok: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = threading.Event()

    def refuse(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer("Content-Length: 0", "Retry-After: 60", status="503 Busy"))
        asked.set()

    url = hostile.url("/a", refuse)

    async def run() -> None:
        task = asyncio.ensure_future(komparu.aio.compare(url, ok, retries=5))
        await asyncio.to_thread(asked.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # A later call of the process writes what the cancelled one had no time for.
        assert await komparu.aio.compare(ok, ok)

    asyncio.run(run())
    assert len(records(caplog)) <= 1


def test_every_function_tries_again(hostile: Hostile, copy: Path) -> None:
    def url() -> str:
        path = f"/{len(hostile.requests)}"
        return hostile.url(path, Breaking(CONTENT, TAG, step=300_000))

    options: dict[str, Any] = {"retries": 3, "retry_delay": AT_ONCE}
    assert komparu.compare_all([copy, url(), url()], **options)
    assert komparu.compare_many([url(), copy, url()], **options).all_equal
    assert komparu.first_difference(url(), copy, **options) is None
    assert komparu.compare_dir_urls(copy.parent, {"copy": url()}, **options).equal
    assert komparu.compare_trees(copy.parent, {"copy": url()}, **options).equal
    with komparu.iter_trees({"copy": url()}, copy.parent, **options) as run:
        assert run.result().equal
    assert asyncio.run(komparu.aio.compare(url(), copy, **options))
    komparu.configure(**options)
    assert komparu.compare(url(), copy)
    komparu.reset_config()
    assert komparu.Comparer(**options).compare(url(), copy)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_whose_transfer_breaks_goes_on(
    hostile: Hostile, tmp_path: Path, mode: str
) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for number in range(5):
            info = tarfile.TarInfo(str(number))
            content = CONTENT[number * 1000 :][:100_000]
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    packed = path.read_bytes()
    for ranges in ((), ("Accept-Ranges: bytes",)):
        server = Breaking(packed, TAG, *ranges, step=len(packed) // 7)
        result = komparu.compare_archive(
            hostile.url("/a", server), path, retries=9, retry_delay=AT_ONCE
        )
        assert result.equal, result
        assert len(server.asked) >= 8


def test_a_difference_behind_a_break_is_found(hostile: Hostile, copy: Path) -> None:
    server = Breaking(CONTENT[:-1] + b"x", TAG)
    url = hostile.url("/a", server)
    found = komparu.first_difference(url, copy, retries=9, retry_delay=AT_ONCE)
    assert found is not None
    assert found.offset == len(CONTENT) - 1
    assert server.sent == len(CONTENT)


def test_nginx_goes_on_by_its_tag(nginx: Nginx, copy: Path) -> None:
    """A relay that breaks off, with a real server behind it."""
    nginx.put("relayed", CONTENT)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ranges: list[bytes] = []

        def relay() -> None:
            for step in (300_000, 300_000, 1_000_000):
                client, _ = listener.accept()
                with (
                    client,
                    socket.create_connection(("127.0.0.1", nginx.ports["plain"])) as server,
                ):
                    request = client.recv(65536)
                    ranges.extend(line for line in request.split(b"\r\n") if b"Range" in line)
                    server.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                    left = step
                    while left > 0 and (data := server.recv(min(left, 65536))):
                        client.sendall(data)
                        left -= len(data)

        thread = threading.Thread(target=relay)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/relayed"
        assert komparu.compare(url, copy, retries=2, retry_delay=AT_ONCE, quick_check=False)
        thread.join()
    assert len(ranges) == 2
