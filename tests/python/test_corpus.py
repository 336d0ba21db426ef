"""The driver that tries archives that others made, tried itself: with one whole archive."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from packing import files

DRIVER = Path(__file__).parents[1] / "corpus" / "corpus.py"


def test_the_driver_finds_no_fault_with_a_whole_archive(tmp_path: Path) -> None:
    folder, report = tmp_path / "folder", tmp_path / "report"
    folder.mkdir()
    files(folder / "archive.tar", [("a", b"1" * 700), ("b", b"2")])
    (folder / "page.html").write_text("no archive")
    command = [sys.executable, str(DRIVER), "--report", str(report), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = [json.loads(line) for line in report.read_text().splitlines()]
    answers = {(line["check"].partition(":")[0], line["answer"]) for line in found}
    assert {("copy", "equal"), ("bsdtar's tar", "equal"), ("python's tar", "equal")} <= answers
    assert {("one byte changed", "different"), ("one entry less", "different")} <= answers
    assert "1 files" in done.stdout


def test_the_driver_tells_of_an_answer_that_must_not_be(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    files(folder / "archive.tar", [("a", b"1" * 700)])
    # A komparu to which everything is equal.
    package = tmp_path / "komparu"
    package.mkdir()
    (package / "__init__.py").write_text(
        "class KomparuError(Exception): pass\n"
        "class Result:\n"
        "    diff, messages, only_left, only_right = {}, {}, set(), set()\n"
        "    class verdict: value = 'equal'\n"
        "def compare_archive(*_, **__): return Result\n"
    )
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 1
    assert "one byte changed, 2 times: wrongly equal" in done.stdout
