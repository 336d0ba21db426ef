"""URLs, side by side with what one would use instead.

nginx serves over loopback, directly and through a relay with a round trip of 20 ms.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import requests

import komparu
import serving
from serving import ROUND_TRIP, free_port, relay, serve, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Harness

__all__ = ["ROUND_TRIP", "benchmark", "free_port", "relay", "serve", "wait_for"]

GIB = 1 << 30
MIB = 1 << 20
SMALL_FILES = 200

#: What a contender is called that compares nothing: it sets the limit.
CURL = "curl -o /dev/null"


def curl(url: str) -> bool:
    """Receive, and forget: the limit."""
    subprocess.run(["curl", "-s", "-o", "/dev/null", url], check=True)
    return True


def curl_cmp(url: str, path: Path) -> bool:
    """Do what a shell user does."""
    with subprocess.Popen(["curl", "-s", url], stdout=subprocess.PIPE) as process:
        subprocess.run(["cmp", "-s", "-", str(path)], stdin=process.stdout, check=True)
    return True


def requests_compare(session: requests.Session, url: str, path: Path) -> bool:
    """Compare on top of requests."""
    with session.get(url, stream=True) as response, path.open("rb") as file:
        same = all(file.read(len(chunk)) == chunk for chunk in response.iter_content(MIB))
        return same and file.read(1) == b""


def httpx_compare(client: httpx.Client, url: str, path: Path) -> bool:
    """Compare on top of httpx."""
    with client.stream("GET", url) as response, path.open("rb") as file:
        same = all(file.read(len(chunk)) == chunk for chunk in response.iter_bytes(MIB))
        return same and file.read(1) == b""


def each(pairs: list[tuple[str, Path]], compare: Callable[[str, Path], bool]) -> bool:
    """Compare every pair, one after another."""
    return all(compare(url, path) for url, path in pairs)


def anonymous_memory() -> int:
    """KiB of this process that are backed by no file."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def peak_memory(work: Callable[[], object]) -> int:
    """KiB of anonymous memory by which ``work`` exceeds idling, at its peak."""
    idle, peak, done = anonymous_memory(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], anonymous_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return peak[0] - idle


def benchmark(harness: Harness) -> None:
    """Measure a large URL, one far away, many small ones, and two of them."""
    with harness.files() as home:
        home.chmod(0o755)
        port = free_port()
        server = serve(home, port)
        near = f"http://127.0.0.1:{port}"
        try:
            _large(harness, home, near)
            _medium(harness, home, near, port)
            _small(harness, home, near)
        finally:
            server.terminate()
            server.wait()


def _pair(home: Path, name: str, size: int) -> Path:
    with (home / name).open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    copy = home / f"{name}.copy"
    shutil.copyfile(home / name, copy)
    return copy


def _against_a_file(url: str, copy: Path) -> dict[str, Callable[[], bool]]:
    session, client = requests.Session(), httpx.Client()
    return {
        "komparu": partial(komparu.compare, url, copy),
        CURL: partial(curl, url),
        "curl | cmp": partial(curl_cmp, url, copy),
        "requests": partial(requests_compare, session, url, copy),
        "httpx": partial(httpx_compare, client, url, copy),
    }


def _large(harness: Harness, home: Path, near: str) -> None:
    if not harness.wants("large"):
        return
    copy = _pair(home, "large", GIB)
    ways = _against_a_file(f"{near}/large", copy)
    case = harness.measure("1 GiB URL against a file", ways, expected=True, target=(CURL, 1.15))
    share = case.seconds["komparu"] / case.seconds["curl | cmp"]
    harness.note("1 GiB, komparu to curl | cmp", f"{share:.2f}", "at most 0.6")
    both = f"{near}/large", f"{near}/large.copy"
    ways = {"komparu": partial(komparu.compare, *both), "curl, one of them": partial(curl, both[0])}
    harness.measure("1 GiB URL against 1 GiB URL", ways, expected=True)
    memory = peak_memory(lambda: komparu.compare(*both))
    text = f"{memory / 1024:.1f} MiB"
    harness.note("peak of anonymous memory above idle, two URLs", text, "at most 32 MiB")


def _medium(harness: Harness, home: Path, near: str, port: int) -> None:
    if not harness.wants("medium"):
        return
    copy = _pair(home, "medium", 32 * MIB)
    ways = _against_a_file(f"{near}/medium", copy)
    harness.measure("32 MiB URL against a file", ways, expected=True)
    changed = home / "medium.changed"
    shutil.copyfile(copy, changed)
    with changed.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    with serving.far_away(port) as far:
        url = f"http://127.0.0.1:{far}/medium"
        ways = _against_a_file(url, copy)
        for slow in ("requests", "httpx"):
            del ways[slow]
        harness.measure("32 MiB, 20 ms away", ways, expected=True, target=(CURL, 1.5))
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            if komparu.compare(url, changed):
                raise AssertionError("the last byte differs")
            times.append(time.perf_counter() - begun)
        trips = f"{statistics.median(times) / ROUND_TRIP:.1f} round trips"
        harness.note("the last byte differs, 20 ms away", trips, "at most 5")


def _small(harness: Harness, home: Path, near: str) -> None:
    if not harness.wants("small"):
        return
    for number in range(SMALL_FILES):
        (home / f"small{number}").write_bytes(b"%d" % number * 500)
    small = [(f"{near}/small{n}", home / f"small{n}") for n in range(SMALL_FILES)]
    log = home / "access.log"
    lines = len(log.read_text().splitlines())
    each(small, komparu.compare)
    connections = len(set(log.read_text().splitlines()[lines:]))
    session, client = requests.Session(), httpx.Client()
    ways: dict[str, Callable[[], bool]] = {
        "komparu": partial(each, small, komparu.compare),
        "requests": partial(each, small, partial(requests_compare, session)),
        "httpx": partial(each, small, partial(httpx_compare, client)),
    }
    name = f"{SMALL_FILES} small URLs in a row"
    harness.measure(name, ways, expected=True, target=("requests", 0.5))
    harness.note(f"connections for {SMALL_FILES} small URLs", str(connections), "at most 4")
