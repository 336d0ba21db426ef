import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, final

from komparu._core import TreeRun
from komparu._runs import TreeRun as _AwaitedRun
from komparu._types import CompareResult, Difference, DirResult, Progress, SourceLike

__all__ = ["Comparer"]

_Path = TypeVar("_Path", bound=str | bytes | os.PathLike[str] | os.PathLike[bytes])

class Comparer:
    """Every function of komparu as a method, with options of its own.

    They stand between what a call says and what `komparu.configure` has set, which belongs to the
    program: a library that compares has a comparer, and leaves the process's configuration alone.

        comparer = komparu.Comparer(ignore=["*.pyc"], comparison_timeout=60)
        comparer.compare_dir("old", "new")
        await comparer.aio.compare_dir("old", "new")

    It takes the options that `configure` takes, and checks them as that does. It is frozen, equal
    to one with the same options, can be pickled, and is hashable where they are (headers are not).
    Its repr masks user and password of the proxy, and what headers say.

    Attributes:
        options: The options that are set: a new dictionary each time.
        aio: The same functions as coroutines.

    Raises:
        ConfigError: An unknown name, or a value that cannot be.
        TypeError: A wrong type.
    """

    @property
    def options(self) -> dict[str, Any]: ...
    @property
    def aio(self) -> _Coroutines: ...
    def __init__(
        self,
        *,
        chunk_size: int = ...,
        size_precheck: bool = ...,
        quick_check: bool = ...,
        follow_symlinks: bool = ...,
        max_workers: int = ...,
        ignore: Iterable[str] | None = ...,
        max_decompressed_size: int | None = ...,
        max_compression_ratio: float | None = ...,
        max_archive_entries: int | None = ...,
        max_entry_name_length: int | None = ...,
        hash_compare: bool = ...,
        ignore_zeros: bool = ...,
        headers: Mapping[str, str] | None = ...,
        timeout: float = ...,
        follow_redirects: bool = ...,
        verify_ssl: bool = ...,
        proxy: str | None = ...,
        allow_private_redirects: bool = ...,
        block_private: bool = ...,
        decode_content: bool = ...,
        comparison_timeout: float | None = ...,
        read_holes: bool = ...,
        detect_changes: str = ...,
        where: bool = ...,
        context: int = ...,
        max_differences: int | None = ...,
        on_error: str = ...,
    ) -> None:
        """Read and check the options."""
    def compare(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        progress: Callable[[Progress], object] | None = None,
    ) -> bool:
        """Are two files or URLs the same, byte for byte? See `komparu.compare`."""
    def compare_all(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        progress: Callable[[Progress], object] | None = None,
    ) -> bool:
        """Are all of these sources the same, byte for byte? See `komparu.compare_all`."""
    def compare_archive(
        self,
        path_a: SourceLike,
        path_b: SourceLike,
        *,
        chunk_size: int = 65536,
        max_decompressed_size: int | None = 1073741824,
        max_compression_ratio: float | None = 200.0,
        max_archive_entries: int | None = 100000,
        max_entry_name_length: int | None = 4096,
        hash_compare: bool = False,
        ignore_zeros: bool = False,
        headers: Mapping[str, str] | None = {},
        timeout: float = 30.0,
        follow_redirects: bool = True,
        verify_ssl: bool = True,
        proxy: str | None = None,
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        where: bool = False,
        context: int = 16,
        max_differences: int | None = None,
        on_error: str = "report",
        progress: Callable[[Progress], object] | None = None,
    ) -> DirResult:
        """Do two archives hold the same files, byte for byte? See `komparu.compare_archive`."""
    def compare_dir(
        self,
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
        read_holes: bool = False,
        detect_changes: str = "ctime",
        where: bool = False,
        context: int = 16,
        max_differences: int | None = None,
        on_error: str = "report",
        progress: Callable[[Progress], object] | None = None,
    ) -> DirResult:
        """Do two directories hold the same files, byte for byte? See `komparu.compare_dir`."""
    def compare_dir_urls(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        ignore: Iterable[str] | None = None,
        where: bool = False,
        context: int = 16,
        max_differences: int | None = None,
        on_error: str = "report",
        progress: Callable[[Progress], object] | None = None,
    ) -> DirResult:
        """Does a directory hold what is at these URLs, byte for byte? See `komparu.compare_dir_urls`."""
    def compare_many(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        progress: Callable[[Progress], object] | None = None,
    ) -> CompareResult:
        """Which of these sources are the same, byte for byte? See `komparu.compare_many`."""
    def first_difference(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        context: int = 16,
        progress: Callable[[Progress], object] | None = None,
    ) -> Difference | None:
        """Where do two files or URLs differ first? None if they are the same, byte for byte. See `komparu.first_difference`."""
    def iter_trees(
        self,
        left: SourceLike,
        right: SourceLike | Mapping[_Path, SourceLike],
        *,
        chunk_size: int = 65536,
        size_precheck: bool = True,
        quick_check: bool = True,
        follow_symlinks: bool = True,
        max_workers: int = 0,
        ignore: Iterable[str] | None = None,
        max_decompressed_size: int | None = 1073741824,
        max_compression_ratio: float | None = 200.0,
        max_archive_entries: int | None = 100000,
        max_entry_name_length: int | None = 4096,
        hash_compare: bool = False,
        ignore_zeros: bool = False,
        headers: Mapping[str, str] | None = {},
        timeout: float = 30.0,
        follow_redirects: bool = True,
        verify_ssl: bool = True,
        proxy: str | None = None,
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        where: bool = False,
        context: int = 16,
        max_differences: int | None = None,
        on_error: str = "report",
        equal: bool = False,
    ) -> TreeRun:
        """Compare two trees, and give what is found as it is found. See `komparu.iter_trees`."""

@final
class _Coroutines:
    """The functions of a `Comparer` as coroutines."""

    async def compare(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        progress: Callable[[Progress], object] | None = None,
    ) -> bool:
        """Are two files or URLs the same, byte for byte? See `komparu.compare`."""
    async def compare_all(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        progress: Callable[[Progress], object] | None = None,
    ) -> bool:
        """Are all of these sources the same, byte for byte? See `komparu.compare_all`."""
    async def compare_archive(
        self,
        path_a: SourceLike,
        path_b: SourceLike,
        *,
        chunk_size: int = 65536,
        max_decompressed_size: int | None = 1073741824,
        max_compression_ratio: float | None = 200.0,
        max_archive_entries: int | None = 100000,
        max_entry_name_length: int | None = 4096,
        hash_compare: bool = False,
        ignore_zeros: bool = False,
        headers: Mapping[str, str] | None = {},
        timeout: float = 30.0,
        follow_redirects: bool = True,
        verify_ssl: bool = True,
        proxy: str | None = None,
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        where: bool = False,
        context: int = 16,
        max_differences: int | None = None,
        on_error: str = "report",
        progress: Callable[[Progress], object] | None = None,
    ) -> DirResult:
        """Do two archives hold the same files, byte for byte? See `komparu.compare_archive`."""
    async def compare_dir(
        self,
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
        read_holes: bool = False,
        detect_changes: str = "ctime",
        where: bool = False,
        context: int = 16,
        max_differences: int | None = None,
        on_error: str = "report",
        progress: Callable[[Progress], object] | None = None,
    ) -> DirResult:
        """Do two directories hold the same files, byte for byte? See `komparu.compare_dir`."""
    async def compare_dir_urls(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        ignore: Iterable[str] | None = None,
        where: bool = False,
        context: int = 16,
        max_differences: int | None = None,
        on_error: str = "report",
        progress: Callable[[Progress], object] | None = None,
    ) -> DirResult:
        """Does a directory hold what is at these URLs, byte for byte? See `komparu.compare_dir_urls`."""
    async def compare_many(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        progress: Callable[[Progress], object] | None = None,
    ) -> CompareResult:
        """Which of these sources are the same, byte for byte? See `komparu.compare_many`."""
    async def first_difference(
        self,
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
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        context: int = 16,
        progress: Callable[[Progress], object] | None = None,
    ) -> Difference | None:
        """Where do two files or URLs differ first? None if they are the same, byte for byte. See `komparu.first_difference`."""
    def iter_trees(
        self,
        left: SourceLike,
        right: SourceLike | Mapping[_Path, SourceLike],
        *,
        chunk_size: int = 65536,
        size_precheck: bool = True,
        quick_check: bool = True,
        follow_symlinks: bool = True,
        max_workers: int = 0,
        ignore: Iterable[str] | None = None,
        max_decompressed_size: int | None = 1073741824,
        max_compression_ratio: float | None = 200.0,
        max_archive_entries: int | None = 100000,
        max_entry_name_length: int | None = 4096,
        hash_compare: bool = False,
        ignore_zeros: bool = False,
        headers: Mapping[str, str] | None = {},
        timeout: float = 30.0,
        follow_redirects: bool = True,
        verify_ssl: bool = True,
        proxy: str | None = None,
        decode_content: bool = True,
        comparison_timeout: float | None = None,
        read_holes: bool = False,
        detect_changes: str = "ctime",
        where: bool = False,
        context: int = 16,
        max_differences: int | None = None,
        on_error: str = "report",
        equal: bool = False,
    ) -> _AwaitedRun:
        """Compare two trees, and give what is found as it is found. See `komparu.iter_trees`."""
