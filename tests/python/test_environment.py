"""The environment is the interpreter's: nothing that runs without it reads the C library's copy.

What is needed of it is taken from `os.environ` when a call begins.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import komparu
from hostile import Hostile, answer
from threads import SOAK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SUPPORT = Path(__file__).parent.with_name("support")

#: How long the process changes while every function runs. When threads without the interpreter read
#: the C library's variables, it crashed within 0.3 to 1.5 seconds.
SECONDS = 6 * SOAK

#: Calls every function in every way that it can end, first with nothing kept, and prints what was
#: asked for meanwhile.
WATCHED = """
import ctypes, os, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
watcher = ctypes.CDLL(sys.argv[2])
watcher.noted.restype = ctypes.c_char_p
import asyncio, komparu, komparu.aio
from functions import _cases
from specimens import laid_out
os.getenv("HOME")
with tempfile.TemporaryDirectory() as home, laid_out(Path(home)) as ground:
    calls = list(_cases(ground))
    watcher.watch(1)
    for case in calls:
        case.run()
    # No TLS there, so that it goes no further than having all that it takes.
    try:
        komparu.compare(ground.url.replace("http:", "https:"), ground.root / "small")
    except komparu.SourceReadError as error:
        assert "TLS" in str(error), error
    watcher.watch(0)
    print(watcher.noted().decode(), end="")
    # It would see something if it were there.
    watcher.watch(1)
    ctypes.CDLL(None).getenv(b"SEEN")
    print(watcher.noted().decode().splitlines()[-1:])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="preloads a library")
@pytest.mark.thread_unsafe(reason="runs a program of its own")
def test_no_function_reads_the_c_librarys_environment(tmp_path: Path) -> None:
    library = tmp_path / "watched_environment.so"
    source = SUPPORT / "watched_environment.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    seen = subprocess.run(
        [sys.executable, "-c", WATCHED, SUPPORT, library],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        # AddressSanitizer's library, if it is used, must be the first.
        env={**os.environ, "LD_PRELOAD": f"{os.environ.get('LD_PRELOAD', '')} {library}".strip()},
    ).stdout
    assert seen == "['SEEN']\n"


#: One thread changes all that belongs to the whole process, others call every function.
CHANGED = """
import locale, os, random, resource, sys, tempfile, threading, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import komparu, komparu.aio
from functions import cases
from specimens import laid_out
over = threading.Event()
errors = []

def change():
    number = 0
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    while not over.is_set():
        number += 1
        names = [f"KOMPARU_{number}_{each}" for each in range(100)]
        for name in names:
            os.environ[name] = "x" * 20
        os.environ["TZ"] = random.choice(["UTC", "Asia/Tokyo", "EST5EDT", "nowhere"])
        time.tzset()
        locale.setlocale(locale.LC_ALL, random.choice(["C", "C.UTF-8", "POSIX"]))
        os.chdir(random.choice(["/", "/tmp", "/proc/self"]))
        os.umask(random.choice([0, 0o22, 0o777]))
        resource.setrlimit(resource.RLIMIT_NOFILE, (random.choice([512, 900]), most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
        for name in names:
            del os.environ[name]

def work(calls, seed, end):
    random.seed(seed)
    try:
        while time.monotonic() < end:
            random.choice(calls).check()
    except BaseException as error:
        errors.append(error)

with tempfile.TemporaryDirectory() as home, laid_out(Path(home)) as ground:
    calls = cases(ground)
    assert sum(".zip" in case.name for case in calls) > 10
    changer = threading.Thread(target=change)
    end = time.monotonic() + float(sys.argv[2])
    workers = [threading.Thread(target=work, args=(calls, seed, end)) for seed in range(6)]
    for thread in [changer, *workers]:
        thread.start()
    for thread in workers:
        thread.join()
    over.set()
    changer.join()
    os.chdir("/")
    os.umask(0o22)
print(errors)
"""


@pytest.mark.thread_unsafe(reason="runs a program of its own")
def test_all_that_belongs_to_the_process_may_change_while_every_function_runs() -> None:
    command = [sys.executable, "-c", CHANGED, str(SUPPORT), str(SECONDS)]
    assert subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout == "[]\n"


def test_variables_count_as_they_are_when_a_call_begins(
    hostile: Hostile, other: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    ok = answer("Content-Length: 2", body=b"ok")
    proxied = "http://example.invalid/"
    other.url(proxied, ok)
    monkeypatch.setenv("all_proxy", f"http://{other.authority}")
    assert komparu.compare(proxied, path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert komparu.compare(hostile.url("/direct", ok), path)
    monkeypatch.delenv("all_proxy")
    with pytest.raises(komparu.SourceReadError, match="host not found"):
        komparu.compare(proxied, path)
    assert len(other.requests) == 1


class Plain(dict[str, str]):
    """A mapping in place of `os.environ`, as tests put one there."""


@pytest.mark.thread_unsafe(reason="replaces os.environ")
@pytest.mark.parametrize("kind", [dict, Plain])
def test_what_a_test_puts_in_place_of_the_environment_counts(
    kind: type[dict[str, str]], other: Hostile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    other.url("http://example.invalid/", answer("Content-Length: 2", body=b"ok"))
    variables: Mapping[str, str] = kind(http_proxy=f"http://{other.authority}")
    monkeypatch.setattr(os, "environ", variables)
    assert komparu.compare("http://example.invalid/", path)


@pytest.fixture
def setter() -> Iterator[None]:
    """A thread that sets and deletes variables all the time, so that their array moves."""
    over = threading.Event()

    def work() -> None:
        number = 0
        while not over.is_set():
            number += 1
            names = [f"KOMPARU_{number}_{each}" for each in range(500)]
            for name in names:
                os.environ[name] = "x" * 20
            for name in names:
                del os.environ[name]

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.thread_unsafe(reason="has the environment of the process change")
@pytest.mark.usefixtures("setter")
def test_variables_may_be_set_while_urls_are_compared(hostile: Hostile, tmp_path: Path) -> None:
    path = tmp_path / "ok"
    path.write_bytes(b"ok")
    url = hostile.url("/ok", answer("Content-Length: 2", body=b"ok"))
    assert all(komparu.compare(url, path) for _ in range(200))


#: Taken apart one part within another, such a key needs more stack than a thread has.
DEEP = """
import asyncio, komparu, tempfile
from komparu import aio
key = "a/" * 1_000_000 + "b"
with tempfile.TemporaryDirectory() as home:
    for call in [
        lambda: komparu.compare_dir_urls(home, {key: "http://127.0.0.1:1/"}, comparison_timeout=1),
        lambda: asyncio.run(
            aio.compare_dir_urls(home, {key: "http://127.0.0.1:1/"}, comparison_timeout=1)
        ),
        lambda: komparu.compare_dir_urls(home, {key: home, key + "/c": home}),
    ]:
        try:
            call()
        except (komparu.ComparisonTimeoutError, ValueError) as error:
            print(type(error).__name__)
"""


@pytest.mark.thread_unsafe(reason="runs a program of its own")
def test_a_key_of_very_many_parts_crashes_nothing() -> None:
    command = [sys.executable, "-c", DEEP]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert printed.split() == ["ComparisonTimeoutError"] * 2 + ["ValueError"]
