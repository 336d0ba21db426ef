"""The same test in several threads at once, as pytest-run-parallel has it.

A fixture is made once for a test, and all of its threads get the same one. Those that hold a test's
own state, its files and servers, are made anew here for every thread.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["is_parallel", "pytest_collection_modifyitems"]

_HERE = str(Path(__file__).parents[1])


class _Own:
    """What a thread has made of fixtures, and will unmake."""

    def __init__(self, item: pytest.Function, given: dict[str, object]) -> None:
        """Begin with what the thread was given."""
        self._definitions = item._fixtureinfo.name2fixturedefs
        self._parameters = getattr(item, "callspec", None)
        self._made: dict[str, object] = {}
        self.stack = contextlib.ExitStack()
        if "tmp_path" in given:  # pytest-run-parallel makes one for each thread
            self._made["tmp_path"] = given["tmp_path"]

    def value(self, name: str, given: object = None) -> object:
        """What this thread's fixture of a name is."""
        if name in self._made:
            return self._made[name]
        if name == "tmp_path":
            home = self.stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            self._made[name] = Path(home)
            return self._made[name]
        is_parameter = self._parameters is not None and name in self._parameters.params
        definitions = self._definitions.get(name)
        if is_parameter or not definitions:
            return given
        definition = definitions[-1]
        is_ours = inspect.getfile(definition.func).startswith(_HERE)
        if definition.scope != "function" or not is_ours:
            cached = definition.cached_result
            return given if cached is None else cached[0]
        made = definition.func(**{name: self.value(name) for name in definition.argnames})
        if inspect.isgenerator(made):
            closing = contextlib.contextmanager(lambda: made)()
            made = self.stack.enter_context(closing)
        self._made[name] = made
        return made


def _with_its_own(item: pytest.Function) -> Callable[..., None]:
    test = item.obj

    @functools.wraps(test)
    def call(**given: object) -> None:
        if threading.current_thread() is threading.main_thread():
            test(**given)
            return
        own = _Own(item, given)
        with own.stack:
            test(**{name: own.value(name, value) for name, value in given.items()})

    return call


def is_parallel(config: pytest.Config) -> bool:
    """Are tests to run in several threads?"""
    return int(config.getoption("parallel_threads", 1)) > 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where tests are to run in several threads, give each thread its own fixtures."""
    if is_parallel(config):
        for item in items:
            if isinstance(item, pytest.Function):
                item.obj = _with_its_own(item)
