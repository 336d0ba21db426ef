"""The wheel needs nothing but Python and libc: no libarchive, no libcurl, no OpenSSL."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from interpreters import PAIRS, WHEELS

from servers import needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import Nginx

HERE = Path(__file__).parent
MB = 1_000_000

# What comes with every Linux that has a glibc.
OF_EVERY_LINUX = {"libc", "libdl", "libgcc_s", "libm", "libpthread", "librt", "libutil"}

# bsdtar's options for what an archive of this name holds.
FORMATS = {
    "plain.tar": ["--format=pax"],
    "seven.7z": ["--format=7zip"],
    "cpio.cpio": ["--format=newc"],
    "image.iso": ["--format=iso9660"],
    "zip.zip": ["--format=zip"],
    "gz.tar.gz": ["--gzip"],
    "bz2.tar.bz2": ["--bzip2"],
    "xz.tar.xz": ["--xz"],
    "zstd.tar.zst": ["--zstd"],
    "lz4.tar.lz4": ["--lz4"],
    "xar.xar": ["--format=xar"],
}

# Where distributions keep the certificates of the authorities.
LAYOUTS = {
    "Debian": "ssl/certs/ca-certificates.crt",
    "Fedora": "pki/tls/certs/ca-bundle.crt",
    "Fedora from 43 on": "pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "Alpine": "ssl/cert.pem",
    "openSUSE": "ssl/ca-bundle.pem",
}

Check = dict[str, Any]

pytest_plugins = ["web"]

every_wheel = pytest.mark.parametrize("wheel", WHEELS, ids=lambda wheel: Path(wheel).name)
every_python = pytest.mark.parametrize(("interpreter", "wheel"), PAIRS.values(), ids=list(PAIRS))


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One tree in every format, and another tree."""
    home = tmp_path_factory.mktemp("archives")
    tree, made = home / "tree", home / "made"
    tree.mkdir()
    made.mkdir()
    (tree / "one.txt").write_text("one\n" * 1000)
    (tree / "two.txt").write_text("two\n" * 1000)
    for name, options in FORMATS.items():
        pack(tree, made / name, *options)
    (tree / "two.txt").write_text("2\n")
    pack(tree, made / "other.tar")
    return made


def pack(tree: Path, archive: Path, *options: str) -> None:
    """Make an archive of the two files."""
    command = [needed("bsdtar"), "-c", *options, "-C", str(tree), "-f", str(archive)]
    subprocess.run([*command, "one.txt", "two.txt"], check=True)


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Makes a virtual environment that holds the wheel and nothing else; made once for each."""
    made: dict[str, Path] = {}

    def environment(interpreter: str, wheel: str) -> Path:
        if interpreter not in made:
            home = tmp_path_factory.mktemp("environment")
            subprocess.run([interpreter, "-m", "venv", "--without-pip", home], check=True)
            python = str(home / "bin" / "python")
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
            subprocess.run([*pip, "--quiet", "install", "--no-index", wheel], check=True)
            made[interpreter] = home
        return made[interpreter]

    return environment


@pytest.fixture
def check(
    environment: Callable[[str, str], Path], archives: Path, nginx: Nginx, tmp_path: Path
) -> Callable[..., Check]:
    """Runs `check.py` with this Python, with these files in /etc and nothing else there."""
    content = b"served\n" * 100_000
    nginx.put("served", content)
    copy = tmp_path / "copy"
    copy.write_bytes(content)
    copy.with_name("copy.same").write_bytes(content)
    shutil.copy(HERE / "check.py", tmp_path)

    def check(
        interpreter: str, wheel: str, etc: dict[str, Path], variables: dict[str, str] | None = None
    ) -> Check:
        home = environment(interpreter, wheel)
        base = subprocess.check_output(
            [interpreter, "-c", "import sys; print(sys.base_prefix)"], text=True
        ).strip()
        bare = tmp_path / "etc"
        for name, source in etc.items():
            (bare / name).parent.mkdir(parents=True)
            shutil.copy(source, bare / name)
        bare.mkdir(exist_ok=True)
        visible = {str(path) for path in (home, base, archives, tmp_path, nginx.home)}
        visible = {path for path in visible if not path.startswith("/usr/")}
        enter = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else [])]
        done = subprocess.run(
            [
                *enter, HERE / "enclosed.sh", bare, *sorted(visible), "--",
                home / "bin" / "python", "-I", tmp_path / "check.py",
                archives, f"{nginx.secure}/served", copy,
            ],
            env={"PATH": "/usr/bin:/bin", **(variables or {})},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )  # fmt: skip
        outcome: Check = json.loads(done.stdout)
        return outcome

    return check


@every_wheel
def test_a_wheel_is_small(wheel: str) -> None:
    assert Path(wheel).stat().st_size <= 8 * MB


@every_wheel
def test_a_wheel_carries_the_licences_of_all_that_is_in_it(wheel: str) -> None:
    with zipfile.ZipFile(wheel) as file:
        (name,) = (name for name in file.namelist() if name.endswith("/THIRD-PARTY.txt"))
        notices = file.read(name).decode()
    for part in ("bzip2", "curl", "libarchive", "liblzma", "lz4", "nghttp2", "openssl", "pyo3",
                 "zlib-ng", "zstd"):  # fmt: skip
        assert f"\n{part} " in notices, part
    # No section is without a text.
    rule = "=" * 80
    assert not re.search(rf"^{rule}\s+(?:{rule}|\Z)", notices, re.MULTILINE)


@every_wheel
def test_a_wheel_tells_which_libarchive_it_carries(wheel: str) -> None:
    with zipfile.ZipFile(wheel) as file:
        (name,) = (name for name in file.namelist() if name.endswith("/THIRD-PARTY.txt"))
        notices = file.read(name).decode()
    taken = re.search(
        r"^libarchive \d+\.\d+\S*\n((?: +sha256 [0-9a-f]{64} +\S+\n)+)", notices, re.MULTILINE
    )
    assert taken
    assert re.search(r"libarchive_\S+\.orig\.tar\.\w+", taken[1])


@every_python
def test_everything_works_where_there_is_nothing(
    interpreter: str, wheel: str, check: Callable[..., Check], nginx: Nginx
) -> None:
    requests = len(nginx.log())
    authority = {"ssl/certs/ca-certificates.crt": nginx.home / "authority.pem"}
    outcome = check(interpreter, wheel, authority)
    assert outcome["visible"] == []
    assert outcome["files"] == "True"
    assert outcome["url"] == "True"
    assert {protocol for _, protocol, _ in nginx.log()[requests:]} == {"HTTP/2.0"}
    # There is no parser of XML, and so there is no xar: an error, never a verdict.
    said = outcome["archives"].pop("xar.xar")
    assert said.startswith("ArchiveError: ")
    assert said.endswith("is no archive of a known format")
    assert outcome["archives"].pop("other.tar") == "False"
    assert outcome["archives"]
    assert set(outcome["archives"].values()) == {"True"}
    loaded = {path for path in outcome["loaded"] if "/komparu/_core." not in path}
    of_python = {path for path in loaded if "/lib-dynload/" in path}
    # libc keeps its character sets in files of their own, which komparu has it open at once.
    of_libc = {path for path in loaded if path.endswith("/gconv/UTF-16.so")}
    others = {Path(path).name.partition(".so")[0] for path in loaded - of_python - of_libc}
    assert others <= OF_EVERY_LINUX


@every_python
@pytest.mark.parametrize("layout", LAYOUTS)
def test_authorities_are_found_wherever_a_system_keeps_them(
    layout: str, interpreter: str, wheel: str, check: Callable[..., Check], nginx: Nginx
) -> None:
    outcome = check(interpreter, wheel, {LAYOUTS[layout]: nginx.home / "authority.pem"})
    assert outcome["url"] == "True"


@every_python
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_authorities_are_found_through_the_environment(
    variable: str, interpreter: str, wheel: str, check: Callable[..., Check], nginx: Nginx
) -> None:
    place = nginx.home / "authority.pem"
    if variable == "SSL_CERT_DIR":
        command = ["openssl", "x509", "-noout", "-hash", "-in", str(place)]
        name = subprocess.check_output(command, text=True).strip() + ".0"
        directory = nginx.home / "authorities"
        directory.mkdir(exist_ok=True)
        shutil.copy(place, directory / name)
        place = directory
    outcome = check(interpreter, wheel, {}, {variable: str(place)})
    assert outcome["url"] == "True"


@every_python
def test_without_authorities_no_server_is_trusted(
    interpreter: str, wheel: str, check: Callable[..., Check]
) -> None:
    outcome = check(interpreter, wheel, {})
    assert outcome["url"].startswith("SourceReadError: ")
    assert "certificate" in outcome["url"]
