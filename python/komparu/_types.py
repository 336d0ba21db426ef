"""What goes in and what comes out: sources and results."""

import os
from _collections_abc import Mapping
from enum import Enum

from komparu import _core
from komparu._shown import shown

# Type checkers take this as true, and editors as possible.
TYPE_CHECKING = __name__ == "typing"
if TYPE_CHECKING:
    from dataclasses import dataclass, field
    from typing import TypeAlias
else:
    from komparu._records import dataclass, field

__all__ = [
    "CompareResult",
    "DiffReason",
    "Difference",
    "DirResult",
    "Source",
    "SourceLike",
    "Verdict",
]


@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """A source with settings of its own. What is None is not set here.

    Each side of a comparison uses its own settings: what one source sets never reaches the other
    side's host. For a local path the HTTP settings are ignored. Its repr masks user and password of
    a URL, and what headers say.

    Attributes:
        url: A URL or a local path.
        headers: Request headers.
        timeout: Seconds to connect, and without a byte arriving; never a limit on a transfer that
            moves.
        follow_redirects: Follow at most ten redirects. `False`: a redirect is an error.
        verify_ssl: Demand a valid certificate.
        proxy: `http://`, `https://`, `socks5://` or `socks5h://`. `None`: as the environment says.

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

    def __post_init__(self) -> None:
        """Check every setting."""
        _core.check_source(self)

    def __repr__(self) -> str:
        """Show what is set, secrets masked."""
        return shown(self, unset=False)


SourceLike: "TypeAlias" = str | bytes | os.PathLike[str] | os.PathLike[bytes] | Source


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


@dataclass(frozen=True, slots=True)
class DirResult:
    """How two trees of files compare. True if they are equal.

    Attributes:
        equal: True only if every entry of both sides was compared and found identical.
        diff: Why, for every path that is not identical, unless only one side has it.
        only_left: Paths that only the first side has.
        only_right: Paths that only the second side has.
        errors: Paths that could not be compared. They are in diff too, as READ_ERROR unless it is
            known that they differ.
        messages: Why, for every path in errors.

    """

    equal: bool
    diff: dict[str, DiffReason] = field(default_factory=dict)
    only_left: set[str] = field(default_factory=set)
    only_right: set[str] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)
    messages: dict[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """DIFFERENT if anything is known to differ; else UNVERIFIED if errors; else EQUAL."""
        known = any(reason is not DiffReason.READ_ERROR for reason in self.diff.values())
        if known or self.only_left or self.only_right:
            return Verdict.DIFFERENT
        return Verdict.EQUAL if self.equal else Verdict.UNVERIFIED

    def __bool__(self) -> bool:
        """Whether the trees are equal."""
        return self.equal


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
