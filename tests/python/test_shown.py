"""What objects show of themselves: in logs and tracebacks, where no secret belongs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import komparu
from children import run
from hostile import answer

if TYPE_CHECKING:
    from hostile import Hostile


@pytest.mark.parametrize("scheme", ["http", "HTTPS"])
def test_a_source_shows_no_credentials(scheme: str) -> None:
    url = f"{scheme}://me:s3cret@host/p?q=1"
    headers = {"Authorization": "Bearer s3cret", "Accept": "s3cret"}
    proxy = "socks5h://you:s3cret@proxy:1080"
    source = komparu.Source(url, headers, timeout=3, proxy=proxy)
    expected = (
        f"Source(url='{scheme}://***@host/p?q=1',"
        " headers={'Authorization': '***', 'Accept': '***'},"
        " timeout=3, proxy='socks5h://***@proxy:1080')"
    )
    assert repr(source) == expected
    assert "s3cret" not in str([source])
    assert source.url == url
    assert source.headers == headers


def test_a_source_shows_what_is_set() -> None:
    assert repr(komparu.Source("a@b")) == "Source(url='a@b')"
    assert repr(komparu.Source(Path("p"))) == "Source(url='p')"
    assert repr(komparu.Source(b"\xff", verify_ssl=False)) == (
        "Source(url='\\udcff', verify_ssl=False)"
    )


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_the_configuration_shows_no_credentials() -> None:
    komparu.configure(headers={"Cookie": "s3cret"}, proxy="http://me:s3cret@proxy")
    text = repr(komparu.get_config())
    assert "s3cret" not in text
    assert "headers={'Cookie': '***'}" in text
    assert "proxy='http://***@proxy'" in text
    assert text.startswith("KomparuConfig(chunk_size=65536, ")
    assert "ignore=None" in text


def test_nothing_is_logged_nor_printed(hostile: Hostile, tmp_path: Path) -> None:
    """Neither by komparu nor by what it is built on, whatever they are told to tell."""
    there = hostile.url("/there", answer("Content-Length: 2", body=b"ok"))
    moved = hostile.url("/moved", answer(f"Location: {there}", status="302 Found"))
    gone = hostile.url("/gone", answer("Content-Length: 0", status="410 Gone"))
    broken = hostile.url("/broken", answer("Content-Length: 2", body=b"o"))
    (tmp_path / "file").write_bytes(b"ok")
    code = """
import logging
records = []
class Keep(logging.Handler):
    def emit(self, record):
        records.append(record.getMessage())
logging.basicConfig(level=logging.NOTSET, handlers=[Keep()])
answers = []
for url in sys.argv[2:]:
    url = url.replace("://", "://me:s3cret@")
    source = komparu.Source(url, headers={"Authorization": "s3cret"})
    try:
        answers.append(komparu.compare(source, sys.argv[1]))
    except komparu.KomparuError as error:
        answers.append(type(error).__name__)
print(answers, records)
"""
    words = {"RUST_LOG": "trace", "CURL_DEBUG": "all", "CURL_VERBOSE": "1"}
    printed = run(code, tmp_path / "file", there, moved, gone, broken, environment=words)
    assert printed == "[True, True, 'SourceNotFoundError', 'SourceReadError'] []\n"
