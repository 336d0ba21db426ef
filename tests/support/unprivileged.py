"""Comparisons made by an ordinary user, though root runs the tests."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from children import outcome
from komparu import DiffReason, DirResult

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARE = """
import json
# Imported while the package may surely be read.
komparu.DirResult, komparu.SourcePermissionError
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
a, b, options = *sys.argv[1:3], json.loads(sys.argv[3])
try:
    result = komparu.compare_dir(a, b, **options)
except komparu.KomparuError as error:
    print(json.dumps([type(error).__name__, str(error), error.source, error.errno]))
else:
    sets = [sorted(paths) for paths in (result.only_left, result.only_right, result.errors)]
    print(json.dumps([result.equal, result.diff, *sets, result.messages]))
"""


def compare_dir(a: Path, b: Path, **options: object) -> DirResult | list[object]:
    """Compare as a user without any rights; an error comes back as what it carries."""
    status, output, errors = outcome(_COMPARE, a, b, json.dumps(options))
    assert (status, errors) == (0, "")
    answer = json.loads(output)
    if isinstance(answer[0], str):
        return list(answer)
    equal, diff, only_left, only_right, failed, messages = answer
    reasons = {path: DiffReason(reason) for path, reason in diff.items()}
    return DirResult(equal, reasons, set(only_left), set(only_right), set(failed), messages)


@contextmanager
def open_to_all() -> Iterator[Path]:
    """A directory that every user may enter, unlike those that pytest makes."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        for path in [directory, *directory.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(directory)
