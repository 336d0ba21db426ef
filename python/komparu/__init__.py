"""Are these the same? Files, directories, archives and URLs, compared byte for byte.

    >>> import komparu
    >>> komparu.compare("backup/photo.raw", "/media/photo.raw")
    True

`compare` answers for two files, `compare_dir` for all the files of two directories, and
`compare_archive` for those in two archives. `compare_all` says whether any number of sources are
all the same, `compare_many` which of them are, and `compare_dir_urls` whether a directory holds
what is at certain URLs. `komparu.aio` has a coroutine for each of these functions. Options that a
call does not set have their configured value: `configure` sets it, `get_config` shows it,
`reset_config` forgets it. A `Source` carries settings of its own for one side.

True means that every byte was compared. What cannot be compared raises; every exception is a
`KomparuError`:

    KomparuError
    ├─ SourceNotFoundError     also FileNotFoundError
    ├─ SourceReadError         also OSError
    │  └─ SourcePermissionError    also PermissionError
    ├─ ArchiveError            also OSError
    │  └─ ArchiveBombError
    ├─ ConfigError             also ValueError
    └─ ComparisonTimeoutError  also TimeoutError
"""

from __future__ import annotations

from os import register_at_fork as _register_at_fork

from komparu import _core
from komparu._core import (
    __version__,
    compare,
    compare_all,
    compare_archive,
    compare_dir,
    compare_dir_urls,
    compare_many,
    configure,
    get_config,
    reset_config,
)
from komparu._errors import (
    ArchiveBombError,
    ArchiveError,
    ComparisonTimeoutError,
    ConfigError,
    KomparuError,
    SourceNotFoundError,
    SourcePermissionError,
    SourceReadError,
)

_core.check_interpreter()

# Type checkers take this as true. Importing it from typing would cost more than all of komparu.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from komparu import aio as aio
    from komparu._config import KomparuConfig
    from komparu._types import CompareResult, DiffReason, DirResult, Source, SourceLike, Verdict

__all__ = [
    "ArchiveBombError",
    "ArchiveError",
    "CompareResult",
    "ComparisonTimeoutError",
    "ConfigError",
    "DiffReason",
    "DirResult",
    "KomparuConfig",
    "KomparuError",
    "Source",
    "SourceLike",
    "SourceNotFoundError",
    "SourcePermissionError",
    "SourceReadError",
    "Verdict",
    "__version__",
    "compare",
    "compare_all",
    "compare_archive",
    "compare_dir",
    "compare_dir_urls",
    "compare_many",
    "configure",
    "get_config",
    "reset_config",
]

# Dataclasses and enums take four times as long to import as everything above, and a script that
# compares two files needs none of them: these come when they are first asked for.
_LAZY = {
    "CompareResult": "komparu._types",
    "DiffReason": "komparu._types",
    "DirResult": "komparu._types",
    "KomparuConfig": "komparu._config",
    "Source": "komparu._types",
    "SourceLike": "komparu._types",
    "Verdict": "komparu._types",
    "aio": "komparu.aio",
}


def __getattr__(name: str) -> object:
    """Import what is only imported on demand."""
    if name not in _LAZY:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    module = import_module(_LAZY[name])
    value = module if _LAZY[name] == f"{__name__}.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Everything there is, imported or not."""
    return sorted({*globals(), *_LAZY})


def _before_fork() -> None:
    """Import what other threads may be importing.

    In a child that was forked amid an import by another thread, its lock would stay locked.
    """
    from contextlib import suppress
    from importlib import import_module

    with suppress(ImportError):  # once the interpreter is about to end
        for name in ("komparu._types", "komparu._config", "komparu._pairs"):
            import_module(name)


_register_at_fork(before=_before_fork)
