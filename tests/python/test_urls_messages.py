"""What an error says of a server: where it was, what it said, and no more than fits on a screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import komparu
from hostile import Hostile, answer

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Nginx

Failure = Callable[..., komparu.SourceReadError]


@pytest.fixture
def ok(tmp_path: Path) -> Path:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    return path


def says(body: bytes, *headers: str, status: str = "403 Forbidden") -> bytes:
    return answer(f"Content-Length: {len(body)}", *headers, status=status, body=body)


S3 = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SignatureDoesNotMatch</Code><Message>The signature does not match</Message>\
<AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId></Error>"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"Your token has expired\nand more", ": Your token has expired"),
        (b"\r\n \r\n  two\t words \r\n", ": two words"),
        (S3, ": The signature does not match"),
        (b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<h1>Go</h1>\r\n", ": Go"),
        (b"<html><body>\n403 Forbidden\n</body></html>", ""),
        (b"", ""),
        (b"\x1b[31mred\x00 \xff\xe2\x80\xae", r": \u{1b}[31mred\u{0} "),
        (b"x" * 100_000, ": xxx"),
        (b"<" * 5000, ""),
    ],
)
def test_a_403_says_what_the_first_line_of_its_body_says(
    hostile: Hostile, ok: Path, failure: Failure, body: bytes, said: str
) -> None:
    error = failure(hostile.url("/a", says(body)), ok)
    assert error.status == 403
    assert str(error.strerror).startswith(f"the server answered 403 Forbidden{said}")
    assert len(str(error)) < 500
    assert "AKIA" not in str(error)
    assert said or error.strerror == "the server answered 403 Forbidden"


def test_a_403_whose_body_does_not_come_is_not_waited_for_long(
    hostile: Hostile, ok: Path, failure: Failure
) -> None:
    def silent(connection: object, _: object) -> None:
        head = answer("Content-Length: 100", status="403 Forbidden", body=b"why\nit")
        connection.sendall(head)  # type: ignore[attr-defined]
        hostile.closing.wait()

    error = failure(hostile.url("/a", silent), ok)
    assert error.strerror == "the server answered 403 Forbidden: why"


def test_the_url_that_failed_behind_a_redirect_is_named(
    hostile: Hostile, other: Hostile, ok: Path, failure: Failure
) -> None:
    away = other.url("/away")
    signed = f"{away}?X-Amz-Signature=s3cr3t&a=b"
    shown = f"redirected to {away}?X-Amz-Signature=***&a=b: the server answered 404 Not Found"
    for target in (signed, signed.replace("http://", "http://me:s3cr3t@")):
        error = failure(hostile.url("/a", answer(f"Location: {target}", status="302 Found")), ok)
        assert error.strerror == shown
        assert error.source == hostile.url("/a")
    cut = other.url("/cut", answer("Content-Length: 2", body=b"o"))
    error = failure(hostile.url("/b", answer(f"Location: {cut}", status="302 Found")), ok)
    assert error.strerror == f"redirected to {cut}: ended after 1 of 2 bytes"


def test_a_port_without_tls_is_told_as_that(
    nginx: Nginx, simple: tuple[str, Path], ok: Path, failure: Failure
) -> None:
    for url in (nginx.plain, simple[0]):
        error = failure(url.replace("http://", "https://") + "/ok", ok)
        assert str(error.strerror).startswith("no TLS there"), error


def test_a_port_with_tls_says_so_itself(nginx: Nginx, ok: Path, failure: Failure) -> None:
    error = failure(nginx.secure.replace("https://", "http://") + "/ok", ok)
    assert error.status == 400
    assert "The plain HTTP request was sent to HTTPS port" in str(error)


def test_a_server_behind_a_proxy_is_told_with_the_proxy(
    hostile: Hostile, ok: Path, failure: Failure
) -> None:
    hostile.url("http://h.invalid/a", says(b"", status="502 Bad Gateway"))
    error = failure("http://h.invalid/a", ok, proxy=f"http://me:s3cr3t@{hostile.authority}")
    assert error.strerror == (
        f"the server or the proxy http://***@{hostile.authority} answered 502 Bad Gateway"
    )


@pytest.mark.thread_unsafe(reason="sets the environment, which is the process's")
def test_a_proxy_without_scheme_shows_no_password(
    ok: Path, failure: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    for proxy in ("me:s3cr3t@127.0.0.1:1", "me:s3/cr3t@127.0.0.1:1"):
        monkeypatch.setenv("http_proxy", proxy)
        error = failure("http://h.invalid/", ok)
        assert "cr3t" not in str(error)
    assert "proxy" in str(error)


def test_no_message_is_longer_than_a_screen(hostile: Hostile, ok: Path) -> None:
    long = "x" * 3000
    proxy = f"http://me:s3cr3t@{hostile.authority}/{long}"
    target = f"http://h.invalid/{long}"
    start = f"http://h.invalid/a?{long}"
    hostile.url(start, answer(f"Location: {target}", status="302 Found"))
    challenges = [f"WWW-Authenticate: {number}{long[:500]}" for number in range(20)]
    for status in ("401", "403", "407", "502", "404"):
        body = b"said " * 2000
        hostile.url(target, says(body, *challenges, status=f"{status} {long}"))
        with pytest.raises(OSError, match=status) as caught:
            komparu.compare(start, ok, proxy=proxy)
        assert len(str(caught.value)) <= 2000
        assert "s3cr3t" not in str(caught.value)
