"""The ground on which every function is tried: files, directories and archives, and a server."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import shutil
import tarfile
import zipfile
from typing import TYPE_CHECKING, Literal, NamedTuple

from servers import free_port, needed, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Ground", "laid_out"]

#: More than two threads share out, less than a millisecond's work.
_SHARED = 5 << 20
#: Read in pieces, and compared by one thread.
_BIG = 1 << 20

CONFIGURATION = """
daemon off; pid {home}/pid; error_log {home}/error.log; worker_processes 1; user root;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000; default_type application/octet-stream;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{port}; root {root};
        location /no-ranges/ {{ alias {root}/; max_ranges 0; }}
        location /moved/ {{ rewrite ^/moved/(.*)$ /$1 redirect; }}
        location /loop {{ return 302 /loop; }}
        location /teapot {{ return 418; }}
        location /hang-up {{ return 444; }}
        location /metadata/ {{ return 302 http://169.254.169.254/latest/; }}
        location /miscoded/ {{ alias {root}/; add_header Content-Encoding gzip; }}
    }}
}}
"""


class Ground(NamedTuple):
    """What is compared: where it lies, and the URL that it is served under."""

    root: Path
    url: str
    refused: str
    """A URL of a port that no server listens on."""


def _lay_out(root: Path) -> None:
    """Make the files and directories."""
    (root / "small").write_bytes(b"the same")
    (root / "same").write_bytes(b"the same")
    (root / "other").write_bytes(b"the sane")
    (root / "short").write_bytes(b"the")
    for name, size in [("big", _BIG), ("shared", _SHARED)]:
        content = bytearray(os.urandom(1 << 16) * (size >> 16))
        (root / f"{name}-a").write_bytes(content)
        (root / f"{name}-b").write_bytes(content)
        content[size // 5 * 3] ^= 1
        (root / f"{name}-c").write_bytes(content)
    (root / "link").symlink_to("small")
    for name in ("tree-a", "tree-b", "tree-c"):
        tree = root / name
        (tree / "deep" / "down").mkdir(parents=True)
        for number in range(20):
            (tree / f"{number}.txt").write_text(f"file {number}")
            (tree / "deep" / "down" / f"{number}.txt").write_text(f"deep file {number}")
        (tree / "link").symlink_to("deep")
    (root / "tree-d").mkdir()
    for number in range(6):
        (root / "tree-d" / f"{number}.txt").write_text(f"file {number}")
    tree = root / "tree-c"
    (tree / "1.txt").write_text("file l")
    (tree / "2.txt").write_text("file two")
    (tree / "3.txt").unlink()
    (tree / "new").write_text("new")
    (tree / "dangling").symlink_to("nowhere")
    (root / "tree-b" / "dangling").symlink_to("nowhere")
    shutil.rmtree(tree / "deep" / "down")
    (tree / "deep" / "down").write_text("no directory")
    _pack(root)


def _pack(root: Path) -> None:
    """Make the archives: of one content in several orders and formats, of another, and broken."""
    names = [f"directory/{number}.txt" for number in range(30)]
    contents = {name: name.encode() * (number + 1) for number, name in enumerate(names)}

    def tar(archive: str, mode: Literal["w", "w:gz"], members: Mapping[str, bytes]) -> None:
        with tarfile.open(root / archive, mode) as file:
            for name, content in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                file.addfile(member, io.BytesIO(content))

    def zipped(archive: str, members: Mapping[str, bytes]) -> None:
        with zipfile.ZipFile(root / archive, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members.items():
                file.writestr(name, content)

    tar("a.tar.gz", "w:gz", contents)
    tar("back.tar", "w", dict(reversed(contents.items())))
    zipped("a.zip", contents)
    zipped("c.zip", {**contents, names[7]: b"other", "new": b""})
    # What many zips have in them: names that are no ASCII, and links.
    named = {"na\u00efve": b"\xc3\xaf", "\u65e5\u672c/x": b"x" * 5000}
    tar("named.tar", "w", named)
    with tarfile.open(root / "named.tar", "a") as file:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = tarfile.SYMTYPE, "\u65e5\u672c/x"
        file.addfile(member)
    zipped("named.zip", named)
    with zipfile.ZipFile(root / "named.zip", "a") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "\u65e5\u672c/x")
    (root / "a.zip.gz").write_bytes(gzip.compress((root / "a.zip").read_bytes()))
    # The ratio counts once 8 MiB have come out.
    zipped("bomb.zip", {"zeros": bytes(16 << 20)})
    whole = (root / "a.tar.gz").read_bytes()
    (root / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])


@contextlib.contextmanager
def laid_out(home: Path) -> Iterator[Ground]:
    """Lay everything out below a directory, and serve it."""
    root, port = home / "root", free_port()
    root.mkdir()
    _lay_out(root)
    path = home / "nginx.conf"
    path.write_text(CONFIGURATION.format(home=home, root=root, port=port))
    command = [needed("nginx"), "-c", str(path), "-e", str(home / "error.log")]
    with running(command, port):
        yield Ground(root, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{free_port()}/")
