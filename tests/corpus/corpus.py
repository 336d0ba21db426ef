"""Try archives that others have made: any folder of them.

python tests/corpus/corpus.py [--workers N] [--report FILE] FOLDER [FOLDER ...]

Each archive is compared with a copy of itself, with tars that other programs make of it, with such
a tar of which one byte or one entry was changed, and with what is left of it when it is cut at 20
places: in a process of its own that may take a limited time and memory. Prints how often each
answer came, and every answer that is not the expected one. The exit status is 1 if one of them was
"equal" and must not be, or if a process crashed or hung; what other programs unpack differently is
for a reader to judge.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from formats import format_of, is_left_out

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds for all comparisons of one archive: each may take 20 itself, and most take milliseconds.
LIMIT = 300

PROBE = Path(__file__).with_name("probe.py")

#: What must never happen, in the order of its weight.
WORST = ("wrongly equal", "crashed", "hung")


def archives(folders: list[Path]) -> Iterator[Path]:
    """Find what may be an archive: all files but sources, texts and pages."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not is_left_out(path):
                yield path


def probe(path: Path) -> list[dict[str, str]]:
    """Have one archive tried by a process; what it found, a dictionary for each comparison."""
    command = [sys.executable, str(PROBE), str(path)]
    # Memory that nothing was written to is no zeros by chance.
    environment = {**os.environ, "MALLOC_PERTURB_": "165"}
    found, ending = "", ""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
        start_new_session=True,
    ) as child:
        try:
            found, errors = child.communicate(timeout=LIMIT)
            if child.returncode:
                ending, detail = "crashed", f"status {child.returncode}: {errors[-300:]}"
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            found, _ = child.communicate()
            ending, detail = "hung", f"after {LIMIT} s"
    answers = [json.loads(line) for line in found.splitlines() if line.endswith("}")]
    if ending:
        last = answers[-1]["check"] if answers else "the first"
        answers.append({"check": f"after {last}", "answer": ending, "detail": detail})
    return answers


def main() -> int:
    """Try all, print what came of it, and return an exit status."""
    parser = argparse.ArgumentParser(prog="corpus", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="+", type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--report", type=Path, help="every answer, one JSON object a line")
    arguments = parser.parse_args()
    paths = list(archives(arguments.folder))
    answers: Counter[tuple[str, str]] = Counter()
    formats: Counter[str] = Counter()
    remarkable: dict[tuple[str, str, str, str], list[str]] = {}
    report = arguments.report.open("w", encoding="utf-8") if arguments.report else None
    with ThreadPoolExecutor(arguments.workers) as pool:
        tried = zip(paths, pool.map(probe, paths), strict=True)
        for number, (path, found) in enumerate(tried, 1):
            formats[format_of(path)] += 1
            for answer in found:
                answers[answer["check"].partition(":")[0], answer["answer"]] += 1
                line = {"path": str(path), "format": format_of(path), **answer}
                if report:
                    report.write(json.dumps(line) + "\n")
                    report.flush()
                if answer["answer"] in WORST or answer["answer"].endswith("(!)"):
                    check, _, where = answer["check"].partition(":")
                    key = (str(path), line["format"], check, answer["answer"])
                    remarkable.setdefault(key, []).append(f"{where} {answer['detail']}".strip())
            if number % 100 == 0:
                print(f"{number} of {len(paths)}", file=sys.stderr, flush=True)
    if report:
        report.close()
    print("\n".join(f"{count:6} {name}" for name, count in formats.most_common()))
    print("\n| against | answer | times |\n| --- | --- | --- |")
    for (check, verdict), count in sorted(answers.items()):
        print(f"| {check} | {verdict} | {count} |")
    for (name, kind, check, verdict), details in remarkable.items():
        print(f"\n{name} ({kind})\n  {check}, {len(details)} times: {verdict}")
        print("\n".join(f"    {detail[:400]}" for detail in details[:3]))
    worst = sum(answers[check, answer] for check, answer in answers if answer in WORST)
    total = sum(answers.values())
    print(f"\n{len(paths)} files, {total} comparisons, {worst} that must not be")
    return int(worst > 0)


if __name__ == "__main__":
    sys.exit(main())
