"""`komparu.filecmp` answers as the standard `filecmp` of the Python that runs the tests."""

from __future__ import annotations

import filecmp as standard
import io
import itertools
import json
import os
import pickle
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import komparu
from children import interrupt, outcome, start, wait_until_comparing
from komparu import _core, _file_pairs
from komparu import filecmp as ours
from trees import Entry, Fifo, Link, pair, plant
from unprivileged import open_to_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from conftest import Write

pytestmark = pytest.mark.thread_unsafe(
    reason="both modules have one cache, and reports go to the process's standard output"
)

MODULES = [standard, ours]

NAMES = ["a", "b", "\n", "\udcff", "é", "CVS", ".hg", "x:"]
CONTENTS = st.sampled_from([b"", b"1", b"2", b"12", b"x" * 9000, b"x" * 8999 + b"y"])
TARGETS = st.sampled_from(["a", "b", ".", "../a", "nowhere", "/dev/null", "../../b/a"])
LEAVES: st.SearchStrategy[Entry] = st.one_of(
    CONTENTS, CONTENTS, CONTENTS, st.just(Fifo()), st.builds(Link, TARGETS)
)


def trees(inner: st.SearchStrategy[Entry]) -> st.SearchStrategy[dict[str, Entry]]:
    return st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)


TREES = trees(st.recursive(LEAVES, trees, max_leaves=8))


@pytest.fixture(autouse=True)
def _no_outcomes_kept() -> Iterator[None]:
    for module in MODULES:
        module.clear_cache()
    yield
    for module in MODULES:
        module.clear_cache()


def answer(call: Callable[[], object]) -> object:
    """What a call returns, or raises and how that is worded."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # any that the other module raises, too
        return type(error), str(error)


def same_answer(call: Callable[[ModuleType], object]) -> object:
    """Have both modules answer; it must be the same."""
    theirs, mine = (answer(lambda module=module: call(module)) for module in MODULES)  # type: ignore[misc]
    assert mine == theirs
    return mine


def printed(report: Callable[[], object]) -> tuple[str, object]:
    """What a report prints, and what it raises in the end."""
    with redirect_stdout(io.StringIO()) as output:
        raised = answer(report)
    return output.getvalue(), raised


class DeepStandard(standard.dircmp[str]):
    """The standard class, reading contents: Python 3.13's can be told to."""

    def phase3(self) -> None:
        lists = standard.cmpfiles(self.left, self.right, self.common_files, shallow=False)
        self.same_files, self.diff_files, self.funny_files = lists

    methodmap: dict[str, Callable[..., None]] = {  # noqa: RUF012
        **standard.dircmp.methodmap,
        "same_files": phase3,
        "diff_files": phase3,
        "funny_files": phase3,
    }


@pytest.mark.skipif(
    find_spec("test") is None or find_spec("test.test_filecmp") is None,
    reason="this Python comes without its own tests",
)
def test_the_standard_modules_own_tests_pass(tmp_path: Path) -> None:
    code = (
        "import sys, unittest, komparu.filecmp\n"
        "sys.modules['filecmp'] = komparu.filecmp\n"
        "from test import test_filecmp\n"
        "assert test_filecmp.filecmp is komparu.filecmp\n"
        "unittest.main(module=test_filecmp)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("\nOK\n")
    assert "skipped" not in done.stderr


def test_every_name_of_the_standard_module_is_there() -> None:
    for name, value in vars(standard).items():
        assert hasattr(ours, name), name
        if not callable(value) and not name.startswith("_"):
            assert getattr(ours, name) == value
    assert sorted(ours.__all__) == sorted(standard.__all__)
    assert ours.DEFAULT_IGNORES is not standard.DEFAULT_IGNORES
    assert ours.dircmp[str].__origin__ is ours.dircmp  # type: ignore[attr-defined]
    assert list(ours.dircmp.methodmap) == list(standard.dircmp.methodmap)
    with pytest.raises(AttributeError, match="no_such_name"):
        ours.no_such_name  # type: ignore[attr-defined]  # noqa: B018


def reject_mazes(root: Path) -> None:
    """Leave out trees through which a few links make millions of ways."""
    ways = [root]
    for count in itertools.count():
        if count > 200:
            reject()
        if not ways:
            return
        ways += [path for path in ways.pop().iterdir() if path.is_dir()]


def all_pairs(a: Path, b: Path) -> list[tuple[Path, Path]]:
    left, right = (sorted([root, *root.glob("*"), root / "missing"]) for root in (a, b))
    return list(itertools.product(left, right))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(a=TREES, b=TREES, times=st.lists(st.sampled_from([0, 1, 1.25]), min_size=1, max_size=7))
def test_trees_compare_as_with_the_standard_module(
    a: dict[str, Entry], b: dict[str, Entry], times: list[float]
) -> None:
    with tempfile.TemporaryDirectory() as home:
        left, right = pair(Path(home), a, b)
        reject_mazes(left)
        moments = itertools.cycle(times)
        for path in sorted(Path(home).rglob("*")):
            os.utime(path, (0, next(moments)), follow_symlinks=False)
        for shallow in (True, False, 0, 1):
            for f1, f2 in all_pairs(left, right):
                same_answer(lambda module: module.cmp(f1, f2, shallow))  # noqa: B023
            names = [*NAMES, *NAMES, "missing", "", "a/b", "a/../b", str(left / "a"), "\ud800"]
            for convert in (str, Path, os.fsencode):
                some: list[Any] = [*names] if convert is not os.fsencode else [b"a", b"\xff", b"b"]
                same_answer(
                    lambda module: module.cmpfiles(convert(left), convert(right), some, shallow)  # noqa: B023
                )
        same_directories(str(left), str(right))


def same_directories(left: str, right: str) -> None:
    """Compare all attributes, and all reports."""

    def make(module: ModuleType, shallow: object) -> Any:  # noqa: ANN401
        if module is standard:
            return (standard.dircmp if shallow else DeepStandard)(left, right)
        return ours.dircmp(left, right, shallow=bool(shallow))

    def attributes(directories: Any, left: int) -> object:  # noqa: ANN401
        if left == 0:
            return "a loop of links"
        lists = [
            getattr(directories, name) for name in standard.dircmp.methodmap if name != "subdirs"
        ]
        below = {name: attributes(sub, left - 1) for name, sub in directories.subdirs.items()}
        return lists, below

    for shallow in (True, False):
        same_answer(lambda module: attributes(make(module, shallow), 8))  # noqa: B023
        for report in ("report", "report_partial_closure", "report_full_closure"):
            same_answer(lambda module: printed(getattr(make(module, shallow), report)))  # noqa: B023


def test_arguments_are_refused_as_by_the_standard_module(pair: tuple[Path, Path]) -> None:
    a, b = pair
    pairs: list[tuple[Any, Any]] = [
        (None, b), (a, None), ("", b), (a, "\0"), (b"\0", b), (a, "\ud800"), ([], a), (a, 1.5),
    ]  # fmt: skip
    for paths in pairs:
        for shallow in (True, False):
            same_answer(lambda module: module.cmp(*paths, shallow))  # noqa: B023
    home = str(a.parent)
    directories: list[tuple[Any, Any, Any]] = [
        (home, home, ["a\0"]), (home, home, ["a", b"a"]), (home, os.fsencode(home), ["a"]),
        (home, home, [a.relative_to(home), "b"]), (home, home, [1]), (1, home, ["a"]),
        (1, home, []), (home, home, "ab"), (home, home, None), ("", "", ["a"]), (home, home, [""]),
        (None, None, []), (home, home + "\0", ["a"]),
    ]  # fmt: skip
    for arguments in directories:
        for shallow in (True, False):
            same_answer(lambda module: module.cmpfiles(*arguments, shallow))  # noqa: B023
    assert ours.cmpfiles(home, home, iter(["a", "b"])) == (["a", "b"], [], [])
    same_answer(lambda module: module.dircmp(home, 1).common)
    same_answer(lambda module: module.dircmp(home, "\0").common)
    same_answer(lambda module: module.dircmp(home, home).nothing)
    same_answer(lambda module: module.dircmp(home, home, None, None, True).left)  # noqa: FBT003


def test_a_name_that_looks_like_a_url_is_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http:", "file:", "s3:"):
        plant(tmp_path / name, {"host": {"a": b"1", "b": b"1", "c": b"2"}})
        monkeypatch.chdir(tmp_path)
        root = f"{name}//host"
        assert ours.cmp(f"{root}/a", f"{root}/b", shallow=False)
        assert not ours.cmp(f"{root}/a", f"{root}/c", shallow=False)
        assert ours.cmpfiles(root, root, ["a", "b"], shallow=False) == (["a", "b"], [], [])


def test_descriptors_are_read_from_where_they_are(write: Write) -> None:
    a, b = write("a", b"12"), write("b", b"32")
    for module in MODULES:
        descriptors = [os.open(path, os.O_RDONLY) for path in (a, b)]
        for descriptor in descriptors:
            os.lseek(descriptor, 1, os.SEEK_SET)
        assert module.cmp(*descriptors, shallow=False)
        for descriptor in descriptors:
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(descriptor)


def test_outcomes_are_kept_and_forgotten_as_by_the_standard_module(tmp_path: Path) -> None:
    names = [f"{number:03}" for number in range(250)]
    contents = {name: name.encode() for name in names}
    left, right = pair(tmp_path, contents, {**contents, "007": b"bad"})
    for path in [*left.iterdir(), *right.iterdir()]:
        os.utime(path, (0, 0.1))
    a, b = str(left), str(right)
    steps: list[Callable[[ModuleType], object]] = [
        lambda module: module.cmp(left / "000", right / "000", shallow=False),
        lambda module: module.cmpfiles(a, b, names[:60], shallow=False),
        lambda module: module.cmpfiles(a, b, names[:30], shallow=False),
        lambda module: module.cmpfiles(a, b, names[:100]),
        lambda module: module.cmpfiles(a, b, [*names[60:100], "missing"], shallow=False),
        lambda module: module.cmp(f"{a}/100", f"{b}/100", False),  # noqa: FBT003
        lambda module: module.cmp(f"{a}/101", f"{b}/101", False),  # noqa: FBT003
        lambda module: module.cmpfiles(a, b, names, shallow=False),
        lambda module: module.cmpfiles(a, b, names[:101], shallow=False),
        lambda module: module.cmp(left / "000", right / "000", shallow=False),
        lambda module: module.clear_cache(),
        lambda module: module.cmpfiles(a, b, names[:101], shallow=False),
        lambda module: module.cmpfiles(a, b, names[101:103], shallow=False),
    ]
    for step in steps:
        same_answer(step)
        same_answer(lambda module: module._cache)


def test_an_outcome_holds_while_both_signatures_do(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    (tmp_path / "right").mkdir()
    a, b = tmp_path / "left/a", tmp_path / "right/a"
    left, right = str(a.parent), str(b.parent)
    a.write_bytes(b"1")
    os.utime(a, (0, 0))
    for content, time in [(b"1", 0), (b"2", 0), (b"2", 1), (b"1", 1), (b"1", 0), (b"12", 0)]:
        b.write_bytes(content)
        os.utime(b, (0, time))
        same_answer(lambda module: module.cmp(a, b, shallow=False))
        same_answer(lambda module: module.cmpfiles(left, right, ["a", "b"], shallow=False))
        same_answer(lambda module: module.cmp(str(a), str(b), shallow=False))
        same_answer(lambda module: module.cmp(str(a), str(b)))


_AS_ORDINARY_USER = """
import filecmp, json
from komparu import filecmp as ours
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
a, b = sys.argv[1:]
def answer(call):
    try:
        return repr(call())
    except Exception as error:
        return repr((type(error), str(error), getattr(error, "filename", None)))
for module in filecmp, ours:
    paths = [f"{x}/{f}" for x in (a, b) for f in "abcde"]
    answers = [
        answer(lambda: module.cmp(x, y, shallow))
        for x in paths for y in paths for shallow in (True, False)
    ]
    for x, y in (a, b), (a, a):
        for shallow in True, False:
            answers.append(answer(lambda: module.cmpfiles(x, y, [*"abcde", "c/f"], shallow)))
        compared = module.dircmp(x, y)
        attributes = [name for name in module.dircmp.methodmap if name != "subdirs"]
        answers += [answer(lambda: getattr(compared, name)) for name in attributes]
    print(json.dumps(answers))
"""


def test_what_may_not_be_read_is_said_as_by_the_standard_module() -> None:
    with open_to_all() as home:
        tree: dict[str, Entry] = {"a": b"1", "b": b"1", "c": {"f": b"1"}, "d": b"", "e": b"2"}
        left, right = pair(home, tree, tree)
        for root in (left, right):
            root.chmod(0o755)
            for name, mode in [("a", 0), ("b", 0o644), ("c", 0), ("d", 0), ("e", 0o644)]:
                os.utime(root / name, (0, root == left))
                (root / name).chmod(mode)
        status, output, errors = outcome(_AS_ORDINARY_USER, left, right)
    assert (status, errors) == (0, "")
    theirs, mine = (json.loads(line) for line in output.splitlines())
    assert mine == theirs
    assert any("PermissionError" in answer for answer in mine)


def test_a_file_that_changes_meanwhile_is_an_error_and_never_the_same(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = pair
    changed = komparu.SourceReadError(f"{a}: was modified while it was compared", source=str(a))
    monkeypatch.setattr(_core, "compare_files", lambda *_, **__: ([changed], 0, []))
    with pytest.raises(OSError, match="was modified while it was compared"):
        ours.cmp(a, b, shallow=False)
    assert ours.cmpfiles(str(a.parent), str(a.parent), ["a"], shallow=False) == ([], [], ["a"])
    assert _file_pairs.cache == {}


class Hooked(ours.dircmp[str]):
    """What users of the standard class do with it: a deep phase3, a report of their own."""

    reported: list[str]

    def phase3(self) -> None:
        lists = ours.cmpfiles(self.left, self.right, self.common_files, shallow=False)
        self.same_files, self.diff_files, self.funny_files = lists

    def report(self) -> None:
        print("mine", self.left, self.same_files, self.diff_files)  # noqa: T201

    methodmap = {  # noqa: RUF012
        **ours.dircmp.methodmap,
        "same_files": phase3,
        "diff_files": phase3,
        "funny_files": phase3,
    }


def test_subclasses_can_change_what_is_compared_and_what_is_reported(tmp_path: Path) -> None:
    tree: dict[str, Entry] = {"f": b"1", "d": {"f": b"1", "e": {"f": b"1"}}}
    left, right = pair(tmp_path, tree, {**tree, "d": {"f": b"2", "e": {"f": b"1"}}})
    for path in [*left.rglob("f"), *right.rglob("f")]:
        os.utime(path, (0, 0))
    shallow = ours.dircmp(str(left), str(right))
    assert shallow.subdirs["d"].same_files == ["f"]
    hooked = Hooked(str(left), str(right))
    text, raised = printed(hooked.report_full_closure)
    assert raised is None
    assert text == (f"mine {left} ['f'] []\n\nmine {left}/d [] ['f']\n\nmine {left}/d/e ['f'] []\n")
    assert {type(below) for below in hooked.subdirs.values()} == {Hooked}
    hooked.phase4_closure()


def test_shallow_reaches_subdirectories_and_old_subclasses_on_every_python(tmp_path: Path) -> None:
    left, right = pair(tmp_path, {"d": {"f": b"1"}}, {"d": {"f": b"2"}})
    for root in (left, right):
        os.utime(root / "d/f", (0, 0))

    class Old(ours.dircmp[str]):
        def __init__(self, a: str, b: str, ignore: Any = None, hide: Any = None) -> None:  # noqa: ANN401
            super().__init__(a, b, ignore, hide)

    assert ours.dircmp(str(left), str(right)).subdirs["d"].same_files == ["f"]
    deep = ours.dircmp(str(left), str(right), shallow=False)
    assert deep.subdirs["d"].diff_files == ["f"]
    if sys.version_info < (3, 13):
        assert Old(str(left), str(right)).subdirs["d"].same_files == ["f"]


def test_a_report_on_a_large_tree_is_that_of_the_standard_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More directories and files than are compared at once, and some that cannot be listed."""
    monkeypatch.setattr(ours, "_FILES_AHEAD", 7)
    leaf: dict[str, Entry] = {f"{number}": b"1" for number in range(5)}
    tree: dict[str, Entry] = {f"d{number}": {"e": leaf, **leaf} for number in range(9)}
    left, right = pair(tmp_path, tree, {**tree, "d3": {"e": {"0": b"2"}, "new": b""}})
    same_directories(str(left), str(right))
    text, raised = printed(ours.dircmp(str(left), str(right)).report_full_closure)
    assert (raised, text.count("\ndiff ")) == (None, 18)

    listed = os.listdir

    def refusing(path: str) -> list[str]:
        if path.endswith(("a/d5/e", "b/d7")):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "listdir", refusing)
    report = same_answer(
        lambda module: printed(module.dircmp(str(left), str(right)).report_full_closure)
    )
    assert "PermissionError" in str(report)
    assert f"diff {left}/d5/e" in str(report)


def test_a_comparison_can_be_pickled_while_a_report_goes_on(tmp_path: Path) -> None:
    left, right = pair(tmp_path, {"d": {"e": {}}}, {"d": {"e": {}}})

    class Stopped(Exception):  # noqa: N818
        pass

    class Output(io.StringIO):
        def write(self, text: str) -> int:
            if "d" in text.split("/"):
                raise Stopped
            return super().write(text)

    directories = ours.dircmp(str(left), str(right))
    with redirect_stdout(Output()), pytest.raises(Stopped):
        directories.report_full_closure()
    again = pickle.loads(pickle.dumps(directories))  # noqa: S301
    assert printed(again.report_full_closure) == printed(directories.report_full_closure)


def test_ctrl_c_ends_a_comparison_of_many_files(
    long_work: tuple[Path, Path], tmp_path: Path
) -> None:
    code = """
from komparu import filecmp
try:
    filecmp.cmpfiles(*sys.argv[1:], list(map(str, range(1000))), shallow=False)
except KeyboardInterrupt:
    print(filecmp._cache, len(os.listdir("/proc/self/fd")) < 50)
"""
    # Each name is a gigabyte: all of them take minutes.
    a, b = tmp_path / "a", tmp_path / "b"
    for directory, path in [(a, long_work[0]), (b, long_work[1])]:
        directory.mkdir()
        for number in range(1000):
            (directory / str(number)).symlink_to(path)
    with start(code, a, b) as child:
        wait_until_comparing(child, "komparu-worker")
        interrupt(child)
        output, errors = child.communicate()
    assert (errors, output) == ("", "{} True\n")


def test_the_module_is_a_program_as_the_standard_one(tmp_path: Path) -> None:
    left, right = pair(tmp_path, {"d": {"f": b"1"}, "g": b""}, {"d": {"f": b"12"}})

    def run(module: str, *arguments: str | Path) -> tuple[int, str]:
        command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    for arguments in [(left, right), ("-r", left, right), (left,), ("-x", left, right)]:
        assert run("komparu.filecmp", *arguments) == run("filecmp", *arguments)


def test_files_are_compared_as_built_in_options_say(pair: tuple[Path, Path]) -> None:
    a, b = pair
    komparu.configure(comparison_timeout=1e-9)
    assert ours.cmp(a, b, shallow=False)
    assert ours.cmpfiles(str(a.parent), str(a.parent), ["a"], shallow=False) == (["a"], [], [])


def test_what_cannot_be_compared_is_found_out_from_the_standard_module() -> None:
    raised = answer(lambda: standard.cmpfiles("", "", ["\0"]))
    assert (ValueError in _file_pairs._NOT_COMPARABLE) == (raised == ([], [], ["\0"]))
