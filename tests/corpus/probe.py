"""One archive against everything that is made of it: a JSON object a line for each comparison."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from makers import MAKERS

import komparu

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes of memory that the process may have.
MEMORY = 4 << 30

#: The largest file that is written.
LARGEST = 256 << 20

#: Seconds for one comparison.
LIMIT = 20

#: Places to cut an archive at.
CUTS = 20

_BLOCK = 512


def compare(left: Path, right: Path) -> tuple[str, str]:
    """Compare two archives: a verdict or the name of an error, and its details."""
    try:
        result = komparu.compare_archive(left, right, comparison_timeout=LIMIT)
    except komparu.KomparuError as error:
        return type(error).__name__, str(error)
    detail = {
        "diff": {path: reason.value for path, reason in list(result.diff.items())[:4]},
        "only_left": sorted(result.only_left)[:4],
        "only_right": sorted(result.only_right)[:4],
        "messages": dict(list(result.messages.items())[:4]),
    }
    return result.verdict.value, json.dumps({key: value for key, value in detail.items() if value})


def say(check: str, answer: str, detail: str) -> None:
    """Print what came of a comparison."""
    print(json.dumps({"check": check, "answer": answer, "detail": detail}), flush=True)


def is_file_of_its_own(member: tarfile.TarInfo, names: Counter[str]) -> bool:
    """Tell whether a tar's member is a file that nothing else in the tar has to do with."""
    is_plain = member.isreg() and not member.issparse() and member.size > 0
    return is_plain and names[member.name.removeprefix("./")] == 1


def changed(tar: bytes) -> Iterator[tuple[str, bytes]]:
    """Make tars that hold something else: another byte in a file, and a file less."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        members = archive.getmembers()
    names = Counter(member.name.removeprefix("./") for member in members)
    names.update(member.linkname.removeprefix("./") for member in members if member.islnk())
    for member in members:
        if is_file_of_its_own(member, names):
            other = bytearray(tar)
            other[member.offset_data + member.size // 2] ^= 1
            yield "one byte changed", bytes(other)
            end = member.offset_data + (member.size + _BLOCK - 1) // _BLOCK * _BLOCK
            yield "one entry less", tar[: member.offset] + tar[end:]
            return


def places(size: int) -> list[int]:
    """Where to cut: at the start, all over, and just before the end."""
    all_over = [size * part // (CUTS - 2) for part in range(CUTS - 2)]
    return sorted({*all_over, max(size - 2, 0), max(size - 1, 0)})


def undone(content: bytes) -> bytes:
    """Undo compress, the one compression that has no end."""
    if not content.startswith(b"\x1f\x9d"):
        return content
    command = ["gzip", "-dc"]
    return subprocess.run(command, input=content, check=False, capture_output=True).stdout


def is_missed(content: bytes, place: int) -> bool:
    """Tell whether something is missing when an archive is cut there: more than padding."""
    whole, part = undone(content), undone(content[:place])
    return not whole.startswith(part) or bool(whole[len(part) :].strip(b"\0"))


def cut(path: Path, scratch: Path) -> None:
    """Compare an archive with what is left of it when it is cut."""
    content, cut_short = path.read_bytes(), scratch / f"cut{path.suffix}"
    for place in places(len(content)):
        cut_short.write_bytes(content[:place])
        answer, detail = compare(path, cut_short)
        if answer == "equal" and is_missed(content, place):
            answer = "wrongly equal"
        elif answer == "different":
            answer = "different (!)"
        say(f"cut:{place} of {len(content)}", answer, detail)


def main() -> None:
    """Compare, and print what came of it."""
    # AddressSanitizer takes more addresses than that at once.
    if "asan" not in os.environ.get("LD_PRELOAD", ""):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # What other programs unpack. To pass it is their failure, and no signal.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
    path = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        scratch = Path(directory)
        copy = scratch / f"copy{path.suffix}"
        shutil.copyfile(path, copy)
        itself, detail = compare(path, copy)
        say("copy", "different (!)" if itself == "different" else itself, detail)
        tars = {}
        for name, make in MAKERS.items():
            tar = make(path, scratch)
            if tar is None or len(tar) > LARGEST:
                continue
            target = scratch / "made.tar"
            target.write_bytes(tar)
            answer, detail = compare(path, target)
            if answer in ("equal", "unverified"):
                tars[name] = tar
            # What another program can unpack is a good archive, as far as that one can tell.
            say(f"{name}'s tar", answer if answer == "equal" else f"{answer} (!)", detail)
        for name, tar in tars.items():
            for what, other in changed(tar):
                target.write_bytes(other)
                answer, detail = compare(path, target)
                say(f"{what}:{name}", "wrongly equal" if answer == "equal" else answer, detail)
        if itself in ("equal", "unverified"):
            cut(path, scratch)


if __name__ == "__main__":
    main()
