"""Programs that try every case under circumstances of their own, in processes of their own.

The parent lays everything out and serves it; the program gets to know where, and counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ledger import demand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from specimens import Ground

__all__ = ["PATIENCE", "answers", "program"]

#: Seconds after which a program counts as hanging.
PATIENCE = 300.0

_PRELUDE = f"""
import sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]!r}
import json, os, random, resource, signal, threading, time
from collections import Counter
from pathlib import Path
import komparu
from functions import Raised, cases
from specimens import Ground
ground = Ground(Path(sys.argv[1]), *sys.argv[2:4])
everything = cases(ground, sys.argv[4])
#: What comes of a case: its right answer, an error instead, or a wrong one.
def attempt(case):
    try:
        answer = case.run()
    except MemoryError:
        return "error"
    if answer == case.answer:
        return "right"
    if isinstance(answer, Raised):
        fair = issubclass(answer.kind, (OSError, MemoryError, komparu.KomparuError))
    else:
        # What could not be read is listed, and the rest is no lie.
        fair = isinstance(answer, komparu.DirResult) and answer.errors and not answer.equal
    return "error" if fair else f"{{case.function}}, {{case.name}}: {{answer!r}}"
"""


def program(code: str, ground: Ground, before: Sequence[str] = (), function: str = "") -> list[str]:
    """Name the command that runs this code, after a prelude that knows all cases of a function.

    Of all functions, if it names none.
    """
    places = (str(ground.root), ground.url, ground.refused)
    return [*before, sys.executable, "-c", _PRELUDE + code, *places, function]


def answers(
    code: str, ground: Ground, before: Sequence[str] = (), may_end_with: Sequence[str] = ()
) -> Counter[str]:
    """Run a program to its good end; how often each thing came out that it printed as JSON.

    Should it end with such words instead, that is all that is known of it.
    """
    done = subprocess.run(
        program(code, ground, before),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode != 0 and any(words in done.stderr for words in may_end_with):
        return Counter({"ended": 1})
    demand(done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-2000:]}")
    counted = Counter(json.loads(done.stdout))
    demand(counted.keys() <= {"right", "error"}, f"wrong answers: {counted}")
    return counted
