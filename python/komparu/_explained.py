"""Why two sources are not the same, as a text that is short whatever they are.

Names and contents are data: what would drive a terminal is escaped, and what is long is cut.
"""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from heapq import nsmallest
from typing import TYPE_CHECKING, NamedTuple

from komparu._core import one_line
from komparu._errors import KomparuError
from komparu._functions import first_difference
from komparu._types import DiffReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from komparu._types import Difference, DirResult

__all__ = ["file_text", "tree_text"]

#: More paths than this are counted, not named.
_MOST_PATHS = 20

#: How many bytes are shown of either side: half of them before the first that differs.
_BYTES = 32

#: How many characters of a line, a path or a reason are shown.
_WIDTH = 76
_LONGEST = 200

#: How much is read before and after the first byte that differs, to find its line.
_WINDOW = 4096

#: What a text may hold besides printable characters.
_BLANKS = frozenset("\t\r\n\f\v")

#: The bytes of UTF-8 that begin no character.
_CONTINUATIONS = bytes(range(0x80, 0xC0))


def tree_text(
    result: DirResult,
    paths: tuple[str, str] | None,
    names: tuple[str, str],
    options: Mapping[str, Any],
) -> str:
    """Say how two trees differ; where they are directories, `paths` says where to look at files."""
    left, right = names
    counts = [
        (sum(reason is not DiffReason.READ_ERROR for reason in result.diff.values()), "different"),
        (len(result.only_left), f"only in {left}"),
        (len(result.only_right), f"only in {right}"),
        (len(result.moved), "moved"),
        (len(result.errors), "not comparable"),
    ]
    summary = ", ".join(f"{count:,} {what}" for count, what in counts if count)
    verdict = result.verdict.value
    lines = [f"{left} and {right} are {_VERDICTS[verdict]}: {summary}"]
    every = result.diff.keys() | result.only_left | result.only_right | result.errors
    every |= result.moved.keys()
    # Those that differ tell more than those that one side has not.
    ranked = ((path not in result.diff and path not in result.errors, path) for path in every)
    for path in sorted(path for _, path in nsmallest(_MOST_PATHS, ranked)):
        lines += _entry(result, path, paths, names, options)
    if len(every) > _MOST_PATHS:
        lines.append(f"  and {len(every) - _MOST_PATHS:,} more")
    return "\n".join(lines)


_VERDICTS = {
    "different": "not the same",
    "unverified": "not known to be the same (UNVERIFIED)",
    "equal": "the same",
}


def _entry(
    result: DirResult,
    path: str,
    paths: tuple[str, str] | None,
    names: tuple[str, str],
    options: Mapping[str, Any],
) -> Iterator[str]:
    shown = _cut(path) or "(the container itself)"
    reason = result.diff.get(path)
    if reason is not None and reason is not DiffReason.READ_ERROR:
        yield f"  {shown}: {reason.value.replace('_', ' ')}"
    for only, name in ((result.only_left, names[0]), (result.only_right, names[1])):
        if path in only:
            yield f"  {shown}: only in {name}"
    if path in result.moved:
        yield f"  {shown}: moved to {_cut(result.moved[path])}"
    if path in result.errors:
        yield f"  {shown}: {_cut(result.messages.get(path, 'cannot be compared'))}"
    if path in result.differences:
        for line in _lines(result.differences[path], (None, None), names):
            yield f"    {line}"
    elif reason in {DiffReason.CONTENT_MISMATCH, DiffReason.SIZE_MISMATCH} and paths is not None:
        both = os.path.join(paths[0], path), os.path.join(paths[1], path)  # noqa: PTH118  # text
        for line in _place(both, names, options):
            yield f"    {line}"


def _place(
    paths: tuple[str, str], names: tuple[str, str], options: Mapping[str, Any]
) -> Iterator[str]:
    """Say where two files differ, if they are files and still differ."""
    try:
        if not (os.path.isfile(paths[0]) and os.path.isfile(paths[1])):  # noqa: PTH113  # text
            return
        # What begins like a URL is a path here.
        both = os.fsencode(os.path.abspath(paths[0])), os.fsencode(os.path.abspath(paths[1]))  # noqa: PTH100
        difference = first_difference(*both, context=_BYTES, **options)
    except KomparuError as error:
        yield f"where: {_cut(str(error))}"
    else:
        if difference is not None:
            yield from _lines(difference, paths, names)


def file_text(
    difference: Difference, paths: tuple[str | None, str | None], names: tuple[str, str]
) -> str:
    """Say how two contents differ; `paths` are where those are that are local files."""
    left, right = names
    return "\n".join(
        [
            f"{left} and {right} are not the same",
            *(f"  {line}" for line in _lines(difference, paths, names)),
        ]
    )


def _lines(
    difference: Difference, paths: tuple[str | None, str | None], names: tuple[str, str]
) -> Iterator[str]:
    """Give the place, then both sides of it: their lines if both are text, and bytes if not."""
    sizes = [
        f", {size:,} {'byte' if size == 1 else 'bytes'} in {name}"
        for size, name in zip((difference.left_size, difference.right_size), names, strict=True)
        if size is not None and difference.left_size != difference.right_size
    ]
    yield f"offset {difference.offset:,}, line {difference.line:,}{''.join(sizes)}"
    windows = [
        _window(path, difference.offset, after)
        for path, after in zip(paths, (difference.left, difference.right), strict=True)
    ]
    texts = [window.line() for window in windows]
    if None in texts:
        texts = [window.bytes() for window in windows]
    width = max(map(len, names))
    for name, text in zip(names, texts, strict=True):
        yield f"{name:<{width}}  {text}"


class _Window(NamedTuple):
    """What stands before and after a place, and whether there is more of it on either side."""

    before: bytes
    after: bytes
    more_before: bool
    more_after: bool

    def line(self) -> str | None:
        """Show the line that the place is in; None if it is no text."""
        begin = self.before.rfind(b"\n") + 1
        end = self.after.find(b"\n") + 1
        head = self.before[begin:]
        tail = self.after[:end] if end else self.after
        if not begin and self.more_before:
            # The rest of a character whose first byte is not here.
            head = head.lstrip(_CONTINUATIONS)
            tail = tail if head else tail.lstrip(_CONTINUATIONS)
        decode = getincrementaldecoder("utf-8")
        try:
            text = decode().decode(head + tail, final=bool(end) or not self.more_after)
            place = len(decode().decode(head))
        except UnicodeDecodeError:
            return None
        if not all(letter.isprintable() or letter in _BLANKS for letter in text):
            return None
        if not self.after:
            return _quoted(text[-_WIDTH:]) + " (ends here)"
        start = max(0, place - _WIDTH // 2)
        stop = start + _WIDTH
        dots_before = "..." if start or (self.more_before and not begin) else ""
        dots_after = "..." if stop < len(text) or (self.more_after and not end) else ""
        return dots_before + _quoted(text[start:stop]) + dots_after

    def bytes(self) -> str:
        """Show bytes around the place as hexadecimal digits, and as characters."""
        before = self.before[-_BYTES // 2 :]
        after = self.after[: _BYTES - len(before)]
        if not after:
            return f"{before.hex(' ')} (ends here)  {before!r}"
        return f"{before.hex(' ')} >{after.hex(' ')}  {before + after!r}".lstrip()


def _window(path: str | None, offset: int, after: bytes) -> _Window:
    """Read around the place; of what is no local file, only what follows it is known."""
    unread = _Window(b"", after, more_before=offset > 0, more_after=len(after) == _BYTES)
    if path is None:
        return unread
    begin = max(0, offset - _WINDOW)
    try:
        with open(path, "rb") as file:  # noqa: PTH123  # text
            file.seek(begin)
            content = file.read(offset - begin + _WINDOW)
    except OSError:
        return unread
    before, now = content[: offset - begin], content[offset - begin :]
    if len(before) < offset - begin or not now.startswith(after):
        # It has changed since: what was compared is shown.
        return unread
    return _Window(before, now, more_before=begin > 0, more_after=len(now) == _WINDOW)


def _quoted(text: str) -> str:
    return f"'{_safe(text)}'"


def _safe(text: str) -> str:
    """Escape what is not to be printed, and what cannot be encoded."""
    return one_line(text).encode("utf-8", "backslashreplace").decode()


def _cut(text: str) -> str:
    """Escape a name or a reason, and leave out the middle of what is long."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]}...{text[-_LONGEST // 2 :]}"
    return _safe(text)
