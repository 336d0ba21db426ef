"""Writes down, of the table of options, all that programs, editors and readers are told of them.

    python scripts/stubs.py

The table is `src/options/table.rs`; the public functions are described in `src/py`. The compiled
module is asked for both, and they are written into

- `_core.pyi`: the signatures, types and documentation of the compiled functions;
- `_functions.py`: the same, where the public functions are made;
- `aio.pyi` and `_comparer.pyi`: the same as coroutines and as methods of `Comparer`, for editors,
  which cannot follow how these are made;
- `_config.py` and `_types.py`: the fields of `KomparuConfig` and `Source`;
- `docs/*/api.md`: the tables of options and the signatures.

A test sees to it that all of them say what the table says.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import komparu
from komparu import _core, aio

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "python" / "komparu"
WIDTH = 100

OPTIONS: list[dict[str, Any]] = _core.options()
FUNCTIONS: list[tuple[str, list[tuple[str, str]], list[tuple[str, str, str]], list[str], str]] = (
    sorted(_core.functions())
)

#: The types of values that are handed over, by their kinds.
TYPES = {
    "switch": "bool",
    "integer": "int",
    "bytes": "int",
    "limit": "int",
    "ratio": "float",
    "seconds": "float",
    "choice": "str",
    "proxy": "str",
    "headers": "Mapping[str, str]",
    "patterns": "Iterable[str]",
    "auth": "tuple[str, str] | str",
    "path": "str | PathLike[str]",
    "client_cert": "str | PathLike[str] | tuple[str | PathLike[str], ...]",
}
#: The types of values that are kept, where they are others.
KEPT = {
    "headers": "dict[str, str]",
    "patterns": "tuple[str, ...]",
    "path": "str",
    "client_cert": "str | tuple[str, str]",
}

#: What an option is about, where that is not every comparison.
TOPICS = {
    "en": {
        "comparing": "",
        "directories": "Directories: ",
        "archives": "Archives: ",
        "URLs": "URLs: ",
    },
    "ru": {"comparing": "", "directories": "Каталоги: ", "archives": "Архивы: ", "URLs": "URL: "},
}
ONLY_CONFIGURED = {
    "en": " Only in `configure` and a `Comparer`.",
    "ru": " Только в `configure` и `Comparer`.",
}

HEAD = '''\
"""The public functions, with their signatures and types. Written by `make stubs`.

A compiled function has no annotations, which FastAPI, pydantic and `typing.get_type_hints` read. So
each of these passes everything on to the compiled function of its name, which knows what was given
and what was not. Its signature, types and documentation are those of what is written here.
"""

from _collections_abc import Iterable, Mapping
from os import PathLike

from komparu._config import KomparuConfig
from komparu._core import TreeRun
from komparu._describe import UNCHANGED, PathKey, public
from komparu._types import (
    Archive,
    CompareResult,
    Difference,
    Directory,
    DirResult,
    Manifest,
    ProgressCallback,
    SourceLike,
    Store,
)

__all__ = [
'''

COROUTINES = """\
import os
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import TypeVar

from komparu._runs import TreeRun as TreeRun
from komparu._types import (
    Archive,
    CompareResult,
    Difference,
    Directory,
    DirResult,
    Manifest,
    ProgressCallback,
    SourceLike,
    Store,
)

__all__ = [
"""


#: Of `_comparer.pyi`.
COMPARER = '''\
import os
from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any, TypeVar, final

from komparu._core import TreeRun
from komparu._runs import TreeRun as _AwaitedRun
from komparu._types import (
    Archive,
    CompareResult,
    Difference,
    Directory,
    DirResult,
    Manifest,
    ProgressCallback,
    SourceLike,
    Store,
)

__all__ = ["Comparer"]

_Path = TypeVar("_Path", bound=str | bytes | os.PathLike[str] | os.PathLike[bytes])

class Comparer:
    """{documentation}
    """

    @property
    def options(self) -> dict[str, Any]: ...
    @property
    def aio(self) -> _Coroutines: ...
{methods}

@final
class _Coroutines:
    """The functions of a `Comparer` as coroutines."""

{coroutines}
'''

#: Above it `_core.pyi` is written by hand.
MARK = "# What follows is written by `make stubs`.\n"


def main() -> None:
    """Rewrite every file that says something else."""
    for path, text in written().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def written() -> dict[Path, str]:
    """Make the text that each file ought to have."""

    def now(path: Path) -> str:
        return path.read_text(encoding="utf-8")

    stubs, coroutines = PACKAGE / "_core.pyi", PACKAGE / "aio.pyi"
    config, types = PACKAGE / "_config.py", PACKAGE / "_types.py"
    pages = {language: ROOT / "docs" / language / "api.md" for language in TOPICS}
    return {
        stubs: _stubs(now(stubs)),
        coroutines: _coroutines(now(stubs)),
        PACKAGE / "_comparer.pyi": _comparer(),
        PACKAGE / "_functions.py": _functions(),
        config: _with_fields(now(config), "KomparuConfig", "configure"),
        types: _with_fields(now(types), "Source", "source"),
        **{page: _api(now(page), language) for language, page in pages.items()},
    }


def _layer(name: str) -> list[dict[str, Any]]:
    return [option for option in OPTIONS if name in option["layers"]]


def _type(option: dict[str, Any]) -> str:
    return TYPES[option["kind"]] + (" | None" if option["or_none"] else "")


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _function(
    name: str, result: str, parameters: list[str], options: list[str], about: str | None = None
) -> str:
    """Write down a function as the formatter does, without what it does."""
    lines = [*parameters, *(["*", *options] if options else [])]
    arguments = "".join(f"\n    {line}," for line in lines) + "\n" if lines else ""
    documentation = about or inspect.getdoc(getattr(_core, name)) or ""
    body = textwrap.indent(f'"""{documentation}', "    ").rstrip()
    end = "\n    " if "\n" in documentation else ""
    return f'def {name}({arguments}) -> {result}:\n{body}{end}"""'


def _signatures() -> dict[str, str]:
    """Every public function, written down, by its name."""
    texts = {}
    described = {
        option["name"]: f"{option['name']}: {_type(option)} = {_literal(option['default'])}"
        for option in OPTIONS
    }
    for name, parameters, extras, taken, result in FUNCTIONS:
        options = [described[option] for option in taken]
        options += [f"{extra}: {kind} = {default}" for extra, kind, default in extras]
        texts[name] = _function(name, result, [": ".join(given) for given in parameters], options)
    unchanged = [f"{option['name']}: {_type(option)} = ..." for option in _layer("configure")]
    texts["configure"] = _function("configure", "None", [], unchanged)
    texts["get_config"] = _function("get_config", "KomparuConfig", [], [])
    texts["reset_config"] = _function("reset_config", "None", [], [])
    return texts


def _stubs(text: str) -> str:
    """Replace what is below the mark; what else is compiled is described by hand above it."""
    by_hand = text[: text.index(MARK) + len(MARK)]
    listed = "".join(f'    "{name}",\n' for name in sorted(_core.__all__))
    by_hand = re.sub(r"(?ms)^__all__ = \[\n.*?^\]", f"__all__ = [\n{listed}]", by_hand)
    texts = [made.replace("[PathKey,", "[_Path,") for made in _signatures().values()]
    results = {"_job": "Job", "_job_with": "Job"}
    forms = [
        f"def {name}{suffix}(*given: object, **options: object) -> {returned}: ..."
        for name, _, _, _, result in FUNCTIONS
        for suffix, returned in {**results, "_with": result}.items()
        if f"{name}{suffix}" in _core.__all__
    ]
    return by_hand + "\n\n".join([*texts, "\n".join(forms)]) + "\n"


def _comparer() -> str:
    """Describe the class whose methods are made of the functions."""
    options = [f"{option['name']}: {_type(option)} = ..." for option in _layer("configure")]
    initializer = _function("__init__", "None", ["self"], options, "Read and check the options.")
    methods = []
    for name, made in _signatures().items():
        if name in aio.__all__:
            signature, _, documentation = made.partition('"""')
            first = documentation.partition("\n")[0]
            head = signature.replace("[PathKey,", "[_Path,").replace("(\n", "(\n    self,\n", 1)
            methods.append(f'{head}"""{first} See `komparu.{name}`."""')
    return COMPARER.format(
        documentation=textwrap.indent(inspect.getdoc(komparu.Comparer) or "", "    ").strip(),
        methods="\n".join(textwrap.indent(made, "    ") for made in [initializer, *methods]),
        coroutines="\n".join(textwrap.indent(_awaited(made), "    ") for made in methods),
    )


def _awaited(made: str) -> str:
    """Write down a method as its coroutine; one that gives a run is none, the run is awaited."""
    if "-> TreeRun:" in made:
        return made.replace("-> TreeRun:", "-> _AwaitedRun:")
    return f"async {made}"


def _functions() -> str:
    texts = _signatures()
    parts = [HEAD, *(f'    "{name}",\n' for name in sorted(texts)), "]\n"]
    for _, made in sorted(texts.items()):
        described = made.replace(" = ...,", " = UNCHANGED,")
        parts.append(f"\n\n@public\n{described}\n    raise NotImplementedError\n")
    return "".join(parts)


def _coroutines(text: str) -> str:
    (keys,) = (line for line in text.splitlines() if line.startswith("_Path = "))
    names, signatures = [function[0] for function in FUNCTIONS], _signatures()
    texts = [signatures[name].replace("[PathKey,", "[_Path,") for name in names]
    listed = "".join(f'    "{name}",\n' for name in ["TreeRun", *names])
    # Those that give a run are no coroutines: the run is what is awaited.
    runs = {function[0] for function in FUNCTIONS if function[-1] == "TreeRun"}
    written = [
        made if name in runs else f"async {made}" for name, made in zip(names, texts, strict=True)
    ]
    return f"{COROUTINES}{listed}]\n\n{keys}\n" + "".join(f"\n{made}\n" for made in written)


def _with_fields(text: str, name: str, layer: str) -> str:
    """Replace the fields of a class that are options, and what its docstring says of them."""
    options = {option["name"]: option for option in _layer(layer)}
    (made,) = (
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    fields = [node for node in made.body if isinstance(node, ast.AnnAssign)]
    old = [
        node for node in fields if isinstance(node.target, ast.Name) and node.target.id in options
    ]
    lines = text.splitlines()
    lines[old[0].lineno - 1 : old[-1].end_lineno] = [
        _field(option, layer) for option in options.values()
    ]
    documented = made.body[0]
    start = next(
        number
        for number in range(documented.lineno, documented.end_lineno or 0)
        if lines[number].split(":")[0].strip() in options
    )
    end = next(number for number in range(start, len(lines)) if not lines[number].strip())
    lines[start:end] = [
        line
        for option in options.values()
        for line in textwrap.wrap(
            f"{option['name']}: {_sentence(option, 'en' if layer == 'configure' else None)}",
            WIDTH,
            initial_indent=" " * 8,
            subsequent_indent=" " * 12,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
    return "\n".join(lines) + "\n"


def _field(option: dict[str, Any], layer: str) -> str:
    name, kind, default = option["name"], option["kind"], option["default"]
    if layer == "source":
        unset = "field(default=None, hash=False)" if kind == "headers" else "None"
        taken = TYPES[kind].replace("PathLike", "os.PathLike")
        return f"    {name}: {taken} | None = {unset}"
    kept = KEPT.get(kind, TYPES[kind]) + (" | None" if option["or_none"] and default != {} else "")
    value = "field(default_factory=dict, hash=False)" if default == {} else _literal(default)
    return f"    {name}: {kept} = {value}"


def _sentence(option: dict[str, Any], language: str | None) -> str:
    """Say what an option means, and what it is about, unless that goes without saying."""
    sentence = str(option["russian" if language == "ru" else "english"])
    topic = TOPICS[language][option["topic"]] if language else ""
    if topic and not sentence[1].isupper():
        sentence = sentence[0].lower() + sentence[1:]
    return topic + sentence


def _api(text: str, language: str) -> str:
    """Replace the table of options and the signatures."""
    rows = [_row(option, language) for option in OPTIONS]
    head, table = re.split(r"(?m)^(?=\| `chunk_size` )", text, maxsplit=1)
    text = head + "\n".join(rows) + table[table.index("\n\n") :]
    for name, parameters, extras, options, result in FUNCTIONS:
        names = [given for given, _ in parameters]
        others = [extra for extra, *_ in extras]
        text = _with_signature(text, name, [*names, "*", *options, *others], f" -> {result}")
    settings = [f"{option['name']}=None" for option in _layer("source")]
    return _with_signature(text, "Source", ["url", *settings], "")


def _row(option: dict[str, Any], language: str) -> str:
    value = option["default"]
    gib = 1 << 30
    shown = f"{value // gib} GiB" if type(value) is int and value and not value % gib else None
    if shown and language == "ru":
        shown = shown.replace("GiB", "ГиБ")
    sentence = _sentence(option, language)
    if not option["functions"]:
        sentence += ONLY_CONFIGURED[language]
    return f"| `{option['name']}` | {shown or f'`{_literal(value)}`'} | {sentence} |"


def _with_signature(text: str, name: str, parameters: list[str], result: str) -> str:
    head = f"{name}("
    lines = textwrap.wrap(
        f"{head}{', '.join(parameters)}){result}", WIDTH, subsequent_indent=" " * len(head)
    )
    block = re.compile(rf"(?ms)^```text\n{re.escape(head)}.*?^```$")
    return block.sub("\n".join(["```text", *lines, "```"]), text, count=1)


if __name__ == "__main__":
    main()
