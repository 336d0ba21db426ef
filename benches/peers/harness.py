"""Run komparu and what else one could use side by side.

A benchmark is a file beside this one with a function ``benchmark(harness)``; its name is the
benchmark's. It describes cases, each with contenders, and the harness does the rest::

    def benchmark(harness: Harness) -> None:
        with harness.files() as directory:
            for size in (100, 4096):
                ...  # make what is compared
                harness.measure(
                    f"{size} bytes",
                    {
                        "komparu": lambda: komparu.compare(a, b),
                        "filecmp": lambda: filecmp.cmp(a, b, shallow=False),
                    },
                    expected=True,
                )
        harness.note("peak memory above idle", f"{peak / 2**20:.1f} MiB", target="24 MiB")

* Within a case the contenders take turns, so that whatever else the machine does meets all of them.
  Each turn calls a contender often enough to last a few milliseconds. Of at least five turns the
  median counts.
* ``komparu`` comes first in every case; the others are shown as ratios to it.
* ``expected`` is what every contender must answer: a wrong answer is an error, not a fast one.
* ``prepare``, called before every turn outside the clock, clears caches.
* ``target=("cmp -s", 0.45)`` says that komparu is to take at most 0.45 of what ``cmp -s`` takes.
* ``note`` records anything else that was measured.
* ``wants("large")`` is false where only other parts of the benchmark are to be run:
  ``python benches/peers urls:small`` runs one part of ``urls``.

In the end the harness prints one table and writes ``results/<name>.json`` and
``results/<name>.svg`` (where there are cases to draw).
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chart import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

RESULTS = Path(__file__).parent.parent / "results"

#: A turn lasts at least this long, so that the clock's own cost does not show.
TURN = 0.005

#: A case goes on for about this long, if it can within these numbers of turns.
CASE = 1.0
TURNS = (5, 31)


@dataclass
class Case:
    """What was measured of one case: the medians, in seconds, by contender."""

    name: str
    seconds: dict[str, float]
    target: tuple[str, float] | None = None

    def ratios(self) -> dict[str, float]:
        """Compute what the others take, in times of what komparu takes."""
        base = self.seconds["komparu"]
        return {name: seconds / base for name, seconds in self.seconds.items()}

    def verdict(self) -> str:
        """How komparu stands to its target."""
        if self.target is None:
            return ""
        rival, limit = self.target
        share = self.seconds["komparu"] / self.seconds[rival]
        return f"{share:.2f} of {rival}, at most {limit} wanted{'' if share <= limit else ' (!)'}"


@dataclass
class Note:
    """Something else that was measured."""

    name: str
    value: str
    target: str = ""


@dataclass
class Harness:
    """Measures the cases of one benchmark."""

    name: str
    part: str = ""
    cases: list[Case] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def wants(self, part: str) -> bool:
        """Whether a part of the benchmark is to be run."""
        return self.part in {"", part}

    @contextmanager
    def files(self) -> Iterator[Path]:
        """Lend a directory for the time of the benchmark."""
        directory = Path(tempfile.mkdtemp(prefix=f"komparu-{self.name}-"))
        try:
            yield directory
        finally:
            shutil.rmtree(directory)

    def measure(
        self,
        name: str,
        contenders: Mapping[str, Callable[[], object]],
        *,
        expected: object = None,
        prepare: Callable[[], object] = lambda: None,
        target: tuple[str, float] | None = None,
    ) -> Case:
        """Measure one case, and return what came out."""
        counts = {}
        for contender, call in contenders.items():
            prepare()
            answer = call()
            if expected is not None and answer != expected:
                message = f"{self.name}, {name}: {contender} says {answer!r}"
                raise AssertionError(message)
            prepare()
            counts[contender] = max(1, round(TURN / max(_timed(call, 1), 1e-7)))
        turns: dict[str, list[float]] = {contender: [] for contender in contenders}
        begun = time.perf_counter()
        fewest, most = TURNS
        for number in range(most):
            if number >= fewest and time.perf_counter() - begun > CASE:
                break
            for contender, call in contenders.items():
                prepare()
                turns[contender].append(_timed(call, counts[contender]))
        medians = {contender: statistics.median(times) for contender, times in turns.items()}
        case = Case(name, medians, target)
        self.cases.append(case)
        return case

    def note(self, name: str, value: str, target: str = "") -> None:
        """Record something that is no case."""
        self.notes.append(Note(name, value, target))

    def report(self) -> None:
        """Print the table, and write the files."""
        print(f"\n{self.name}: medians, and how many times as long as komparu the others take\n")
        width = max((len(case.name) for case in self.cases), default=0)
        for case in self.cases:
            ratios = case.ratios()
            others = [f"{name} {ratios[name]:7.2f}" for name in ratios if name != "komparu"]
            line = f"{case.name:<{width}}  {seconds_text(case.seconds['komparu']):>9}"
            print("  ".join([line, *others, case.verdict()]).rstrip())
        for note in self.notes:
            print(
                f"{note.name}: {note.value}" + (f" ({note.target} wanted)" if note.target else "")
            )
        RESULTS.mkdir(exist_ok=True)
        if self.part:
            self._keep_the_rest(RESULTS / f"{self.name}.json")
        machine = {
            "cpus": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()}",
        }
        cases = [{**asdict(case), "ratios": case.ratios()} for case in self.cases]
        record = {"name": self.name, "machine": machine, "cases": cases}
        record["notes"] = [asdict(note) for note in self.notes]
        (RESULTS / f"{self.name}.json").write_text(json.dumps(record, indent=2) + "\n")
        if not self.cases:
            return
        bars = {case.name: case.ratios() for case in self.cases}
        labels = {case.name: seconds_text(case.seconds["komparu"]) for case in self.cases}
        (RESULTS / f"{self.name}.svg").write_text(draw(self.name, bars, labels))

    def _keep_the_rest(self, path: Path) -> None:
        """Put what was measured before, and not now, beside what was measured now."""
        if not path.exists():
            return
        record = json.loads(path.read_text())
        measured = {case.name for case in self.cases}, {note.name for note in self.notes}
        for case in record["cases"]:
            if case["name"] not in measured[0]:
                target = case["target"] and tuple(case["target"])
                self.cases.append(Case(case["name"], case["seconds"], target))
        self.notes += [Note(**note) for note in record["notes"] if note["name"] not in measured[1]]


def settle() -> None:
    """Wait until files just written are like those that one has.

    The system is done with writing them, which would take one core from those that use two; and
    they are not so new that komparu trusts no single look at them.
    """
    os.sync()
    time.sleep(2.5)


def seconds_text(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"


def _timed(call: Callable[[], object], count: int) -> float:
    begun = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - begun) / count
