"""What is taken for a store, and what is not: without a server, and without obstore."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import fsspec
import pytest

import komparu
from komparu import ConfigError, Store, compare_trees

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT = """
import sys
sys.modules["obstore"] = None
import komparu
try:
    komparu.compare_trees(sys.argv[1], sys.argv[2])
except komparu.ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_without_obstore_it_is_said_what_to_install(scheme: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", WITHOUT, tmp_path, f"{scheme.upper()}://bucket/prefix/"],
        capture_output=True,
        text=True,
        check=True,
    )
    why = f"{scheme}:// needs obstore, which is not installed: pip install 'komparu[stores]'\n"
    assert done.stdout == why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s3://", "no bucket and prefix, as in s3://bucket/prefix/: 's3://'"),
        ("s3:///x", "no bucket and prefix"),
        ("gs://bucket//x", "no bucket and prefix"),
        ("az://bucket/a/../b", "no bucket and prefix"),
        ("s3://key:s3cret@bucket/", r"s3:// takes no user and no password: 's3://\*\*\*@bucket/'"),
        ("s3://bucket/\0", "s3:// takes no"),
    ],
)
def test_a_text_that_is_no_store_is_refused(text: str, why: str, tmp_path: Path) -> None:
    pairs: list[tuple[Any, Any]] = [(text, tmp_path), (tmp_path, text)]
    for trees in pairs:
        with pytest.raises(ConfigError, match=why) as raised:
            compare_trees(*trees)
        assert "s3cret" not in str(raised.value)


def test_a_store_is_a_tree_and_no_source(tmp_path: Path) -> None:
    calls: list[Any] = [
        lambda: komparu.compare("s3://bucket/key", tmp_path),
        lambda: komparu.compare_dir(tmp_path, "s3://bucket/"),
        lambda: komparu.compare_archive("s3://bucket/a.tar", tmp_path),
        lambda: komparu.compare_trees({"a": "s3://bucket/a"}, tmp_path),
        lambda: komparu.Source("s3://bucket/a"),
        lambda: komparu.Archive("s3://bucket/a.tar"),
    ]
    for call in calls:
        with pytest.raises(ConfigError, match="unsupported URL scheme 's3': s3:// is a tree"):
            call()


@pytest.mark.parametrize("store", [None, "s3://bucket/", {}, object(), 1])
def test_what_is_no_store_is_a_type_error(store: object) -> None:
    with pytest.raises(TypeError, match=r"Store\.store must be a store of obstore or a filesystem"):
        Store(store)


def test_a_filesystem_that_cannot_sign_is_refused() -> None:
    for name in ["memory", "file"]:
        with pytest.raises(ConfigError, match=r"Store\.store: a \w+FileSystem cannot sign URLs"):
            Store(fsspec.filesystem(name), "/tmp")  # noqa: S108


class Signing(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """What lies in memory, and is served under its name."""

    protocol = "ess"
    cachable = False

    def __init__(self, server: str, files: dict[str, tuple[int | None, str | None]]) -> None:
        super().__init__()
        self.server, self.files = server, files
        self.signed: list[int] = []

    def find(self, path: str, **_: object) -> dict[str, dict[str, object]]:
        return {
            name: {"name": name, "size": size, "ETag": etag, "type": "file"}
            for name, (size, etag) in self.files.items()
            if name.startswith(f"{path}/")
        }

    def isdir(self, path: str) -> bool:
        return path == "bucket/empty"

    def sign(self, path: str, expiration: int = 100, **_: object) -> str:
        self.signed.append(expiration)
        return f"{self.server}/{path.rpartition('/')[2]}?X-Amz-Signature=s3cret"


def test_a_filesystem_that_signs_is_a_store(nginx: Any, tmp_path: Path) -> None:  # noqa: ANN401
    nginx.put("stored-a", b"1")
    nginx.put("stored-b", b"22")
    files: dict[str, tuple[int | None, str | None]] = {
        "bucket/site/stored-a": (1, None),
        "bucket/site/x/stored-b": (None, None),
        "bucket/site/stored-gone": (1, None),
        "bucket/site/x/": (0, None),
        "bucket/other/stored-a": (1, None),
    }
    system = Signing(nginx.plain, files)
    store = Store(system, "ess://bucket/site/")
    assert repr(store) == "<Store 'ess://bucket/site/'>"
    (tmp_path / "x").mkdir()
    (tmp_path / "stored-a").write_bytes(b"1")
    (tmp_path / "x" / "stored-b").write_bytes(b"22")
    (tmp_path / "stored-gone").write_bytes(b"1")
    result = compare_trees(tmp_path, store)
    assert result.errors == {"stored-gone"}
    assert result.summary.equal == 2
    message = "ess://bucket/site/stored-gone: the server answered 404 Not Found"
    assert result.messages["stored-gone"] == message
    assert set(system.signed) == {3600}
    assert compare_trees(store, tmp_path, ignore=["stored-gone"]).equal
    with pytest.raises(komparu.SourceNotFoundError, match="no objects are there"):
        compare_trees(tmp_path, Store(system, "bucket/nothing"))
    assert compare_trees({}, Store(system, "bucket/empty")).equal


def test_keys_that_are_no_paths_are_errors_with_their_reasons(nginx: Any, tmp_path: Path) -> None:  # noqa: ANN401
    nginx.put("stored-a", b"1")
    why = {
        "a//b": "its key has an empty part, or begins with './'",
        "./b": "its key has an empty part, or begins with './'",
        "/b": "its key begins with '/'",
        "x/../b": "has a '..' part",
        "b/": "its key ends with '/', and it is not empty",
        "stored-a": "is an object, and a directory of others",
    }
    files: dict[str, tuple[int | None, str | None]] = {f"s/{key}": (1, None) for key in why}
    files["s/stored-a/stored-a"] = (1, None)
    (tmp_path / "stored-a").mkdir()
    (tmp_path / "stored-a" / "stored-a").write_bytes(b"1")
    result = compare_trees(tmp_path, Store(Signing(nginx.plain, files), "s"))
    assert result.messages == {key: f"ess://s/{key}: {cause}" for key, cause in why.items()}
    assert result.summary.equal == 1
    assert not result.equal
    ignored = ["b", "x", "/stored-a", "a"]
    assert (
        "/b"
        not in compare_trees(
            tmp_path, Store(Signing(nginx.plain, files), "s"), ignore=ignored
        ).messages
    )


def test_an_etag_of_another_kind_than_the_servers_is_an_error(nginx: Any, tmp_path: Path) -> None:  # noqa: ANN401
    nginx.put("stored-a", b"1")
    (tmp_path / "stored-a").write_bytes(b"1")
    for etag in ['"0"', "0"]:
        result = compare_trees(
            tmp_path, Store(Signing(nginx.plain, {"s/stored-a": (1, etag)}), "s")
        )
        assert "changed since it was listed (another ETag)" in result.messages["stored-a"]
    # A weak one says nothing.
    weak = Signing(nginx.plain, {"s/stored-a": (1, 'W/"0"')})
    assert compare_trees(tmp_path, Store(weak, "s")).equal
    result = compare_trees(tmp_path, Store(Signing(nginx.plain, {"s/stored-a": (2, None)}), "s"))
    assert result.diff == {"stored-a": komparu.DiffReason.SIZE_MISMATCH}
    (tmp_path / "stored-a").write_bytes(b"12")
    result = compare_trees(tmp_path, Store(Signing(nginx.plain, {"s/stored-a": (2, None)}), "s"))
    why = "ess://s/stored-a: changed since it was listed (2 bytes then, and 1 now)"
    assert result.messages == {"stored-a": why}


def test_a_library_that_fails_is_an_error_of_the_call(tmp_path: Path) -> None:
    class Failing(Signing):
        def find(self, *_: object, **__: object) -> dict[str, dict[str, object]]:
            message = "refused\nfor http://u:s3cret@h/?sig=s3cret"
            raise PermissionError(message)

    with pytest.raises(komparu.SourcePermissionError) as raised:
        compare_trees(tmp_path, Store(Failing("", {}), "s"))
    assert str(raised.value) == "ess://s/: refused for http://***@h/?***"
