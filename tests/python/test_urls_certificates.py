"""Certificates: which authorities count, and what is shown to a server that asks for one."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from hostile import Hostile, answer
from servers import needed

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Nginx

Failure = Callable[..., komparu.SourceReadError]


@pytest.fixture
def ok(nginx: Nginx, tmp_path: Path) -> Path:
    nginx.put("ok", b"ok")
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    return path


def test_an_authority_of_ones_own_is_enough_and_the_only_one(
    nginx: Nginx, ok: Path, failure: Failure
) -> None:
    url, authority = f"{nginx.secure}/ok", nginx.home / "authority.pem"
    for given in (authority, str(authority)):
        assert komparu.compare(url, ok, ca_bundle=given)
    assert komparu.compare(komparu.Source(url, ca_bundle=authority), ok)
    assert "certificate" in str(failure(url, ok))
    other = nginx.home / "other.pem"
    assert "certificate" in str(failure(url, ok, ca_bundle=other))
    assert komparu.compare(url, ok, ca_bundle=other, verify_ssl=False)
    assert komparu.compare(komparu.Source(url, ca_bundle=authority), ok, ca_bundle=other)


@pytest.mark.usefixtures("trusted")
@pytest.mark.thread_unsafe(reason="sets the environment, which is the process's")
def test_the_environments_authorities_do_not_count_beside_it(
    nginx: Nginx, ok: Path, failure: Failure
) -> None:
    url = f"{nginx.secure}/ok"
    assert komparu.compare(url, ok)
    assert "certificate" in str(failure(url, ok, ca_bundle=nginx.home / "other.pem"))


def test_a_directory_of_authorities_is_taken_too(
    nginx: Nginx, ok: Path, tmp_path: Path, failure: Failure
) -> None:
    url, empty = f"{nginx.secure}/ok", tmp_path / "empty"
    empty.mkdir()
    directory = tmp_path / "authorities"
    shutil.copytree(nginx.home / "authorities", directory)
    subprocess.run([needed("openssl"), "rehash", directory], check=True)
    assert komparu.compare(url, ok, ca_bundle=directory)
    assert "certificate" in str(failure(url, ok, ca_bundle=empty))


def test_each_side_has_its_own_authorities(nginx: Nginx, ok: Path, failure: Failure) -> None:
    url = f"{nginx.secure}/ok"
    good = komparu.Source(url, ca_bundle=nginx.home / "authority.pem")
    bad = komparu.Source(url, ca_bundle=nginx.home / "other.pem")
    assert komparu.compare(good, good)
    for pair in [(good, bad), (bad, good)]:
        assert "certificate" in str(failure(*pair))
    assert komparu.compare(good, ok)


@pytest.fixture
def authority(nginx: Nginx) -> dict[str, Any]:
    return {"ca_bundle": nginx.home / "authority.pem"}


def test_a_certificate_is_shown_where_the_server_asks_for_it(
    nginx: Nginx, ok: Path, tmp_path: Path, failure: Failure, authority: dict[str, Any]
) -> None:
    url, home = f"{nginx.mutual}/ok", nginx.home
    error = failure(url, ok, **authority)
    assert error.status == 400
    assert "No required SSL certificate was sent" in str(error)
    pair = (home / "client.crt", str(home / "client.key"))
    for given in (home / "client.pem", pair, list(pair)):
        assert komparu.compare(url, ok, client_cert=given, **authority)  # type: ignore[arg-type]
    own = komparu.Source(url, client_cert=pair, **authority)
    assert komparu.compare(own, own)
    who = tmp_path / "who"
    who.write_bytes(b"CN=client,OU=Testing cert,O=trustme v1")
    # The version is in it.
    assert not komparu.compare(
        komparu.Source(f"{nginx.mutual}/who", client_cert=pair, **authority), ok
    )


def test_a_certificate_of_one_side_is_not_shown_for_the_other(
    nginx: Nginx, failure: Failure, authority: dict[str, Any]
) -> None:
    url = f"{nginx.mutual}/ok"
    own = komparu.Source(url, client_cert=nginx.home / "client.pem", **authority)
    without = komparu.Source(url, **authority)
    for pair in [(own, without), (without, own)]:
        assert failure(*pair).status == 400


def test_a_certificate_is_shown_to_no_other_origin(
    nginx: Nginx, tmp_path: Path, authority: dict[str, Any]
) -> None:
    shown = tmp_path / "shown"
    shown.write_bytes(b"shown: ")
    url = f"{nginx.mutual}/away/"
    assert komparu.compare(url, shown, client_cert=nginx.home / "client.pem", **authority)
    direct = f"https://127.0.0.1:{nginx.ports['asking']}/"
    assert not komparu.compare(direct, shown, client_cert=nginx.home / "client.pem", **authority)


def test_a_key_that_needs_a_password_is_an_error_and_no_question(
    nginx: Nginx, ok: Path, tmp_path: Path, failure: Failure, authority: dict[str, Any]
) -> None:
    # A connection that is kept is told by the certificate's path.
    certificate = tmp_path / "other.crt"
    shutil.copy(nginx.home / "client.crt", certificate)
    pair = (certificate, nginx.home / "encrypted.key")
    error = failure(f"{nginx.mutual}/ok", ok, client_cert=pair, **authority)
    assert "client_cert cannot be used" in str(error)


@pytest.mark.parametrize("option", ["ca_bundle", "client_cert"])
def test_a_file_that_is_not_there_is_named_before_anything_is_sent(
    hostile: Hostile, ok: Path, failure: Failure, option: str
) -> None:
    url = hostile.url("/a", answer("Content-Length: 2", body=b"ok"))
    error = failure(url, ok, **{option: "/nonexistent.pem"})
    assert error.strerror == f"{option}: /nonexistent.pem: No such file or directory"
    assert hostile.requests == []


def test_a_file_that_is_no_certificate_is_an_error(
    nginx: Nginx, ok: Path, failure: Failure, authority: dict[str, Any]
) -> None:
    error = failure(f"{nginx.secure}/ok", ok, ca_bundle=ok)
    assert "the certificates of the authorities cannot be used" in str(error)
    error = failure(f"{nginx.mutual}/ok", ok, client_cert=ok, **authority)
    assert "client_cert cannot be used" in str(error)


BAD = [
    ("ca_bundle", "", ValueError, "ca_bundle cannot be empty"),
    ("ca_bundle", b"a\0b", ValueError, "ca_bundle contains a NUL byte"),
    ("ca_bundle", 5, TypeError, "ca_bundle must be str, bytes or os.PathLike, not int"),
    ("client_cert", ("a", ""), ValueError, "client_cert cannot be empty"),
    (
        "client_cert",
        ("a", "b", "c"),
        TypeError,
        "client_cert must be str, bytes or os.PathLike, or a tuple of two of them, not tuple",
    ),
]


@pytest.mark.parametrize(("option", "value", "error", "message"), BAD)
def test_what_names_no_file_is_refused(
    option: str, value: object, error: type[Exception], message: str
) -> None:
    for refuse in (
        lambda: komparu.compare("http://h/", "http://h/", **{option: value}),  # type: ignore[arg-type]
        lambda: komparu.Source("http://h/", **{option: value}),  # type: ignore[arg-type]
        lambda: komparu.configure(**{option: value}),  # type: ignore[arg-type]
    ):
        with pytest.raises(error) as caught:
            refuse()
        assert str(caught.value) == message
