"""An assertion for tests: two sources are the same, or the test says what is different.

    from komparu.testing import assert_same

    def test_site(tmp_path):
        build(tmp_path)
        assert_same(tmp_path, "tests/expected/site")

``pytest --komparu-update`` makes `assert_same` rewrite what is expected.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from komparu._explained import file_text, tree_text
from komparu._functions import compare_archive, compare_dir, first_difference
from komparu._types import Content, Source

if TYPE_CHECKING:
    from typing import Any

    from komparu._types import SourceLike

__all__ = ["assert_same"]

#: What the text calls the two sides.
_NAMES = ("actual", "expected")

#: Bytes that the text shows from the first that differs on.
_SHOWN = 32


def assert_same(
    actual: SourceLike,
    expected: SourceLike,
    *,
    archive: bool = False,
    **options: Any,  # noqa: ANN401  # of three functions
) -> None:
    """Raise an AssertionError that says what is different, unless these are the same.

    Two directories are compared as `compare_dir` does, anything else as `compare` does. The text
    names up to 20 paths and the place of the first difference in each, with the line or the bytes
    around it. What could not be compared is a failure, too.

    Where pytest was told ``--komparu-update``, ``expected`` is made the same as ``actual`` instead:
    files are replaced one by one, links stay links, and what ``actual`` has not is deleted.

    Args:
        actual: A directory, a file or a URL.
        expected: Another one.
        archive: Both are archives, to be compared as `compare_archive` does. Default False.
        options: Those of the function that compares.

    Raises:
        AssertionError: They are not the same, or not known to be.
        KomparuError: What `compare`, `compare_dir` and `compare_archive` raise.

    """
    __tracebackhide__ = True
    if not _is_updating():
        text = _difference(actual, expected, archive=archive, options=options)
    else:
        # Loaded only where something is to be rewritten.
        from komparu._update import update  # noqa: PLC0415

        paths = _local(actual), _local(expected)
        is_there = paths[1] is None or os.path.lexists(paths[1])
        if is_there and not _difference(actual, expected, archive=archive, options=options):
            return
        update(*paths, archive=archive, options=options)
        text = _difference(actual, expected, archive=archive, options=options)
        text = text and f"after the update: {text}"
    if text is not None:
        raise AssertionError(text)


def _difference(
    actual: SourceLike, expected: SourceLike, *, archive: bool, options: dict[str, Any]
) -> str | None:
    """Say what is different; None if nothing is. Which function compares is decided here."""
    paths = _local(actual), _local(expected)
    if archive:
        result = compare_archive(actual, expected, **options)
        return None if result else tree_text(result, None, _NAMES, {})
    left, right = paths
    are_directories = [path is not None and os.path.isdir(path) for path in paths]  # noqa: PTH112
    if left is not None and right is not None and any(are_directories):
        if os.path.lexists(left) and os.path.lexists(right) and not all(are_directories):
            kinds = ["a directory" if one else "no directory" for one in are_directories]
            return f"actual is {kinds[0]}, and expected is {kinds[1]}"
        result = compare_dir(actual, expected, **options)
        return None if result else tree_text(result, (left, right), _NAMES, _of_files(options))
    difference = first_difference(actual, expected, **{"context": _SHOWN, **options})
    return None if difference is None else file_text(difference, paths, _NAMES)


def _of_files(options: dict[str, Any]) -> dict[str, Any]:
    """Those options of compare_dir that `first_difference` has, too."""
    known = first_difference.__wrapped__.__kwdefaults__  # type: ignore[attr-defined]  # see public
    return {name: value for name, value in options.items() if name in known}


def _local(source: SourceLike) -> str | None:
    """Give the path of a source, as text; None for a URL, and for what is in memory."""
    if isinstance(source, Content):
        return None
    text = os.fsdecode(source.url if isinstance(source, Source) else source)
    if file := re.match("file://(?:localhost)?(/[^?#]*)", text, re.IGNORECASE | re.DOTALL):
        return os.fsdecode(unquote_to_bytes(os.fsencode(file[1])))
    return None if re.match("[A-Za-z][A-Za-z0-9+.-]*://", text) else text


def _is_updating() -> bool:
    """Find out whether the pytest that runs was told to update."""
    plugin = sys.modules.get("_komparu_pytest")
    return plugin is not None and bool(plugin.updating)
