"""A clock of the day that jumps back and forth while comparisons run.

libfaketime stands between the process and that clock. What asks the kernel without libc's help it
does not reach: the stamps of files, and the moment that a file's stamp is held against. The
monotonic clock stays the kernel's: Rust's library waits by it in calls of the kernel's own, and
would wait until a moment that is none of that clock.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ledger import demand
from specimens import laid_out
from strangers import answers

if TYPE_CHECKING:
    from ledger import Ledger

_JUMPING = """
stamps = Path(os.environ["FAKETIME_TIMESTAMP_FILE"])
jumps = ["+0", "+1h", "-1h", "+400d", "-400d", "+1s", "-1s"]
stop, seen = threading.Event(), []
def jump():
    number = 0
    while not stop.is_set():
        number += 1
        stamps.with_suffix(".new").write_text(jumps[number % len(jumps)] + "\\n")
        stamps.with_suffix(".new").replace(stamps)
        seen.append(int(time.time()) // 1000)
thread = threading.Thread(target=jump)
thread.start()
counted = Counter(attempt(case) for _ in range(ROUNDS) for case in everything)
stop.set()
thread.join()
assert len(set(seen)) > 2, "the clock did not jump"
print(json.dumps(counted))
"""


def soak(ledger: Ledger) -> None:
    """Jump."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    demand(
        library and shutil.which("faketime"),
        "this part needs libfaketime: apt-get install faketime",
    )
    with tempfile.TemporaryDirectory() as home, laid_out(Path(home)) as ground:
        stamps = Path(home) / "stamp"
        stamps.write_text("+0\n")
        before = [
            "env",
            f"LD_PRELOAD={library}",
            f"FAKETIME_TIMESTAMP_FILE={stamps}",
            "FAKETIME_NO_CACHE=1",
            "DONT_FAKE_MONOTONIC=1",
        ]
        rounds = ledger.times(50)
        counted = answers(f"ROUNDS = {rounds}\n{_JUMPING}", ground, before)
        demand(counted.keys() == {"right"}, str(counted))
        ledger.kept(
            "every call answers right",
            tried="the clock of the day jumps, by up to 400 days, again and again",
            often=f"{counted.total():,} calls",
            result=f"{counted.total():,} right",
        )
