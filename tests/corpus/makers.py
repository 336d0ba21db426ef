"""Tars that other programs make of an archive, each in its own way."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Seconds for another program.
LIMIT = 60

#: What a zip made on Unix says of a symbolic link, in the highest bits of its attributes.
_LINK = 0o12


def _run(*command: str | Path) -> bool:
    """Run a program to an end that it calls a good one, without a word of complaint."""
    try:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and not done.stderr.strip()


def _packed(tree: Path) -> bytes:
    """Pack what a program has unpacked."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(os.listdir(tree)):
            archive.add(tree / name, name)
    return packed.getvalue()


def _unpacked(scratch: Path, unpack: Callable[[Path], bool]) -> bytes | None:
    tree = scratch / "tree"
    tree.mkdir()
    try:
        return _packed(tree) if unpack(tree) and any(tree.iterdir()) else None
    except (OSError, UnicodeError, ValueError):
        return None
    finally:
        # Entries may forbid to be removed.
        subprocess.run(["chmod", "-R", "u+rwx", tree], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(tree, ignore_errors=True)


def bsdtar(path: Path, scratch: Path) -> bytes | None:
    """Have libarchive write what it reads."""
    target = scratch / "bsdtar.tar"
    target.unlink(missing_ok=True)
    source = f"@{path.absolute()}"
    if not _run("bsdtar", "--format=pax", "-cf", target, source) or not target.exists():
        return None
    return target.read_bytes()


def seven_zip(path: Path, scratch: Path) -> bytes | None:
    """Have 7-Zip unpack; of a compressed tar it unpacks the tar only, which is no use here."""
    if path.suffix.lower() not in {".7z", ".zip", ".rar", ".cab", ".iso", ".xar", ".arj", ".lzh"}:
        return None
    return _unpacked(
        scratch, lambda tree: _run("7z", "x", "-y", "-p-", "-bd", "-snl", f"-o{tree}", path)
    )


def _is_zip(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        # It asks itself whether that is a part of a set.
        return False


def unzip(path: Path, scratch: Path) -> bytes | None:
    """Have Info-ZIP unpack."""
    if not _is_zip(path):
        return None
    return _unpacked(
        scratch, lambda tree: _run("unzip", "-qq", "-o", "-P", "none", path, "-d", tree)
    )


def python(path: Path, _: Path) -> bytes | None:
    """Have Python's own modules read zips and tars."""
    packed = io.BytesIO()
    try:
        if _is_zip(path):
            with (
                zipfile.ZipFile(path) as archive,
                tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as target,
            ):
                for info in archive.infolist():
                    member = tarfile.TarInfo(info.filename)
                    if (info.external_attr >> 28) == _LINK:
                        member.type = tarfile.SYMTYPE
                        member.linkname = os.fsdecode(archive.read(info))
                        target.addfile(member)
                    elif not info.is_dir():
                        content = archive.read(info)
                        member.size = len(content)
                        target.addfile(member, io.BytesIO(content))
            return packed.getvalue()
        with tarfile.open(path) as source:
            members = source.getmembers()
            with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as target:
                for member in members:
                    is_file = member.isreg()
                    stream = source.extractfile(member) if is_file else None
                    data = stream.read() if stream else b""
                    plain = tarfile.TarInfo(member.name)
                    plain.type = tarfile.REGTYPE if is_file else member.type
                    plain.linkname, plain.size = member.linkname, len(data)
                    target.addfile(plain, io.BytesIO(data))
        return packed.getvalue() if members else None
    except Exception:  # whatever it says of a file that it cannot read
        return None


MAKERS: dict[str, Callable[[Path, Path], bytes | None]] = {
    "bsdtar": bsdtar,
    "7z": seven_zip,
    "unzip": unzip,
    "python": python,
}
