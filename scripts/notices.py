"""Adds the licences of everything that is linked into a wheel to it, as THIRD-PARTY.txt.

    python scripts/notices.py WHEEL LIBARCHIVE
    python scripts/notices.py --check

The second form only looks whether each crate has one. The texts are those that lie in the
sources themselves: of the crates that cargo says are linked in, of the libraries that some of them
carry, and of libarchive, whose source is in LIBARCHIVE.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

# Where crates keep the source of a library that is not their own work, and what it is called.
CARRIED = {
    "bzip2-sys": ("bzip2", "bzip2-*/LICENSE"),
    "curl-sys": ("curl", "curl/COPYING"),
    "liblzma-sys": ("liblzma", "xz/COPYING.0BSD"),
    "libnghttp2-sys": ("nghttp2", "nghttp2/COPYING"),
    "libz-sys": ("zlib-ng", "src/zlib-ng/LICENSE.md"),
    "lz4-sys": ("lz4", "liblz4/lib/LICENSE"),
    "openssl-src": ("openssl", "openssl/LICENSE.txt"),
    "zstd-sys": ("zstd", "zstd/LICENSE"),
}
# Crates that were published without the licence of their repository: where else it lies, with
# another crate of the same repository, or in a copy beside this script.
ELSEWHERE = {"alloc-stdlib": "alloc-no-stdlib", "blake2b_simd": "blake2s_simd"}
COPIES = Path(__file__).with_name("licences")
LICENCE = re.compile(r"(?i)^(licen[cs]e|copying|notice|unlicense)([-._].*)?$")
RULE = "=" * 80


def main() -> None:
    """Write the notices into the wheel."""
    if sys.argv[1:] == ["--check"]:
        of_crates()
        return
    wheel, libarchive = Path(sys.argv[1]), Path(sys.argv[2])
    told, digests = libarchive / "VERSION", libarchive / "DIGESTS"
    taken = [told.read_text().strip(), *digests.read_text().splitlines()]
    parts = [("libarchive", "\n    sha256 ".join(taken), [libarchive / "COPYING"])]
    add(wheel, "THIRD-PARTY.txt", notices(parts + of_crates()))


def of_crates() -> list[tuple[str, str, list[Path]]]:
    """Return the name, the version and the licence of each crate, and of what it carries."""
    parts = []
    packages = linked()
    homes = {package["name"]: Path(package["manifest_path"]).parent for package in packages}
    for package in packages:
        name, version = package["name"], package["version"]
        home = homes[name]
        holder = ELSEWHERE.get(name, name)
        texts = licences(homes[holder])
        texts = texts or [path for path in [COPIES / f"{holder}.txt"] if path.exists()]
        if not texts:
            message = f"{name} {version} comes without its licence: see ELSEWHERE and COPIES"
            raise SystemExit(message)
        if name in CARRIED:
            library, pattern = CARRIED[name]
            carried = sorted(home.glob(pattern))
            if not carried:
                message = f"{name} {version} has no {pattern}"
                raise SystemExit(message)
            number = re.search(r"\d+(\.\d+)+$", version.partition("+")[2])
            parts.append((library, number[0] if number else f"of {name} {version}", carried))
        parts.append((name, f"{version}, {package['license']}", texts))
    return parts


def licences(home: Path) -> list[Path]:
    """Return the texts that lie in a crate."""
    return sorted(path for path in home.iterdir() if LICENCE.match(path.name))


def linked() -> list[dict[str, str]]:
    """Return the crates that are in the extension module, komparu left out."""
    command = ["cargo", "tree", "--locked", "--features", "python,bundled", "--prefix", "none"]
    command += ["--edges", "normal,no-proc-macro", "--format", "{p}"]
    tree = subprocess.check_output(command, text=True)
    names = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--all-features"]
    packages = json.loads(subprocess.check_output(command, text=True))["packages"]
    # OpenSSL's source comes by way of what openssl-sys is built with.
    return [
        package
        for package in packages
        if package["source"]
        and ((package["name"], f"v{package['version']}") in names or package["name"] in CARRIED)
    ]


def notices(parts: list[tuple[str, str, list[Path]]]) -> str:
    """One text of all licences, each printed once, under all that it holds for."""
    holders: dict[str, list[str]] = {}
    for name, version, texts in parts:
        whole = "\n\n".join(path.read_text(encoding="utf-8", errors="replace") for path in texts)
        holders.setdefault(whole.strip(), []).append(f"{name} {version}")
    sections = ["This wheel contains the following works, each under its own licence.\n"]
    for text, names in sorted(holders.items(), key=lambda item: sorted(item[1])):
        sections.append("\n".join([RULE, *sorted(names), RULE, "", text, ""]))
    return "\n".join(sections)


def add(wheel: Path, name: str, text: str) -> None:
    """Put a licence file into the wheel, and tell of it in its metadata and its record."""
    with zipfile.ZipFile(wheel) as file:
        members = {info: file.read(info) for info in file.infolist()}
    (record,) = (info for info in members if info.filename.endswith(".dist-info/RECORD"))
    home = record.filename.removesuffix("/RECORD")
    path = f"{home}/licenses/{name}"
    members = {info: data for info, data in members.items() if info.filename != path}
    told = f"License-File: {name}\n".encode()
    for info, data in members.items():
        if info.filename == f"{home}/METADATA" and told not in data:
            members[info] = data.replace(b"License-File: ", told + b"License-File: ", 1)
    added = zipfile.ZipInfo(path)
    added.external_attr = 0o644 << 16
    members = {**{i: d for i, d in members.items() if i is not record}, added: text.encode()}
    lines = []
    for info, data in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{info.filename},sha256={digest},{len(data)}")
    members[record] = "\n".join([*lines, f"{record.filename},,", ""]).encode()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for info, data in members.items():
            file.writestr(info, data, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
