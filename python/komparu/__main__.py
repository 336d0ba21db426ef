"""The command line: ``komparu A B``.

Exit status 0: equal; 1: different; 2: trouble, and what could not be compared is trouble.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import traceback
from typing import TYPE_CHECKING, Any

import komparu

if TYPE_CHECKING:
    from collections.abc import Sequence

EQUAL, DIFFERENT, TROUBLE = 0, 1, 2

_DESCRIPTION = "Are these the same? Compares two files, byte for byte."
_EPILOG = """\
exit status: 0 equal, 1 different, 2 trouble (what could not be compared is trouble)

A line of output is about one path:
  * path (reason)   different
  ! path: message   could not be compared
  = path            equal; printed only with -v
"""


def _limit(text: str) -> int | None:
    return None if text.lower() == "none" else int(text)


def _ratio(text: str) -> float | None:
    return None if text.lower() == "none" else float(text)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError("a header is written 'Name: value'")
    return name.strip(), value.strip()


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    result = argparse.ArgumentParser(
        prog="komparu",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    result.add_argument("a", metavar="A", help="a file")
    result.add_argument("b", metavar="B", help="another one")
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
    how.add_argument("--comparison-timeout", type=_ratio, metavar="SECONDS", help="default none")

    http = result.add_argument_group("URLs", argument_default=argparse.SUPPRESS)
    http.add_argument("--headers", type=_header, action="append", metavar="'NAME: VALUE'")
    http.add_argument("--timeout", type=float, metavar="SECONDS", help="default 30")
    _switch(http, "--follow-redirects", "default yes")
    _switch(http, "--verify-ssl", "default yes")
    http.add_argument("--proxy", metavar="URL")
    _switch(http, "--allow-private-redirects", "default no")
    _switch(http, "--block-private", "default no")
    return result


def _switch(group: argparse._ArgumentGroup, name: str, text: str) -> None:
    group.add_argument(name, action=argparse.BooleanOptionalAction, help=text)


#: Options that only `configure` takes: they are about the process, not about one comparison.
_CONFIGURED = ("allow_private_redirects", "block_private")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    # A name need not be text; it leaves as the bytes it came as.
    for stream in (sys.stdout, sys.stderr):
        # A stream that was closed before Python began is None, and prints nothing.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")
    options = vars(parser().parse_args(arguments))
    quiet, verbose = options.pop("quiet"), options.pop("verbose")
    as_json, a, b = options.pop("json"), options.pop("a"), options.pop("b")
    if "headers" in options:
        options["headers"] = dict(options["headers"])
    try:
        komparu.configure(**{name: options.pop(name) for name in _CONFIGURED if name in options})
        equal = komparu.compare(a, b, **options)
    except (komparu.KomparuError, ValueError) as error:
        return _trouble(error, as_json=as_json, quiet=quiet)
    if as_json:
        print(json.dumps({"equal": equal, "a": a, "b": b}))
    elif not quiet and not equal:
        print(f"* {b} (differs from {a})")
    elif verbose and equal:
        print(f"= {b}")
    return EQUAL if equal else DIFFERENT


def _trouble(error: Exception, *, as_json: bool, quiet: bool) -> int:
    if as_json:
        answer: dict[str, Any] = {"equal": None, "error": type(error).__name__}
        answer["message"] = str(error)
        print(json.dumps(answer))
    elif not quiet:
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
        return 130
    except Exception:  # noqa: BLE001  # whatever it is, it is no verdict
        traceback.print_exc()
        return TROUBLE
    return status


if __name__ == "__main__":
    sys.exit(run())
