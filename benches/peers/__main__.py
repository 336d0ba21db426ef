"""Run benchmarks against peers: those named, or all that take minutes at most.

python benches/peers [NAME[:PART] ...]

Some benchmarks have parts that can be run alone; what was measured of the others is kept then.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from harness import Harness

#: What is in this directory and no benchmark.
_OTHERS = {"__main__", "chart", "harness", "limits", "serving", "summary", "real_tree"}

#: A million files a side take gigabytes of memory to make.
_ONLY_BY_NAME = {"scale"}


def names() -> list[str]:
    """Name every benchmark there is."""
    found = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(found - _OTHERS)


def main() -> int:
    """Run, and return an exit status."""
    chosen = sys.argv[1:] or [name for name in names() if name not in _ONLY_BY_NAME]
    unknown = [name for name in chosen if name.partition(":")[0] not in names()]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(names())}")
        return 2
    for choice in chosen:
        name, _, part = choice.partition(":")
        harness = Harness(name, part)
        importlib.import_module(name).benchmark(harness)
        harness.report()
    return 0


if __name__ == "__main__":
    sys.exit(main())
