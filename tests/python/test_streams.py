"""Standard input and pipes, named on the command line, are read once as they come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

import komparu

if TYPE_CHECKING:
    from pathlib import Path

MODULE = [sys.executable, "-I", "-m", "komparu"]
#: Longer than what a pipe and a buffer hold.
LONG = bytes(range(256)) * 4096


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(LONG)
    return path


def says(*arguments: str | Path, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run([*MODULE, *arguments], input=stdin, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def shell(command: str, *arguments: str | Path) -> tuple[int, str, str]:
    """Run a command of bash, in which `komparu` is this one, and the rest are $1, $2."""
    program = f'komparu() {{ {" ".join(MODULE)} "$@"; }}; {command}'
    done = subprocess.run(
        ["bash", "-c", program, "bash", *arguments], capture_output=True, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])
def test_standard_input_is_compared_from_either_side(file: Path, name: str) -> None:
    assert says(name, file, stdin=LONG) == (0, "", "")
    assert says(file, name, stdin=LONG) == (0, "", "")
    end = len(LONG)
    both: list[tuple[str | Path, str | Path]] = [(name, file), (file, name)]
    for stdin, byte in [
        (LONG[:-1], end),
        (LONG + b"1", end + 1),
        (LONG[:5000] + b"x" + LONG[5001:], 5001),
        (b"", 1),
    ]:
        place = f"at byte {byte}, line "
        for sources in both:
            status, output, errors = says(*sources, stdin=stdin)
            assert (status, errors) == (1, "")
            assert output.startswith(f"* {sources[1]} (differs from {sources[0]} {place}")
            assert says("-q", *sources, stdin=stdin) == (1, "", "")


def test_standard_input_that_is_a_file_is_read_from_where_it_stands(file: Path) -> None:
    for command in ["komparu - $1 < $1", "(read -N 0; komparu -v - $1) < $1 | grep -q ="]:
        assert shell(command, file)[0] == 0
    rest = file.with_name("rest")
    rest.write_bytes(LONG[9:])
    with file.open("rb") as opened:
        os.lseek(opened.fileno(), 9, os.SEEK_SET)
        done = subprocess.run([*MODULE, "-", rest], stdin=opened, check=False)
    assert done.returncode == 0


def test_process_substitutions_are_compared(file: Path) -> None:
    assert shell("komparu <(cat $1) $1", file) == (0, "", "")
    assert shell("komparu <(cat $1) <(gzip -c $1 | gzip -d)", file) == (0, "", "")
    status, output, errors = shell("komparu <(cat $1; echo) <(cat $1)", file)
    assert (status, errors) == (1, "")
    assert f"at byte {len(LONG) + 1}," in output


def test_more_than_two_sources_may_be_pipes(file: Path) -> None:
    assert shell("komparu <(cat $1) $1 <(cat $1)", file) == (0, "", "")
    status, output, _ = shell("komparu $1 <(echo) - < $1", file)
    assert status == 1
    assert output.splitlines()[:2] == [f"1 {file}", "1 -"]


def test_a_fifo_waits_for_its_writer_and_its_limit_of_time(file: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    # No one writes.
    status, _, errors = says("--comparison-timeout", "0.1", fifo, file)
    assert (status, errors) == (2, "komparu: comparison timed out after 0.1 s\n")
    with subprocess.Popen([*MODULE, fifo, file]) as child, fifo.open("wb") as writing:
        # Opening waits for the reader; what it reads comes in two parts.
        writing.write(LONG[:1000])
        writing.flush()
        writing.write(LONG[1000:])
        writing.close()
        assert child.wait() == 0
    # In Python no one has said that it may be read.
    with pytest.raises(komparu.SourceReadError, match="is a FIFO"):
        komparu.compare(fifo, file)


def test_ctrl_c_ends_the_wait_for_a_silent_writer(file: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen([*MODULE, fifo, file], stderr=subprocess.PIPE) as child:
        with fifo.open("wb") as writing:
            # It has opened the FIFO, and has begun to compare when it has emptied it.
            writing.write(LONG[:200_000])
            writing.flush()
            child.send_signal(signal.SIGINT)
            assert child.wait() == 130
        assert child.stderr is not None
        assert child.stderr.read() == b""


def test_a_writer_that_never_ends_is_left_at_the_first_difference(file: Path) -> None:
    status, output, _ = shell("komparu <(yes) $1", file)
    assert status == 1
    assert "at byte 1, line 1" in output


def test_what_can_be_read_once_is_not_named_twice(file: Path) -> None:
    error = "komparu: {} is named twice, and can be read only once; try 'komparu --help'\n"
    for sources in [("-", "-"), ("-", "/dev/stdin"), (file, "-", "-")]:
        assert says(*sources, stdin=LONG) == (2, "", error.format(sources[-1]))


def test_a_standard_input_that_is_closed_is_said_to_be(file: Path) -> None:
    expected = (2, "", "komparu: -: standard input is closed\n")
    assert shell("komparu - $1 <&-", file) == expected
    status, output, _ = shell("komparu --json - $1 <&-", file)
    assert (status, json.loads(output)["equal"]) == (2, None)


def test_standard_input_is_no_directory_and_may_be_a_map(file: Path, tmp_path: Path) -> None:
    error = "komparu: - is no directory; try 'komparu --help'\n"
    assert says("--urls", file, "-") == (2, "", error)
    (tmp_path / "site").mkdir()
    assert says("--urls", "-", tmp_path / "site", stdin=b"{}")[0] == 0
    broken = "komparu: -: Expecting value: line 1 column 1 (char 0)\n"
    assert says("--urls", "-", tmp_path / "site", stdin=b"no map") == (2, "", broken)


def test_an_archive_comes_through_a_pipe_beside_a_directory(tmp_path: Path) -> None:
    tree, packed = tmp_path / "tree", tmp_path / "tree.tar"
    tree.mkdir()
    (tree / "one").write_text("one")
    with tarfile.open(packed, "w") as made:
        made.add(tree / "one", "one")
    sides = [("- $2 < $1", 0), ("$2 - < $1", 0), ("<(cat $1) $2", 0)]
    for sources, expected in sides:
        assert shell(f"komparu {sources}", packed, tree)[0] == expected
    (tree / "one").write_text("two")
    for sources, _ in sides:
        assert shell(f"komparu {sources}", packed, tree)[:2] == (1, "* one (content_mismatch)\n")


def test_archives_come_through_pipes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    archives = [("a.tar", ["one", "two"]), ("b.tar", ["two", "one"]), ("c.tar", ["one"])]
    for archive, names in archives:
        with tarfile.open(tmp_path / archive, "w") as made:
            for name in names:
                made.add(tmp_path / name, name)
    a, b, c = (tmp_path / f"{letter}.tar" for letter in "abc")
    for right in (a, b):
        status, output, errors = shell("komparu --archive - <(cat $2) < $1", a, right)
        assert (status, output) == (0, ""), errors
        assert errors.startswith("2 equal, ")
        assert shell("cat $1 | komparu --archive - $2", a, right)[0] == 0
    status, output, _ = shell("komparu --archive <(cat $1) $2", a, c)
    assert (status, output) == (1, "- two\n")


def test_a_file_that_is_called_minus_has_a_path(file: Path) -> None:
    (file.parent / "-").write_bytes(LONG)
    done = subprocess.run([*MODULE, "./-", "file"], cwd=file.parent, check=False)
    assert done.returncode == 0
