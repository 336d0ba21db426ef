"""Files that others change while they are compared, by every function, thousands of times.

Each deed goes on and on in a process of its own. What a comparison may answer meanwhile follows
from what holds at every moment of the deed: two files that are equal at no time are never found
equal, two that are equal at all times are never found different, and nothing crashes or hangs.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import komparu
from children import start
from ledger import demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger import Ledger

#: Read at once, read in pieces, shared by several threads.
SIZES = [100, 300 << 10, 3 << 20, 6 << 20]

#: For every deed, size and function.
USUAL = 40

#: The user and the group that have no rights of their own.
NOBODY = 65534

#: An error, and the one that an ordinary user is given.
REFUSED = "“permission denied”"

#: Does a deed to the file named by its argument for as long as its standard input is open.
_DOING = """
path, size = sys.argv[1], int(sys.argv[2])
half = size // 2
file = os.open(path, os.O_RDWR)
def closed(stop=threading.Event()):
    if not stop.is_set() and threading.active_count() == 1:
        threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    return stop.is_set()
def renew(content):
    with open(path + ".new", "wb") as new:
        new.write(content)
    os.replace(path + ".new", path)
P, Q = b"p" * half, b"q" * (size - half)
print("ready", flush=True)
while not closed():
"""


class Deed(NamedTuple):
    """What is done, and what no comparison may say of it."""

    name: str
    code: str
    never: str = ""
    """The answer that would be wrong at every moment."""

    refused: bool = False
    """Are there moments when an ordinary user may not open the file? Root may at all times."""


DEEDS = [
    Deed(
        "truncated and restored",
        """
    os.ftruncate(file, half)
    os.ftruncate(file, size)
    os.ftruncate(file, 0)
    os.pwrite(file, P + Q, 0)
""",
    ),
    Deed(
        "grown and cut back",
        """
    os.pwrite(file, b"more", size)
    os.ftruncate(file, size)
""",
    ),
    Deed(
        "deleted and made anew",
        """
    os.unlink(path)
    with open(path, "wb") as new:
        new.write(P + Q)
""",
    ),
    Deed(
        "swapped for a directory, a pipe and a dangling link",
        """
    os.rename(path, path + ".kept")
    os.mkdir(path)
    os.rmdir(path)
    os.mkfifo(path)
    os.unlink(path)
    os.symlink("nowhere", path)
    os.rename(path + ".kept", path)
""",
    ),
    Deed(
        "made unreadable and readable",
        """
    os.chmod(path, 0)
    os.chmod(path, 0o644)
""",
        never="different",
        refused=True,
    ),
    Deed(
        "replaced by an identical copy",
        "    renew(P + Q)\n",
        never="different",
    ),
    Deed(
        "touched",
        "    os.utime(path)\n    os.utime(path, ns=(0, 10 ** 18))\n",
        never="different",
    ),
    Deed(
        "replaced by others that differ, too",
        """
    renew(P + b"x" * len(Q))
    renew(b"x" * half + Q)
    renew(P)
""",
        never="equal",
    ),
    Deed(
        "written so that some byte differs at every moment",
        """
    os.pwrite(file, b"x", size - 1)
    os.pwrite(file, b"p", 0)
    os.pwrite(file, b"x", 0)
    os.pwrite(file, b"q", size - 1)
""",
        never="equal",
    ),
]


@contextmanager
def _ordinary_user() -> Iterator[None]:
    """Without root's rights meanwhile, for all threads of this process."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def _outcome(call: Callable[[], object]) -> str:
    try:
        answer = call()
    except komparu.SourcePermissionError as error:
        demand(error.errno == errno.EACCES, f"{error}")
        return REFUSED
    except (komparu.SourceReadError, komparu.SourceNotFoundError):
        return "error"
    if isinstance(answer, komparu.DirResult):
        if answer.errors:
            words = answer.messages.get("file", "")
            return REFUSED if os.strerror(errno.EACCES) in words else "error"
        demand(answer.diff.keys() <= {"file"}, f"{answer}")
    return "equal" if answer else "different"


def _ways(a: Path, b: Path) -> dict[str, Callable[[], object]]:
    left, right = a.parent, b.parent
    return {
        "compare": lambda: komparu.compare(a, b, quick_check=False),
        "compare_dir": lambda: komparu.compare_dir(left, right, ignore=["*.new", "*.kept"]),
        "compare_all": lambda: komparu.compare_all([b, a, b.with_name("copy")]),
        "compare_many": lambda: komparu.compare_many([b, a, b.with_name("copy")]),
        "compare_dir_urls": lambda: komparu.compare_dir_urls(
            right, {"file": f"file://{a}", "copy": str(b)}
        ),
    }


@contextmanager
def _doing(deed: Deed, path: Path, size: int) -> Iterator[None]:
    with start(_DOING + deed.code, path, str(size)) as child:
        demand(child.stdout and child.stdout.readline() == "ready\n", deed.name)
        yield
        _, errors = child.communicate()
        demand((child.returncode, errors) == (0, ""), errors)


def soak(ledger: Ledger) -> None:
    """Compare while it is done."""
    for deed in DEEDS:
        seen: dict[str, int] = {"equal": 0, "different": 0, "error": 0}
        if deed.refused:
            seen[REFUSED] = 0
        for size in SIZES:
            with tempfile.TemporaryDirectory() as home:
                _try(deed, size, Path(home), ledger.times(USUAL), seen)
        demand(seen.get(REFUSED) != 0, f"no writer was refused while a file was {deed.name}")
        ledger.kept(
            "an error or an answer that was right at some moment"
            + (f", never “{deed.never}”" if deed.never else ""),
            tried=f"a file is {deed.name} while it is compared: all functions, {len(SIZES)} sizes",
            often=f"{sum(seen.values()):,} calls",
            result=", ".join(f"{count:,} {answer}" for answer, count in seen.items()),
        )


def _try(deed: Deed, size: int, home: Path, times: int, seen: dict[str, int]) -> None:
    half = size // 2
    content = b"p" * half + b"q" * (size - half)
    first = b"x" + content[1:] if deed.never == "equal" else content
    a, b = home / "a" / "file", home / "b" / "file"
    for path, given in [(a, first), (b, content)]:
        path.parent.mkdir()
        path.write_bytes(given)
        path.with_name("copy").write_bytes(content)
    ways = _ways(a, b)
    held = len(os.listdir("/proc/self/fd"))
    home.chmod(0o755)
    with _doing(deed, a, size), _ordinary_user() if deed.refused else nullcontext():
        for name, call in ways.items():
            for _ in range(times):
                answer = _outcome(call)
                demand(answer != deed.never, f"{name}, {size} bytes, {deed.name}: {answer}")
                seen[answer] += 1
    demand(len(os.listdir("/proc/self/fd")) <= held, "descriptors stayed open")
    a.write_bytes(content)
    for name, call in ways.items():
        demand(_outcome(call) == "equal", f"{name}, afterwards")
