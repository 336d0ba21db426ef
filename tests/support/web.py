"""Servers for every kind of promise."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import komparu
from hostile import Hostile
from servers import Nginx, free_port, needed, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MiB = 1 << 20


@pytest.fixture(scope="session", autouse=True)
def _no_proxy() -> Iterator[None]:
    """Nothing of this machine's own ways to the web."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            environment.delenv(name, raising=False)
            environment.delenv(name.upper(), raising=False)
        yield


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    """A server that does what the test says."""
    server = Hostile()
    yield server
    server.close()


@pytest.fixture
def other() -> Iterator[Hostile]:
    """Another one: another origin."""
    server = Hostile()
    yield server
    server.close()


@pytest.fixture
def trusted(nginx: Nginx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the test's authority trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(nginx.home / "authority.pem"))


@pytest.fixture(scope="session")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """nginx: plain, TLS with HTTP/2, without ranges, gzip forced, redirects."""
    server = Nginx(tmp_path_factory.mktemp("nginx"))
    python = os.environ.get("KOMPARU_CERTIFICATES_PYTHON", sys.executable)
    program = Path(__file__).with_name("certificates.py")
    subprocess.run([python, "-I", program, server.home], check=True)
    with running(server.command(), server.ports["plain"]):
        yield server


@pytest.fixture(scope="session")
def big(nginx: Nginx) -> tuple[str, Path]:
    """A name that nginx serves 8 MiB under, and a local copy."""
    content = b"".join(n.to_bytes(4, "big") for n in range(2 * MiB))
    nginx.put("big", content)
    copy = nginx.home / "copy"
    copy.write_bytes(content)
    return "big", copy


@pytest.fixture
def simple(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Python's own server, which knows no ranges: its URL, and the directory that it serves."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", tmp_path
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def http_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Tinyproxy: its URL and its log."""
    home, port = tmp_path_factory.mktemp("tinyproxy"), free_port()
    path, log = home / "tinyproxy.conf", home / "log"
    path.write_text(
        f'Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nLogFile "{log}"\n'
        "LogLevel Connect\nAllow 127.0.0.1\n"
    )
    with running([needed("tinyproxy"), "-d", "-c", str(path)], port):
        yield f"http://127.0.0.1:{port}", log


@pytest.fixture(scope="session")
def socks_proxy() -> Iterator[str]:
    """Where microsocks listens, without a scheme."""
    port = free_port()
    with running([needed("microsocks"), "-i", "127.0.0.1", "-p", str(port)], port):
        yield f"127.0.0.1:{port}"


@pytest.fixture
def failure() -> Callable[..., komparu.SourceReadError]:
    """The error of a comparison that must fail, checked for what all of them promise."""

    def compared(*arguments: object, **options: object) -> komparu.SourceReadError:
        with pytest.raises((komparu.SourceReadError, komparu.SourceNotFoundError)) as caught:
            komparu.compare(*arguments, **options)  # type: ignore[arg-type]
        error = caught.value
        assert "\n" not in str(error)
        assert str(error) == f"{error.source}: {error.strerror}"
        assert error.filename == error.source
        return error  # type: ignore[return-value]

    return compared


@contextlib.contextmanager
def _nothing() -> Iterator[None]:
    yield
