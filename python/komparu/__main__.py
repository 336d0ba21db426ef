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
from komparu._core import one_line
from komparu._directories import is_directory, local_path
from komparu._hints import hint_for_archives, hint_for_files, hint_for_links, is_manifest
from komparu._printed import prepare, put, say
from komparu._report import SCHEMA, difference_as_dict, in_json, place
from komparu._stores import is_store_text
from komparu._streams import opened
from komparu._terminal import Colours, ProgressLine, is_terminal
from komparu._trees import Output, as_bytes, compare_trees

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from komparu import Progress

EQUAL, DIFFERENT, TROUBLE, INTERRUPTED = 0, 1, 2, 130

#: What is said of the output, and not of the comparison.
_SWITCHES = (
    "sources",
    "archive",
    "manifest",
    "write_manifest",
    "manifest_format",
    "quiet",
    "verbose",
    "json",
    "json_lines",
    "html",
    "expand",
    "progress",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    prepare()
    commands = parser()
    options = vars(commands.parse_args(arguments))
    how = {name: options.pop(name) for name in _SWITCHES}
    if "headers" in options:
        options["headers"] = dict(options["headers"])
    if how["progress"] is None:
        how["progress"] = is_terminal(sys.stderr) and not how["quiet"]
    try:
        how["sources"] = opened(how["sources"])
    except ValueError as error:
        commands.error(str(error))
    except komparu.KomparuError as error:
        return _trouble(error, how)
    if any(how[name] for name in ("manifest", "write_manifest", "manifest_format")):
        compare, kind = _chosen_of_manifests(how, commands)
    else:
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
    has_tree = any(_is_directory(it) or is_store_text(it) for it in sources)
    if "urls" in options:
        if len(sources) != 1 or how["archive"]:
            commands.error("--urls takes one directory")
        if not isinstance(sources[0], str):
            commands.error(f"{_core.source_name(sources[0])} is no directory")
        return _url_map, "a map of URLs"
    if len(sources) < 2:  # noqa: PLR2004
        commands.error("there is nothing to compare it with")
    if how["archive"]:
        if len(sources) > 2:  # noqa: PLR2004
            commands.error("archives are compared two at a time")
        return _archives, "archives"
    if has_tree:
        if len(sources) > 2:  # noqa: PLR2004
            kind = "stores" if any(map(is_store_text, sources)) else "directories"
            commands.error(f"{kind} are compared two at a time")
        how["sources"] = [_tree(it) for it in sources]
        are_directories = all(map(_is_directory, sources))
        return (_directories, "directories") if are_directories else (_mixed, "trees")
    _refuse(how, ("html", "json_lines", "expand"), commands)
    if len(sources) > 2:  # noqa: PLR2004
        return _many, "more than two sources"
    return _files, "files and URLs"


def _is_directory(source: Any) -> bool:  # noqa: ANN401
    return isinstance(source, str) and is_directory(source)


def _tree(source: Any) -> Any:  # noqa: ANN401
    """Tell what stands beside a directory: another one, a manifest, or else an archive."""
    if not isinstance(source, str):
        return komparu.Archive(source)
    return komparu.Manifest(source) if not is_store_text(source) and is_manifest(source) else source


def _chosen_of_manifests(
    how: dict[str, Any], commands: argparse.ArgumentParser
) -> tuple[Callable[[dict[str, Any], dict[str, Any]], int], str]:
    sources = how["sources"]
    if how["write_manifest"] is not None:
        if len(sources) != 1 or how["archive"] or how["manifest"]:
            commands.error("--write-manifest takes one tree")
        for name in ("html", "json", "json_lines", "expand"):
            if how[name]:
                commands.error(f"--{name.replace('_', '-')} is not for --write-manifest")
        return _write_manifest, "a manifest to write"
    if not how["manifest"]:
        commands.error("--manifest-format is for --manifest and --write-manifest")
    if len(sources) != 2 or how["archive"]:  # noqa: PLR2004
        commands.error("--manifest takes a manifest and a tree")
    try:
        listed = komparu.Manifest(sources[0], format=how["manifest_format"])
    except ValueError as error:
        commands.error(str(error))
    how["sources"] = [listed, sources[1]]
    return _mixed, "trees"


def _refuse(how: dict[str, Any], names: Sequence[str], commands: argparse.ArgumentParser) -> None:
    """Refuse what is for trees."""
    for name in names:
        if how[name]:
            commands.error(f"--{name.replace('_', '-')} is for directories, archives and --urls")


class _Latest:
    """Keeps the latest progress, for the thread that draws it."""

    def __init__(self) -> None:
        self.progress: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        self.progress = progress


def _watched(
    how: dict[str, Any],
    options: dict[str, Any],
    compare: Callable[..., Any],
    *sources: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """Compare, and show the progress meanwhile if that is wanted."""
    if not how["progress"]:
        return compare(*sources, **options)
    latest = _Latest()
    with ProgressLine(lambda: latest.progress, is_shown=True):
        return compare(*sources, progress=latest, **options)


def _files(how: dict[str, Any], options: dict[str, Any]) -> int:
    if how["quiet"]:
        # Nothing is said of the place, and so it need not be found.
        options.pop("context", None)
        return EQUAL if komparu.compare(*how["sources"], **options) else DIFFERENT
    difference = _watched(how, options, komparu.first_difference, *how["sources"])
    a, b = map(_core.source_name, how["sources"])
    colours = Colours()
    if how["json"]:
        answer: dict[str, Any] = {
            "schema": SCHEMA,
            "equal": difference is None,
            "a": in_json(a),
            "b": in_json(b),
        }
        if difference is not None:
            answer["difference"] = difference_as_dict(difference)
        put(json.dumps(answer))
    elif difference is not None:
        say(f"* {one_line(b)} (differs from {one_line(a)} {place(difference)})", colours=colours)
        hint_for_files(*how["sources"])
    elif how["verbose"]:
        say(f"= {one_line(b)}", colours=colours)
    return EQUAL if difference is None else DIFFERENT


def _many(how: dict[str, Any], options: dict[str, Any]) -> int:
    if how["quiet"]:
        return EQUAL if komparu.compare_all(how["sources"], **options) else DIFFERENT
    result = _watched(how, options, komparu.compare_many, how["sources"])
    names = [_core.source_name(source) for source in how["sources"]]
    groups = [[name for name in names if name in group] for group in result.groups]
    if how["json"]:
        answer = {
            "schema": SCHEMA,
            "equal": result.all_equal,
            "sources": [in_json(name) for name in names],
            "groups": [[in_json(name) for name in group] for group in groups],
        }
        put(json.dumps(answer))
    elif how["verbose"] or not result.all_equal:
        # Sources with the same number are identical.
        for number, group in enumerate(groups, 1):
            for name in group:
                say(f"{number} {one_line(name)}")
    return EQUAL if result.all_equal else DIFFERENT


def _directories(how: dict[str, Any], options: dict[str, Any]) -> int:
    left, right = how["sources"]
    follow = options.get("follow_symlinks", komparu.get_config().follow_symlinks)
    run, summary, complete = compare_trees(left, right, options, Output(how))
    if summary.differing and follow and not how["quiet"] and not how["json"]:
        hint_for_links(run.result(), (local_path(left), local_path(right)))
    return _status(summary, complete=complete)


def _write_manifest(how: dict[str, Any], options: dict[str, Any]) -> int:
    options["algorithm"] = how["write_manifest"]
    if how["manifest_format"] is not None:
        options["format"] = how["manifest_format"]
    file = os.devnull if how["quiet"] else "/dev/stdout"
    _watched(how, options, komparu.write_manifest, *how["sources"], file)
    return EQUAL


def _mixed(how: dict[str, Any], options: dict[str, Any]) -> int:
    left, right = how["sources"]
    _, summary, complete = compare_trees(left, right, options, Output(how))
    return _status(summary, complete=complete)


def _url_map(how: dict[str, Any], options: dict[str, Any]) -> int:
    name = options.pop("urls")
    try:
        # Descriptor 0 is standard input.
        with open(0 if name == "-" else name, encoding="utf-8") as file:  # noqa: PTH123
            urls = _sources(json.load(file))
    except OSError as error:
        return _trouble(error, how)
    except (ValueError, TypeError) as error:
        return _trouble(ValueError(f"{_masked(name)}: {error}"), how)
    (directory,) = how["sources"]
    _, summary, complete = compare_trees(directory, urls, options, Output(how))
    return _status(summary, complete=complete)


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
    if any(map(_is_directory, how["sources"])):
        # Directories would be compared as such; the error says which side is one.
        komparu.compare_archive(*how["sources"], **options)
    # Names in archives are UTF-8 in every locale; they leave as the bytes they are.
    left, right = how["sources"]
    try:
        _, summary, complete = compare_trees(left, right, options, Output(how, decode=as_bytes))
    except komparu.ArchiveError:
        hint_for_archives(*how["sources"])
        raise
    return _status(summary, complete=complete)


def _status(summary: komparu.Summary, *, complete: bool) -> int:
    if summary.failed:
        return TROUBLE
    differs = summary.differing or summary.only_left or summary.only_right or summary.moved
    return DIFFERENT if differs or not complete else EQUAL


def _masked(name: str | bytes) -> str:
    """Show a name that may have been meant as a URL, without what is secret in it."""
    return os.fsdecode(_core.masked(os.fsencode(name)))


def _trouble(error: Exception, how: dict[str, Any]) -> int:
    text = str(error)
    if (
        isinstance(error, OSError)
        and error.filename
        and not isinstance(error, komparu.KomparuError)
    ):
        text = f"{_masked(error.filename)}: {error.strerror}"
    if how["json"] or how["json_lines"]:
        answer = {
            "schema": SCHEMA,
            "equal": None,
            "error": type(error).__name__,
            "message": in_json(text),
        }
        put(json.dumps(answer))
    elif not how["quiet"]:
        say(f"komparu: {text}", sys.stderr)
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
            name = f" {_masked(error.filename)}" if error.filename else ""
            say(f"komparu: cannot write{name}: {error.strerror}", sys.stderr)
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
