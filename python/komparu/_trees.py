"""Two trees on the command line: comparing them, and printing what is found in every form."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import komparu
from komparu import _core
from komparu._printed import put, say, say_all
from komparu._report import as_dict, finding_as_dict, summarized
from komparu._terminal import Colours, ProgressLine

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Output", "as_bytes", "compare_trees"]


def as_bytes(text: str) -> str:
    """Let a text of UTF-8 leave as the bytes it is, whatever the locale's encoding."""
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


class Output:
    """What is printed of two trees."""

    def __init__(self, how: dict[str, Any], *, decode: Callable[[str], str] = str) -> None:
        """Take what the user wants."""
        self.how = how
        self._decode = decode
        self._equal: list[str] = []

    @property
    def wants_equal(self) -> bool:
        """Whether identical paths are printed."""
        return bool(self.how["verbose"])

    @property
    def wants_result(self) -> bool:
        """Whether more is wanted of the result than lines about what is not identical."""
        return any(self.how[name] for name in ("verbose", "json", "json_lines", "html"))

    def found(self, finding: komparu.Finding) -> None:
        """Take a finding, as it is found."""
        if self.how["json_lines"]:
            if finding.verdict is not komparu.Verdict.EQUAL:
                put(json.dumps(finding_as_dict(finding)))
        elif finding.verdict is komparu.Verdict.EQUAL:
            self._equal.append(finding.path)

    def print(self, result: komparu.DirResult, ended: str | None) -> None:
        """Print the whole; ``ended`` says why it is not complete, if it is not."""
        how = self.how
        failure = _write_report(how["html"], result) if how["html"] else None
        lines: list[str] = []
        if how["json"]:
            put(json.dumps(as_dict(result)))
        elif how["json_lines"]:
            whole = as_dict(result)
            names = ("schema", "equal", "verdict", "complete", "summary")
            put(json.dumps({name: whole[name] for name in names}))
        elif not how["quiet"]:
            folds = result.complete and not how["expand"]
            lines = _core.result_lines(result, self._equal, folds=folds)
        self.print_lines(lines, result.summary, ended)
        if failure is not None:
            # What was found is printed all the same.
            raise failure

    def print_lines(self, lines: list[str], summary: komparu.Summary, ended: str | None) -> None:
        """Print lines, in pieces of some each, and the totals."""
        if self.how["quiet"]:
            return
        colours = Colours()
        say_all(lines, self._decode, colours if colours.are_shown else None)
        if sys.stdout is not None:
            sys.stdout.flush()
        text = summarized(summary)
        say(f"{text} ({ended})" if ended else text, sys.stderr)


def _write_report(name: str, result: komparu.DirResult) -> OSError | None:
    """Write a report. Where that fails, the file is left empty: a part of it would look whole."""
    try:
        with open(name, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(result.to_html())
    except OSError as error:
        if error.filename is None:
            error.filename = name
        with suppress(OSError):
            os.truncate(name, 0)
        return error
    return None


def compare_trees(
    left: str,
    right: str | dict[str, str | komparu.Source],
    options: dict[str, Any],
    output: Output,
) -> tuple[komparu.TreeRun, komparu.Summary, bool]:
    """Compare two trees and print what is found; at Ctrl-C, what was found so far.

    Returns the run, how much was compared, and whether that is everything.
    """
    run = komparu.iter_trees(left, right, equal=output.wants_equal, **options)
    with run:
        try:
            with ProgressLine(lambda: run.progress, is_shown=output.how["progress"]):
                if output.wants_equal or output.how["json_lines"]:
                    for finding in run:
                        output.found(finding)
                if output.wants_result:
                    result = run.result()
                else:
                    lines, summary, complete = run.lines(folds=not output.how["expand"])
        except KeyboardInterrupt:
            run.close()
            output.print(run.result(), "interrupted")
            raise
        except komparu.ComparisonTimeoutError as error:
            if error.partial is not None:
                output.print(error.partial, "its time is up")
            raise
    if output.wants_result:
        output.print(result, None if result.complete else "not complete")
        return run, result.summary, result.complete
    output.print_lines(lines, summary, None if complete else "not complete")
    return run, summary, complete
