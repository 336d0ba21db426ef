"""What type checkers must know of komparu: this file is checked by mypy and never run.

A call that must be refused carries a `type: ignore`, which is an error itself where it is not
needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import komparu
from komparu import aio

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    from typing_extensions import assert_type


def sources(
    text: str, data: bytes, path: Path, named: os.PathLike[bytes], source: komparu.Source
) -> None:
    assert_type(komparu.compare(text, data), bool)
    assert_type(komparu.compare(path, named), bool)
    assert_type(komparu.compare(source, source_b=source), bool)
    either: komparu.SourceLike = source
    assert_type(komparu.compare(either, text), bool)
    assert_type(komparu.first_difference(text, path), komparu.Difference | None)
    komparu.compare(1, text)  # type: ignore[arg-type]
    komparu.compare(text)  # type: ignore[call-arg]
    komparu.compare(text, None)  # type: ignore[arg-type]


def options(a: str, b: str, headers: Mapping[str, str]) -> None:
    komparu.compare(a, b, chunk_size=1, comparison_timeout=None, headers=headers, proxy=None)
    komparu.compare(a, b, timeout=1, comparison_timeout=1.5, headers=None)
    komparu.compare(a, b, 65_536)  # type: ignore[call-arg]
    komparu.compare(a, b, chunk_size="1")  # type: ignore[arg-type]
    komparu.compare(a, b, chunk_sise=1)  # type: ignore[call-arg]
    komparu.compare(a, b, hash_compare=True)  # type: ignore[call-arg]
    komparu.configure(hash_compare=True, max_decompressed_size=None)
    komparu.configure(max_workers=None)  # type: ignore[arg-type]
    assert_type(komparu.get_config(), komparu.KomparuConfig)
    assert_type(komparu.get_config().comparison_timeout, float | None)
    komparu.get_config().chunk_size = 1  # type: ignore[misc]


def many(paths: list[Path], texts: tuple[str, ...], source: komparu.Source) -> None:
    assert_type(komparu.compare_all(paths), bool)
    assert_type(komparu.compare_all([texts[0], paths[0], source], max_workers=1), bool)
    assert_type(komparu.compare_many(texts), komparu.CompareResult)
    assert_type(komparu.compare_dir_urls(paths[0], {"a": "b"}), komparu.DirResult)
    komparu.compare_dir_urls("a", {"a": source, "b": "c"}, ignore=texts, timeout=1)
    komparu.compare_dir_urls("a", {paths[0]: source})
    komparu.compare_many([1])  # type: ignore[list-item]
    komparu.compare_all(texts, ignore=texts)  # type: ignore[call-arg]
    komparu.compare_dir_urls("a", texts)  # type: ignore[arg-type]


def archives(path: Path, source: komparu.Source) -> None:
    assert_type(komparu.compare_archive(path, "b.zip"), komparu.DirResult)
    komparu.compare_archive(source, b"b", max_decompressed_size=None, hash_compare=True, timeout=1)
    komparu.compare_archive("a", "b", max_archive_entries="1")  # type: ignore[arg-type]
    komparu.compare_archive("a", "b", ignore=["x"], only=["y"], one_way=True)
    komparu.compare_archive("a", "b", follow_symlinks=False)  # type: ignore[call-arg]


async def coroutines(a: str, b: Path, source: komparu.Source) -> None:
    assert_type(await aio.compare(a, source_b=b, timeout=1), bool)
    assert_type(await komparu.aio.compare_all([a, source]), bool)
    assert_type(await aio.compare_many([a, b]), komparu.CompareResult)
    assert_type(await aio.compare_dir(a, b, ignore=["*"]), komparu.DirResult)
    assert_type(await aio.compare_archive(a, b, hash_compare=True), komparu.DirResult)
    assert_type(await aio.compare_dir_urls(a, {"a": source}), komparu.DirResult)
    await aio.compare(a)  # type: ignore[call-arg]
    await aio.compare(a, b, chunk_size="1")  # type: ignore[arg-type]
    await aio.compare(a, b, hash_compare=True)  # type: ignore[call-arg]


def comparers(a: str, source: komparu.Source) -> None:
    comparer = komparu.Comparer(ignore=["*.pyc"], comparison_timeout=None)
    assert_type(comparer.compare(a, source, chunk_size=5), bool)
    assert_type(comparer.compare_many([a, source]), komparu.CompareResult)
    assert_type(comparer.options, dict[str, Any])
    comparer.compare_dir(a, a, hash_compare=True)  # type: ignore[call-arg]
    komparu.Comparer(chunk_sise=1)  # type: ignore[call-arg]
    komparu.Comparer(timeout="1")  # type: ignore[arg-type]


async def coroutines_of(comparer: komparu.Comparer, a: str) -> None:
    assert_type(await comparer.aio.compare_dir(a, a), komparu.DirResult)
    await comparer.aio.compare(a)  # type: ignore[call-arg]


def results(result: komparu.DirResult, many: komparu.CompareResult) -> None:
    assert_type(result.diff, dict[str, komparu.DiffReason])
    assert_type(result.only_left, set[str])
    assert_type(result.messages, dict[str, str])
    assert_type(result.verdict, komparu.Verdict)
    assert_type(many.groups, list[set[str]])
    assert_type(many.diff["a", "b"], bool)
    assert_type(bool(result), bool)
    result.equal = True  # type: ignore[misc]


def errors(error: komparu.SourceReadError, late: komparu.ComparisonTimeoutError) -> None:
    assert_type(error.source, str | None)
    assert_type(error.status, int | None)
    os_error: OSError = error
    timeout: TimeoutError = late
    _: tuple[Any, ...] = (os_error, timeout)
