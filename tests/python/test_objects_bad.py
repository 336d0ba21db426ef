"""Python objects that cannot be read, or misbehave: each is a clear error, and nothing hangs."""

from __future__ import annotations

import io
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from children import interrupt, run, start
from files import Openable, Reads, Seeks
from komparu import Content, SourceReadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Write


def gives(*results: Any) -> Any:  # noqa: ANN401
    """Make an object whose `read` gives, or raises, one after another."""
    left = list(results)

    class Gives:
        def read(self, _size: int) -> Any:  # noqa: ANN401
            result = left.pop(0) if left else b""
            if isinstance(result, BaseException):
                raise result
            return result

    return Gives()


def fills(result: Any) -> Any:  # noqa: ANN401
    """Make an object whose `readinto` returns this."""

    class FillsBadly:
        def readinto(self, _buffer: memoryview) -> Any:  # noqa: ANN401
            return result

    return FillsBadly()


TEXT = re.escape('is a file in text mode: open it in binary mode ("rb")')


def test_a_file_in_text_mode_is_a_type_error_that_says_what_to_do(write: Write) -> None:
    path = write("file", b"x")
    with path.open() as file:
        for text in (file, io.StringIO("x")):
            with pytest.raises(TypeError, match=f"^source_a {TEXT}"):
                komparu.compare(text, path)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match=f"^Content.data {TEXT}"):
                Content(text)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=f"^what method in source_b opens {TEXT}"):
        komparu.compare(path, Content(path.open))  # type: ignore[arg-type]
    with pytest.raises(
        TypeError, match=r'read\(\) returned str: open the file in binary mode \("rb"\)'
    ):
        komparu.compare(path, gives("x"))


def test_a_file_that_is_closed_or_not_for_reading_is_a_value_error(write: Write) -> None:
    path, file = write("file", b"x"), io.BytesIO(b"x")
    content = Content(file)
    file.close()
    for closed in (file, content):
        with pytest.raises(ValueError, match="is a closed file"):
            komparu.compare(closed, path)
    with pytest.raises(ValueError, match=r"^Content.data is a closed file"):
        Content(file)
    with (
        (path.parent / "new").open("wb") as new,
        pytest.raises(ValueError, match=r"^source_b is a file that is not open for reading"),
    ):
        komparu.compare(path, new)


@pytest.mark.parametrize("value", [1, None, object(), [b"x"], io.BytesIO, zip], ids=repr)
def test_what_cannot_be_read_is_a_type_error(value: Any) -> None:  # noqa: ANN401
    with pytest.raises(
        TypeError,
        match=f"^source_a must be str, .* or a binary file object, not {type(value).__name__}",
    ):
        komparu.compare(value, "x")


def test_a_file_in_place_of_a_list_or_a_directory_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO(b"one\ntwo\n")
    for function in (komparu.compare_all, komparu.compare_many):
        with pytest.raises(
            TypeError, match=r"^sources must be an iterable of sources, not BytesIO"
        ):
            function(file)
    with pytest.raises(komparu.ConfigError, match=r"not a local path"):
        komparu.compare_dir(tmp_path, file)
    with pytest.raises(
        komparu.ConfigError, match=r"'Reads in dir_a' is an object, not a local path"
    ):
        komparu.compare_dir(Reads(b""), tmp_path)


BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "None": (lambda: gives(b"a", None), SourceReadError, "it is in non-blocking mode"),
    "None from readinto": (lambda: fills(None), SourceReadError, "it is in non-blocking mode"),
    "more than asked": (lambda: gives(bytes(1 << 20)), SourceReadError, r"its read\(\d+\) gave 10"),
    "more than fits": (
        lambda: fills(1 << 30),
        SourceReadError,
        r"its readinto\(\) says 1073741824",
    ),
    "less than nothing": (lambda: fills(-1), SourceReadError, r"its readinto\(\) says -1 bytes"),
    "no number": (lambda: fills("1"), TypeError, r"readinto\(\) must return int"),
    "a number": (lambda: gives(b"a", 1), TypeError, r"read\(\) must return bytes, not int"),
    "an exception": (lambda: gives(b"a", LookupError("own")), LookupError, "^'own'$|^own$"),
    "a failed system call": (lambda: gives(OSError(5, "disk")), OSError, "disk"),
    "no file": (lambda: Openable(b"", lambda _: 1), TypeError, "must open a binary file object"),
    "nothing to open": (lambda: Content(lambda: 1 / 0), ZeroDivisionError, "by zero"),  # type: ignore[arg-type,return-value]
    "no arguments": (lambda: Content(lambda _: 1), TypeError, "argument"),  # type: ignore[arg-type,misc]
}


@pytest.mark.parametrize("bad", BAD)
def test_what_misbehaves_is_an_error_in_compare_and_of_its_path_in_trees(
    bad: str, tmp_path: Path
) -> None:
    make, kind, words = BAD[bad]
    (tmp_path / "a").write_bytes(b"aaaa")
    (tmp_path / "b").write_bytes(b"b")
    for compare in (
        lambda: komparu.compare(make(), tmp_path / "a"),
        lambda: komparu.compare(tmp_path / "a", make(), comparison_timeout=60),
        lambda: komparu.first_difference(make(), tmp_path / "a"),
        lambda: komparu.compare_all([tmp_path / "a", make(), tmp_path / "a"]),
        lambda: komparu.compare_many([make(), tmp_path / "a"]),
        lambda: komparu.compare_trees(tmp_path, {"a": make()}, on_error="raise"),
    ):
        with pytest.raises(kind, match=words) as raised:
            compare()
        assert type(raised.value) is kind
    result = komparu.compare_trees(tmp_path, {"a": make(), "b": Reads(b"b")})
    assert result.diff == {"a": komparu.DiffReason.READ_ERROR}
    assert result.errors == {"a"}
    assert result.verdict is komparu.Verdict.UNVERIFIED
    if kind is not SourceReadError:
        assert f": {kind.__name__}: " in result.messages["a"]


def test_the_exception_that_comes_out_is_the_very_one_with_its_traceback(write: Write) -> None:
    own = LookupError("own")
    with pytest.raises(LookupError) as raised:
        komparu.compare(gives(own), write("file", b"x"))
    assert raised.value is own
    assert "read" in [entry.name for entry in raised.traceback]
    assert own.__context__ is None


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_more_than_the_call_always_comes_out(
    kind: type[BaseException], tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"x")
    own = kind()
    for compare in (
        lambda: komparu.compare(gives(own), tmp_path / "a"),
        lambda: komparu.compare_trees(tmp_path, {"a": gives(b"x", own)}),
        lambda: komparu.compare(tmp_path / "a", Content(lambda: gives(own)), comparison_timeout=60),
    ):
        with pytest.raises(kind) as raised:
            compare()
        assert raised.value is own


def test_a_size_that_lies_is_an_error_in_an_archive_and_counts_for_nothing_else(
    write: Write,
) -> None:
    class Lies(Seeks):
        def __init__(self, content: bytes, by: int) -> None:
            super().__init__(content)
            self._by = by

        def seek(self, offset: int, whence: int = 0) -> int:
            return super().seek(offset, whence) + (self._by if whence == 2 else 0)

        def tell(self) -> int:
            return super().tell() + (self._by if super().tell() else 0)

        def __len__(self) -> int:
            return 1

    path = write("file", bytes(100_000))
    assert komparu.compare(Lies(bytes(100_000), 7), path)
    with pytest.raises(komparu.KomparuError):
        komparu.compare_archive(Lies(bytes(100_000), 70_000), Lies(bytes(100_000), 70_000))


def test_a_seek_that_goes_elsewhere_is_an_error(write: Write) -> None:
    class Strays(Seeks):
        def seek(self, offset: int, whence: int = 0) -> int:
            return super().seek(offset, whence) + 1

    with pytest.raises(SourceReadError, match=r"went to .* where .* was sought"):
        komparu.compare_archive(Strays(bytes(1000)), write("file", b""))


def test_two_objects_may_read_under_one_lock() -> None:
    lock = threading.Lock()

    class Locked(Reads):
        def read(self, size: int) -> bytes:
            with lock:
                return super().read(size)

    content = bytes(range(256)) * 1000
    assert komparu.compare(Locked(content, 1000), Locked(content, 999))
    maps = [{str(number): Locked(content, 5000) for number in range(30)} for _ in range(2)]
    assert komparu.compare_trees(*maps).equal


def test_an_object_may_call_komparu_itself(write: Write) -> None:
    content = bytes(range(256)) * 1000
    path = write("file", content)
    calls: list[bool] = []

    class Calls(Reads):
        def read(self, size: int) -> bytes:
            calls.append(komparu.compare(Reads(content, 50_000), path))
            calls.append(
                komparu.compare_trees({"x": Content(lambda: Reads(content))}, {"x": path}).equal
            )
            return super().read(size)

    assert komparu.compare(Calls(content, 100_000), path)
    assert len(calls) >= 6
    assert all(calls)


def test_a_file_that_keeps_its_buffer_harms_nothing(write: Write) -> None:
    kept: list[memoryview] = []

    class Keeps(Seeks):
        def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
            kept.append(buffer)
            count = super().readinto(buffer)
            if len(kept) % 2:
                buffer.release()
            return count

    content = bytes(range(256)) * 4000
    assert komparu.compare(Keeps(content), write("file", content))
    kept[1][:4] = b"late"


def test_what_closing_raises_is_told_and_changes_nothing() -> None:
    code = """
import io
told = []
sys.unraisablehook = lambda it: told.append(str(it.exc_value))
class Stays(io.BytesIO):
    def close(self):
        raise LookupError("stays open")
print(komparu.compare(komparu.Content(lambda: Stays(b"x")), komparu.Content(b"x")))
print([it for it in told if "stays open" in it][:1])
"""
    assert run(code) == "True\n['stays open']\n"


def test_ctrl_c_ends_a_read_that_blocks_in_python() -> None:
    code = """
class Blocks:
    closed_by = 0
    def read(self, size):
        print("reading", flush=True)
        # One endless wait would miss a signal that comes just before it: Python's own locks do.
        while True: time.sleep(0.01)
    def close(self):
        Blocks.closed_by += 1
try:
    komparu.compare(komparu.Content(Blocks), "/dev/null")
except KeyboardInterrupt:
    print("out", Blocks.closed_by, komparu.compare(komparu.Content(b""), "/dev/null"))
"""
    with start(code) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "reading\n"
        interrupt(child)
        output, errors = child.communicate()
    assert (output, errors) == ("out 1 True\n", "")


def test_ctrl_c_ends_a_comparison_of_objects(long_work: tuple[Path, Path]) -> None:
    code = """
class Zeros:
    count = 0
    def read(self, size):
        Zeros.count += 1
        if Zeros.count == 5:
            os.kill(os.getpid(), signal.SIGINT)
        return bytes(1)
try:
    komparu.compare(Zeros(), sys.argv[1])
except KeyboardInterrupt:
    print(Zeros.count < 1000000)
"""
    assert run(code, long_work[1]) == "True\n"


def test_a_limit_of_time_holds_between_two_reads(long_work: tuple[Path, Path]) -> None:
    class Endless:
        def read(self, _size: int) -> bytes:
            return bytes(1)

    with pytest.raises(komparu.ComparisonTimeoutError):
        komparu.compare(Endless(), long_work[1], comparison_timeout=0.2)
    with pytest.raises(komparu.ComparisonTimeoutError) as raised:
        komparu.compare_trees(
            {"x": Endless(), "y": Reads(b"")},
            {"x": long_work[1], "z": long_work[0]},
            comparison_timeout=0.2,
        )
    assert raised.value.partial is not None


def test_progress_is_told_while_objects_are_read(write: Write) -> None:
    told: list[komparu.Progress] = []
    content = bytes(range(256)) * 1000
    path = write("file", content)
    assert komparu.compare(Reads(content, 1000), path, progress=told.append)
    assert (told[-1].bytes, told[-1].entries) == (len(content), 1)

    def stop(_: komparu.Progress) -> None:
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        komparu.compare(Reads(content, 1000), path, progress=stop)
