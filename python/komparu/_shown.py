"""How objects that may hold secrets are shown: in tracebacks, logs and reports of errors."""

from __future__ import annotations

import os
from _collections_abc import Mapping

from komparu import _core

#: What stands in the place of a secret.
_MASK = "***"

#: Fields that hold a URL, or may hold one by mistake.
_TEXTS = {"url", "proxy", "source", "path", "root"}


def shown(instance: object, *, unset: bool) -> str:
    """Show a dataclass's fields, but not what would let others in.

    User and password of a URL, all that headers say, auth and passwords are masked. What is None is
    left out unless ``unset`` is true.
    """
    fields = {
        name: value
        for name in type(instance).__match_args__  # type: ignore[attr-defined]  # as dataclasses do
        if (value := getattr(instance, name)) is not None or unset
    }
    return shown_fields(type(instance).__name__, fields)


def shown_fields(name: str, fields: Mapping[str, object]) -> str:
    """Show an object of this class that is made of these fields, secrets masked."""
    parts = [f"{field}={_value(field, value)!r}" for field, value in fields.items()]
    return f"{name}({', '.join(parts)})"


def _value(name: str, value: object) -> object:
    if name in {"auth", "password"} and value is not None:
        return _MASK
    if name == "headers" and isinstance(value, Mapping):
        return dict.fromkeys(value, _MASK)
    if name in _TEXTS and isinstance(value, str | bytes | os.PathLike):
        return os.fsdecode(_core.masked(os.fsencode(value)))
    return value
