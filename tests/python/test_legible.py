"""What others say and how things are called cannot write into a message, a result or a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
import zipfile
from typing import TYPE_CHECKING

import pytest

import komparu

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hostile import Hostile

MODULE = [sys.executable, "-I", "-m", "komparu"]
#: ESC and the CSI of both kinds, line ends of all kinds, and what turns the direction of writing.
DRIVING = "\x1b[31m\x9b31m\x07\x85\u2028\u2029\u202e\u2066\u200f"


def is_plain(text: str) -> bool:
    """Is there nothing in it that ends a line or is not shown?"""
    return not any(
        unicodedata.category(letter) in {"Cc", "Zl", "Zp"}
        or unicodedata.bidirectional(letter) in {"LRE", "RLE", "LRO", "RLO", "PDF"}
        or letter in "\u200e\u200f\u061c\u2066\u2067\u2068\u2069"
        for letter in text
    )


def moved(location: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    "said",
    [
        moved(b"http://10.0.0.1/" + b"A" * 60_000),
        moved(b"http://" + b"a" * 60_000 + b"/"),
        moved(f"http://{DRIVING[9:]}/".encode()),
        moved(f"http://10.0.0.1/{DRIVING[9:]}".encode()),
        moved(b"gopher://\xff\xfe\x9b/" + b"B" * 60_000),
        moved(f"gopher://h/{DRIVING[9:]}".encode()),
        b"HTTP/1.1 500 " + b"C" * 60_000 + b"\r\nContent-Length: 0\r\n\r\n",
        f"HTTP/1.1 500 {DRIVING[9:]}\r\nContent-Length: 0\r\n\r\n".encode(),
        b"HTTP/1.1 500 \x9b31m\xff\r\nContent-Length: 0\r\n\r\n",
        f"SSH-2.0 {DRIVING[9:]}\r\n".encode(),
        b"HTTP/1.1 200 OK\r\nX: " + b"D" * 150_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"E" * 150_000 + b": x\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=lambda said: repr(said[:40]),
)
def test_what_a_server_says_is_a_short_line(hostile: Hostile, tmp_path: Path, said: bytes) -> None:
    (tmp_path / "f").write_bytes(b"x")
    url = hostile.url("/", lambda connection, _: connection.sendall(said))
    with pytest.raises(komparu.SourceReadError) as told:
        komparu.compare(url, tmp_path / "f")
    result = komparu.compare_dir_urls(tmp_path, {"f": url})
    for text in [str(told.value), told.value.strerror or "", result.messages["f"]]:
        assert is_plain(text), ascii(text)
        assert len(text) <= 700, len(text)


def test_a_header_that_is_too_long_is_named_as_the_cause(hostile: Hostile, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    long = b"HTTP/1.1 200 OK\r\nX: " + b"D" * 150_000 + b"\r\nContent-Length: 0\r\n\r\n"
    url = hostile.url("/", lambda connection, _: connection.sendall(long))
    with pytest.raises(komparu.SourceReadError, match=r"[Hh]eader"):
        komparu.compare(url, tmp_path / "f")


def test_headers_have_bounds_that_are_named(tmp_path: Path) -> None:
    for headers, words in [
        ({"a" * 257: "b"}, "header name must be at most 256 bytes long"),
        ({"a": "b" * (1 << 18)}, "headers must be at most 256 KiB together"),
        ({"a b": "c"}, "header name \"a \\*{3}\" must not contain ' '"),
    ]:
        with pytest.raises(ValueError, match=words):
            komparu.compare("http://127.0.0.1:1/", tmp_path, headers=headers)


@pytest.mark.parametrize("length", [1, 5000])
def test_a_name_is_a_short_line(tmp_path: Path, length: int) -> None:
    name = DRIVING + "n" * length
    calls: list[Callable[[], object]] = [
        lambda: komparu.compare(name, tmp_path),
        lambda: komparu.compare("http://h/" + name, "http://127.0.0.1:1/"),
        lambda: komparu.compare_dir_urls(tmp_path, {"../" + name: "x"}),
        lambda: komparu.compare(name, tmp_path, **{name: 1}),  # type: ignore[arg-type]
        lambda: komparu.compare("http://h/", tmp_path, headers={name: 1}),  # type: ignore[dict-item]
        lambda: komparu.configure(**{name: 1}),  # type: ignore[arg-type]
        lambda: komparu.compare("file://" + name.replace("/", "") + "/x", tmp_path),
        lambda: komparu.Source("http://h/", proxy=f"http://{name}/"),
    ]
    for call in calls:
        with pytest.raises((komparu.KomparuError, ValueError, TypeError)) as told:
            call()
        assert is_plain(str(told.value)), ascii(told.value)
        assert len(str(told.value)) <= 700


def test_an_entrys_name_is_a_short_line(tmp_path: Path) -> None:
    name = "../" + DRIVING + "n" * 5000
    archives = [tmp_path / "a.zip", tmp_path / "b.zip"]
    for number, archive in enumerate(archives):
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(name, str(number))
    messages = komparu.compare_archive(*archives, max_entry_name_length=None).messages
    assert messages
    for text in messages.values():
        assert is_plain(text), ascii(text)
        assert len(text) <= 700


@pytest.fixture
def named(tmp_path: Path) -> tuple[Path, Path]:
    """Two trees with names that not every encoding has, and that would drive a terminal."""
    for side in "ab":
        (tmp_path / side).mkdir()
    names = [
        "a.txt",
        "\u017e.txt",
        "zz.txt",
        "c1\x9b31m",
        "bidi\u202egnp.exe",
        "l\u2028s",
        "\u65e5",
    ]
    for name in [*names, "caf\udce9"]:
        (tmp_path / "a" / name).write_bytes(b"1")
    return tmp_path / "a", tmp_path / "b"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "cp437"},
        {"PYTHONIOENCODING": "utf-8:strict"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_lines_and_status_are_the_same_in_every_encoding(
    named: tuple[Path, Path], environment: dict[str, str]
) -> None:
    # Isolated, Python does not see its own variables.
    command = [sys.executable, "-m", "komparu", *map(str, named)]
    done = subprocess.run(
        command, capture_output=True, check=False, env={**os.environ, **environment}
    )
    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines)) == (1, 8)
    assert done.stderr.startswith(b"8 only in A, ")
    assert all(line.startswith(b"- ") for line in lines)
    for driving in ["\x9b", "\u202e", "\u2028"]:
        assert driving.encode() not in done.stdout
    assert b"- caf\xe9" in lines, "what is no text leaves as it came"
    assert b"- c1\\x9b31m" in lines
    if "latin-1" in environment.values():
        assert b"- \\u017e.txt" in lines
        assert b"\x9b" not in done.stdout


def test_what_the_command_line_is_told_cannot_drive_the_terminal(tmp_path: Path) -> None:
    urls = tmp_path / "urls"
    urls.write_text(json.dumps({"a": {"url": "http://h/", DRIVING: 1}}))
    for arguments in [
        [f"--{DRIVING}", "a", "b"],
        [f"a{DRIVING}", "b"],
        ["a", f"http://{DRIVING}/"],
        ["--chunk-size", DRIVING, "a", "b"],
        ["--urls", str(urls), str(tmp_path)],
        ["--urls", str(tmp_path / DRIVING), str(tmp_path)],
        ["--ignore", f"[z-a]{DRIVING}", str(tmp_path), str(tmp_path)],
    ]:
        done = subprocess.run([*MODULE, *arguments], capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (2, b"")
        assert is_plain(done.stderr.decode().replace("\n", "")), done.stderr
        assert done.stderr.decode().count("\n") < 30
