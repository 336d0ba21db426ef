"""The command line: ``komparu A B``.

Exit status 0: equal; 1: different; 2: trouble, and what could not be compared is trouble.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import komparu
from komparu import _core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

EQUAL, DIFFERENT, TROUBLE, INTERRUPTED = 0, 1, 2, 130

_DESCRIPTION = (
    "Are these the same? Compares two files, two directories or two archives, byte for byte."
)
_EPILOG = """\
exit status: 0 equal, 1 different, 2 trouble (what could not be compared is trouble)

a line of output is about one path:
  - path            only A has it
  + path            only B has it
  * path (reason)   both have it, and it differs
  ! path: message   it could not be compared
  = path            it is identical (only with -v)
"""

# Options that only `configure` takes: they are about the process, not about one comparison.
_CONFIGURED = {"allow_private_redirects", "block_private"}
_URLS = {"headers", "timeout", "follow_redirects", "verify_ssl", "proxy"}
# The options that not every kind of comparison has.
_CHOSEN = {
    "files and URLs": {"size_precheck", "quick_check", "max_workers", *_URLS},
    "directories": {"size_precheck", "quick_check", "max_workers", "follow_symlinks", "ignore"},
    "archives": {
        "max_decompressed_size",
        "max_compression_ratio",
        "max_archive_entries",
        "max_entry_name_length",
        "hash_compare",
        *_URLS,
    },
}


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    result = argparse.ArgumentParser(
        prog="komparu",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    result.add_argument("a", metavar="A", help="a file, a directory or an archive")
    result.add_argument("b", metavar="B", help="another one")
    result.add_argument("--archive", action="store_true", help="compare what is in A and B")
    result.add_argument("--version", action="version", version=f"komparu {komparu.__version__}")
    output = result.add_argument_group("output").add_mutually_exclusive_group()
    output.add_argument("-q", "--quiet", action="store_true", help="print nothing")
    output.add_argument("-v", "--verbose", action="store_true", help="print what is equal, too")
    output.add_argument("--json", action="store_true", help="print one JSON object")

    # An option that is not given is not passed on, and so has its default.
    how = result.add_argument_group("comparing", argument_default=argparse.SUPPRESS)
    how.add_argument("--chunk-size", type=int, metavar="BYTES", help="default 65536")
    _switch(how, "--size-precheck", "let different sizes settle it; default yes")
    _switch(how, "--quick-check", "compare samples first; default yes")
    how.add_argument("--max-workers", type=int, metavar="N", help="threads; default 0: automatic")
    how.add_argument("--comparison-timeout", type=float, metavar="SECONDS", help="default none")

    directories = result.add_argument_group("directories", argument_default=argparse.SUPPRESS)
    _switch(directories, "--follow-symlinks", "or compare links by target; default yes")
    directories.add_argument(
        "--ignore", action="append", metavar="PATTERN", help="as in .gitignore; may come again"
    )

    archives = result.add_argument_group("archives", argument_default=argparse.SUPPRESS)
    for name, kind, text in [
        ("--max-decompressed-size", int, "of either, in bytes; default 1 GiB"),
        ("--max-compression-ratio", float, "bytes out of one byte; default 200"),
        ("--max-archive-entries", int, "default 100000"),
        ("--max-entry-name-length", int, "in bytes; default 4096"),
    ]:
        archives.add_argument(name, type=_or_none(kind), metavar="N", help=f"{text}; or 'none'")
    _switch(archives, "--hash-compare", "compare entries by digest; default no")

    urls = result.add_argument_group("URLs", argument_default=argparse.SUPPRESS)
    urls.add_argument("--headers", type=_header, action="append", metavar="'NAME: VALUE'")
    urls.add_argument("--timeout", type=float, metavar="SECONDS", help="default 30")
    _switch(urls, "--follow-redirects", "default yes")
    _switch(urls, "--verify-ssl", "default yes")
    urls.add_argument("--proxy", metavar="URL")
    _switch(urls, "--allow-private-redirects", "default no")
    _switch(urls, "--block-private", "default no")
    return result


def _switch(group: argparse._ArgumentGroup, name: str, text: str) -> None:
    group.add_argument(name, action=argparse.BooleanOptionalAction, help=text)


def _or_none(kind: type[float]) -> Callable[[str], float | None]:
    def number(text: str) -> float | None:
        return None if text.lower() == "none" else kind(text)

    number.__name__ = kind.__name__
    return number


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError("a header is written 'Name: value'")
    return name.strip(), value.strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    # A name need not be text; it leaves as the bytes it came as.
    for stream in (sys.stdout, sys.stderr):
        # A stream that was closed before Python began is None, and prints nothing.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")
    commands = parser()
    options = vars(commands.parse_args(arguments))
    how = {name: options.pop(name) for name in ("a", "b", "archive", "quiet", "verbose", "json")}
    if "headers" in options:
        options["headers"] = dict(options["headers"])
    kind, compare = _kind(how)
    elsewhere: set[str] = set().union(*_CHOSEN.values()) - _CHOSEN[kind]
    for name in sorted(options.keys() & elsewhere):
        kinds = " and ".join(kind for kind in _CHOSEN if name in _CHOSEN[kind])
        commands.error(f"--{name.replace('_', '-')} is for {kinds}")
    try:
        komparu.configure(**{name: options.pop(name) for name in _CONFIGURED & options.keys()})
        return compare(how, options)
    except (komparu.KomparuError, ValueError) as error:
        return _trouble(error, how)


def _kind(how: dict[str, Any]) -> tuple[str, Callable[[dict[str, Any], dict[str, Any]], int]]:
    if how["archive"]:
        return "archives", _archives
    if _is_directory(how["a"]) or _is_directory(how["b"]):
        return "directories", _directories
    return "files and URLs", _files


def _is_directory(source: str) -> bool:
    path = os.fsencode(source)
    if path[:7].lower() == b"file://":
        path = unquote_to_bytes(urlsplit(path).path)
    return os.path.isdir(path)  # noqa: PTH112  # a Path is text


def _files(how: dict[str, Any], options: dict[str, Any]) -> int:
    a, b = how["a"], how["b"]
    equal = komparu.compare(a, b, **options)
    if how["json"]:
        print(json.dumps({"equal": equal, "a": a, "b": b}))
    elif equal and how["verbose"]:
        print(f"= {b}")
    elif not equal and not how["quiet"]:
        print(f"* {b} (differs from {a})")
    return EQUAL if equal else DIFFERENT


def _directories(how: dict[str, Any], options: dict[str, Any]) -> int:
    return _trees(how, options, komparu.compare_dir, _core.compare_dir_listing, str)


def _archives(how: dict[str, Any], options: dict[str, Any]) -> int:
    def decode(text: str) -> str:
        # UTF-8 in every locale; it leaves as the bytes it came as.
        return os.fsdecode(text.encode("utf-8", "surrogateescape"))

    return _trees(how, options, komparu.compare_archive, _core.compare_archive_listing, decode)


def _trees(
    how: dict[str, Any],
    options: dict[str, Any],
    compare: Callable[..., komparu.DirResult],
    compare_listing: Callable[..., tuple[komparu.DirResult, list[str]]],
    decode: Callable[[str], str],
) -> int:
    equal: list[str] = []
    if how["verbose"]:
        result, equal = compare_listing(how["a"], how["b"], **options)
    else:
        result = compare(how["a"], how["b"], **options)
    if how["json"]:
        print(json.dumps(_as_json(result)))
    elif not how["quiet"]:
        for _, text in sorted(_lines(result, equal)):
            print(decode(text))
    if result.errors:
        return TROUBLE
    return EQUAL if result.equal else DIFFERENT


def _as_json(result: komparu.DirResult) -> dict[str, Any]:
    return {
        "equal": result.equal,
        "verdict": result.verdict.value,
        "diff": {path: reason.value for path, reason in result.diff.items()},
        "only_left": sorted(result.only_left),
        "only_right": sorted(result.only_right),
        "errors": sorted(result.errors),
        "messages": result.messages,
    }


def _lines(result: komparu.DirResult, equal: list[str]) -> Iterator[tuple[str, str]]:
    """Describe every path in a line; a line break in a name does not begin another."""
    for path in result.only_left:
        yield path, f"- {_one_line(path)}"
    for path in result.only_right:
        yield path, f"+ {_one_line(path)}"
    for path, reason in result.diff.items():
        if path not in result.errors:
            yield path, f"* {_one_line(path)} ({reason.value})"
    for path, message in result.messages.items():
        yield path, f"! {_one_line(path)}: {message}"
    for path in equal:
        yield path, f"= {_one_line(path) or '.'}"


def _one_line(path: str) -> str:
    return path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def _trouble(error: Exception, how: dict[str, Any]) -> int:
    if how["json"]:
        answer = {"equal": None, "error": type(error).__name__, "message": str(error)}
        print(json.dumps(answer))
    elif not how["quiet"]:
        print(f"komparu: {error}", file=sys.stderr)
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
        # Whoever closed the pipe has seen enough.
        if not isinstance(error, BrokenPipeError):
            print(f"komparu: cannot write: {error.strerror}", file=sys.stderr)
        return TROUBLE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # noqa: BLE001  # whatever it is, it is no verdict
        traceback.print_exc()
        return TROUBLE
    return status


if __name__ == "__main__":
    sys.exit(run())
