"""URLs, side by side with what one would use instead: `python benches/peers/urls.py [rounds]`.

nginx serves over loopback, directly and through a relay with a round trip of 20 ms. The ways take
turns, and medians are shown, so that what else the machine does falls on all of them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import requests

import komparu

GiB = 1 << 30
MiB = 1 << 20
ROUND_TRIP = 0.02
SMALL_FILES = 200

Ways = dict[str, Callable[[], object]]


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    """Until something listens."""
    while process.poll() is None:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
    message = f"{process.args!r} ended"
    raise RuntimeError(message)


def serve(home: Path, port: int) -> subprocess.Popen[bytes]:
    """Start nginx for the files in ``home``."""
    places = "".join(
        f"{name}_temp_path {home}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (home / "nginx.conf").write_text(
        f"daemon off; pid {home}/pid; error_log {home}/error.log; events {{}} http {{ {places}"
        f"log_format connections '$connection'; access_log {home}/access.log connections;"
        f"sendfile on; server {{ listen 127.0.0.1:{port}; root {home}; "
        "keepalive_requests 9999; }}"
    )
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if nginx is None:
        sys.exit("these benchmarks need nginx: apt-get install nginx-light curl")
    process = subprocess.Popen(
        [nginx, "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")]
    )
    wait_for(process, port)
    return process


async def relay(port: int, target: int) -> None:
    """Hand every byte on, half a round trip late."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)

        async def deliver() -> None:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    writer.close()
                    return
                writer.write(data)
                await writer.drain()

        delivery = asyncio.create_task(deliver())
        try:
            while data := await reader.read(256 << 10):
                await queue.put((time.monotonic() + ROUND_TRIP / 2, data))
            await queue.put((time.monotonic() + ROUND_TRIP / 2, b""))
            await delivery
        except OSError:
            delivery.cancel()
            writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A handshake takes a round trip, which loopback does not.
        await asyncio.sleep(ROUND_TRIP)
        onward = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pump(reader, onward[1]), pump(onward[0], writer))

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    await server.serve_forever()


def curl(url: str) -> None:
    """Receive, and forget: the limit."""
    subprocess.run(["curl", "-s", "-o", "/dev/null", url], check=True)


def curl_cmp(url: str, path: Path) -> None:
    """Do what a shell user does."""
    with subprocess.Popen(["curl", "-s", url], stdout=subprocess.PIPE) as process:
        subprocess.run(["cmp", "-s", "-", str(path)], stdin=process.stdout, check=True)


def requests_compare(session: object, url: str, path: Path) -> None:
    """Compare on top of requests."""
    with (
        session.get(url, stream=True) as response,  # type: ignore[attr-defined]
        path.open("rb") as file,
    ):
        for chunk in response.iter_content(MiB):
            assert file.read(len(chunk)) == chunk  # noqa: S101
        assert file.read(1) == b""  # noqa: S101


def httpx_compare(client: object, url: str, path: Path) -> None:
    """Compare on top of httpx."""
    with client.stream("GET", url) as response, path.open("rb") as file:  # type: ignore[attr-defined]
        for chunk in response.iter_bytes(MiB):
            assert file.read(len(chunk)) == chunk  # noqa: S101
        assert file.read(1) == b""  # noqa: S101


def each(pairs: list[tuple[str, Path]], compare: Callable[[str, Path], object]) -> None:
    """Compare every pair, one after another."""
    for url, path in pairs:
        compare(url, path)


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def contest(title: str, ways: Ways, rounds: int) -> None:
    """Let the ways take turns, and show the medians and how they compare with the first."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            times[name].append(timed(work))
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    print(title)
    ours = medians["komparu"]
    for name, median in medians.items():
        ratio = "" if name == "komparu" else f"komparu takes {ours / median:5.2f} of it"
        print(f"  {name:28} {median * 1000:9.1f} ms   {ratio}")


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


def main(rounds: int) -> None:
    """Measure everything."""
    session, client = requests.Session(), httpx.Client()
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as directory:
        home = Path(directory)
        home.chmod(0o755)
        port, slow_port = free_port(), free_port()
        for name, size in (("large", GiB), ("medium", 32 * MiB)):
            with (home / name).open("wb") as file:
                for _ in range(size // MiB):
                    file.write(os.urandom(MiB))
            shutil.copyfile(home / name, home / f"{name}.copy")
        changed = home / "medium.changed"
        shutil.copyfile(home / "medium", changed)
        with changed.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)[0]
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last ^ 1]))
        for number in range(SMALL_FILES):
            (home / f"small{number}").write_bytes(b"%d" % number * 500)
        server = serve(home, port)
        delay = subprocess.Popen([sys.executable, __file__, "relay", str(slow_port), str(port)])
        try:
            wait_for(delay, slow_port)
            fast, slow = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{slow_port}"
            for name in ("large", "medium"):
                url, copy = f"{fast}/{name}", home / f"{name}.copy"
                ways: Ways = {
                    "komparu": partial(komparu.compare, url, copy),
                    "curl -o /dev/null": partial(curl, url),
                    "curl | cmp": partial(curl_cmp, url, copy),
                    "requests": partial(requests_compare, session, url, copy),
                    "httpx": partial(httpx_compare, client, url, copy),
                }
                contest(f"{name} URL against a file, loopback", ways, rounds)
            url, copy = f"{slow}/medium", home / "medium.copy"
            ways = {
                "komparu": lambda: komparu.compare(url, copy),
                "curl -o /dev/null": lambda: curl(url),
                "curl | cmp": lambda: curl_cmp(url, copy),
            }
            contest("medium URL against a file, 20 ms round trip", ways, rounds)
            times = [timed(lambda: komparu.compare(url, changed)) for _ in range(rounds)]
            trips = statistics.median(times) / ROUND_TRIP
            print(
                f"differing in the last byte, 20 ms round trip\n  komparu {trips:.1f} round trips"
            )

            log = home / "access.log"
            lines = len(log.read_text().splitlines())
            small = [(f"{fast}/small{n}", home / f"small{n}") for n in range(SMALL_FILES)]
            for pair in small:
                komparu.compare(*pair)
            connections = len(set(log.read_text().splitlines()[lines:]))
            ways = {
                "komparu": partial(each, small, komparu.compare),
                "requests": partial(each, small, partial(requests_compare, session)),
                "httpx": partial(each, small, partial(httpx_compare, client)),
            }
            contest(f"{SMALL_FILES} small URLs in a row, {connections} connections", ways, rounds)

            both = f"{fast}/large", f"{fast}/large.copy"
            contest(
                "large URL against large URL",
                {
                    "komparu": lambda: komparu.compare(*both),
                    "curl, one of them": lambda: curl(both[0]),
                },
                rounds,
            )
            memory = peak_memory(lambda: komparu.compare(*both))
            print(f"  peak of anonymous memory above idle: {memory / 1024:.1f} MiB")
        finally:
            for process in (delay, server):
                process.terminate()
                process.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["relay"]:
        asyncio.run(relay(int(sys.argv[2]), int(sys.argv[3])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
