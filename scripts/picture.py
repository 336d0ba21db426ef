"""Draws what the command line shows on a terminal, as it is: docs/assets/command-line.svg.

    python scripts/picture.py FILE.svg

Needs rich, and komparu installed beside this Python.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 88
COMMANDS = [
    "komparu release.txt deployed.txt",
    "komparu backup site",
    "komparu --first-difference --ignore '*.log' backup site",
]


def lay_out(place: Path) -> None:
    """Make the files that the commands are about."""
    for root, css in [("backup", "h1 { color: teal }\n"), ("site", "h1 { color: plum }\n")]:
        for number in range(40):
            page = place / root / "pages" / f"{number}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(f"<h1>{number}</h1>\n" * 500)
        (place / root / "style.css").write_text("body { margin: 0 }\n" + css)
    for number in range(12):
        log = place / "backup" / "logs" / f"{number}.log"
        log.parent.mkdir(exist_ok=True)
        log.write_text("started\n")
    (place / "site" / "new.html").write_text("<h1>New</h1>\n")
    (place / "release.txt").write_text("one\ntwo\nthree\n")
    (place / "deployed.txt").write_text("one\ntwo\nthirteen\n")


def on_terminal(command: str, place: Path) -> str:
    """Run a command on a terminal, and return what that is sent, but for the progress line."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(
        ["sh", "-c", command], cwd=place, stdin=child, stdout=child, stderr=child, env=environment
    ):
        os.close(child)
        shown = b""
        try:
            while more := os.read(parent, 1 << 16):
                shown += more
        except OSError:
            pass
    os.close(parent)
    return re.sub(r"\r\x1b\[K[^\r\n]*", "", shown.decode()).replace("\r\n", "\n")


def main() -> None:
    """Draw it."""
    with tempfile.TemporaryDirectory() as home, Path(os.devnull).open("w") as nowhere:
        place = Path(home)
        lay_out(place)
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        for command in COMMANDS:
            console.print(Text(f"$ {command}", style="bold"))
            console.print(Text.from_ansi(on_terminal(command, place)))
        console.save_svg(sys.argv[1], title="komparu")


if __name__ == "__main__":
    main()
