"""Filesystems of fsspec as stores: how they are listed, and how their URLs are signed.

Runs in the thread of a store, see ``_stores.py``.
"""

from __future__ import annotations

import sys

from komparu._errors import ConfigError
from komparu._store_objects import is_of

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from komparu import _core

__all__ = ["Filesystem", "is_filesystem"]


def is_filesystem(store: object) -> bool:
    """Whether it is a filesystem of fsspec."""
    return is_of("fsspec.spec", "AbstractFileSystem", store)


class Filesystem:
    """A filesystem of fsspec, and a path in it."""

    __slots__ = ("_prefix", "_system", "name")

    def __init__(self, system: Any, prefix: str) -> None:  # noqa: ANN401
        """Take a filesystem, if it can sign."""
        base = sys.modules["fsspec.spec"].AbstractFileSystem
        if type(system).sign is base.sign:
            message = f"Store.store: a {type(system).__name__} cannot sign URLs"
            raise ConfigError(message)
        self._system, self._prefix = system, prefix
        protocol = system.protocol if isinstance(system.protocol, str) else system.protocol[0]
        self.name = f"{protocol}://{self._root().lstrip('/')}/"

    def _root(self) -> str:
        return str(self._system._strip_protocol(self._prefix)).rstrip("/")  # noqa: SLF001

    def serve(self, requests: _core.StoreRequests) -> None:
        """List, and sign what is asked for until nothing more is."""
        root = self._root()
        # What it listed before may have changed.
        self._system.invalidate_cache()
        found = self._system.find(root, detail=True)
        if not found and root and not self._system.isdir(root):
            raise FileNotFoundError("no objects are there")
        paths = list(found)
        requests.add([(_below(root, path), *_known(found[path])) for path in paths])
        requests.listed()
        while (wanted := requests.next()) is not None and wanted:
            urls = [self._system.sign(paths[index], expiration=requests.VALID) for index in wanted]
            requests.sign(wanted, urls)


def _below(root: str, path: str) -> str:
    """Find the part of a path below a root. What does not lie there is shown whole."""
    return path[len(root) + 1 :] if path.startswith(f"{root}/") else path


def _known(found: dict[str, Any]) -> tuple[int | None, str | None]:
    etag = found.get("ETag") or found.get("etag")
    return found.get("size"), etag if isinstance(etag, str) else None
