"""Numbers, sizes and times as people write them: ``64K``, ``1GiB``, ``5m``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NUMBERS", "byte_count", "seconds"]

_NUMBER = re.compile(r"([0-9]*\.?[0-9]+)\s*([A-Za-z]*)", re.ASCII)
#: Each is 1024 times the one before, as GNU's tools read them; "iB" or "B" may follow.
_BYTES = {letter: 1024**power for power, letter in enumerate(["", "k", "m", "g", "t", "p"])}
_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def byte_count(text: str) -> int:
    """Read a number of bytes: ``65536``, ``64K``, ``1.5 MiB``."""
    match = _NUMBER.fullmatch(text.strip())
    unit = match[2].lower() if match else "?"
    for ending in ("ib", "b"):
        if unit.endswith(ending):
            unit = unit[: -len(ending)]
            break
    if match is None or unit not in _BYTES:
        # A sign is left to the limits of the option, which say what is wrong with it.
        return int(text)
    number = float(match[1]) * _BYTES[unit] if "." in match[1] else int(match[1]) * _BYTES[unit]
    if number != int(number):
        message = f"{text} is no whole number of bytes"
        raise ValueError(message)
    return int(number)


def seconds(text: str) -> float:
    """Read a time in seconds: ``30``, ``1.5s``, ``5m``, ``2h``, ``250ms``."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None or match[2].lower() not in _SECONDS:
        return float(text)
    return float(match[1]) * _SECONDS[match[2].lower()]


#: How a number of each kind is read, and what it may be.
NUMBERS: dict[str, tuple[Callable[[str], float], str]] = {
    "integer": (int, "a whole number"),
    "bytes": (byte_count, "a number of bytes, such as 64K (K, M, G, T or P)"),
    "limit": (byte_count, "a number, such as 64K (K, M, G, T or P)"),
    "seconds": (seconds, "a time, such as 5m (ms, s, m, h or d)"),
    "ratio": (float, "a number"),
}
