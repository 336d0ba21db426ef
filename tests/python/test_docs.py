"""Every example of the documentation runs, and prints what it says it prints."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
#: Left to where the dependency group `stores` is installed: its examples need a server.
if not (find_spec("moto") and find_spec("obstore")):
    DOCUMENTS = [document for document in DOCUMENTS if document.name != "stores.md"]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(document: Path, language: str) -> list[tuple[str, str]]:
    """The blocks of code in this language, each with the place where it stands."""
    text = document.read_text(encoding="utf-8")
    return [
        (f"{document.relative_to(ROOT)}:{text.count(chr(10), 0, block.start()) + 1}", block[2])
        for block in _BLOCK.finditer(text)
        if block[1] == language
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_examples_run(
    document: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Those of one document run one after another, in one directory and one process."""
    environment = dict(os.environ)
    if document.name == "stores.md":
        s3 = request.getfixturevalue("s3")
        s3.client.create_bucket(Bucket="my-bucket")
        environment.update(s3.environment)
    program = ["import os, sys"]
    for place, code in blocks(document, "python"):
        program.append(f"exec(compile({code!r}, {place!r}, 'exec'), globals())")
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", "\n".join(program)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_console_examples_print_what_they_say(document: Path, tmp_path: Path) -> None:
    """Lines after a command are its output; ``$ command; echo $?`` shows its status."""
    scripts = os.fspath(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": scripts + os.pathsep + os.environ["PATH"]}
    for place, text in blocks(document, "console"):
        commands: list[tuple[str, list[str]]] = []
        for line in text.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line)
        if not all(shlex.split(command)[0] in {"komparu", "printf", "cp", "mkdir"}
                   for command, _ in commands):  # fmt: skip
            continue
        for command, expected in commands:
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            # How long it took is another number each time.
            said = re.sub(r"in [0-9.]+ s\b", "in 0.0 s", done.stdout)
            said = re.sub(r'"elapsed": [0-9.e-]+', '"elapsed": 0.0', said)
            assert said.splitlines() == expected, f"{place}: {command}"


def test_the_readme_shows_what_was_measured() -> None:
    command = [sys.executable, os.fspath(ROOT / "benches" / "peers" / "summary.py")]
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert table in DOCUMENTS[0].read_text(encoding="utf-8")
