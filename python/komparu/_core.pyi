import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from types import ModuleType
from typing import Any, Final, TypeVar, final

from komparu._config import KomparuConfig
from komparu._errors import ComparisonTimeoutError
from komparu._types import (
    Archive,
    CompareResult,
    Content,
    Decompressed,
    Difference,
    Directory,
    DirResult,
    Finding,
    Manifest,
    Progress,
    ProgressCallback,
    Source,
    SourceLike,
    Store,
    Summary,
)

__all__ = [
    "Bridge",
    "BridgeThread",
    "Job",
    "Mailbox",
    "OpenStream",
    "Settings",
    "StoreRequests",
    "TreeRun",
    "__version__",
    "bridge",
    "check_archive",
    "check_content",
    "check_decompressed",
    "check_directory",
    "check_manifest",
    "check_source",
    "compare",
    "compare_all",
    "compare_all_job",
    "compare_all_job_with",
    "compare_all_with",
    "compare_archive",
    "compare_archive_job",
    "compare_archive_job_with",
    "compare_archive_with",
    "compare_dir",
    "compare_dir_job",
    "compare_dir_job_with",
    "compare_dir_urls",
    "compare_dir_urls_job",
    "compare_dir_urls_job_with",
    "compare_dir_urls_with",
    "compare_dir_with",
    "compare_files",
    "compare_job",
    "compare_job_with",
    "compare_many",
    "compare_many_job",
    "compare_many_job_with",
    "compare_many_with",
    "compare_trees",
    "compare_trees_job",
    "compare_trees_job_with",
    "compare_trees_with",
    "compare_with",
    "configure",
    "first_difference",
    "first_difference_job",
    "first_difference_job_with",
    "first_difference_with",
    "functions",
    "get_config",
    "is_manifest",
    "iter_trees",
    "iter_trees_with",
    "kept",
    "legible",
    "masked",
    "one_line",
    "options",
    "prepare",
    "record_call",
    "reset_config",
    "result_lines",
    "serve_archives",
    "source_name",
    "write_manifest",
    "write_manifest_job",
    "write_manifest_job_with",
    "write_manifest_with",
]

__version__: Final[str]
kept: dict[str, ModuleType]

# The keys of a mapping are of one type, whichever it is.
_Path = TypeVar("_Path", bound=str | bytes | os.PathLike[str] | os.PathLike[bytes])

@final
class Job:
    @property
    def timeout(self) -> float | None: ...
    @property
    def watcher(self) -> Callable[[Progress], object] | None: ...
    @property
    def has_objects(self) -> bool: ...
    def abandon(self) -> bool: ...
    def progress(self) -> Progress | None: ...
    def timed_out(self) -> ComparisonTimeoutError: ...

@final
class Bridge: ...

@final
class BridgeThread:
    def run(self) -> None: ...

@final
class OpenStream:
    def __new__(cls, descriptor: int, name: str) -> OpenStream: ...

@final
class StoreRequests:
    VALID: Final[int]
    @property
    def is_closed(self) -> bool: ...
    def add(self, objects: Sequence[tuple[str, int | None, str | None]]) -> bool: ...
    def close(self) -> None: ...
    def fail(self, kind: str, why: str) -> None: ...
    def listed(self) -> None: ...
    def next(self) -> list[int] | None: ...
    def sign(self, objects: Sequence[int], urls: Sequence[str]) -> None: ...

@final
class Settings:
    def __new__(cls, **options: object) -> Settings: ...
    def options(self) -> dict[str, Any]: ...

@final
class Mailbox:
    def __new__(cls, beside: Mailbox | None = None) -> Mailbox: ...
    @property
    def descriptor(self) -> int: ...
    def begin(self, job: Job, job_id: int, bridge: Bridge | None = None) -> None: ...
    def clear(self) -> None: ...
    def deliver(self, awaited: dict[int, asyncio.Future[Any]]) -> None: ...

@final
class TreeRun:
    """A comparison that goes on while its findings are read.

    Iterating it gives a Finding for each path that is not identical, as it is found; with equal=True for
    each path. The comparison waits for a consumer that is slow. Leaving the `with` block, closing or
    dropping the run cancels it.
    """

    def __iter__(self) -> TreeRun: ...
    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> object: ...
    def __next__(self) -> Finding: ...
    def __enter__(self) -> TreeRun: ...
    def __exit__(self, _kind: object, _value: object, _traceback: object) -> None: ...
    @property
    def progress(self) -> Progress:
        """How far the comparison has come: a Progress, at any time and from any thread."""

    def result(self) -> DirResult:
        """The DirResult of everything. Waits for the end of the comparison; findings that have not been iterated
        by then are in the result only. Of a run that was closed before, what was found by then: such a result is
        not complete.

        Raises:
            What the comparison raised, if it failed.
        """

    def lines(self, folds: bool) -> tuple[list[str], Summary, bool]:
        """What the command line prints, in pieces of some lines each; the Summary; and whether everything was
        compared. Waits and raises as `result` does, and takes a fraction of the time that making it takes.
        """

    def close(self) -> None:
        """Stop the comparison, if it has not ended. Closing it again does nothing."""

    def stop(self) -> None:
        """The same without waiting until it has stopped."""

    def take(self) -> Finding | None:
        """The next finding that has been made; None where there is none now."""

    @property
    def is_watched(self) -> bool:
        """Is there a function that is to be told of the progress?"""

    def tell(self) -> None:
        """Tell it, if that is due."""

    def fetch(self) -> bool:
        """Make findings of what has come. False where nothing has come. Raises StopAsyncIteration at the end."""

    def watch(self, mailbox: Mailbox, job_id: int) -> bool:
        """Have the future of a loop resolved that `mailbox` belongs to, once there is something to fetch. False,
        and never, if there is something already.
        """

    @property
    def has_objects(self) -> bool:
        """Are there objects to be called by the thread that iterates it?"""

    def serve_by(self, bridge: Bridge) -> None:
        """From now on a bridge calls the objects."""

    def collect(self) -> None:
        """From now on findings are kept for the result alone, and the comparison waits for no consumer."""

    @property
    def has_ended(self) -> bool:
        """Has the comparison come to its end, or must it not be waited for any more?"""

    @property
    def has_stopped(self) -> bool:
        """Have its threads stopped?"""

    @property
    def time_left(self) -> float | None:
        """Seconds that are left of comparison_timeout."""

def record_call(function: str, arguments: tuple[object, ...], outcome: object) -> None: ...
def prepare() -> None: ...
def serve_archives(parent: int) -> None: ...
def check_source(source: Source) -> None: ...
def bridge() -> tuple[Bridge, BridgeThread]: ...
def check_archive(archive: Archive) -> None: ...
def check_content(value: Content) -> None: ...
def check_decompressed(value: Decompressed) -> None: ...
def check_directory(directory: Directory) -> None: ...
def check_manifest(manifest: Manifest) -> None: ...
def is_manifest(start: bytes) -> bool: ...
def legible(value: str) -> str: ...
def one_line(name: str) -> str: ...
def result_lines(
    result: object, equal: Iterable[str] | None = None, *, folds: bool
) -> list[str]: ...
def masked(url: bytes) -> bytes: ...
def source_name(source: SourceLike) -> str: ...
def options() -> list[dict[str, Any]]: ...
def functions() -> list[
    tuple[str, list[tuple[str, str]], list[tuple[str, str, str]], list[str], str]
]: ...
def compare_files(
    groups: Iterable[tuple[object, object, list[Any] | None]], shallow: bool, kept: int
) -> tuple[list[int | Exception | None], int, list[tuple[int, int, float, float]]]: ...

# What follows is written by `make stubs`.
def compare(
    source_a: SourceLike,
    source_b: SourceLike,
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    max_workers: int = 0,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    auth: tuple[str, str] | str | None = None,
    netrc: bool = False,
    ca_bundle: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = None,
    decode_content: bool = True,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    progress: ProgressCallback | None = None,
) -> bool:
    """Are two files or URLs the same, byte for byte?

    True means that every byte was compared, or need not be: two names of one file, or holes in both.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        source_a: A local path, a URL (http, https, file) or a Source.
        source_b: Another one.
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        size_precheck: Let two known, different sizes settle it without reading. Default `True`.
        quick_check: Compare samples at the start, the end, 25 %, 50 % and 75 % before everything,
            where both sides can seek; of URLs beside the stream, from 4 MiB on, where the server
            has ranges and `chunk_size` is at most 128 KiB. Default `True`.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread. Default `0`.
        max_decompressed_size: The most bytes that may come out of compression or of holes in each
            archive, or of what is `Decompressed`; what is stored as it is does not count. `None`:
            no limit. Default `1073741824`.
        max_compression_ratio: The most bytes that may come out of one compressed byte of each
            archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
            Default `200.0`.
        headers: URLs: request headers. Default `{}`.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves. Default `30.0`.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
            Default `True`.
        verify_ssl: URLs: demand a valid certificate. Default `True`.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says. Default `None`.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both. Default
            `None`.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`. Default `False`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
            Default `None`.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted. Default `None`.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called. Default
            `True`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.

    Raises:
        SourceNotFoundError: There is nothing there.
        SourcePermissionError: This process may not read it.
        SourceReadError: It is no file, cannot be read, or was changed while it was compared.
        ComparisonTimeoutError: comparison_timeout passed.
        ConfigError: A URL of a kind that is not supported, or that is malformed.
        ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type.
    """

def compare_all(
    sources: Iterable[SourceLike],
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    max_workers: int = 0,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    auth: tuple[str, str] | str | None = None,
    netrc: bool = False,
    ca_bundle: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = None,
    decode_content: bool = True,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    progress: ProgressCallback | None = None,
) -> bool:
    """Are all of these sources the same, byte for byte?

    The others are compared with one of them, several at once. The first difference ends it all, and
    counts for more than a source that cannot be read; of several that cannot, the first in the list
    is raised. Fewer than two sources are the same.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        sources: Local paths, URLs or Sources, in any mixture.
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        size_precheck: Let two known, different sizes settle it without reading. Default `True`.
        quick_check: Compare samples at the start, the end, 25 %, 50 % and 75 % before everything,
            where both sides can seek; of URLs beside the stream, from 4 MiB on, where the server
            has ranges and `chunk_size` is at most 128 KiB. Default `True`.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread. Default `0`.
        max_decompressed_size: The most bytes that may come out of compression or of holes in each
            archive, or of what is `Decompressed`; what is stored as it is does not count. `None`:
            no limit. Default `1073741824`.
        max_compression_ratio: The most bytes that may come out of one compressed byte of each
            archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
            Default `200.0`.
        headers: URLs: request headers. Default `{}`.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves. Default `30.0`.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
            Default `True`.
        verify_ssl: URLs: demand a valid certificate. Default `True`.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says. Default `None`.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both. Default
            `None`.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`. Default `False`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
            Default `None`.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted. Default `None`.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called. Default
            `True`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.

    Raises:
        SourceNotFoundError: There is nothing there.
        SourcePermissionError: This process may not read it.
        SourceReadError: It is no file, cannot be read, or was changed while it was compared.
        ComparisonTimeoutError: comparison_timeout passed.
        ConfigError: A URL of a kind that is not supported.
        ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type; it is named, by its index.
    """

def compare_archive(
    path_a: SourceLike,
    path_b: SourceLike,
    *,
    chunk_size: int = 65536,
    ignore: Iterable[str] | None = None,
    only: Iterable[str] | None = None,
    one_way: bool = False,
    moves: bool = False,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    max_archive_entries: int | None = 100000,
    max_entry_name_length: int | None = 4096,
    max_archive_memory: int | None = 536870912,
    isolate: str = "auto",
    hash_compare: bool = False,
    ignore_zeros: bool = False,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    auth: tuple[str, str] | str | None = None,
    netrc: bool = False,
    ca_bundle: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = None,
    decode_content: bool = True,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    where: bool = False,
    context: int = 16,
    max_differences: int | None = None,
    on_error: str = "report",
    progress: ProgressCallback | None = None,
) -> DirResult:
    """Do two archives hold the same files, byte for byte?

    Any format and compression that libarchive reads, each side its own: zip against tar.gz, in any
    order of the entries. Entries are paired by name; a leading ./, double slashes and a slash at the
    end do not count. Symbolic links compare by their target, hard links by the content they name,
    sparse files by their full content; of several entries of one name the last counts; directories and
    devices do not. A name that is absolute or has a '..' part is matched with nothing: it is in the
    result's errors, and the result is not equal then. A single file that is compressed (.gz, .bz2, .xz,
    .zst, .lz4) is an archive of one entry, whose name is empty. Nothing is written to disk.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        path_a: An archive: a local path, a URL (http, https, file) or a Source. Formats with their
            index at the end, such as zip, take a server with Range requests.
        path_b: Another one.
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        ignore: Patterns with gitignore meaning, for entries to leave out on both sides; what is
            ignored is never read, nor fetched; in an archive it is unpacked past. Default `None`.
        only: Patterns with gitignore meaning: nothing else counts than files that match, and all
            that lies in a directory that matches. What `ignore` leaves out is left out all the
            same. Default `None`.
        one_way: Leave out what only the right side has: all that the left has must be there, too,
            and be the same. Default `False`.
        moves: Find files that moved: a path that only the left side has and one that only the right
            side has, with the same content. They are in `moved` then, and not among those that only
            one side has. Default `False`.
        max_decompressed_size: The most bytes that may come out of compression or of holes in each
            archive, or of what is `Decompressed`; what is stored as it is does not count. `None`:
            no limit. Default `1073741824`.
        max_compression_ratio: The most bytes that may come out of one compressed byte of each
            archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
            Default `200.0`.
        max_archive_entries: The most entries, of any kind, that each archive may have. `None`: no
            limit. Default `100000`.
        max_entry_name_length: The most bytes that an entry's name may have. `None`: no limit.
            Default `4096`.
        max_archive_memory: The most bytes of memory that the process of its own may take which
            reads an archive, see `isolate`. `None`: no limit. Default `536870912`.
        isolate: Which archives are read in a process of their own, which is killed where it does
            not stop and may crash without harm: `"auto"`, all but tar, plain zip, cpio and ar, also
            within gzip, bzip2, xz, zstd and lz4; `"always"`; `"never"`. Default `'auto'`.
        hash_compare: Compare entries by their BLAKE3-256 digests instead of byte by byte; the
            result is the same. Default `False`.
        ignore_zeros: Read a tar on behind its end, as tar's option of this name does: several tars,
            one after the other, are one. `False`: what follows the end has to be the same bytes.
            Default `False`.
        headers: URLs: request headers. Default `{}`.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves. Default `30.0`.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
            Default `True`.
        verify_ssl: URLs: demand a valid certificate. Default `True`.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says. Default `None`.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both. Default
            `None`.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`. Default `False`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
            Default `None`.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted. Default `None`.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called. Default
            `True`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        where: Find the first difference of every file that differs: its place is among the result's
            differences. All that lies before it is read then, though sizes or samples have shown
            that it differs. Default `False`.
        context: How many bytes a `Difference` shows of either side, from the first byte that
            differs on. At most 1 MiB. Default `16`.
        max_differences: Stop after so many findings; the result is then not complete, and never
            equal. `None`: find all. Default `None`.
        on_error: What becomes of an entry that cannot be compared: `"report"`, it is listed with
            the reason; `"raise"`, the first such error ends the call and is raised. Default
            `'report'`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.

    Returns:
        A DirResult; it is true if every entry of both sides was compared and found identical.

    Raises:
        ArchiveError: One of the two is encrypted, damaged, cut short, or no archive.
        ArchiveBombError: One of the two passes a limit.
        SourceNotFoundError: There is nothing there.
        SourcePermissionError: This process may not read it.
        SourceReadError: It cannot be read, or was changed while it was compared.
        ComparisonTimeoutError: comparison_timeout passed.
        ConfigError: A URL of a kind that is not supported.
        ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type.
    """

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
    only: Iterable[str] | None = None,
    one_way: bool = False,
    ignore_case: bool = False,
    moves: bool = False,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    where: bool = False,
    context: int = 16,
    max_differences: int | None = None,
    on_error: str = "report",
    progress: ProgressCallback | None = None,
) -> DirResult:
    """Do two directories hold the same files, byte for byte?

    Files are paired by their path below either directory, and compared in parallel. Only files are
    entries (and links, with follow_symlinks=False): an empty directory is none. Pipes, sockets and
    devices are never opened, two of one kind count as equal. What cannot be compared is in the
    result's errors, and the result is not equal then.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        dir_a: A directory: a local path, a file:// URL or a Source.
        dir_b: Another one.
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        size_precheck: Let two known, different sizes settle it without reading. Default `True`.
        quick_check: Compare samples at the start, the end, 25 %, 50 % and 75 % before everything,
            where both sides can seek; of URLs beside the stream, from 4 MiB on, where the server
            has ranges and `chunk_size` is at most 128 KiB. Default `True`.
        follow_symlinks: Follow links, and cut a loop where it closes. `False`: compare a link by
            its target text. Default `True`.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread. Default `0`.
        ignore: Patterns with gitignore meaning, for entries to leave out on both sides; what is
            ignored is never read, nor fetched; in an archive it is unpacked past. Default `None`.
        only: Patterns with gitignore meaning: nothing else counts than files that match, and all
            that lies in a directory that matches. What `ignore` leaves out is left out all the
            same. Default `None`.
        one_way: Leave out what only the right side has: all that the left has must be there, too,
            and be the same. Default `False`.
        ignore_case: Pair names that differ only in case, by Unicode's simple case folding. Two
            names of one side that are the same then are errors. Not for archives: that is an error.
            Default `False`.
        moves: Find files that moved: a path that only the left side has and one that only the right
            side has, with the same content. They are in `moved` then, and not among those that only
            one side has. Default `False`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        where: Find the first difference of every file that differs: its place is among the result's
            differences. All that lies before it is read then, though sizes or samples have shown
            that it differs. Default `False`.
        context: How many bytes a `Difference` shows of either side, from the first byte that
            differs on. At most 1 MiB. Default `16`.
        max_differences: Stop after so many findings; the result is then not complete, and never
            equal. `None`: find all. Default `None`.
        on_error: What becomes of an entry that cannot be compared: `"report"`, it is listed with
            the reason; `"raise"`, the first such error ends the call and is raised. Default
            `'report'`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.

    Returns:
        A DirResult; it is true if every entry of both sides was compared and found identical.

    Raises:
        SourceNotFoundError: There is nothing where a directory should be.
        SourcePermissionError: This process may not read one of the two directories themselves.
        SourceReadError: One of the two is no directory, or cannot be read.
        ComparisonTimeoutError: comparison_timeout passed.
        ConfigError: A URL.
        ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type.
    """

def compare_dir_urls(
    dir_path: SourceLike,
    url_map: Mapping[_Path, SourceLike],
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    max_workers: int = 0,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    auth: tuple[str, str] | str | None = None,
    netrc: bool = False,
    ca_bundle: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = None,
    decode_content: bool = True,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    ignore: Iterable[str] | None = None,
    only: Iterable[str] | None = None,
    one_way: bool = False,
    ignore_case: bool = False,
    moves: bool = False,
    where: bool = False,
    context: int = 16,
    max_differences: int | None = None,
    on_error: str = "report",
    progress: ProgressCallback | None = None,
) -> DirResult:
    """Does a directory hold what is at these URLs, byte for byte?

    Files are paired by their path below the directory, and fetched in parallel over connections that
    are used again. What cannot be fetched is a READ_ERROR under its path, with the reason in
    messages, and the result is not equal then.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        dir_path: A directory: a local path, a file:// URL or a Source. It is the left side.
        url_map: Relative paths, and the URL or Source that each of them is to be compared with. It
            is the right side. "./a//b/" is the same path as "a/b".
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        size_precheck: Let two known, different sizes settle it without reading. Default `True`.
        quick_check: Compare samples at the start, the end, 25 %, 50 % and 75 % before everything,
            where both sides can seek; of URLs beside the stream, from 4 MiB on, where the server
            has ranges and `chunk_size` is at most 128 KiB. Default `True`.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread. Default `0`.
        max_decompressed_size: The most bytes that may come out of compression or of holes in each
            archive, or of what is `Decompressed`; what is stored as it is does not count. `None`:
            no limit. Default `1073741824`.
        max_compression_ratio: The most bytes that may come out of one compressed byte of each
            archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
            Default `200.0`.
        headers: URLs: request headers. Default `{}`.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves. Default `30.0`.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
            Default `True`.
        verify_ssl: URLs: demand a valid certificate. Default `True`.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says. Default `None`.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both. Default
            `None`.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`. Default `False`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
            Default `None`.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted. Default `None`.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called. Default
            `True`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        ignore: Patterns with gitignore meaning, for entries to leave out on both sides; what is
            ignored is never read, nor fetched; in an archive it is unpacked past. Default `None`.
        only: Patterns with gitignore meaning: nothing else counts than files that match, and all
            that lies in a directory that matches. What `ignore` leaves out is left out all the
            same. Default `None`.
        one_way: Leave out what only the right side has: all that the left has must be there, too,
            and be the same. Default `False`.
        ignore_case: Pair names that differ only in case, by Unicode's simple case folding. Two
            names of one side that are the same then are errors. Not for archives: that is an error.
            Default `False`.
        moves: Find files that moved: a path that only the left side has and one that only the right
            side has, with the same content. They are in `moved` then, and not among those that only
            one side has. Default `False`.
        where: Find the first difference of every file that differs: its place is among the result's
            differences. All that lies before it is read then, though sizes or samples have shown
            that it differs. Default `False`.
        context: How many bytes a `Difference` shows of either side, from the first byte that
            differs on. At most 1 MiB. Default `16`.
        max_differences: Stop after so many findings; the result is then not complete, and never
            equal. `None`: find all. Default `None`.
        on_error: What becomes of an entry that cannot be compared: `"report"`, it is listed with
            the reason; `"raise"`, the first such error ends the call and is raised. Default
            `'report'`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.

    Returns:
        A DirResult; it is true if every entry of both sides was compared and found identical.

    Raises:
        SourceNotFoundError: There is nothing where the directory should be.
        SourcePermissionError: This process may not read the directory itself.
        SourceReadError: It is no directory, or cannot be read.
        ComparisonTimeoutError: comparison_timeout passed.
        ConfigError: A URL of a kind that is not supported, or one in place of the directory.
        ValueError: An argument that cannot be, such as a path in url_map that is absolute or has a
            ".." part. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type; in url_map it is named by its path.
    """

def compare_many(
    sources: Iterable[SourceLike],
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    max_workers: int = 0,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    auth: tuple[str, str] | str | None = None,
    netrc: bool = False,
    ca_bundle: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = None,
    decode_content: bool = True,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    progress: ProgressCallback | None = None,
) -> CompareResult:
    """Which of these sources are the same, byte for byte?

    Each is read at most once, however many there are, and those of a size that no other has are
    not read at all. Names of one file, links among them, count as one source, and so does a source that is given twice.
    Here quick_check is of no use: a sample would be read twice.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        sources: Local paths, URLs or Sources, in any mixture. All URLs are fetched at the same
            time.
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        size_precheck: Let two known, different sizes settle it without reading. Default `True`.
        quick_check: Compare samples at the start, the end, 25 %, 50 % and 75 % before everything,
            where both sides can seek; of URLs beside the stream, from 4 MiB on, where the server
            has ranges and `chunk_size` is at most 128 KiB. Default `True`.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread. Default `0`.
        max_decompressed_size: The most bytes that may come out of compression or of holes in each
            archive, or of what is `Decompressed`; what is stored as it is does not count. `None`:
            no limit. Default `1073741824`.
        max_compression_ratio: The most bytes that may come out of one compressed byte of each
            archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
            Default `200.0`.
        headers: URLs: request headers. Default `{}`.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves. Default `30.0`.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
            Default `True`.
        verify_ssl: URLs: demand a valid certificate. Default `True`.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says. Default `None`.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both. Default
            `None`.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`. Default `False`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
            Default `None`.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted. Default `None`.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called. Default
            `True`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.

    Returns:
        A CompareResult; it is true if all sources are identical.

    Raises:
        SourceNotFoundError: There is nothing there. Of several failures, the first in the list is raised.
        SourcePermissionError: This process may not read it.
        SourceReadError: It is no file, cannot be read, or was changed while it was compared.
        ComparisonTimeoutError: comparison_timeout passed.
        ConfigError: A URL of a kind that is not supported.
        ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type; it is named, by its index.
    """

def compare_trees(
    left: SourceLike | Mapping[_Path, SourceLike] | Directory | Archive | Manifest | Store,
    right: SourceLike | Mapping[_Path, SourceLike] | Directory | Archive | Manifest | Store,
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    follow_symlinks: bool = True,
    max_workers: int = 0,
    ignore: Iterable[str] | None = None,
    only: Iterable[str] | None = None,
    one_way: bool = False,
    ignore_case: bool = False,
    moves: bool = False,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    max_archive_entries: int | None = 100000,
    max_entry_name_length: int | None = 4096,
    max_archive_memory: int | None = 536870912,
    isolate: str = "auto",
    hash_compare: bool = False,
    ignore_zeros: bool = False,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    auth: tuple[str, str] | str | None = None,
    netrc: bool = False,
    ca_bundle: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = None,
    decode_content: bool = True,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    where: bool = False,
    context: int = 16,
    max_differences: int | None = None,
    on_error: str = "report",
    progress: ProgressCallback | None = None,
) -> DirResult:
    """Do two trees hold the same files, byte for byte? Each is a directory, an archive, a map of sources, a manifest or a store.

    A path that is a directory is that directory; any other path, and a URL, is an archive. Two trees of
    one kind are compared as `compare_dir` and `compare_archive` compare them, a directory and a map as
    `compare_dir_urls` does. Of an archive and another tree, the archive is read once, and each file is
    compared with the one at its path while it passes. With follow_symlinks=False links compare by their
    targets; else a link in an archive is what the archive has under its target. A link that leads out
    of the archive is in the result's errors, unless the other tree has the same link to nowhere. What a
    Manifest lists is compared by its digests: each file is read once, whatever digests it has there.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        left: A directory, or an archive: a local path, a URL or a Source; a mapping of relative
            paths to sources; a Directory, an Archive or a Manifest; or a Store, or a text such as
            s3://bucket/prefix/.
        right: What it is compared with, of any of these kinds.
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        size_precheck: Let two known, different sizes settle it without reading. Default `True`.
        quick_check: Compare samples at the start, the end, 25 %, 50 % and 75 % before everything,
            where both sides can seek; of URLs beside the stream, from 4 MiB on, where the server
            has ranges and `chunk_size` is at most 128 KiB. Default `True`.
        follow_symlinks: Follow links, and cut a loop where it closes. `False`: compare a link by
            its target text. Default `True`.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread. Default `0`.
        ignore: Patterns with gitignore meaning, for entries to leave out on both sides; what is
            ignored is never read, nor fetched; in an archive it is unpacked past. Default `None`.
        only: Patterns with gitignore meaning: nothing else counts than files that match, and all
            that lies in a directory that matches. What `ignore` leaves out is left out all the
            same. Default `None`.
        one_way: Leave out what only the right side has: all that the left has must be there, too,
            and be the same. Default `False`.
        ignore_case: Pair names that differ only in case, by Unicode's simple case folding. Two
            names of one side that are the same then are errors. Not for archives: that is an error.
            Default `False`.
        moves: Find files that moved: a path that only the left side has and one that only the right
            side has, with the same content. They are in `moved` then, and not among those that only
            one side has. Default `False`.
        max_decompressed_size: The most bytes that may come out of compression or of holes in each
            archive, or of what is `Decompressed`; what is stored as it is does not count. `None`:
            no limit. Default `1073741824`.
        max_compression_ratio: The most bytes that may come out of one compressed byte of each
            archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
            Default `200.0`.
        max_archive_entries: The most entries, of any kind, that each archive may have. `None`: no
            limit. Default `100000`.
        max_entry_name_length: The most bytes that an entry's name may have. `None`: no limit.
            Default `4096`.
        max_archive_memory: The most bytes of memory that the process of its own may take which
            reads an archive, see `isolate`. `None`: no limit. Default `536870912`.
        isolate: Which archives are read in a process of their own, which is killed where it does
            not stop and may crash without harm: `"auto"`, all but tar, plain zip, cpio and ar, also
            within gzip, bzip2, xz, zstd and lz4; `"always"`; `"never"`. Default `'auto'`.
        hash_compare: Compare entries by their BLAKE3-256 digests instead of byte by byte; the
            result is the same. Default `False`.
        ignore_zeros: Read a tar on behind its end, as tar's option of this name does: several tars,
            one after the other, are one. `False`: what follows the end has to be the same bytes.
            Default `False`.
        headers: URLs: request headers. Default `{}`.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves. Default `30.0`.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
            Default `True`.
        verify_ssl: URLs: demand a valid certificate. Default `True`.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says. Default `None`.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both. Default
            `None`.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`. Default `False`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
            Default `None`.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted. Default `None`.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called. Default
            `True`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        where: Find the first difference of every file that differs: its place is among the result's
            differences. All that lies before it is read then, though sizes or samples have shown
            that it differs. Default `False`.
        context: How many bytes a `Difference` shows of either side, from the first byte that
            differs on. At most 1 MiB. Default `16`.
        max_differences: Stop after so many findings; the result is then not complete, and never
            equal. `None`: find all. Default `None`.
        on_error: What becomes of an entry that cannot be compared: `"report"`, it is listed with
            the reason; `"raise"`, the first such error ends the call and is raised. Default
            `'report'`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.

    Returns:
        A DirResult; it is true if every entry of both sides was compared and found identical.

    Raises:
        ArchiveError: An archive is encrypted, damaged, cut short, or none.
        ArchiveBombError: An archive passes a limit.
        ManifestError: A line of a manifest is malformed, or contradicts another one.
        SourceNotFoundError: There is nothing there.
        SourcePermissionError: This process may not read it.
        SourceReadError: It cannot be read, or was changed while it was compared.
        ComparisonTimeoutError: comparison_timeout passed.
        ConfigError: A URL of a kind that is not supported; a store whose library is not installed.
        ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type.
    """

def first_difference(
    source_a: SourceLike,
    source_b: SourceLike,
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    max_workers: int = 0,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    auth: tuple[str, str] | str | None = None,
    netrc: bool = False,
    ca_bundle: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = None,
    decode_content: bool = True,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    context: int = 16,
    progress: ProgressCallback | None = None,
) -> Difference | None:
    """Where do two files or URLs differ first? None if they are the same, byte for byte.

    All that lies before the place has been compared: what a sample or another thread finds sooner further
    on does not count, so size_precheck and quick_check decide nothing here. Two files that are the same
    cost what `compare` costs; of others, what lies before the place is read, the first of them twice.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        source_a: A local path, a URL (http, https, file) or a Source.
        source_b: Another one.
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        size_precheck: Let two known, different sizes settle it without reading. Default `True`.
        quick_check: Compare samples at the start, the end, 25 %, 50 % and 75 % before everything,
            where both sides can seek; of URLs beside the stream, from 4 MiB on, where the server
            has ranges and `chunk_size` is at most 128 KiB. Default `True`.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread. Default `0`.
        max_decompressed_size: The most bytes that may come out of compression or of holes in each
            archive, or of what is `Decompressed`; what is stored as it is does not count. `None`:
            no limit. Default `1073741824`.
        max_compression_ratio: The most bytes that may come out of one compressed byte of each
            archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
            Default `200.0`.
        headers: URLs: request headers. Default `{}`.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves. Default `30.0`.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
            Default `True`.
        verify_ssl: URLs: demand a valid certificate. Default `True`.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says. Default `None`.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both. Default
            `None`.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`. Default `False`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
            Default `None`.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted. Default `None`.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called. Default
            `True`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        context: How many bytes a `Difference` shows of either side, from the first byte that
            differs on. At most 1 MiB. Default `16`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.

    Returns:
        A Difference: the offset of the first byte that differs, its line, and bytes of both from there on.

    Raises:
        SourceNotFoundError: There is nothing there.
        SourcePermissionError: This process may not read it.
        SourceReadError: It is no file, cannot be read, or was changed while it was compared.
        ComparisonTimeoutError: comparison_timeout passed.
        ConfigError: A URL of a kind that is not supported, or that is malformed.
        ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type.
    """

def iter_trees(
    left: SourceLike | Mapping[_Path, SourceLike] | Directory | Archive | Manifest | Store,
    right: SourceLike | Mapping[_Path, SourceLike] | Directory | Archive | Manifest | Store,
    *,
    chunk_size: int = 65536,
    size_precheck: bool = True,
    quick_check: bool = True,
    follow_symlinks: bool = True,
    max_workers: int = 0,
    ignore: Iterable[str] | None = None,
    only: Iterable[str] | None = None,
    one_way: bool = False,
    ignore_case: bool = False,
    moves: bool = False,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    max_archive_entries: int | None = 100000,
    max_entry_name_length: int | None = 4096,
    max_archive_memory: int | None = 536870912,
    isolate: str = "auto",
    hash_compare: bool = False,
    ignore_zeros: bool = False,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    auth: tuple[str, str] | str | None = None,
    netrc: bool = False,
    ca_bundle: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = None,
    decode_content: bool = True,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    where: bool = False,
    context: int = 16,
    max_differences: int | None = None,
    on_error: str = "report",
    progress: ProgressCallback | None = None,
    equal: bool = False,
) -> TreeRun:
    """Compare two trees, and give what is found as it is found.

    The two are compared as `compare_trees` would, by threads of komparu's own; options that are about
    another kind of tree count for nothing. What is found waits in a bounded queue, so a consumer that is
    slow makes the comparison wait. Where one is an archive, everything is found when all its entries have
    passed.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        left: A directory, or an archive: a local path, a URL or a Source; a mapping of relative
            paths to sources; a Directory, an Archive or a Manifest; or a Store, or a text such as
            s3://bucket/prefix/.
        right: What it is compared with, of any of these kinds.
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        size_precheck: Let two known, different sizes settle it without reading. Default `True`.
        quick_check: Compare samples at the start, the end, 25 %, 50 % and 75 % before everything,
            where both sides can seek; of URLs beside the stream, from 4 MiB on, where the server
            has ranges and `chunk_size` is at most 128 KiB. Default `True`.
        follow_symlinks: Follow links, and cut a loop where it closes. `False`: compare a link by
            its target text. Default `True`.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread. Default `0`.
        ignore: Patterns with gitignore meaning, for entries to leave out on both sides; what is
            ignored is never read, nor fetched; in an archive it is unpacked past. Default `None`.
        only: Patterns with gitignore meaning: nothing else counts than files that match, and all
            that lies in a directory that matches. What `ignore` leaves out is left out all the
            same. Default `None`.
        one_way: Leave out what only the right side has: all that the left has must be there, too,
            and be the same. Default `False`.
        ignore_case: Pair names that differ only in case, by Unicode's simple case folding. Two
            names of one side that are the same then are errors. Not for archives: that is an error.
            Default `False`.
        moves: Find files that moved: a path that only the left side has and one that only the right
            side has, with the same content. They are in `moved` then, and not among those that only
            one side has. Default `False`.
        max_decompressed_size: The most bytes that may come out of compression or of holes in each
            archive, or of what is `Decompressed`; what is stored as it is does not count. `None`:
            no limit. Default `1073741824`.
        max_compression_ratio: The most bytes that may come out of one compressed byte of each
            archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
            Default `200.0`.
        max_archive_entries: The most entries, of any kind, that each archive may have. `None`: no
            limit. Default `100000`.
        max_entry_name_length: The most bytes that an entry's name may have. `None`: no limit.
            Default `4096`.
        max_archive_memory: The most bytes of memory that the process of its own may take which
            reads an archive, see `isolate`. `None`: no limit. Default `536870912`.
        isolate: Which archives are read in a process of their own, which is killed where it does
            not stop and may crash without harm: `"auto"`, all but tar, plain zip, cpio and ar, also
            within gzip, bzip2, xz, zstd and lz4; `"always"`; `"never"`. Default `'auto'`.
        hash_compare: Compare entries by their BLAKE3-256 digests instead of byte by byte; the
            result is the same. Default `False`.
        ignore_zeros: Read a tar on behind its end, as tar's option of this name does: several tars,
            one after the other, are one. `False`: what follows the end has to be the same bytes.
            Default `False`.
        headers: URLs: request headers. Default `{}`.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves. Default `30.0`.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
            Default `True`.
        verify_ssl: URLs: demand a valid certificate. Default `True`.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says. Default `None`.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both. Default
            `None`.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`. Default `False`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
            Default `None`.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted. Default `None`.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called. Default
            `True`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        where: Find the first difference of every file that differs: its place is among the result's
            differences. All that lies before it is read then, though sizes or samples have shown
            that it differs. Default `False`.
        context: How many bytes a `Difference` shows of either side, from the first byte that
            differs on. At most 1 MiB. Default `16`.
        max_differences: Stop after so many findings; the result is then not complete, and never
            equal. `None`: find all. Default `None`.
        on_error: What becomes of an entry that cannot be compared: `"report"`, it is listed with
            the reason; `"raise"`, the first such error ends the call and is raised. Default
            `'report'`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.
        equal: Give a finding for each path that is identical, too. Default `False`.

    Returns:
        A TreeRun: iterate it for a Finding at a time. Use it in a `with` block, whose end stops what is left.

    Raises:
        ConfigError: A URL of a kind that is not supported.
        ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type.
    """

def write_manifest(
    tree: SourceLike | Mapping[_Path, SourceLike] | Directory | Archive | Manifest | Store,
    file: str | bytes | PathLike[str] | PathLike[bytes],
    *,
    chunk_size: int = 65536,
    follow_symlinks: bool = True,
    max_workers: int = 0,
    ignore: Iterable[str] | None = None,
    only: Iterable[str] | None = None,
    max_decompressed_size: int | None = 1073741824,
    max_compression_ratio: float | None = 200.0,
    max_archive_entries: int | None = 100000,
    max_entry_name_length: int | None = 4096,
    max_archive_memory: int | None = 536870912,
    isolate: str = "auto",
    ignore_zeros: bool = False,
    headers: Mapping[str, str] | None = {},
    timeout: float = 30.0,
    follow_redirects: bool = True,
    verify_ssl: bool = True,
    proxy: str | None = None,
    auth: tuple[str, str] | str | None = None,
    netrc: bool = False,
    ca_bundle: str | PathLike[str] | None = None,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = None,
    decode_content: bool = True,
    comparison_timeout: float | None = None,
    retries: int = 0,
    retry_delay: float = 1.0,
    read_holes: bool = False,
    detect_changes: str = "ctime",
    algorithm: str = "sha256",
    format: str = "gnu",
    progress: ProgressCallback | None = None,
) -> int:
    """Write down the files of a tree with their digests, as `sha256sum` does, sorted by name.

    Several files are read at a time; the entries of an archive are digested as they are unpacked. Links are
    what they lead to. What cannot be read or listed ends the call, and no manifest is written: it would be
    one of another tree. So does a pipe, a socket or a device. The manifest itself is not listed, if it lies
    in the tree.

    Options that are not given have their configured value; the signature shows the one that they
    have where nothing was configured.

    Args:
        tree: A directory, or an archive: a local path, a URL or a Source; a mapping of relative
            paths to sources; a Directory or an Archive; a Store, or a text such as
            s3://bucket/prefix/; or a Manifest, to be written in another format.
        file: Where the manifest is written to: a local path. A file is replaced when all has been
            written; what is no file, such as /dev/stdout, is written to as it is.
        chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
            also the size of one sample. 1 to 1 GiB. Default `65536`.
        follow_symlinks: Follow links, and cut a loop where it closes. `False`: compare a link by
            its target text. Default `True`.
        max_workers: Threads within one call, at most 256. 0: as many as pay off, which are the CPUs
            that this process may use, at most 8, and 16 transfers at once in `compare_all` and
            `compare_dir_urls`; 1: one comparison after another, by the calling thread. Default `0`.
        ignore: Patterns with gitignore meaning, for entries to leave out on both sides; what is
            ignored is never read, nor fetched; in an archive it is unpacked past. Default `None`.
        only: Patterns with gitignore meaning: nothing else counts than files that match, and all
            that lies in a directory that matches. What `ignore` leaves out is left out all the
            same. Default `None`.
        max_decompressed_size: The most bytes that may come out of compression or of holes in each
            archive, or of what is `Decompressed`; what is stored as it is does not count. `None`:
            no limit. Default `1073741824`.
        max_compression_ratio: The most bytes that may come out of one compressed byte of each
            archive, or of what is `Decompressed`, once 8 MiB have come out. `None`: no limit.
            Default `200.0`.
        max_archive_entries: The most entries, of any kind, that each archive may have. `None`: no
            limit. Default `100000`.
        max_entry_name_length: The most bytes that an entry's name may have. `None`: no limit.
            Default `4096`.
        max_archive_memory: The most bytes of memory that the process of its own may take which
            reads an archive, see `isolate`. `None`: no limit. Default `536870912`.
        isolate: Which archives are read in a process of their own, which is killed where it does
            not stop and may crash without harm: `"auto"`, all but tar, plain zip, cpio and ar, also
            within gzip, bzip2, xz, zstd and lz4; `"always"`; `"never"`. Default `'auto'`.
        ignore_zeros: Read a tar on behind its end, as tar's option of this name does: several tars,
            one after the other, are one. `False`: what follows the end has to be the same bytes.
            Default `False`.
        headers: URLs: request headers. Default `{}`.
        timeout: URLs: seconds to connect, and without a byte arriving; never a limit on a transfer
            that moves. Default `30.0`.
        follow_redirects: URLs: follow at most ten redirects. `False`: a redirect is an error.
            Default `True`.
        verify_ssl: URLs: demand a valid certificate. Default `True`.
        proxy: URLs: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment
            says. Default `None`.
        auth: URLs: who asks: a user with a password, sent as Basic at once and as Digest where the
            server asks for that, or a bearer token. Sent to the URL's own origin only. User and
            password in a URL go before it, and a header `Authorization` before both. Default
            `None`.
        netrc: URLs: where nothing else says who asks: take user and password of the host from the
            file that `NETRC` names, or from `~/.netrc`. Default `False`.
        ca_bundle: URLs: the only authorities whose certificates count: a file in PEM, or a
            directory as `openssl rehash` makes it. `None`: those of the environment or the system.
            Default `None`.
        client_cert: URLs: the certificate to show to the URL's own origin: a file in PEM with its
            key, or the files of both. The key cannot be encrypted. Default `None`.
        decode_content: URLs: undo a content coding that a server applied although it was asked not
            to. `False`: compare the bytes as they are sent, whatever the coding is called. Default
            `True`.
        comparison_timeout: Seconds of wall clock for the whole call. `None`: no limit. Default
            `None`.
        retries: How many times what is likely to pass is tried again, for each content: a transfer
            that breaks off (it goes on where it was, if the server can say that the content is the
            same), no connection, no data, the statuses 408, 429, 500, 502, 503 and 504; a file that
            changed while it was compared, and `EIO`, `ESTALE` and `EAGAIN`. Default `0`.
        retry_delay: Seconds before the first of `retries`, doubled for each further one up to a
            minute. A server may say with `Retry-After` how long it wants, of which a minute is
            waited at most. Default `1.0`.
        read_holes: Read the holes of sparse files, too. `False`: a hole whose first and last block
            read as zeros is taken for one. Default `False`.
        detect_changes: What shows that a file changed while it was compared: `"ctime"` (anything
            that was done to it), `"mtime"` (only its size, date and identity) or `"size"`. Where
            only its ctime moved, as when it is linked, renamed or given other rights, the pair is
            compared once more before that is an error. Default `'ctime'`.
        algorithm: The algorithm of the digests: sha256, sha512, sha384, sha224, sha1, md5, blake2b
            or blake3. Default `"sha256"`.
        format: "gnu", as sha256sum, md5sum and b3sum write it; "bsd", which names the algorithm in
            each line; "hashdeep"; or "record", a wheel's RECORD. Default `"gnu"`.
        progress: Called with a Progress, at most 20 times a second and once at the end: in the
            caller's own thread, or by the event loop. What it raises ends the call. Default `None`.

    Returns:
        How many files are listed.

    Raises:
        ArchiveError: An archive is encrypted, damaged, cut short, or none; or not all of it is known.
        ArchiveBombError: An archive passes a limit.
        ManifestError: A line of a manifest is malformed, or contradicts another one.
        SourceNotFoundError: There is nothing there.
        SourcePermissionError: This process may not read a file, or not write the manifest.
        SourceReadError: A file cannot be read, was changed while it was read, or cannot be listed.
        ComparisonTimeoutError: comparison_timeout passed.
        ConfigError: A URL of a kind that is not supported.
        ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
        TypeError: An argument of a wrong type.
    """

def configure(
    *,
    chunk_size: int = ...,
    size_precheck: bool = ...,
    quick_check: bool = ...,
    follow_symlinks: bool = ...,
    max_workers: int = ...,
    ignore: Iterable[str] | None = ...,
    only: Iterable[str] | None = ...,
    one_way: bool = ...,
    ignore_case: bool = ...,
    moves: bool = ...,
    max_decompressed_size: int | None = ...,
    max_compression_ratio: float | None = ...,
    max_archive_entries: int | None = ...,
    max_entry_name_length: int | None = ...,
    max_archive_memory: int | None = ...,
    isolate: str = ...,
    hash_compare: bool = ...,
    ignore_zeros: bool = ...,
    headers: Mapping[str, str] | None = ...,
    timeout: float = ...,
    follow_redirects: bool = ...,
    verify_ssl: bool = ...,
    proxy: str | None = ...,
    auth: tuple[str, str] | str | None = ...,
    netrc: bool = ...,
    ca_bundle: str | PathLike[str] | None = ...,
    client_cert: str | PathLike[str] | tuple[str | PathLike[str], ...] | None = ...,
    allow_private_redirects: bool = ...,
    block_private: bool = ...,
    decode_content: bool = ...,
    comparison_timeout: float | None = ...,
    retries: int = ...,
    retry_delay: float = ...,
    read_holes: bool = ...,
    detect_changes: str = ...,
    where: bool = ...,
    context: int = ...,
    max_differences: int | None = ...,
    on_error: str = ...,
) -> None:
    """Set options for every later call that does not set them itself.

    All of them are checked first, then all are set, or none; what is not given stays as it is. Safe
    from many threads. What each option means stands with KomparuConfig.

    Raises:
        ConfigError: An unknown name, or a value that cannot be.
        TypeError: A wrong type.
    """

def get_config() -> KomparuConfig:
    """The options that hold where a call does not set them: a frozen snapshot."""

def reset_config() -> None:
    """Restore every option's default."""

def compare_job(*given: object, **options: object) -> Job: ...
def compare_job_with(*given: object, **options: object) -> Job: ...
def compare_with(*given: object, **options: object) -> bool: ...
def compare_all_job(*given: object, **options: object) -> Job: ...
def compare_all_job_with(*given: object, **options: object) -> Job: ...
def compare_all_with(*given: object, **options: object) -> bool: ...
def compare_archive_job(*given: object, **options: object) -> Job: ...
def compare_archive_job_with(*given: object, **options: object) -> Job: ...
def compare_archive_with(*given: object, **options: object) -> DirResult: ...
def compare_dir_job(*given: object, **options: object) -> Job: ...
def compare_dir_job_with(*given: object, **options: object) -> Job: ...
def compare_dir_with(*given: object, **options: object) -> DirResult: ...
def compare_dir_urls_job(*given: object, **options: object) -> Job: ...
def compare_dir_urls_job_with(*given: object, **options: object) -> Job: ...
def compare_dir_urls_with(*given: object, **options: object) -> DirResult: ...
def compare_many_job(*given: object, **options: object) -> Job: ...
def compare_many_job_with(*given: object, **options: object) -> Job: ...
def compare_many_with(*given: object, **options: object) -> CompareResult: ...
def compare_trees_job(*given: object, **options: object) -> Job: ...
def compare_trees_job_with(*given: object, **options: object) -> Job: ...
def compare_trees_with(*given: object, **options: object) -> DirResult: ...
def first_difference_job(*given: object, **options: object) -> Job: ...
def first_difference_job_with(*given: object, **options: object) -> Job: ...
def first_difference_with(*given: object, **options: object) -> Difference | None: ...
def iter_trees_with(*given: object, **options: object) -> TreeRun: ...
def write_manifest_job(*given: object, **options: object) -> Job: ...
def write_manifest_job_with(*given: object, **options: object) -> Job: ...
def write_manifest_with(*given: object, **options: object) -> int: ...
