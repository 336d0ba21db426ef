"""A system call that blocks does not keep a call with a limit from ending in time."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import komparu
from children import interrupt, start, wait_until_comparing
from komparu import aio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="fanotify is Linux's"),
    pytest.mark.thread_unsafe(reason="what blocks is in all threads' way"),
]

#: Has the system ask whether a file may be opened, and never answers. A thread that opens it is
#: blocked, with O_NONBLOCK too, until SIGKILL: as on a filesystem whose server is gone.
HOLDER = """
import ctypes, os, sys
FAN_CLASS_CONTENT, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD = 4, 1, 0x10000, -100
libc = ctypes.CDLL(None, use_errno=True)
asked = libc.fanotify_init(FAN_CLASS_CONTENT, os.O_RDONLY)
libc.fanotify_mark.argtypes = [
    ctypes.c_int, ctypes.c_uint, ctypes.c_uint64, ctypes.c_int, ctypes.c_char_p
]
path = os.fsencode(sys.argv[1])
held = asked >= 0 and not libc.fanotify_mark(asked, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, path)
print("held" if held else os.strerror(ctypes.get_errno()), flush=True)
sys.stdin.read()
"""
#: Far above what any of the calls here takes: without a limit that holds, they would never end.
PATIENCE = 120.0


@pytest.fixture
def blocked(tmp_path: Path) -> Iterator[Path]:
    """Make two directories in one. Opening `a/f` blocks."""
    for side in "ab":
        (tmp_path / side).mkdir()
        (tmp_path / side / "f").write_text(side)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "a" / "f")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        answer = holder.stdout.readline().decode().strip()
        if answer != "held" and os.geteuid() != 0:
            pytest.skip(f"fanotify takes root: {answer}")
        assert answer == "held"
        yield tmp_path
        holder.stdin.close()


def calls(home: Path) -> dict[str, Callable[[], object]]:
    a, b = home / "a", home / "b"
    pair = (a / "f", b / "f")
    limit = 0.3
    return {
        "compare": lambda: komparu.compare(*pair, comparison_timeout=limit),
        "compare_all": lambda: komparu.compare_all(pair, comparison_timeout=limit),
        "compare_many": lambda: komparu.compare_many(pair, comparison_timeout=limit),
        "compare_dir": lambda: komparu.compare_dir(a, b, comparison_timeout=limit),
        "compare_archive": lambda: komparu.compare_archive(*pair, comparison_timeout=limit),
        "compare_dir_urls": lambda: komparu.compare_dir_urls(
            b, {"f": a / "f"}, comparison_timeout=limit
        ),
        "aio": lambda: asyncio.run(aio.compare(*pair, comparison_timeout=limit)),
    }


@pytest.mark.parametrize("function", sorted(calls(Path())))
def test_the_limit_holds_while_opening_a_file_blocks(blocked: Path, function: str) -> None:
    begun = time.monotonic()
    with pytest.raises(komparu.ComparisonTimeoutError):
        calls(blocked)[function]()
    assert time.monotonic() - begun < PATIENCE


def test_ctrl_c_ends_a_call_with_a_limit_while_opening_a_file_blocks(blocked: Path) -> None:
    code = """
try:
    komparu.compare(*sys.argv[1:], comparison_timeout=3600)
except KeyboardInterrupt:
    print("interrupted")
"""
    begun = time.monotonic()
    with start(code, blocked / "a" / "f", blocked / "b" / "f") as child:
        wait_until_comparing(child, "komparu-call")
        interrupt(child)
        assert child.communicate() == ("interrupted\n", "")
    assert time.monotonic() - begun < PATIENCE


def test_a_call_without_a_limit_starts_no_thread_for_it(tmp_path: Path) -> None:
    code = """
import komparu, os, sys
komparu.compare(sys.argv[1], sys.argv[1])
print(len(os.listdir("/proc/self/task")))
"""
    path = tmp_path / "f"
    path.write_bytes(b"x")
    command = [sys.executable, "-c", code, str(path)]
    assert subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout == b"1\n"
