"""What the command line takes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import komparu
from komparu._printed import legible

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

__all__ = ["CONFIGURED", "REFUSED", "parser"]

_DESCRIPTION = """\
Are these the same? Compares files and URLs, two of them or more, or two directories, or a directory
with the URLs of a map, or what is in two archives, byte for byte.
"""
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
CONFIGURED = {"allow_private_redirects", "block_private"}
_URLS = {"headers", "timeout", "follow_redirects", "verify_ssl", "proxy", "decode_content"}
_LIMITS = {
    "max_decompressed_size",
    "max_compression_ratio",
    "max_archive_entries",
    "max_entry_name_length",
}
_ONLY_DIRECTORIES = {"follow_symlinks", "ignore"}
_ONLY_ARCHIVES = {*_LIMITS, "hash_compare", "ignore_zeros"}
# The options that a kind of comparison does not take.
REFUSED = {
    "files and URLs": _ONLY_DIRECTORIES | _ONLY_ARCHIVES,
    "directories": _URLS | _ONLY_ARCHIVES,
    "a map of URLs": _ONLY_ARCHIVES | {"follow_symlinks"},
    "archives": _ONLY_DIRECTORIES | {"size_precheck", "quick_check", "max_workers"},
}


class _Parser(argparse.ArgumentParser):
    """One whose errors say in one line what is wrong with an argument, whatever it holds."""

    def error(self, message: str) -> NoReturn:
        super().error(legible(message))


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    result = _Parser(
        prog="komparu",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    result.add_argument("sources", metavar="A B", nargs="+", help="files, URLs or directories")
    result.add_argument("--archive", action="store_true", help="compare what is in two archives")
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
    _switch(how, "--read-holes", "read the holes of sparse files; default no")
    how.add_argument(
        "--detect-changes",
        choices=["ctime", "mtime", "size"],
        help="what shows that a file changes meanwhile; default ctime",
    )

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
    _switch(archives, "--ignore-zeros", "read a tar on behind its end; default no")

    urls = result.add_argument_group("URLs", argument_default=argparse.SUPPRESS)
    urls.add_argument(
        "--urls",
        metavar="MAP.JSON",
        help="compare the directory A with {path: URL, or {url, headers, ...}}",
    )
    urls.add_argument("--headers", type=_header, action="append", metavar="'NAME: VALUE'")
    urls.add_argument("--timeout", type=float, metavar="SECONDS", help="default 30")
    _switch(urls, "--follow-redirects", "default yes")
    _switch(urls, "--verify-ssl", "default yes")
    urls.add_argument("--proxy", metavar="URL")
    _switch(urls, "--decode-content", "undo a coding that was not asked for; default yes")
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
