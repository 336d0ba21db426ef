"""More URLs than may be fetched at once: in turns, each once, and none of it guessed."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

import komparu
from children import run
from hostile import Hostile, Request, answer

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from servers import Nginx

LONG = 30.0
KIB = 1 << 10


@pytest.mark.parametrize("compare", [komparu.compare_many, komparu.compare_all])
@pytest.mark.parametrize(("workers", "expected"), [(0, 16), (3, 3), (20, 20)])
def test_no_more_transfers_are_under_way_than_the_call_may_have(
    hostile: Hostile, compare: Callable[..., object], workers: int, expected: int
) -> None:
    together, lock = threading.Barrier(expected), threading.Lock()
    under_way: set[str] = set()
    most = [0]

    def wait(connection: socket.socket, request: Request) -> None:
        with lock:
            under_way.add(request.path)
            most[0] = max(most[0], len(under_way))
        together.wait(LONG)
        with lock:
            under_way.remove(request.path)
        connection.sendall(answer("Content-Length: 1", body=b"x"))

    urls = [hostile.url(f"/{number}", wait) for number in range(3 * expected)]
    assert compare(urls, max_workers=workers)
    assert most[0] == expected
    assert len(hostile.requests) == len(urls)


@pytest.mark.parametrize("precheck", [True, False])
def test_urls_and_files_are_sorted_alike_whether_or_not_all_fit(
    nginx: Nginx, tmp_path: Path, *, precheck: bool
) -> None:
    contents = [b"", b"a" * 70_000, b"a" * 69_999 + b"b", b"a" * 70_001, b"a" * (1 << 20)]
    sources, expected = [], [set[str]() for _ in contents]
    # The log of the one server has the requests of other threads, too.
    query = f"turns{precheck}{threading.get_ident()}"
    for number in range(60):
        kind = number % len(contents)
        if number % 3 == 0:
            path = tmp_path / f"{number}"
            path.write_bytes(contents[kind])
            source = os.fspath(path)
        else:
            nginx.put(f"turn{number}", contents[kind])
            source = f"{nginx.plain}/turn{number}?{query}"
        sources.append(source)
        expected[kind].add(source)
    alone = tmp_path / "alone"
    alone.write_bytes(b"of a size of its own")
    sources.append(os.fspath(alone))
    expected.append({os.fspath(alone)})
    result = komparu.compare_many(sources, size_precheck=precheck)
    assert result.groups == expected
    fetched = [path for _, _, path in nginx.log() if path.endswith(f"?{query}")]
    assert len(fetched) == 40
    side_by_side = komparu.compare_many(sources, size_precheck=precheck, max_workers=40)
    assert side_by_side.groups == expected


def test_holes_are_zeros_to_a_digest_too(nginx: Nginx, tmp_path: Path) -> None:
    hole = tmp_path / "hole"
    with hole.open("wb") as file:
        file.truncate(200_000)
    nginx.put("zeros", bytes(200_000))
    urls = [f"{nginx.plain}/zeros?{number}" for number in range(20)]
    assert komparu.compare_many([*urls, hole]).all_equal


def test_a_difference_among_many_urls_ends_every_transfer(hostile: Hostile) -> None:
    # Sixteen handlers, and in the end the test itself.
    started, left = threading.Barrier(16), threading.Barrier(17)

    def silent(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer(f"Content-Length: {1 << 20}", body=b"a" * 200 * KIB))
        started.wait(LONG)
        try:
            connection.recv(1)
        finally:
            left.wait(LONG)

    def other(connection: socket.socket, request: Request) -> None:
        started.wait(LONG)
        # It differs in its last byte before 128 KiB, and everybody else is far past that.
        body = b"a" * (128 * KIB - 1) + b"b"
        connection.sendall(answer(f"Content-Length: {1 << 20}", body=body))
        try:
            connection.recv(1)
        finally:
            assert request.path == "/15"
            left.wait(LONG)

    urls = [hostile.url(f"/{number}", silent) for number in range(15)]
    urls.append(hostile.url("/15", other))
    urls += [hostile.url(f"/{number}", silent) for number in range(16, 40)]
    assert not komparu.compare_all(urls)
    left.wait(LONG)
    assert len(hostile.requests) == 16


def test_the_size_of_one_of_many_urls_is_enough(nginx: Nginx) -> None:
    nginx.put("short", b"x")
    nginx.put("long", b"xx")
    urls = [f"{nginx.plain}/short?{number}" for number in range(30)]
    assert komparu.compare_all(urls)
    assert not komparu.compare_all([*urls, f"{nginx.plain}/long"])
    assert not komparu.compare_all([*urls, f"{nginx.plain}/long"], size_precheck=False)


def test_of_many_urls_the_first_that_fails_is_named(nginx: Nginx, tmp_path: Path) -> None:
    nginx.put("there", b"there")
    urls = [f"{nginx.plain}/there?{number}" for number in range(40)]
    urls[7], urls[9] = f"{nginx.plain}/gone7", f"{nginx.plain}/gone9"
    for compare in (komparu.compare_many, komparu.compare_all):
        with pytest.raises(komparu.SourceNotFoundError) as caught:
            compare(urls)
        assert caught.value.source == urls[7]
    with pytest.raises(komparu.SourceNotFoundError) as caught:
        komparu.compare_many([*urls, tmp_path / "gone"])
    assert caught.value.source == urls[7]


def test_a_body_that_breaks_off_is_an_error_among_many(hostile: Hostile) -> None:
    whole = answer("Content-Length: 9", body=b"123456789")
    urls = [hostile.url(f"/{number}", whole) for number in range(30)]
    urls[20] = hostile.url("/20", answer("Content-Length: 9", body=b"1234"))
    with pytest.raises(komparu.SourceReadError, match="ended after 4 of 9 bytes") as caught:
        komparu.compare_many(urls)
    assert caught.value.source == urls[20]


def test_a_thousand_urls_of_one_host_need_few_descriptors(nginx: Nginx, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    nginx.put("one_of_many", b"one of many")
    for number in range(1000):
        (mirror / str(number)).write_bytes(b"one of many")
    script = """
import resource
home, url = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
urls = {str(number): f"{url}?{number}" for number in range(1000)}
print(bool(komparu.compare_dir_urls(home, urls)), komparu.compare_all(list(urls.values())))
print(komparu.compare_many([*urls.values(), *Path(home).iterdir()]).all_equal)
print(komparu.compare_all([f"{home}/1", *urls.values()]))
"""
    url = f"{nginx.plain}/one_of_many"
    assert run(script, mirror, url).split() == ["True"] * 4


def test_without_descriptors_the_cause_is_said(nginx: Nginx, tmp_path: Path) -> None:
    path = tmp_path / "few"
    path.write_bytes(b"few")
    nginx.put("few", b"few")
    script = """
import resource
path, url = sys.argv[1:]

def attempt():
    try:
        print(komparu.compare(url, path))
    except komparu.SourceReadError as error:
        print(error)

def starve():
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        os.close(taken.pop())  # for the file
        return taken

resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
for _ in range(2):
    taken = starve()
    attempt()
    for descriptor in taken:
        os.close(descriptor)
    attempt()
    # Another host: no connection is there to be used again, and the one that is kept gives way.
    url = url.replace("127.0.0.1", "localhost")
"""
    url = f"{nginx.plain}/few"
    first, second, third, fourth = run(script, path, url).splitlines()
    assert "too many open files" in first.lower()
    assert second == "True"
    assert third == "True"
    assert fourth == "True"
