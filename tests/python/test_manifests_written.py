"""What `write_manifest` writes, the tools of each format accept; what it cannot list, it says."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import Manifest, aio, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

ALGORITHMS = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake3"]
NAMES = [
    b"a",
    b"d/b.txt",
    b"d/e/c",
    b"d.x",
    b"back\\slash",
    b"new\nline",
    b"return\r",
    b"caf\xe9",
    b" space ",
    b"(x) = y",
    b'a, "b"',
    b"*star",
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for number, name in enumerate(NAMES):
        path = root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * (number * 9000))
    return root


def checked(tool: list[str], manifest: Path, tree: Path) -> int:
    """Have a tool check a manifest, and say what it ends with."""
    return subprocess.run([*tool, manifest], cwd=tree, check=False, capture_output=True).returncode


def tool_of(algorithm: str) -> str:
    return {"blake2b": "b2sum", "blake3": "b3sum"}.get(algorithm, f"{algorithm}sum")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_tool_of_each_algorithm_accepts_what_is_written(
    algorithm: str, tree: Path, tmp_path: Path
) -> None:
    if algorithm == "blake3":
        # b3sum checks no names that are not UTF-8, and its older versions no escaped returns.
        for name in (b"caf\xe9", b"return\r"):
            (tree / os.fsdecode(name)).unlink()
    sums, tool = tmp_path / "sums", [tool_of(algorithm), "-c"]
    count = sum(len(files) for _, _, files in os.walk(tree))
    assert write_manifest(tree, sums, algorithm=algorithm) == count
    assert len(sums.read_bytes().splitlines()) == count
    assert checked(tool, sums, tree) == 0
    assert komparu.compare_trees(Manifest(sums), tree)
    (tree / "d/e/c").write_bytes(b"other")
    assert checked(tool, sums, tree) == 1
    assert komparu.compare_trees(Manifest(sums), tree).diff.keys() == {"d/e/c"}


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "blake3"])
def test_lines_that_name_their_algorithm_are_accepted(
    algorithm: str, tree: Path, tmp_path: Path
) -> None:
    sums = tmp_path / "sums"
    write_manifest(tree, sums, algorithm=algorithm, format="bsd")
    assert checked([tool_of(algorithm), "-c"], sums, tree) == 0
    assert komparu.compare_trees(Manifest(sums), tree)


@pytest.mark.parametrize("algorithm", ["1", "224", "256", "384", "512"])
def test_shasum_accepts_what_is_written(algorithm: str, tree: Path, tmp_path: Path) -> None:
    (tree / "return\r").unlink()  # It has no escape for it.
    sums = tmp_path / "sums"
    write_manifest(tree, sums, algorithm=f"sha{algorithm}")
    assert checked(["shasum", "-a", algorithm, "-c"], sums, tree) == 0


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_hashdeep_accepts_what_is_written(algorithm: str, tree: Path, tmp_path: Path) -> None:
    for name in ("new\nline", "return\r"):
        (tree / name).unlink()
    sums = tmp_path / "sums"
    count = write_manifest(tree, sums, algorithm=algorithm, format="hashdeep")
    audit = ["hashdeep", "-a", "-vv", "-r", "-l", "-k", str(sums), "."]
    said = subprocess.run(audit, cwd=tree, check=False, capture_output=True).stdout
    assert b"Audit passed" in said
    assert f"Files matched: {count}".encode() in said
    assert komparu.compare_trees(Manifest(sums), tree)
    (tree / "d/e/c").write_bytes(b"other")
    assert subprocess.run(audit, cwd=tree, check=False, capture_output=True).returncode != 0


def test_a_record_is_what_csv_and_hashlib_say(tree: Path, tmp_path: Path) -> None:
    (tree / os.fsdecode(b"caf\xe9")).unlink()  # RECORDs are UTF-8.
    record = tmp_path / "RECORD"
    write_manifest(tree, record, format="record")
    with record.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == sorted(os.fsdecode(it) for it in NAMES if it != b"caf\xe9")
    for name, digest, size in rows:
        content = (tree / name).read_bytes()
        expected = komparu_record_digest(content)
        assert (digest, int(size)) == (expected, len(content))
    assert komparu.compare_trees(Manifest(record), tree)


def komparu_record_digest(content: bytes) -> str:
    import base64  # noqa: PLC0415

    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return f"sha256={digest.rstrip(b'=').decode()}"


def test_a_tree_of_any_kind_has_the_same_manifest(tree: Path, tmp_path: Path) -> None:
    archive, zipped = tmp_path / "a.tar.gz", tmp_path / "a.zip"
    subprocess.run(["tar", "-czf", archive, "-C", tree, "."], check=True)
    files = {name: os.fsencode(tree) + b"/" + name for name in NAMES}
    expected, sums = tmp_path / "expected", tmp_path / "sums"
    assert write_manifest(tree, expected, format="bsd") == len(NAMES)
    for given in (archive, files, Manifest(expected)):
        assert write_manifest(given, sums, format="bsd") == len(NAMES)
        assert sums.read_bytes() == expected.read_bytes()
    for name in ("new\nline", "return\r", os.fsdecode(b"caf\xe9")):
        (tree / name).unlink()
    subprocess.run(["zip", "-qr", zipped, "."], cwd=tree, check=True)
    write_manifest(tree, expected)
    write_manifest(zipped, sums)
    assert sums.read_bytes() == expected.read_bytes()


def test_links_are_what_they_lead_to(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    (root / "d").mkdir(parents=True)
    (root / "d/file").write_bytes(b"abc")
    (root / "link").symlink_to("d/file")
    (root / "directory").symlink_to("d")
    (root / "d/circle").symlink_to("..")
    sums = tmp_path / "sums"
    assert write_manifest(root, sums) == 3
    assert checked(["sha256sum", "-c"], sums, root) == 0
    names = [line.split(maxsplit=1)[1] for line in sums.read_text().splitlines()]
    assert names == ["d/file", "directory/file", "link"]
    (root / "d/circle").unlink()
    subprocess.run(["tar", "-cf", tmp_path / "a.tar", "-C", root, "."], check=True)
    assert write_manifest(tmp_path / "a.tar", tmp_path / "of-archive") == 3
    assert (tmp_path / "of-archive").read_bytes() == sums.read_bytes()


def unlistable(root: Path) -> dict[str, Callable[[], object]]:
    return {
        "a link to nowhere": lambda: (root / "x").symlink_to("nowhere"),
        "a pipe": lambda: os.mkfifo(root / "x"),
        "a link, not followed": lambda: (root / "x").symlink_to("a"),
    }


@pytest.mark.parametrize("case", ["a link to nowhere", "a pipe", "a link, not followed"])
def test_what_cannot_be_listed_ends_the_call_and_the_file_stays(
    case: str, tree: Path, tmp_path: Path
) -> None:
    unlistable(tree)[case]()
    sums = tmp_path / "sums"
    sums.write_text("before")
    follow = case != "a link, not followed"
    with pytest.raises(komparu.KomparuError, match="x"):
        write_manifest(tree, sums, follow_symlinks=follow)
    assert sums.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sums", "tree"]
    assert write_manifest(tree, sums, ignore=["x"]) == len(NAMES)


def test_the_manifest_itself_is_not_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    for file in (tree / "SHA256SUMS", "SHA256SUMS", "d/../SHA256SUMS"):
        assert write_manifest(".", file) == len(NAMES)
        assert write_manifest(tree, file) == len(NAMES)
        result = komparu.compare_trees(Manifest(file), tree)
        assert (result.only_right, result.diff) == ({"SHA256SUMS"}, {})
    assert komparu.compare_trees(Manifest("SHA256SUMS"), ".", ignore=["/SHA256SUMS"])


def test_standard_output_is_not_listed_where_it_is_a_file_of_the_tree(tree: Path) -> None:
    command = [sys.executable, "-I", "-m", "komparu", "--write-manifest", "sha256", "."]
    with (tree / "SHA256SUMS").open("wb") as out:
        subprocess.run(command, stdout=out, cwd=tree, check=True)
    assert checked(["sha256sum", "--strict", "-c"], tree / "SHA256SUMS", tree) == 0
    result = komparu.compare_trees(Manifest(tree / "SHA256SUMS"), tree)
    assert (result.only_right, result.diff, result.errors) == ({"SHA256SUMS"}, {}, set())


def test_a_file_in_shared_memory_is_replaced_as_any_file_is(tree: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        sums = Path(directory, "sums")
        for _ in range(2):
            assert write_manifest(tree, sums) == len(NAMES)
            assert len(sums.read_bytes().splitlines()) == len(NAMES)


def test_a_file_that_is_replaced_keeps_its_mode_and_a_link_stays_one(
    tree: Path, tmp_path: Path
) -> None:
    sums, link = tmp_path / "sums", tmp_path / "link"
    sums.write_text("before")
    sums.chmod(0o640)
    link.symlink_to(sums)
    write_manifest(tree, link)
    assert link.is_symlink()
    assert sums.stat().st_mode & 0o777 == 0o640
    assert komparu.compare_trees(Manifest(sums), tree)


def test_formats_refuse_what_they_cannot_have(tree: Path, tmp_path: Path) -> None:
    sums = tmp_path / "sums"
    with pytest.raises(komparu.SourceReadError, match="hashdeep has no names with ends of lines"):
        write_manifest(tree, sums, format="hashdeep")
    with pytest.raises(ValueError, match="hashdeep has no digests of sha512"):
        write_manifest(tree, sums, format="hashdeep", algorithm="sha512")
    with pytest.raises(ValueError, match="a RECORD has no digests of blake3"):
        write_manifest(tree, sums, format="record", algorithm="blake3")
    with pytest.raises(ValueError, match="algorithm must be one of 'md5'"):
        write_manifest(tree, sums, algorithm="crc32")
    with pytest.raises(ValueError, match="format must be one of 'gnu'"):
        write_manifest(tree, sums, format="csv")
    with pytest.raises(ValueError, match="file cannot be empty"):
        write_manifest(tree, "")
    with pytest.raises(TypeError, match="file must be str"):
        write_manifest(tree, 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unexpected keyword argument 'where'"):
        write_manifest(tree, sums, where=True)  # type: ignore[call-arg]
    assert not sums.exists()
    # A manifest that has another digest, and no size.
    write_manifest(tree, tmp_path / "SHA256SUMS")
    with pytest.raises(komparu.SourceReadError, match="no digest of md5"):
        write_manifest(Manifest(tmp_path / "SHA256SUMS"), sums, algorithm="md5")
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  a\n")
    with pytest.raises(komparu.SourceReadError, match="unknown"):
        write_manifest(Manifest(tmp_path / "SHA256SUMS"), sums, format="hashdeep")
    assert not sums.exists()


def test_an_archive_that_is_not_whole_has_no_manifest(tree: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    subprocess.run(["tar", "-czf", archive, "-C", tree, "."], check=True)
    archive.write_bytes(archive.read_bytes()[:-9])
    with pytest.raises(komparu.ArchiveError):
        write_manifest(archive, tmp_path / "sums")
    assert not (tmp_path / "sums").exists()


def test_coroutines_and_comparers_write_the_same(tree: Path, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    write_manifest(tree, paths[0], algorithm="md5")
    assert asyncio.run(aio.write_manifest(tree, paths[1], algorithm="md5")) == len(NAMES)
    comparer = komparu.Comparer(ignore=["d*"])
    comparer.write_manifest(tree, paths[2], algorithm="md5")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    expected = {line for line in paths[0].read_bytes().splitlines() if b"  d" not in line}
    assert set(paths[2].read_bytes().splitlines()) == expected
    seen: list[Any] = []
    write_manifest(tree, paths[2], progress=seen.append)
    assert (seen[-1].entries, seen[-1].entries_total) == (len(NAMES), len(NAMES))
    assert seen[-1].bytes == sum(9000 * number for number in range(len(NAMES)))


def komparu_command(*arguments: str | Path, given: bytes = b"") -> tuple[int, bytes, bytes]:
    command = [sys.executable, "-I", "-m", "komparu", *(os.fspath(it) for it in arguments)]
    ended = subprocess.run(command, input=given, capture_output=True, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def test_the_command_line_writes_and_verifies(tree: Path, tmp_path: Path) -> None:
    write_manifest(tree, tmp_path / "sums")
    expected = (tmp_path / "sums").read_bytes()
    assert komparu_command("--write-manifest", "sha256", tree)[:2] == (0, expected)
    with (tmp_path / "out").open("ab") as out:
        out.write(b"# before\n")
        out.flush()
        command = [sys.executable, "-I", "-m", "komparu", "--write-manifest", "sha256", str(tree)]
        subprocess.run(command, stdout=out, check=True)
    assert (tmp_path / "out").read_bytes() == b"# before\n" + expected
    assert komparu_command("--manifest", tmp_path / "sums", tree)[0] == 0
    assert komparu_command("--manifest", "-", tree, given=expected)[0] == 0
    shutil.rmtree(tree / "d")
    (tree / "a").write_bytes(b"?")
    status, out_, _ = komparu_command("--manifest", tmp_path / "sums", tree)
    assert (status, out_) == (1, b"* a (content_mismatch)\n- d/ (2 files)\n")
    status, _, said = komparu_command("--manifest", tmp_path / "missing", tree)
    assert status == 2
    assert b"No such file" in said
    tagged = ("--write-manifest", "md5", "--manifest-format", "bsd", tree)
    assert komparu_command(*tagged)[1].startswith(b"MD5 (")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--write-manifest", "sha256", "a", "b"),
        ("--write-manifest", "sha256", "--manifest", "a"),
        ("--write-manifest", "sha256", "--json", "a"),
        ("--write-manifest", "sha256", "--where", "a"),
        ("--manifest", "a"),
        ("--manifest", "--archive", "a", "b"),
        ("--manifest", "--manifest-format", "csv", "a", "b"),
        ("--manifest-format", "gnu", "a", "b"),
    ],
    ids=" ".join,
)
def test_the_command_line_says_what_manifests_do_not_take(arguments: tuple[str, ...]) -> None:
    status, out, said = komparu_command(*arguments)
    assert (status, out) == (2, b"")
    assert b"try 'komparu --help'" in said
