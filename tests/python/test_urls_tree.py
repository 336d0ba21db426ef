"""URLs among many sources, and a directory against a map of URLs; from a real nginx."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from hostile import Hostile, Request, answer
from komparu import DiffReason

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from servers import Nginx

LONG = 30.0


@pytest.fixture
def mirror(nginx: Nginx, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A directory of 60 files, and where nginx has the same."""
    directory, urls = tmp_path / "mirror", {}
    for number in range(60):
        content = b"%d" % number * 3000
        name = f"{number % 3}/{number}"
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        nginx.put(f"mirrored{number}", content)
        urls[name] = f"{nginx.plain}/mirrored{number}"
    return directory, urls


@pytest.mark.thread_unsafe(reason="looks in the log of the one nginx")
def test_a_mirror_is_equal_and_few_connections_show_it(
    nginx: Nginx, mirror: tuple[Path, dict[str, str]]
) -> None:
    directory, urls = mirror
    urls = {name: f"{url}?counted" for name, url in urls.items()}
    assert komparu.compare_dir_urls(directory, urls)
    seen = [connection for connection, _, path in nginx.log() if path.endswith("?counted")]
    assert len(seen) == 60
    assert len(set(seen)) <= 32


def test_every_kind_of_difference_is_told_and_disturbs_nothing_else(
    nginx: Nginx, mirror: tuple[Path, dict[str, str]]
) -> None:
    directory, urls = mirror
    (directory / "0/0").write_bytes(b"other")
    (directory / "1/1").write_bytes(b"2" * 3000)
    (directory / "extra").write_bytes(b"")
    (directory / "file").write_bytes(b"")
    urls |= {"lost/a": nginx.plain, "0/3": f"{nginx.plain}/gone", "file/x": nginx.plain}
    result = komparu.compare_dir_urls(directory, urls)
    assert result.diff == {
        "0/0": DiffReason.SIZE_MISMATCH,
        "1/1": DiffReason.CONTENT_MISMATCH,
        "0/3": DiffReason.READ_ERROR,
        "file": DiffReason.TYPE_MISMATCH,
    }
    assert (result.only_left, result.only_right) == ({"extra"}, {"lost/a", "file/x"})
    assert result.errors == {"0/3"}
    assert "404" in result.messages["0/3"]
    assert f"{nginx.plain}/gone" in result.messages["0/3"]


@pytest.mark.thread_unsafe(reason="looks in the log of the one nginx")
def test_ignored_urls_are_not_fetched(nginx: Nginx, mirror: tuple[Path, dict[str, str]]) -> None:
    directory, urls = mirror
    urls = {name: f"{url}?ignoring" for name, url in urls.items()} | {"1/none": nginx.plain}
    assert komparu.compare_dir_urls(directory, urls, ignore=["/1", "2*"])
    seen = [path for _, _, path in nginx.log() if path.endswith("?ignoring")]
    assert len(seen) == 17


def test_each_source_sends_its_own_headers(hostile: Hostile, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"A")
    (tmp_path / "b").write_bytes(b"B")

    def echo(connection: socket.socket, request: Request) -> None:
        body = request.headers["x-body"].encode()
        connection.sendall(answer("Content-Length: 1", body=body))

    url = hostile.url("/", echo)
    own = komparu.Source(url, headers={"X-Body": "B"})
    assert komparu.compare_dir_urls(tmp_path, {"a": url, "b": own}, headers={"X-Body": "A"})
    result = komparu.compare_many([url, own, url], headers={"X-Body": "A"})
    assert (result.groups, result.all_equal) == ([{url}, {url}], False)
    assert result.diff == {(url, url): False}
    assert len(hostile.requests) == 4


def test_sixteen_transfers_are_under_way_at_once(hostile: Hostile, tmp_path: Path) -> None:
    together = threading.Barrier(16)

    def wait(connection: socket.socket, _: Request) -> None:
        together.wait(LONG)
        connection.sendall(answer("Content-Length: 1", body=b"x"))

    urls = {str(number): hostile.url(f"/{number}", wait) for number in range(32)}
    for name in urls:
        (tmp_path / name).write_bytes(b"x")
    assert komparu.compare_dir_urls(tmp_path, urls)


BAD_MAPS: list[tuple[Any, type[Exception], str]] = [
    ({"a/b": 1}, TypeError, r"url_map\['a/b'\] must be str, .*, not int"),
    ({"a": ""}, ValueError, r"url_map\['a'\] cannot be empty"),
    ({"a": "ftp://h/"}, komparu.ConfigError, "unsupported URL scheme 'ftp'"),
    ({1: "http://h/"}, TypeError, "a key of url_map must be str, .*, not int"),
    ({"/a": "http://h/"}, ValueError, r"url_map\['/a'\] is absolute"),
    ({"a/../b": "http://h/"}, ValueError, r"url_map\['a/../b'\] has a '..' part"),
    ({"a\0": "http://h/"}, ValueError, "contains a NUL byte"),
    ({"a": "http://h/", "./a/": "http://h/"}, ValueError, "the same path as another key"),
    ([("a", "http://h/")], TypeError, "url_map must be a mapping of paths to sources, not list"),
]


@pytest.mark.parametrize(("url_map", "kind", "message"), BAD_MAPS)
def test_a_map_that_cannot_be_is_refused_before_anything_is_opened(
    url_map: Any,  # noqa: ANN401
    kind: type[Exception],
    message: str,
) -> None:
    with pytest.raises(kind, match=message):
        komparu.compare_dir_urls("/no/such", url_map)


def test_the_left_side_must_be_a_directory(nginx: Nginx, tmp_path: Path) -> None:
    with pytest.raises(komparu.SourceNotFoundError):
        komparu.compare_dir_urls(tmp_path / "none", {})
    with pytest.raises(komparu.ConfigError, match="is a URL"):
        komparu.compare_dir_urls(nginx.plain, {})
    with pytest.raises(ValueError, match="dir_path cannot be empty"):
        komparu.compare_dir_urls("", {})
    assert komparu.compare_dir_urls(tmp_path, {})


@pytest.mark.thread_unsafe(reason="looks in the log of the one nginx")
@pytest.mark.parametrize("place", ["", "no-ranges/", "gzip/"])
def test_files_and_urls_are_sorted_together_each_fetched_once(
    nginx: Nginx, big: tuple[str, Path], tmp_path: Path, place: str
) -> None:
    name, copy = big
    changed = tmp_path / "changed"
    content = bytearray(copy.read_bytes())
    content[-1] ^= 1
    changed.write_bytes(content)
    mark = f"?{place.strip('/')}grouped"
    urls = [f"{nginx.plain}/{place}{name}{mark}{number}" for number in range(4)]
    result = komparu.compare_many([urls[0], changed, *urls, copy])
    assert result.groups == [{*urls, os.fspath(copy)}, {os.fspath(changed)}]
    fetched = [path for _, _, path in nginx.log() if mark in path]
    assert len(fetched) == 4


@pytest.mark.thread_unsafe(reason="looks in the log of the one nginx")
def test_fifty_urls_are_all_the_same_or_not(nginx: Nginx) -> None:
    for number in range(50):
        nginx.put(f"fifty{number}", b"same" * 50_000)
    urls = [f"{nginx.plain}/fifty{number}" for number in range(50)]
    assert komparu.compare_all(urls)
    assert komparu.compare_all([nginx.root / "fifty0", *urls])
    nginx.put("fifty31", b"same" * 49_999 + b"some")
    assert not komparu.compare_all(urls)
    assert not komparu.compare_all([nginx.root / "fifty0", *urls])
    groups = komparu.compare_many(urls).groups
    assert [len(group) for group in groups] == [49, 1]


def test_a_difference_ends_every_other_transfer(hostile: Hostile, tmp_path: Path) -> None:
    same = tmp_path / "same"
    same.write_bytes(b"123456789")
    started, left = threading.Barrier(3), threading.Barrier(3)

    def silent(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer("Content-Length: 9", body=b"123"))
        started.wait(LONG)
        try:
            connection.recv(1)
        finally:
            left.wait(LONG)

    def other(connection: socket.socket, _: Request) -> None:
        started.wait(LONG)
        connection.sendall(answer("Content-Length: 9", body=b"12345678_"))

    urls = [hostile.url("/a", silent), hostile.url("/b", silent), hostile.url("/c", other)]
    assert not komparu.compare_all([same, *urls])
    left.wait(LONG)


def test_the_first_url_that_fails_is_named(nginx: Nginx, tmp_path: Path) -> None:
    nginx.put("sound", b"sound")
    sources = [f"{nginx.plain}/{name}" for name in ("sound", "gone1", "gone2")]
    for compare in (komparu.compare_many, komparu.compare_all):
        with pytest.raises(komparu.SourceNotFoundError) as caught:
            compare(sources)
        assert (caught.value.source, caught.value.status) == (sources[1], 404)
    with pytest.raises(komparu.SourceNotFoundError) as caught:
        komparu.compare_many([*sources, tmp_path / "gone"])
    assert caught.value.source == sources[1]


def test_names_hide_credentials(hostile: Hostile) -> None:
    url = hostile.url("/a", answer("Content-Length: 1", body=b"x"))
    named = url.replace("http://", "http://user:secret@")
    assert komparu.compare_many([named]).groups == [{url.replace("http://", "http://***@")}]


def test_the_command_line_takes_a_map(
    nginx: Nginx, mirror: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    directory, urls = mirror
    path = tmp_path / "map.json"

    def says(*arguments: str, content: object) -> tuple[int, str, str]:
        path.write_text(json.dumps(content))
        command = [sys.executable, "-I", "-m", "komparu", "--urls", str(path), str(directory)]
        done = subprocess.run([*command, *arguments], capture_output=True, check=False, text=True)
        return done.returncode, done.stdout, done.stderr

    own = urls | {"0/0": {"url": urls["0/0"], "headers": {"X": "y"}, "auth": ["me", "x"]}}
    assert says(content=own)[:2] == (0, "")
    assert says("-v", content=own)[1].startswith("= 0/0\n")
    assert says(content=urls | {"new": nginx.plain})[:2] == (1, "+ new\n")
    status, output, _ = says("--json", content=urls | {"0/0": f"{nginx.plain}/gone"})
    assert (status, json.loads(output)["errors"]) == (2, ["0/0"])
    assert says(content=[]) == (2, "", f"komparu: {path}: a map of URLs is a JSON object\n")
    error = f"komparu: {path}: url_map['a'] must be a string or an object\n"
    assert says(content={"a": 1})[2] == error
    assert says(content={"a": {"uri": "x"}})[0] == 2
