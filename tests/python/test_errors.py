"""The exceptions: their family, what they carry, and that they can be sent elsewhere."""

from __future__ import annotations

import copy
import errno
import os
import pickle
from typing import TYPE_CHECKING

import pytest

import komparu

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Write

FAMILY: dict[type[Exception], tuple[type, ...]] = {
    komparu.KomparuError: (Exception,),
    komparu.SourceNotFoundError: (komparu.KomparuError, FileNotFoundError),
    komparu.SourceReadError: (komparu.KomparuError, OSError),
    komparu.SourcePermissionError: (komparu.SourceReadError, PermissionError),
    komparu.ArchiveError: (komparu.KomparuError, OSError),
    komparu.ArchiveBombError: (komparu.ArchiveError, OSError),
    komparu.ConfigError: (komparu.KomparuError, ValueError),
    komparu.ManifestError: (komparu.KomparuError, ValueError),
    komparu.ComparisonTimeoutError: (komparu.KomparuError, TimeoutError),
}


@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_is_caught_under_both_its_names(kind: type[Exception]) -> None:
    for base in FAMILY[kind]:
        assert issubclass(kind, base)
    assert kind.__doc__


def test_what_is_not_found_is_no_read_error() -> None:
    assert not issubclass(komparu.SourceNotFoundError, komparu.SourceReadError)


def error_of(a: object, b: object) -> komparu.KomparuError:
    with pytest.raises(komparu.KomparuError) as caught:
        komparu.compare(a, b)  # type: ignore[arg-type]
    return caught.value


def test_a_missing_file_is_named_with_its_cause(write: Write) -> None:
    file = write("file", b"x")
    for a, b in [("/no/such", file), (file, "/no/such"), ("/no/such", "/no/such/either")]:
        error = error_of(a, b)
        assert isinstance(error, komparu.SourceNotFoundError)
        assert error.source == error.filename == "/no/such"
        assert error.errno == errno.ENOENT
        assert error.strerror == "No such file or directory"
        assert error.status is None
        assert str(error) == "/no/such: No such file or directory"


@pytest.mark.parametrize(
    "name", ["new\nline", "carriage\rreturn", "esc\x1b[31m", "\u2028", "\udcff"]
)
def test_a_message_is_one_line_whatever_the_name(tmp_path: Path, name: str) -> None:
    error = error_of(tmp_path / name, "/no/such")
    assert len(str(error).splitlines()) == 1
    assert str(error).isprintable()
    assert isinstance(error, komparu.SourceNotFoundError)
    assert error.source == os.fspath(tmp_path / name)


def test_the_source_is_as_the_user_gave_it(tmp_path: Path) -> None:
    path = tmp_path / "not here"
    for source, text in [
        (path, os.fspath(path)),
        (os.fsencode(path), os.fspath(path)),
        (path.as_uri(), path.as_uri()),
        (komparu.Source(path), os.fspath(path)),
    ]:
        error = error_of(source, "/dev/null")
        assert isinstance(error, komparu.SourceNotFoundError)
        assert error.source == text


def test_a_directory_says_so_as_the_system_would(tmp_path: Path) -> None:
    error = error_of(tmp_path, "/dev/null")
    assert isinstance(error, komparu.SourceReadError)
    assert (error.errno, str(error)) == (errno.EISDIR, f"{tmp_path}: is a directory")


def test_a_name_that_is_too_long_is_the_systems_error() -> None:
    error = error_of("x" * 5000, "/dev/null")
    assert isinstance(error, komparu.SourceReadError)
    assert error.errno == errno.ENAMETOOLONG


def test_what_lies_below_a_file_is_not_found(write: Write) -> None:
    error = error_of(write("file", b"") / "below", "/dev/null")
    assert isinstance(error, komparu.SourceNotFoundError)
    assert error.errno == errno.ENOTDIR


def carried(error: Exception) -> list[object]:
    names = ["source", "filename", "errno", "strerror", "status", "args", "__notes__"]
    return [type(error), str(error), *[getattr(error, name, "none") for name in names]]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_pickling_and_copying(protocol: int, tmp_path: Path) -> None:
    found = error_of("/no/such", "/dev/null")
    assert isinstance(found, komparu.SourceNotFoundError)
    found.__dict__["__notes__"] = ["seen on Monday"]
    errors: list[Exception] = [found, error_of(tmp_path, "/dev/null")]
    errors.append(komparu.SourceReadError("u: gone", source="u", errno=5, status=503))
    errors.append(komparu.ArchiveBombError("archive bomb: 2 > 1", source="x.zip"))
    errors += [komparu.ConfigError("no"), komparu.ComparisonTimeoutError("late")]
    errors += [kind() for kind in FAMILY]
    for error in errors:
        for twin in [
            pickle.loads(pickle.dumps(error, protocol)),  # noqa: S301  # our own
            copy.copy(error),
            copy.deepcopy(error),
        ]:
            assert carried(twin) == carried(error)


def test_results_pickle_copy_and_compare_by_value() -> None:
    differs = komparu.DiffReason.CONTENT_MISMATCH
    results: list[object] = [
        komparu.DirResult(False, {"a": differs}, {"b"}, {"c"}, {"d"}, {"d": "why"}),  # noqa: FBT003
        komparu.CompareResult(False, [{"a"}, {"b"}], {("a", "b"): False}),  # noqa: FBT003
        komparu.Source("a", headers={"X": "y"}, timeout=1.5),
        komparu.get_config(),
        differs,
        komparu.Verdict.UNVERIFIED,
    ]
    for result in results:
        twin = pickle.loads(pickle.dumps(result))  # noqa: S301  # our own
        assert twin == result
        assert copy.copy(result) == result
        assert copy.deepcopy(result) == result


def test_a_verdict_says_what_is_known() -> None:
    missing, unread = komparu.DiffReason.MISSING, komparu.DiffReason.READ_ERROR
    verdict = komparu.Verdict
    for result, expected in [
        (komparu.DirResult(equal=True), verdict.EQUAL),
        (komparu.DirResult(equal=False, diff={"a": missing}), verdict.DIFFERENT),
        (komparu.DirResult(equal=False, only_left={"a"}), verdict.DIFFERENT),
        (komparu.DirResult(equal=False, only_right={"a"}), verdict.DIFFERENT),
        (komparu.DirResult(equal=False, diff={"a": unread}, errors={"a"}), verdict.UNVERIFIED),
        (komparu.DirResult(equal=False, only_left={"b"}, errors={"a"}), verdict.DIFFERENT),
    ]:
        assert result.verdict is expected
        assert bool(result) is (expected is verdict.EQUAL)


def test_what_is_frozen_stays_as_it_is() -> None:
    for frozen, name in [
        (komparu.DirResult(equal=True), "equal"),
        (komparu.CompareResult(all_equal=True), "all_equal"),
        (komparu.Source("a"), "url"),
        (komparu.get_config(), "chunk_size"),
    ]:
        with pytest.raises(AttributeError):
            setattr(frozen, name, 1)
        assert not hasattr(frozen, "__dict__")
