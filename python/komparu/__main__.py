"""The command line: ``komparu A B``.

Exit status 0: equal; 1: different; 2: trouble, and what could not be compared is trouble.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

import komparu
from komparu import _core
from komparu._arguments import CONFIGURED, REFUSED, parser
from komparu._directories import is_directory
from komparu._printed import difference_as_json, one_line, place, prepare, say
from komparu._report import described

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

EQUAL, DIFFERENT, TROUBLE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    prepare()
    commands = parser()
    options = vars(commands.parse_args(arguments))
    switches = ("sources", "archive", "quiet", "verbose", "json")
    how = {name: options.pop(name) for name in switches}
    if "headers" in options:
        options["headers"] = dict(options["headers"])
    compare, kind = _chosen(how, options, commands)
    if kind == "files and URLs":
        # It goes without saying.
        options.pop("where", None)
    for name in sorted(options.keys() & REFUSED[kind]):
        commands.error(f"--{name.replace('_', '-')} is not for {kind}")
    try:
        komparu.configure(**{name: options.pop(name) for name in CONFIGURED & options.keys()})
        return compare(how, options)
    except (komparu.KomparuError, ValueError) as error:
        return _trouble(error, how)


def _chosen(
    how: dict[str, Any], options: dict[str, Any], commands: argparse.ArgumentParser
) -> tuple[Callable[[dict[str, Any], dict[str, Any]], int], str]:
    """Choose what to do, and what to call it."""
    sources = how["sources"]
    if "urls" in options:
        if len(sources) != 1 or how["archive"]:
            commands.error("--urls takes one directory")
        return _url_map, "a map of URLs"
    if len(sources) < 2:  # noqa: PLR2004
        commands.error("there is nothing to compare it with")
    if how["archive"]:
        if len(sources) > 2:  # noqa: PLR2004
            commands.error("archives are compared two at a time")
        return _archives, "archives"
    if any(map(is_directory, sources)):
        if len(sources) > 2:  # noqa: PLR2004
            commands.error("directories are compared two at a time")
        return _directories, "directories"
    if len(sources) > 2:  # noqa: PLR2004
        return _many, "more than two sources"
    return _files, "files and URLs"


def _files(how: dict[str, Any], options: dict[str, Any]) -> int:
    if how["quiet"]:
        # Nothing is said of the place, and so it need not be found.
        options.pop("context", None)
        return EQUAL if komparu.compare(*how["sources"], **options) else DIFFERENT
    difference = komparu.first_difference(*how["sources"], **options)
    a, b = map(_core.source_name, how["sources"])
    if how["json"]:
        answer = {"equal": difference is None, "a": a, "b": b}
        if difference is not None:
            answer["difference"] = difference_as_json(difference)
        print(json.dumps(answer))
    elif difference is not None:
        say(f"* {one_line(b)} (differs from {one_line(a)} {place(difference)})")
    elif how["verbose"]:
        say(f"= {one_line(b)}")
    return EQUAL if difference is None else DIFFERENT


def _many(how: dict[str, Any], options: dict[str, Any]) -> int:
    equal = komparu.compare_all(how["sources"], **options)
    sources = [_core.source_name(source) for source in how["sources"]]
    if how["json"]:
        print(json.dumps({"equal": equal, "sources": sources}))
    elif equal and how["verbose"]:
        for source in sources[1:]:
            say(f"= {one_line(source)}")
    elif not equal and not how["quiet"]:
        say(f"* {len(sources)} sources (not all are the same)")
    return EQUAL if equal else DIFFERENT


def _directories(how: dict[str, Any], options: dict[str, Any]) -> int:
    if how["verbose"]:
        return _report(*_listed(options, *how["sources"]), how)
    return _report(komparu.compare_dir(*how["sources"], **options), [], how)


def _url_map(how: dict[str, Any], options: dict[str, Any]) -> int:
    try:
        with open(options.pop("urls"), encoding="utf-8") as file:  # noqa: PTH123
            urls = _sources(json.load(file))
    except (OSError, ValueError, TypeError) as error:
        return _trouble(error, how)
    (directory,) = how["sources"]
    if how["verbose"]:
        return _report(*_listed(options, directory, urls), how)
    return _report(komparu.compare_dir_urls(directory, urls, **options), [], how)


def _sources(urls: object) -> dict[str, str | komparu.Source]:
    """Take what a map's JSON holds: texts, or what a Source is made of."""
    if not isinstance(urls, dict):
        raise TypeError("a map of URLs is a JSON object")
    made = {
        path: komparu.Source(**value) if isinstance(value, dict) else value
        for path, value in urls.items()
    }
    for path, value in made.items():
        if not isinstance(value, str | komparu.Source):
            message = f"url_map[{path!r}] must be a string or an object"
            raise TypeError(message)
    return made


def _archives(how: dict[str, Any], options: dict[str, Any]) -> int:
    def decode(line: str) -> str:
        # The names are UTF-8 in every locale; they leave as the bytes they are.
        return os.fsdecode(line.encode("utf-8", "surrogateescape"))

    if how["verbose"] and not any(map(is_directory, how["sources"])):
        return _report(*_listed(options, *how["sources"]), how, decode)
    return _report(komparu.compare_archive(*how["sources"], **options), [], how, decode)


def _listed(
    options: dict[str, Any], left: str, right: str | dict[str, str | komparu.Source]
) -> tuple[komparu.DirResult, list[str]]:
    """Compare two trees, and list the paths that are identical, too."""
    with komparu.iter_trees(left, right, equal=True, **options) as run:
        equal = [it.path for it in run if it.verdict is komparu.Verdict.EQUAL]
        return run.result(), equal


def _report(
    result: komparu.DirResult,
    equal: list[str],
    how: dict[str, Any],
    decode: Callable[[str], str] = str,
) -> int:
    if how["json"]:
        print(json.dumps(result.to_dict()))
    elif not how["quiet"]:
        same = [(path, f"= {one_line(path) or '.'}") for path in equal]
        for _, text in sorted([*described(result), *same]):
            say(decode(text))
    if result.errors:
        return TROUBLE
    return EQUAL if result.equal else DIFFERENT


def _trouble(error: Exception, how: dict[str, Any]) -> int:
    if how["json"]:
        answer = {"equal": None, "error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer))
    elif not how["quiet"]:
        say(f"komparu: {error}", sys.stderr)
    return TROUBLE


def run() -> int:
    """Run as a program: what goes wrong with the output is trouble, too, and never a verdict.

    Python itself would exit with 1, which means different.
    """
    try:
        status = main()
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # Nothing may be written while Python exits: it would fail again.
        sys.stdout = None
        # The reader that closed the pipe has seen enough.
        if not isinstance(error, BrokenPipeError):
            say(f"komparu: cannot write: {error.strerror}", sys.stderr)
        return TROUBLE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # noqa: BLE001  # whatever it is, it is no verdict
        for line in traceback.format_exc().splitlines():
            say(line, sys.stderr)
        return TROUBLE
    return status


if __name__ == "__main__":
    sys.exit(run())
