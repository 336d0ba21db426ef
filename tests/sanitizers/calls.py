"""Every function, in every way that a call of it can end, and no more than that: for valgrind.

A process under valgrind is some thirty times slower; the whole suite would take it hours.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "support"))

from functions import cases  # found only now
from specimens import laid_out


def main() -> None:
    """Call each once, see that it is right, and call it again."""
    with tempfile.TemporaryDirectory() as home, laid_out(Path(home)) as ground:
        everything = cases(ground)
        for case in everything:
            case.check()
        print(f"{2 * len(everything)} calls, all answered right")


if __name__ == "__main__":
    main()
