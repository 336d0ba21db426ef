"""The exceptions, and what each of them carries.

KomparuError
├─ SourceNotFoundError     also FileNotFoundError
├─ SourceReadError         also OSError
│  └─ SourcePermissionError    also PermissionError
├─ ArchiveError            also OSError
│  └─ ArchiveBombError
├─ ConfigError             also ValueError
├─ ManifestError           also ValueError
└─ ComparisonTimeoutError  also TimeoutError
"""

from __future__ import annotations

# Type checkers take this as true. Importing it from typing would cost more than all of komparu.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from komparu._types import DirResult

__all__ = [
    "ArchiveBombError",
    "ArchiveError",
    "ComparisonTimeoutError",
    "ConfigError",
    "KomparuError",
    "ManifestError",
    "SourceNotFoundError",
    "SourcePermissionError",
    "SourceReadError",
]


class KomparuError(Exception):
    """Any error of komparu's own."""


class _SourceError(KomparuError, OSError):
    """An error about one source.

    ``str()`` of it is one line: the source, then the cause.

    Attributes:
        source: The text that the user gave, credentials in a URL masked.
        errno: The system's error number; None where the cause is not the system's.
        strerror: The cause alone, in words.
        filename: The same as ``source``, under the name that `OSError` has for it.
        status: The HTTP status; None if there is none.

    """

    source: str | None
    status: int | None

    def __init__(
        self,
        message: str = "",
        *,
        source: str | None = None,
        errno: int | None = None,
        strerror: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.source = source
        self.filename = source
        self.errno = errno
        self.strerror = strerror
        self.status = status

    def __str__(self) -> str:
        # OSError would build its own from errno and filename.
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        # OSError would pass errno and filename to __init__ by position.
        state = {
            "source": self.source,
            "filename": self.filename,
            "errno": self.errno,
            "strerror": self.strerror,
            **self.__dict__,
        }
        return type(self), self.args, state


class SourceNotFoundError(_SourceError, FileNotFoundError):
    """There is nothing where the source should be. Its name may have been mistyped."""


class SourceReadError(_SourceError):
    """The source is there, but cannot be compared.

    It is no file, its disk or its server failed, or it was changed while it was read.
    """


class SourcePermissionError(SourceReadError, PermissionError):
    """The source is not this process's to read."""


class ArchiveError(_SourceError):
    """The archive is encrypted, damaged, cut short, or no archive at all."""


class ArchiveBombError(ArchiveError):
    """The archive costs more than its limits allow: a bomb, or limits that are too low for it."""


class ConfigError(KomparuError, ValueError):
    """An option or a URL that komparu cannot do anything with. The caller's to change."""


class ManifestError(KomparuError, ValueError):
    """A line of a manifest is malformed, or contradicts another one.

    Attributes:
        source: The text that the user gave for the manifest, credentials in a URL masked.
        line: The line's number, counted from 1.

    """

    source: str | None
    line: int | None

    def __init__(
        self, message: str = "", *, source: str | None = None, line: int | None = None
    ) -> None:
        super().__init__(message)
        self.source = source
        self.line = line


class ComparisonTimeoutError(KomparuError, TimeoutError):
    """The comparison took longer than ``comparison_timeout`` allows.

    Attributes:
        partial: Of trees: the result of what was compared by then, not complete; else None.

    """

    partial: DirResult | None = None
