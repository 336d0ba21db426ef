"""Stores that fail: no rights, wrong keys, nothing there, no answer."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import DiffReason, Store, Verdict, aio, compare_trees

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stores import S3


@pytest.fixture
def bucket(s3: S3) -> str:
    return s3.bucket({f"site/{name}": b"1" for name in range(6)})


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in range(6):
        (tmp_path / str(name)).write_bytes(b"1")
    return tmp_path


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_no_right_to_list_is_an_error(s3: S3, bucket: str, site: Path) -> None:
    with pytest.raises(komparu.SourcePermissionError, match="AccessDenied") as raised:
        compare_trees(site, Store(s3.store(bucket, "reader"), "site"))
    assert raised.value.source == f"s3://{bucket}/site/"


def test_no_right_to_read_is_an_error_for_every_object(s3: S3, bucket: str, site: Path) -> None:
    s3.put(bucket, "site/empty", b"")
    (site / "empty").write_bytes(b"")
    result = compare_trees(site, Store(s3.store(bucket, "lister"), "site"))
    assert result.verdict is Verdict.UNVERIFIED
    assert set(result.diff.values()) == {DiffReason.READ_ERROR}
    assert len(result.errors) == 7
    why = f"s3://{bucket}/site/1: the server answered 403 Forbidden: Access Denied"
    assert result.messages["1"] == why


def test_a_session_that_is_over_amid_the_call_gives_no_verdict(
    s3: S3, bucket: str, site: Path
) -> None:
    result = compare_trees(site, Store(s3.store(bucket, "short"), "site"))
    assert result.verdict is Verdict.UNVERIFIED
    assert result.summary.failed >= 3
    assert result.summary.failed + result.summary.equal == 6


@pytest.mark.parametrize(
    ("key", "code"), [("nobody", "InvalidAccessKeyId"), ("all", "SignatureDoesNotMatch")]
)
def test_wrong_credentials_are_an_error(
    key: str, code: str, s3: S3, bucket: str, site: Path
) -> None:
    with pytest.raises(komparu.SourcePermissionError, match=code):
        compare_trees(Store(s3.store(bucket, key, "another"), "site"), site)


def test_what_is_not_there_is_an_error_and_no_empty_tree(s3: S3, site: Path) -> None:
    bucket = s3.bucket({"site/0": b"1", "marked/": b""})
    for text, why in [
        ("s3://no-such-bucket/", "NoSuchBucket"),
        (f"s3://{bucket}/sit", "no objects are there"),
        (f"s3://{bucket}/site/0", "it is an object, and no prefix of others"),
    ]:
        with pytest.raises(komparu.SourceNotFoundError, match=why):
            compare_trees(site, text, one_way=True)
        with pytest.raises(komparu.SourceNotFoundError, match=why):
            compare_trees(text, text)
    # What is there, and has nothing in it, is an empty tree.
    assert compare_trees(f"s3://{s3.bucket({})}/", {}).equal
    assert len(compare_trees(site, f"s3://{bucket}/marked").only_left) == 6


def test_a_signer_that_fails_amid_the_call_is_an_error(
    bucket: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        message = "no key at http://user:s3cret@host/?sig=s3cret"
        raise RuntimeError(message)

    monkeypatch.setattr("obstore.sign", fails)
    result = compare_trees(site, f"s3://{bucket}/site")
    assert result.verdict is Verdict.UNVERIFIED
    why = f"s3://{bucket}/site/: no key at http://***@host/?***"
    assert set(result.messages.values()) == {why}


def test_no_secret_is_shown(
    s3: S3, bucket: str, site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(s3.store(bucket, "lister"), "site")
    with caplog.at_level(logging.DEBUG, "komparu"):
        result = compare_trees(site, store)
        with pytest.raises(komparu.KomparuError) as raised:
            compare_trees(store, site, on_error="raise")
    told = [
        repr(store),
        repr(result),
        str(result),
        result.to_html(),
        str(result.to_dict()),
        str(raised.value),
        *result.messages.values(),
        *(record.getMessage() for record in caplog.records),
    ]
    assert repr(store) == f"<Store 's3://{bucket}/site/'>"
    for secret in ["X-Amz", "the secret", "lister", "Signature"]:
        assert all(secret not in text for text in told)


def test_a_limit_of_time_holds_while_a_store_is_listed(
    s3: S3,  # noqa: ARG001  # it sets the environment
    site: Path,
    silent: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url(silent))
    with pytest.raises(komparu.ComparisonTimeoutError):
        compare_trees(site, "s3://bucket/", comparison_timeout=0.2)

    async def awaited() -> None:
        with pytest.raises(komparu.ComparisonTimeoutError):
            await aio.compare_trees(site, "s3://bucket/", comparison_timeout=0.2)
        task = asyncio.ensure_future(aio.compare_trees("s3://bucket/", site))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(awaited())
    # What still waits is told that there is no answer.
    silent.close()
    for thread in threading.enumerate():
        if thread.name == "komparu-store":
            thread.join(60)
            assert not thread.is_alive()


CTRL_C = """
import os, signal, sys, threading, time, komparu
def interrupt():
    while not any(thread.name == "komparu-store" for thread in threading.enumerate()):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    komparu.compare_trees(sys.argv[1], "s3://bucket/")
except KeyboardInterrupt:
    print("interrupted")
"""

LEFT = """
import sys, threading, komparu
run = komparu.iter_trees(sys.argv[1], "s3://bucket/")
assert any(thread.name == "komparu-store" for thread in threading.enumerate())
print("left")
"""


@pytest.mark.parametrize(("program", "printed"), [(CTRL_C, "interrupted"), (LEFT, "left")])
def test_a_store_that_does_not_answer_keeps_no_program_from_ending(
    program: str, printed: str, s3: S3, site: Path, silent: socket.socket
) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", program, site],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **s3.environment, "AWS_ENDPOINT_URL": url(silent)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{printed}\n", "")


def test_a_store_of_azure_whose_account_is_not_known_is_a_configuration(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    with pytest.raises(komparu.ConfigError, match=r"az://container/: .*[Aa]ccount"):
        compare_trees(site, "az://container/")


def test_references_do_not_grow(s3: S3, bucket: str, site: Path) -> None:
    store: Any = s3.store(bucket)
    given = Store(store, "site")
    gc.collect()
    before = sys.getrefcount(store)
    for _ in range(20):
        assert compare_trees(site, given)
    for thread in threading.enumerate():
        if thread.name == "komparu-store":
            thread.join(60)
    gc.collect()
    assert sys.getrefcount(store) == before
