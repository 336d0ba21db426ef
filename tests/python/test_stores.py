"""The objects of a store against other trees, on a real server of S3 that checks signatures."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import DiffReason, Proof, Store, Verdict, aio, compare_trees
from komparu.testing import assert_same

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stores import S3

#: Keys with all that URLs, signatures and shells make something of.
ODD = [
    "a+b",
    "a b",
    " a ",
    "a%b",
    "a%20b",
    "a=b",
    "a#b",
    "a?b=c&d",
    "a;b",
    "a'b(c)*!~",
    "a:b@c,d$",
    "a\\b",
    "a|b<c>",
    '[x]{y}^`"',
    "\u00fc/\u00e9\u4e2d",
    "..a/...",
    "deep/er/still",
]


def fill(directory: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


@pytest.mark.parametrize("is_text", [True, False])
def test_every_key_is_fetched_with_a_signature_that_holds(
    is_text: bool, s3: S3, tmp_path: Path
) -> None:
    files = {key: key.encode() for key in ODD}
    bucket = s3.bucket({f"site/{key}": body for key, body in files.items()})
    site = fill(tmp_path, files)
    store: Any = f"s3://{bucket}/site/" if is_text else Store(s3.store(bucket), "site")
    for result in [compare_trees(site, store), compare_trees(store, site)]:
        assert result.equal, result
        assert result.summary.equal == len(ODD)
        assert result.summary.proofs == {Proof.BYTES: len(ODD)}


def test_what_differs_is_said_as_of_any_tree(s3: S3, tmp_path: Path) -> None:
    site = fill(tmp_path, {"same": b"1", "differs": b"12", "longer": b"123", "left": b""})
    bucket = s3.bucket({"same": b"1", "differs": b"13", "longer": b"1234", "a/right": b"x"})
    store = Store(s3.store(bucket))
    result = compare_trees(site, store, where=True)
    assert result.diff == {
        "differs": DiffReason.CONTENT_MISMATCH,
        "longer": DiffReason.SIZE_MISMATCH,
    }
    assert (result.only_left, result.only_right) == ({"left"}, {"a/right"})
    assert result.differences["differs"].offset == 1
    assert compare_trees(store, site).only_left == {"a/right"}
    assert compare_trees(site, store, ignore=["a/", "differs", "longer", "left"]).equal


def test_two_stores_are_compared(s3: S3) -> None:
    one = s3.bucket({"a/x": b"1", "b": b"2"})
    two = s3.bucket({"x": b"1", "b": b"3"})
    result = compare_trees(Store(s3.store(one, prefix="a")), Store(s3.store(two)))
    assert result.diff == {}
    assert result.only_right == {"b"}
    assert compare_trees(f"s3://{one}", f"s3://{two}").only_left == {"a/x"}
    # The prefix of a store, and one within it.
    deep = s3.bucket({"a/b/c": b"1"})
    assert compare_trees(Store(s3.store(deep, prefix="a"), "b/"), {"c": komparu.Content(b"1")})


def test_a_size_decides_without_a_request(s3: S3, tmp_path: Path) -> None:
    site = fill(tmp_path, {"a": b"1", "b": b"12"})
    bucket = s3.bucket({"a": b"12", "b": b"123"})
    s3.requests()
    result = compare_trees(site, f"s3://{bucket}/")
    assert set(result.diff.values()) == {DiffReason.SIZE_MISMATCH}
    assert [it for it in s3.requests() if f"/{bucket}/" in it] == []
    assert set(compare_trees(site, f"s3://{bucket}/", size_precheck=False).diff) == {"a", "b"}
    assert len([it for it in s3.requests() if f"/{bucket}/" in it]) == 2


@pytest.mark.parametrize("content", [b"new", b"longer"])
def test_an_object_that_changes_after_it_was_listed_is_an_error(
    content: bytes, s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = fill(tmp_path, {"a": b"old", "b": b"new", "c": b"old"})
    bucket = s3.bucket({"a": b"old", "b": b"old", "c": b"old"})
    obstore: Any = import_module("obstore")
    sign = obstore.sign

    def signs_late(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        s3.put(bucket, "b", content)
        return sign(*arguments, **options)

    monkeypatch.setattr(obstore, "sign", signs_late)
    result = compare_trees(site, f"s3://{bucket}/")
    assert result.verdict is Verdict.UNVERIFIED
    assert result.diff == {"b": DiffReason.READ_ERROR}
    assert result.errors == {"b"}
    assert f"s3://{bucket}/b: changed since it was listed" in result.messages["b"]


def test_an_object_that_is_gone_after_it_was_listed_is_an_error(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = fill(tmp_path, {"a": b"old"})
    bucket = s3.bucket({"a": b"old"})
    obstore: Any = import_module("obstore")
    sign = obstore.sign

    def signs_late(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        s3.client.delete_object(Bucket=bucket, Key="a")
        return sign(*arguments, **options)

    monkeypatch.setattr(obstore, "sign", signs_late)
    assert compare_trees(site, f"s3://{bucket}/").diff == {"a": DiffReason.READ_ERROR}


def test_more_objects_than_a_page_has_are_all_compared(s3: S3, tmp_path: Path) -> None:
    number = 1100
    site = fill(tmp_path, {f"{name:05}": b"%d" % name for name in range(number)})
    bucket = s3.bucket({})
    s3.fill(bucket, number)
    (site / "01050").write_bytes(b"1051")
    result = compare_trees(site, f"s3://{bucket}/")
    assert result.diff == {"01050": DiffReason.CONTENT_MISMATCH}
    assert result.summary.entries == number


def test_an_object_of_several_parts_is_one_content(s3: S3, tmp_path: Path) -> None:
    parts = [b"a" * (5 << 20), b"b" * 100]
    bucket = s3.bucket({})
    whose = {"Bucket": bucket, "Key": "large"}
    upload = s3.client.create_multipart_upload(**whose)["UploadId"]
    done = []
    for number, part in enumerate(parts, 1):
        made = s3.client.upload_part(**whose, UploadId=upload, PartNumber=number, Body=part)
        done.append({"PartNumber": number, "ETag": made["ETag"]})
    s3.client.complete_multipart_upload(**whose, UploadId=upload, MultipartUpload={"Parts": done})
    site = fill(tmp_path, {"large": b"".join(parts)})
    assert compare_trees(site, f"s3://{bucket}")
    fill(tmp_path, {"large": b"".join(parts)[:-1] + b"c"})
    result = compare_trees(site, f"s3://{bucket}", where=True)
    assert result.differences["large"].offset == (5 << 20) + 99


def test_what_stands_for_a_directory_is_no_entry(s3: S3, tmp_path: Path) -> None:
    site = fill(tmp_path, {"a/b": b"1", "empty": b""})
    bucket = s3.bucket(
        {"site/": b"", "site/a/": b"", "site/a/b": b"1", "site/alone/": b"", "site/empty": b""}
    )
    assert compare_trees(site, f"s3://{bucket}/site/")


def test_keys_that_are_no_paths_are_errors(s3: S3, tmp_path: Path) -> None:
    site = fill(tmp_path, {"a/b": b"1"})
    # An object, and a directory of others.
    bucket = s3.bucket({"a": b"1", "a/b": b"1"})
    result = compare_trees(site, f"s3://{bucket}/")
    assert result.messages == {"a": f"s3://{bucket}/a: is an object, and a directory of others"}
    assert result.verdict is Verdict.UNVERIFIED
    # A slash at an end, which obstore does not show.
    for key in ["x/", "/x"]:
        bucket = s3.bucket({"a/b": b"1", key: b"content"})
        result = compare_trees(site, f"s3://{bucket}/")
        assert not result.equal
        assert result.only_right == {"x"}
        assert compare_trees(
            {"x": komparu.Content(b"content")}, f"s3://{bucket}/", only=["x"]
        ).errors
    # What obstore lists nothing of: no verdict at all.
    for key in ["a//b", "../x", "a/./b"]:
        bucket = s3.bucket({"a/b": b"1", key: b""})
        with pytest.raises(komparu.SourceReadError, match="invalid path"):
            compare_trees(site, f"s3://{bucket}/")


def test_a_public_bucket_is_read_without_credentials(s3: S3, tmp_path: Path) -> None:
    site = fill(tmp_path, {"a b": b"1", "empty": b""})
    bucket = s3.bucket({"site/a b": b"1", "site/empty": b""}, "public", ACL="public-read")
    assert compare_trees(site, Store(s3.store(bucket, skip_signature=True), "site"))


def test_every_form_of_a_call_takes_a_store(
    s3: S3, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site = fill(tmp_path / "site", {"a": b"1", "d/b": b"2"})
    text = f"s3://{s3.bucket({'a': b'1', 'd/b': b'3'})}/"
    expected = {"d/b": DiffReason.CONTENT_MISMATCH}
    store = Store(s3.store(text[5:-1]))
    comparer = komparu.Comparer(max_workers=2)

    async def asked() -> list[Any]:
        results: list[Any] = [await aio.compare_trees(site, store)]
        async with aio.iter_trees(text, site) as run:
            results.extend([{found.path: found.reason async for found in run}, await run.result()])
        results.append(await comparer.aio.compare_trees(site, text))
        return results

    one, found, two, three = asyncio.run(asked())
    assert [one.diff, found, two.diff, three.diff] == [expected] * 4
    with caplog.at_level(logging.DEBUG, "komparu"):
        assert comparer.compare_trees(store, text)
        assert compare_trees(text, store)
    shown = f"compare_trees('{text}', '{text}'): equal"
    assert all(record.getMessage().startswith(shown) for record in caplog.records)
    assert len(caplog.records) == 2
    with komparu.iter_trees(site, text, equal=True) as run:
        assert {it.path: it.verdict for it in run}["a"] is Verdict.EQUAL
    with pytest.raises(AssertionError, match="d/b"):
        assert_same(site, text)
    assert_same(store, text)
    assert_same({"d/b": site / "d" / "b"}, store, only=["b"], one_way=True, ignore=["d/b"])
    assert compare_trees(text, komparu.Directory(site), progress=lambda _: None).diff == expected


def test_a_store_against_an_archive_and_a_manifest(s3: S3, tmp_path: Path) -> None:
    import tarfile  # noqa: PLC0415

    site = fill(tmp_path / "site", {"a": b"1", "d/b": b"22", "d/c": b""})
    text = f"s3://{s3.bucket({'a': b'1', 'd/b': b'22', 'd/c': b''})}/"
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(site, "")
    for where in [True, False]:
        assert compare_trees(tmp_path / "a.tar", text, where=where).summary.equal == 3
        assert compare_trees(text, tmp_path / "a.tar", where=where).summary.equal == 3
    assert komparu.write_manifest(text, tmp_path / "sums") == 3
    assert compare_trees(komparu.Manifest(tmp_path / "sums"), text).equal
    assert compare_trees(komparu.Manifest(tmp_path / "sums"), site).equal
    fill(site, {"a": b"2", "d/b": b"2"})
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(site, "")
    assert set(compare_trees(tmp_path / "a.tar", text).diff) == {"a", "d/b"}
    assert set(compare_trees(komparu.Manifest(tmp_path / "sums"), site).diff) == {"a", "d/b"}


def test_the_command_line_takes_a_store(s3: S3, tmp_path: Path) -> None:
    site = fill(tmp_path, {"a": b"1", "b": b"2"})
    text = f"s3://{s3.bucket({'site/a': b'1', 'site/b': b'3'})}/site/"

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-m", "komparu", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
        )

    done = run(site, text)
    assert (done.returncode, done.stdout) == (1, "* b (content_mismatch)\n"), done
    assert run(text, text).returncode == 0
    assert run(text, site, "--ignore", "b").returncode == 0
    assert run("--write-manifest", "md5", text).stdout.count("\n") == 2
    done = run(site, "s3://no-such-bucket/")
    assert (done.returncode, done.stdout) == (2, "")
    assert "komparu: s3://no-such-bucket/: NoSuchBucket" in done.stderr
    done = run(text, text, text)
    assert done.returncode == 2
    assert "stores are compared two at a time" in done.stderr


@contextlib.contextmanager
def no_store_left() -> Any:  # noqa: ANN401
    import threading  # noqa: PLC0415

    yield
    for thread in threading.enumerate():
        if thread.name == "komparu-store":
            thread.join(60)
            assert not thread.is_alive()


def test_the_threads_of_stores_end_with_their_calls(s3: S3, tmp_path: Path) -> None:
    text = f"s3://{s3.bucket({'a': b'1'})}/"
    with no_store_left():
        compare_trees(text, text)
        with pytest.raises(komparu.SourceNotFoundError):
            compare_trees(text, tmp_path / "no.tar")
        with pytest.raises(komparu.SourceNotFoundError):
            compare_trees(tmp_path, "s3://no-such-bucket/")
        with komparu.iter_trees(text, tmp_path):
            pass


def test_what_has_moved_in_a_store_is_found(s3: S3, tmp_path: Path) -> None:
    site = fill(tmp_path, {"new/name": b"content", "same": b"1"})
    text = f"s3://{s3.bucket({'old/name': b'content', 'same': b'1'})}/"
    result = compare_trees(text, site, moves=True)
    assert result.moved == {"old/name": "new/name"}
    assert compare_trees(site, text, moves=True).moved == {"new/name": "old/name"}
