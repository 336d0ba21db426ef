"""Which of many sources are the same."""

from __future__ import annotations

import copy
import os
import pickle
import threading
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import komparu
from children import run
from komparu._pairs import Pairs

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Write


def test_groups_come_in_order_of_first_appearance(write: Write) -> None:
    names = [os.fspath(write(f"{i}", b"abc"[i % 3 : i % 3 + 1])) for i in range(7)]
    result = komparu.compare_many(names)
    assert result.groups == [set(names[start::3]) for start in range(3)]
    assert (result.all_equal, bool(result)) == (False, False)
    assert komparu.compare_many(names[::3]).all_equal


def test_none_is_all_equal_and_so_is_one(pair: tuple[Path, Path]) -> None:
    none = komparu.compare_many([])
    assert (none.all_equal, none.groups, none.diff) == (True, [], {})
    one = komparu.compare_many(iter(pair[:1]))
    assert (one.all_equal, one.groups, one.diff) == (True, [{os.fspath(pair[0])}], {})


def test_names_are_the_text_that_was_given(write: Write) -> None:
    path = write("a", b"x")
    text, data, uri = os.fspath(path), os.fsencode(path) + b"/../a", path.as_uri()
    with pytest.raises(komparu.SourceNotFoundError):
        komparu.compare_many([path, data])
    result = komparu.compare_many([path, text.encode(), uri, komparu.Source(path)])
    assert result.groups == [{text, uri}]


def test_a_name_need_not_be_text(write: Write) -> None:
    path = write(b"\xff", b"x")
    name = os.fsdecode(os.fsencode(path))
    assert komparu.compare_many([os.fsencode(path)]).groups == [{name}]


def test_diff_is_a_mapping_over_all_pairs(write: Write) -> None:
    a, b, c = (os.fspath(write(name, content)) for name, content in zip("abc", [b"1", b"2", b"1"], strict=True))  # noqa: E501  # fmt: skip
    diff = komparu.compare_many([a, b, c]).diff
    expected = {(a, b): False, (a, c): True, (b, c): False}
    assert diff == expected
    assert expected == diff
    assert diff != {**expected, (a, b): True}
    assert list(diff.items()) == list(expected.items())
    assert len(diff) == 3
    assert (a, c) in diff
    for no_pair in [(c, a), (a, a), (a, "d"), a, (a, b, c), 1, None]:
        assert no_pair not in diff
        assert diff.get(no_pair) is None  # type: ignore[call-overload]
    with pytest.raises(KeyError):
        diff[c, a]
    with pytest.raises(TypeError):
        diff[a, b] = True  # type: ignore[index]
    with pytest.raises(TypeError):
        hash(diff)


def test_a_result_pickles_copies_and_compares_by_value(write: Write) -> None:
    result = komparu.compare_many([write("a", b"1"), write("b", b"2"), write("c", b"2")])
    for other in (pickle.loads(pickle.dumps(result)), copy.copy(result), copy.deepcopy(result)):  # noqa: S301
        assert other == result
        assert dict(other.diff) == dict(result.diff)
    assert repr(result.diff).startswith("Pairs([")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=7))
def test_a_name_given_twice_stands_for_all_of_its_sources(sources: list[tuple[str, int]]) -> None:
    expected: dict[tuple[str, str], bool] = {}
    for (one, first), (two, second) in combinations(sources, 2):
        expected[one, two] = expected.get((one, two), True) and first == second
    pairs = Pairs([name for name, _ in sources], [group for _, group in sources])
    assert pairs == expected
    assert (len(pairs), set(pairs)) == (len(expected), set(expected))
    assert len(list(pairs)) == len(pairs)


def test_the_same_given_twice_is_one_source(pair: tuple[Path, Path]) -> None:
    a, b = map(os.fspath, pair)
    result = komparu.compare_many([a, b, a])
    assert result.groups == [{a, b}]
    assert result.diff == {(a, b): True, (a, a): True, (b, a): True}


@pytest.mark.parametrize("options", [{}, {"max_workers": 1}, {"size_precheck": False}])
def test_thousands_of_pairs_cost_one_reading_of_each(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    contents = [b"", b"x", b"y", b"x" * 70_000, b"x" * 69_999 + b"y"]
    paths = [tmp_path / str(i) for i in range(300)]
    for i, path in enumerate(paths):
        path.write_bytes(contents[i % 5])
    result = komparu.compare_many(paths, **options)
    assert result.groups == [set(map(os.fspath, paths[start::5])) for start in range(5)]


def test_more_files_than_the_process_may_open(tmp_path: Path) -> None:
    big = [b"z" * 40_000 + bytes([i]) + b"z" * 40_000 for i in range(4)]
    for i in range(1000):
        (tmp_path / f"{i:03}").write_bytes(big[i % 4])
    code = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
paths = sorted(Path(sys.argv[1]).iterdir())
before = os.listdir("/proc/self/fd")
result = komparu.compare_many(paths)
assert result.groups == [set(map(str, paths[start::4])) for start in range(4)]
assert len(result.diff) == 499_500
assert not komparu.compare_all(paths)
assert komparu.compare_all(paths[::4])
assert os.listdir("/proc/self/fd") == before
"""
    assert run(code, tmp_path) == ""


def test_what_hides_its_size_is_read_to_its_end(write: Write) -> None:
    version = "/proc/version"
    with open(version, "rb") as file:  # noqa: PTH123
        same = os.fspath(write("same", file.read()))
    other = os.fspath(write("other", b"Linux"))
    empty = os.fspath(write("empty", b""))
    result = komparu.compare_many([version, same, other, empty, "/dev/null"])
    assert result.groups == [{version, same}, {other}, {empty, "/dev/null"}]


def test_a_source_that_cannot_be_read_is_named_the_first_of_several(
    write: Write, tmp_path: Path
) -> None:
    a = write("a", b"1")
    for compare in (komparu.compare_many, komparu.compare_all):
        with pytest.raises(komparu.SourceNotFoundError) as missing:
            compare([a, tmp_path / "b", tmp_path / "c", tmp_path])
        assert missing.value.source == os.fspath(tmp_path / "b")
        with pytest.raises(komparu.SourceReadError, match="is a directory") as directory:
            compare([a, tmp_path, tmp_path / "b"])
        assert directory.value.source == os.fspath(tmp_path)


def test_a_list_is_checked_before_anything_is_opened() -> None:
    lists: list[tuple[Any, type[Exception], str]] = [
        (["/no", b"/no", "/no", 3], TypeError, r"sources\[3\] must be str, .*, not int"),
        (["/no", None], TypeError, r"sources\[1\] must be str, .*, not NoneType"),
        (["/no", ""], ValueError, r"sources\[1\] cannot be empty"),
        (["/no", "a\0"], ValueError, r"sources\[1\] contains a NUL byte"),
        (["/no", "ftp://host/"], komparu.ConfigError, "unsupported URL scheme 'ftp'"),
        ("/no", TypeError, "sources must be an iterable of sources, not str"),
        (b"/no", TypeError, "sources must be an iterable of sources, not bytes"),
        (1, TypeError, "sources must be an iterable of sources, not int"),
    ]
    for sources, kind, message in lists:
        for compare in (komparu.compare_many, komparu.compare_all):
            with pytest.raises(kind, match=message):
                compare(sources)
    with pytest.raises(TypeError, match="unexpected keyword argument 'ignore'"):
        komparu.compare_many([], ignore=["x"])  # type: ignore[call-arg]


def test_many_threads_may_ask_at_once(write: Write) -> None:
    paths = [write(f"{i}", b"%d" % (i % 2)) for i in range(20)]
    results: list[komparu.CompareResult] = []
    threads = [
        threading.Thread(target=lambda: results.append(komparu.compare_many(paths)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(result == results[0] for result in results)
