"""What objects show of themselves: in logs and tracebacks, where no secret belongs."""

from __future__ import annotations

from pathlib import Path

import pytest

import komparu


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
