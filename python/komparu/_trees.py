"""Two trees on the command line: comparing them, and printing what is found in every form."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import komparu
from komparu._folded import Directories, folded
from komparu._legible import one_line
from komparu._printed import put, say
from komparu._report import as_dict, described, finding_as_dict, summarized
from komparu._terminal import Colours, ProgressLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Output", "as_bytes", "compare_trees"]


def as_bytes(line: str) -> str:
    """Let a line of UTF-8 leave as the bytes it is, whatever the locale's encoding."""
    return os.fsdecode(line.encode("utf-8", "surrogateescape"))


class Output:
    """What is printed of two trees."""

    def __init__(
        self,
        how: dict[str, Any],
        *,
        have: tuple[Callable[[str], bool], Callable[[str], bool]] | None,
        decode: Callable[[str], str] = str,
    ) -> None:
        """Take what the user wants.

        ``have`` says for either side whether it has a directory of a path; None: the entries say.
        """
        self.how = how
        self._have = have
        self._decode = decode
        self._colours = Colours()
        self._equal: list[str] = []
        self._directories = (Directories(), Directories())

    @property
    def wants_equal(self) -> bool:
        """Whether identical paths are needed: to be printed, or for the directories they lie in."""
        folds = not self.how["expand"] and not self.how["quiet"] and not self.how["json"]
        return self.how["verbose"] or (self._have is None and folds and not self.how["json_lines"])

    def found(self, finding: komparu.Finding) -> None:
        """Take a finding, as it is found."""
        if self.how["json_lines"]:
            if finding.verdict is not komparu.Verdict.EQUAL:
                put(json.dumps(finding_as_dict(finding)))
            return
        if self._have is None:
            for side, directories in zip(("left", "right"), self._directories, strict=True):
                if finding.side in {None, side}:
                    directories.add(finding.path)
        if self.how["verbose"] and finding.verdict is komparu.Verdict.EQUAL:
            self._equal.append(finding.path)

    def print(self, result: komparu.DirResult, ended: str | None) -> None:
        """Print the whole; ``ended`` says why it is not complete, if it is not."""
        how = self.how
        if how["html"]:
            with open(how["html"], "w", encoding="utf-8") as file:  # noqa: PTH123
                file.write(result.to_html())
        if how["json"]:
            put(json.dumps(as_dict(result)))
        elif how["json_lines"]:
            whole = as_dict(result)
            names = ("schema", "equal", "verdict", "complete", "summary")
            put(json.dumps({name: whole[name] for name in names}))
        elif not how["quiet"]:
            for _, text in sorted(self._lines(result)):
                say(self._decode(text), colours=self._colours)
        if not how["quiet"]:
            if sys.stdout is not None:
                sys.stdout.flush()
            text = summarized(result.summary, "only in A", "only in B")
            say(f"{text} ({ended})" if ended else text, sys.stderr)

    def _lines(self, result: komparu.DirResult) -> Iterator[tuple[str, str]]:
        """Describe every path in a line; directories that one side has are folded."""
        is_folded = result.complete and not self.how["expand"]
        yield from described(result, self._folded if is_folded else None)
        for path in self._equal:
            yield path, f"= {one_line(path) or '.'}"

    def _folded(self, sign: str, paths: Iterable[str]) -> Iterator[tuple[str, int]]:
        left, right = self._have or tuple(it.__contains__ for it in self._directories)
        return folded(paths, right if sign == "-" else left)


def compare_trees(
    left: str,
    right: str | dict[str, str | komparu.Source],
    options: dict[str, Any],
    output: Output,
) -> komparu.DirResult:
    """Compare two trees and print what is found; at Ctrl-C, what was found so far."""
    run = komparu.iter_trees(left, right, equal=output.wants_equal, **options)
    with run:
        try:
            with ProgressLine(lambda: run.progress, is_shown=output.how["progress"]):
                if output.wants_equal or output.how["json_lines"]:
                    for finding in run:
                        output.found(finding)
                result = run.result()
        except KeyboardInterrupt:
            run.close()
            output.print(run.result(), "interrupted")
            raise
        except komparu.ComparisonTimeoutError as error:
            if error.partial is not None:
                output.print(error.partial, "its time is up")
            raise
    output.print(result, None if result.complete else "not complete")
    return result
