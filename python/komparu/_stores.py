"""Stores: obstore's, fsspec's filesystems, and texts such as ``s3://bucket/prefix/``.

Loaded with komparu, and loads nothing itself: what a store needs is loaded by the first call that
has one. A thread of Python's, one for each store of a call, calls the store's library: it lists,
and signs the URLs that the threads which compare ask for. They never wait for the interpreter.
"""

from __future__ import annotations

import sys

from komparu import _core
from komparu._errors import ConfigError
from komparu._store_failures import failure
from komparu._store_filesystems import Filesystem, is_filesystem
from komparu._store_objects import Objects, is_objects

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Thread
    from typing import Any

    from komparu._types import Store

__all__ = ["begin", "check", "given", "is_store_text", "shown"]

#: Schemes of texts that are stores.
_SCHEMES = {"s3", "gs", "az"}

#: Seconds that the exit of the interpreter waits for the threads of stores.
_GRACE = 1.0

#: The threads that run, and what they are asked.
_running: dict[Thread, _core.StoreRequests] = {}


def is_store_text(source: object) -> bool:
    """Whether it is a text that is a store."""
    if not isinstance(source, str):
        return False
    scheme, separator, _ = source.partition("://")
    return bool(separator) and scheme.lower() in _SCHEMES


def check(store: Store) -> None:
    """Check what a Store is made of."""
    _library(store)


def given(store: Store | str) -> tuple[str, Objects | Filesystem]:
    """Find what messages call a store, and what serves it."""
    library = _of_text(store) if isinstance(store, str) else _library(store)
    return library.name, library


def shown(store: Store | str) -> str:
    """Find what a log and a repr call a store."""
    if isinstance(store, str):
        return _core.masked(store.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")
    return _library(store).name


def _library(store: Store) -> Objects | Filesystem:
    prefix: Any = store.prefix
    if not isinstance(prefix, str):
        message = f"Store.prefix must be str, not {type(prefix).__name__}"
        raise TypeError(message)
    if "\0" in prefix:
        raise ValueError("Store.prefix contains a NUL byte")
    if is_objects(store.store):
        if _is_no_path(prefix):
            message = f"Store.prefix is no relative path: {prefix!r}"
            raise ValueError(message)
        return Objects.of(store.store, prefix)
    if is_filesystem(store.store):
        return Filesystem(store.store, prefix)
    kind = type(store.store).__name__
    message = f"Store.store must be a store of obstore or a filesystem of fsspec, not {kind}"
    raise TypeError(message)


def _of_text(text: str) -> Objects:
    scheme, _, rest = text.partition("://")
    bucket, _, prefix = rest.partition("/")
    scheme = scheme.lower()
    if "@" in bucket or "\0" in text:
        message = f"{scheme}:// takes no user and no password: '{shown(text)}'"
        raise ConfigError(message)
    if not bucket or _is_no_path(prefix):
        message = f"no bucket and prefix, as in {scheme}://bucket/prefix/: '{shown(text)}'"
        raise ConfigError(message)
    from importlib.util import find_spec  # noqa: PLC0415

    if find_spec("obstore") is None:
        message = (
            f"{scheme}:// needs obstore, which is not installed: pip install 'komparu[stores]'"
        )
        raise ConfigError(message)
    return Objects.of_text(scheme, bucket, prefix)


def _is_no_path(prefix: str) -> bool:
    """Whether a prefix, a slash at its end left out, is no relative path."""
    parts = prefix.removesuffix("/").split("/")
    return parts != [""] and any(part in {"", ".", ".."} for part in parts)


def begin(serve: Objects | Filesystem, requests: _core.StoreRequests) -> None:
    """Start the thread that serves a store."""
    from atexit import register, unregister  # noqa: PLC0415
    from threading import Thread  # noqa: PLC0415

    patches: Any = sys.modules.get("gevent.monkey")
    if patches is not None and patches.is_module_patched("threading"):
        # Its thread would be one of gevent's, which has its turn when the call is over.
        raise ConfigError("a store needs a thread, and gevent has none: it has patched threading")
    thread = Thread(target=_run, args=(serve, requests), name="komparu-store", daemon=True)
    if not _running:
        # Once, and behind whatever was registered before.
        unregister(_end_all)
        register(_end_all)
    _running[thread] = requests
    try:
        thread.start()
    except BaseException:
        del _running[thread]
        raise


def _run(serve: Objects | Filesystem, requests: _core.StoreRequests) -> None:
    from threading import current_thread  # noqa: PLC0415

    try:
        serve.serve(requests)
    except BaseException as error:  # noqa: BLE001  # whatever it is, it is the call's
        requests.fail(*failure(error))
    finally:
        _running.pop(current_thread(), None)


def _end_all() -> None:
    """Have all threads end before the interpreter does: what they call may be compiled."""
    threads = list(_running.items())
    for _, requests in threads:
        requests.close()
    for thread, _ in threads:
        thread.join(_GRACE)
