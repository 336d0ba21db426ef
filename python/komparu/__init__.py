"""Are these the same? Files, directories, archives and URLs, compared byte for byte."""

from __future__ import annotations

from komparu._core import __version__, compare, configure, get_config, reset_config
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
from komparu._config import KomparuConfig
from komparu._types import CompareResult, DiffReason, DirResult, Source, Verdict
