"""`komparu.filecmp` against the standard module that it stands in for."""

from __future__ import annotations

import filecmp as standard
import os
import shutil
import sys
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

from harness import settle
from komparu import filecmp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from harness import Harness

KIB, MIB = 1 << 10, 1 << 20

MODULES: dict[str, ModuleType] = {"komparu": filecmp, "filecmp": standard}


class _Deep(standard.dircmp[str]):
    """The standard class, told to read contents as it had to be before Python 3.13."""

    def phase3(self) -> None:
        lists = standard.cmpfiles(self.left, self.right, self.common_files, shallow=False)
        self.same_files, self.diff_files, self.funny_files = lists

    methodmap: dict[str, Callable[..., None]] = {  # noqa: RUF012  # as in the base class
        **standard.dircmp.methodmap,
        "same_files": phase3,
        "diff_files": phase3,
        "funny_files": phase3,
    }


def _report(module: ModuleType, a: str, b: str, *, shallow: bool) -> str:
    if shallow:
        directories = module.dircmp(a, b)
    elif module is filecmp or sys.version_info >= (3, 13):
        directories = module.dircmp(a, b, shallow=False)
    else:
        directories = _Deep(a, b)
    with redirect_stdout(StringIO()) as output:
        directories.report_full_closure()
    return output.getvalue()


def benchmark(harness: Harness) -> None:
    """Measure two files, the files of two directories, and reports on two trees."""
    with harness.files() as home:

        def measure(name: str, call: Callable[[ModuleType], object], expected: object) -> None:
            def contender(module: ModuleType) -> Callable[[], object]:
                def cleared() -> object:
                    module.clear_cache()
                    return call(module)

                return cleared

            contenders = {name: contender(module) for name, module in MODULES.items()}
            harness.measure(name, contenders, expected=expected)

        for label, size in {"100 B": 100, "1 MiB": MIB}.items():
            a, b = home / f"a {label}", home / f"b {label}"
            a.write_bytes(os.urandom(size))
            shutil.copyfile(a, b)
            settle()
            measure(f"cmp, {label}", lambda module: module.cmp(a, b, shallow=False), expected=True)  # noqa: B023
        left, right, names = _trees(home, 10_000, 4 * KIB)
        settle()
        for shallow, how in ((False, "contents"), (True, "size and date")):
            measure(
                f"cmpfiles, 10,000 of 4 KiB, {how}",
                lambda module: module.cmpfiles(f"{left}", f"{right}", names, shallow=shallow),  # noqa: B023
                expected=(names, [], []),
            )
        for name in names:
            for tree in (left, right):
                below = tree / f"{int(name) % 100}"
                below.mkdir(exist_ok=True)
                (tree / name).rename(below / name)
        settle()
        for shallow, how in ((False, "contents"), (True, "size and date")):
            measure(
                f"report_full_closure, 10,000 of 4 KiB in 100 directories, {how}",
                lambda module: _report(module, f"{left}", f"{right}", shallow=shallow),  # noqa: B023
                expected=_report(standard, f"{left}", f"{right}", shallow=True),
            )


def _trees(home: Path, count: int, size: int) -> tuple[Path, Path, list[str]]:
    left, right = home / "left", home / "right"
    left.mkdir()
    names = [f"{number:05}" for number in range(count)]
    for name in names:
        (left / name).write_bytes(os.urandom(size))
    shutil.copytree(left, right)
    return left, right, names
