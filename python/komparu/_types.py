"""What goes in and what comes out: sources and results."""

import os
from _collections_abc import Iterable, Mapping
from enum import Enum

from komparu import _core, _stores
from komparu._report import as_dict, as_page, as_table, as_text, bounded, merged, summarized
from komparu._shown import shown

# Type checkers take this as true, and editors as possible.
TYPE_CHECKING = __name__ == "typing"
if TYPE_CHECKING:
    from dataclasses import dataclass, field
    from typing import TypeAlias
else:
    from komparu._records import dataclass, field

__all__ = [
    "Archive",
    "CompareResult",
    "Content",
    "Decompressed",
    "DiffReason",
    "Difference",
    "DirResult",
    "Directory",
    "Finding",
    "Manifest",
    "Progress",
    "Proof",
    "Source",
    "SourceLike",
    "Store",
    "Summary",
    "Verdict",
]


if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap
    from typing import Literal, Protocol

    class BinaryFile(Protocol):
        """A file object that is open for reading in binary mode."""

        def read(self, size: int, /) -> bytes | bytearray | memoryview | None:
            """Read up to so many bytes."""

    class Opens(Protocol):
        """What opens a binary file object: `UPath`, `zipfile.Path`, `importlib.resources` files."""

        def open(self, mode: Literal["rb"], /) -> BinaryFile:
            """Open it for reading."""

else:

    class _Readable:
        """What can be read in Python: at run time, what has these methods."""

        _methods = ()

        @classmethod
        def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> object:
            """Have pydantic accept what has one of the methods."""
            from pydantic_core import core_schema  # noqa: PLC0415  # loaded by pydantic

            def check(value: object) -> object:
                if any(callable(getattr(value, name, None)) for name in cls._methods):
                    return value
                message = f"has no {' or '.join(cls._methods)}"
                raise ValueError(message)

            return core_schema.no_info_plain_validator_function(check)

        @classmethod
        def __get_pydantic_json_schema__(cls, _source: object, _handler: object) -> object:
            """Describe it for FastAPI's pages: JSON has no files, so nothing fits."""
            return {"not": {}}

    class BinaryFile(_Readable):
        """A file object that is open for reading in binary mode."""

        _methods = ("read", "readinto")

    class Opens(_Readable):
        """What opens a binary file object: `UPath`, `zipfile.Path`, `importlib.resources` files."""

        _methods = ("open",)


@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """A source with settings of its own. What is None is not set here.

    Each side of a comparison uses its own settings: what one source sets never reaches the other
    side's host. For a local path the HTTP settings are ignored. Its repr masks user and password of
    a URL, auth, and what headers say.

    Attributes:
        url: A URL or a local path.
        headers: Request headers.
        timeout: Seconds to connect, and without a byte arriving; never a limit on a transfer that
            moves.
        follow_redirects: Follow at most ten redirects. `False`: a redirect is an error.
        verify_ssl: Demand a valid certificate.
        proxy: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment says.
        auth: Who asks: a user with a password, sent as Basic at once and as Digest where the server
            asks for that, or a bearer token. Sent to the URL's own origin only. User and password
            in a URL go before it, and a header `Authorization` before both.
        netrc: Where nothing else says who asks: take user and password of the host from the file
            that `NETRC` names, or from `~/.netrc`.
        ca_bundle: The only authorities whose certificates count: a file in PEM, or a directory as
            `openssl rehash` makes it. `None`: those of the environment or the system.
        client_cert: The certificate to show to the URL's own origin: a file in PEM with its key, or
            the files of both. The key cannot be encrypted.

    Raises:
        ValueError: A setting has a value that it cannot have, or the url is empty.
        TypeError: A setting has a wrong type.

    """

    url: str | bytes | os.PathLike[str] | os.PathLike[bytes]
    headers: Mapping[str, str] | None = field(default=None, hash=False)
    timeout: float | None = None
    follow_redirects: bool | None = None
    verify_ssl: bool | None = None
    proxy: str | None = None
    auth: tuple[str, str] | str | None = None
    netrc: bool | None = None
    ca_bundle: str | os.PathLike[str] | None = None
    client_cert: str | os.PathLike[str] | tuple[str | os.PathLike[str], ...] | None = None

    def __post_init__(self) -> None:
        """Check every setting."""
        _core.check_source(self)

    def __repr__(self) -> str:
        """Show what is set, secrets masked."""
        return shown(self, unset=False)


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """Bytes in memory, or what can be read in Python, as a source.

    Attributes:
        data: Bytes: `bytes`, or anything that has bytes as they do, which are copied when a call
            begins. Or a binary file object, which is read once, from where it stands to its end,
            and is not closed. Or what opens one anew each time: a callable, or an object with
            `open("rb")`; what it opens is closed.
        name: What messages and results call it. `None`: how many bytes there are, or a name that
            the file has, or what it is.

    Raises:
        TypeError: The data are nothing that can be read, a file in text mode is not, and the name
            must be a text.
        ValueError: The file is closed, or not open for reading.

    """

    if TYPE_CHECKING:
        data: bytes | bytearray | memoryview | mmap | BinaryFile | Opens | Callable[[], BinaryFile]
    else:
        # What pydantic can check.
        data: bytes
    name: str | None = None

    def __post_init__(self) -> None:
        """Check both."""
        _core.check_content(self)

    def __repr__(self) -> str:
        """Show the name and the size, or what is read, and no bytes."""
        try:
            size = memoryview(self.data).nbytes  # type: ignore[arg-type]
        except (TypeError, ValueError):
            name = (
                ""
                if self.name is None
                else f"{os.fsdecode(_core.masked(os.fsencode(self.name)))!r}, "
            )
            return f"<Content {name}{type(self.data).__name__}>"
        return f"<Content {_core.source_name(self)!r}, {size} bytes>"


@dataclass(frozen=True, slots=True, repr=False)
class Decompressed:
    """What is within a compressed file, as a source.

    It is undone as it is read: gzip, bzip2, xz, zstd or lz4, in one member or several. Its end and
    its checksum are demanded, and nothing may follow it. `max_decompressed_size` and
    `max_compression_ratio` hold. An archive within is content like any other.

    Attributes:
        source: The compressed file: a local path, a URL, a Source, Content, or a file object.

    Raises:
        ValueError: The source is empty.
        TypeError: The source has a wrong type, or is Decompressed itself.

    """

    source: (
        str | bytes | os.PathLike[str] | os.PathLike[bytes] | Source | Content | BinaryFile | Opens
    )

    def __post_init__(self) -> None:
        """Check it."""
        _core.check_decompressed(self)

    def __repr__(self) -> str:
        """Show it, secrets masked."""
        return shown(self, unset=False)


SourceLike: "TypeAlias" = (
    str
    | bytes
    | os.PathLike[str]
    | os.PathLike[bytes]
    | Source
    | Content
    | Decompressed
    | BinaryFile
    | Opens
)


@dataclass(frozen=True, slots=True, repr=False)
class Directory:
    """A directory, as a tree: an error where there is anything else.

    Attributes:
        path: A local path, a file:// URL or a Source.

    Raises:
        ValueError: The path is empty.
        ConfigError: It is a URL.
        TypeError: It has a wrong type.

    """

    path: SourceLike

    def __post_init__(self) -> None:
        """Check it."""
        _core.check_directory(self)

    def __repr__(self) -> str:
        """Show it, secrets masked."""
        return shown(self, unset=False)


@dataclass(frozen=True, slots=True, repr=False)
class Archive:
    """An archive, as a tree.

    Attributes:
        source: The archive: a local path, a URL, a Source, or Content.
        root: The directory in it whose entries are compared, without it: `"pkg-1.0"`. `"*"` is
            the one directory that everything lies in, whatever it is called. `""`: all of it.
        password: What a zip is decrypted with; a text counts in UTF-8. No repr and no message
            shows it.

    Raises:
        ValueError: The source is empty, or the root is absolute or has a `..` part.
        TypeError: The source or the root has a wrong type.

    """

    source: SourceLike
    root: str | bytes | os.PathLike[str] | os.PathLike[bytes] = ""
    password: str | bytes | None = None

    def __post_init__(self) -> None:
        """Check both."""
        _core.check_archive(self)

    def __repr__(self) -> str:
        """Show it, secrets masked."""
        return shown(self, unset=False)


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """What a manifest lists: names of files with their digests, and no content.

    Its digests are SHA-256, 512, 384, 224 and 1, MD5, BLAKE2b and BLAKE3, told by the names that
    they have in the manifest, by the manifest's own name, or by their length.

    Attributes:
        source: The manifest: a local path, a URL or a Source.
        format: `"gnu"` (`sha256sum`, `md5sum`, `b3sum`, Debian's md5sums, BagIt's manifest-*.txt),
            `"bsd"` (`SHA256 (name) = ...`), `"hashdeep"` or `"record"` (a wheel's RECORD). `None`:
            its first line tells.

    Raises:
        ValueError: There is no such format, or the source is empty.
        TypeError: The source or the format has a wrong type.

    """

    source: SourceLike
    format: str | None = None

    def __post_init__(self) -> None:
        """Check both."""
        _core.check_manifest(self)

    def __repr__(self) -> str:
        """Show it, secrets masked."""
        return shown(self, unset=False)


@dataclass(frozen=True, slots=True, repr=False)
class Store:
    """What a store has under a prefix, as a tree: objects in S3, Google Cloud Storage, Azure.

    Its library lists it and signs URLs; komparu fetches those itself, and keeps to the ETags that
    were listed. Texts such as `s3://bucket/prefix/` are stores, too, where obstore is installed.

    Attributes:
        store: An `S3Store`, `GCSStore` or `AzureStore` of obstore, or a filesystem of fsspec that
            can sign URLs.
        prefix: Where the tree begins: `"site"` and `"site/"` are what lies below `site/`, without
            it.

    Raises:
        ConfigError: The store cannot sign URLs.
        ValueError: The prefix is no relative path.
        TypeError: The store or the prefix has a wrong type.

    """

    store: object
    prefix: str = ""

    def __post_init__(self) -> None:
        """Check both."""
        _stores.check(self)

    def __repr__(self) -> str:
        """Show where it is, and no credentials."""
        return f"<Store {_stores.shown(self)!r}>"


class DiffReason(str, Enum):
    """Why two things of the same name are not the same."""

    CONTENT_MISMATCH = "content_mismatch"
    SIZE_MISMATCH = "size_mismatch"
    MISSING = "missing"
    TYPE_MISMATCH = "type_mismatch"
    READ_ERROR = "read_error"


@dataclass(frozen=True, slots=True)
class Difference:
    """The first byte in which two contents differ: all before it is the same in both.

    Attributes:
        offset: Where it is, counted from 0. Where one content is the beginning of the other, the
            length of the shorter one.
        line: The line that it is in, counted from 1. A line ends with a line feed.
        left: The first bytes of the first content from there on; b"" at its end.
        right: The same of the second content.
        left_size: The size of the first content; None where it is not known.
        right_size: The same of the second content.

    """

    offset: int
    line: int
    left: bytes
    right: bytes
    left_size: int | None = None
    right_size: int | None = None


class Verdict(str, Enum):
    """What is known of two trees."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNVERIFIED = "unverified"


class Proof(str, Enum):
    """How it is known that two contents are identical, or that they differ."""

    BYTES = "bytes"
    SAME_FILE = "same_file"
    SIZE = "size"
    DIGEST = "digest"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at one path of two trees.

    Attributes:
        path: The path, "/" between its parts.
        verdict: EQUAL, DIFFERENT, or UNVERIFIED where it could not be compared.
        reason: Why it is not equal; MISSING where only one side has it.
        side: "left" or "right" where only that side has it.
        message: Why it could not be compared.
        difference: Where it differs, if that was asked for.
        proof: How it is known, where content was compared.
        algorithm: Whose digest it is known by, if that is a manifest's: "sha256", for example.
        moved_to: Where the right side has the content of a path that only the left one has, if that
            was asked for.

    """

    path: str
    verdict: Verdict
    reason: DiffReason | None = None
    side: str | None = None
    message: str | None = None
    difference: Difference | None = None
    proof: Proof | None = None
    algorithm: str | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a comparison has come.

    Attributes:
        entries: Entries whose verdict is known.
        entries_total: How many there are; None until that is known.
        bytes: Bytes of content that have been compared; those of a pair count once.
        bytes_total: How many there are to compare; None until that is known.
        differing: Entries that both sides have, and that differ.
        failed: Entries that could not be compared.
        path: The entry that was begun last.
        elapsed: Seconds since the call began.

    """

    entries: int
    entries_total: int | None = None
    bytes: int = 0
    bytes_total: int | None = None
    differing: int = 0
    failed: int = 0
    path: str | None = None
    elapsed: float = 0.0


if TYPE_CHECKING:
    from collections.abc import Callable

    ProgressCallback: TypeAlias = Callable[[Progress], object]
else:

    class ProgressCallback:
        """A function that is called with a `Progress`; what it returns counts for nothing."""

        @classmethod
        def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> object:
            """Have pydantic accept what can be called."""
            from pydantic_core.core_schema import callable_schema  # noqa: PLC0415  # loaded by pydantic

            return callable_schema()

        @classmethod
        def __get_pydantic_json_schema__(cls, _schema: object, _handler: object) -> object:
            """Describe it for FastAPI's pages: JSON has no functions, so nothing fits but null."""
            return {"not": {}}


@dataclass(frozen=True, slots=True)
class Summary:
    """How much was compared, and what came of it.

    Attributes:
        entries: Entries whose verdict is known. One and the same directory on both sides is one.
        equal: Those that are identical.
        differing: Those that both sides have, and that differ.
        only_left: Those that only the first side has.
        only_right: Those that only the second side has.
        failed: Those that could not be compared.
        bytes: Bytes of content that were compared; those of a pair count once.
        proofs: How many verdicts are known by each proof.
        elapsed: Seconds that it took.
        algorithms: How many verdicts are known by a manifest's digest of each algorithm.
        moved: Those that only the first side has, and whose content only the second side has under
            another path: each is one entry with two paths.

    """

    entries: int = 0
    equal: int = 0
    differing: int = 0
    only_left: int = 0
    only_right: int = 0
    failed: int = 0
    bytes: int = 0
    proofs: dict[Proof, int] = field(default_factory=dict, hash=False)
    elapsed: float = 0.0
    algorithms: dict[str, int] = field(default_factory=dict, hash=False)
    moved: int = 0

    def __str__(self) -> str:
        """Say it in one line."""
        return summarized(self)


@dataclass(frozen=True, slots=True, repr=False)
class DirResult:
    """How two trees of files compare. True if they are equal.

    What it knows beyond the first six is no part of equality: two results that say the same of the
    same paths are equal.

    Attributes:
        equal: True only if every entry of both sides was compared and found identical.
        diff: Why, for every path that is not identical, unless only one side has it.
        only_left: Paths that only the first side has.
        only_right: Paths that only the second side has.
        errors: Paths that could not be compared. They are in diff too, as READ_ERROR unless it is
            known that they differ.
        messages: Why, for every path in errors.
        complete: False where the comparison ended before everything was compared.
        moved: Paths of the first side that moved, and where the second side has their content, if
            that was asked for. Neither path is in only_left or only_right.
        differences: Where they differ, by path, if that was asked for.
        summary: How much was compared, and what came of it.
        directories: Directories that only one side has and in which there are such paths; those
            within one of them are left out.

    """

    equal: bool
    diff: dict[str, DiffReason] = field(default_factory=dict)
    only_left: set[str] = field(default_factory=set)
    only_right: set[str] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)
    messages: dict[str, str] = field(default_factory=dict)
    complete: bool = field(default=True, compare=False)
    moved: dict[str, str] = field(default_factory=dict, compare=False)
    differences: dict[str, Difference] = field(default_factory=dict, compare=False)
    summary: Summary = field(default_factory=Summary, compare=False)
    directories: set[str] = field(default_factory=set, compare=False)

    @property
    def verdict(self) -> Verdict:
        """DIFFERENT if anything is known to differ; else UNVERIFIED if errors; else EQUAL."""
        known = any(reason is not DiffReason.READ_ERROR for reason in self.diff.values())
        if known or self.only_left or self.only_right or self.moved:
            return Verdict.DIFFERENT
        return Verdict.EQUAL if self.equal else Verdict.UNVERIFIED

    @classmethod
    def merge(cls, results: "Iterable[DirResult]") -> "DirResult":
        """Make one result of those of several parts of the same two trees."""
        return merged(cls, Summary, list(results))

    def to_dict(self) -> dict[str, object]:
        """Make of it what `--json` prints: texts, numbers, lists and dicts."""
        return as_dict(self)

    def to_html(self) -> str:
        """Make a page of it that needs nothing else; everything in it is escaped."""
        return as_page(self)

    def _repr_html_(self) -> str:
        """Show it in a notebook: a table."""
        return as_table(self)

    def __bool__(self) -> bool:
        """Whether the trees are equal."""
        return self.equal

    def __str__(self) -> str:
        """Say what the command line prints: a line for each path, sorted, and the totals.

        A directory that only one side has is one line with the number of its files.
        """
        return as_text(self)

    def __repr__(self) -> str:
        """Show it in one line of bounded length."""
        return bounded(self)

    def __setstate__(self, state: list[object]) -> None:
        """Take what was pickled, by a version that knew less or the same."""
        fields = DirResult.__match_args__
        if not isinstance(state, list) or not _OLDEST <= len(state) <= len(fields):
            message = "this DirResult was pickled by another version of komparu"
            raise TypeError(message)
        later: list[object] = [True, {}, {}, Summary(), set()]
        state = [*state, *later[len(state) - _OLDEST :]]
        for name, value in zip(fields, state, strict=True):
            object.__setattr__(self, name, value)


#: How many fields a result had that was pickled before it had `complete`.
_OLDEST = 6


@dataclass(frozen=True, slots=True)
class CompareResult:
    """How several sources compare to one another. True if all are identical.

    Attributes:
        all_equal: True if all sources have the same content.
        groups: The sources with identical content, in order of first appearance; by the text that
            the user gave, credentials in a URL masked.
        diff: For every pair of sources, earlier one first: are they identical? Read-only, and
            computed when asked.

    """

    all_equal: bool
    groups: list[set[str]] = field(default_factory=list)
    diff: Mapping[tuple[str, str], bool] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether all sources are identical."""
        return self.all_equal
