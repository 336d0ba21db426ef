"""komparu in processes of other makes: servers, workers, frozen programs."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from children import run

if TYPE_CHECKING:
    from collections.abc import Iterator

GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent
pool = gevent.get_hub().threadpool
turns = 0
def turn():
    global turns
    while True:
        turns += 1
        gevent.sleep(0)
gevent.spawn(turn)
"""


def test_gevent_goes_on_while_its_pool_compares(
    pair: tuple[Path, Path], long_work: tuple[Path, Path]
) -> None:
    code = """
small, long = sys.argv[1:3], sys.argv[3:5]
print(pool.apply(komparu.compare, small))
jobs = [pool.spawn(komparu.compare, *small) for _ in range(50)]
gevent.joinall(jobs, raise_error=True)
print({job.value for job in jobs})
before = turns
job = pool.spawn(komparu.compare, *long, chunk_size=1, comparison_timeout=1)
try:
    job.get()
except komparu.ComparisonTimeoutError:
    print("in time", turns - before > 10)
try:
    pool.apply(komparu.compare, ("no", "such"))
except komparu.SourceNotFoundError:
    print("not found")
"""
    # What fails in its pool is printed by gevent, whatever its caller does with it.
    quiet = "gevent.get_hub().NOT_ERROR += (komparu.KomparuError,)\n"
    assert (
        run(GEVENT + quiet + code, *pair, *long_work) == "True\n{True}\nin time True\nnot found\n"
    )


def test_under_gevent_ctrl_c_ends_a_direct_call(long_work: tuple[Path, Path]) -> None:
    code = """
def press():
    wait_until_comparing()
    os.kill(os.getpid(), signal.SIGINT)
# A thread of the system's: the others do not run while this one compares.
gevent.get_hub().threadpool.spawn(press)
try:
    komparu.compare(*sys.argv[1:], chunk_size=1)
except KeyboardInterrupt:
    print("interrupted", komparu.compare("/dev/null", "/dev/null"))
"""
    assert run(GEVENT + code, *long_work) == "interrupted True\n"


TASKS = """
import os, sys
from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
import komparu

root = os.environ["KOMPARU_TEST_ROOT"]
app = Celery("tasks", broker="filesystem://", backend=f"file://{root}/results")
folders = {name: f"{root}/queue" for name in ("data_folder_in", "data_folder_out")}
app.conf.broker_transport_options = {**folders, "control_folder": f"{root}/control"}
app.conf.broker_connection_retry_on_startup = True

# Before the workers are forked: threads, connections and all.
parent = os.getpid()
assert komparu.compare_all(["/dev/null"] * 9)

@app.task
def same(a, b):
    return komparu.compare(a, b), os.getpid() != parent

@app.task
def tree(a, b):
    return komparu.compare_dir(a, b).verdict.value

@app.task(soft_time_limit=1, time_limit=60)
def slow(a, b):
    try:
        return komparu.compare(a, b, chunk_size=1)
    except SoftTimeLimitExceeded:
        return "stopped in time"
"""


@pytest.fixture
def celery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with tasks, and two workers that were forked by one parent."""
    for name in ("results", "queue", "control"):
        (tmp_path / name).mkdir()
    (tmp_path / "tasks.py").write_text(TASKS)
    monkeypatch.setenv("KOMPARU_TEST_ROOT", str(tmp_path))
    options = ["--pool=prefork", "--concurrency=2", "--without-gossip", "--without-mingle"]
    log = (tmp_path / "log").open("w")
    with subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tasks", "worker", *options, "--without-heartbeat"],
        cwd=tmp_path,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, "C_FORCE_ROOT": "yes"},
    ) as worker:
        yield tmp_path
        worker.send_signal(signal.SIGTERM)
        worker.wait()
    log.close()


def test_celerys_workers_compare(
    celery: Path, pair: tuple[Path, Path], long_work: tuple[Path, Path]
) -> None:
    (celery / "client.py").write_text("""
import os, sys
import komparu
from tasks import same, slow, tree
pair, long = sys.argv[1:3], sys.argv[3:5]
jobs = [same.delay(*pair) for _ in range(20)]
print({tuple(job.get(timeout=120)) for job in jobs})
print(tree.delay(os.path.dirname(pair[0]) + "/queue", os.path.dirname(pair[0])).get(timeout=120))
print(slow.delay(*long).get(timeout=120))
try:
    same.delay("no", "such").get(timeout=120)
except komparu.SourceNotFoundError as error:
    print(error)
""")
    done = subprocess.run(
        [sys.executable, "client.py", *pair, *long_work],
        cwd=celery,
        capture_output=True,
        text=True,
        check=False,
    )
    expected = "{(True, True)}\ndifferent\nstopped in time\nno: No such file or directory\n"
    assert done.stdout == expected, done.stderr + (celery / "log").read_text()


FROZEN = """
import asyncio, sys
import komparu
from komparu import aio

a, b, directory = sys.argv[1:]
print(komparu.compare(a, b), asyncio.run(aio.compare(a, b)))
print(komparu.compare_dir(directory, directory).verdict.name)
print(komparu.compare_many([a, b]).diff[a, b])
print(komparu.get_config().timeout, komparu.Source("http://u:p@h/"))
for arguments in (("no", "such"), (directory, a), (a, "")):
    try:
        komparu.compare(*arguments)
    except (komparu.KomparuError, ValueError) as error:
        print(type(error).__name__)
print(getattr(sys, "frozen", False))
"""


def has_a_library() -> bool:
    """Whether this Python is there as a shared library, too, which PyInstaller takes along."""
    try:
        ctypes.CDLL(sysconfig.get_config_var("INSTSONAME"))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_a_library(), reason="this Python is no shared library")
def test_pyinstaller_finds_all_that_is_needed(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    (tmp_path / "app.py").write_text(FROZEN)
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level=ERROR", "app.py"],
        cwd=tmp_path,
        check=True,
    )
    (tmp_path / "directory").mkdir()
    # Nothing of this Python's is to be found any more.
    done = subprocess.run(
        [tmp_path / "dist" / "app" / "app", *pair, tmp_path / "directory"],
        cwd="/",
        env={"LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    expected = [
        "True True",
        "EQUAL",
        "True",
        "30.0 Source(url='http://***@h/')",
        "SourceNotFoundError",
        "SourceReadError",
        "ValueError",
        "True",
    ]
    assert done.stdout.splitlines() == expected, done.stderr


PAGE = Path(__file__).parents[2] / "docs" / "en" / "embedding.md"
EXAMPLES = re.findall(
    r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"example-{n}" for n in range(len(EXAMPLES))])
def test_the_examples_of_the_page_run(example: str, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"the same")
    done = subprocess.run(
        [sys.executable, "-I", "-c", example],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_trio_is_told_what_to_write_and_that_works(pair: tuple[Path, Path]) -> None:
    code = """
import trio
from komparu import aio
async def main():
    try:
        await aio.compare(*sys.argv[1:])
    except RuntimeError as error:
        print(error)
    print(await trio.to_thread.run_sync(komparu.compare, *sys.argv[1:]))
trio.run(main)
"""
    said = (
        "no running event loop: komparu.aio is for asyncio only"
        " (under trio: await trio.to_thread.run_sync(komparu.compare, ...))\n"
    )
    assert run(code, *pair) == said + "True\n"
