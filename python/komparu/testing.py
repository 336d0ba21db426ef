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
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from komparu._explained import file_text, tree_text
from komparu._functions import compare_archive, compare_dir, compare_trees, first_difference
from komparu._stores import is_store_text
from komparu._types import Archive, Directory, Manifest, Source, Store

if TYPE_CHECKING:
    from typing import Any

    from komparu._types import SourceLike

    Tree = SourceLike | Archive | Directory | Manifest | Mapping[str, SourceLike] | Store

__all__ = ["assert_same"]

#: What the text calls the two sides.
_NAMES = ("actual", "expected")

#: What is a tree whatever it leads to.
_TREES = (Archive, Directory, Manifest, Mapping, Store)

#: Bytes that the text shows from the first that differs on.
_SHOWN = 32


def assert_same(
    actual: Tree,
    expected: Tree,
    *,
    archive: bool = False,
    **options: Any,  # noqa: ANN401  # of three functions
) -> None:
    """Raise an AssertionError that says what is different, unless these are the same.

    Two directories are compared as `compare_dir` does; where either is an `Archive`, a `Directory`,
    a `Manifest`, a `Store` (or a text that is one) or a mapping, both are trees, compared as
    `compare_trees` does; anything else is compared as `compare` does. The text names up to 20
    paths, those whose contents differ first of all, and the place of the first difference in each,
    with the line or the bytes around it. What could not be compared is a failure, too.

    Where pytest was told ``--komparu-update``, ``expected`` is made the same as ``actual`` instead:
    files are replaced one by one, links stay links, and what ``actual`` has not is deleted.

    Args:
        actual: A directory, a file, a URL, or any tree that `compare_trees` takes.
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


def _is_tree(given: Any) -> bool:  # noqa: ANN401
    return isinstance(given, _TREES) or is_store_text(given)


def _difference(
    actual: Any,  # noqa: ANN401  # a Tree, as of each function below
    expected: Any,  # noqa: ANN401
    *,
    archive: bool,
    options: dict[str, Any],
) -> str | None:
    """Say what is different; None if nothing is. Which function compares is decided here."""
    if archive or any(map(_is_tree, (actual, expected))):
        compare = compare_archive if archive else compare_trees
        result = compare(actual, expected, **{"where": True, "context": _SHOWN, **options})
        return None if result else tree_text(result, None, _NAMES, {})
    paths = _local(actual), _local(expected)
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


def _local(source: Tree) -> str | None:
    """Give the path of a source, as text; None for what is no path."""
    path = source.url if isinstance(source, Source) else source
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    text = os.fsdecode(path)
    if file := re.match("file://(?:localhost)?(/[^?#]*)", text, re.IGNORECASE | re.DOTALL):
        return os.fsdecode(unquote_to_bytes(os.fsencode(file[1])))
    return None if re.match("[A-Za-z][A-Za-z0-9+.-]*://", text) else text


def _is_updating() -> bool:
    """Find out whether the pytest that runs was told to update."""
    plugin = sys.modules.get("_komparu_pytest")
    return plugin is not None and bool(plugin.updating)
