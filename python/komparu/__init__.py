"""Are these the same? Files, directories, archives and URLs, compared byte for byte.

    >>> import komparu
    >>> komparu.compare("backup/photo.raw", "/media/photo.raw")
    True

`compare` answers for two files, and `first_difference` says where they differ; `compare_dir`
answers for all the files of two directories, and `compare_archive` for those in two archives.
`compare_all` says whether any number of sources are all the same, `compare_many` which of them are,
`compare_dir_urls` whether a directory holds what is at certain URLs, and `compare_trees` compares
a directory, an archive, a map of sources, a manifest or a store with any other of these.
`komparu.aio` has a coroutine for each of these functions. Options that a call does not set have
their configured value: `configure` sets it, `get_config` shows it, `reset_config` forgets it. A
`Source` carries settings of its own for one side, and a `Comparer` has every function as a method,
with options of its own.

True means that every byte was compared. What cannot be compared raises; every exception is a
`KomparuError`:

    KomparuError
    ├─ SourceNotFoundError     also FileNotFoundError
    ├─ SourceReadError         also OSError
    │  └─ SourcePermissionError    also PermissionError
    ├─ ArchiveError            also OSError
    │  └─ ArchiveBombError
    ├─ ConfigError             also ValueError
    ├─ ManifestError           also ValueError
    └─ ComparisonTimeoutError  also TimeoutError

`komparu.filecmp` stands in for the standard module of that name, and `komparu.testing` has an
assertion for tests.

PYTEST_DONT_REWRITE: it may be imported before pytest begins, which would warn of that.
"""

import sys as _sys

try:
    # The other form's error would speak of a circular import.
    import komparu._core as _compiled
except ModuleNotFoundError as _error:
    if _error.name != "komparu._core":
        raise
    from komparu._missing import explanation as _explanation

    raise ImportError(_explanation(__path__[0]), name=_error.name) from _error

# An import after `sys.modules` was emptied: its classes are those that the compiled part has.
_sys.modules.update(_compiled.kept)
globals().update({name.removeprefix("komparu."): module for name, module in _compiled.kept.items()})

from komparu import _objects as _objects  # which only the compiled part needs, as the next
from komparu import _pairs as _pairs
from komparu import aio as aio
from komparu._comparer import Comparer
from komparu._config import KomparuConfig
from komparu._core import TreeRun, __version__
from komparu._errors import (
    ArchiveBombError,
    ArchiveError,
    ComparisonTimeoutError,
    ConfigError,
    KomparuError,
    ManifestError,
    SourceNotFoundError,
    SourcePermissionError,
    SourceReadError,
)
from komparu._functions import (
    compare,
    compare_all,
    compare_archive,
    compare_dir,
    compare_dir_urls,
    compare_many,
    compare_trees,
    configure,
    first_difference,
    get_config,
    iter_trees,
    reset_config,
    write_manifest,
)
from komparu._installed import verify_installed
from komparu._types import (
    Archive,
    CompareResult,
    Content,
    Decompressed,
    Difference,
    DiffReason,
    Directory,
    DirResult,
    Finding,
    Manifest,
    Progress,
    Proof,
    Source,
    SourceLike,
    Store,
    Summary,
    Verdict,
)

__all__ = [
    "Archive",
    "ArchiveBombError",
    "ArchiveError",
    "CompareResult",
    "Comparer",
    "ComparisonTimeoutError",
    "ConfigError",
    "Content",
    "Decompressed",
    "DiffReason",
    "Difference",
    "DirResult",
    "Directory",
    "Finding",
    "KomparuConfig",
    "KomparuError",
    "Manifest",
    "ManifestError",
    "Progress",
    "Proof",
    "Source",
    "SourceLike",
    "SourceNotFoundError",
    "SourcePermissionError",
    "SourceReadError",
    "Store",
    "Summary",
    "TreeRun",
    "Verdict",
    "__version__",
    "compare",
    "compare_all",
    "compare_archive",
    "compare_dir",
    "compare_dir_urls",
    "compare_many",
    "compare_trees",
    "configure",
    "first_difference",
    "get_config",
    "iter_trees",
    "reset_config",
    "verify_installed",
    "write_manifest",
]

# Whatever a call will need is loaded now, and nothing later.
_compiled.prepare()
_compiled.kept.update(
    {name: module for name, module in _sys.modules.items() if name.startswith("komparu._")},
    **{"komparu.aio": aio},
)
