"""Two archives of one real tree: komparu against bsdtar, Python, and unpacking both."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import komparu

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Harness

MIB = 1 << 20

#: How much of the tree is packed.
SIZE = 600 * MIB


def benchmark(harness: Harness) -> None:
    """Measure tar, its compressed kinds and zip, and one against another."""
    with harness.files() as directory:
        tree = _tree(directory)
        pairs = {name: _pair(directory, tree, name) for name in ("tar", "tar.gz", "tar.zst", "zip")}
        shutil.rmtree(tree)
        pairs["tar.gz against zip"] = (pairs["tar.gz"][0], pairs["zip"][1])
        # Zeros compress well, and these archives are no bombs.
        komparu.configure(max_compression_ratio=None)
        for name, (a, b) in pairs.items():
            _measure(harness, directory, name, a, b)
        _memory(harness, *pairs["tar.gz against zip"])


def _tree(directory: Path) -> Path:
    """Copy files of this machine, each of another size, as they were installed."""
    tree, size = directory / "tree", 0
    roots = [Path(sysconfig.get_path("stdlib")), Path("/usr/share"), Path("/usr/lib")]
    for number, root in enumerate(roots):
        for folder, _, names in os.walk(root):
            for name in sorted(names):
                source = Path(folder, name)
                if not source.is_file() or source.is_symlink() or size > SIZE:
                    continue
                target = tree / str(number) / source.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                size += source.stat().st_size
    return tree


def _pair(directory: Path, tree: Path, kind: str) -> tuple[Path, Path]:
    """Pack the tree twice: the same entries with other times, so that the archives differ."""
    pair = []
    for side in ("a", "b"):
        os.utime(tree, (1, ord(side)))
        path = directory / f"{side}.{kind}"
        if kind == "zip":
            subprocess.run(["zip", "-qr", path, "."], cwd=tree, check=True)
        else:
            subprocess.run(["bsdtar", "-acf", path, "."], cwd=tree, check=True)
        pair.append(path)
    return pair[0], pair[1]


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


_PEAK = """
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
assert komparu.compare_archive(*sys.argv[1:], **options)
done.set()
watcher.join()
print((peak - idle) * 1024)
"""


def _memory(harness: Harness, a: Path, b: Path) -> None:
    command: list[str | Path] = [sys.executable, "-P", "-c", _PEAK, a, b]
    peak = int(subprocess.check_output(command))
    harness.note("anonymous memory above idle", f"{peak / MIB:.1f} MiB", "at most 48 MiB")
