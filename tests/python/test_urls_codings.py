"""Content codings that were not asked for: undone, and without their end an error."""

from __future__ import annotations

import gzip
import itertools
import threading
import zlib
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
TEN = b"0123456789"


def raw(content: bytes) -> bytes:
    """Deflate without the zlib around it that belongs there."""
    return zlib.compress(content)[2:-4]


# What brotli 1.2 and zstd 1.5 (with its checksum) make of ten digits.
BROTLI = bytes.fromhex("8b04803031323334353637383903")
ZSTD = bytes.fromhex("28b52ffd240a51000030313233343536373839e76718a8")
# Name, body, and whether it has a checksum.
CODED = {
    "gzip": ("gzip", gzip.compress(TEN), True),
    "x-gzip": ("X-GZip", gzip.compress(TEN), True),
    "zlib": ("deflate", zlib.compress(TEN), True),
    "raw": ("deflate", raw(TEN), False),
    "br": ("br", BROTLI, False),
    "zstd": ("zstd", ZSTD, True),
    "two": ("gzip, br", bytes.fromhex("8b0e80") + gzip.compress(TEN, mtime=0) + b"\x03", True),
}


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    path = tmp_path / "ten"
    path.write_bytes(TEN)
    return path


def coded(name: str, body: bytes, *headers: str) -> bytes:
    return answer(f"Content-Encoding: {name}", *headers, body=body)


def whole(name: str, body: bytes) -> bytes:
    return coded(name, body, f"Content-Length: {len(body)}")


@pytest.mark.parametrize("kind", CODED)
def test_a_content_coding_is_undone_and_its_length_not_believed(
    hostile: Hostile, ten: Path, kind: str
) -> None:
    name, body, _ = CODED[kind]
    assert komparu.compare(hostile.url("/a", whole(name, body)), ten)
    assert hostile.requests[-1].headers["accept-encoding"] == "identity"
    other = ten.with_name("other")
    for content in [b"", b"012345678", b"0123456789x", b"x123456789"]:
        other.write_bytes(content)
        assert not komparu.compare(hostile.url("/a", whole(name, body)), other)


@pytest.mark.parametrize("kind", CODED)
def test_a_coding_that_does_not_end_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure, kind: str
) -> None:
    name, body, _ = CODED[kind]
    for length in range(len(body)):
        error = failure(hostile.url("/a", whole(name, body[:length])), ten)
        assert "cannot be decoded" in str(error)


def test_a_coding_that_does_not_end_is_an_error_not_its_content(
    hostile: Hostile, tmp_path: Path, failure: Failure
) -> None:
    content = b"".join(b"%d\n" % n for n in range(200_000))
    half = gzip.compress(content)[:60_000]
    part, all_of_it = tmp_path / "part", tmp_path / "all"
    part.write_bytes(zlib.decompressobj(31).decompress(half))
    all_of_it.write_bytes(content)
    for path in (part, all_of_it):
        failure(hostile.url("/a", whole("gzip", half)), path)
        failure(
            hostile.url("/a", whole("gzip", half)), hostile.url("/a", whole("gzip", half)) + "?"
        )


@pytest.mark.parametrize("kind", [kind for kind, (_, _, checked) in CODED.items() if checked])
def test_a_wrong_checksum_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure, kind: str
) -> None:
    name, body, _ = CODED[kind]
    # The length at the end of gzip is checked as well; br has a byte of its own behind it.
    for place in (-2, -6) if "gzip" in name.lower() else (-2,):
        damaged = bytearray(body)
        damaged[place] ^= 1
        error = failure(hostile.url("/a", whole(name, bytes(damaged))), ten)
        assert "cannot be decoded" in str(error)


@pytest.mark.parametrize("kind", CODED)
@pytest.mark.parametrize("behind", [b"\0", b"garbage", b"\x1f\x8b"])
def test_bytes_after_the_end_of_a_coding_are_an_error(
    hostile: Hostile, ten: Path, failure: Failure, kind: str, behind: bytes
) -> None:
    name, body, _ = CODED[kind]
    failure(hostile.url("/a", whole(name, body + behind)), ten)


def test_gzip_of_several_members_is_undone(hostile: Hostile, ten: Path) -> None:
    body = b"".join(gzip.compress(part) for part in (b"", b"0123", b"", b"456789", b""))
    assert komparu.compare(hostile.url("/a", whole("gzip", body)), ten)


def test_several_headers_of_codings_are_one_list(hostile: Hostile, ten: Path) -> None:
    body = gzip.compress(zlib.compress(TEN))
    assert komparu.compare(hostile.url("/a", coded("deflate", body, "Content-Encoding: gzip")), ten)


def test_a_coded_body_shorter_than_promised_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure
) -> None:
    body = gzip.compress(TEN)
    response = coded("gzip", body, f"Content-Length: {len(body) + 1}")
    error = failure(hostile.url("/a", response), ten)
    assert f"ended after {len(body)} of {len(body) + 1} bytes" in str(error)


def test_a_coded_body_without_length_is_undone(hostile: Hostile, ten: Path) -> None:
    assert komparu.compare(hostile.url("/a", coded("gzip", gzip.compress(TEN))), ten)


def test_a_coded_body_of_any_density_is_compared(hostile: Hostile, tmp_path: Path) -> None:
    path = tmp_path / "zeros"
    path.write_bytes(bytes(300 * MiB))
    assert komparu.compare(
        hostile.url("/a", whole("gzip", gzip.compress(bytes(300 * MiB), 9))), path
    )


def test_a_coding_without_end_can_be_given_up(hostile: Hostile) -> None:
    """Neither content that never ends nor coded bytes that never become content keep a call."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = squeezer.compress(bytes(64 * MiB)) + squeezer.flush(zlib.Z_SYNC_FLUSH)
    endless = zlib.compressobj(9, zlib.DEFLATED, -15)
    more = endless.compress(bytes(64 * MiB)) + endless.flush(zlib.Z_SYNC_FLUSH)
    for first, rest in [(zeros, more), (b"", gzip.compress(b"") * 10_000)]:

        def send(
            connection: socket.socket, _: Request, first: bytes = first, rest: bytes = rest
        ) -> None:
            connection.sendall(coded("gzip", first))
            while True:
                connection.sendall(rest)

        urls = [hostile.url(f"/{side}", send) for side in "ab"]
        # Otherwise it would never end.
        with pytest.raises(komparu.ComparisonTimeoutError):
            komparu.compare(*urls, comparison_timeout=0.5)


def test_a_difference_early_in_a_coded_body_ends_it(hostile: Hostile, ten: Path) -> None:
    left = threading.Event()

    def send(connection: socket.socket, _: Request) -> None:
        squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
        begin = squeezer.compress(b"x") + squeezer.flush(zlib.Z_SYNC_FLUSH)
        connection.sendall(coded("gzip", begin))
        # Nothing more comes until the client leaves.
        connection.recv(1)
        left.set()

    assert not komparu.compare(hostile.url("/a", send), ten)
    assert left.wait(60)


@pytest.mark.parametrize("name", ["aws-chunked", "compress", "gzip, utf-8", "none"])
def test_a_name_that_is_no_coding_is_in_the_error_with_the_way_out(
    hostile: Hostile, ten: Path, failure: Failure, name: str
) -> None:
    url = hostile.url("/a", whole(name, TEN))
    error = failure(url, ten)
    assert f"'{name.rsplit(', ', 1)[-1]}'" in str(error)
    assert "decode_content=False" in str(error)
    assert error.status == 200
    assert komparu.compare(url, ten, decode_content=False)


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd"])
def test_a_body_that_is_not_coded_as_it_says_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure, coding: str
) -> None:
    failure(hostile.url("/a", whole(coding, TEN)), ten)


@pytest.mark.parametrize("kind", CODED)
def test_without_decoding_the_bytes_are_compared_as_they_are_sent(
    hostile: Hostile, ten: Path, failure: Failure, kind: str
) -> None:
    name, body, _ = CODED[kind]
    sent = ten.with_name("sent")
    sent.write_bytes(body)
    url = hostile.url("/a", whole(name, body))
    assert komparu.compare(url, sent, decode_content=False)
    assert not komparu.compare(url, ten, decode_content=False)
    komparu.configure(decode_content=False)
    assert komparu.compare(url, sent)
    assert komparu.compare(url, ten, decode_content=True)
    short = coded(name, body, f"Content-Length: {len(body) + 1}")
    sent.write_bytes(body + b"x")
    assert "ended after" in str(failure(hostile.url("/short", short), sent))


def test_without_decoding_samples_are_asked_for(hostile: Hostile, tmp_path: Path) -> None:
    content = bytes(8 * MiB)
    path = tmp_path / "coded"
    path.write_bytes(content[:-1] + b"x")
    probed = threading.Event()

    def send(connection: socket.socket, request: Request) -> None:
        if request.range:
            first, last = request.range
            place = f"Content-Range: bytes {first}-{last}/{len(content)}"
            part = content[first : last + 1]
            head = [f"Content-Length: {len(part)}", place, "Content-Encoding: gzip"]
            connection.sendall(answer(*head, status="206 Partial Content", body=part))
            probed.set()
            return
        head = [f"Content-Length: {len(content)}", "Accept-Ranges: bytes", "Content-Encoding: gzip"]
        connection.sendall(answer(*head, body=content[:MiB]))
        connection.recv(1)  # nothing: the comparison ends, and hangs up

    assert not komparu.compare(hostile.url("/a", send), path, decode_content=False)
    assert probed.wait(60)


def test_every_function_that_takes_urls_takes_the_option(hostile: Hostile, ten: Path) -> None:
    urls = [hostile.url(f"/{name}", whole("aws-chunked", TEN)) for name in "ab"]
    assert komparu.compare_all([ten, *urls], decode_content=False)
    assert komparu.compare_many([ten, *urls], decode_content=False).all_equal
    tree = komparu.compare_dir_urls(ten.parent, {"ten": urls[0]}, decode_content=False)
    assert tree.equal
    archive = ten.with_name("a.cpio.gz")
    archive.write_bytes(gzip.compress(b""))
    for _ in itertools.repeat(None, 2):
        with pytest.raises(komparu.KomparuError):
            komparu.compare_archive(ten, urls[0], decode_content=False)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "gzip, chunked"])
def test_a_transfer_coding_that_was_not_asked_for_is_an_error(
    hostile: Hostile, ten: Path, failure: Failure, coding: str
) -> None:
    body = gzip.compress(TEN)
    if "chunked" in coding:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    error = failure(hostile.url("/a", answer(f"Transfer-Encoding: {coding}", body=body)), ten)
    assert "transfer coding" in str(error)
