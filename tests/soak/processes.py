"""Processes that come of others: fork, forkserver and spawn, before and after threads started."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ledger import demand
from specimens import laid_out
from strangers import PATIENCE, answers

if TYPE_CHECKING:
    from ledger import Ledger

#: A pool of processes tries all cases. The module must be one that a spawned process can import.
_POOL = '''
"""The worker's side, and the parent's."""
import multiprocessing, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forks in processes with threads
sys.path[:0] = PATHS
from collections import Counter
from pathlib import Path
from functions import cases
from specimens import Ground

def work(arguments):
    everything = cases(Ground(Path(arguments[0]), *arguments[1:]))
    for case in everything:
        case.check()
    return len(everything)

if __name__ == "__main__":
    method, when, *places = sys.argv[1:]
    if when == "after":
        work(places)
    with multiprocessing.get_context(method).Pool(3) as pool:
        if when == "between":
            work(places)
        calls = sum(pool.map(work, [places] * 6))
    work(places)
    print(calls)
'''

#: Forks again and again while other threads compare; each child tries everything.
_FORKING = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
stop = threading.Event()
def compare(seed):
    order = random.Random(seed)
    while not stop.is_set():
        order.choice(everything).check()
threads = [threading.Thread(target=compare, args=[seed]) for seed in range(3)]
for thread in threads:
    thread.start()
counted = Counter()
for number in range(CHILDREN):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(120)
            counted = Counter(attempt(case) for case in everything)
            os.write(write, json.dumps(counted).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    _, status = os.waitpid(child, 0)
    assert status == 0, f"child {number}: {os.waitstatus_to_exitcode(status)}"
    with open(read) as pipe:
        counted.update(json.load(pipe))
stop.set()
for thread in threads:
    thread.join()
print(json.dumps(counted))
"""


#: Forks while another thread makes the very first request of the process; the child makes its own.
_FIRST = """
import os, random, signal, sys, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import komparu
url, file = sys.argv[1:]
begun, answers = threading.Event(), []
def compare():
    begun.set()
    answers.append(komparu.compare(url, file))
thread = threading.Thread(target=compare)
thread.start()
begun.wait()
time.sleep(random.uniform(0, 0.004))  # any moment will do
child = os.fork()
if child == 0:
    signal.alarm(60)
    os._exit(0 if komparu.compare(url, file) else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
thread.join()
print(status, answers)
"""


def soak(ledger: Ledger) -> None:
    """Fork and spawn."""
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as home, laid_out(Path(home)) as ground:
        script = Path(home) / "pool.py"
        paths = [str(here), str(here.parent / "support")]
        script.write_text(_POOL.replace("PATHS", repr(paths)))
        places = [str(ground.root), ground.url, ground.refused]
        for method in ("fork", "forkserver", "spawn"):
            for when, words in [
                ("before", "before the parent compares"),
                ("after", "after the parent compared, URLs too"),
                ("between", "and compares while the parent's own threads have started"),
            ]:
                calls = 0
                for _ in range(ledger.times(5)):
                    done = subprocess.run(
                        [sys.executable, script, method, when, *places],
                        capture_output=True,
                        text=True,
                        timeout=PATIENCE,
                        check=False,
                    )
                    demand((done.returncode, done.stderr) == (0, ""), done.stderr)
                    calls += int(done.stdout)
                ledger.kept(
                    "every call answers right in parent and children",
                    tried=f"a pool of 3 processes is made by `{method}` {words}",
                    often=f"{calls:,} calls",
                )
        rounds, each = ledger.times(10), 10
        counted: Counter[str] = Counter()
        for _ in range(rounds):
            counted += answers(f"CHILDREN = {each}\n{_FORKING}", ground)
        children = rounds * each
        ledger.kept(
            "a child forked in the middle of comparisons answers right",
            tried="`os.fork` at any moment while 3 threads compare; the child tries all cases",
            often=f"{children:,} children, {counted.total():,} calls",
            result=", ".join(f"{count:,} {answer}" for answer, count in counted.items()),
        )
        first = ledger.times(100)
        for _ in range(first):
            done = subprocess.run(
                [sys.executable, "-c", _FIRST, f"{ground.url}/small", ground.root / "small"],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            demand((done.stdout, done.stderr) == ("0 [True]\n", ""), done.stdout + done.stderr)
        ledger.kept(
            "a child forked while the first request to a URL is made answers right",
            tried="`os.fork` within milliseconds after another thread began it",
            often=f"{first:,} processes",
        )
