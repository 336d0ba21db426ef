"""Writes the documentation of the compiled functions into their stubs, where editors look for it.

    python scripts/stubs.py python/komparu/_core.pyi

It is written in Rust, beside the functions. A test sees to it that the stubs say the same.
"""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import komparu
from komparu import _core


def main() -> None:
    """Rewrite the file that is named."""
    path = Path(sys.argv[1])
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    for function in reversed(functions):
        if function.name not in komparu.__all__:
            continue
        documentation = inspect.getdoc(getattr(_core, function.name)) or ""
        body = function.body[0]
        # `...` stands on the line where the signature ends, a docstring below it.
        kept = lines[body.lineno - 1][: body.col_offset].rstrip()
        written = [f"    {line}".rstrip() for line in f'"""{documentation}'.splitlines()]
        written = [*written, '    """'] if len(written) > 1 else [written[0] + '"""']
        head = [kept] if kept else []
        lines[body.lineno - 1 : body.end_lineno] = [*head, *written]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
