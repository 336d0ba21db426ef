"""Manifests that tools have written: what komparu says of them is what the tools say."""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
import io
import os
import subprocess
from pathlib import Path

import bagit  # type: ignore[import-untyped]
import pytest

import komparu
from komparu import DiffReason, Manifest, compare_trees, verify_installed

NAMES = ["a", "d/b.txt", "d/e/c", "back\\slash", " space ", "(x) = y", "x, y"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for number, name in enumerate(NAMES):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * (number * 9000))
    return root


TOOLS = {
    "b3sum": ["b3sum", "--", *NAMES],
    "shasum": ["shasum", "--", *NAMES],
    "shasum -a 512": ["shasum", "-a", "512", "--", *NAMES],
    "hashdeep": ["hashdeep", "-r", "-l", "."],
    "hashdeep with four": ["hashdeep", "-r", "-l", "-c", "md5,sha1,sha256,tiger", "."],
    "openssl": ["openssl", "dgst", "-sha256", "-r", *NAMES],
    "openssl, tagged": ["openssl", "dgst", "-sha512", *NAMES],
}


@pytest.mark.parametrize("tool", TOOLS)
def test_what_a_tool_writes_is_read(tool: str, tree: Path, tmp_path: Path) -> None:
    sums = tmp_path / "sums"
    with sums.open("wb") as out:
        subprocess.run(TOOLS[tool], cwd=tree, stdout=out, check=True)
    result = compare_trees(Manifest(sums), tree)
    assert result, str(result)
    assert result.summary.entries == len(NAMES)
    (tree / "d/e/c").write_bytes(b"\x02" * 17999 + b"\x03")
    result = compare_trees(tree, Manifest(sums))
    assert (result.diff, result.errors) == ({"d/e/c": DiffReason.CONTENT_MISMATCH}, set())


# bagit.py passes a count to re.sub by position, which Python 3.13 warns of.
@pytest.mark.filterwarnings("ignore:'count' is passed as positional:DeprecationWarning")
def test_a_bag_is_whole_where_bagit_says_so(tree: Path) -> None:
    (tree / " space ").unlink()  # bagit.py takes off spaces.
    (tree / "new\nline").write_bytes(b"x")
    bag = bagit.make_bag(os.fspath(tree), checksums=["sha256", "md5"])
    assert bag.is_valid()
    for algorithm in ("sha256", "md5"):
        manifest = Manifest(tree / f"manifest-{algorithm}.txt")
        assert compare_trees(manifest, tree, ignore=["/*", "!/data/"])
        tags = Manifest(tree / f"tagmanifest-{algorithm}.txt")
        assert compare_trees(tags, tree, ignore=["/data/", "/tagmanifest-*"])
    (tree / "data/d/e/c").write_bytes(b"\x02" * 17999 + b"\x03")
    assert not bag.is_valid()
    manifest = Manifest(tree / "manifest-sha256.txt")
    result = compare_trees(manifest, tree, ignore=["/*", "!/data/"])
    assert result.diff == {"data/d/e/c": DiffReason.CONTENT_MISMATCH}


def test_packages_of_debian_are_whole_where_md5sum_says_so() -> None:
    lists = sorted(Path("/var/lib/dpkg/info").glob("*.md5sums"))
    lists = [path for path in lists if 0 < path.stat().st_size < 20_000][:40]
    if not lists:
        pytest.skip("this is no Debian")
    for path in lists:
        environment = {**os.environ, "LC_ALL": "C"}
        ended = subprocess.run(
            ["md5sum", "-c", path], cwd="/", capture_output=True, check=False, env=environment
        )
        said = dict(line.rsplit(": ", 1) for line in ended.stdout.decode().splitlines())
        missing = {name for name, verdict in said.items() if "open or read" in verdict}
        wrong = {name for name, verdict in said.items() if verdict == "FAILED"}
        files = {name: f"/{name}" for name in said.keys() - missing}
        result = compare_trees(Manifest(path), files)
        assert (result.only_left, set(result.diff)) == (missing, wrong), path
        assert result.summary.algorithms.get("md5", 0) == len(files), path


def differing(distribution: importlib.metadata.Distribution) -> tuple[set[str], set[str], int]:
    """Say of what a RECORD lists what differs, what is missing, and how much has a digest."""
    different, missing, count = set(), set(), 0
    record = distribution.read_text("RECORD")
    assert record is not None
    for name, digest, size in csv.reader(io.StringIO(record)):
        if not digest:
            continue
        count += 1
        path = Path(str(distribution.locate_file(name)))
        if not path.exists():
            missing.add(name)
            continue
        content = path.read_bytes()
        algorithm, _, encoded = digest.partition("=")
        found = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest())
        if found.rstrip(b"=").decode() != encoded or len(content) != int(size):
            different.add(name)
    return different, missing, count


def test_what_pip_installed_is_what_hashlib_says() -> None:
    seen = 0
    for distribution in importlib.metadata.distributions():
        if not distribution.read_text("RECORD"):
            continue
        different, missing, count = differing(distribution)
        result = verify_installed(distribution)
        assert (set(result.diff), result.only_left) == (different, missing), distribution.name
        assert (result.errors, result.only_right) == (set(), set()), distribution.name
        assert result.summary.equal == count - len(different) - len(missing)
        seen += 1
    assert seen >= 12


def installed(site: Path) -> importlib.metadata.Distribution:
    """Install a distribution as pip does: one module, its bytecode, a script and a RECORD."""

    def row(name: str, content: bytes) -> str:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
        return f"{name},sha256={digest.decode()},{len(content)}\r\n"

    info = site / "thing-1.0.dist-info"
    (site / "thing/__pycache__").mkdir(parents=True)
    info.mkdir()
    (site.parent / "bin").mkdir()
    (site.parent / "bin/thing").write_bytes(b"#!")
    (site / "thing/__init__.py").write_bytes(b"x = 1\n")
    (site / "thing/__pycache__/__init__.pyc").write_bytes(b"compiled")
    metadata = b"Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n"
    (info / "METADATA").write_bytes(metadata)
    record = (
        row("../bin/thing", b"#!")
        + row("thing/__init__.py", b"x = 1\n")
        + "thing/__pycache__/__init__.pyc,,\r\n"
        + row("thing-1.0.dist-info/METADATA", metadata)
        + "thing-1.0.dist-info/RECORD,,\r\n"
    )
    (info / "RECORD").write_bytes(record.encode())
    [found] = importlib.metadata.distributions(path=[os.fspath(site)])
    return found


def test_paths_of_a_verification_are_those_of_the_record(tmp_path: Path) -> None:
    site = tmp_path / "site"
    distribution = installed(site)
    result = verify_installed(distribution)
    assert result
    assert result.summary.equal == 3
    # Bytecode has no digest, and is never said to be the same.
    strict = verify_installed(distribution, ignore=None)
    assert strict.errors == {"thing/__pycache__/__init__.pyc"}
    assert strict.verdict is komparu.Verdict.UNVERIFIED
    (tmp_path / "bin/thing").write_bytes(b"#?")
    (site / "thing/__init__.py").unlink()
    result = verify_installed(distribution)
    assert result.diff == {"../bin/thing": DiffReason.CONTENT_MISMATCH}
    assert result.only_left == {"thing/__init__.py"}


def test_a_record_that_is_wrong_is_named(tmp_path: Path) -> None:
    site = tmp_path / "site"
    distribution = installed(site)
    record = site / "thing-1.0.dist-info/RECORD"
    whole = record.read_text()
    record.write_text(whole + "thing/more.py,sha256=!,3\n")
    with pytest.raises(komparu.ManifestError, match="RECORD: line 6: ") as caught:
        verify_installed(distribution)
    assert (caught.value.line, caught.value.source) == (6, str(record))
    record.unlink()
    with pytest.raises(komparu.SourceNotFoundError, match="thing: has no RECORD"):
        verify_installed(distribution)
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        verify_installed("there-is-no-such-distribution")


class Hostile:
    """A distribution whose names drive a terminal and fill it."""

    name = f"\x1b[31m\x9b\u202e\u2028\n{'x' * 5000}"
    metadata = {"Name": name}  # noqa: RUF012

    def __init__(self, record: str | None) -> None:
        self.record = record

    def read_text(self, _name: str) -> str | None:
        return self.record

    def locate_file(self, name: str) -> str:
        return f"site/{name}"


@pytest.mark.parametrize(
    "record",
    [
        None,
        f'"{Hostile.name}/RECORD",,\nf,sha256=!,1\n',
        f'"{Hostile.name}/RECORD",,\nf,sha256={"A" * 43},1\nf,sha256={"B" * 42}A,1\n',
    ],
)
def test_names_of_a_distribution_are_short_lines_of_messages(record: str | None) -> None:
    try:
        [said] = verify_installed(Hostile(record)).messages.values()
    except komparu.KomparuError as error:
        said = str(error)
    assert len(said) < 300
    assert not set(said) & set("\x1b\x9b\u202e\u2028\n"), ascii(said)
    assert "RECORD" in said
