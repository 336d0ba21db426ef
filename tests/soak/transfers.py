"""Servers that are killed in the middle of a transfer, at random moments."""

from __future__ import annotations

import random
import select
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import komparu
from ledger import demand
from servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger import Ledger

#: For every function.
USUAL = 100

SIZE = 24 << 20

#: Serves one content under every path, until it is killed.
_SERVER = """
import socket, sys, threading
port, size = int(sys.argv[1]), int(sys.argv[2])
piece = bytes(range(256)) * 256
def serve(connection):
    try:
        while True:
            head = b""
            while b"\\r\\n\\r\\n" not in head:
                more = connection.recv(65536)
                if not more:
                    return
                head += more
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % size)
            for _ in range(0, size, len(piece)):
                connection.sendall(piece)
    except OSError:
        pass
with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
    print("ready", flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


def soak(ledger: Ledger) -> None:
    """Kill."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "file"
        file.write_bytes(bytes(range(256)) * (SIZE >> 8))
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        ways: dict[str, Callable[[], object]] = {
            "compare": lambda: komparu.compare(f"{url}/1", file),
            "compare, two URLs": lambda: komparu.compare(f"{url}/1", f"{url}/2"),
            "compare_all": lambda: komparu.compare_all([file, *(f"{url}/{n}" for n in range(4))]),
            "compare_many": lambda: komparu.compare_many([file, *(f"{url}/{n}" for n in range(4))]),
            "compare_dir_urls": lambda: komparu.compare_dir_urls(home, {"file": f"{url}/1"}),
        }
        for name, call in ways.items():
            counted = Counter(_killed(port, call) for _ in range(ledger.times(USUAL)))
            ledger.kept(
                "an error, or equal if all had come: no other verdict, no hang",
                tried=f"`{name}`: the server is killed at a random moment, and started anew",
                often=f"{counted.total():,} kills",
                result=", ".join(f"{count:,} {answer}" for answer, count in counted.items()),
            )


def _killed(port: int, call: Callable[[], object]) -> str:
    command = [sys.executable, "-c", _SERVER, str(port), str(SIZE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        demand(server.stdout and server.stdout.readline() == "ready\n", "no server")

        def kill() -> None:
            # Nothing is waited for: any moment will do.
            select.select([], [], [], random.uniform(0, 0.06))  # noqa: S311
            server.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            answer = call()
        except komparu.SourceReadError as error:
            demand("\n" not in str(error), str(error))
            return "error"
        finally:
            killer.join()
    if isinstance(answer, komparu.DirResult) and answer.errors:
        demand(answer.errors == {"file"}, f"{answer}")
        return "error"
    demand(answer, f"a verdict on a broken transfer: {answer}")
    return "equal"
