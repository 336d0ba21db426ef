"""Who asks: passwords, tokens, files of passwords; to whom they go, and where they do not show."""

from __future__ import annotations

import base64
import hashlib
import logging
import pickle
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import pytest

import komparu
from hostile import Hostile, Request, answer

if TYPE_CHECKING:
    import socket
    from pathlib import Path

Failure = Callable[..., komparu.SourceReadError]
T = TypeVar("T")
SAME = answer("Content-Length: 2", body=b"ok")
SECRET = "S3cr3tW0rd"  # noqa: S105
USER = ("me", SECRET)


@pytest.fixture
def ok(tmp_path: Path) -> Path:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    return path


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def sent(server: Hostile) -> list[str | None]:
    return [request.headers.get("authorization") for request in server.requests]


def wants(*challenges: str, status: str = "401 Unauthorized") -> bytes:
    lines = [f"WWW-Authenticate: {challenge}" for challenge in challenges]
    return answer(*lines, "Content-Length: 2", status=status, body=b"no")


def test_a_password_is_sent_at_once_and_a_token_as_it_is(hostile: Hostile, ok: Path) -> None:
    url = hostile.url("/a", SAME)
    assert komparu.compare(url, ok, auth=USER)
    assert komparu.compare(url, ok, auth=["me", "p:w é"])  # type: ignore[arg-type]
    assert komparu.compare(url, ok, auth="a.token~/+=")
    assert komparu.compare(komparu.Source(url, auth=("own", "")), ok, auth=USER)
    assert komparu.compare(komparu.Source(url, auth="own"), ok, auth=USER)
    assert komparu.compare(url, ok)
    tokens = [basic(*USER), basic("me", "p:w é"), "Bearer a.token~/+=", basic("own", "")]
    assert sent(hostile) == [*tokens, "Bearer own", None]


def test_a_password_in_a_url_goes_first_and_a_header_before_all(hostile: Hostile, ok: Path) -> None:
    plain = hostile.url("/a", SAME)
    url = plain.replace("http://", "http://own:own@")
    assert komparu.compare(url, ok, auth=USER)
    for auth in (USER, "token"):
        assert komparu.compare(url, ok, auth=auth, headers={"authorization": "Mine"})
    assert sent(hostile) == [basic("own", "own"), "Mine", "Mine"]


def test_each_side_uses_its_own(hostile: Hostile, other: Hostile) -> None:
    left = komparu.Source(hostile.url("/a", SAME), auth=USER)
    assert komparu.compare(left, other.url("/a", SAME))
    assert komparu.compare(left, komparu.Source(other.url("/a"), auth="token"))
    assert sent(hostile) == [basic(*USER)] * 2
    assert sent(other) == [None, "Bearer token"]


@pytest.mark.parametrize("auth", [USER, "token"])
def test_it_never_reaches_another_origin(
    hostile: Hostile, other: Hostile, ok: Path, auth: tuple[str, str] | str
) -> None:
    back = hostile.url("/back", SAME)
    away = other.url("/away", answer(f"Location: {back}", status="302 Found"))
    hostile.url("/same", answer(f"Location: {away}", "Content-Length: 0", status="302 Found"))
    first = hostile.url("/a", answer("Location: /same", "Content-Length: 0", status="302 Found"))
    assert komparu.compare(first, ok, auth=auth)
    credentials = basic(*USER) if auth is USER else "Bearer token"
    assert sent(hostile) == [credentials, credentials, None]
    assert sent(other) == [None]


def digested(connection: socket.socket, request: Request) -> None:
    """Answer as a server does that wants Digest: by RFC 7616, section 3.4.1."""
    given = request.headers.get("authorization", "")
    if not given.startswith("Digest "):
        connection.sendall(wants('Digest realm="a, b", nonce="n", qop="auth", algorithm=SHA-256'))
        return
    parts = dict(re.findall(r'(\w+)="?([^",]*)"?', given))

    def digest(*texts: str) -> str:
        return hashlib.sha256(":".join(texts).encode()).hexdigest()

    secret, asked = digest("me", "a, b", SECRET), digest("GET", parts["uri"])
    whole = digest(secret, "n", parts["nc"], parts["cnonce"], "auth", asked)
    assert "username" in parts
    connection.sendall(SAME if parts["response"] == whole else wants('Digest realm="a", nonce="m"'))


def test_digest_is_sent_where_the_server_asks_for_it(
    hostile: Hostile, ok: Path, failure: Failure
) -> None:
    url = hostile.url("/a?b=c", digested)
    moved = hostile.url("/moved", answer("Location: /a?b=c", status="302 Found"))
    assert komparu.compare(moved, ok, auth=USER)
    assert komparu.compare(url.replace("http://", f"http://me:{SECRET}@"), ok)
    error = failure(url, ok, auth=("me", "wrong"))
    assert error.status == 401
    assert error.strerror == (
        "the server answered 401 Unauthorized, and refused what was sent, and asks for Digest"
    )
    assert failure(url, ok).status == 401
    # What has no password has nothing to make a digest of.
    assert failure(url, ok, auth="token").status == 401


def test_a_server_may_take_its_time_to_look_at_a_digest(hostile: Hostile, ok: Path) -> None:
    def slow(connection: socket.socket, request: Request) -> None:
        if "authorization" in request.headers:
            # Longer than the body of an answer is waited for that is no content.
            hostile.closing.wait(1.5)
        digested(connection, request)

    assert komparu.compare(hostile.url("/a", slow), ok, auth=USER)


def test_a_redirect_behind_a_digest_is_followed_and_elsewhere_without(
    hostile: Hostile, other: Hostile, ok: Path
) -> None:
    away = other.url("/away", SAME)

    def moved(connection: socket.socket, request: Request) -> None:
        if request.headers.get("authorization", "").startswith("Digest "):
            connection.sendall(answer(f"Location: {away}", status="302 Found"))
        else:
            connection.sendall(wants('Digest realm="a", nonce="n", qop="auth"'))

    assert komparu.compare(hostile.url("/a", moved), ok, auth=USER)
    assert sent(other) == [None]


def test_no_second_request_is_made_for_basic_that_was_refused(
    hostile: Hostile, ok: Path, failure: Failure
) -> None:
    url = hostile.url("/a", wants('Digest realm="a", nonce="n", Basic realm="b"'))
    error = failure(url, ok, auth=USER)
    assert "refused what was sent, and asks for Digest or Basic" in str(error.strerror)
    assert len(hostile.requests) == 1


def test_a_401_names_the_schemes_that_it_wants(
    hostile: Hostile, ok: Path, failure: Failure
) -> None:
    url = hostile.url("/a", wants("Negotiate", 'NTLM, Bearer realm="x, Fake y", error="z"'))
    assert failure(url, ok).strerror == (
        "the server answered 401 Unauthorized, and asks for Negotiate, NTLM or Bearer"
    )
    assert (
        failure(hostile.url("/b", wants()), ok).strerror == "the server answered 401 Unauthorized"
    )


def pickled(value: T) -> T:
    copy: T = pickle.loads(pickle.dumps(value))  # noqa: S301  # our own
    return copy


NETRC = f"""
machine 127.0.0.1 login me password {SECRET}
machine 127.0.0.1 login second password "two words"
default login anyone password x
"""


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "passwords"
    path.write_text(NETRC)
    monkeypatch.setenv("NETRC", str(path))
    return path


@pytest.mark.thread_unsafe(reason="sets the environment, which is the process's")
def test_a_file_of_passwords_is_read_where_it_is_asked_for(
    hostile: Hostile, ok: Path, netrc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = hostile.url("/a", SAME)
    second = url.replace("http://", "http://second@")
    assert komparu.compare(url, ok)
    assert komparu.compare(url, ok, netrc=True)
    assert komparu.compare(komparu.Source(second, netrc=True), ok)
    assert komparu.compare(url, ok, netrc=True, auth="token")
    assert komparu.compare(url.replace("http://", "http://own:x@"), ok, netrc=True)
    monkeypatch.delenv("NETRC")
    monkeypatch.setenv("HOME", str(netrc.parent))
    netrc.rename(netrc.parent / ".netrc")
    assert komparu.compare(url, ok, netrc=True)
    read = [basic(*USER), basic("second", "two words")]
    assert sent(hostile) == [None, *read, "Bearer token", basic("own", "x"), basic(*USER)]


@pytest.mark.thread_unsafe(reason="sets the environment, which is the process's")
def test_a_file_of_passwords_that_is_no_good_is_an_error(
    hostile: Hostile,
    ok: Path,
    failure: Failure,
    netrc: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = hostile.url("/a", SAME)
    netrc.write_text(f"machine h login me\n{SECRET}")
    error = failure(url, ok, netrc=True)
    assert error.strerror == f"netrc: {netrc}: line 2: no entry begins or goes on so"
    netrc.unlink()
    assert failure(url, ok, netrc=True).strerror == f"netrc: {netrc}: No such file or directory"
    netrc.mkdir()
    assert failure(url, ok, netrc=True).strerror == f"netrc: {netrc}: it is no file"
    monkeypatch.delenv("NETRC")
    monkeypatch.delenv("HOME")
    assert "neither NETRC nor HOME" in str(failure(url, ok, netrc=True))
    assert hostile.requests == []


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_nothing_that_is_shown_has_a_secret(
    hostile: Hostile, ok: Path, failure: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    def echoing(connection: socket.socket, request: Request) -> None:
        body = f"who is {SECRET}? {request.headers.get('authorization')}".encode()
        head = (f"Content-Length: {len(body)}",)
        connection.sendall(answer(*head, status="403 Forbidden", body=body))

    url = hostile.url("/a", echoing)
    shown = []
    with caplog.at_level(logging.DEBUG, "komparu"):
        for auth in (USER, SECRET):
            source = komparu.Source(url, auth=auth)
            shown += [repr(source), repr(pickled(source))]
            shown.append(repr(komparu.Comparer(auth=auth)))
            error = failure(source, ok)
            shown += [str(error), repr(error), str(pickled(error))]
            komparu.configure(auth=auth)
            shown.append(repr(komparu.get_config()))
            assert komparu.get_config().auth == auth
            assert pickled(source) == source
    shown += [record.getMessage() for record in caplog.records]
    assert len(shown) == 16
    assert SECRET not in "".join(shown)
    assert "the server answered 403 Forbidden: who is ***?" in shown[3]


BAD = [
    ("", "auth cannot be empty"),
    (f"me:{SECRET}", "auth as a text is a bearer token, which has no ':'"),
    (f"Bearer {SECRET}", "auth as a text is a bearer token alone, without spaces and of ASCII"),
    (("me", f"{SECRET}\r\nX: y"), "auth must not contain CR, LF or NUL"),
    ((f"{SECRET}:", ""), "auth has a user with ':', which Basic cannot send"),
]
WRONG = [
    (("me",), "auth must be a str (a bearer token) or a tuple of user and password, not tuple"),
    (b"me", "auth must be a str (a bearer token) or a tuple of user and password, not bytes"),
    ((b"me", SECRET), "user of auth must be str, not bytes"),
    (("me", 5), "password of auth must be str, not int"),
]


@pytest.mark.parametrize(("auth", "message"), [*BAD, *WRONG])
def test_what_cannot_be_sent_is_refused_before_anything_is_read(auth: object, message: str) -> None:
    error = ValueError if (auth, message) in BAD else TypeError
    for refuse in (
        lambda: komparu.compare("http://h/", "http://h/", auth=auth),  # type: ignore[arg-type]
        lambda: komparu.Source("http://h/", auth=auth),  # type: ignore[arg-type]
        lambda: komparu.configure(auth=auth),  # type: ignore[arg-type]
        lambda: komparu.Comparer(auth=auth),  # type: ignore[arg-type]
    ):
        with pytest.raises(error) as caught:
            refuse()
        assert str(caught.value).startswith(message)
        assert SECRET not in str(caught.value)
