"""How objects that may hold secrets are shown: in tracebacks, logs and reports of errors."""

from __future__ import annotations

import os
from _collections_abc import Mapping

from komparu import _core

#: What stands in the place of a secret.
_MASK = "***"


def shown(instance: object, *, unset: bool) -> str:
    """Show a dataclass's fields, but not what would let others in.

    User and password of a URL, and all that headers say, are masked. What is None is left out
    unless ``unset`` is true.
    """
    parts = [
        f"{name}={_value(name, value)!r}"
        for name in type(instance).__match_args__  # type: ignore[attr-defined]  # as dataclasses do
        if (value := getattr(instance, name)) is not None or unset
    ]
    return f"{type(instance).__name__}({', '.join(parts)})"


def _value(name: str, value: object) -> object:
    if name == "headers" and isinstance(value, Mapping):
        return dict.fromkeys(value, _MASK)
    if name in {"url", "proxy"} and isinstance(value, str | bytes | os.PathLike):
        return os.fsdecode(_core.masked(os.fsencode(value)))
    return value
