"""Threads at one configuration, one server and the same files, all at once."""

from __future__ import annotations

import random
import sys
import sysconfig
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import komparu
from functions import Case, cases
from ledger import demand
from specimens import laid_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger import Ledger

THREADS = 8

#: About as much work as 200,000 comparisons of two small files.
USUAL = 200_000


def soak(ledger: Ledger) -> None:
    """Hammer."""
    gil = "without the GIL" if sysconfig.get_config_var("Py_GIL_DISABLED") else "with the GIL"
    with tempfile.TemporaryDirectory() as home, laid_out(Path(home)) as ground:
        everything = cases(ground)
        budget = ledger.times(USUAL)
        kinds = ledger.chosen(case.function for case in everything)
        for kind in kinds:
            chosen = [case for case in everything if case.function == kind]
            calls = hammer(chosen, budget // len(kinds))
            ledger.kept(
                f"`{kind}` answers right, from {THREADS} threads at once, {gil}",
                tried=f"{len(chosen)} cases in random order in each thread",
                often=f"{calls:,} calls",
            )
        calls = hammer(everything, budget)
        ledger.kept(
            f"all functions answer right side by side, from {THREADS} threads at once, {gil}",
            tried=f"{len(everything)} cases in random order in each thread",
            often=f"{calls:,} calls",
        )
    rounds = ledger.times(20_000)
    configure(rounds)
    ledger.kept(
        f"`configure` sets all or nothing, {gil}",
        tried=f"{THREADS} threads set several options together, read them together, and reset them",
        often=f"{THREADS * rounds:,} calls",
    )
    demand(gil == "with the GIL" or not vars(sys)["_is_gil_enabled"](), "the GIL was switched on")


def hammer(chosen: list[Case], budget: int) -> int:
    """Call these in random order from all threads until the budget is spent; how many calls."""
    counts = [0] * THREADS

    def work(index: int) -> None:
        order = random.Random(index)  # noqa: S311
        spent = 0
        while spent < budget / THREADS:
            case = order.choice(chosen)
            case.check()
            spent += case.cost
            counts[index] += 1

    together(work)
    return sum(counts)


def configure(rounds: int) -> None:
    """Set, read and reset options that belong together, from all threads."""

    def work(index: int) -> None:
        for number in range(rounds):
            if number % 7 == 0:
                komparu.reset_config()
            size = 1 + (index * rounds + number) % 100_000
            komparu.configure(chunk_size=size, timeout=float(size), headers={"x": str(size)})
            seen = komparu.get_config()
            if (seen.chunk_size, seen.timeout, dict(seen.headers)) != (65536, 30.0, {}):
                one = {float(seen.chunk_size), seen.timeout, float(seen.headers["x"])}
                demand(len(one) == 1, f"a mixture: {seen}")

    try:
        together(work)
    finally:
        komparu.reset_config()


def together(work: Callable[[int], None]) -> None:
    """Do it in all threads at once; the first error of any comes out."""
    barrier, errors = threading.Barrier(THREADS), []

    def run(index: int) -> None:
        barrier.wait()
        try:
            work(index)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[index]) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
