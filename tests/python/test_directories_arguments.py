"""What `compare_dir` takes, and what it says to what it does not take."""

from __future__ import annotations

import errno
import inspect
import os
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import DiffReason, DirResult, Source
from trees import opened, pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DIFFERENT = DirResult(equal=False, diff={"x": DiffReason.CONTENT_MISMATCH})

KINDS = (
    "str, bytes, os.PathLike, komparu.Source, komparu.Content, komparu.Decompressed"
    " or a binary file object"
)


class PathLike:
    """A path that is neither a string nor a `Path`."""

    def __init__(self, path: str | bytes) -> None:
        self.path = path

    def __fspath__(self) -> str | bytes:
        return self.path


@pytest.mark.parametrize(
    "spell",
    [
        os.fspath,
        os.fsencode,
        lambda path: path,
        lambda path: PathLike(os.fspath(path)),
        lambda path: PathLike(os.fsencode(path)),
        lambda path: Source(path, timeout=1, headers={"X": "y"}),
        lambda path: f"{path}/",
        lambda path: f"{path}//.",
        lambda path: path.as_uri(),
        lambda path: f"FILE://localhost{path}/",
    ],
    ids=str,
)
def test_a_directory_is_named_in_any_way_a_source_is(
    tmp_path: Path, spell: Callable[[Path], Any]
) -> None:
    a, b = pair(tmp_path, {"x": b"1"}, {"x": b"2"})
    assert komparu.compare_dir(spell(a), b) == DIFFERENT
    assert komparu.compare_dir(a, spell(b)) == DIFFERENT


def test_a_relative_path_starts_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, _ = pair(tmp_path, {"x": b"1"}, {"x": b"2"})
    monkeypatch.chdir(a)
    assert komparu.compare_dir(".", "../b") == DIFFERENT
    assert komparu.compare_dir("..", ".").only_left == {"a/x", "b/x"}


@pytest.mark.parametrize("side", ["dir_a", "dir_b"])
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("", ValueError, "{} cannot be empty"),
        (b"", ValueError, "{} cannot be empty"),
        ("a\0b", ValueError, "{} contains a NUL byte"),
        ("file:///a%00b", ValueError, "{} contains a NUL byte"),
        ("file://", ValueError, "{}: file URL without a path"),
        (
            None,
            TypeError,
            f"{{}} must be {KINDS}, not NoneType",
        ),
        (
            1,
            TypeError,
            f"{{}} must be {KINDS}, not int",
        ),
        (
            ["a"],
            TypeError,
            f"{{}} must be {KINDS}, not list",
        ),
        ("ftp://host/d", komparu.ConfigError, "unsupported URL scheme 'ftp'"),
    ],
)
def test_what_is_no_directory_by_its_name_says_so_first(
    tmp_path: Path, side: str, value: object, error: type[Exception], message: str
) -> None:
    sides: dict[str, Any] = {"dir_a": tmp_path, "dir_b": tmp_path, side: value}
    with opened(tmp_path) as names, pytest.raises(error) as caught:
        komparu.compare_dir(**sides)
    assert str(caught.value) == message.format(side)
    assert names == set()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"chunk_size": 0}, ValueError, "chunk_size must be positive"),
        ({"chunk_size": (1 << 30) + 1}, ValueError, "chunk_size must be <= 1GB"),
        ({"max_workers": -1}, ValueError, "max_workers must be non-negative"),
        ({"max_workers": 257}, ValueError, "max_workers must be <= 256"),
        ({"comparison_timeout": 0}, ValueError, "comparison_timeout must be positive"),
        ({"follow_symlinks": 1}, TypeError, "follow_symlinks must be bool, not int"),
        ({"ignore": "*.pyc"}, TypeError, "ignore must be an iterable of str, not str"),
        ({"ignore": b"*.pyc"}, TypeError, "ignore must be an iterable of str, not bytes"),
        ({"ignore": 1}, TypeError, "ignore must be an iterable of str, not int"),
        ({"ignore": ["a", 1]}, TypeError, "ignore[1] must be str, not int"),
        (
            {"headers": {}},
            TypeError,
            "compare_dir() got an unexpected keyword argument 'headers'",
        ),
        ({"nonsense": 1}, TypeError, "compare_dir() got an unexpected keyword argument 'nonsense'"),
    ],
)
def test_a_bad_option_is_refused_before_anything_is_opened(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with opened(tmp_path) as names, pytest.raises(error) as caught:
        komparu.compare_dir(tmp_path, tmp_path, **options)
    assert str(caught.value) == message
    assert names == set()


def test_an_iterator_of_patterns_that_fails_fails_the_call(tmp_path: Path) -> None:
    def broken() -> Any:  # noqa: ANN401  # any iterable will do
        yield "*.pyc"
        raise LookupError("from the iterator")

    with pytest.raises(LookupError, match="from the iterator"):
        komparu.compare_dir(tmp_path, tmp_path, ignore=broken())


@pytest.mark.parametrize("side", ["dir_a", "dir_b"])
@pytest.mark.parametrize("spell", [os.fspath, lambda path: path.as_uri()], ids=["path", "URL"])
def test_a_file_or_nothing_is_no_directory(
    tmp_path: Path, side: str, spell: Callable[[Path], str]
) -> None:
    file, missing = tmp_path / "file", tmp_path / "missing"
    file.touch()

    def error(path: Path) -> komparu.KomparuError:
        sides: dict[str, Any] = {"dir_a": tmp_path, "dir_b": tmp_path, side: spell(path)}
        with pytest.raises(komparu.KomparuError) as caught:
            komparu.compare_dir(**sides)
        assert caught.value.source == spell(path)  # type: ignore[attr-defined]
        assert caught.value.filename == spell(path)  # type: ignore[attr-defined]
        named = str(caught.value).rpartition(": ")[0]
        # A long name is shown by its beginning and its end.
        start, cut, end = named.partition("…")
        whole = spell(path)
        assert named == whole or (cut and whole.startswith(start) and whole.endswith(end))
        return caught.value

    no_directory = error(file)
    assert type(no_directory) is komparu.SourceReadError
    assert no_directory.errno == errno.ENOTDIR
    long = tmp_path / ("x/" * 3000)
    for path in [missing, missing / "below", file / "below", tmp_path / ("x" * 255) / "y", long]:
        assert type(error(path)) is komparu.SourceNotFoundError
    assert type(error(tmp_path / ("x" * 256))) is komparu.SourceReadError


def test_one_directory_under_two_names_is_equal_at_once(tmp_path: Path) -> None:
    a, _ = pair(tmp_path, {"x": b"1", "d": {"y": b""}}, {})
    (tmp_path / "link").symlink_to(a)
    (a / "broken").symlink_to("nowhere")
    with opened(a, a / "d") as names:
        for other in [str(a), f"{a}/", f"{a}/d/..", str(tmp_path / "link")]:
            assert komparu.compare_dir(a, other) == DirResult(equal=True)
    assert names == {"."}


def test_the_signature_is_the_documented_one() -> None:
    parameters = inspect.signature(komparu.compare_dir).parameters
    kinds = [(name, parameter.kind.name) for name, parameter in parameters.items()]
    options = "chunk_size size_precheck quick_check follow_symlinks max_workers ignore only one_way"
    more = [
        "ignore_case",
        "moves",
        "comparison_timeout",
        "retries",
        "retry_delay",
        "read_holes",
        "detect_changes",
        "where",
        "context",
    ]
    more += ["max_differences", "on_error", "progress"]
    assert kinds == [
        *((name, "POSITIONAL_OR_KEYWORD") for name in ("dir_a", "dir_b")),
        *((name, "KEYWORD_ONLY") for name in [*options.split(), *more]),
    ]
