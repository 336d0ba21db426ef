"""Making what a test expects the same as what it got, file by file."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from komparu._errors import ConfigError
from komparu._functions import compare_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["update"]


def update(
    actual: str | None, expected: str | None, *, archive: bool, options: dict[str, Any]
) -> None:
    """Rewrite a file or a directory from another. What is ignored stays as it is."""
    if archive:
        raise _refused("an archive cannot be rewritten")
    if actual is None or expected is None:
        raise _refused("only files and directories are rewritten, and made of other ones")
    # Where what is expected is a link, what it leads to is rewritten.
    actual, expected = os.path.realpath(actual), os.path.realpath(expected)
    if os.path.lexists(expected) and os.path.isdir(actual) != os.path.isdir(expected):
        raise _refused(f"one of {actual!r} and {expected!r} is a directory, and the other is none")
    if os.path.commonpath([actual, expected]) in {actual, expected}:
        raise _refused(f"one of {actual!r} and {expected!r} holds the other")
    home = os.path.dirname(expected)
    os.makedirs(home, exist_ok=True)
    # Beside what is expected, where nothing looks at it, and on the same filesystem.
    with tempfile.TemporaryDirectory(prefix=".komparu-", dir=home) as unfinished:
        if os.path.isdir(actual):
            os.makedirs(expected, exist_ok=True)
            _Update(actual, expected, unfinished).run(options)
        else:
            _copy(actual, expected, unfinished)


def _refused(why: str) -> ConfigError:
    return ConfigError(f"--komparu-update: {why}")


class _Update(NamedTuple):
    """Two directories, and one for files that are not finished."""

    actual: str
    expected: str
    unfinished: str

    def run(self, options: dict[str, Any]) -> None:
        """Change all that differs."""
        self.change(options)
        # What was spelled differently has been written under its new name, beside the old one.
        self.change(options)

    def change(self, options: dict[str, Any]) -> None:
        """Change what differs now."""
        # What moved is deleted at its old path and copied to the new one.
        result = compare_dir(self.actual, self.expected, **{**options, "moves": False})
        if result.errors:
            path = min(result.errors)
            raise _refused(f"{path!r} cannot be compared: {result.messages[path]}")
        for path in sorted(result.only_right):
            self.delete(path)
        for path in sorted(result.diff.keys() | result.only_left):
            self.replace(path)

    def delete(self, path: str) -> None:
        """Delete what only the expected directory has, and directories that are empty then."""
        place = next(self.links(self.expected, path), path)
        is_behind_link = next(self.links(self.actual, place), None) is not None
        if not is_behind_link and os.path.islink(os.path.join(self.actual, place)):
            # Behind a link that both have: it leads to another place from now on, or as before.
            self.copy(place)
            return
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(self.expected, place))
        above = os.path.dirname(place)
        # What is ignored may be left in them.
        with suppress(OSError):
            while above and not os.path.isdir(os.path.join(self.actual, above)):
                os.rmdir(os.path.join(self.expected, above))
                above = os.path.dirname(above)

    def replace(self, path: str) -> None:
        """Make an entry the same; where it is seen through a link, the link."""
        for link in self.links(self.actual, path):
            if not _is_directory(os.path.join(self.expected, link)):
                path = link
                break
        self.make_room(os.path.dirname(path))
        if _is_directory(os.path.join(self.actual, path)):
            # A file or a link stands where its files go.
            self.make_room(path)
        else:
            self.copy(path)

    def make_room(self, directory: str) -> None:
        """Have a directory, and no file or link, at this path and above it."""
        if directory:
            self.make_room(os.path.dirname(directory))
            place = os.path.join(self.expected, directory)
            if not _is_directory(place):
                with suppress(FileNotFoundError):
                    os.unlink(place)
                os.makedirs(place, exist_ok=True)

    def copy(self, path: str) -> None:
        """Copy a file or a link to where nothing, a file, a link or an empty directory is."""
        source, target = os.path.join(self.actual, path), os.path.join(self.expected, path)
        if _is_directory(target):
            try:
                for directory, _, _ in os.walk(target, topdown=False):
                    os.rmdir(directory)
            except OSError as error:
                raise _refused(f"{target!r} is to be replaced and is not empty") from error
        _copy(source, target, self.unfinished)

    @staticmethod
    def links(root: str, path: str) -> Iterator[str]:
        """Give the links to directories that a path below a directory leads through."""
        above = ""
        for part in path.split("/")[:-1]:
            above = f"{above}/{part}".lstrip("/")
            if os.path.islink(os.path.join(root, above)):
                yield above


def _is_directory(path: str) -> bool:
    """Find out whether there is a directory, and no link to one."""
    return os.path.isdir(path) and not os.path.islink(path)


def _copy(source: str, target: str, unfinished: str) -> None:
    """Copy a file or a link. At any time the old one or the new one is there, and whole."""
    mode = os.lstat(source).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise _refused(f"{source!r} is neither a file nor a link")
    copy = os.path.join(unfinished, "copy")
    shutil.copy(source, copy, follow_symlinks=False)
    os.replace(copy, target)
