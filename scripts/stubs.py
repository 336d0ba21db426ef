"""Writes down for editors, type checkers and programs what the compiled functions are.

    python scripts/stubs.py python/komparu/_core.pyi

Their documentation is written in Rust, beside the functions, and goes into their stubs. These have
the types, and go into `_functions.py` beside them, where the public functions are made, and into
`aio.pyi`, for editors that cannot follow how their coroutines are made. Tests see to it that all of
them say the same.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import komparu
from komparu import _core

_HEAD = '''\
"""The public functions, with their signatures and types. Written by `make stubs`.

A compiled function has no annotations, which FastAPI, pydantic and `typing.get_type_hints` read. So
each of these passes everything on to the compiled function of its name, which knows what was given
and what was not. Its signature, types and documentation are those of what is written here.
"""

from _collections_abc import Iterable, Mapping

from komparu._config import KomparuConfig
from komparu._describe import UNCHANGED, PathKey, public
from komparu._types import CompareResult, DirResult, SourceLike

__all__ = [
'''


_COROUTINES = """\
import os
from collections.abc import Iterable, Mapping
from typing import TypeVar

from komparu._types import CompareResult, DirResult, SourceLike

__all__ = [
"""


def main() -> None:
    """Rewrite the file that is named, and those beside it."""
    stubs = Path(sys.argv[1])
    text = _documented(stubs.read_text(encoding="utf-8"))
    stubs.write_text(text, encoding="utf-8")
    stubs.with_name("_functions.py").write_text(_described(text), encoding="utf-8")
    stubs.with_name("aio.pyi").write_text(_coroutines(text), encoding="utf-8")


def _public(text: str) -> list[ast.FunctionDef]:
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return [function for function in functions if function.name in komparu.__all__]


def _documented(text: str) -> str:
    lines = text.splitlines()
    for function in reversed(_public(text)):
        documentation = inspect.getdoc(getattr(_core, function.name)) or ""
        body = function.body[0]
        # `...` stands on the line where the signature ends, a docstring below it.
        kept = lines[body.lineno - 1][: body.col_offset].rstrip()
        written = [f"    {line}".rstrip() for line in f'"""{documentation}'.splitlines()]
        written = [*written, '    """'] if len(written) > 1 else [written[0] + '"""']
        head = [kept] if kept else []
        lines[body.lineno - 1 : body.end_lineno] = [*head, *written]
    return "\n".join(lines) + "\n"


def _coroutines(text: str) -> str:
    functions = [node for node in _public(text) if node.name.startswith("compare")]
    functions.sort(key=lambda function: function.name)
    (keys,) = (line for line in text.splitlines() if line.startswith("_Path = "))
    parts = [
        _COROUTINES,
        *(f'    "{function.name}",\n' for function in functions),
        f"]\n\n{keys}\n",
    ]
    parts += [f"\nasync {ast.get_source_segment(text, function)}\n" for function in functions]
    return "".join(parts)


def _described(text: str) -> str:
    functions = sorted(_public(text), key=lambda function: function.name)
    parts = [_HEAD, *(f'    "{function.name}",\n' for function in functions), "]\n"]
    for function in functions:
        written = ast.get_source_segment(text, function) or ""
        written = written.replace(" = ...,", " = UNCHANGED,").replace("[_Path,", "[PathKey,")
        parts.append(f"\n\n@public\n{written}\n    raise NotImplementedError\n")
    return "".join(parts)


if __name__ == "__main__":
    main()
