"""Refuses circles: modules of the crate that use one another, directly or by way of others.

    python scripts/circles.py src

A module is a file. It uses another if a path in it leads there: `use crate::error::Error`, or
`super::Reader` in the midst of code. What a module only passes on (`pub use`) counts as a use of
the module that it comes from. A room, a folder of `src`, uses what its modules use.
Tests may use everything that they test.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

#: Comments and literals, where a path is only text.
_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?c?"(?:\\.|[^"\\])*"|b?\'(?:\\.[^\']*|[^\'\\])\'',
    re.DOTALL,
)
_TESTS = re.compile(r"#\[cfg\((?:all\()?test\b[^\n]*\]\s*(?:pub(?:\([^)]*\))?\s+)?mod \w+\s*\{")
_USE = re.compile(r"(?P<public>\bpub(?:\([^)]*\))?\s+)?\buse\s+(?P<tree>[^;]+);")
_BARE = re.compile(r"(?<![\w:])[a-z]\w*(?:::\w+)+")
_PATH = re.compile(r"\b(?:crate|self|super)(?:::\w+)+")

Path_ = tuple[str, ...]


class Module:
    """One file: what it is called, the paths in it, and the names that it passes on."""

    def __init__(self, name: Path_, text: str) -> None:
        """Read the file's text."""
        self.name = name
        self.paths: set[Path_] = set()
        self.passed_on: dict[str, Path_] = {}
        code = _without_tests(_TEXT.sub(" ", text))
        for use in _USE.finditer(code):
            for path, alias in _leaves(use["tree"]):
                self.paths.add(path)
                if use["public"]:
                    self.passed_on[alias] = path
        rest = _USE.sub(" ", code)
        self.paths |= {tuple(path.split("::")) for path in _PATH.findall(rest)}
        self.bare = {tuple(path.split("::")) for path in _BARE.findall(rest)}


def _without_tests(code: str) -> str:
    """Cut out modules that only tests are built with."""
    while found := _TESTS.search(code):
        depth, end = 1, found.end()
        while depth and end < len(code):
            depth += {"{": 1, "}": -1}.get(code[end], 0)
            end += 1
        code = code[: found.start()] + code[end:]
    return code


def _leaves(tree: str) -> list[tuple[Path_, str]]:
    """Spell out `a::{b, c::{d as e}}`: each path, and what it is called here."""
    tree = tree.strip()
    head, brace, rest = tree.partition("{")
    prefix = tuple(part.strip() for part in head.split("::") if part.strip())
    if not brace:
        whole, _, alias = tree.partition(" as ")
        path = tuple(part.strip() for part in whole.split("::"))
        return [(path, alias.strip() or path[-1])]
    leaves, depth, start = [], 0, 0
    inner = rest[: rest.rindex("}")] + ","
    for place, letter in enumerate(inner):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and not depth:
            if inner[start:place].strip():
                leaves += _leaves(inner[start:place])
            start = place + 1
    return [
        ((*prefix, *path), alias) if path != ("self",) else (prefix, prefix[-1])
        for path, alias in leaves
    ]


def _modules(root: Path) -> dict[Path_, Module]:
    modules = {}
    for file in sorted(root.rglob("*.rs")):
        parts = file.relative_to(root).with_suffix("").parts
        name = parts[:-1] if parts[-1] in {"mod", "lib"} else parts
        if "tests" not in name:
            modules[name] = Module(name, file.read_text(encoding="utf-8"))
    for name, module in modules.items():
        children = {other[-1] for other in modules if other and other[:-1] == name}
        module.paths |= {path for path in module.bare if path[0] in children}
    return modules


def _target(modules: dict[Path_, Module], start: Path_, path: Path_) -> Path_ | None:
    """Find the module that a path leads to, whatever passes it on; None: to none of the crate."""
    at, rest = start, path
    for _ in range(len(modules)):
        if not rest:
            return at
        first, rest = rest[0], rest[1:]
        if first == "crate":
            at = ()
        elif first == "super":
            at = at[:-1]
        elif first != "self":
            if (*at, first) in modules:
                at = (*at, first)
            elif first in modules[at].passed_on:
                rest = (*modules[at].passed_on[first], *rest)
            else:
                # An item of the module, or, at the very beginning, another crate.
                return at if path[0] in {"crate", "super", "self"} or at != start else None
    return None


def _uses(modules: dict[Path_, Module]) -> dict[Path_, set[Path_]]:
    uses = {}
    for name, module in modules.items():
        targets = {_target(modules, name, path) for path in module.paths}
        uses[name] = {target for target in targets if target is not None and target != name}
    return uses


def _circle(uses: dict[Path_, set[Path_]], start: Path_) -> list[Path_] | None:
    """Find the shortest way from a module back to it."""
    ways, seen = [[start]], set()
    for way in ways:
        for target in sorted(uses[way[-1]]):
            if target == start:
                return [*way, start]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return None


def _rooms(uses: dict[Path_, set[Path_]]) -> dict[Path_, set[Path_]]:
    """Find which rooms use which: what a module uses, its room uses."""
    rooms: dict[Path_, set[Path_]] = {}
    for name, targets in uses.items():
        rooms.setdefault(name[:1], set()).update(target[:1] for target in targets)
    return {room: targets - {room} for room, targets in rooms.items() if room}


def main() -> int:
    """Print every circle once, the shortest first; 1 if there is any."""
    # What is at the root passes on the crate's interface, and is used by nothing within.
    modules = _uses(_modules(Path(sys.argv[1])))
    del modules[()]
    found = _circles(modules) + _circles(_rooms(modules))
    for circle in found:
        sys.stdout.write(" -> ".join("::".join(name) for name in circle) + "\n")
    return 1 if found else 0


def _circles(uses: dict[Path_, set[Path_]]) -> list[list[Path_]]:
    """Find one circle for each set of modules that are in one, the shortest first."""
    circles: dict[frozenset[Path_], list[Path_]] = {}
    for name in uses:
        circle = _circle(uses, name)
        if circle:
            circles.setdefault(frozenset(circle), circle)
    return sorted(circles.values(), key=len)


if __name__ == "__main__":
    sys.exit(main())
