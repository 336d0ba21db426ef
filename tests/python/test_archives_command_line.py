"""The command line with --archive."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from packing import files, member, tar

if TYPE_CHECKING:
    from pathlib import Path


def says(*arguments: str | Path, **environment: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "komparu", *arguments],
        cwd="/",  # what is imported first lies there: nothing
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    a = files(tmp_path / "a.tar", [("x", b"1"), ("same", b""), ("left", b""), ("s", b"1")])
    b = files(tmp_path / "b.tar", [("s", b"22"), ("same", b""), ("right", b""), ("x", b"2")])
    return a, b


def test_archives_are_told_apart_as_directories_are(pair: tuple[Path, Path]) -> None:
    lines = b"- left\n+ right\n* s (size_mismatch)\n* x (content_mismatch)\n"
    assert says("--archive", *pair)[:2] == (1, lines)
    lines = lines.replace(b"* s (", b"= same\n* s (").replace(b"* s (size_mismatch)\n= same\n", b"")
    status, output, _ = says("-v", "--archive", *pair)
    assert (status, sorted(output.splitlines())) == (1, sorted(lines.splitlines()))
    assert says("-q", "--archive", *pair) == (1, b"", b"")
    assert says("--archive", pair[0], pair[0])[:2] == (0, b"")
    status, output, _ = says("--json", "--archive", *pair)
    assert (status, json.loads(output)["only_left"]) == (1, ["left"])


def test_without_the_option_archives_are_files(pair: tuple[Path, Path]) -> None:
    assert says(*pair)[1] == f"* {pair[1]} (differs from {pair[0]} at byte 1, line 1)\n".encode()


def test_what_cannot_be_compared_is_trouble(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    unsafe = tar(tmp_path / "unsafe.tar", [member("../x")])
    message = f"! ../x: {unsafe}: the name has a '..' part\n".encode()
    assert says("--archive", unsafe, unsafe)[:2] == (2, message)
    (tmp_path / "text").write_bytes(b"text")
    status, output, errors = says("--archive", pair[0], tmp_path / "text")
    assert (status, output) == (2, b"")
    assert errors.startswith(f"komparu: {tmp_path / 'text'}: ".encode())


def test_every_limit_has_its_option(pair: tuple[Path, Path]) -> None:
    for name in ("decompressed-size", "compression-ratio", "archive-entries", "entry-name-length"):
        assert says(f"--max-{name}", "none", "--archive", *pair)[0] == 1
        assert says(f"--max-{name}", "1000000", "--archive", *pair)[0] == 1
    status, _, errors = says("--max-archive-entries", "3", "--archive", *pair)
    assert (status, b"archive bomb: " in errors) == (2, True)
    assert says("--hash-compare", "--archive", *pair)[0] == 1
    assert says("--ignore-zeros", "--archive", *pair)[0] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hash-compare"], b"--hash-compare is not for files and URLs"),
        (["--ignore-zeros"], b"--ignore-zeros is not for files and URLs"),
        (["--archive", "--quick-check"], b"--quick-check is not for archives"),
        (["--archive", "third"], b"archives are compared two at a time"),
    ],
)
def test_an_option_that_has_no_meaning_is_refused(
    pair: tuple[Path, Path], options: list[str], message: bytes
) -> None:
    status, output, errors = says(*options, *pair)
    assert (status, output) == (2, b"")
    assert message in errors


def test_a_name_leaves_as_the_bytes_it_has_in_the_archive(tmp_path: Path) -> None:
    name = b"\xe6\x97\xa5\xff"
    a = tar(tmp_path / "a", [member(name.decode("utf-8", "surrogateescape"))])
    b = files(tmp_path / "b", [])
    for environment in [{}, {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}]:
        assert says("--archive", a, b, **environment)[:2] == (1, b"- " + name + b"\n")
