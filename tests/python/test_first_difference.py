"""Where two contents differ first, of everything that can be named."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import komparu
from hostile import answer
from komparu import Difference, first_difference
from komparu.__main__ import main

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from conftest import Write
    from hostile import Hostile, Request
    from servers import Nginx

MiB = 1 << 20


def expected(a: bytes, b: bytes, context: int = 16) -> Difference | None:
    """What there is to find, by looking at one byte after the other."""
    if a == b:
        return None
    common = min(len(a), len(b))
    offset = next((n for n in range(common) if a[n] != b[n]), common)
    line = 1 + a.count(b"\n", 0, offset)
    end = offset + context
    return Difference(offset, line, a[offset:end], b[offset:end], len(a), len(b))


@pytest.mark.parametrize("size", [1, 100, 65_537, MiB, 4 * MiB, 9 * MiB + 1])
@pytest.mark.parametrize("max_workers", [0, 1, 3])
def test_it_is_the_first_byte_whatever_samples_and_threads_find_sooner(
    write: Write, size: int, max_workers: int
) -> None:
    content = bytearray(os.urandom(size))
    a = write("a", bytes(content))
    # From the last one on, so that the difference at each place is the first of several.
    for place in sorted({0, size // 3, size // 2, 3 * size // 4, size - 1}, reverse=True):
        content[place] ^= 0x10
        b = write("b", bytes(content))
        found = first_difference(a, b, max_workers=max_workers)
        assert found is not None
        assert found.offset == place
        assert found == expected(a.read_bytes(), bytes(content))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([b"\n", b"a\n", b"\0" * 9000, b"x" * 70_000, b""]), max_size=6),
    st.lists(st.sampled_from([b"\n", b"a\n", b"\0" * 9000, b"x" * 70_000, b""]), max_size=6),
    st.integers(0, 20),
    st.sampled_from([1, 4096, 65_536]),
)
def test_it_is_what_looking_at_every_byte_finds(
    a: list[bytes], b: list[bytes], context: int, chunk_size: int
) -> None:
    one, two = b"".join(a), b"".join(b)
    paths = [f"/dev/shm/komparu-{os.getpid()}-{name}" for name in "ab"]  # noqa: S108
    try:
        for path, content in zip(paths, (one, two), strict=True):
            Path(path).write_bytes(content)
        found = first_difference(*paths, context=context, chunk_size=chunk_size)
        assert found == expected(one, two, context)
    finally:
        for path in paths:
            Path(path).unlink(missing_ok=True)


def test_it_counts_as_cmp_does(write: Write) -> None:
    content = b"one\n\ntwo\r\nthree" * 100_000
    a = write("a", content)
    for place in (0, 3, 4, 5, 1_000_000):
        b = write("b", content[:place] + b"!" + content[place + 1 :])
        said = subprocess.run(
            ["cmp", a, b], capture_output=True, check=False, text=True, env={"LC_ALL": "C"}
        ).stdout
        found = first_difference(a, b)
        assert found is not None
        assert f"byte {found.offset + 1}, line {found.line}" in said.replace("char", "byte")


def test_contents_that_are_the_same_have_none(write: Write) -> None:
    empty, also = write("a", b""), write("b", b"")
    assert first_difference(empty, also) is None
    assert first_difference(empty, "/dev/null") is None
    big = write("c", bytes(9 * MiB))
    assert first_difference(big, write("d", bytes(9 * MiB))) is None
    assert first_difference(big, big) is None


@pytest.mark.parametrize("size", [10, 300_000, 10_000_000])
def test_the_beginning_of_the_other_differs_at_its_end(write: Write, size: int) -> None:
    content = b"line\n" * (size // 5)
    a, b = write("a", content), write("b", content + b"more")
    assert first_difference(a, b) == Difference(size, size // 5 + 1, b"", b"more", size, size + 4)
    assert first_difference(b, a) == Difference(size, size // 5 + 1, b"more", b"", size + 4, size)
    assert first_difference(write("c", b""), b, context=2) == Difference(
        0, 1, b"", b"li", 0, size + 4
    )


def test_a_hole_is_zeros_that_need_not_be_read(tmp_path: Path) -> None:
    size = 5 << 30
    a, b = tmp_path / "a", tmp_path / "b"
    for path, last in ((a, b"\n"), (b, b"\t")):
        with path.open("wb") as file:
            file.seek(size - 1)
            file.write(last)
    found = first_difference(a, b)
    assert found == Difference(size - 1, 1, b"\n", b"\t", size, size)
    with b.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\n")
    found = first_difference(a, b, context=1)
    assert found == Difference(size // 2, 1, b"\0", b"\n", size, size)


def test_a_file_whose_size_lies_is_read_to_the_difference(write: Write) -> None:
    content = Path("/proc/self/limits").read_bytes()
    other = write("a", content.replace(b"Units", b"Unit!", 1))
    found = first_difference("/proc/self/limits", other)
    assert found is not None
    assert found.offset == content.index(b"Units") + 4
    assert (found.left_size, found.right_size) == (None, len(content))
    assert first_difference("/proc/self/limits", write("b", content)) is None
    # Its end was seen.
    found = first_difference("/proc/self/limits", write("c", content + b"x"))
    assert found == Difference(
        len(content), 1 + content.count(b"\n"), b"", b"x", len(content), len(content) + 1
    )


def test_a_huge_line_is_one_line(write: Write) -> None:
    a = write("a", b"x" * (12 * MiB) + b"\nfirst")
    b = write("b", b"x" * (12 * MiB) + b"\nother")
    found = first_difference(a, b, context=3)
    assert found is not None
    assert (found.line, found.left, found.right) == (2, b"fir", b"oth")


def test_context_is_as_much_as_was_asked_for(write: Write) -> None:
    a, b = write("a", b"0123456789"), write("b", b"01x3456789" + b"y" * (9 * MiB))
    for context, left, right in [(0, b"", b""), (1, b"2", b"x"), (8, b"23456789", b"x3456789")]:
        found = first_difference(a, b, context=context)
        assert found is not None
        assert (found.left, found.right) == (left, right)
    found = first_difference(a, b, context=1 << 20)
    assert found is not None
    assert (found.left, len(found.right)) == (b"23456789", 1 << 20)
    for context in (-1, (1 << 20) + 1, 1 << 30, 1 << 70):
        with pytest.raises(ValueError, match="context must be"):
            first_difference(a, b, context=context)
    message = r"^context must be <= 1048576$"
    with pytest.raises(ValueError, match=message):
        first_difference("/nonexistent", b, context=1 << 30)
    wrong: Any = 1.5
    with pytest.raises(TypeError, match="context must be int, not float"):
        first_difference(a, b, context=wrong)


def test_context_can_be_configured(pair: tuple[Path, Path], write: Write) -> None:
    komparu.configure(context=2)
    found = first_difference(pair[0], write("c", b"The other"))
    assert found is not None
    assert found.right == b"Th"


@pytest.mark.parametrize("size", [100, 300_000, 9 * MiB])
def test_of_a_url_it_is_found_as_the_body_arrives(nginx: Nginx, write: Write, size: int) -> None:
    content = (b"0123456\n" * (size // 8 + 1))[:size]
    nginx.put("first", content)
    url = f"{nginx.plain}/first"
    for place in (0, size // 2, size - 1):
        other = content[:place] + b"!" + content[place + 1 :]
        b = write("b", other)
        assert first_difference(url, b) == expected(content, other)
        assert first_difference(b, url) == expected(other, content)
    shorter = write("c", content[: size // 2])
    assert first_difference(url, shorter) == expected(content, content[: size // 2])
    assert first_difference(url, write("d", content)) is None
    nginx.put("second", other)
    assert first_difference(url, f"{nginx.plain}/second") == expected(content, other)


def test_of_a_decoded_body_the_size_is_not_known(hostile: Hostile, write: Write) -> None:
    content = b"line\n" * 100_000
    body = gzip.compress(content)
    url = hostile.url(
        "/coded", answer("Content-Encoding: gzip", f"Content-Length: {len(body)}", body=body)
    )
    other = write("b", content[:250_000] + b"!" + content[250_001:])
    found = first_difference(url, other)
    assert found is not None
    assert (found.offset, found.line) == (250_000, 50_001)
    assert (found.left_size, found.right_size) == (None, len(content))


def test_a_body_that_is_cut_is_an_error_and_no_place(hostile: Hostile, write: Write) -> None:
    content = b"x" * 1000
    url = hostile.url("/cut", answer("Content-Length: 1000", body=content[:400]))
    with pytest.raises(komparu.SourceReadError):
        first_difference(url, write("a", content))
    # What arrived differs already.
    found = first_difference(url, write("b", b"xy" * 500))
    assert found == Difference(1, 1, b"x" * 16, b"yx" * 8, 1000, 1000)


def test_samples_and_ranges_are_not_asked_for(nginx: Nginx, write: Write) -> None:
    content = bytes(9 * MiB)
    nginx.put("unsampled", content)
    before = len(nginx.log())
    assert first_difference(f"{nginx.plain}/unsampled", write("a", content)) is None
    assert [line[2] for line in nginx.log()[before:]] == ["/unsampled"]


def test_errors_are_those_of_compare(write: Write, tmp_path: Path) -> None:
    a = write("a", b"x")
    for other in (tmp_path / "missing", tmp_path, "ftp://host/", ""):
        errors = []
        for function in (komparu.compare, first_difference):
            with pytest.raises((komparu.KomparuError, ValueError)) as caught:
                function(a, other)
            errors.append((caught.type, str(caught.value)))
        assert errors[0] == errors[1]


def test_a_deadline_holds(hostile: Hostile, write: Write) -> None:
    def slowly(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer("Content-Length: 100"))
        hostile.closing.wait()

    url = hostile.url("/slow", slowly)
    with pytest.raises(komparu.ComparisonTimeoutError):
        first_difference(url, write("a", b"x" * 100), comparison_timeout=0.1)


def test_two_files_that_differ_have_their_place_on_the_command_line(
    write: Write, says: Callable[..., tuple[int, str]]
) -> None:
    a, b = write("a", b"1\n2\n3x"), write("b", b"1\n2\n3y!")
    assert says(a, b) == (1, f"* {b} (differs from {a} at byte 6, line 3)\n")
    assert says("-q", a, b) == (1, "")
    assert says("--context", "0", "-q", a, b) == (1, "")
    status, said = says("--json", "--context", "2", a, b)
    assert status == 1
    assert '"difference": {"offset": 5, "line": 3, "left": "78", "right": "7921"' in said
    assert says("--context", "1", a, b, a)[0] == 2


@pytest.fixture
def says(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """What the command line ends with and prints."""

    def run(*arguments: object) -> tuple[int, str]:
        try:
            status = main(
                [os.fspath(part) if isinstance(part, Path) else str(part) for part in arguments]
            )
        except SystemExit as end:
            status = int(end.code or 0)
        return status, capfd.readouterr().out

    return run
