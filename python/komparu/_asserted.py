"""Which results of komparu a failed ``assert`` was about, and why they are false."""

from __future__ import annotations

import ast
import os
from textwrap import dedent
from typing import TYPE_CHECKING

from komparu import _functions
from komparu._explained import tree_text
from komparu._types import DirResult

if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    import pytest

__all__ = ["explanations"]

#: How pytest's rewritten assertions begin the names of what they have computed.
_COMPUTED = "@py_"


def explanations(failure: pytest.ExceptionInfo[BaseException]) -> list[str]:
    """Say why the results that the statement is about are false, and never raise."""
    try:
        return _explanations(failure)
    except Exception as error:  # noqa: BLE001  # the test's own report counts for more
        return [f"why the result is false could not be found out: {error!r}"]


def _explanations(failure: pytest.ExceptionInfo[BaseException]) -> list[str]:
    entry = failure.traceback[-1]
    try:
        source = ast.parse(dedent(str(entry.statement)))
    except SyntaxError:
        return []
    # One line may hold several statements.
    asserted = [node.test for node in ast.walk(source) if isinstance(node, ast.Assert)]
    if not asserted:
        return []
    frame: FrameType = entry.frame.raw
    values = {**frame.f_globals, **frame.f_locals}
    nodes = [node for test in asserted for node in ast.walk(test)]
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    names += [name for name in frame.f_locals if name.startswith(_COMPUTED)]
    results = {
        id(values[name]): values[name]
        for name in names
        if isinstance(values.get(name), DirResult) and not values[name]
    }
    paths = _directories(nodes, values) if len(results) == 1 else None
    return [tree_text(result, paths, ("left", "right"), {}) for result in results.values()]


def _directories(nodes: list[ast.AST], values: dict[str, Any]) -> tuple[str, str] | None:
    """Find the directories in a call of `compare_dir` whose arguments can be seen safely."""
    calls = [
        node
        for node in nodes
        if isinstance(node, ast.Call) and _value(node.func, values) is _functions.compare_dir
    ]
    if len(calls) != 1 or len(calls[0].args) < 2:  # noqa: PLR2004  # the two directories
        return None
    paths = [_value(argument, values) for argument in calls[0].args[:2]]
    if not all(isinstance(path, str | bytes | os.PathLike) for path in paths):
        return None
    left, right = map(os.fsdecode, paths)
    return left, right


def _value(node: ast.expr, values: dict[str, Any]) -> Any:  # noqa: ANN401  # whatever it is
    """Compute what computing it again cannot change; None for anything else."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return values.get(name)
        case ast.Attribute(ast.Name(name), attribute):
            module = values.get(name)
            return vars(module).get(attribute) if type(module) is type(os) else None
        case ast.BinOp(left, ast.Div(), right):
            parts = _value(left, values), _value(right, values)
            if isinstance(parts[0], os.PathLike) and isinstance(parts[1], str | os.PathLike):
                return os.path.join(*parts)  # noqa: PTH118  # bytes, too
    return None
