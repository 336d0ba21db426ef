"""Stores of obstore: how they are listed, and how their URLs are signed.

Runs in the thread of a store, see ``_stores.py``. obstore is not imported before a store is served.
"""

from __future__ import annotations

import sys

from komparu._errors import ConfigError
from komparu._store_failures import failure

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from _collections_abc import Callable
    from typing import Any

    from komparu import _core

__all__ = ["Objects", "is_objects", "is_of"]

#: The stores of obstore that can sign, what their texts begin with, and which setting names what
#: holds their objects.
_SIGNING = {
    "S3Store": ("s3", "bucket"),
    "GCSStore": ("gs", "bucket"),
    "AzureStore": ("az", "container_name"),
}

#: Objects that are asked for at once: as many as are fetched at once.
_ASKED = 16


def is_of(module: str, name: str, value: object) -> bool:
    """Whether it is of a class of a module, if that is loaded: otherwise it cannot be."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(value, kind)


def is_objects(store: object) -> bool:
    """Whether it is a store of obstore."""
    names = (*_SIGNING, "HTTPStore", "LocalStore", "MemoryStore")
    return any(is_of("obstore.store", name, store) for name in names)


class Objects:
    """A store of obstore, and a prefix in it."""

    __slots__ = ("_open", "_prefix", "name")

    def __init__(self, opened: Callable[[], Any], prefix: str, name: str) -> None:
        """Take what opens the store; messages call all of it ``name``."""
        self._open = opened
        self._prefix = prefix.removesuffix("/")
        self.name = "/".join(part for part in (name, self._prefix) if part) + "/"

    @classmethod
    def of(cls, store: Any, prefix: str) -> Objects:  # noqa: ANN401
        """Take a store, if it can sign."""
        for kind, (scheme, setting) in _SIGNING.items():
            if is_of("obstore.store", kind, store):
                bucket = f"{scheme}://{store.config.get(setting, '')}"
                own = str(store.prefix or "").strip("/")
                return cls(lambda: store, prefix, f"{bucket}/{own}" if own else bucket)
        message = f"Store.store: a {type(store).__name__} cannot sign URLs"
        raise ConfigError(message)

    @classmethod
    def of_text(cls, scheme: str, bucket: str, prefix: str) -> Objects:
        """Take what a text says: obstore finds the rest in the environment."""
        url = f"{scheme}://{bucket}"

        def opened() -> Any:  # noqa: ANN401
            from datetime import timedelta  # noqa: PLC0415
            from importlib import import_module  # noqa: PLC0415

            from_url = import_module("obstore.store").from_url
            # By itself it tries ten times, for three minutes.
            retries = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}
            try:
                return from_url(url, retry_config=retries)
            except Exception as error:
                message = f"{url}/: {failure(error)[1]}"
                raise ConfigError(message) from error

        return cls(opened, prefix, url)

    def serve(self, requests: _core.StoreRequests) -> None:
        """List, and sign what is asked for until nothing more is.

        Not by obstore's coroutines: threads of its own end those, and abort an interpreter that
        ends.
        """
        from datetime import timedelta  # noqa: PLC0415
        from importlib import import_module  # noqa: PLC0415

        obstore: Any = import_module("obstore")
        store = self._open()
        signer, is_public = _signer(store)
        objects = self._listed(obstore, store, requests)
        skipped = len(self._prefix) + 1 if self._prefix else 0
        requests.add([(path[skipped:], size, etag) for path, size, etag in objects])
        requests.listed()
        valid = timedelta(seconds=requests.VALID)
        while (wanted := requests.next()) is not None:
            paths = [objects[index][0] for index in wanted]
            urls = obstore.sign(signer, "GET", paths, expires_in=valid)
            requests.sign(wanted, [url.partition("?")[0] for url in urls] if is_public else urls)

    def _listed(
        self,
        obstore: Any,  # noqa: ANN401
        store: Any,  # noqa: ANN401
        requests: _core.StoreRequests,
    ) -> list[tuple[str, int, str | None]]:
        listed: list[tuple[str, int, str | None]] = []
        for page in obstore.list(store, prefix=self._prefix or None):
            listed += [(found["path"], found["size"], found["e_tag"]) for found in page]
            if requests.is_closed:
                return listed
        if not listed and self._prefix:
            is_object = _head(obstore, store, self._prefix) is not None
            raise FileNotFoundError(
                "it is an object, and no prefix of others" if is_object else "no objects are there"
            )
        return _without_markers(obstore, store, listed, requests)


def _signer(store: Any) -> tuple[Any, bool]:  # noqa: ANN401
    """Find what signs for a store, and whether the signatures are to be left out."""
    if not is_of("obstore.store", "S3Store", store) or not store.config.get("skip_signature"):
        return store, False
    # What is public has the same URLs without a signature, which obstore would look for a key for.
    config = {**store.config, "access_key_id": "none", "secret_access_key": "none"}
    del config["skip_signature"]
    options = {"prefix": store.prefix, "client_options": store.client_options}
    return type(store)(config=config, **options), True


def _head(obstore: Any, store: Any, path: str) -> tuple[int, str | None] | None:  # noqa: ANN401
    """Ask for an object's size and ETag; None if there is no such object."""
    try:
        found = obstore.head(store, path)
    except FileNotFoundError:
        return None
    return found["size"], found["e_tag"]


def _without_markers(
    obstore: Any,  # noqa: ANN401
    store: Any,  # noqa: ANN401
    listed: list[tuple[str, int, str | None]],
    requests: _core.StoreRequests,
) -> list[tuple[str, int, str | None]]:
    """Leave out what stands for a directory.

    obstore shows the key ``a/`` as the path ``a``. So of what is empty, and of what is listed
    twice, it is asked whether there is an object ``a``.
    """
    counts: dict[str, int] = {}
    for path, _, _ in listed:
        counts[path] = counts.get(path, 0) + 1
    there: dict[str, tuple[int, str | None] | None] = {}

    def ask(path: str) -> None:
        try:
            there[path] = _head(obstore, store, path)
        except Exception as error:
            # It may not be read, which reading it will tell.
            if failure(error)[0] != "denied":
                raise

    unclear = {path for path, size, _ in listed if size == 0 or counts[path] > 1}
    _at_once(ask, sorted(unclear), requests)
    kept = []
    for path, size, etag in listed:
        is_there = path not in there or there[path] == (size, etag)
        # If it has changed, reading it will tell.
        if is_there or (counts[path] == 1 and there[path] is not None):
            kept.append((path, size, etag))
        else:
            # An empty one is left out, and any other is refused for what its key is.
            kept.append((f"{path}/", size, etag))
    return kept


def _at_once(ask: Callable[[str], None], paths: list[str], requests: _core.StoreRequests) -> None:
    """Ask for paths, some at a time, as long as that is wanted."""
    from threading import Thread  # noqa: PLC0415

    failures: list[BaseException] = []

    def work() -> None:
        while paths and not failures and not requests.is_closed:
            try:
                path = paths.pop()
            except IndexError:
                return
            try:
                ask(path)
            except BaseException as error:  # noqa: BLE001  # whatever it is, it is the call's
                failures.append(error)

    others = [
        Thread(target=work, name="komparu-store", daemon=True)
        for _ in range(min(_ASKED, len(paths)) - 1)
    ]
    for thread in others:
        thread.start()
    work()
    for thread in others:
        thread.join()
    if failures:
        raise failures[0]
