"""How objects that may hold secrets are shown: in tracebacks, logs and reports of errors."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, ClassVar

from komparu import _core

if TYPE_CHECKING:
    from dataclasses import Field
    from typing import Any, Protocol

    class Dataclass(Protocol):
        """Anything that is a dataclass."""

        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


#: What stands in the place of a secret.
_MASK = "***"


def shown(instance: Dataclass, *, unset: bool) -> str:
    """Show a dataclass's fields, but not what would let others in.

    User and password of a URL, and all that headers say, are masked. What is None is left out
    unless ``unset`` is true.
    """
    parts = [
        f"{field.name}={_value(field.name, value)!r}"
        for field in fields(instance)
        if (value := getattr(instance, field.name)) is not None or unset
    ]
    return f"{type(instance).__name__}({', '.join(parts)})"


def _value(name: str, value: object) -> object:
    if name == "headers" and isinstance(value, Mapping):
        return dict.fromkeys(value, _MASK)
    if name in {"url", "proxy"} and isinstance(value, str | bytes | os.PathLike):
        return os.fsdecode(_core.masked(os.fsencode(value)))
    return value
