"""What was promised, how it was tried, how often, and what came of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BrokenError", "Ledger", "demand"]


class BrokenError(AssertionError):
    """A promise that was not kept."""


@dataclass
class Ledger:
    """Takes down one part's promises, as rows of a table."""

    scale: float = 1.0
    """How often to try, in times of what is usual."""

    only: str = ""
    """Nothing but this function or filesystem, where a part goes through them one by one."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def times(self, usual: int) -> int:
        """How often to do what is usually done so many times."""
        return max(1, round(usual * self.scale))

    def chosen(self, functions: Iterable[str]) -> list[str]:
        """Which of these to try, each once."""
        return [name for name in dict.fromkeys(functions) if self.only in ("", name)]

    def kept(self, promise: str, *, tried: str, often: str, result: str = "kept") -> None:
        """Take down a promise that was kept."""
        self.rows.append((promise, tried, often, result))
        print(f"  {promise}: {often}: {result}", file=sys.stderr, flush=True)

    def table(self) -> str:
        """Write the rows as Markdown."""
        return "\n".join(f"| {' | '.join(row)} |" for row in self.rows)


def demand(condition: object, what: str) -> None:
    """Stop everything unless the condition holds."""
    if not condition:
        raise BrokenError(what)
