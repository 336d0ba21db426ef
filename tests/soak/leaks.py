"""Every function again and again: descriptors, threads and memory stay what they are."""

from __future__ import annotations

import gc
import os
import select
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from functions import Case, cases
from ledger import demand
from specimens import laid_out

if TYPE_CHECKING:
    from ledger import Ledger

#: Of each function: of each case, this number divided by the number of cases.
USUAL = 100_000

#: KiB that memory may grow by from the first quarter of the calls to the last. The smallest block
#: that malloc has is 32 bytes: one leaked in each of 75,000 calls is 2,344 KiB.
GROWTH = 1024

#: Threads that stay: this one, and the network's.
STAYING = 2

#: Seconds in which all others must have left.
PATIENCE = 60.0


class Held(NamedTuple):
    """What this process holds."""

    descriptors: int
    threads: int
    kib: int


def held() -> Held:
    """Look at this process, once the threads that are done have left."""
    # Those of a pool leave ten seconds after their last job; the network's stays. The kernel sends
    # no word of it, so this looks from time to time, and leaves the processor alone in between.
    deadline = time.monotonic() + PATIENCE
    while len(os.listdir("/proc/self/task")) > STAYING and time.monotonic() < deadline:
        select.select([], [], [], 0.05)
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(
        len(os.listdir("/proc/self/fd")),
        len(os.listdir("/proc/self/task")),
        pages * os.sysconf("SC_PAGESIZE") // 1024,
    )


def soak(ledger: Ledger) -> None:
    """Call and look."""
    with tempfile.TemporaryDirectory() as home, laid_out(Path(home)) as ground:
        everything = cases(ground)
        # Connections that are kept, the network thread, what Python makes once.
        for case in everything * 3:
            case.check()
        for kind in ledger.chosen(case.function for case in everything):
            chosen = [case for case in everything if case.function == kind]
            calls, before, after = again_and_again(chosen, ledger.times(USUAL))
            ledger.kept(
                f"`{kind}` leaves nothing behind, errors included",
                tried=f"{len(chosen)} cases in turn",
                often=f"{calls:,} calls",
                result=f"descriptors {before.descriptors} → {after.descriptors}, "
                f"threads {before.threads} → {after.threads}, "
                f"memory {after.kib - before.kib:+,} KiB in the last three quarters",
            )


def again_and_again(chosen: list[Case], times: int) -> tuple[int, Held, Held]:
    """Call all of these so many times together; what was held after a quarter, and in the end."""
    rounds = -(-times // len(chosen) // 4)
    quarters = []
    for _ in range(4):
        for _ in range(rounds):
            for case in chosen:
                case.check()
        quarters.append(held())
    before, after = quarters[0], quarters[-1]
    seen = f"{chosen[0].function}: {quarters}"
    demand(after.descriptors <= before.descriptors, f"descriptors: {seen}")
    demand(after.threads <= STAYING, f"threads: {seen}")
    demand(after.kib - before.kib < GROWTH, f"memory: {seen}")
    return rounds * 4 * len(chosen), before, after
