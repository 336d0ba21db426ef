"""Two archives of one real tree: komparu against bsdtar, Python, and unpacking both."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import komparu
from harness import settle
from real_tree import real_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Harness

MIB = 1 << 20

#: What is measured, each a part: a kind against itself, and one kind against another.
PARTS = {kind: (kind, kind) for kind in ("tar", "tar.gz", "tar.zst", "zip")}
PARTS["tar.gz against zip"] = ("tar.gz", "zip")


def benchmark(harness: Harness) -> None:
    """Measure tar, its compressed kinds and zip, and one against another."""
    with harness.files() as directory:
        tree = directory / "tree"
        real_tree(tree)
        # Zeros compress well, and these archives are no bombs.
        komparu.configure(max_compression_ratio=None)
        for part, kinds in PARTS.items():
            if harness.wants(part):
                a, b = (
                    packed(directory, tree, side, kind)
                    for side, kind in zip("ab", kinds, strict=True)
                )
                settle()
                _measure(harness, directory, part, a, b)
        if harness.wants("memory"):
            a, b = (packed(directory, tree, side, "tar.zst") for side in "ab")
            _memory(harness, a, b)


def packed(directory: Path, tree: Path, side: str, kind: str) -> Path:
    """Pack the tree: the same entries for both sides, with one time that differs."""
    os.utime(tree, (1, ord(side)))
    path = directory / f"{side}.{kind}"
    if not path.exists():
        pack = ["zip", "-qr"] if kind == "zip" else ["bsdtar", "-acf"]
        subprocess.run([*pack, path, "."], cwd=tree, check=True)
    return path


def _measure(harness: Harness, directory: Path, name: str, a: Path, b: Path) -> None:
    def by_bsdtar() -> bool:
        command = "bsdtar -xOf $0 >/dev/null & bsdtar -xOf $1 >/dev/null; wait"
        return subprocess.run(["sh", "-c", command, a, b], check=False).returncode == 0

    def by_unpacking() -> bool:
        trees = [directory / "left", directory / "right"]
        for tree, archive in zip(trees, (a, b), strict=True):
            tree.mkdir()
            subprocess.run(["bsdtar", "-xf", archive, "-C", tree], check=True)
        same = subprocess.run(["diff", "-rq", *trees], check=False).returncode == 0
        for tree in trees:
            shutil.rmtree(tree)
        return same

    contenders: dict[str, Callable[[], object]] = {
        "komparu": lambda: komparu.compare_archive(a, b).equal,
        "two bsdtar": by_bsdtar,
        "Python": lambda: _by_python(a, b),
        "unpack, diff": by_unpacking,
    }
    target = ("two bsdtar", 1.3 if "against" in name else 1.2)
    if name == "tar":
        # All of it is read: a copy that differs in nothing.
        copy = directory / "copy.tar"
        shutil.copyfile(a, copy)
        settle()
        cmp: list[str | Path] = ["cmp", "-s", a, copy]
        contenders["cmp"] = lambda: subprocess.run(cmp, check=False).returncode == 0
        target = ("cmp", 1.5)
    case = harness.measure(f"{name}, equal", contenders, expected=True, target=target)
    share = case.seconds["komparu"] / case.seconds["Python"]
    harness.note(f"{name}, against Python", f"{share:.2f}", "at most 0.5")


def _by_python(a: Path, b: Path) -> bool:
    return _digests(a) == _digests(b)


def _digests(path: Path) -> dict[str, bytes]:
    """Read an archive in its order, and keep what tells contents apart."""
    digests = {}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                if not name.endswith("/"):
                    digests[name] = hashlib.blake2b(packed.read(name)).digest()
        return digests
    with contextlib.ExitStack() as opened:
        if path.suffix == ".zst":
            # Python's own tarfile reads zstd from 3.14 on.
            command: list[str | Path] = ["zstd", "-dcq", path]
            process = opened.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            archive = tarfile.open(fileobj=process.stdout, mode="r|")  # noqa: SIM115
        else:
            archive = tarfile.open(path)  # noqa: SIM115
        for info in opened.enter_context(archive):
            if (file := archive.extractfile(info)) is not None:
                name = info.name.removeprefix("./")
                digests[name] = hashlib.blake2b(file.read()).digest()
    return digests


#: Prints how much memory it takes to compare two trees, in bytes.
PEAK = """
import sys, threading
import komparu

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

done = threading.Event()
peak = 0

def watch():
    global peak
    while not done.wait(0.001):
        peak = max(peak, resident())

watcher = threading.Thread(target=watch)
watcher.start()
idle = resident()
options = {"max_compression_ratio": None, "max_decompressed_size": None}
assert komparu.compare_trees(*sys.argv[1:], **options)
done.set()
watcher.join()
print((peak - idle) * 1024)
"""


def _memory(harness: Harness, a: Path, b: Path) -> None:
    command: list[str | Path] = [sys.executable, "-I", "-c", PEAK, a, b]
    peak = int(subprocess.check_output(command))
    harness.note("anonymous memory above idle", f"{peak / MIB:.1f} MiB", "at most 48 MiB")
