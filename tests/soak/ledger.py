"""What was promised, how it was tried, how often, and what came of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

__all__ = ["Broken", "Ledger"]


class Broken(AssertionError):
    """A promise that was not kept."""


@dataclass
class Ledger:
    """Takes down one part's promises, as rows of a table."""

    part: str
    scale: float = 1.0
    """How often to try, in times of what is usual."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def times(self, usual: int) -> int:
        """How often to do what is usually done so many times."""
        return max(1, round(usual * self.scale))

    def kept(self, promise: str, *, tried: str, often: str, result: str = "kept") -> None:
        """Take down a promise that was kept."""
        self.rows.append((promise, tried, often, result))
        print(f"  {promise}: {often}: {result}", file=sys.stderr, flush=True)

    def table(self) -> str:
        """The rows, as Markdown."""
        return "\n".join(f"| {' | '.join(row)} |" for row in self.rows)


def demand(condition: object, what: str) -> None:
    """Stop everything unless the condition holds."""
    if not condition:
        raise Broken(what)
