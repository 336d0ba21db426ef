"""Real servers and proxies."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import komparu
from hostile import Hostile, Request, answer

if TYPE_CHECKING:
    from servers import Nginx

Failure = Callable[..., komparu.SourceReadError]
Big = tuple[str, Path]


@pytest.mark.parametrize("place", ["", "no-ranges/", "gzip/", "moved/", "away/"])
def test_a_big_file_is_compared_however_it_is_served(nginx: Nginx, big: Big, place: str) -> None:
    name, copy = big
    url = f"{nginx.plain}/{place}{name}"
    assert komparu.compare(url, copy)
    assert komparu.compare(copy, url)
    assert komparu.compare(url, f"{nginx.plain}/{name}")


@pytest.mark.parametrize("place", ["", "no-ranges/", "gzip/"])
@pytest.mark.parametrize("position", [0, 5 << 20, -1])
def test_one_byte_of_difference_is_found_wherever_it_is(
    nginx: Nginx, big: Big, tmp_path: Path, place: str, position: int
) -> None:
    name, copy = big
    content = bytearray(copy.read_bytes())
    content[position] ^= 1
    changed = tmp_path / "changed"
    changed.write_bytes(content)
    assert not komparu.compare(f"{nginx.plain}/{place}{name}", changed)


@pytest.mark.parametrize("switches", [[], ["-v"], ["--json"]])
def test_the_command_line_masks_credentials(
    simple: tuple[str, Path], tmp_path: Path, switches: list[str]
) -> None:
    url, root = simple
    secret = url.replace("://", "://me:secret@") + "/x"
    (root / "x").write_bytes(b"1")
    for name, content in (("same", b"1"), ("other", b"2")):
        (tmp_path / name).write_bytes(content)
        for sources in ([secret, name], [name, secret], [name, secret, name]):
            command = [sys.executable, "-I", "-m", "komparu", *switches, *sources]
            child = subprocess.run(command, check=False, cwd=tmp_path, stdout=subprocess.PIPE)
            assert child.returncode == (name == "other")
            assert b"secret" not in child.stdout


def test_a_server_without_ranges_is_compared(simple: tuple[str, Path], big: Big) -> None:
    url, root = simple
    _, copy = big
    (root / "big").write_bytes(copy.read_bytes())
    assert komparu.compare(f"{url}/big", copy)
    (root / "empty").write_bytes(b"")
    assert komparu.compare(f"{url}/empty", "/dev/null")


@pytest.mark.thread_unsafe(reason="looks in the log of the one nginx")
@pytest.mark.usefixtures("trusted")
def test_http_2_is_spoken_where_the_server_does(nginx: Nginx, big: Big) -> None:
    name, copy = big
    assert komparu.compare(f"{nginx.secure}/{name}?two", copy)
    assert komparu.compare(f"{nginx.secure}/{name}?a", f"{nginx.secure}/{name}?b")
    seen = {protocol for _, protocol, path in nginx.log() if path == f"/{name}?two"}
    assert seen == {"HTTP/2.0"}


@pytest.mark.usefixtures("trusted")
def test_a_certificate_must_be_trusted_valid_and_of_the_host(
    nginx: Nginx, big: Big, failure: Failure
) -> None:
    name, copy = big
    assert failure(f"{nginx.expired}/{name}", copy).strerror == "certificate has expired"
    error = failure(f"{nginx.secure.replace('127.0.0.1', 'localhost')}/{name}", copy)
    assert "localhost" in str(error)


def test_a_certificate_of_an_unknown_authority_is_refused_unless_verify_ssl_is_off(
    nginx: Nginx, big: Big, failure: Failure
) -> None:
    name, copy = big
    url = f"{nginx.secure}/{name}"
    assert "certificate" in str(failure(url, copy))
    assert komparu.compare(url, copy, verify_ssl=False)
    assert komparu.compare(komparu.Source(url, verify_ssl=False), copy)
    assert "certificate" in str(failure(url, copy)), "the other's connection was used again"


@pytest.mark.thread_unsafe(reason="looks in the log of the one nginx")
def test_small_files_in_a_row_share_a_connection(nginx: Nginx) -> None:
    for number in range(200):
        copy = nginx.put(f"small{number}", b"%d" % number)
        assert komparu.compare(f"{nginx.plain}/small{number}", copy)
    connections = {connection for connection, _, path in nginx.log() if path.startswith("/small")}
    assert len(connections) <= 4


def test_a_redirect_into_the_cloud_is_refused(nginx: Nginx, big: Big, failure: Failure) -> None:
    error = failure(f"{nginx.plain}/metadata/", big[1])
    assert "169.254.169.254 is a link-local address" in str(error)


@pytest.mark.usefixtures("trusted")
def test_an_http_proxy_leads_to_http_and_https(
    nginx: Nginx, big: Big, http_proxy: tuple[str, Path]
) -> None:
    name, copy = big
    proxy, log = http_proxy
    assert komparu.compare(f"{nginx.plain}/{name}", copy, proxy=proxy)
    assert komparu.compare(komparu.Source(f"{nginx.secure}/{name}", proxy=proxy), copy)
    assert f"CONNECT 127.0.0.1:{nginx.ports['secure']}" in log.read_text()


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_leads_on(nginx: Nginx, big: Big, socks_proxy: str, scheme: str) -> None:
    name, copy = big
    url = f"{nginx.plain}/{name}".replace("127.0.0.1", "localhost")
    assert komparu.compare(url, copy, proxy=f"{scheme}://{socks_proxy}")


def test_the_environment_names_proxies_and_exceptions(
    hostile: Hostile, other: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    ok = answer("Content-Length: 2", body=b"ok")
    monkeypatch.setenv("http_proxy", f"http://{other.authority}")
    other.url("http://example.invalid/", ok)
    assert komparu.compare("http://example.invalid/", path)
    assert [request.path for request in other.requests] == ["http://example.invalid/"]
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    assert komparu.compare(hostile.url("/a", ok), path)
    assert len(other.requests) == 1


def test_a_proxy_that_is_not_there_is_an_error(big: Big, failure: Failure) -> None:
    error = failure("http://example.invalid/", big[1], proxy="http://127.0.0.1:1")
    through = "no connection through the proxy http://127.0.0.1:1 (connection refused)"
    assert error.strerror == through
    error = failure("http://example.invalid/", big[1], proxy="http://me:s3cret@proxy.invalid:1")
    assert error.strerror == "the proxy http://***@proxy.invalid:1 was not found"


def test_a_kept_connection_that_breaks_is_replaced(hostile: Hostile, tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.write_bytes(b"1")
    one = answer("Content-Length: 1", body=b"1")

    def once(connection: socket.socket, _: Request) -> None:
        connection.sendall(one)
        # Until the next request comes on this connection, which is reset then.
        connection.recv(1, socket.MSG_PEEK)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    for number in range(20):
        assert komparu.compare(hostile.url(f"/{number}", once), path)
        assert komparu.compare(hostile.url("/other", one), path)


REFUSAL = answer(
    "Content-Length: 0",
    'Proxy-Authenticate: Basic realm="x"',
    status="407 Proxy Authentication Required",
)


def test_a_proxy_that_refuses_is_an_error_that_says_so(
    big: Big, failure: Failure, hostile: Hostile
) -> None:
    proxy = f"http://me:s3cret@{hostile.authority}"
    hostile.url("http://host.invalid/", REFUSAL)
    error = failure("http://host.invalid/", big[1], proxy=proxy)
    shown = f"http://***@{hostile.authority}"
    assert error.strerror == (
        f"the proxy {shown} answered 407 Proxy Authentication Required, and asks for Basic"
    )
    hostile.url("host.invalid:443", REFUSAL)
    error = failure("https://host.invalid/", big[1], proxy=proxy)
    assert "no connection" in str(error.strerror)
    assert "407" in str(error.strerror)
    assert shown in str(error.strerror)
    assert "s3cret" not in str(error)
    assert hostile.requests[-1].headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("proxy", ["http", "https", "socks5h"])
def test_a_proxy_that_says_nothing_is_left_after_the_timeout(
    big: Big, failure: Failure, scheme: str, proxy: str
) -> None:
    # The system accepts connections, and no program reads from them.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{proxy}://127.0.0.1:{silent.getsockname()[1]}"
        error = failure(f"{scheme}://host.invalid/", big[1], proxy=address, timeout=0.2)
    through = f" through the proxy {address}"
    assert error.strerror in {f"no data{through} for 0.2 s", f"no connection{through} within 0.2 s"}


#: What libcurl makes 127.0.0.1 or localhost of: full-width and circled digits and letters, a full
#: stop of another script, percent-encoding; and what many a resolver does: a dot at the end.
DISGUISES = [
    "\uff11\uff12\uff17.0.0.1",
    "\u2460\u2461\u2466.0.0.1",
    "127\u30020.0.1",
    "\uff4cocalhost",
    "127.0.0.1.",
    "0177.0.0.1.",
    "2130706433.",
    "%3127.1",
]


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", *DISGUISES])
def test_private_hosts_are_refused_behind_a_proxy_too(
    other: Hostile, big: Big, failure: Failure, host: str
) -> None:
    komparu.configure(block_private=True)
    error = failure(f"http://{host}/", big[1], proxy=f"http://{other.authority}")
    assert "block_private is set" in str(error)
    assert other.requests == []


@pytest.mark.parametrize("host", DISGUISES)
def test_a_redirect_behind_a_proxy_leads_to_no_address_in_disguise(
    other: Hostile, big: Big, failure: Failure, host: str
) -> None:
    other.url("http://example.test/a", answer(f"Location: http://{host}/", status="302 Found"))
    error = failure("http://example.test/a", big[1], proxy=f"http://{other.authority}")
    assert "redirect" in str(error)
    assert len(other.requests) == 1


def test_an_address_of_ipv6_is_a_host(tmp_path: Path) -> None:
    server = Hostile("::1")
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    try:
        assert komparu.compare(server.url("/a", answer("Content-Length: 2", body=b"ok")), path)
    finally:
        server.close()


def test_a_host_that_does_not_resolve_is_not_found(big: Big, failure: Failure) -> None:
    assert failure("http://nobody.invalid/", big[1]).strerror == "host not found"
    assert failure("http://bücher.invalid/", big[1]).strerror == "host not found"


def test_a_port_without_a_server_refuses_connections(big: Big, failure: Failure) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}/", big[1])
    assert error.strerror == "connection refused"


def test_a_host_that_does_not_take_the_connection_is_given_up(big: Big, failure: Failure) -> None:
    # A full backlog: the kernel drops what comes, as a firewall does.
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for connection in (first, second):
            connection.settimeout(0)
            connection.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert failure(url, big[1], timeout=0.2).strerror == "no connection within 0.2 s"


def test_any_timeout_that_is_positive_can_be_kept(hostile: Hostile, tmp_path: Path) -> None:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    url = hostile.url("/a", answer("Content-Length: 2", body=b"ok"))
    assert komparu.compare(url, path, timeout=1e300)
