"""Cookies live as long as one chain of redirects, and go where they were set for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import komparu
from hostile import Hostile, answer

if TYPE_CHECKING:
    from pathlib import Path

SAME = answer("Content-Length: 2", body=b"ok")


@pytest.fixture
def ok(tmp_path: Path) -> Path:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    return path


def to(location: str, *cookies: str) -> bytes:
    lines = [f"Set-Cookie: {cookie}" for cookie in cookies]
    return answer(f"Location: {location}", "Content-Length: 0", *lines, status="302 Found")


def test_a_cookie_of_a_redirect_comes_back_in_its_chain_and_no_other(
    hostile: Hostile, ok: Path
) -> None:
    hostile.url("/in/c", SAME)
    hostile.url("/in/b", to("/in/c", "b=2; Path=/; HttpOnly", "gone=; Path=/; Max-Age=0"))
    url = hostile.url("/a", to("/in/b", "a=1", "else=4; Path=/else", "gone=5"))
    for _ in range(2):
        hostile.requests.clear()
        assert komparu.compare(url, ok)
        cookies = [request.headers.get("cookie") for request in hostile.requests]
        assert cookies[0] is None
        assert [set(it.split("; ")) for it in cookies[1:] if it] == [
            {"a=1", "gone=5"},
            {"a=1", "b=2"},
        ]


def test_a_cookie_goes_to_no_other_host(hostile: Hostile, other: Hostile, ok: Path) -> None:
    back = hostile.url("/back", SAME)
    other.url("/away", to(back, "b=2", "evil=1; Domain=127.0.0.1"))
    away = f"http://localhost:{other.port}/away"
    assert komparu.compare(hostile.url("/a", to(away, "a=1", "x=2; Domain=localhost")), ok)
    assert [request.headers.get("cookie") for request in other.requests] == [None]
    assert [request.headers.get("cookie") for request in hostile.requests] == [None, "a=1"]


def test_parts_of_the_content_are_asked_for_with_the_cookies_that_led_to_it(
    hostile: Hostile, tmp_path: Path
) -> None:
    content = bytes(range(256)) * (20 << 10)
    path = tmp_path / "big"
    path.write_bytes(content)

    def serve(connection: object, request: object) -> None:
        first, last = request.range or (0, len(content) - 1)  # type: ignore[attr-defined]
        part = content[first : last + 1]
        status = "206 Partial Content" if request.range else "200 OK"  # type: ignore[attr-defined]
        connection.sendall(  # type: ignore[attr-defined]
            answer(
                "Accept-Ranges: bytes",
                f"Content-Length: {len(part)}",
                f"Content-Range: bytes {first}-{last}/{len(content)}",
                status=status,
                body=part,
            )
        )

    hostile.url("/b", serve)
    assert komparu.compare(hostile.url("/a", to("/b", "a=1")), path)
    asked = [request for request in hostile.requests if request.path == "/b"]
    assert [request.headers.get("cookie") for request in asked] == ["a=1"] * len(asked)
