"""A machine that is short of descriptors, memory, disk, /dev/shm or /proc."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ledger import demand
from specimens import laid_out
from strangers import answers

if TYPE_CHECKING:
    from ledger import Ledger
    from specimens import Ground

_ALL = """
print(json.dumps(Counter(attempt(case) for _ in range(ROUNDS) for case in everything)))
"""

_FEW_DESCRIPTORS = """
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
"""

#: The descriptors that are left go down to none, and up again.
_NO_DESCRIPTORS = """
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
counted = Counter()
for left in [*range(24), *reversed(range(24))]:
    taken = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for descriptor in taken[:left]:
        os.close(descriptor)
    counted.update(attempt(case) for case in everything)
    for descriptor in taken[left:]:
        os.close(descriptor)
assert all(attempt(case) == "right" for case in everything)
print(json.dumps(counted))
"""

#: What may be mapped beyond what is mapped goes up from nothing.
_LITTLE_MEMORY = """
import mmap
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
used = int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
resource.setrlimit(resource.RLIMIT_AS, (used + SPARE, resource.RLIM_INFINITY))
counted = Counter()
for case in everything:
    counted[attempt(case)] += 1
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps(counted))
"""


#: What libc and Rust's standard library say before they end a process that has no memory left.
_NO_MEMORY = ("cannot allocate memory for thread-local data", "memory allocation of")


def soak(ledger: Ledger) -> None:
    """Take away one thing after another."""
    with tempfile.TemporaryDirectory() as home, laid_out(Path(home)) as ground:
        rounds = ledger.times(20)
        everything = f"ROUNDS = {rounds}\n" + _ALL
        for name, before, code in [
            ("`ulimit -n 64`", [], _FEW_DESCRIPTORS + everything),
            ("the disk of `TMPDIR` and of the current directory is full", _full_disk(), everything),
            ("`/dev/shm` is empty and read-only", _useless("/dev/shm"), everything),  # noqa: S108
            ("`/` is read-only", _in_namespace("mount -o remount,ro,bind / /"), everything),
        ]:
            counted = answers(code, ground, before)
            demand(counted.keys() == {"right"}, f"{name}: {counted}")
            _note(ledger, "every call answers as ever", name, counted)
        counted = answers(_NO_DESCRIPTORS, ground)
        name = "`ulimit -n 64`, of which 0 to 23 are free"
        _note(ledger, "the right answer or an error, and all is well afterwards", name, counted)
        _memory(ledger, ground)


def _memory(ledger: Ledger, ground: Ground) -> None:
    counted: Counter[str] = Counter()
    for step in range(ledger.times(64)):
        spare = step * 64 << 10
        counted += answers(f"SPARE = {spare}\n" + _LITTLE_MEMORY, ground, (), _NO_MEMORY)
    name = "`ulimit -v`: from nothing to 4 MiB more than what is mapped, in steps of 64 KiB"
    _note(
        ledger,
        "the right answer or an error; or libc or Rust end the process for want of memory",
        name,
        counted,
    )


def _note(ledger: Ledger, promise: str, name: str, counted: Counter[str]) -> None:
    result = ", ".join(f"{count:,} {answer}" for answer, count in sorted(counted.items()))
    ledger.kept(
        promise, tried=f"all cases while {name}", often=f"{counted.total():,} calls", result=result
    )


def _in_namespace(preparation: str) -> list[str]:
    """Run the rest of the command where this has been done to the mounts, which only root may."""
    return ["unshare", "--mount", "sh", "-c", f'{preparation} && exec "$@"', "sh"]


def _useless(place: str) -> list[str]:
    return _in_namespace(f"mount -t tmpfs -o ro,mode=0 tmpfs {place}")


def _full_disk() -> list[str]:
    fill = "dd if=/dev/zero of=fill bs=64k 2>/dev/null; ! echo more > more 2>/dev/null"
    return _in_namespace(
        f"mount -t tmpfs -o size=1m tmpfs /mnt && cd /mnt && export TMPDIR=/mnt && {{ {fill}; }}"
    )
