"""The wheels and the Pythons to test, as `make test-wheel` names them in the environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

__all__ = ["PAIRS", "WHEELS"]


def _version(python: str) -> str:
    """As `python -V` says it, with a t where there is no GIL."""
    code = (
        "import platform as p, sysconfig as s;"
        "print(p.python_version() + 't' * bool(s.get_config_var('Py_GIL_DISABLED')))"
    )
    return subprocess.check_output([python, "-c", code], text=True).strip()


def _wheel_for(version: str) -> str:
    """The wheel for this Python, by the tags in its name."""
    major, minor, *_ = number = version.split(".")
    tag = f"-cp{major}{minor}t-" if number[-1].endswith("t") else "-abi3-"
    (wheel,) = (wheel for wheel in WHEELS if tag in Path(wheel).name)
    return wheel


#: All wheels.
WHEELS: list[str] = os.environ["KOMPARU_WHEELS"].split()

#: Every Python and its wheel, by the Python's version.
PAIRS: dict[str, tuple[str, str]] = {
    version: (python, _wheel_for(version))
    for python in os.environ["KOMPARU_PYTHONS"].split()
    for version in [_version(python)]
}
