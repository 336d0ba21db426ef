"""What pip has installed, against what its RECORD lists."""

import os
from _collections_abc import Iterable

from komparu import _core
from komparu._errors import SourceNotFoundError
from komparu._functions import compare_trees
from komparu._types import Content, DirResult, Manifest

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import Distribution

__all__ = ["verify_installed"]

#: Names of a RECORD that have no digest there: its own, and those of its signatures.
_OWN = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s"})

#: Characters of a name in a message, as elsewhere.
_PIECE = 200


def verify_installed(
    distribution: object, *, ignore: Iterable[str] | None = ("__pycache__/",), **options: object
) -> DirResult:
    """Compare the files of an installed distribution with what its RECORD lists.

    The left side is the RECORD, the right one what is installed: a file that is gone is in
    `only_left`. Files that the RECORD does not list are not looked for.

    Args:
        distribution: Its name, or a Distribution of `importlib.metadata`.
        ignore: Patterns of names that are left out. The bytecode that pip compiles has no digest in
            the RECORD, so it is, by default; with `None` it is in the result's errors.
        options: Those of `compare_trees`.

    Returns:
        A DirResult; it is true if every file that the RECORD lists is what it lists. Its paths are
        those of the RECORD.

    Raises:
        PackageNotFoundError: Nothing of this name is installed.
        SourceNotFoundError: It has no RECORD.
        ManifestError: A line of the RECORD is malformed, or contradicts another one.

    """
    found = _found(distribution)
    record = found.read_text("RECORD")
    if record is None:
        name = found.metadata["Name"]
        message = f"{_piece(str(name))}: has no RECORD"
        raise SourceNotFoundError(message, source=name)
    text, files, names, where = _rewritten(record, found)
    content = Content(text.encode("utf-8", "surrogateescape"), where)
    given = {"ignore": ignore, **options}
    result = compare_trees(Manifest(content, format="record"), files, **given)  # type: ignore[arg-type]
    return _renamed(result, names)


verify_installed.__module__ = "komparu"


def _found(distribution: object) -> "Distribution":
    if not isinstance(distribution, str):
        return distribution  # type: ignore[return-value]
    import importlib.metadata  # noqa: PLC0415  # it takes longer than all of komparu

    try:
        return importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        # It may have been meant as a URL.
        name = _core.masked(distribution.encode("utf-8", "surrogatepass"))
        shown = _piece(name.decode("utf-8", "surrogatepass"))
    # Not while the other one is handled, which would be its context.
    raise importlib.metadata.PackageNotFoundError(shown)


def _piece(name: str) -> str:
    """Make a name fit for a message: on one line, and without its middle if it is long."""
    shown = _core.one_line(name)
    return shown if len(shown) <= _PIECE else f"{shown[: _PIECE // 2]}…{shown[1 - _PIECE // 2 :]}"


def _rewritten(
    record: str, distribution: "Distribution"
) -> tuple[str, dict[str, str], dict[str, str], str]:
    """Make names of it that lie below one root.

    Returns the RECORD with these names, the file of each that is there, its name in the RECORD, and
    where the RECORD is.
    """
    import csv  # noqa: PLC0415
    import io  # noqa: PLC0415

    out = io.StringIO()
    files: dict[str, str] = {}
    names: dict[str, str] = {}
    where = "RECORD"
    write = csv.writer(out, lineterminator="\n")
    for row in csv.reader(io.StringIO(record, newline="")):
        name = row[0] if row else ""
        if not any(row[1:]) and name.rpartition("/")[2] in _OWN:
            if name.endswith("/RECORD"):
                where = str(distribution.locate_file(name))
            # Its line remains, for the numbers of those that follow.
            out.write("\n")
            continue
        # A script lies outside of the directory that names are relative to.
        parts = ["..." if part == ".." else part for part in name.split("/")]
        inner = "/".join(parts) if not name.startswith("/") else f"...{name}"
        names[inner] = name
        file = str(distribution.locate_file(name))
        if name and os.path.lexists(file):
            files[inner] = file
        write.writerow([inner, *row[1:]])
    return out.getvalue(), files, names, where


def _renamed(result: DirResult, names: dict[str, str]) -> DirResult:
    """Give each path the name that it has in the RECORD."""
    rename = names.get
    return DirResult(
        equal=result.equal,
        diff={rename(path, path): reason for path, reason in result.diff.items()},
        only_left={rename(path, path) for path in result.only_left},
        only_right={rename(path, path) for path in result.only_right},
        errors={rename(path, path) for path in result.errors},
        messages={rename(path, path): why for path, why in result.messages.items()},
        complete=result.complete,
        moved={rename(path, path): rename(to, to) for path, to in result.moved.items()},
        differences={rename(path, path): it for path, it in result.differences.items()},
        summary=result.summary,
    )
