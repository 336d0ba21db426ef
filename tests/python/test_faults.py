"""A hostile machine: files cut while they are read, no descriptors left, no rights, forks."""

from __future__ import annotations

import errno
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import packing
from children import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Write

#: Cuts the first file when it is being compared by several threads.
_CUT_WHILE_COMPARING = """
def cut():
    wait_until_comparing()
    os.truncate(sys.argv[1], 5)
def compare_and_cut():
    os.truncate(sys.argv[1], 1 << 30)
    with open(sys.argv[1], "r+b") as file:
        os.posix_fallocate(file.fileno(), 0, 1 << 30)
    thread = threading.Thread(target=cut)
    thread.start()
    try:
        komparu.compare(*sys.argv[1:3], chunk_size=1)
    except komparu.SourceReadError as error:
        print(str(error).split(": ")[1])
    thread.join()
    # Threads that are done may take a moment to leave: they are no next comparison.
    while "komparu-compare" in thread_names(): pass
"""

_SHRANK = f"shrank from {1 << 30} to 5 bytes while it was compared\n"


@pytest.fixture
def cut_files(tmp_path: Path, long_work: tuple[Path, Path]) -> tuple[Path, Path]:
    path = tmp_path / "cut"
    path.touch()
    return path, long_work[0]


def test_a_file_cut_while_it_is_compared_is_an_error_and_no_crash(
    cut_files: tuple[Path, Path],
) -> None:
    code = f"{_CUT_WHILE_COMPARING}\ncompare_and_cut()\ncompare_and_cut()"
    assert run(code, *cut_files) == _SHRANK * 2


def test_no_signal_is_taken_from_its_handler(write: Write) -> None:
    big = [write(name, bytes(12 << 20)) for name in ("a", "b")]
    code = """
def handled():
    lines = Path("/proc/self/status").read_text().splitlines()
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigCgt", "SigIgn"))]
    # Of the real-time signals, from 32 on, the C library takes one for itself when threads start.
    return [mask & (1 << 31) - 1 for mask in masks]
before = handled()
assert komparu.compare(*sys.argv[1:])
print(handled() == before)
"""
    assert run(code, *big) == "True\n"


def test_few_descriptors_are_enough_and_none_at_all_is_an_error(write: Write) -> None:
    a, b = write("a", bytes(12 << 20)), write("b", bytes(12 << 20))
    code = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
assert all(komparu.compare(*sys.argv[1:3]) for _ in range(100))
taken = []
try:
    while True:
        taken.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
for spare in range(2):
    try:
        komparu.compare(*sys.argv[1:3])
    except komparu.SourceReadError as error:
        print(error.errno, error.source == sys.argv[1 + spare])
    os.close(taken.pop())
os.close(taken.pop())
print(komparu.compare(*sys.argv[1:3]))
"""
    assert run(code, a, b).split() == [str(errno.EMFILE), "True"] * 2 + ["True"]


def test_no_memory_for_threads_is_no_reason_to_fail(write: Write) -> None:
    a, b = write("a", bytes(12 << 20)), write("b", bytes(12 << 20))
    code = """
import resource
assert komparu.compare(os.devnull, os.devnull)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 20), resource.RLIM_INFINITY))
print(komparu.compare(*sys.argv[1:]))
"""
    assert run(code, a, b) == "True\n"


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A directory that every user may enter, unlike that of the other tests."""
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.mark.parametrize("locked", ["file", "directory"])
def test_what_a_user_may_not_read_is_a_permission_error(open_to_all: Path, locked: str) -> None:
    (open_to_all / "directory").mkdir()
    secret, public = open_to_all / "directory" / "file", open_to_all / "public"
    secret.write_bytes(b"x")
    public.write_bytes(b"y")
    (secret if locked == "file" else secret.parent).chmod(0)
    code = """
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for pair in [sys.argv[1:], sys.argv[:0:-1]]:
    try:
        komparu.compare(*pair)
    except komparu.SourcePermissionError as error:
        print(isinstance(error, PermissionError), error.errno, error.source == sys.argv[1], error)
"""
    line = f"True {errno.EACCES} True {secret}: Permission denied\n"
    assert run(code, secret, public) == line * 2
    secret.parent.chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit counts otherwise")
def test_without_threads_there_is_an_answer_or_an_error_that_blames_the_thread(
    open_to_all: Path,
) -> None:
    contents = [(f"d/{number}", b"x" * number) for number in range(30)]
    packing.zipped(open_to_all / "a.zip", contents)
    packing.zipped(open_to_all / "b.zip", contents[::-1])
    packing.zipped(open_to_all / "c.zip", [*contents[:-1], ("d/29", b"y" * 29)])
    (open_to_all / "big").write_bytes(bytes(5 << 20))
    (open_to_all / "same").write_bytes(bytes(5 << 20))
    code = """
import resource
os.chdir(sys.argv[1])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
for limit in (None, 60):
    within = {"comparison_timeout": limit}
    print(komparu.compare("big", "same", **within))
    print(komparu.compare_many(["big", "same"], **within).all_equal)
    print(komparu.compare_dir(".", ".", **within).equal)
    print(komparu.compare_archive("a.zip", "b.zip", **within).equal)
    print(sorted(komparu.compare_archive("a.zip", "c.zip", **within).diff))
    for url in ("http://127.0.0.1:1/", "http://localhost:1/"):
        try:
            komparu.compare(url, "big", **within)
        except komparu.SourceReadError as error:
            print("no thread could be started" in error.strerror)
"""
    expected = "True\n" * 4 + "['d/29']\n" + "True\n" * 2
    assert run(code, open_to_all) == expected * 2


def test_errors_leave_no_descriptor_open(write: Write, tmp_path: Path) -> None:
    # In a process of its own: what other tests have left to the network thread may close meanwhile.
    code = """
file, *unreadable = sys.argv[1:]
before = sorted(os.listdir("/proc/self/fd"))
for path in unreadable:
    for pair in [(path, file), (file, path)] * 50:
        try:
            komparu.compare(*pair)
        except komparu.KomparuError:
            continue
        raise AssertionError(pair)
assert sorted(os.listdir("/proc/self/fd")) == before
"""
    unreadable = [tmp_path, tmp_path / "missing", Path("/dev/zero"), Path("/proc/self/mem")]
    run(code, write("file", b"x"), *unreadable)


def test_a_child_forked_in_the_middle_compares_too(
    write: Write, long_work: tuple[Path, Path]
) -> None:
    small, big = (write("a", b"x"), write("b", b"x")), (write("c", bytes(12 << 20)), long_work[1])
    code = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
small, big, long = sys.argv[1:3], sys.argv[3:5], sys.argv[5:7]
answers, forked = set(), threading.Event()
def compare_on_and_on():
    while not forked.is_set():
        answers.add(komparu.compare(*long, chunk_size=16))
thread = threading.Thread(target=compare_on_and_on, daemon=True)
thread.start()
wait_until_comparing()
child = os.fork()
if child == 0:
    good = komparu.compare(*small) and not komparu.compare(*big)
    try:
        komparu.compare(*long, comparison_timeout=1e-3)
    except komparu.ComparisonTimeoutError:
        os._exit(0 if good and komparu.compare(*small) else 1)
    os._exit(2)
forked.set()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
thread.join()
print(answers)
"""
    assert run(code, *small, *big, *long_work) == "0\n{True}\n"


def test_a_child_forked_while_archives_are_read_reads_them_too(tmp_path: Path) -> None:
    """Whatever locks libarchive takes, none of them is taken in the child."""
    files = {f"directory/{number}": bytes([number]) * 100 for number in range(100)}
    tree = packing.grow(tmp_path / "tree", files)
    kinds = ["bzip2.zip", "iso", "newc.cpio"]
    archives = [packing.pack(kind, tree, tmp_path / f"x.{kind}") for kind in kinds]
    code = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
over = threading.Event()
# What Python does at a first call takes locks of Python itself, which a child may find taken.
ready = threading.Barrier(len(sys.argv))
def read(archive):
    assert komparu.compare_archive(archive, sys.argv[3])
    ready.wait()
    while not over.is_set():
        assert komparu.compare_archive(archive, sys.argv[3])
threads = [
    threading.Thread(target=read, args=[archive], daemon=True) for archive in sys.argv[1:]
]
for thread in threads:
    thread.start()
ready.wait()
statuses = {0}
for _ in range(60):
    if statuses != {0}:
        break
    child = os.fork()
    if child == 0:
        signal.alarm(300)  # one that hangs is to be told of
        equal = [komparu.compare_archive(archive, sys.argv[3]) for archive in sys.argv[1:]]
        os._exit(0 if all(equal) else 1)
    statuses.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
over.set()
for thread in threads:
    thread.join()
print(statuses)
"""
    assert run(code, *archives) == "{0}\n"


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_a_lease_is_waited_for_and_limits_of_time_hold(pair: tuple[Path, Path]) -> None:
    code = """
import fcntl
a, b = sys.argv[1:]
# Nothing gives the lease up before it is told to.
signal.signal(signal.SIGIO, signal.SIG_IGN)
leased = os.open(a, os.O_RDWR)
fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_WRLCK)
begun = time.monotonic()
for compare in [
    lambda: komparu.compare(a, b, comparison_timeout=0.3),
    lambda: komparu.compare_many([a, b], comparison_timeout=0.3),
    lambda: komparu.compare_all([b, a, b], comparison_timeout=0.3),
    lambda: komparu.compare_archive(a, b, comparison_timeout=0.3),
    lambda: komparu.compare_dir(os.path.dirname(a), os.path.dirname(a) + "/copy",
                                ignore=["/copy"], comparison_timeout=0.3),
]:
    try:
        print(compare())
    except komparu.ComparisonTimeoutError:
        print("in time")
# The system would end the lease after 45 seconds.
print(time.monotonic() - begun < 30)
class Stop(Exception): pass
def stop(*_): raise Stop
signal.signal(signal.SIGALRM, stop)
try:
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    komparu.compare(a, b)
except Stop:
    print("stopped")
# And its holder gives it up when it is told to.
signal.signal(signal.SIGIO, lambda *_: fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_UNLCK))
fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_UNLCK)
fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print(komparu.compare(a, b))
"""
    copy = pair[0].parent / "copy"
    copy.mkdir()
    for path in pair:
        (copy / path.name).write_bytes(path.read_bytes())
    assert run(code, *pair).split("\n") == [*["in time"] * 5, "True", "stopped", "True", ""]
