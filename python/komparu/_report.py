"""What is said of a result: lines of text, one line, a table, JSON.

Loaded with komparu, and loads nothing that Python has not loaded.
"""

from __future__ import annotations

from komparu import _core
from komparu._core import one_line

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from _collections_abc import Iterator
    from typing import Any

    from komparu._types import Difference, DiffReason, DirResult, Finding, Proof, Summary

__all__ = [
    "SCHEMA",
    "as_dict",
    "as_page",
    "as_table",
    "as_text",
    "bounded",
    "difference_as_dict",
    "finding_as_dict",
    "in_json",
    "merged",
    "place",
    "summarized",
]

#: The version of the JSON that the command line prints; `docs/en/json.md` says what is in it.
SCHEMA = 1

#: Names that the one line of a repr shows of each kind, and letters of each name.
_FEW, _SHORT = 3, 40

#: Rows of the table in a notebook: a browser takes more, a reader does not.
_MOST = 1000

#: Digests for which two contents of one digest are made with ease: they verify, and it is said.
_WEAK = frozenset({"md5", "sha1"})

_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

#: Bytes of a name that are not percent-encoded: what ASCII shows, but for the sign itself.
_KEPT = frozenset(range(0x21, 0x7F)) - {ord("%")}


def size(count: float) -> str:
    """Say how many bytes there are, with a unit."""
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:  # noqa: PLR2004
            break
        count /= 1024
    return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"  # noqa: PLR2004


def summarized(summary: Summary) -> str:
    """Say in one line how much was compared, and what came of it."""
    counts = [
        (summary.differing, "differ" if summary.differing != 1 else "differs"),
        (summary.only_left, "only in A"),
        (summary.only_right, "only in B"),
        (summary.moved, "moved"),
        (summary.failed, "not compared"),
    ]
    parts = [f"{count:,} {what}" for count, what in counts if count]
    parts.append(f"{summary.equal:,} equal")
    parts.extend(
        f"{count:,} by {name}" for name, count in summary.algorithms.items() if name in _WEAK
    )
    return f"{', '.join(parts)}, {size(summary.bytes)} in {summary.elapsed:.1f} s"


def as_text(result: DirResult) -> str:
    """Describe every path in a line, sorted by path, and then how much was compared, if known.

    Directories that only one side has are one line each, where the result is complete.
    """
    text = "".join(_core.result_lines(result, folds=result.complete))
    if result.summary.entries or result.summary.elapsed:
        incomplete = "" if result.complete else " (not complete)"
        return f"{text}{summarized(result.summary)}{incomplete}"
    return text.removesuffix("\n")


def _place(result: DirResult, path: str) -> str:
    difference = result.differences.get(path)
    return f" {place(difference)}" if difference is not None else ""


def place(difference: Difference) -> str:
    """Say where it differs, bytes and lines counted from 1, as cmp does."""
    return f"at byte {difference.offset + 1}, line {difference.line}"


def bounded(result: DirResult) -> str:
    """Show a result in one line, whatever is in it."""

    def few(name: str, paths: Any) -> str:  # noqa: ANN401
        first = [_shortened(path) for path, _ in zip(paths, range(_FEW), strict=False)]
        more = f", and {len(paths) - _FEW:,} more" if len(paths) > _FEW else ""
        return f", {name}: {', '.join(first)}{more}" if first else ""

    parts = [
        few("diff", [path for path in result.diff if path not in result.errors]),
        few("only_left", result.only_left),
        few("only_right", result.only_right),
        few("moved", result.moved),
        few("errors", result.errors),
    ]
    incomplete = "" if result.complete else ", not complete"
    counted = f": {summarized(result.summary)}" if result.summary.entries else ""
    return f"<DirResult {result.verdict.value}{incomplete}{counted}{''.join(parts)}>"


def _shortened(path: str) -> str:
    return repr(path if len(path) <= _SHORT else f"{path[: _SHORT - 1]}…")


def in_json(text: str) -> str:
    """Make of a name what every reader of JSON keeps.

    A name that is not UTF-8 begins with NUL, as no name does, and its bytes follow,
    percent-encoded: readers replace or refuse the lone surrogates that Python has for such bytes.
    """
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    name = text.encode("utf-8", "surrogateescape")
    encoded = (chr(byte) if byte in _KEPT else f"%{byte:02X}" for byte in name)
    return "\0" + "".join(encoded)


def as_dict(result: DirResult) -> dict[str, object]:
    """Make of a result what JSON can say."""
    summary = result.summary
    return {
        "schema": SCHEMA,
        "equal": result.equal,
        "verdict": result.verdict.value,
        "complete": result.complete,
        "diff": {in_json(path): reason.value for path, reason in result.diff.items()},
        "only_left": sorted(map(in_json, result.only_left)),
        "only_right": sorted(map(in_json, result.only_right)),
        "errors": sorted(map(in_json, result.errors)),
        "messages": {in_json(path): in_json(why) for path, why in result.messages.items()},
        "moved": {in_json(path): in_json(to) for path, to in result.moved.items()},
        "differences": {
            in_json(path): difference_as_dict(difference)
            for path, difference in result.differences.items()
        },
        "summary": {
            **{name: getattr(summary, name) for name in type(summary).__match_args__},
            "proofs": {proof.value: count for proof, count in summary.proofs.items()},
        },
    }


def finding_as_dict(finding: Finding) -> dict[str, object]:
    """Make of a finding what JSON can say."""
    difference = finding.difference
    return {
        "path": in_json(finding.path),
        "verdict": finding.verdict.value,
        "reason": finding.reason.value if finding.reason is not None else None,
        "side": finding.side,
        "message": in_json(finding.message) if finding.message is not None else None,
        "difference": difference_as_dict(difference) if difference is not None else None,
        "proof": finding.proof.value if finding.proof is not None else None,
        "algorithm": finding.algorithm,
        "moved_to": in_json(finding.moved_to) if finding.moved_to is not None else None,
    }


def difference_as_dict(difference: Difference) -> dict[str, object]:
    """Describe a place as JSON can: bytes in hexadecimal digits."""
    names: tuple[str, ...] = type(difference).__match_args__
    fields: dict[str, object] = {name: getattr(difference, name) for name in names}
    return {**fields, "left": difference.left.hex(), "right": difference.right.hex()}


def merged(kind: type[DirResult], summary: type[Summary], results: list[DirResult]) -> DirResult:
    """Make one result of several."""
    summaries = [result.summary for result in results]
    counts: dict[str, Any] = {
        name: sum(getattr(part, name) for part in summaries)
        for name in summary.__match_args__
        if name not in {"proofs", "elapsed", "algorithms"}
    }
    proofs: dict[Proof, int] = {}
    algorithms: dict[str, int] = {}
    for part in summaries:
        for proof, count in part.proofs.items():
            proofs[proof] = proofs.get(proof, 0) + count
        for algorithm, count in part.algorithms.items():
            algorithms[algorithm] = algorithms.get(algorithm, 0) + count
    # The parts may have been compared side by side.
    elapsed = max((part.elapsed for part in summaries), default=0.0)
    diff: dict[str, DiffReason] = {}
    for result in results:
        for path, reason in result.diff.items():
            # What is known to differ does so whether or not it could be read.
            if path not in diff or diff[path].value == "read_error":
                diff[path] = reason
    return kind(
        equal=all(result.equal for result in results),
        diff=dict(sorted(diff.items())),
        only_left=set().union(*(result.only_left for result in results)),
        only_right=set().union(*(result.only_right for result in results)),
        errors=set().union(*(result.errors for result in results)),
        messages={path: why for result in results for path, why in result.messages.items()},
        complete=all(result.complete for result in results),
        moved={path: to for result in results for path, to in result.moved.items()},
        differences={path: it for result in results for path, it in result.differences.items()},
        summary=summary(**counts, proofs=proofs, elapsed=elapsed, algorithms=algorithms),
        directories=set().union(*(result.directories for result in results)),
    )


def as_table(result: DirResult) -> str:
    """Make a table of a result, which a notebook shows."""
    # Jupyter aligns the cells of a table to the right.
    left = ' style="text-align: left"'
    rows = sorted(_rows(result))
    more = len(rows) - _MOST
    body = "".join(
        f"<tr>{''.join(f'<td{left}>{cell}</td>' for cell in cells)}</tr>" for cells in rows[:_MOST]
    )
    if more > 0:
        body += f'<tr><td colspan="3">… and {more:,} more</td></tr>'
    head = f"<tr><th{left}>path</th><th{left}>what</th><th{left}>why</th></tr>"
    table = f"<table><thead>{head}</thead><tbody>{body}</tbody></table>" if rows else ""
    return f"<div><p>{_headline(result)}</p>{table}</div>"


def _headline(result: DirResult) -> str:
    incomplete = "" if result.complete else " (not complete)"
    return f"<b>{result.verdict.value}</b>{incomplete}: {escaped(summarized(result.summary))}"


def _rows(result: DirResult) -> Iterator[tuple[str, str, str]]:
    for path in result.only_left:
        yield escaped(one_line(path)), "only in A", ""
    for path in result.only_right:
        yield escaped(one_line(path)), "only in B", ""
    for path, to in result.moved.items():
        yield escaped(one_line(path)), "moved", f"to {escaped(one_line(to))}"
    for path, reason in result.diff.items():
        if path not in result.errors:
            yield escaped(one_line(path)), "differs", f"{reason.value}{_place(result, path)}"
    for path, message in result.messages.items():
        yield escaped(one_line(path)), "not compared", escaped(message)


def escaped(text: str) -> str:
    """Escape what HTML would take for its own, and what is no text."""
    text = text.encode("utf-8", "backslashreplace").decode()
    for letter, entity in [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")]:
        text = text.replace(letter, entity)
    return text.replace("'", "&#x27;")


_PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>komparu: {verdict}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #1c1c1c; background: #fff; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #ddd;
  vertical-align: top; }}
td:first-child, td:last-child {{ overflow-wrap: anywhere; }}
td:last-child {{ min-width: 12rem; }}
td:first-child {{ font-family: ui-monospace, monospace; }}
th, td:nth-child(2) {{ white-space: nowrap; }}
@media (prefers-color-scheme: dark) {{ body {{ color: #eee; background: #161616; }}
  th, td {{ border-color: #444; }} }}
</style></head><body><h1>komparu</h1>
<p>{headline}</p>
<table><thead><tr><th>path</th><th>what</th><th>why</th></tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""


def as_page(result: DirResult) -> str:
    """Make a page of a result, with all of its rows."""
    rows = "\n".join(
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for cells in sorted(_rows(result))
    )
    return _PAGE.format(verdict=result.verdict.value, headline=_headline(result), rows=rows)
