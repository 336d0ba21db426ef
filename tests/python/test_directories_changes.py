"""Trees that another process changes while they are walked: a right answer or errors, no crash."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import komparu
from children import run, start
from komparu import DiffReason
from trees import Link, pair, plant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trees import Entry

ROUNDS = 150

TREE: dict[str, Entry] = {
    "d": {"e": {f"f{index}": b"x" * index * 100 for index in range(40)}, "l": Link("e")},
    "big": bytes(5 << 20),
    "x": b"1",
}


@contextmanager
def changing(deed: str, path: Path) -> Iterator[None]:
    """Have a second process do this to a directory, again and again, until the block ends."""
    code = f"""
import contextlib, select, shutil
os.chdir(sys.argv[1])
def closed():
    return select.select([sys.stdin], [], [], 0)[0]
print(flush=True)
{deed}
"""
    with start(code, path) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "\n"
        yield
        _, errors = child.communicate()
    assert (child.returncode, errors) == (0, "")


DEEDS = {
    "files come and go": """
while not closed():
    for index in range(40):
        os.unlink(f"d/e/f{index}")
    for index in range(40):
        Path(f"d/e/f{index}").write_bytes(b"x" * index * 100)
""",
    "a directory is moved away and back": """
while not closed():
    os.rename("d/e", "moved")
    os.rename("moved", "d/e")
""",
    "a directory is replaced by a file, a link, a FIFO and itself": """
while not closed():
    os.rename("d/e", "moved")
    Path("d/e").touch()
    os.unlink("d/e")
    os.symlink("..", "d/e")
    os.unlink("d/e")
    os.mkfifo("d/e")
    os.unlink("d/e")
    os.rename("moved", "d/e")
""",
    "a file is replaced by a directory, a link, a FIFO and itself": """
while not closed():
    os.rename("x", "moved")
    os.mkdir("x")
    os.rmdir("x")
    os.symlink("x", "x")
    os.unlink("x")
    os.mkfifo("x")
    os.unlink("x")
    os.rename("moved", "x")
""",
    "everything goes and comes": """
while not closed():
    shutil.copytree("d", "copy", symlinks=True)
    shutil.rmtree("d")
    os.rename("copy", "d")
""",
    "a big file is cut and grown": """
while not closed():
    os.truncate("big", 4096)
    os.truncate("big", 5 << 20)
""",
    "rights are taken and given": """
while not closed():
    os.chmod("d/e", 0)
    os.chmod("d/e", 0o700)
""",
    "more and more files": """
count = 0
while not closed():
    Path(f"d/e/new{count % 5000}").touch()
    count += 1
for path in Path("d/e").glob("new*"):
    path.unlink()
""",
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS.keys())
@pytest.mark.thread_unsafe(reason="counts the process's descriptors")
def test_a_tree_that_changes_is_walked_to_its_end(tmp_path: Path, deed: str) -> None:
    a, b = pair(tmp_path, TREE, TREE)
    descriptors = sorted(os.listdir("/proc/self/fd"))
    with changing(deed, a):
        for round_number in range(ROUNDS):
            workers, follow = round_number % 4, round_number % 3 > 0
            result = komparu.compare_dir(a, b, max_workers=workers, follow_symlinks=follow)
            assert result.errors == set(result.messages)
            assert result.equal == (not (result.diff or result.only_left or result.only_right))
            failed = {path for path, why in result.diff.items() if why is DiffReason.READ_ERROR}
            assert failed <= result.errors
    assert len(os.listdir("/proc/self/fd")) <= len(descriptors)
    assert komparu.compare_dir(a, b).equal


def test_what_is_not_touched_is_compared_as_ever(tmp_path: Path) -> None:
    a, b = pair(tmp_path, {**TREE, "still": {"y": b"1"}}, {**TREE, "still": {"y": b"2"}})
    with changing(DEEDS["everything goes and comes"], a):
        for _ in range(ROUNDS):
            result = komparu.compare_dir(a, b)
            assert result.diff["still/y"] is DiffReason.CONTENT_MISMATCH


def test_files_that_were_equal_at_no_time_are_never_found_equal(tmp_path: Path) -> None:
    half = 40_000
    a, b = pair(
        tmp_path, {"x": b"p" * half + b"q" * half, "y": b""}, {"x": b"p" * 2 * half, "y": b""}
    )
    deed = f"""
half = {half}
file = os.open("x", os.O_WRONLY)
while not closed():
    os.pwrite(file, b"q" * half, 0)
    os.pwrite(file, b"p" * half, half)
    os.pwrite(file, b"q" * half, half)
    os.pwrite(file, b"p" * half, 0)
"""
    with changing(deed, a):
        for round_number in range(ROUNDS * 4):
            assert not komparu.compare_dir(a, b, quick_check=round_number % 2 == 0)


def test_a_directory_swapped_for_another_is_compared_as_one_of_them(tmp_path: Path) -> None:
    files: dict[str, Entry] = {f"f{index}": b"1" for index in range(30)}
    others: dict[str, Entry] = {f"f{index}": b"2" for index in range(30)}
    a, b = pair(tmp_path, {"d": files, "e": others}, {"d": files, "e": others})
    deed = """
while not closed():
    os.rename("d", "moved")
    os.rename("e", "d")
    os.rename("moved", "e")
"""
    with changing(deed, a):
        for _ in range(ROUNDS):
            result = komparu.compare_dir(a, b, max_workers=2)
            for directory in ["d", "e"]:
                differing = {path for path in result.diff if path.startswith(f"{directory}/")}
                assert len(differing) in {0, 30}


#: Makes `openat2` fail in this process as it does before Linux 5.6 (ENOSYS) and in some sandboxes
#: (EPERM), and lets no directory be kept open for those that lie in it.
WITHOUT_OPENAT2 = """
import ctypes, resource, struct
OPENAT2, ALLOW, ERRNO = 437, 0x7fff0000, 0x00050000
# The number of the system call; is it that one?; fail; allow.
fail = ERRNO | int(sys.argv[1])
program = [(0x20, 0, 0, 0), (0x15, 0, 1, OPENAT2), (0x06, 0, 0, fail), (0x06, 0, 0, ALLOW)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
filter = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) == 0
libc.syscall(OPENAT2, -1, None, None, 0)
assert ctypes.get_errno() == int(sys.argv[1]), os.strerror(ctypes.get_errno())
resource.setrlimit(resource.RLIMIT_NOFILE, (31, 31))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="openat2 is Linux's")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM], ids=["old kernel", "sandbox"])
def test_a_link_in_place_of_a_directory_is_not_followed_without_openat2(
    tmp_path: Path, number: int
) -> None:
    tree: dict[str, Entry] = {"d": {"e": {"f": {"x": b"1"}}, "l": Link("e")}, "y": b"1"}
    a, b = pair(tmp_path, tree, tree)
    plant(tmp_path / "secret", {"e": {"f": {"x": b"1", "secret": b""}}, "secret": b""})
    code = """
a, b = sys.argv[2:]
assert komparu.compare_dir(a, b, follow_symlinks=False)
names = set()
for _ in range(500):
    result = komparu.compare_dir(a, b, follow_symlinks=False, max_workers=1)
    names |= {*result.diff, *result.only_left, *result.only_right, *result.errors}
print(any("secret" in name for name in names))
"""
    swap = """
while not closed():
    os.rename("d", "moved")
    os.symlink("../secret", "d")
    os.unlink("d")
    os.rename("moved", "d")
"""
    assert run(
        WITHOUT_OPENAT2 + "print(komparu.compare_dir(*sys.argv[2:]).equal)", str(number), a, b
    )
    with changing(swap, a):
        # Before anything is swapped, and while it is.
        started = WITHOUT_OPENAT2 + code.replace("assert komparu", "komparu")
        assert run(started, str(number), a, b) == "False\n"
