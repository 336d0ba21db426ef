"""Leaving: at once, whatever is under way, and nothing stays behind.

How soon, `make soak SOAK=signals` measures. Here what is left would say nothing for good, and after
30 seconds that would be another error than the one that is expected.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

import komparu
from hostile import Hostile, Request, answer

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Nginx

LONG = 120.0


class Silent:
    """Sends what it is given, says no more, and notes when the client has gone."""

    def __init__(self, beginning: bytes) -> None:
        self.beginning = beginning
        self.asked = threading.Event()
        self.left = threading.Event()

    def __call__(self, connection: socket.socket, _: Request) -> None:
        connection.sendall(self.beginning)
        self.asked.set()
        try:
            connection.recv(1)
        finally:
            self.left.set()


BEGINNINGS = {"before the head": b"", "in the body": answer("Content-Length: 9", body=b"123")}


@pytest.fixture(params=BEGINNINGS.values(), ids=list(BEGINNINGS))
def silent(request: pytest.FixtureRequest) -> Silent:
    return Silent(request.param)


@pytest.fixture
def nine(tmp_path: Path) -> Path:
    path = tmp_path / "nine"
    path.write_bytes(b"123456789")
    return path


def test_a_deadline_ends_a_transfer_and_its_connection(
    hostile: Hostile, silent: Silent, nine: Path
) -> None:
    with pytest.raises(komparu.ComparisonTimeoutError):
        komparu.compare(hostile.url("/a", silent), nine, comparison_timeout=0.2)
    assert silent.left.wait(LONG)


@pytest.mark.thread_unsafe(reason="sends a signal to its own process")
def test_an_interrupt_ends_a_transfer_and_its_connection(
    hostile: Hostile, silent: Silent, nine: Path
) -> None:
    def strike() -> None:
        assert silent.asked.wait(LONG)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=strike).start()
    with pytest.raises(KeyboardInterrupt):
        komparu.compare(hostile.url("/a", silent), nine)
    assert silent.left.wait(LONG)


def test_a_difference_ends_a_transfer_and_its_connection(hostile: Hostile, nine: Path) -> None:
    silent = Silent(answer(body=b"1x3"))
    assert not komparu.compare(hostile.url("/a", silent), nine)
    assert silent.left.wait(LONG)


def test_a_connection_that_is_not_taken_is_left_at_the_deadline(nine: Path) -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for connection in (first, second):
            connection.settimeout(0)
            connection.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(komparu.ComparisonTimeoutError):
            komparu.compare(url, nine, comparison_timeout=0.2)


def run(script: str, *arguments: str) -> str:
    """What a script of its own prints; it must come to a clean end."""
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    process = subprocess.run(command, capture_output=True, text=True, timeout=LONG, check=False)
    assert process.stderr == ""
    assert process.returncode == 0
    return process.stdout


def test_an_exit_with_transfers_in_flight_is_clean(
    hostile: Hostile, silent: Silent, nine: Path
) -> None:
    script = """
import sys, threading, komparu
url, path = sys.argv[1:]
for _ in range(4):
    threading.Thread(target=komparu.compare, args=(url, path), daemon=True).start()
sys.stdin = None
import urllib.request
urllib.request.urlopen(url.replace("/a", "/ready")).read()
"""
    url = hostile.url("/a", silent)

    def ready(connection: socket.socket, _: Request) -> None:
        assert silent.asked.wait(LONG)
        connection.sendall(answer("Content-Length: 0"))

    hostile.url("/ready", ready)
    assert run(script, url, str(nine)) == ""
    assert silent.left.wait(LONG)


@pytest.mark.usefixtures("trusted")
def test_an_exit_after_comparisons_is_clean(nginx: Nginx) -> None:
    path = nginx.put("exit", b"exit")
    script = (
        "import sys, komparu\nfor url in sys.argv[2:]: print(komparu.compare(url, sys.argv[1]))"
    )
    assert run(script, str(path), f"{nginx.plain}/exit", f"{nginx.secure}/exit") == "True\nTrue\n"


@pytest.mark.thread_unsafe(reason="looks in the log of the one nginx")
def test_a_forked_child_compares_urls_and_its_parent_goes_on(nginx: Nginx) -> None:
    path = nginx.put("fork", b"fork")
    script = """
import os, sys, warnings, komparu
# Python warns of forks in processes with threads, of which the network thread is one.
warnings.simplefilter("ignore", DeprecationWarning)
url, path = sys.argv[1:]
assert komparu.compare(url, path)
child = os.fork()
if child == 0:
    equal = komparu.compare(url, path) and komparu.compare(url, path)
    print("child", equal, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print("parent", komparu.compare(url, path))
child = os.fork()
if child == 0:
    print("orderly", komparu.compare(url, path))
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
"""
    output = run(script, f"{nginx.plain}/fork", str(path))
    assert sorted(output.split("\n")) == ["", "child True", "orderly True", "parent True"]
    connections = [connection for connection, _, name in nginx.log() if name == "/fork"]
    assert len(set(connections)) == 3, "each child has connections of its own"


def test_a_child_forked_amid_requests_makes_its_own(nginx: Nginx) -> None:
    """One in 350 hung, on the lock that a request takes for a moment."""
    path = nginx.put("amid", b"amid")
    script = """
import os, signal, sys, threading, warnings, komparu
warnings.simplefilter("ignore", DeprecationWarning)
url, path = sys.argv[1:]
over = threading.Event()
def compare():
    while not over.is_set():
        assert komparu.compare(url, path)
threads = [threading.Thread(target=compare, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
statuses = {0}
for _ in range(100):
    if statuses != {0}:
        break
    child = os.fork()
    if child == 0:
        signal.alarm(300)  # one that hangs is to be told of
        os._exit(0 if komparu.compare(url, path) else 1)
    statuses.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
over.set()
for thread in threads:
    thread.join()
print(statuses)
"""
    assert run(script, f"{nginx.plain}/amid", str(path)) == "{0}\n"


def test_many_threads_compare_at_once(nginx: Nginx) -> None:
    path = nginx.put("many", b"many" * 100_000)
    verdicts: list[bool] = []

    def work() -> None:
        verdicts.extend(komparu.compare(f"{nginx.plain}/many", path) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == [True] * 160
