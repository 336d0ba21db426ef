"""Try what komparu promises again and again: the parts that are named, or all.

python tests/soak/run.py [--scale FACTOR] [PART[:ONLY] ...]

A part is a file beside this one with a function ``soak(ledger)``. It raises when a promise is
broken, and takes down those that are kept: they are printed as rows of a table in the end. Several
parts mount filesystems, fill disks and set clocks within namespaces: they want to be root. Ctrl-C,
SIGTERM and SIGHUP end it without a trace.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

from ending import go_on_in_a_child  # noqa: E402  # found only now
from ledger import Ledger  # noqa: E402

#: What is in this directory and no part.
_OTHERS = {"run", "ending", "ledger", "strangers"}


def names() -> list[str]:
    """Name every part there is."""
    return sorted({path.stem for path in HERE.glob("*.py")} - _OTHERS)


def main() -> int:
    """Run, and return an exit status."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__.partition("\n")[0])
    parser.add_argument("part", nargs="*", help=f"default: all of {', '.join(names())}")
    parser.add_argument("--scale", type=float, default=1.0, help="times the usual number of tries")
    arguments = parser.parse_args()
    tables = ["| promise | how tried | how often | result |", "| --- | --- | --- | --- |"]
    for part in arguments.part or names():
        name, _, only = part.partition(":")
        if name not in names():
            parser.error(f"no part {name}; there are {', '.join(names())}")
        ledger, begun = Ledger(arguments.scale, only), time.monotonic()
        print(f"{name}:", file=sys.stderr, flush=True)
        importlib.import_module(name).soak(ledger)
        print(f"  {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        tables.append(ledger.table())
    print("\n".join(tables))
    return 0


if __name__ == "__main__":
    go_on_in_a_child()
    sys.exit(main())
