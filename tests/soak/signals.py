"""SIGINT and SIGTERM at random moments of every function, hundreds of times."""

from __future__ import annotations

import json
import random
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from functions import cases
from ledger import demand
from specimens import laid_out
from strangers import PATIENCE, program

if TYPE_CHECKING:
    from ledger import Ledger
    from specimens import Ground

#: For every function.
USUAL = 40

#: Calls the cases of a function in turn until a signal ends it, and tells how that came.
_CALLING = """
import asyncio
KIND, chosen = sys.argv[4], everything
# Not any exception: event loops take those for a callback's own affair.
class Terminated(SystemExit): pass
def terminate(number, frame):
    raise Terminated
HOW = os.environ["SOAK_HOW"]
if HOW == "handled":
    signal.signal(signal.SIGTERM, terminate)
ended = "nothing"
# The network's thread stays, and those that do the jobs of coroutines.
KEPT = {"komparu-network", "komparu-job", "komparu-fetch"}
def helping():
    count = 0
    for task in Path("/proc/self/task").iterdir():
        try:
            name = (task / "comm").read_text().rstrip()
        except OSError:
            continue
        count += name.startswith("komparu-") and name not in KEPT
    return count
TROUBLE = OSError, ValueError, TypeError, komparu.KomparuError
# Not run(), which takes exceptions for answers.
def call_in_turn():
    print("ready", flush=True)
    while True:
        for case in chosen:
            try:
                case.call()
            except TROUBLE:
                pass
async def await_in_turn():
    print("ready", flush=True)
    while True:
        for case in chosen:
            try:
                await case.make()
            except TROUBLE:
                pass
# In one loop, which is not asyncio.run's: it raises wherever it is, and is closed as it stands.
def in_a_loop():
    loop = asyncio.new_event_loop()
    task = loop.create_task(await_in_turn())
    task._log_destroy_pending = False
    try:
        loop.run_until_complete(task)
    finally:
        # What it ended with has come out already.
        if task.done():
            task.exception()
        loop.close()
try:
    in_a_loop() if KIND.startswith("aio.") else call_in_turn()
except (KeyboardInterrupt, Terminated) as error:
    moment, ended = time.monotonic(), type(error).__name__
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
right = all(attempt(case) == "right" for case in chosen)
# Threads that are done may take a moment to leave.
while (threads := helping()) and time.monotonic() < moment + 10:
    pass
print(json.dumps([ended, right, threads, moment]))
"""


def soak(ledger: Ledger) -> None:
    """Interrupt."""
    with tempfile.TemporaryDirectory() as home, laid_out(Path(home)) as ground:
        kinds = ledger.chosen(case.function for case in cases(ground))
        for name, how, number in [
            ("SIGINT", "default", signal.SIGINT),
            ("SIGTERM with a handler that raises", "handled", signal.SIGTERM),
            ("SIGTERM", "default", signal.SIGTERM),
        ]:
            times, latest = 0, 0.0
            for kind in kinds:
                for _ in range(ledger.times(USUAL)):
                    latest = max(latest, _interrupt(kind, how, number, ground))
                    times += 1
            # The promise is a tenth of a second, which a busy machine may not keep.
            demand(latest < 1, f"{name}: it took {latest:.1f} s")
            result = f"kept; it took {latest * 1000:.0f} ms at most"
            promise = (
                "the process ends by the signal"
                if (how, number) == ("default", signal.SIGTERM)
                else "the exception comes out, no helping thread stays, and the next "
                "answers are right"
            )
            tried = f"{name} at a random moment of calls of each of {len(kinds)} functions"
            ledger.kept(promise, tried=tried, often=f"{times:,} processes", result=result)


def _interrupt(kind: str, how: str, number: signal.Signals, ground: Ground) -> float:
    """Send the signal at some moment; how long it took, in seconds."""
    command = program(_CALLING, ground, ["env", f"SOAK_HOW={how}"], kind)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        demand(child.stdout and child.stdout.readline() == "ready\n", "no start")
        # Nothing is waited for: any moment will do.
        select.select([], [], [], random.uniform(0, 0.05))  # noqa: S311
        sent = time.monotonic()
        child.send_signal(number)
        output, errors = child.communicate(timeout=PATIENCE)
        if (how, number) == ("default", signal.SIGTERM):
            took = time.monotonic() - sent
            demand((child.returncode, output, errors) == (-number, "", ""), errors)
            return took
    demand((child.returncode, errors) == (0, ""), f"{kind}: {child.returncode} {errors}")
    ended, right, threads, moment = json.loads(output)
    expected = "KeyboardInterrupt" if number == signal.SIGINT else "Terminated"
    demand(ended == expected, f"{kind}: ended by {ended}")
    demand(right, f"{kind}: wrong answers afterwards")
    demand(threads == 0, f"{kind}: {threads} threads left")
    return float(moment) - sent
