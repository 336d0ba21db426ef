"""Redirects: how far, where to, and with what."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import komparu
from hostile import Hostile, answer

if TYPE_CHECKING:
    from pathlib import Path

Failure = Callable[..., komparu.SourceReadError]
SAME = answer("Content-Length: 2", body=b"ok")


@pytest.fixture
def ok(tmp_path: Path) -> Path:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    return path


def to(location: str, status: str = "302 Found") -> bytes:
    return answer(f"Location: {location}", "Content-Length: 5", status=status, body=b"there")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(hostile: Hostile, ok: Path, status: int) -> None:
    hostile.url("/b?q=1", SAME)
    assert komparu.compare(hostile.url("/a", to("b?q=1#part", f"{status} Elsewhere")), ok)


def test_a_redirect_is_an_error_where_the_user_wants_none(
    hostile: Hostile, ok: Path, failure: Failure
) -> None:
    url = hostile.url("/a", to("/b"))
    assert failure(url, ok, follow_redirects=False).status == 302
    assert failure(komparu.Source(url, follow_redirects=False), ok).status == 302


def test_ten_redirects_are_followed_and_a_loop_is_an_error(
    hostile: Hostile, ok: Path, failure: Failure
) -> None:
    for number in range(10):
        hostile.url(f"/{number}", to(f"/{number + 1}"))
    hostile.url("/10", SAME)
    assert komparu.compare(hostile.url("/0"), ok)
    error = failure(hostile.url("/loop", to("/loop")), ok)
    assert error.strerror == "redirected more than 10 times"
    assert sum(request.path == "/loop" for request in hostile.requests) == 11


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://h/", "http://"]
)
def test_a_redirect_leads_to_http_only(
    hostile: Hostile, ok: Path, failure: Failure, target: str
) -> None:
    assert "no http or https URL" in str(failure(hostile.url("/a", to(target)), ok))


def test_headers_and_credentials_never_reach_another_origin(
    hostile: Hostile, other: Hostile, ok: Path
) -> None:
    back = hostile.url("/back", SAME)
    away = other.url("/away", to(back))
    first = hostile.url("/a", to("/same")).replace("http://", "http://me:secret@")
    hostile.url("/same", to(away))
    headers = {"Authorization-Token": "secret", "Cookie": "secret=1"}
    assert komparu.compare(komparu.Source(first, headers=headers), ok)
    basic = "Basic " + base64.b64encode(b"me:secret").decode()
    for request in hostile.requests[:2]:
        assert request.headers["authorization"] == basic
        assert request.headers["authorization-token"] == "secret"
    for request in [*other.requests, hostile.requests[2]]:
        assert "secret" not in str(request.headers)
        assert "authorization" not in request.headers


def test_credentials_in_a_location_are_dropped(
    hostile: Hostile, other: Hostile, ok: Path, failure: Failure
) -> None:
    """They are the server's: sent nowhere, in place of the user's neither, and shown nowhere."""
    for server in (hostile, other):
        url = server.url("/b", SAME).replace("http://", "http://them:secret@")
        assert komparu.compare(hostile.url("/a", to(url)), ok)
        assert "authorization" not in server.requests[-1].headers
    url = hostile.url("/missing").replace("http://", "http://them:secret@")
    assert "secret" not in str(failure(hostile.url("/a", to(url)), ok))


def test_options_of_one_source_never_reach_the_host_of_the_other(
    hostile: Hostile, other: Hostile
) -> None:
    a = komparu.Source(hostile.url("/a", SAME), headers={"X-Token": "one"})
    b = komparu.Source(other.url("/a", SAME), headers={"X-Token": "two"})
    assert komparu.compare(a, b, headers={"X-Call": "three"})
    assert hostile.requests[0].headers["x-token"] == "one"
    assert other.requests[0].headers["x-token"] == "two"
    assert "x-call" not in hostile.requests[0].headers


def test_headers_of_the_call_are_sent_to_both_as_they_are(hostile: Hostile, other: Hostile) -> None:
    a, b = hostile.url("/a", SAME), other.url("/a", SAME)
    assert komparu.compare(a, b, headers={"X-Call": "grüße", "X-Empty": "", "User-Agent": "me"})
    for server in (hostile, other):
        headers = server.requests[0].headers
        assert headers["x-call"].encode("latin-1").decode() == "grüße"
        assert headers["x-empty"] == ""
        assert headers["user-agent"] == "me"


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "127.0.0.2", "[::1]", "10.0.0.1", "[::ffff:127.0.0.2]", "[::]"]
)
def test_a_redirect_to_another_private_address_is_refused(
    hostile: Hostile, ok: Path, failure: Failure, host: str
) -> None:
    error = failure(hostile.url("/a", to(f"http://{host}:9/")), ok)
    assert "no redirect may lead" in str(error)


def test_a_redirect_within_the_private_host_that_the_user_named_is_followed(
    hostile: Hostile, other: Hostile, ok: Path
) -> None:
    other.url("/b", SAME)
    assert komparu.compare(hostile.url("/a", to(other.url("/b"))), ok)
    assert komparu.compare(hostile.url("/c", to(f"http://localhost:{other.port}/b")), ok)


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_private_redirects_can_be_allowed(hostile: Hostile, ok: Path) -> None:
    elsewhere = Hostile("127.0.0.2")
    url = hostile.url("/a", to(elsewhere.url("/b", SAME)))
    try:
        komparu.configure(allow_private_redirects=True)
        assert komparu.compare(url, ok)
    finally:
        elsewhere.close()


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]
)
def test_block_private_refuses_the_first_request_too(
    hostile: Hostile, ok: Path, failure: Failure, host: str
) -> None:
    komparu.configure(block_private=True)
    error = failure(f"http://{host}:{hostile.port}/a", ok)
    assert "block_private is set" in str(error)
    assert hostile.requests == []


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_a_connection_that_is_kept_opens_no_way_around_the_rules(
    hostile: Hostile, ok: Path, failure: Failure
) -> None:
    """The kept connection is to localhost, and no socket is opened for the second request."""

    def twice(connection: object, _: object) -> None:
        connection.sendall(SAME)  # type: ignore[attr-defined]
        hostile.closing.wait()

    url = hostile.url("/a", twice).replace("127.0.0.1", "localhost")
    assert komparu.compare(url, ok)
    komparu.configure(block_private=True)
    assert "block_private is set" in str(failure(url, ok))
    assert len(hostile.requests) == 1


def test_credentials_are_masked_in_every_error(ok: Path, failure: Failure) -> None:
    error = failure("http://me:secret@127.0.0.1:1/", ok)
    assert error.source == "http://***@127.0.0.1:1/"
    assert str(error) == "http://***@127.0.0.1:1/: connection refused"
    with pytest.raises(komparu.ConfigError) as caught:
        komparu.compare("http://me:secret@host:port/", ok)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("location", ["Location:", "Location:  "])
def test_a_redirect_without_a_place_is_an_answer_like_any_other(
    hostile: Hostile, failure: Failure, tmp_path: Path, location: str
) -> None:
    path = tmp_path / "empty"
    path.touch()
    moved = answer(location, "Content-Length: 0", status="302 Found")
    error = failure(hostile.url("/a", moved), path)
    assert error.strerror == "the server answered 302 Found"
    assert len(hostile.requests) == 1
    assert komparu.compare(hostile.url("/b", answer(location, "Content-Length: 0")), path)
