"""What benchmarks of URLs need: nginx on loopback, and a relay that makes it far away."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Seconds to the relay's server and back.
ROUND_TRIP = 0.02


def free_port() -> int:
    """Find a port that no server listens on."""
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
    """Start nginx for the files in ``home``. Its worker is another user, who must get there."""
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


@contextlib.contextmanager
def far_away(target: int) -> Iterator[int]:
    """Run the relay in a process of its own; lends the port that leads to ``target``."""
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, str(port), str(target)])
    try:
        wait_for(process, port)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def relayed(directory: Path) -> Iterator[str]:
    """Serve a directory through a relay with a round trip of 20 ms; where."""
    for parent in (directory, *directory.parents[:1]):
        parent.chmod(parent.stat().st_mode | 0o055)
    port = free_port()
    nginx = serve(directory, port)
    try:
        with far_away(port) as far:
            yield f"http://127.0.0.1:{far}"
    finally:
        nginx.terminate()
        nginx.wait()


if __name__ == "__main__":
    asyncio.run(relay(int(sys.argv[1]), int(sys.argv[2])))
