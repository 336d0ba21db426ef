"""The pytest plugin says why a result is false, updates what is expected, and is no burden."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]

pytestmark = pytest.mark.thread_unsafe(reason="pytester changes the process's directory")

_TREES = """
    import komparu
    import pytest
    from komparu.testing import assert_same

    @pytest.fixture
    def a(tmp_path):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "f.txt").write_text("price: 10")
        return tmp_path / "a"

    @pytest.fixture
    def b(tmp_path):
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "f.txt").write_text("price: 99")
        return tmp_path / "b"

    @pytest.fixture
    def archives(tmp_path, a, b):
        import shutil
        return [shutil.make_archive(str(one) + "-packed", "zip", one) for one in (a, b)]
"""

_ALONE = [
    "*- komparu -*",
    "left and right are not the same: 1 different",
    "  f.txt: content mismatch",
]

_WITH_PLACE = [*_ALONE, "    offset 7, line 1", "    left   'price: 10'", "    right  'price: 99'"]


def run(pytester: pytest.Pytester, body: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(_TREES + body)
    return pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", *options)


@pytest.mark.parametrize(
    ("statement", "lines"),
    [
        ("assert komparu.compare_dir(a, b)", _WITH_PLACE),
        ("assert komparu.compare_dir(str(a), b, follow_symlinks=False), 'a message'", _ALONE),
        ("assert komparu.compare_dir(a.parent / 'a', b.parent / 'b')", _ALONE),
        ("assert komparu.compare_archive(*archives)", _ALONE),
        ("result = komparu.compare_dir(a, b); assert result", _ALONE),
        (
            "result = komparu.compare_dir(a, b)\n        assert (\n            result\n        )",
            _ALONE,
        ),
        ("assert komparu.compare_dir(a, b).equal", _WITH_PLACE),
        ("assert 1 == 1 and komparu.compare_dir(a, b)", _WITH_PLACE),
        ("assert komparu.compare_dir(a, a) and komparu.compare_dir(a, b)", _ALONE),
        ("check = komparu.compare_dir; assert check(a, b) is True", _WITH_PLACE),
    ],
)
def test_a_failed_assertion_says_why_its_result_is_false(
    pytester: pytest.Pytester, statement: str, lines: list[str]
) -> None:
    # Without rewriting pytest does not keep what an expression was, and a name is what it is.
    hows = ["rewrite", "plain"] if statement.startswith("result") else ["rewrite"]
    body = f"""
    def test_it(a, b, archives):
        {statement}
    """
    for how in hows:
        done = run(pytester, body, f"--assert={how}")
        done.assert_outcomes(failed=1)
        done.stdout.fnmatch_lines(lines, consecutive=True)


def test_other_failures_are_left_as_they_are(pytester: pytest.Pytester) -> None:
    body = """
    def test_value(a, b):
        result = komparu.compare_dir(a, b)
        assert 1 == 2

    def test_raised(a, b):
        result = komparu.compare_dir(a, b)
        raise AssertionError("mine")

    def test_equal(a):
        assert not komparu.compare_dir(a, a)

    def test_other(a, b):
        result = komparu.compare_dir(a, b)
        raise RuntimeError

    def test_passes(a, b):
        assert not komparu.compare_dir(a, b)

    exec("def test_no_source(a, b):\\n    assert komparu.compare_dir(a, b)")
    """
    done = run(pytester, body)
    done.assert_outcomes(failed=5, passed=1)
    done.stdout.no_fnmatch_line("*left and right*")


def test_assert_same_says_the_same_without_the_plugin(pytester: pytest.Pytester) -> None:
    body = """
    def test_it(a, b):
        assert_same(a, b)
    """
    for options in [(), ("-p", "no:komparu"), ("--assert=plain",)]:
        done = run(pytester, body, *options)
        done.assert_outcomes(failed=1)
        done.stdout.fnmatch_lines(
            [
                ">       assert_same(a, b)",
                "E       AssertionError: actual and expected are not the same: 1 different",
                "E         f.txt: content mismatch",
                "E           offset 7, line 1",
                "E           actual    'price: 10'",
                "E           expected  'price: 99'",
            ]
        )


_UPDATED = """
    from pathlib import Path

    @pytest.mark.parametrize("number", range(8))
    def test_it(a, number):
        (a / "number").write_text(str(number))
        assert_same(a, Path(__file__).parent / "expected" / str(number))
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_is_expected_is_rewritten_where_pytest_is_told_to(
    pytester: pytest.Pytester, options: tuple[str, ...]
) -> None:
    run(pytester, _UPDATED, *options).assert_outcomes(failed=8)
    assert not (pytester.path / "expected").exists()
    run(pytester, _UPDATED, *options, "--komparu-update").assert_outcomes(passed=8)
    assert (pytester.path / "expected/7/number").read_text() == "7"
    (pytester.path / "expected/7/number").write_text("old")
    (pytester.path / "expected/6/gone").write_text("")
    run(pytester, _UPDATED, *options).assert_outcomes(failed=2, passed=6)
    run(pytester, _UPDATED, *options, "--komparu-update").assert_outcomes(passed=8)
    run(pytester, _UPDATED, *options).assert_outcomes(passed=8)


def test_explanations_come_through_xdist(pytester: pytest.Pytester) -> None:
    body = """
    def test_it(a, b):
        assert komparu.compare_dir(a, b)
    """
    done = run(pytester, body, "-n", "2")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(_WITH_PLACE, consecutive=True)


def test_a_pytest_within_a_pytest_has_an_option_of_its_own(pytester: pytest.Pytester) -> None:
    body = """
    pytest_plugins = ["pytester"]

    def test_inner(pytester, a, b):
        import _komparu_pytest
        assert _komparu_pytest.updating
        pytester.makepyfile(
            "import _komparu_pytest as plugin\\n"
            "def test(): assert not plugin.updating"
        )
        pytester.runpytest_inprocess().assert_outcomes(passed=1)
        assert _komparu_pytest.updating
        assert_same(a, b)
    """
    run(pytester, body, "--komparu-update").assert_outcomes(passed=1)


def test_without_the_plugin_there_is_no_option(pytester: pytest.Pytester) -> None:
    done = run(pytester, "", "-p", "no:komparu", "--komparu-update")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    shown = pytester.runpytest_subprocess("--help").stdout
    shown.fnmatch_lines(["komparu:", "*--komparu-update*"])


def test_a_run_without_komparu_does_not_import_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert "_komparu_pytest" in sys.modules
            assert not [name for name in sys.modules if name.partition(".")[0] == "komparu"]

        def test_fails():
            assert 1 == 2
        """
    )
    pytester.makeconftest(
        """
        import sys

        def pytest_unconfigure():
            print("imported:", [name for name in sys.modules if name.startswith("komparu")])
        """
    )
    done = pytester.runpytest_subprocess("-W", "error")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["imported: [[]]"])


def test_komparu_may_be_imported_before_pytest_begins(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test(): pass\n")
    for module in ("komparu", "_komparu_pytest", "komparu.testing"):
        code = f"import {module}, sys, pytest; sys.exit(pytest.main(['-W', 'error', '-q']))"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in done.stdout
