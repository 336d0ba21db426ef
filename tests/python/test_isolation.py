"""Archives of rare formats are read in a process of their own, which may fail without harm."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from komparu import ArchiveError, ComparisonTimeoutError, compare_archive

#: How long a call may take that has a limit of one second: it promises to stop within 100 ms, and
#: this machine may be busy with other tests.
SLACK = 3.0


def workers() -> set[int]:
    """Processes that this one has started and not waited for."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            found |= {int(child) for child in (task / "children").read_text().split()}
    return found


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
        answers = []
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
    code = """
import os, sys
import komparu
for path in sys.argv[1:]:
    assert komparu.compare_archive(path, path + ".same")
    for task in os.listdir("/proc/self/task"):
        assert not open(f"/proc/self/task/{task}/children").read(), path
"""
    paths = [packed]
    for suffix in ["", "gz", "bz2", "xz"]:
        path = tmp_path / f"a.tar.{suffix}"
        with tarfile.open(path, f"w:{suffix}") as archive:
            archive.addfile(tarfile.TarInfo("empty"))
        paths.append(path)
    paths += [made(tmp_path / f"a.{kind}", kind) for kind in ["newc", "ar"]]
    for path in paths:
        path.with_name(path.name + ".same").write_bytes(path.read_bytes())
    subprocess.run([sys.executable, "-I", "-c", code, *map(str, paths)], check=True)


def test_a_worker_serves_the_next_archive_and_then_ends(pair: tuple[Path, Path]) -> None:
    code = """
import os, sys, time
import komparu
def children():
    return {
        child
        for task in os.listdir("/proc/self/task")
        for child in open(f"/proc/self/task/{task}/children").read().split()
    }
for _ in range(20):
    assert komparu.compare_archive(*sys.argv[1:])
first = children()
assert 1 <= len(first) <= 2, first
descriptors = len(os.listdir("/proc/self/fd"))
for _ in range(2000):
    assert komparu.compare_archive(*sys.argv[1:])
assert children() == first
assert len(os.listdir("/proc/self/fd")) == descriptors
end = time.monotonic() + 20
while children() and time.monotonic() < end:
    os.sched_yield()
assert not children()
assert komparu.compare_archive(*sys.argv[1:])
print(*children())
"""
    command = [sys.executable, "-I", "-c", code, *map(str, pair)]
    left = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert left
    # They end with the process that has started them.
    assert not any(Path(f"/proc/{process}").exists() for process in left)


def test_a_worker_that_is_killed_is_an_error_and_the_next_call_works(
    pair: tuple[Path, Path],
) -> None:
    over, killed = threading.Event(), []

    def kill() -> None:
        while not over.is_set():
            for worker in workers():
                with contextlib.suppress(OSError):
                    if b"serve_archives" in Path(f"/proc/{worker}/cmdline").read_bytes():
                        os.kill(worker, signal.SIGKILL)
                        killed.append(worker)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        failures = set[str]()
        for _ in range(300):
            try:
                assert compare_archive(*pair)
            except ArchiveError as error:
                failures.add(str(error).split(": ", 1)[1])
    finally:
        over.set()
        killer.join()
    assert killed
    cause = "cannot be read: the process of its own that read it was killed from outside"
    assert failures
    assert all(failure.startswith(cause) for failure in failures)
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
if os.fork() == 0:
    os._exit(0 if komparu.compare_archive(*sys.argv[1:]) else 1)
assert os.wait()[1] == 0
assert komparu.compare_archive(*sys.argv[1:])
"""
    subprocess.run([sys.executable, "-I", "-W", "ignore", "-c", code, *map(str, pair)], check=True)


def test_what_makes_libarchive_work_for_ever_is_killed_in_time(tmp_path: Path) -> None:
    one, same = endless(tmp_path / "one.xar"), endless(tmp_path / "same.xar")
    before, begun = workers(), time.monotonic()
    with pytest.raises(ComparisonTimeoutError):
        compare_archive(one, same, comparison_timeout=1)
    assert time.monotonic() - begun < SLACK
    assert workers() <= before


@pytest.mark.parametrize("way", ["SIGINT", "SIGKILL"])
def test_nothing_is_left_of_a_call_that_ends(tmp_path: Path, way: str) -> None:
    paths = endless(tmp_path / "one.xar"), endless(tmp_path / "same.xar")
    code = "import sys, komparu; komparu.compare_archive(*sys.argv[1:])"
    command = [sys.executable, "-I", "-c", code, *map(str, paths)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        tasks, found = Path(f"/proc/{process.pid}/task"), set[str]()
        while not found:
            for task in tasks.iterdir():
                with contextlib.suppress(OSError):
                    found |= set((task / "children").read_text().split())
        process.send_signal(getattr(signal, way))
        process.wait(10)
    end = time.monotonic() + 10
    while any(Path(f"/proc/{worker}/stat").exists() for worker in found):
        assert time.monotonic() < end
        os.sched_yield()


def test_memory_is_limited(tmp_path: Path) -> None:
    content = os.urandom(1 << 20)
    one, same = (
        made(tmp_path / "one.7z", "7zip", content),
        made(tmp_path / "two.7z", "7zip", content),
    )
    assert compare_archive(one, same)
    with pytest.raises(ArchiveError, match="memory"):
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


def test_without_python_s_own_executable_all_is_read_here(pair: tuple[Path, Path]) -> None:
    code = """
import sys
sys.executable = "/opt/application"
import komparu
assert komparu.compare_archive(*sys.argv[1:])
try:
    komparu.compare_archive(*sys.argv[1:], isolate="always")
except komparu.ConfigError as error:
    assert "sys.executable" in str(error)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-I", "-c", code, *map(str, pair)], check=True)
