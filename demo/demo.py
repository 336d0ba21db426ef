"""What komparu does, on real files and URLs: ``make demo``.

Everything happens in a temporary directory, which is removed in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, AnyStr

import komparu
from komparu import aio

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import SupportsRead, SupportsWrite

MIB, GIB = 1 << 20, 1 << 30

#: What of the standard library is big, or changes while Python runs.
LEFT_OUT = ("site-packages", "__pycache__", "test", "*.so")


def title(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}")


def timed(call: Callable[[], object]) -> tuple[object, str]:
    """Call, and return the answer or the error, and how long it took."""
    begun = time.perf_counter()
    try:
        answer: object = call()
    except komparu.KomparuError as error:
        answer = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - begun
    if seconds >= 1:
        return answer, f"{seconds:.2f} s"
    return answer, f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


def show(what: str, call: Callable[[], object]) -> None:
    """Do one thing, and say what came out."""
    print(f"{what:<58} ", end="", flush=True)
    answer, took = timed(call)
    if isinstance(answer, komparu.DirResult):
        print(f"{answer.equal!s:<7} {took:>8}")
    elif isinstance(answer, str):
        print(f"{'error':<7} {took:>8}")
        print(f"    {answer}")
    else:
        print(f"{answer!s:<7} {took:>8}")


def plant_edits(library: Path, paths: list[Path]) -> list[str]:
    """Change a few files of the copy, in ways that are easy to overlook."""
    big = sorted(paths, key=lambda path: (library / path).stat().st_size)
    first, middle, last = big[-1], big[len(big) // 2], big[-2]
    edits = []
    for path, place, what in [(first, -1, "its last byte"), (middle, 0, "its first byte")]:
        content = bytearray((library / path).read_bytes())
        before = (library / path).stat()
        content[place] ^= 1
        (library / path).write_bytes(content)
        # The size and the date stay as they were: only reading finds it.
        os.utime(library / path, ns=(before.st_atime_ns, before.st_mtime_ns))
        edits.append(f"{path}: {what}, size and date kept")
    with (library / last).open("ab") as file:
        file.write(b"\n")
    edits.append(f"{last}: one newline appended")
    (library / big[-3]).unlink()
    edits.append(f"{big[-3]}: deleted")
    return edits


def standard_library(directory: Path) -> None:
    """Compare the running Python's standard library with a copy that has planted edits."""
    original, copy = Path(sysconfig.get_path("stdlib")), directory / "library"
    title("The standard library of this Python, and a copy of it with edits")
    print(f"  {original}")
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    paths = [path.relative_to(copy) for path in sorted(copy.rglob("*")) if path.is_file()]
    size = sum((copy / path).stat().st_size for path in paths)
    what = f"{len(paths)} files, {size / 2**20:.0f} MiB, before any edit"
    show(what, compare_dir(original, copy))
    for edit in plant_edits(copy, paths):
        print(f"  planted   {edit}")
    show("the same after the edits", compare_dir(original, copy))
    result = compare_dir(original, copy)()
    for path, reason in result.diff.items():
        print(f"  found     {path}: {reason.value}")
    for path in result.only_left:
        print(f"  found     {path}: is missing")
    edited = [f"/{path}" for path in {*result.diff, *result.only_left}]
    show("the same, with what differs ignored", compare_dir(original, copy, *edited))


def as_found(directory: Path) -> None:
    """Read findings while the comparison goes on, and see where a file differs."""
    title("What is found, as it is found")
    left, right = directory / "left", directory / "right"
    for root, word in [(left, "teal"), (right, "plum")]:
        (root / "pages").mkdir(parents=True)
        for number in range(1000):
            (root / "pages" / f"{number}.html").write_text(f"<h1>{number}</h1>\n")
        (root / "style.css").write_text(f"body {{ margin: 0 }}\nh1 {{ color: {word} }}\n")
    (right / "new.html").write_text("<h1>New</h1>\n")
    with komparu.iter_trees(left, right, where=True) as run:
        for finding in run:
            print(
                f"  {finding.path}: {finding.reason.value if finding.reason else finding.verdict}"
            )
            if finding.difference is not None:
                place = finding.difference
                print(f"    line {place.line}: {place.left!r} and {place.right!r}")
        print(f"  {run.result().summary}")


def moved(directory: Path) -> None:
    """Find what was renamed since a backup was made."""
    title("A directory that was tidied up, and its backup")
    site = directory / "left"
    backup = Path(shutil.make_archive(str(directory / "backup"), "gztar", site))
    (site / "archive" / "2024").mkdir(parents=True)
    for number in range(3):
        (site / "pages" / f"{number}.html").rename(site / "archive" / "2024" / f"{number}.html")
    (site / "style.css").rename(site / "main.css")
    (site / "pages" / "999.html").unlink()
    show("renamed files are gone and new", lambda: komparu.compare_trees(backup, site))
    print("    " + str(komparu.compare_trees(backup, site)).replace("\n", "\n    "))
    show("with moves=True", lambda: komparu.compare_trees(backup, site, moves=True))
    print("    " + str(komparu.compare_trees(backup, site, moves=True)).replace("\n", "\n    "))


def objects(directory: Path) -> None:
    """Compare what a program has in memory, or has open, with a file."""
    title("Memory, and what Python has open, against a file of 256 MiB")
    content = os.urandom(1 << 20) * 256
    file = directory / "memory.bin"
    file.write_bytes(content)
    packed = directory / "memory.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(file, "memory.bin")
    show("bytes in memory", lambda: komparu.compare(komparu.Content(content), file))
    show("io.BytesIO", lambda: komparu.compare(io.BytesIO(content), file))
    with file.open("rb") as opened:
        show("an open file", lambda: komparu.compare(opened, file))
    inside = zipfile.Path(packed, "memory.bin")
    show("a file in a zip, by zipfile.Path", lambda: komparu.compare(inside, file))
    changed = komparu.Content(content[:-1] + b"?")
    show("bytes that differ in the last one", lambda: komparu.compare(changed, file))
    inside.root.close()
    file.unlink()
    packed.unlink()


def compare_dir(a: Path, b: Path, *more: str) -> Callable[[], komparu.DirResult]:
    """Compare two directories but for what the demo leaves out, when called."""
    return lambda: komparu.compare_dir(a, b, ignore=[*LEFT_OUT, *more])


def big_files(directory: Path) -> None:
    """Compare files of a gigabyte."""
    title("Two files of 1 GiB")
    a, b = directory / "a", directory / "b"
    piece = os.urandom(16 << 20)
    for path in (a, b):
        with path.open("wb") as file:
            for _ in range(GIB // len(piece)):
                file.write(piece)
    show("identical: every byte is compared", lambda: komparu.compare(a, b))
    show("the same, on one thread", lambda: komparu.compare(a, b, max_workers=1))
    with b.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(bytes([piece[-1] ^ 1]))
    show("the last byte differs: a sample finds it", lambda: komparu.compare(a, b))
    show("the same without samples", lambda: komparu.compare(a, b, quick_check=False))
    with b.open("ab") as file:
        file.write(b"!")
    show("one byte longer: the sizes settle it", lambda: komparu.compare(a, b))
    os.link(a, directory / "other name")
    show("two names of one file", lambda: komparu.compare(a, directory / "other name"))
    b.unlink()

    title("Files with holes")
    for path in (directory / "hole", directory / "another"):
        with path.open("wb") as file:
            file.truncate(1 << 40)
    hole, another = directory / "hole", directory / "another"
    show("two holes of 1 TiB", lambda: komparu.compare(hole, another))
    with another.open("r+b") as file:
        file.seek(1 << 39 | 12_345)
        file.write(b"x")
    show("one byte somewhere in the middle of one", lambda: komparu.compare(hole, another))


class Quiet(SimpleHTTPRequestHandler):
    """Python's own server, without its log."""

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def copyfile(self, source: SupportsRead[AnyStr], outputfile: SupportsWrite[AnyStr]) -> None:
        """Send a file. A client that has seen enough leaves in the middle of it."""
        with contextlib.suppress(ConnectionError):
            super().copyfile(source, outputfile)


class Server(ThreadingHTTPServer):
    """The same, for clients that all come at once: by default five may wait."""

    request_queue_size = 64


def urls(directory: Path) -> None:
    """Compare files with what a server sends."""
    title("A server on loopback")
    file, name = directory / "image.iso", "image.iso"
    file.write_bytes(os.urandom(64 * MIB))
    changed = directory / "changed.iso"
    shutil.copyfile(file, changed)
    with changed.open("r+b") as copy:
        copy.seek(-1, os.SEEK_END)
        last = copy.read(1)[0]
        copy.seek(-1, os.SEEK_END)
        copy.write(bytes([last ^ 1]))
    handler = partial(Quiet, directory=str(directory))
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/{name}"
        missing = f"{url}.gz"
        try:
            show("a file of 64 MiB and its URL", lambda: komparu.compare(file, url))
            show("the last byte differs", lambda: komparu.compare(changed, url))
            with changed.open("r+b") as copy:
                copy.write(b"\0\1\2\3\4\5\6\7")
            what = "the first bytes differ: the transfer ends at once"
            show(what, lambda: komparu.compare(changed, url))
            show("a URL that is not there", lambda: komparu.compare(file, missing))
            try:
                komparu.compare(file, missing)
            except komparu.SourceNotFoundError as error:
                print(f"    status    {error.status}")
        finally:
            server.shutdown()
            thread.join()
    file.unlink()
    changed.unlink()


def many_sources(directory: Path) -> None:
    """Compare any number of files and URLs with one another."""
    title("Many sources")
    site = directory / "site"
    site.mkdir()
    paths = [site / f"backup{number:02}" for number in range(40)]
    content = os.urandom(MIB)
    for number, path in enumerate(paths):
        # Every tenth has another last byte; of these, half are longer.
        path.write_bytes(content if number % 10 else content[:-1] + b"!" * (1 + number // 20))
    handler = partial(Quiet, directory=str(site))
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        remote = {path.name: f"http://127.0.0.1:{server.server_port}/{path.name}" for path in paths}
        try:
            same = paths[1:10]
            show("9 files of 1 MiB, all the same?", lambda: komparu.compare_all(same))
            show("40 of them, all the same?", lambda: komparu.compare_all(paths))
            what = "which of them are? each is read once"
            show(what, lambda: komparu.compare_many(paths).all_equal)
            for group in komparu.compare_many(paths).groups:
                names = sorted(Path(name).name for name in group)
                print(f"    {len(names):>2} x     {names[0]}, ...")
            what = "the 40 files and their 40 URLs together"
            everything: list[Path | str] = [*paths, *remote.values()]
            show(what, lambda: komparu.compare_many(everything).all_equal)
            mirror = partial(komparu.compare_dir_urls, site)
            show("the directory and a map of its URLs", lambda: mirror(remote))
            del remote["backup07"]
            remote["backup09"] = remote["backup09"].replace("09", "99")
            show("one URL not in the map, one broken", lambda: mirror(remote))
            result = mirror(remote)
            print(f"    missing   {', '.join(result.only_left)}")
            for message in result.messages.values():
                print(f"    error     {message}")
        finally:
            server.shutdown()
            thread.join()
    shutil.rmtree(site)


def archives(directory: Path) -> None:
    """Compare what is packed in different ways."""
    title("The same files, as tar.gz and as zip")
    tree = directory / "packed"
    email = Path(sysconfig.get_path("stdlib")) / "email"
    shutil.copytree(email, tree, ignore=shutil.ignore_patterns("__pycache__"))
    a = shutil.make_archive(str(directory / "tree"), "gztar", tree)
    b = shutil.make_archive(str(directory / "tree"), "zip", tree)
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    show(f"{size / MIB:.1f} MiB of files", lambda: komparu.compare_archive(a, b))
    parser = tree / "parser.py"
    parser.write_text(parser.read_text().replace("parser", "Parser", 1))
    b = shutil.make_archive(str(directory / "edited"), "zip", tree)
    show("one letter of one file is another", lambda: komparu.compare_archive(a, b))
    for path, reason in komparu.compare_archive(a, b).diff.items():
        print(f"  found     {path}: {reason.value}")
    bomb = directory / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(64 * MIB))
    show(f"a bomb of {bomb.stat().st_size >> 10} KiB", lambda: komparu.compare_archive(a, bomb))


def trouble(directory: Path) -> None:
    """Show what cannot be compared."""
    title("What cannot be compared is an error, never an answer")
    a, b = directory / "a", directory / "b"
    shutil.copyfile(a, b)
    show("a file that is not there", lambda: komparu.compare(a, directory / "nothing"))
    os.mkfifo(directory / "pipe")
    show("a pipe: refused, not waited for", lambda: komparu.compare(a, directory / "pipe"))
    show("a limit of 20 ms", lambda: komparu.compare(a, b, chunk_size=1, comparison_timeout=0.02))

    code = """
import os, sys
sys.stdin.read(1)
while True:
    for task in os.listdir(f"/proc/{os.getppid()}/task"):
        try:
            with open(f"/proc/{os.getppid()}/task/{task}/comm") as comm:
                if comm.read().startswith("komparu"):
                    os.truncate(sys.argv[1], 1000)
                    sys.exit()
        except OSError:
            pass
"""
    command = [sys.executable, "-c", code, str(b)]
    if sys.platform == "linux":
        with subprocess.Popen(command, stdin=subprocess.PIPE) as other:
            assert other.stdin is not None  # noqa: S101  # it is a pipe
            other.stdin.write(b"!")
            other.stdin.flush()
            what = "another process truncates it meanwhile: no crash"
            show(what, lambda: komparu.compare(a, b, chunk_size=64, max_workers=2))
            other.terminate()


async def heartbeat(gaps: list[float]) -> None:
    """Tick every millisecond, and note how long each tick took."""
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now


def event_loop(directory: Path) -> None:
    """Compare a directory with a server while a heartbeat keeps ticking."""
    title("An event loop")
    mirror = directory / "mirror"
    mirror.mkdir()
    for number in range(200):
        (mirror / f"{number}.html").write_text(f"page {number} " * 1000)
    gaps: list[float] = []

    async def beside_a_heartbeat(server: str) -> komparu.DirResult:
        urls = {path.name: f"{server}/{path.name}" for path in mirror.iterdir()}
        ticking = asyncio.create_task(heartbeat(gaps))
        try:
            return await aio.compare_dir_urls(mirror, urls)
        finally:
            ticking.cancel()

    async def gathered() -> bool:
        pages = list(mirror.iterdir())
        return all(await asyncio.gather(*(aio.compare(page, page) for page in pages * 10)))

    handler = partial(Quiet, directory=str(mirror))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        try:
            what = "a directory of 200 pages and a server"
            show(what, lambda: asyncio.run(beside_a_heartbeat(url)))
            longest = max(gaps, default=0.0)
            print(f"    the loop ticked {len(gaps)} times meanwhile, at least every ", end="")
            print(f"{longest * 1e3:.1f} ms")
        finally:
            server.shutdown()
            thread.join()
    show("2,000 comparisons at once", lambda: asyncio.run(gathered()))


def main() -> None:
    """Show everything."""
    begun = time.perf_counter()
    print(f"komparu {komparu.__version__}, {sys.implementation.name} {sys.version.split()[0]}")
    directory = Path(tempfile.mkdtemp(prefix="komparu-demo-"))
    try:
        standard_library(directory)
        as_found(directory)
        moved(directory)
        big_files(directory)
        objects(directory)
        urls(directory)
        many_sources(directory)
        archives(directory)
        trouble(directory)
        event_loop(directory)
    finally:
        shutil.rmtree(directory)
    title("From the shell")
    for arguments in (["/etc/passwd", "/etc/passwd"], ["/etc/passwd", "/etc/group"]):
        command = [sys.executable, "-I", "-m", "komparu", "-v", *arguments]
        print(f"$ komparu -v {' '.join(arguments)}", flush=True)
        status = subprocess.run(command, check=False).returncode
        print(f"(exit status {status})")
    print(f"\nAll of this took {time.perf_counter() - begun:.1f} s.")


if __name__ == "__main__":
    main()
