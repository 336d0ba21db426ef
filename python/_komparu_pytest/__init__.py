"""The pytest plugin of komparu: why a result is false, and ``--komparu-update``.

A package of its own: a run of pytest that has nothing to do with komparu does not import komparu.

PYTEST_DONT_REWRITE: it has no assertions, and may be imported before pytest begins.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

#: Whether `komparu.testing.assert_same` rewrites what is expected.
updating = False

_BEFORE = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--komparu-update``."""
    parser.getgroup("komparu").addoption(
        "--komparu-update",
        action="store_true",
        help="have komparu.testing.assert_same rewrite what is expected from what is there",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Note what was asked for. A pytest may run within another one."""
    global updating  # noqa: PLW0603  # komparu.testing looks for it
    config.stash[_BEFORE] = updating
    updating = bool(config.getoption("komparu_update"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget it."""
    global updating  # noqa: PLW0603
    updating = config.stash.get(_BEFORE, False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    """Add to the report of a failed ``assert`` why the result in it is false."""
    outcome = yield
    # Where nothing has imported komparu there is no result of its own.
    if "komparu" not in sys.modules or call.excinfo is None:
        return
    if not call.excinfo.errisinstance(AssertionError):
        return
    report = outcome.get_result()
    if not hasattr(report.longrepr, "addsection"):
        return
    from komparu._asserted import explanations  # noqa: PLC0415  # only where it is needed

    for text in explanations(call.excinfo):
        report.longrepr.addsection("komparu", text)
