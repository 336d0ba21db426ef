import asyncio
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar, final

from komparu._config import KomparuConfig
from komparu._errors import ComparisonTimeoutError
from komparu._types import CompareResult, DirResult, Source, SourceLike

__all__ = [
    "Job",
    "Mailbox",
    "__version__",
    "check_interpreter",
    "check_source",
    "compare",
    "compare_all",
    "compare_all_job",
    "compare_archive",
    "compare_archive_job",
    "compare_archive_listing",
    "compare_dir",
    "compare_dir_job",
    "compare_dir_listing",
    "compare_dir_urls",
    "compare_dir_urls_job",
    "compare_dir_urls_listing",
    "compare_job",
    "compare_many",
    "compare_many_job",
    "configure",
    "get_config",
    "reset_config",
    "source_name",
    "timed_out",
]

__version__: Final[str]

# The keys of a mapping are of one type, whichever it is.
_Path = TypeVar("_Path", bound=str | bytes | os.PathLike[str] | os.PathLike[bytes])

def compare(
    source_a: SourceLike,
    source_b: SourceLike,
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    max_workers: int = 0,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    comparison_timeout: float | None = None,
) -> bool: ...
def compare_archive(
    path_a: SourceLike,
    path_b: SourceLike,
    *,
    chunk_size: int = 65536,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    max_archive_entries: int | None = 100000,
    max_entry_name_length: int | None = 4096,
    hash_compare: bool = False,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    comparison_timeout: float | None = None,
) -> DirResult: ...
def compare_archive_listing(
    path_a: SourceLike,
    path_b: SourceLike,
    **options: Any,  # noqa: ANN401
) -> tuple[DirResult, list[str]]: ...
def compare_dir(
    dir_a: SourceLike,
    dir_b: SourceLike,
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    follow_symlinks: bool = True,
    max_workers: int = 0,
    ignore: Iterable[str] | None = None,
    comparison_timeout: float | None = None,
) -> DirResult: ...
def compare_dir_listing(
    dir_a: SourceLike,
    dir_b: SourceLike,
    **options: Any,  # noqa: ANN401
) -> tuple[DirResult, list[str]]: ...
def compare_all(
    sources: Iterable[SourceLike],
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    max_workers: int = 0,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    comparison_timeout: float | None = None,
) -> bool: ...
def compare_many(
    sources: Iterable[SourceLike],
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    max_workers: int = 0,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    comparison_timeout: float | None = None,
) -> CompareResult: ...
def compare_dir_urls(
    dir_path: SourceLike,
    url_map: Mapping[_Path, SourceLike],
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    max_workers: int = 0,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    comparison_timeout: float | None = None,
    ignore: Iterable[str] | None = None,
) -> DirResult: ...
def compare_dir_urls_listing(
    dir_path: SourceLike,
    url_map: Mapping[_Path, SourceLike],
    **options: Any,  # noqa: ANN401
) -> tuple[DirResult, list[str]]: ...

@final
class Job:
    @property
    def timeout(self) -> float | None: ...
    def abandon(self) -> bool: ...

@final
class Mailbox:
    def __new__(cls, beside: Mailbox | None = None) -> Mailbox: ...
    @property
    def descriptor(self) -> int: ...
    def begin(self, job: Job, ticket: int) -> None: ...
    def clear(self) -> None: ...
    def deliver(self, awaited: dict[int, asyncio.Future[Any]]) -> None: ...

def compare_job(source_a: SourceLike, source_b: SourceLike, **options: Any) -> Job: ...  # noqa: ANN401
def compare_dir_job(dir_a: SourceLike, dir_b: SourceLike, **options: Any) -> Job: ...  # noqa: ANN401
def compare_archive_job(path_a: SourceLike, path_b: SourceLike, **options: Any) -> Job: ...  # noqa: ANN401
def compare_all_job(sources: Iterable[SourceLike], **options: Any) -> Job: ...  # noqa: ANN401
def compare_many_job(sources: Iterable[SourceLike], **options: Any) -> Job: ...  # noqa: ANN401
def compare_dir_urls_job(
    dir_path: SourceLike,
    url_map: Mapping[_Path, SourceLike],
    **options: Any,  # noqa: ANN401
) -> Job: ...
def timed_out(seconds: float) -> ComparisonTimeoutError: ...
def configure(
    *,
    chunk_size: int = ...,
    size_precheck: bool = ...,
    quick_check: bool = ...,
    max_workers: int = ...,
    follow_symlinks: bool = ...,
    ignore: Iterable[str] | None = ...,
    headers: Mapping[str, str] | None = ...,
    timeout: float = ...,
    follow_redirects: bool = ...,
    verify_ssl: bool = ...,
    proxy: str | None = ...,
    allow_private_redirects: bool = ...,
    block_private: bool = ...,
    comparison_timeout: float | None = ...,
    max_decompressed_size: int | None = ...,
    max_compression_ratio: float | None = ...,
    max_archive_entries: int | None = ...,
    max_entry_name_length: int | None = ...,
    hash_compare: bool = ...,
) -> None: ...
def get_config() -> KomparuConfig: ...
def reset_config() -> None: ...
def check_interpreter() -> None: ...
def check_source(source: Source) -> None: ...
def source_name(source: SourceLike) -> str: ...
