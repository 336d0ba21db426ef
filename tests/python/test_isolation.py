"""Archives of rare formats are read in a process of their own, which may fail without harm."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import inspect
import lzma
import os
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import offspring
import packing
from komparu import ArchiveError, ComparisonTimeoutError, compare_archive
from offspring import PATIENCE, started_by, wait_until_gone

if TYPE_CHECKING:
    from servers import Nginx


def made(path: Path, kind: str, content: bytes = b"content") -> Path:
    """Make an archive of one entry with bsdtar."""
    source = path.parent / "entry"
    source.write_bytes(content)
    subprocess.run(
        ["bsdtar", "--format", kind, "-cf", path, "-C", path.parent, "entry"], check=True
    )
    return path


def endless(path: Path) -> Path:
    """A xar that makes libarchive work for ever: its links go in a circle."""
    link = "<type link='{}'>hardlink</type>" * 2
    files = "".join(
        f"<file id='{number}'><name>file{number}</name>{link.format(to, to)}</file>"
        for number, to in [(1, "original"), (2, 1)]
    )
    table = (
        "<xar><toc><checksum style='sha1'><offset>0</offset><size>20</size></checksum>"
        f"{files}</toc></xar>"
    ).encode()
    packed = zlib.compress(table)
    head = struct.pack(">4sHHQQI", b"xar!", 28, 1, len(packed), len(table), 1)
    path.write_bytes(head + packed + hashlib.sha1(packed, usedforsecurity=False).digest())
    return path


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two 7z of the same content."""
    return made(tmp_path / "a.7z", "7zip"), made(tmp_path / "b.7z", "7zip")


@pytest.mark.parametrize("kind", ["7zip", "iso9660", "zip", "ustar", "newc", "xar", "warc"])
def test_what_is_read_apart_is_what_is_read_here(tmp_path: Path, kind: str) -> None:
    content = os.urandom(300_000) + bytes(3_000_000)
    one, same = made(tmp_path / "one", kind, content), made(tmp_path / "same", kind, content)
    other = made(tmp_path / "other", kind, content[:-1] + b"x")
    damaged = tmp_path / "damaged"
    damaged.write_bytes(one.read_bytes()[: one.stat().st_size // 2])
    for left, right in [(one, same), (one, other), (damaged, one), (one, damaged)]:
        answers: list[object] = []
        for isolate in ["never", "always", "auto"]:
            try:
                result = compare_archive(left, right, isolate=isolate)
                answers.append((result, result.messages, result.summary.bytes))
            except ArchiveError as error:
                answers.append((type(error), str(error)))
        assert answers[0] == answers[1] == answers[2]


def test_common_formats_are_read_here(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("name", b"content")
    code = f"""
{inspect.getsource(offspring)}
import sys
import komparu
for path in sys.argv[1:]:
    assert komparu.compare_archive(path, path + ".same")
    assert not started_by(os.getpid()), path
"""
    paths = [packed]
    paths.append(tmp_path / "a.tar")
    with tarfile.open(paths[-1], "w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    content = paths[-1].read_bytes()
    for compressed in [gzip.compress(content), bz2.compress(content), lzma.compress(content)]:
        paths.append(tmp_path / f"{len(paths)}.tar")
        paths[-1].write_bytes(compressed)
    paths += [made(tmp_path / f"a.{kind}", kind) for kind in ["newc", "ar"]]
    for path in paths:
        path.with_name(path.name + ".same").write_bytes(path.read_bytes())
    subprocess.run([sys.executable, "-I", "-c", code, *map(str, paths)], check=True)


def test_a_worker_serves_the_next_archive_and_then_ends(pair: tuple[Path, Path]) -> None:
    code = f"""
{inspect.getsource(offspring)}
import sys
import komparu
seen = set()
def compare(times):
    for _ in range(times):
        assert komparu.compare_archive(*sys.argv[1:])
        now = started_by(os.getpid())
        assert len(now) <= 2, now
        seen.update(now)
compare(20)
descriptors = len(os.listdir("/proc/self/fd"))
compare(1000)
# One that is needed only now and then ends meanwhile, and another one is started.
assert 1 <= len(seen) < 100, seen
assert len(os.listdir("/proc/self/fd")) <= descriptors + 2
wait_until_gone(started_by(os.getpid()))
assert komparu.compare_archive(*sys.argv[1:])
print(*started_by(os.getpid()))
"""
    command = [sys.executable, "-I", "-c", code, *map(str, pair)]
    left = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert left
    # They end with the process that has started them.
    wait_until_gone(set(map(int, left)))


#: Calls that end while a worker is in the midst of an archive. `cut` ends after a part of the same.
GIVEN_UP = {
    "the other one fails": "compare(cut, large)",
    "the other one fails, the other way round": "compare(large, cut)",
    "the worker asks for bytes": "compare(cut, Content(content))",
    "the worker asks for all in its order": "compare(cut, url, isolate='always')",
    "the time is over before it shows anything": "compare(mute, large, **briefly)",
}


@pytest.fixture(scope="module")
def given_up(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two archives, a large one, one that is cut, one that shows nothing, and a large tar."""
    home = tmp_path_factory.mktemp("given-up")
    content = os.urandom(31 << 20)
    large = made(home / "large.iso", "iso9660", content)
    tar = made(home / "large.tar", "ustar", content)
    cut, mute = home / "cut.tar", home / "mute.gz"
    cut.write_bytes(tar.read_bytes()[: 1 << 20])
    with gzip.open(mute, "wb", compresslevel=1) as zeros:
        for _ in range(200):
            zeros.write(bytes(1 << 20))
    pair = [made(home / f"{name}.7z", "7zip") for name in "ab"]
    return [*pair, large, cut, mute, tar]


@pytest.mark.parametrize("way", GIVEN_UP)
def test_a_worker_whose_archive_is_not_needed_any_more_reads_the_next_one(
    given_up: list[Path], nginx: Nginx, way: str
) -> None:
    *paths, tar = given_up
    code = f"""
{inspect.getsource(offspring)}
import sys
from pathlib import Path
import komparu
from komparu import Content
one, other, large, cut, mute, url = sys.argv[1:]
briefly = {{"isolate": "always", "comparison_timeout": 0.05}}
content = Path(large).read_bytes()
compare = komparu.compare_archive
# Where the machine has much else to do, a worker may be too late, and is ended: not each time.
for _ in range(300):
    assert compare(one, other)
    before = started_by(os.getpid())
    try:
        {GIVEN_UP[way]}
    except komparu.KomparuError:
        if len(before) == 2 and started_by(os.getpid()) == before:
            break
else:
    raise AssertionError
assert compare(one, other)
"""
    url = f"{nginx.plain}/no-ranges/{nginx.put('large.tar', tar.read_bytes()).name}"
    subprocess.run([sys.executable, "-I", "-c", code, *map(str, paths), url], check=True)


def test_the_workers_of_both_archives_are_started_at_once(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    # Neither begins before the other one is there: one after the other, they would never come.
    python, there = tmp_path / "python3", tmp_path / "there"
    there.mkdir()
    python.write_text(f"""#!/bin/sh
: > "{there}/$$"
while [ "$(ls "{there}" | wc -l)" -lt 2 ]; do sleep 0.01; done
exec "{sys.executable}" "$@"
""")
    python.chmod(0o755)
    code = f"import sys; sys.executable = {str(python)!r}; import komparu\n"
    code += "assert komparu.compare_archive(*sys.argv[1:], isolate='always', comparison_timeout=60)"
    subprocess.run([sys.executable, "-I", "-c", code, *map(str, pair)], check=True)
    assert len(list(there.iterdir())) == 2


def test_a_worker_that_is_killed_is_an_error_and_the_next_call_works(
    pair: tuple[Path, Path],
) -> None:
    over, killed = threading.Event(), []

    def kill() -> None:
        while not over.is_set():
            for worker in started_by(os.getpid()):
                with contextlib.suppress(OSError):
                    if b"serve_archives" in Path(f"/proc/{worker}/cmdline").read_bytes():
                        os.kill(worker, signal.SIGKILL)
                        killed.append(worker)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        failures, calls = set[str](), 0
        while calls < 300 or not failures:
            calls += 1
            try:
                assert compare_archive(*pair)
            except ArchiveError as error:
                failures.add(str(error).split(": ", 1)[1])
    finally:
        over.set()
        killer.join()
    assert killed
    causes = (
        "cannot be read: the process of its own that read it was killed from outside",
        "cannot be read in a process of its own, which does not start: it ended at once: signal: 9",
    )
    assert all(failure.startswith(causes) for failure in failures), failures
    # One that had been waiting may have been the last to be killed.
    with contextlib.suppress(ArchiveError):
        compare_archive(*pair)
    assert compare_archive(*pair)


def test_threads_have_workers_of_their_own(pair: tuple[Path, Path]) -> None:
    wrong: list[object] = []

    def compare() -> None:
        wrong.extend(result for _ in range(25) if not (result := compare_archive(*pair)))

    threads = [threading.Thread(target=compare) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_child_of_a_fork_has_workers_of_its_own(pair: tuple[Path, Path]) -> None:
    code = """
import os, sys
import komparu
assert komparu.compare_archive(*sys.argv[1:])
child = os.fork()
if child == 0:
    os._exit(0 if komparu.compare_archive(*sys.argv[1:]) else 1)
assert os.waitpid(child, 0)[1] == 0
assert komparu.compare_archive(*sys.argv[1:])
"""
    subprocess.run([sys.executable, "-I", "-W", "ignore", "-c", code, *map(str, pair)], check=True)


@pytest.mark.skipif(not packing.HAS_XML, reason="only a xar makes libarchive do so")
def test_what_makes_libarchive_work_for_ever_is_killed_in_time(tmp_path: Path) -> None:
    one, same = endless(tmp_path / "one.xar"), endless(tmp_path / "same.xar")
    before = started_by(os.getpid())
    with pytest.raises(ComparisonTimeoutError):
        compare_archive(one, same, comparison_timeout=1)
    wait_until_gone(started_by(os.getpid()) - before)


@pytest.mark.skipif(not packing.HAS_XML, reason="only a xar makes libarchive work for ever")
@pytest.mark.parametrize("way", ["SIGINT", "SIGKILL"])
def test_nothing_is_left_of_a_call_that_ends(tmp_path: Path, way: str) -> None:
    paths = endless(tmp_path / "one.xar"), endless(tmp_path / "same.xar")
    code = "import sys, komparu; komparu.compare_archive(*sys.argv[1:])"
    command = [sys.executable, "-I", "-c", code, *map(str, paths)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while not (found := started_by(process.pid)):
            assert process.poll() is None
        process.send_signal(getattr(signal, way))
        process.wait(PATIENCE)
    wait_until_gone(found)


def test_memory_is_limited(tmp_path: Path) -> None:
    content = os.urandom(1 << 20)
    one, same = (
        made(tmp_path / "one.7z", "7zip", content),
        made(tmp_path / "two.7z", "7zip", content),
    )
    assert compare_archive(one, same)
    with pytest.raises(ArchiveError, match=r"memory.* \(max_archive_memory is 1048576\)"):
        compare_archive(one, same, max_archive_memory=1 << 20)
    assert compare_archive(one, same)


def test_no_more_processes_is_a_clear_error(pair: tuple[Path, Path]) -> None:
    code = """
import os, resource, sys
import komparu
komparu.compare_archive(*sys.argv[1:], isolate="never")
descriptors = [os.open("/dev/null", os.O_RDONLY) for _ in range(10)]
resource.setrlimit(resource.RLIMIT_NOFILE, (max(descriptors) + 1,) * 2)
for descriptor in descriptors[:3]:
    os.close(descriptor)
try:
    komparu.compare_archive(*sys.argv[1:])
except komparu.KomparuError as error:
    assert "Too many open files" in str(error), error
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-I", "-c", code, *map(str, pair)], check=True)


#: Has the kernel refuse to start programs: `action` is what happens to who tries (seccomp(2)).
REFUSE = """
import ctypes, platform, struct
execve, execveat = {"x86_64": (59, 322), "aarch64": (221, 281)}[platform.machine()]
filters = [(0x20, 0, 0, 0), (0x15, 1, 0, execve), (0x15, 0, 1, execveat), (6, 0, 0, action),
           (6, 0, 0, 0x7FFF0000)]
code = b"".join(struct.pack("=HBBI", *one) for one in filters)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Program(len(filters), code))) == 0, ctypes.get_errno()
"""

#: What keeps workers from being started, and what the log says of it.
INABILITIES = {
    "no Python": ("sys.executable = '/opt/application'", "sys.executable is no Python"),
    "none known": ("sys.executable = None", "sys.executable is no Python"),
    "frozen": ("sys.frozen = True", "the application is frozen"),
    "gone": ("sys.executable = '/nonexistent/python3'", "No such file or directory"),
    "another": (
        "sys.executable = sys.argv[1] + '.d/python3'",
        "it ended at once: exit status: 1",
    ),
    "refused": (f"action = 0x00050001{REFUSE}", "Operation not permitted"),
    "killed": (f"action = 0x80000000{REFUSE}", "it ended at once: signal: 31"),
}


@pytest.mark.parametrize("way", ["compare_archive", "aio", "iter_trees"])
@pytest.mark.parametrize("inability", INABILITIES)
def test_where_no_worker_can_be_started_all_is_read_here_and_the_log_says_so(
    pair: tuple[Path, Path], inability: str, way: str
) -> None:
    other = Path(f"{pair[0]}.d") / "python3"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    made, why = INABILITIES[inability]
    call = {
        "compare_archive": "komparu.compare_archive(*sys.argv[1:])",
        "aio": "asyncio.run(komparu.aio.compare_archive(*sys.argv[1:]))",
        "iter_trees": "iterated()",
    }[way]
    code = f"""
import asyncio, logging, sys
{made}
import komparu, komparu.aio
def iterated():
    with komparu.iter_trees(*sys.argv[1:]) as run:
        return not list(run) and run.result()
records = []
class Records(logging.Handler):
    def emit(self, record):
        records.append((record.levelname, record.getMessage()))
logging.getLogger("komparu").addHandler(Records())
for _ in range(3):
    assert {call}
try:
    komparu.compare_archive(*sys.argv[1:], isolate="always")
except komparu.KomparuError as error:
    print(error)
else:
    raise AssertionError
(level, text), = records
assert level == "WARNING", level
print(text)
"""
    command = [sys.executable, "-I", "-c", code, *map(str, pair)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    error, record = done.stdout.splitlines()
    assert why in error
    assert why in record
    assert record.startswith("archives of rare formats are read in this process")


def test_where_no_more_processes_may_be_had_it_is_an_error(pair: tuple[Path, Path]) -> None:
    code = """
import os, resource, sys
import komparu
assert komparu.compare_archive(*sys.argv[1:], isolate="never")
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    komparu.compare_archive(*sys.argv[1:])
except komparu.ArchiveError as error:
    assert "does not start: Resource temporarily unavailable" in str(error), error
else:
    raise AssertionError
"""
    files = []
    for path in pair:
        files.append(os.memfd_create(path.name))
        os.write(files[-1], path.read_bytes())
    command = [sys.executable, "-I", "-c", code, *(f"/proc/self/fd/{file}" for file in files)]
    try:
        subprocess.run(command, check=True, pass_fds=files)
    finally:
        for file in files:
            os.close(file)
