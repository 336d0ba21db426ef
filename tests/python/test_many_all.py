"""Whether all of many sources are the same; leaving; the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import komparu
from children import interrupt, start

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Write


def test_fewer_than_two_are_all_the_same(pair: tuple[Path, Path]) -> None:
    assert komparu.compare_all([]) is True
    assert komparu.compare_all(pair[:1]) is True
    assert komparu.compare_all(pair) is True


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_one_difference_anywhere_is_found(write: Write, workers: int) -> None:
    paths = [write(f"{i}", b"x" * 100_000) for i in range(20)]
    assert komparu.compare_all(paths, max_workers=workers)
    for place in (0, 7, 19):
        paths[place].write_bytes(b"x" * 99_999 + b"y")
        assert not komparu.compare_all(paths, max_workers=workers)
        paths[place].write_bytes(b"x" * 100_000)


def test_a_difference_stops_what_would_take_long(
    long_work: tuple[Path, Path], write: Write
) -> None:
    # Each of the first takes a minute.
    a, b = long_work
    other = write("other", b"y")
    assert not komparu.compare_all([a, b, other], chunk_size=1, quick_check=False, max_workers=2)


@pytest.mark.parametrize("function", ["compare_all", "compare_many"])
def test_the_deadline_ends_it(function: str, long_work: tuple[Path, Path]) -> None:
    compare = getattr(komparu, function)
    with pytest.raises(komparu.ComparisonTimeoutError):
        compare(long_work, chunk_size=1, comparison_timeout=0.05)


@pytest.mark.parametrize("function", ["compare_all", "compare_many"])
def test_ctrl_c_ends_it_and_leaves_nothing_open(
    function: str, long_work: tuple[Path, Path]
) -> None:
    code = """
before = os.listdir("/proc/self/fd")
try:
    print("ready", flush=True)
    while True:
        getattr(komparu, sys.argv[1])(sys.argv[2:], chunk_size=1)
except KeyboardInterrupt:
    assert os.listdir("/proc/self/fd") == before
    print("left")
"""
    with start(code, function, *long_work) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        interrupt(child)
        output, errors = child.communicate()
    assert (child.returncode, output, errors) == (0, "left\n", "")


def says(*arguments: str | Path) -> tuple[int, str, str]:
    command = [sys.executable, "-I", "-m", "komparu", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    return done.returncode, done.stdout, done.stderr


def test_the_command_line_compares_all_of_three_and_more(write: Write) -> None:
    a, b, c, d = (write(name, b"1" if name < "d" else b"2") for name in "abcd")
    assert says(a, b, c) == (0, "", "")
    assert says("-v", a, b, c) == (0, f"1 {a}\n1 {b}\n1 {c}\n", "")
    assert says(a, b, c, d) == (1, f"1 {a}\n1 {b}\n1 {c}\n2 {d}\n", "")
    assert says("-q", a, b, d) == (1, "", "")
    status, output, _ = says("--json", a, b, d)
    names = [os.fspath(path) for path in (a, b, d)]
    groups = [names[:2], names[2:]]
    expected = {"schema": 1, "equal": False, "sources": names, "groups": groups}
    assert (status, json.loads(output)) == (1, expected)
    missing = "komparu: /no/such: No such file or directory\n"
    assert says(a, b, "/no/such") == (2, "", missing)


def test_the_command_line_says_what_cannot_be_combined(write: Write, tmp_path: Path) -> None:
    a = write("a", b"1")
    cases: list[tuple[list[str | Path], str]] = [
        ([a, a, tmp_path], "directories are compared two at a time"),
        ([a], "there is nothing to compare it with"),
        (["--urls", a, a, a], "--urls takes one directory"),
        (["--ignore", "x", a, a, a], "--ignore is not for more than two sources"),
        (
            ["--urls", a, "--follow-symlinks", tmp_path],
            "--follow-symlinks is not for a map of URLs",
        ),
    ]
    for arguments, message in cases:
        status, output, errors = says(*arguments)
        assert (status, output) == (2, "")
        assert errors == f"komparu: {message}; try 'komparu --help'\n"
