"""Samples fetched beside the stream: what they find, and what they must not believe."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import komparu
from hostile import Hostile, Request, answer

if TYPE_CHECKING:
    import socket
    from pathlib import Path

Failure = Callable[..., komparu.SourceReadError]
MiB = 1 << 20


class Ranged:
    """8 MiB with ranges. The stream stops after 1 MiB until the part has been asked for."""

    def __init__(self, tmp_path: Path, *, differs: bool = False) -> None:
        self.content = bytes(8 * MiB)
        self.path = tmp_path / "ranged"
        self.path.write_bytes(self.content[:-1] + (b"x" if differs else b"\0"))
        self.probed = threading.Event()
        self.part: Callable[[int, int], bytes] = self.honest

    def honest(self, first: int, last: int) -> bytes:
        return self.answer_part(f"{first}-{last}", last + 1 - first)

    def answer_part(self, place: str, length: int, etag: str = '"a"') -> bytes:
        return answer(
            f"Content-Length: {length}",
            f"Content-Range: bytes {place}/{len(self.content)}",
            f"ETag: {etag}",
            status="206 Partial Content",
            body=bytes(length),
        )

    def __call__(self, connection: socket.socket, request: Request) -> None:
        if request.range:
            connection.sendall(self.part(*request.range))
            self.probed.set()
            return
        head = (f"Content-Length: {len(self.content)}", "Accept-Ranges: bytes", 'ETag: "a"')
        connection.sendall(answer(*head, body=self.content[:MiB]))
        self.probed.wait()
        connection.sendall(self.content[MiB:])


def test_a_probe_finds_a_difference_that_the_stream_has_not_reached(
    hostile: Hostile, tmp_path: Path
) -> None:
    content = Ranged(tmp_path, differs=True)
    assert not komparu.compare(hostile.url("/a", content), content.path)
    # The end first, where most differences are.
    asked = [request.range for request in hostile.requests if request.range]
    assert asked[0] == (8 * MiB - 65536, 8 * MiB - 1)


def test_a_probe_is_not_sent_where_the_user_wants_none(hostile: Hostile, tmp_path: Path) -> None:
    content = Ranged(tmp_path, differs=True)
    content.probed.set()
    assert not komparu.compare(hostile.url("/a", content), content.path, quick_check=False)
    assert [request.range for request in hostile.requests] == [None]


@pytest.mark.parametrize("etag", ['"b"', 'W/"a"', "W/a", ""])
def test_a_sample_with_another_etag_leaves_the_verdict_to_the_stream(
    hostile: Hostile, tmp_path: Path, etag: str
) -> None:
    content = Ranged(tmp_path)
    content.part = lambda first, last: content.answer_part(
        f"{first}-{last}", last + 1 - first, etag=etag
    )
    for _ in range(2):
        assert komparu.compare(hostile.url("/a", content), content.path)


def test_a_sample_with_another_etag_shows_no_difference(hostile: Hostile, tmp_path: Path) -> None:
    content = Ranged(tmp_path)

    def other(first: int, last: int) -> bytes:
        head, _, body = content.honest(first, last).partition(b"\r\n\r\n")
        return head.replace(b'"a"', b'"b"') + b"\r\n\r\n" + b"x" * len(body)

    content.part = other
    assert komparu.compare(hostile.url("/a", content), content.path)


def test_a_sample_with_the_same_etag_made_weak_is_believed(
    hostile: Hostile, tmp_path: Path
) -> None:
    content = Ranged(tmp_path, differs=True)
    content.part = lambda first, last: content.answer_part(
        f"{first}-{last}", last + 1 - first, etag='W/"a"'
    )
    released = threading.Event()

    def stalls(connection: socket.socket, request: Request) -> None:
        if request.range:
            content(connection, request)
            return
        head = (f"Content-Length: {len(content.content)}", "Accept-Ranges: bytes", 'ETag: "a"')
        connection.sendall(answer(*head, body=content.content[:MiB]))
        # Only the sample can settle it.
        released.wait(60)

    assert not komparu.compare(hostile.url("/a", stalls), content.path)
    released.set()


@pytest.mark.parametrize("place", ["0-65535", "1-2", "nonsense", "8323072-8388607/7"])
def test_a_part_other_than_the_one_asked_for_leaves_the_verdict_to_the_stream(
    hostile: Hostile, tmp_path: Path, place: str
) -> None:
    content = Ranged(tmp_path)
    content.part = lambda *_: content.answer_part(place, 65536).replace(b"\0", b"x")
    assert komparu.compare(hostile.url("/a", content), content.path)


@pytest.mark.parametrize(
    "response",
    [
        answer("Content-Length: 0", status="503 Service Unavailable"),
        answer("Content-Length: 0", status="416 Range Not Satisfiable"),
        answer("Content-Length: 8388608"),
        b"",
    ],
    ids=["503", "416", "200", "nothing"],
)
def test_a_probe_that_fails_leaves_the_verdict_to_the_stream(
    hostile: Hostile, tmp_path: Path, response: bytes
) -> None:
    content = Ranged(tmp_path)
    content.part = lambda *_: response
    assert komparu.compare(hostile.url("/a", content), content.path)
