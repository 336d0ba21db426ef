"""Manifests: what the real tools write, and what is wrong with some."""

from __future__ import annotations

import asyncio
import base64
import copy
import hashlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import DiffReason, DirResult, Manifest, Proof

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [
    b"a",
    b"d/b.txt",
    b"d/e/c",
    b"d.x",
    b"back\\slash",
    b"new\nline",
    b"caf\xe9",
    b" space ",
    b"(x) = y",
]


def compared(left: Any, right: Any) -> DirResult:  # noqa: ANN401
    """The result of `compare_trees`, which is that of `iter_trees`."""
    result = komparu.compare_trees(left, right)
    with komparu.iter_trees(left, right) as run:
        assert run.result() == result
    return result


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for number, name in enumerate(NAMES):
        path = root / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * (number * 9000))
    return root


def written_by(tool: list[str], tree: Path, file: Path) -> Manifest:
    with file.open("wb") as out:
        subprocess.run([*tool, "--", *NAMES], cwd=tree, stdout=out, check=True)
    return Manifest(file)


TOOLS = [
    *([f"{name}sum"] for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "b2")),
    *(
        [f"{name}sum", "--tag"]
        for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "b2")
    ),
    ["b2sum", "--tag", "-l", "256"],
    ["sha256sum", "--binary"],
]


@pytest.mark.parametrize("tool", TOOLS, ids=" ".join)
def test_what_a_tool_writes_is_equal_and_one_byte_makes_one_mismatch(
    tool: list[str], tree: Path, tmp_path: Path
) -> None:
    manifest = written_by(tool, tree, tmp_path / "sums")
    result = compared(manifest, tree)
    assert result.equal
    assert result.summary.proofs == {Proof.DIGEST: len(NAMES)}
    algorithm = {"b2sum": "blake2b"}.get(tool[0], tool[0].removesuffix("sum"))
    assert result.summary.algorithms == {algorithm: len(NAMES)}
    assert compared(tree, manifest).equal
    (tree / "d/e/c").write_bytes(b"\x02" * 17999 + b"\x03")
    result = compared(manifest, tree)
    assert (result.diff, result.errors) == ({"d/e/c": DiffReason.CONTENT_MISMATCH}, set())
    (tree / "d/e/c").unlink()
    (tree / "more").write_bytes(b"")
    result = compared(manifest, tree)
    assert (result.only_left, result.only_right, result.diff) == ({"d/e/c"}, {"more"}, {})


def test_a_manifest_is_compared_with_a_map_and_with_a_manifest(tree: Path, tmp_path: Path) -> None:
    sha = written_by(["sha256sum"], tree, tmp_path / "sha")
    tagged = written_by(["sha256sum", "--tag"], tree, tmp_path / "tagged")
    md5 = written_by(["md5sum"], tree, tmp_path / "md5")
    files = {name: os.fsencode(tree) + b"/" + name for name in NAMES}
    assert compared(sha, files).equal
    assert compared(files, sha).equal
    assert compared(sha, tagged).equal
    result = compared(sha, md5)
    assert not result.equal
    assert result.errors == {os.fsdecode(name) for name in NAMES}
    assert "no digest in common" in result.messages["a"]
    (tree / "a").write_bytes(b"other")
    later = written_by(["sha256sum"], tree, tmp_path / "later")
    assert compared(tagged, later).diff == {"a": DiffReason.CONTENT_MISMATCH}


def test_coroutines_and_a_comparer_take_manifests(tree: Path, tmp_path: Path) -> None:
    manifest = written_by(["sha256sum"], tree, tmp_path / "sums")
    (tree / "a").write_bytes(b"other")
    expected = komparu.compare_trees(manifest, tree)
    assert expected.diff == {"a": DiffReason.CONTENT_MISMATCH}
    comparer = komparu.Comparer(max_workers=1)
    assert comparer.compare_trees(manifest, tree) == expected
    assert asyncio.run(komparu.aio.compare_trees(manifest, tree)) == expected


def test_digests_of_one_length_differ_only_if_one_algorithm_made_them(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())

    def sums(tool: str, file: str) -> Manifest:
        with (tmp_path / file).open("wb") as out:
            subprocess.run([tool, "a", "b"], cwd=tmp_path, stdout=out, check=True)
        return Manifest(tmp_path / file)

    one, other = sums("sha256sum", "one"), sums("b3sum", "other")
    for left, right in [(one, other), (other, one), (sums("sha256sum", "SHA256SUMS"), other)]:
        result = compared(left, right)
        assert (set(result.diff.values()), result.errors) == ({DiffReason.READ_ERROR}, {"a", "b"})
        assert "no digest in common" in result.messages["a"]
    (tmp_path / "b").write_bytes(b"changed")
    for tool, before in [("sha256sum", one), ("b3sum", other)]:
        result = compared(before, sums(tool, "now"))
        assert (result.diff, result.errors) == ({"b": DiffReason.CONTENT_MISMATCH}, set())


def test_blake3_is_told_from_sha256_by_a_content(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/abc").write_bytes(b"abc")
    sums = tmp_path / "sums"
    sums.write_text("6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85  abc\n")
    assert compared(Manifest(sums), tmp_path / "tree").equal
    (tmp_path / "tree/abc").write_bytes(b"abd")
    assert compared(Manifest(sums), tmp_path / "tree").diff == {"abc": DiffReason.CONTENT_MISMATCH}


def test_a_record_has_sizes_and_entries_without_digest(tmp_path: Path) -> None:
    root = tmp_path / "site"
    (root / "p").mkdir(parents=True)
    (root / "p/a, b.py").write_bytes(b"x = 1\n")
    (root / "RECORD").write_bytes(b"")
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"x = 1\n").digest()).rstrip(b"=").decode()
    record = tmp_path / "RECORD"
    record.write_text(f'"p/a, b.py",sha256={digest},6\r\nRECORD,,\r\n')
    result = compared(Manifest(record), root)
    assert (result.errors, result.diff) == ({"RECORD"}, {"RECORD": DiffReason.READ_ERROR})
    assert "the manifest has no digest for it" in result.messages["RECORD"]
    assert result.verdict is komparu.Verdict.UNVERIFIED
    (root / "p/a, b.py").write_bytes(b"x = 12\n")
    assert compared(Manifest(record), root).diff["p/a, b.py"] is DiffReason.SIZE_MISMATCH
    record.write_text(f"p/x,sha256={digest}")
    with pytest.raises(komparu.ManifestError, match="line 1: does not have three fields"):
        compared(Manifest(record, format="record"), root)


def test_hashdeep_has_columns_and_sizes(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a,b").write_bytes(b"abc")
    md5, sha = (
        hashlib.md5(b"abc", usedforsecurity=False).hexdigest(),
        hashlib.sha256(b"abc").hexdigest(),
    )
    sums = tmp_path / "sums"
    head = "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## Invoked from: /\n## \n"
    sums.write_text(f"{head}3,{md5},{sha},./a,b\n")
    assert compared(Manifest(sums), root).equal
    sums.write_text(f"{head}4,{md5},{sha},./a,b\n")
    assert compared(Manifest(sums), root).diff == {"a,b": DiffReason.SIZE_MISMATCH}
    # One of several digests that differs is enough.
    sums.write_text(f"{head}3,{md5[::-1]},{sha},./a,b\n")
    assert compared(Manifest(sums), root).diff == {"a,b": DiffReason.CONTENT_MISMATCH}


def test_bagit_encodes_ends_of_lines_and_percent_signs(tmp_path: Path) -> None:
    root = tmp_path / "bag"
    (root / "data").mkdir(parents=True)
    (root / "data/a\nb%c").write_bytes(b"abc")
    manifest = tmp_path / "manifest-sha256.txt"
    manifest.write_text(f"{hashlib.sha256(b'abc').hexdigest()} data/a%0Ab%25c\n")
    assert compared(Manifest(manifest), root).equal


GOOD = hashlib.sha256(b"").hexdigest()
OTHER = hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{GOOD}  a\n{OTHER}  a\n", 2),
        (f"{GOOD}  a\n\n{GOOD}  a/b\n", 3),
        (f"{GOOD}  a\nwhat is this\n", 2),
        ("PK\x03\x04", 1),
        (f"{GOOD[:-2]}  a\n", 1),
        (f"{GOOD[:-1]}  a\n", 1),
        (f"\\{GOOD}  a\\x\n", 1),
        (f"{GOOD}  a\x00b\n", 1),
        (f"{GOOD}  a\n{GOOD}  .\n", 2),
        (f"SHA256 (a) = {GOOD[:-2]}\n", 1),
        ("%%%% HASHDEEP-1.0\n3,x\n", 2),
        ("a" * (1 << 20) + "a\n", 1),
    ],
)
def test_a_line_that_is_wrong_is_named_by_its_number(text: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "sums").write_text(text)
    (tmp_path / "tree").mkdir()
    with pytest.raises(komparu.ManifestError, match=f"sums: line {line}: ") as caught:
        compared(Manifest(tmp_path / "sums"), tmp_path / "tree")
    assert (caught.value.line, caught.value.source) == (line, str(tmp_path / "sums"))
    assert isinstance(caught.value, ValueError)
    assert str(copy.copy(caught.value)) == str(caught.value)


def test_names_that_lead_out_of_the_tree_are_errors(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "outside").write_bytes(b"")
    (tmp_path / "sums").write_text(f"{GOOD}  ../outside\n{GOOD}  {tmp_path}/outside\n")
    result = compared(Manifest(tmp_path / "sums"), tmp_path / "tree")
    assert result.errors == {"../outside", f"{tmp_path}/outside"}
    assert result.messages["../outside"].endswith("line 1: the name has a '..' part")
    assert not result.equal


@pytest.mark.parametrize(
    "text", ["\ufeff{0}  a\r\n{0}  b\r\n", "{0}  a\n\n# c\n{0} *b", "{0} a\n{0} b"]
)
def test_marks_ends_of_lines_and_comments_do_not_count(text: str, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    for name in "ab":
        (tmp_path / "tree" / name).write_bytes(b"")
    (tmp_path / "sums").write_bytes(text.format(GOOD).encode())
    assert compared(Manifest(tmp_path / "sums"), tmp_path / "tree").equal


def test_a_directory_where_the_manifest_has_a_file_is_a_type_mismatch(tmp_path: Path) -> None:
    (tmp_path / "tree/a").mkdir(parents=True)
    (tmp_path / "tree/a/b").write_bytes(b"")
    (tmp_path / "sums").write_text(f"{GOOD}  a\n")
    result = compared(Manifest(tmp_path / "sums"), tmp_path / "tree")
    assert (result.diff, result.only_right) == ({"a": DiffReason.TYPE_MISMATCH}, {"a/b"})


def test_a_manifest_is_frozen_and_checked() -> None:
    with pytest.raises(
        ValueError, match="format must be one of 'gnu', 'bsd', 'hashdeep', 'record'"
    ):
        Manifest("sums", format="csv")
    with pytest.raises(ValueError, match=r"Manifest\.source cannot be empty"):
        Manifest("")
    with pytest.raises(TypeError):
        Manifest(3)  # type: ignore[arg-type]
    assert Manifest("sums") == Manifest("sums")
    assert copy.copy(Manifest("sums", format="gnu")).format == "gnu"
    with pytest.raises(AttributeError):
        Manifest("sums").source = "other"  # type: ignore[misc]


@pytest.mark.parametrize("tool", [["tar", "-cf"], ["tar", "-czf"], ["zip", "-qr"]], ids="".join)
@pytest.mark.parametrize("sums", [["sha256sum"], ["md5sum", "--tag"], ["b2sum"]], ids=" ".join)
def test_an_archive_is_compared_with_a_manifest_of_it(
    sums: list[str], tool: list[str], tree: Path, tmp_path: Path
) -> None:
    if tool[0] == "zip":
        # Its names have no bytes that are no text.
        (tree / os.fsdecode(b"caf\xe9")).unlink()
    names = [name for name in NAMES if (tree / os.fsdecode(name)).exists()]
    manifest = tmp_path / "sums"
    with manifest.open("wb") as out:
        subprocess.run([*sums, "--", *names], cwd=tree, stdout=out, check=True)
    archive = tmp_path / ("a.zip" if tool[0] == "zip" else "a.tar")
    subprocess.run([*tool, archive, "."], cwd=tree, check=True)
    for left, right in ((Manifest(manifest), archive), (archive, Manifest(manifest))):
        result = compared(left, right)
        assert result.equal, str(result)
        assert result.summary.proofs == {Proof.DIGEST: len(names)}
    # Now the manifest is of another tree.
    (tree / "d/e/c").write_bytes(b"\x02" * 17999 + b"\x03")
    (tree / "a").unlink()
    (tree / "more").write_bytes(b"")
    names = [name for name in names if name != b"a"] + [b"more"]
    with manifest.open("wb") as out:
        subprocess.run([*sums, "--", *names], cwd=tree, stdout=out, check=True)
    result = compared(archive, Manifest(manifest))
    assert result.diff == {"d/e/c": DiffReason.CONTENT_MISMATCH}
    assert (result.only_left, result.only_right) == ({"a"}, {"more"})
    result = compared(Manifest(manifest), archive)
    assert result.diff == {"d/e/c": DiffReason.CONTENT_MISMATCH}
    assert (result.only_left, result.only_right) == ({"more"}, {"a"})


def test_links_of_an_archive_have_the_digests_of_what_they_lead_to(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "file").write_bytes(b"abc")
    (root / "hard").hardlink_to(root / "file")
    (root / "soft").symlink_to("file")
    archive, sums = tmp_path / "a.tar", tmp_path / "SHA256SUMS"
    subprocess.run(["tar", "-cf", archive, "-C", root, "."], check=True)
    digest = hashlib.sha256(b"abc").hexdigest()
    sums.write_text("".join(f"{digest}  {name}\n" for name in ("file", "hard", "soft")))
    assert compared(Manifest(sums), archive).equal
    assert komparu.compare_trees(Manifest(sums), archive, follow_symlinks=False).diff == {
        "soft": DiffReason.TYPE_MISMATCH
    }
    sums.write_text(
        "".join(f"{digest}  {name}\n" for name in ("file", "hard")) + f"{OTHER}  soft\n"
    )
    assert compared(archive, Manifest(sums)).diff == {"soft": DiffReason.CONTENT_MISMATCH}


def test_an_archive_beside_a_manifest_is_whole_or_an_error(tree: Path, tmp_path: Path) -> None:
    manifest = written_by(["sha256sum"], tree, tmp_path / "sums")
    archive = tmp_path / "a.tar.gz"
    subprocess.run(["tar", "-czf", archive, "-C", tree, "."], check=True)
    archive.write_bytes(archive.read_bytes()[:-9])
    for left, right in ((manifest, archive), (archive, manifest)):
        with pytest.raises(komparu.ArchiveError):
            komparu.compare_trees(left, right)


def test_an_entry_of_an_archive_without_digest_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    for name in ("a", "b"):
        (tmp_path / "tree" / name).write_bytes(b"abc")
    archive, record = tmp_path / "a.tar", tmp_path / "RECORD"
    subprocess.run(["tar", "-cf", archive, "-C", tmp_path / "tree", "."], check=True)
    record.write_text("a,,\nb,,\n")
    for left, right in ((Manifest(record), archive), (archive, Manifest(record))):
        result = compared(left, right)
        assert result.errors == {"a", "b"}
        assert "the manifest has no digest for it" in result.messages["a"]
    record.write_text("a,,\n/b,,\n")
    result = compared(Manifest(record), archive)
    assert (result.errors, result.only_right) == ({"a", "/b"}, {"b"})


def test_a_weak_digest_verifies_and_is_named(tree: Path, tmp_path: Path) -> None:
    md5 = written_by(["md5sum"], tree, tmp_path / "md5")
    sha = written_by(["sha256sum"], tree, tmp_path / "sha")
    (tree / "a").write_bytes(b"x")
    weak, strong = compared(md5, tree), compared(sha, tree)
    assert f", {len(NAMES)} by md5, " in str(weak.summary)
    assert " by " not in str(strong.summary)
    assert weak.to_dict()["summary"]["algorithms"] == {"md5": len(NAMES)}  # type: ignore[index]
    merged = DirResult.merge([weak, strong, weak])
    assert merged.summary.algorithms == {"md5": 2 * len(NAMES), "sha256": len(NAMES)}
    with komparu.iter_trees(md5, tree, equal=True) as run:
        found = {finding.path: (finding.proof, finding.algorithm) for finding in run}
    assert set(found.values()) == {(Proof.DIGEST, "md5")}
    assert len(found) == len(NAMES)
    with komparu.iter_trees(tree, tree.parent / "tree", equal=True) as run:
        assert {finding.algorithm for finding in run} == {None}
