"""What the command line takes."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import komparu
from komparu import _core
from komparu._core import legible
from komparu._units import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import NoReturn

__all__ = ["CONFIGURED", "REFUSED", "parser"]

_DESCRIPTION = """\
Are these the same? Compares files and URLs, two of them or more, or two directories, or a directory
with an archive or with the URLs of a map, or what is in two archives, byte for byte; or a manifest
with what it lists.
"""
_EPILOG = """\
exit status: 0 equal, 1 different, 2 trouble (what could not be compared is trouble)

a line of output is about one path; what was compared in all is said on standard error:
  - path            only A has it; - path/ (7 files): a directory that only A has
  + path            only B has it
  * path (reason)   both have it, and it differs
  ! path: message   it could not be compared
  = path            it is identical (only with -v)
"""

_OPTIONS: list[dict[str, Any]] = _core.options()

# Letters of a secret that are in no message by chance.
_TELLING = 4

# What options are called besides their own names.
_OTHER_NAMES = {"where": ("--first-difference",)}
# Options that only `configure` takes: they are about the process, not about one comparison.
CONFIGURED = {option["name"] for option in _OPTIONS if not option["functions"]}
# The options that a kind of comparison does not take, which its function does not.
REFUSED = {
    kind: {
        option["name"]
        for option in _OPTIONS
        if option["functions"] and function not in option["functions"]
    }
    for kind, function in {
        "files and URLs": "first_difference",
        "more than two sources": "compare_all",
        "directories": "compare_dir",
        "trees": "compare_trees",
        "a manifest to write": "write_manifest",
        "a map of URLs": "compare_dir_urls",
        "archives": "compare_archive",
    }.items()
}


class _Parser(argparse.ArgumentParser):
    """One whose errors say in one line what is wrong with an argument, whatever it holds."""

    #: The arguments, of which messages show no secrets.
    given: Sequence[str] = ()

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401
        self.given = sys.argv[1:] if args is None else args
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        for argument in self.given:
            for text in (argument, argument.partition("=")[2], argument.lstrip("-")):
                for part, shown in _masked(text):
                    message = message.replace(part, shown)
        self.exit(2, f"{self.prog}: {legible(message)}; try '{self.prog} --help'\n")


def _masked(argument: str) -> Iterator[tuple[str, str]]:
    """Find what is not to be seen of an argument, also as `repr` shows it, and what is instead."""
    shown = os.fsdecode(_core.masked(os.fsencode(argument)))
    if shown == argument:
        return
    start = _alike(argument, shown)
    behind = _alike(argument[:start:-1], shown[:start:-1])
    secret = argument[start : len(argument) - behind]
    # With all that follows, since `a` may be secret in `http://a@host/`, and is in many words.
    for part, instead in (argument[start:], shown[start:]), (secret, "***"):
        if part != secret or len(secret) >= _TELLING:
            yield part, instead
            yield repr(part)[1:-1], repr(instead)[1:-1]


def _alike(one: str, other: str) -> int:
    """Count the letters that both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    result = _Parser(
        prog="komparu",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    result.add_argument(
        "sources", metavar="A B", nargs="+", help="files, URLs or directories; - is stdin"
    )
    result.add_argument("--archive", action="store_true", help="compare what is in two archives")
    result.add_argument(
        "--manifest",
        action="store_true",
        help="A is a manifest, such as SHA256SUMS, of the tree B; a directory's tells by itself",
    )
    result.add_argument(
        "--write-manifest",
        metavar="ALGORITHM",
        help="print a manifest of the tree A: sha256, sha512, sha1, md5, blake3, ...",
    )
    result.add_argument(
        "--manifest-format",
        metavar="FORMAT",
        help="gnu, bsd, hashdeep or record. By default a manifest tells, and gnu is written",
    )
    result.add_argument("--version", action="version", version=f"komparu {komparu.__version__}")
    group = result.add_argument_group("output")
    group.add_argument(
        "--expand", action="store_true", help="list every file of a directory that one side lacks"
    )
    group.add_argument("--html", metavar="FILE", help="write a report to a file, too")
    group.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="show on standard error how far it is. By default on a terminal",
    )
    output = group.add_mutually_exclusive_group()
    output.add_argument("-q", "--quiet", action="store_true", help="print nothing")
    output.add_argument("-v", "--verbose", action="store_true", help="print what is equal, too")
    output.add_argument("--json", action="store_true", help="print one JSON object")
    output.add_argument(
        "--json-lines",
        action="store_true",
        help="print a JSON object for each finding, as it is found, and one with the summary",
    )

    # An option that is not given is not passed on, and so has its default.
    groups = {
        topic: result.add_argument_group(topic, argument_default=argparse.SUPPRESS)
        for topic in ("comparing", "directories", "archives", "URLs")
    }
    groups["URLs"].add_argument(
        "--urls",
        metavar="MAP.JSON",
        help="compare the directory A with {path: URL, or {url, headers, ...}}; - is stdin",
    )
    for option in _OPTIONS:
        _add(groups[option["topic"]], option)
    return result


def _add(group: argparse._ArgumentGroup, option: dict[str, Any]) -> None:
    """Add an option, as the table of all of them describes it."""
    name = f"--{option['name'].replace('_', '-')}"
    text = option["english"]
    for literal, word in {"`True`": "yes", "`False`": "no", "`None`": "none", "`": ""}.items():
        text = text.replace(literal, word)
    words = {"True": "yes", "False": "no", "None": "none", "{}": "none"}
    default = str(option["default"])
    text = f"{text} Default {words.get(default, default)}.".replace("%", "%%")
    match option["kind"]:
        case "switch":
            names = [name, *_OTHER_NAMES.get(option["name"], ())]
            group.add_argument(*names, action=argparse.BooleanOptionalAction, help=text)
        case "choice":
            group.add_argument(name, choices=option["choices"], help=text)
        case "patterns":
            group.add_argument(name, action="append", metavar="PATTERN", help=text)
            if option["name"] == "ignore":
                group.add_argument(
                    "--ignore-from",
                    dest="ignore",
                    action="extend",
                    type=_lines,
                    metavar="FILE",
                    help="patterns of --ignore from a file, one a line, as in .gitignore",
                )
        case "headers":
            group.add_argument(
                name, action="append", type=_header, metavar="'NAME: VALUE'", help=text
            )
        case "proxy" | "auth" | "path" | "client_cert" as kind:
            group.add_argument(name, help=text, **_TEXTS[kind])
        case kind:
            group.add_argument(
                name,
                type=_number(kind, or_none=option["or_none"]),
                metavar={"bytes": "BYTES", "seconds": "SECONDS"}.get(kind, "N"),
                help=text,
            )


def _number(kind: str, *, or_none: bool) -> Callable[[str], float | None]:
    """Read a number of a kind; what is none is told what may be given."""
    read, allowed = NUMBERS[kind]
    if or_none:
        allowed += ", or none"

    def number(text: str) -> float | None:
        if or_none and text.lower() == "none":
            return None
        try:
            return read(text)
        except (ValueError, OverflowError):
            message = f"{text!r} is not {allowed}"
            raise argparse.ArgumentTypeError(message) from None

    return number


def _lines(path: str) -> list[str]:
    """Read the lines of a file, as git does: other ends of lines are a part of them."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeError, ValueError) as error:
        message = f"{path}: {getattr(error, 'strerror', None) or error}"
        raise argparse.ArgumentTypeError(message) from None
    return [line.removesuffix("\r") for line in text.split("\n")]


def _auth(text: str) -> str | tuple[str, str]:
    """Read a user with a password, or a token, which has no colon."""
    user, colon, password = text.partition(":")
    return (user, password) if colon else text


def _certificate(text: str) -> str | tuple[str, str]:
    """Read a file, or two: what has a comma in its name and is there is one."""
    certificate, comma, key = text.rpartition(",")
    return (certificate, key) if comma and not Path(text).exists() else text


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError("a header is written 'Name: value'")
    return name.strip(), value.strip()


#: How kinds of options are given that are one text.
_TEXTS: dict[str, Any] = {
    "proxy": {"metavar": "URL"},
    "auth": {"metavar": "USER:PASSWORD|TOKEN", "type": _auth},
    "path": {"metavar": "FILE"},
    "client_cert": {"metavar": "FILE[,KEY]", "type": _certificate},
}
