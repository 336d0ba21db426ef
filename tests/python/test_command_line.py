"""The command line: exit status, output, options, and what the world does to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

import komparu
from children import interrupt, wait_until_comparing

MODULE = [sys.executable, "-I", "-m", "komparu"]
SCRIPT = [os.fspath(Path(sys.executable).with_name("komparu"))]


def komparu_says(
    *arguments: str | bytes | Path, program: list[str] = MODULE
) -> tuple[int, str, str]:
    done = subprocess.run(
        [*program, *arguments],
        capture_output=True,
        check=False,
        text=True,
        errors="surrogateescape",
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def other(pair: tuple[Path, Path]) -> Path:
    path = pair[0].with_name("other")
    path.write_bytes(b"The same")
    return path


@pytest.mark.parametrize("program", [MODULE, SCRIPT], ids=["module", "script"])
def test_the_exit_status_is_that_of_cmp(
    pair: tuple[Path, Path], other: Path, program: list[str]
) -> None:
    a, b = pair
    assert komparu_says(a, b, program=program) == (0, "", "")
    assert komparu_says(a, other, program=program) == (
        1,
        f"* {other} (differs from {a} at byte 1, line 1)\n",
        "",
    )
    expected = "komparu: /no/such: No such file or directory\n"
    assert komparu_says(a, "/no/such", program=program) == (2, "", expected)


def test_quiet_prints_nothing_at_all(pair: tuple[Path, Path], other: Path) -> None:
    for option in ["-q", "--quiet"]:
        assert komparu_says(option, *pair) == (0, "", "")
        assert komparu_says(option, pair[0], other) == (1, "", "")
        assert komparu_says(option, pair[0], "/no/such") == (2, "", "")


def test_verbose_prints_what_is_equal(pair: tuple[Path, Path], other: Path) -> None:
    assert komparu_says("-v", *pair) == (0, f"= {pair[1]}\n", "")
    assert komparu_says("--verbose", pair[0], other)[0] == 1


def test_json_is_one_object(pair: tuple[Path, Path], other: Path) -> None:
    a, b = map(os.fspath, pair)
    status, output, errors = komparu_says("--json", a, b)
    assert (status, json.loads(output), errors) == (
        0,
        {"schema": 1, "equal": True, "a": a, "b": b},
        "",
    )
    status, output, errors = komparu_says("--json", a, other)
    assert (status, json.loads(output)["equal"], errors) == (1, False, "")
    status, output, errors = komparu_says("--json", a, "/no/such")
    assert (status, errors) == (2, "")
    assert json.loads(output) == {
        "schema": 1,
        "equal": None,
        "error": "SourceNotFoundError",
        "message": "/no/such: No such file or directory",
    }


def test_every_option_has_its_own_name_with_dashes(pair: tuple[Path, Path]) -> None:
    for options in [
        ["--chunk-size", "1"],
        ["--chunk-size=7"],
        ["--size-precheck"],
        ["--no-size-precheck"],
        ["--quick-check"],
        ["--no-quick-check"],
        ["--max-workers", "3"],
        ["--comparison-timeout", "60"],
        ["--headers", "X: y", "--headers", "Z: w"],
        ["--timeout", "1.5"],
        ["--no-follow-redirects"],
        ["--no-verify-ssl"],
        ["--proxy", "http://proxy"],
        ["--auth", "me:pass:word"],
        ["--auth=token"],
        ["--netrc"],
        ["--ca-bundle", "ca.pem"],
        ["--client-cert", "me.pem"],
        ["--client-cert", "me.crt,me.key"],
        ["--allow-private-redirects"],
        ["--block-private"],
    ]:
        assert komparu_says(*options, *pair) == (0, "", ""), options


REFUSED = "komparu: auth as a text is a bearer token alone, without spaces and of ASCII\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--chunk-size", "0", "a", "b"], "komparu: chunk_size must be positive\n"),
        (["--max-workers=-1", "a", "b"], "komparu: max_workers must be non-negative\n"),
        (["--comparison-timeout", "0", "a", "b"], "komparu: comparison_timeout must be positive\n"),
        (["", "b"], "komparu: source_a cannot be empty\n"),
        (["--auth", "S3cr3t word", "a", "b"], REFUSED),
        (["--auth", "a:S3cr3t\n", "a", "b"], "komparu: auth must not contain CR, LF or NUL\n"),
        (["a", "ftp://b"], "komparu: unsupported URL scheme 'ftp'\n"),
    ],
)
def test_a_bad_value_is_trouble_in_one_line(arguments: list[str], says: str) -> None:
    assert komparu_says(*arguments) == (2, "", says)


@pytest.mark.parametrize(
    "arguments", [[], ["a"], ["--urls", "x", "a", "b"], ["--chunk", "1", "a", "b"],
                  ["-q", "-v", "a", "b"], ["--chunk-size", "x", "a", "b"],
                  ["--headers", "no colon", "a", "b"]]
)  # fmt: skip
def test_bad_usage_is_trouble(arguments: list[str]) -> None:
    status, output, errors = komparu_says(*arguments)
    assert (status, output) == (2, "")
    assert errors.startswith("komparu: ")
    assert errors.endswith("; try 'komparu --help'\n")
    assert errors.count("\n") == 1


def test_help_and_version_are_no_trouble() -> None:
    assert komparu_says("--version") == (0, f"komparu {komparu.__version__}\n", "")
    status, output, errors = komparu_says("--help")
    assert (status, errors) == (0, "")
    assert "exit status: 0 equal, 1 different, 2 trouble" in output


def test_a_name_leaves_as_the_bytes_it_came_as(pair: tuple[Path, Path]) -> None:
    a = os.fsencode(pair[0])
    b = os.fsencode(pair[0].parent) + b"/caf\xe9 \xff"
    Path(os.fsdecode(b)).write_bytes(b"another")
    for environment in [{}, {"PYTHONUTF8": "0", "LC_ALL": "C"}]:
        done = subprocess.run(
            [*MODULE, a, b], capture_output=True, check=False, env={**os.environ, **environment}
        )
        assert (done.returncode, done.stderr) == (1, b"")
        assert done.stdout == b"* " + b + b" (differs from " + a + b" at byte 1, line 1)\n"
    status, output, _ = komparu_says("--json", a, b)
    said = json.loads(output)["b"]
    assert (status, said[0]) == (1, "\0")
    assert unquote_to_bytes(said[1:]) == b


def test_a_dash_is_part_of_a_name_after_two_dashes(pair: tuple[Path, Path]) -> None:
    named = pair[0].parent / "-q"
    named.write_bytes(b"the same")
    done = subprocess.run([*MODULE, "--", "-q", "b"], cwd=named.parent, check=False)
    assert done.returncode == 0


def test_a_reader_that_leaves_is_trouble_without_a_word(pair: tuple[Path, Path]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [*MODULE, "-v", *pair], stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"")


@pytest.mark.parametrize("arguments", [["-v"], ["--json"]])
def test_an_output_that_is_full_is_trouble_and_no_difference(
    pair: tuple[Path, Path], arguments: list[str]
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*MODULE, *arguments, *pair], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr == b"komparu: cannot write: No space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_change_no_status(
    pair: tuple[Path, Path], other: Path, closed: str
) -> None:
    for b, expected in [(pair[1], 0), (other, 1), (Path("/no/such"), 2)]:
        command = ["sh", "-c", f'exec "$@" {closed}', "sh", *MODULE, str(pair[0]), str(b)]
        assert subprocess.run(command, check=False, capture_output=True).returncode == expected


@pytest.mark.parametrize("program", [MODULE, SCRIPT], ids=["module", "script"])
def test_ctrl_c_ends_it_without_a_traceback(
    long_work: tuple[Path, Path], program: list[str]
) -> None:
    command = [*program, "--chunk-size", "1", *map(os.fspath, long_work)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        wait_until_comparing(child)
        interrupt(child)
        output = child.communicate()
    assert (child.returncode, output) == (130, ("", ""))


def test_the_limit_of_time_is_trouble(long_work: tuple[Path, Path]) -> None:
    options = ["--chunk-size", "1", "--comparison-timeout", "0.01"]
    says = "komparu: comparison timed out after 0.01 s\n"
    assert komparu_says(*options, *long_work) == (2, "", says)
