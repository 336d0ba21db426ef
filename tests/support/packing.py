"""Archives to compare, made with the tools that people make them with."""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import lzma
import os
import random
import shutil
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


def chance(seed: int) -> random.Random:
    """Make something that looks random and is the same each time."""
    return random.Random(seed)  # noqa: S311  # nothing is secret here


def noise(length: int) -> bytes:
    """Make bytes that cannot be compressed."""
    return chance(length).randbytes(length)


def tool(*names: str) -> str:
    """Find a program. Those that make prepare installs are never left out in silence."""
    for name in names:
        if found := shutil.which(name):
            return found
    message = f"{' or '.join(names)} is missing; scripts/prepare.sh installs it or says how"
    raise AssertionError(message)


def _by(*program: str) -> Callable[[bytes], bytes]:
    def compress(content: bytes) -> bytes:
        command = [tool(program[0]), *program[1:]]
        return subprocess.run(command, input=content, stdout=subprocess.PIPE, check=True).stdout

    return compress


#: How single files are compressed, by the endings of their names.
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": _by("zstd", "-q", "-c", "--check"),
    "lz4": _by("lz4", "-q", "-c"),
}


@functools.cache
def gnu_tar() -> str:
    """Find GNU tar, which has another name where there is another tar."""
    for name in ("gtar", "tar"):
        path = shutil.which(name)
        if path and b"GNU" in subprocess.check_output([path, "--version"]):
            return path
    return tool("gtar")


#: What every format is made with: a command that runs in the tree and is given the archive's
#: absolute path and the names to put in, in their order.
COMMANDS: dict[str, list[str]] = {
    "gnu.tar": ["GNUTAR", "--format=gnu", "-cf"],
    "pax.tar": ["GNUTAR", "--format=pax", "-cf"],
    "ustar.tar": ["bsdtar", "--format=ustar", "-cf"],
    "tar.gz": ["bsdtar", "-czf"],
    "tar.bz2": ["bsdtar", "-cjf"],
    "tar.xz": ["bsdtar", "-cJf"],
    "tar.zst": ["bsdtar", "--zstd", "-cf"],
    "tar.lz4": ["bsdtar", "--lz4", "-cf"],
    "tar.Z": ["bsdtar", "-cZf"],
    "tar.uu": ["bsdtar", "--uuencode", "-cf"],
    "newc.cpio": ["bsdtar", "--format=newc", "-cf"],
    "odc.cpio": ["bsdtar", "--format=odc", "-cf"],
    "xar": ["bsdtar", "--format=xar", "-cf"],
    "bsd.zip": ["bsdtar", "--format=zip", "-cf"],
    "info.zip": ["zip", "-qry"],
    "stored.zip": ["zip", "-qry0"],
    "bzip2.zip": ["zip", "-qryZ", "bzip2"],
    "7z": ["7z", "a", "-snl", "-bso0"],
    "bsd.7z": ["bsdtar", "--format=7zip", "-cf"],
    "iso": ["bsdtar", "--format=iso9660", "-cf"],
}

#: The libarchive that a wheel carries has no parser of XML, and xar needs one. `make test-wheel`
#: sets this variable; that xar is an error there is tested with the wheel.
HAS_XML = "KOMPARU_WITHOUT_XML" not in os.environ
if not HAS_XML:
    del COMMANDS["xar"]


def pack(kind: str, tree: Path, archive: Path, names: Iterable[str] = (".",)) -> Path:
    """Make an archive of a kind of ``COMMANDS``."""
    program, *options = COMMANDS[kind]
    program = gnu_tar() if program == "GNUTAR" else tool(program)
    subprocess.run([program, *options, archive, *names], cwd=tree, check=True)
    return archive


def grow(directory: Path, files: Mapping[str, bytes]) -> Path:
    """Make a tree of these files."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """Describe a member of a tar."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """Describe a hard link."""
    return member(name, type=tarfile.LNKTYPE, linkname=target)


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    """Describe a symbolic link."""
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def tar(
    path: Path, members: Iterable[tuple[tarfile.TarInfo, bytes]], mode: str = "w", **options: int
) -> Path:
    """Write a tar of exactly these members, in this order."""
    with tarfile.open(path, mode, **options) as archive:  # type: ignore[call-overload]
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


def files(path: Path, contents: Iterable[tuple[str, bytes]], mode: str = "w") -> Path:
    """Write a tar of files."""
    return tar(path, (member(name, content) for name, content in contents), mode)


def zipped(path: Path, contents: Iterable[tuple[str, bytes]]) -> Path:
    """Write a zip of files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents:
            archive.writestr(name, content)
    return path


def slow(path: Path) -> Path:
    """Make an archive of 8 MB that takes hours to decompress: what ends before was ended.

    It has 100,000 times 64 MiB of zeros, each an eighth of a second's work.
    """
    length, blocks = 64 << 20, 100_000
    block = bz2.compress(bytes(length))
    info = tarfile.TarInfo("zeros")
    info.size = blocks * length
    begin, end = (bz2.compress(part) for part in (info.tobuf(tarfile.GNU_FORMAT), bytes(1024)))
    path.write_bytes(begin + block * blocks + end)
    return path
