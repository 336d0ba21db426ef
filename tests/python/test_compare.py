"""What `compare` says, of everything that can be named."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

import komparu

if TYPE_CHECKING:
    from conftest import Write

SIZES = [0, 1, 100, 4095, 4096, 65_536, 65_537, 131_072, 1 << 20, (4 << 20) + 1, 9 << 20]


@pytest.mark.parametrize("size", SIZES)
def test_equal_content_is_true(write: Write, size: int) -> None:
    content = os.urandom(size)
    assert komparu.compare(write("a", content), write("b", content)) is True


@pytest.mark.parametrize("size", SIZES[1:])
@pytest.mark.parametrize("quick_check", [True, False])
@pytest.mark.parametrize("max_workers", [0, 1, 256])
def test_one_different_bit_is_false(
    write: Write, size: int, quick_check: bool, max_workers: int
) -> None:
    content = os.urandom(size)
    a = write("a", content)
    for place in {0, size // 3, size // 2, size - 1}:
        other = bytearray(content)
        other[place] ^= 0x10
        b = write("b", bytes(other))
        found = komparu.compare(a, b, quick_check=quick_check, max_workers=max_workers)
        assert found is False


@pytest.mark.parametrize("size_precheck", [True, False])
@pytest.mark.parametrize(("a", "b"), [(b"", b"x"), (b"x", b"xx"), (b"x" * 5_000_000, b"x" * 10)])
def test_another_length_is_false(write: Write, a: bytes, b: bytes, size_precheck: bool) -> None:
    one, two = write("a", a), write("b", b)
    assert komparu.compare(one, two, size_precheck=size_precheck) is False
    assert komparu.compare(two, one, size_precheck=size_precheck) is False


@pytest.mark.parametrize("chunk_size", [1, 7, 4096, 1 << 30])
def test_the_chunk_size_changes_no_answer(write: Write, chunk_size: int) -> None:
    content = os.urandom(300_000)
    a, b, c = write("a", content), write("b", content), write("c", content[:-1] + b"!")
    changed = content[-1:] != b"!"
    assert komparu.compare(a, b, chunk_size=chunk_size) is True
    assert komparu.compare(a, c, chunk_size=chunk_size) is not changed


def test_every_type_of_source_is_taken(pair: tuple[Path, Path]) -> None:
    class Named:
        def __init__(self, path: str | bytes) -> None:
            self.path = path

        def __fspath__(self) -> str | bytes:
            return self.path

    class Text(str):
        __slots__ = ()

    for path in pair:
        text = os.fspath(path)
        sources: list[Any] = [
            text,
            Text(text),
            os.fsencode(text),
            path,
            Named(text),
            Named(os.fsencode(text)),
            komparu.Source(text),
            komparu.Source(path),
            komparu.Source(os.fsencode(text)),
            path.as_uri(),
            path.as_uri().encode(),
            komparu.Source(path.as_uri()),
        ]
        for source in sources:
            assert komparu.compare(source, pair[0]) is True
            assert komparu.compare(source_a=pair[1], source_b=source) is True


@pytest.mark.parametrize(
    "name", [b"caf\xc3\xa9", b"\xff\xfe", b"a\nb", b" ", b"a:b", b"%41", b"-q"]
)
def test_any_bytes_can_be_a_name(write: Write, name: bytes) -> None:
    a, b = write(name, b"content"), write("plain", b"content")
    sources: list[Path | str | bytes] = [a, os.fspath(a), os.fsencode(a)]
    for source in sources:
        assert komparu.compare(source, b) is True
    assert komparu.compare("file://" + quote(os.fsencode(a)), b) is True
    b.write_bytes(b"CONTENT")
    assert komparu.compare(a, b) is False


def test_file_urls_are_decoded_and_lose_query_and_fragment(write: Write) -> None:
    a, b = write("a b?c#d", b"x"), write("b", b"x")
    assert komparu.compare(a.as_uri(), b) is True
    url = b.as_uri()
    for text in [url, url + "?q", url + "#f", url.replace("file://", "FILE://LocalHost")]:
        assert komparu.compare(text, a) is True


def test_a_relative_name_is_one_of_the_working_directory(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pair[0].parent)
    assert komparu.compare("a", "./b") is True
    assert komparu.compare(b"a", Path("b")) is True


def test_two_names_of_one_file_are_equal(write: Write, tmp_path: Path) -> None:
    a = write("a", b"x")
    (tmp_path / "hard").hardlink_to(a)
    (tmp_path / "soft").symlink_to("a")
    assert komparu.compare(a, a) is True
    assert komparu.compare(a, tmp_path / "hard") is True
    assert komparu.compare(a, tmp_path / "soft") is True


def test_a_file_that_reports_no_size_is_read_to_its_end(write: Write) -> None:
    version = Path("/proc/version").read_bytes()
    assert komparu.compare("/proc/version", write("a", version)) is True
    assert komparu.compare("/proc/version", write("a", version + b"x")) is False
    assert komparu.compare(write("a", version[:-1]), "/proc/version") is False
    assert komparu.compare(write("a", b""), "/proc/version") is False


def test_the_null_device_is_an_empty_file(write: Write) -> None:
    assert komparu.compare("/dev/null", write("empty", b"")) is True
    assert komparu.compare("/dev/null", write("full", b"x")) is False
    assert komparu.compare("/dev/null", "/dev/null") is True


def test_what_is_no_file_is_refused_without_waiting(write: Write, tmp_path: Path) -> None:
    file = write("file", b"x")
    fifo, listening = tmp_path / "fifo", tmp_path / "socket"
    os.mkfifo(fifo)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.fspath(listening))
        for path in [fifo, listening, tmp_path, Path("/dev/zero")]:
            for a, b in [(path, file), (file, path), (path, path)]:
                with pytest.raises(komparu.SourceReadError, match=" is a ") as caught:
                    komparu.compare(a, b)
                assert caught.value.source == os.fspath(path)


def test_holes_are_zeros(write: Write, tmp_path: Path) -> None:
    size = 6 << 20
    holes = tmp_path / "holes"
    with holes.open("wb") as file:
        file.seek(3 << 20)
        file.write(b"data")
        file.truncate(size)
    content = bytes(3 << 20) + b"data"
    content += bytes(size - len(content))
    assert komparu.compare(holes, write("dense", content)) is True
    for place in [0, (3 << 20) + 4, size - 1]:
        other = bytearray(content)
        other[place] = 1
        assert komparu.compare(holes, write("dense", bytes(other))) is False


def test_a_terabyte_of_hole_is_no_work(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for path in [a, b]:
        with path.open("wb") as file:
            file.truncate(1 << 40)
    assert komparu.compare(a, b) is True
