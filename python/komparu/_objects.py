"""What the compiled part asks of objects that have bytes: what they are, and how they are read.

It calls these functions in the thread that may call the caller's objects.
"""

from __future__ import annotations

import os
from io import BufferedIOBase, BufferedRandom, BufferedReader, BytesIO, FileIO, TextIOBase
from stat import S_ISREG

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from _collections_abc import Callable
    from typing import Any

__all__ = ["close", "look", "open_anew", "ready"]

#: What an object is: bytes in memory, an open file that can be read once, one that can go back to
#: where it stands, and what opens one.
BYTES, ONCE, AGAIN, OPENER = range(4)


def look(
    value: Any,  # noqa: ANN401
    name: str,
    *,
    calls: bool,
    takes: bool,
) -> tuple[int, Any, int, str] | None:
    """Tell what an object is that is no path; None if nothing can be read of it.

    What follows: what has the bytes, where in them the content begins, and what messages call it.
    ``calls``: what can be called opens it. ``takes``: the content is taken now, so a file in memory
    then stands at its end.
    """
    # The methods of a class are not those of what it makes.
    is_class = isinstance(value, type)
    if not is_class and (hasattr(value, "readinto") or hasattr(value, "read")):
        _check(value, name)
        own = getattr(value, "name", None)
        shown = own if isinstance(own, str) and own else f"{type(value).__name__} in {name}"
        if type(value) is BytesIO and _defining(value)[0] is BytesIO:
            if not takes:
                return BYTES, b"", 0, shown
            start, data = value.tell(), value.getvalue()
            value.seek(0, 2)
            return BYTES, data, start, shown
        return (AGAIN if _seeks(value) else ONCE), value, 0, shown
    opens = not is_class and callable(getattr(value, "open", None))
    if opens or (calls and callable(value)):
        # Things that are like paths say which one.
        has_words = type(value).__str__ is not object.__str__  # type: ignore[comparison-overlap]
        return OPENER, value, 0, str(value) if has_words else f"{type(value).__name__} in {name}"
    return None


def open_anew(value: Any, name: str) -> Any:  # noqa: ANN401
    """Open what opens a file; ``name`` is what messages call it."""
    opener = None if isinstance(value, type) else getattr(value, "open", None)
    file = opener("rb") if callable(opener) else value()
    if not (hasattr(file, "readinto") or hasattr(file, "read")):
        message = f"{name} must open a binary file object, not {type(file).__name__}"
        raise TypeError(message)
    try:
        _check(file, f"what {name} opens")
    except BaseException:
        close(file)
        raise
    return file


def close(file: Any) -> None:  # noqa: ANN401
    """Close a file that was opened here, if it can be closed."""
    closing = getattr(file, "close", None)
    if callable(closing):
        closing()


def ready(file: Any) -> tuple[Callable[..., Any], bool, int | None, bool]:  # noqa: ANN401
    """Tell how a file is read: what is called, whether with a buffer, where it stands, and more.

    It stands nowhere if it cannot seek. The last is whether reading never waits.
    """
    start = file.tell() if _seeks(file) else None
    defining, own = _defining(file)
    is_prompt = defining is BytesIO or _is_on_disk(file)
    return *_method(file, defining, own), start, is_prompt


#: The methods that read.
_READS = ("readinto1", "readinto", "read1", "read")


def _defining(file: Any) -> tuple[object, set[str]]:  # noqa: ANN401
    """Find what defines the methods that read last, and which: the object, or a class of its.

    A class may have made one of them anew, and have inherited others that know nothing of it.
    """
    places = [file, *type(file).__mro__]
    for place in places:
        own = {name for name in _READS if name in getattr(place, "__dict__", ())}
        if own:
            return place, own
    return file, {name for name in _READS if hasattr(file, name)} - {"readinto1", "read1"}


def _method(file: Any, defining: object, own: set[str]) -> tuple[Callable[..., Any], bool]:  # noqa: ANN401
    """Choose the method that reads, and tell whether it takes a buffer.

    What reads at most once of what lies below it is preferred to what waits until a buffer is full.
    """
    if isinstance(file, BufferedIOBase) and defining is not BytesIO:
        if "readinto1" in own:
            return file.readinto1, True
        if "read1" in own:
            return file.read1, False
    if "readinto" in own:
        return file.readinto, True
    if "read" in own:
        return file.read, False
    name = min(own)
    return getattr(file, name), name == "readinto1"


def _is_on_disk(file: Any) -> bool:  # noqa: ANN401
    """Whether a file is one of this machine's, which gives its bytes at once."""
    kind = type(file)
    try:
        raw = file.raw if kind in (BufferedReader, BufferedRandom) else file
        return type(raw) is FileIO and S_ISREG(os.fstat(raw.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _check(file: Any, name: str) -> None:  # noqa: ANN401
    """Raise what is wrong with a file that is to be read."""
    if isinstance(file, TextIOBase) or isinstance(getattr(file, "encoding", None), str):
        message = f'{name} is a file in text mode: open it in binary mode ("rb")'
        raise TypeError(message)
    if getattr(file, "closed", False) is True:
        message = f"{name} is a closed file"
        raise ValueError(message)
    readable = getattr(file, "readable", None)
    if callable(readable) and readable() is False:
        message = f"{name} is a file that is not open for reading"
        raise ValueError(message)


def _seeks(file: Any) -> bool:  # noqa: ANN401
    """Whether a file says that it can seek, and has what that takes."""
    seekable = getattr(file, "seekable", None)
    has_both = hasattr(file, "seek") and hasattr(file, "tell")
    return has_both and callable(seekable) and seekable() is True
