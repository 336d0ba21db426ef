"""The table of the README, made of what the benchmarks wrote: ``python benches/peers/summary.py``.

It shows what a reader wants to know first, as far as it has been measured. A test holds the README
to it.
"""

from __future__ import annotations

import json
from pathlib import Path

from harness import seconds_text

_RESULTS = Path(__file__).parent.parent / "results"

#: For each benchmark: how cases begin that are shown, and what the reader is told they are.
_SHOWN = {
    "local": {
        "100 B, identical": "two files of 100 bytes",
        "1 MiB, identical": "two files of 1 MiB",
        "1 GiB, identical": "two files of 1 GiB",
    },
    "directories": {
        "real tree": "two directories: ",
        "10,000 files of 4 KiB": "two directories: 10,000 files of 4 KiB",
        "100 files of 10 MiB": "two directories: 100 files of 10 MiB",
    },
    "archives": {
        "tar, equal": "two tars of a real tree",
        "tar.gz, equal": "two tar.gz of it",
        "zip, equal": "two zips of it",
        "tar.gz against zip": "a tar.gz and a zip of it",
    },
    "urls": {
        "1 GiB URL against a file": "a file and a URL of 1 GiB, on loopback",
        "32 MiB, 20 ms away": "a file and a URL of 32 MiB, 20 ms away",
    },
    "many": {"200 identical files of 1 MiB": "200 files of 1 MiB with one another"},
    "coroutines": {
        "10,000 times 100 B at once": "10,000 pairs of small files in an event loop",
        "1,000 URLs": "1,000 URLs in an event loop, 20 ms away",
    },
}


def table() -> str:
    """Make a row of Markdown for each case that is shown."""
    rows = ["| the same content | komparu | times as long |", "| --- | --- | --- |"]
    for name, shown in _SHOWN.items():
        path = _RESULTS / f"{name}.json"
        cases = json.loads(path.read_text())["cases"] if path.exists() else []
        for beginning, text in shown.items():
            for case in cases:
                if case["name"].startswith(beginning):
                    what = text + case["name"] if text.endswith(": ") else text
                    rows.append(f"| {what} | {_row(case)} |")
    return "\n".join(rows)


def _row(case: dict[str, dict[str, float]]) -> str:
    others = [
        f"`{name}` {ratio:.1f}" for name, ratio in case["ratios"].items() if name != "komparu"
    ]
    # A bar ends a cell, in code too.
    names = ", ".join(others).replace("|", r"\|")
    return f"{seconds_text(case['seconds']['komparu'])} | {names}"


if __name__ == "__main__":
    print(table())
