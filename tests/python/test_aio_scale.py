"""Many jobs at once: within few descriptors, with threads as configured, none waiting for good."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from children import run
from hostile import Hostile, Request, answer
from komparu import aio
from threads import thread_names

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from conftest import Write
    from servers import Nginx

ABOUT_THE_POOL = """
import asyncio, socket
from komparu import aio
def threads(*names):
    found = thread_names()
    return sum(found[name] for name in names)
"""


def test_ten_thousand_at_once_need_few_descriptors(nginx: Nginx, pair: tuple[Path, Path]) -> None:
    for number in range(10):
        nginx.put(f"tenth{number}", b"the same")
    code = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
a, b, url = sys.argv[1:]
async def main():
    files = [aio.compare(a, b) for _ in range(9000)]
    urls = [aio.compare(a, f"{url}/tenth{number % 10}") for number in range(900)]
    both = [aio.compare(f"{url}/tenth{number % 10}", f"{url}/tenth1") for number in range(100)]
    print(set(await asyncio.gather(*files, *urls, *both)))
asyncio.run(main())
"""
    assert run(ABOUT_THE_POOL + code, *pair, nginx.plain) == "{True}\n"


def test_nothing_starts_before_the_first_job_and_no_more_than_is_needed(
    pair: tuple[Path, Path],
) -> None:
    code = """
counts = [threads("komparu-job", "komparu-fetch")]
async def main():
    coroutine = aio.compare(*sys.argv[1:])
    counts.append(threads("komparu-job", "komparu-fetch"))
    await coroutine
    counts.append(threads("komparu-job", "komparu-fetch"))
asyncio.run(main())
print(*counts)
"""
    assert run(ABOUT_THE_POOL + code, *pair) == "0 0 1\n"


@pytest.mark.parametrize("max_workers", [1, 3])
def test_as_many_run_at_once_as_are_configured(
    long_work: tuple[Path, Path], max_workers: int
) -> None:
    code = """
workers = int(sys.argv[3])
komparu.configure(max_workers=workers)
async def main():
    tasks = [asyncio.create_task(aio.compare(*sys.argv[1:3], chunk_size=1, max_workers=1))
             for _ in range(10)]
    while threads("komparu-job") < workers:
        await asyncio.sleep(0)
    # Beside a job that takes all transfers that may run, others wait for the spare thread. It takes
    # one three times; so it would have taken a job here, too, if there were one.
    komparu.configure(max_workers=0)
    servers = [socket.create_server(("127.0.0.1", 0), backlog=200) for _ in range(2)]
    stalled, reached = (f"http://127.0.0.1:{server.getsockname()[1]}" for server in servers)
    servers[1].setblocking(False)
    tasks.append(asyncio.create_task(aio.compare_many([f"{stalled}/{n}" for n in range(150)])))
    connections = []
    for number in range(3):
        tasks.append(asyncio.create_task(aio.compare(f"{reached}/{number}", "/dev/null")))
        connections.append(await asyncio.get_running_loop().sock_accept(servers[1]))
        print(threads("komparu-job"))
    komparu.configure(max_workers=1)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert await aio.compare("/dev/null", "/dev/null")
    for closed in [*servers, *(connection for connection, _ in connections)]:
        closed.close()
    while threads("komparu-job") > 1:
        await asyncio.sleep(0)
asyncio.run(main())
"""
    assert set(run(ABOUT_THE_POOL + code, *long_work, str(max_workers)).split()) == {
        str(max_workers)
    }


def test_short_jobs_overtake_long_ones(
    pair: tuple[Path, Path], long_work: tuple[Path, Path]
) -> None:
    async def main() -> None:
        long = [asyncio.create_task(aio.compare(*long_work, chunk_size=1)) for _ in range(8)]
        await asyncio.sleep(0)
        for _ in range(3):
            assert all(await asyncio.gather(*(aio.compare(*pair) for _ in range(100))))
        assert not any(task.done() for task in long)
        for task in long:
            task.cancel()
        await asyncio.wait(long)

    asyncio.run(main())


@pytest.mark.thread_unsafe(reason="fills the process's room for transfers")
def test_jobs_that_wait_for_servers_leave_the_others_their_threads(
    hostile: Hostile, pair: tuple[Path, Path]
) -> None:
    """All of them are under way at once, and files are compared meanwhile."""
    arrived = threading.Semaphore(0)
    leave = threading.Event()

    def stall(connection: socket.socket, _: Request) -> None:
        arrived.release()
        leave.wait()
        connection.sendall(answer("Content-Length: 8", body=b"the same"))

    url = hostile.url("/stalls", stall)

    async def main() -> None:
        stalled = [asyncio.create_task(aio.compare(pair[0], url)) for _ in range(60)]
        for _ in range(60):
            while not arrived.acquire(blocking=False):  # noqa: ASYNC110  # of other threads
                await asyncio.sleep(0)
        assert all(await asyncio.gather(*(aio.compare(*pair) for _ in range(1000))))
        assert thread_names()["komparu-fetch"] >= 60
        assert not any(task.done() for task in stalled)
        leave.set()
        assert all(await asyncio.gather(*stalled))

    try:
        asyncio.run(main())
    finally:
        leave.set()


@pytest.mark.thread_unsafe(reason="looks in the log of the one nginx")
def test_a_thousand_urls_share_connections(nginx: Nginx, write: Write) -> None:
    content = b"content" * 100
    nginx.put("shared", content)
    file = write("a", content)

    async def main() -> set[bool]:
        comparisons = (aio.compare(file, f"{nginx.plain}/shared?aio") for _ in range(1000))
        return set(await asyncio.gather(*comparisons))

    assert asyncio.run(main()) == {True}
    seen = [connection for connection, _, path in nginx.log() if path.endswith("shared?aio")]
    assert len(seen) == 1000
    assert len(set(seen)) <= 200


@pytest.mark.thread_unsafe(reason="looks for the limit on the transfers of the process")
def test_a_job_of_many_transfers_counts_as_many(hostile: Hostile, tmp_path: Path) -> None:
    """Thirty directories with 16 transfers each are not 480 connections."""
    lock = threading.Lock()
    open_now, most = 0, 0

    def count(connection: socket.socket, _: Request) -> None:
        nonlocal open_now, most
        with lock:
            open_now += 1
            most = max(most, open_now)
        connection.sendall(answer("Content-Length: 1"))
        # Before it is over for the client, who may ask for the next one at once.
        with lock:
            open_now -= 1
        connection.sendall(b"x")

    names = [str(number) for number in range(40)]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    urls = {name: hostile.url(f"/{name}", count) for name in names}

    async def main() -> bool:
        return all(await asyncio.gather(*(aio.compare_dir_urls(tmp_path, urls) for _ in range(30))))

    assert asyncio.run(main())
    assert len(hostile.requests) == 1200
    assert most <= 100 + 16


def test_a_pool_that_gets_no_thread_says_so() -> None:
    code = """
import resource
os.setgid(65534); os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
async def main():
    results = await asyncio.gather(*(aio.compare("/dev/null", "/dev/null") for _ in range(10)),
                                   return_exceptions=True)
    print({f"{type(result).__name__}: {result}" for result in results})
asyncio.run(main())
"""
    assert run(ABOUT_THE_POOL + code) == (
        '{"RuntimeError: can\'t start new thread: Resource temporarily unavailable"}\n'
    )
