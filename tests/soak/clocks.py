"""Clocks that jump while comparisons run: that of the day back and forth, all of them ahead.

The kernel never sets its monotonic clock back; it leaps where a virtual machine has stood still.
libfaketime stands between the process and its clocks. What asks the kernel without libc's help it
does not reach: the stamps of files, and the moment that a file's stamp is held against.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ground import laid_out
from ledger import demand
from strangers import answers

if TYPE_CHECKING:
    from ledger import Ledger

#: A jump of the clock of the day is taken back by another.
_TO_AND_FRO = """
import itertools
jumps = itertools.cycle(["+0", "+1h", "-1h", "+400d", "-400d", "+1s", "-1s"])
"""

#: By ten seconds, and by a day each thousandth time.
_AHEAD = """
import itertools
jumps = (f"+{10 * number + number // 1000 * 86_400}" for number in itertools.count())
"""

_JUMPING = """
stamps = Path(os.environ["FAKETIME_TIMESTAMP_FILE"])
stop, seen = threading.Event(), []
def jump():
    while not stop.is_set():
        stamps.with_suffix(".new").write_text(next(jumps) + "\\n")
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
        for name, jumps, real, wanted, promise in [
            (
                "the clock of the day jumps, by up to 400 days",
                _TO_AND_FRO,
                "1",
                {"right"},
                "every call answers right",
            ),
            (
                "all clocks jump ahead, by ten seconds and by days",
                _AHEAD,
                "0",
                {"right", "error"},
                "the right answer, or a limit of time that seems to have passed",
            ),
        ]:
            stamps.write_text("+0\n")
            before = [
                "env",
                f"LD_PRELOAD={library}",
                f"FAKETIME_TIMESTAMP_FILE={stamps}",
                "FAKETIME_NO_CACHE=1",
                f"DONT_FAKE_MONOTONIC={real}",
            ]
            rounds = ledger.times(50)
            counted = answers(f"ROUNDS = {rounds}\n{jumps}{_JUMPING}", ground, before)
            demand(counted.keys() <= wanted, f"{name}: {counted}")
            ledger.kept(
                promise,
                tried=f"{name}, again and again",
                often=f"{counted.total():,} calls",
                result=", ".join(f"{count:,} {answer}" for answer, count in counted.items()),
            )
