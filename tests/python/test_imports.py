"""What is imported with komparu is all that it needs, and is the same when imported again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import komparu
from children import outcome, run

PACKAGE = Path(komparu.__file__).parent

#: Makes files and archives in an empty directory.
EVERYTHING = """
import asyncio, gzip, io, tarfile
import komparu
root = Path(sys.argv[1])
for name in ("left", "right"):
    directory = root / name
    directory.mkdir()
    (directory / "same").write_bytes(b"the same")
    (directory / "differs").write_bytes(name.encode())
    (directory / name).write_bytes(b"only here")
    with tarfile.open(root / (name + ".tar.gz"), "w:gz") as tar:
        tar.add(directory, ".")
(root / "left" / "kind").mkdir()
(root / "right" / "kind").write_bytes(b"a file")
pair = ["left/same", "right/same"]
loop = asyncio.new_event_loop()
"""
#: Calls everything that there is, in that directory.
CALLS = """
def raised(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except Exception as error:
        return type(error).__name__
def shown(result):
    return sorted(f"{path}: {reason.name}" for path, reason in result.diff.items())
print(komparu.compare(*pair), komparu.compare_all(pair), komparu.compare(*pair, chunk_size=1))
print(shown(komparu.compare_dir("left", "right")), komparu.compare_dir("left", "left").verdict.name)
print(shown(komparu.compare_archive("left.tar.gz", "right.tar.gz")))
many = komparu.compare_many([*pair, "left/differs"])
print(many.groups == [set(pair), {"left/differs"}], many.diff[tuple(pair)])
print(shown(komparu.compare_dir_urls("left", {"same": "right/same", "differs": "no/such"})))
print(raised(komparu.compare, "no", "such"), raised(komparu.compare, "left", "right"))
print(raised(komparu.compare, "left/same", 5), raised(komparu.compare, "left/same", ""))
print(raised(komparu.compare, *pair, chunk_size=0), raised(komparu.configure, colour=1))
print(raised(komparu.compare, *pair, comparison_timeout=1e-9))
print(raised(komparu.compare, "ftp://h/", ""))
print(raised(komparu.compare_archive, "left/same", "left.tar.gz"))
print(raised(komparu.compare_archive, "left.tar.gz", "left.tar.gz", max_decompressed_size=1))
print(raised(komparu.compare_dir_urls, "left", 5), raised(komparu.compare, *pair, headers=[]))
komparu.configure(timeout=5, headers={"A": "b"}, ignore=["*.pyc"])
print(komparu.get_config().timeout, komparu.Source("http://u:p@h/", headers={"A": "b"}))
komparu.reset_config()
print(loop.run_until_complete(komparu.aio.compare(*pair)))
print(shown(loop.run_until_complete(komparu.aio.compare_dir("left", "right"))))
print(komparu.compare_many([b"left/same", b"no-\\xff-such"][:1]).groups)
"""
ANSWERS = """\
True True True
['differs: SIZE_MISMATCH', 'kind: TYPE_MISMATCH'] EQUAL
['differs: SIZE_MISMATCH']
True True
['differs: READ_ERROR']
SourceNotFoundError SourceReadError
TypeError ValueError
ValueError ConfigError
ComparisonTimeoutError
ConfigError
ArchiveError
ArchiveBombError
TypeError TypeError
5.0 Source(url='http://***@h/', headers={'A': '***'})
True
['differs: SIZE_MISMATCH', 'kind: TYPE_MISMATCH']
[{'left/same'}]
"""

#: No module that is not loaded yet can be loaded any more.
NOTHING_MORE = """
os.chdir(root)
sys.meta_path.clear()
sys.path_hooks.clear()
sys.path.clear()
sys.path_importer_cache.clear()
"""


def test_nothing_is_imported_by_a_call(tmp_path: Path) -> None:
    assert run(EVERYTHING + NOTHING_MORE + CALLS, tmp_path) == ANSWERS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change a process's root")
def test_a_process_that_changed_its_root_goes_on(tmp_path: Path) -> None:
    code = EVERYTHING + "os.chroot(root)\nos.chdir('/')\n" + CALLS
    status, output, errors = outcome(code, tmp_path)
    assert (status, output) == (0, ANSWERS)
    # Python is not there any more to be started.
    assert errors.startswith("archives of rare formats are read in this process")
    assert errors.count("\n") == 1


def copied(directory: Path) -> Path:
    """A copy of the package in a directory of its own."""
    target = directory / "installed"
    shutil.copytree(PACKAGE, target / "komparu", ignore=shutil.ignore_patterns("__pycache__"))
    return target


def python(code: str, path: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that finds komparu in this directory or archive."""
    prelude = (
        f"import sys; sys.path.insert(0, {str(path)!r})\nimport os\nfrom pathlib import Path\n"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", prelude + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_frozen_record_refuses_where_nothing_can_be_imported() -> None:
    """`dataclasses` takes too long to be imported with komparu."""
    code = """
sys.modules["dataclasses"] = None
source = komparu.Source("a")
for change in (
    lambda: setattr(source, "url", "b"),
    lambda: delattr(source, "url"),
    lambda: setattr(komparu.Comparer(), "x", 1),
    lambda: delattr(komparu.Comparer(), "x"),
):
    try:
        change()
    except AttributeError as error:
        print(error)
print(source.url)
"""
    said = [
        "assign to field 'url'",
        "delete field 'url'",
        "assign to field 'x'",
        "delete field 'x'",
    ]
    assert run(code).splitlines() == [*(f"cannot {it}" for it in said), "a"]


@pytest.mark.parametrize("change", ["broken", "gone"])
def test_a_package_that_is_replaced_on_disk_is_the_one_that_was_imported(
    tmp_path: Path, change: str
) -> None:
    package = copied(tmp_path)
    (tmp_path / "work").mkdir()
    code = """
import shutil
assert komparu.__file__.startswith(sys.argv[2])
package = Path(komparu.__file__).parent
if sys.argv[3] == "gone":
    shutil.rmtree(package)
else:
    for path in package.iterdir():
        path.is_file() and path.unlink()
        path.suffix == ".py" and path.write_text("raise ValueError('another version')")
os.chdir(root)
"""
    done = python(EVERYTHING + code + CALLS, package, tmp_path / "work", package, change)
    assert (done.returncode, done.stdout) == (0, ANSWERS), done.stderr


PURGE = """
import komparu, pickle
first, errors, types = komparu, komparu._errors, komparu._types
result = komparu.compare_dir("/proc/self/fdinfo", "/proc/self/fdinfo")
for name in [name for name in sys.modules if name.partition(".")[0] == "komparu"]:
    {purge}
import komparu
import komparu.aio
from komparu import aio
"""


@pytest.mark.parametrize(
    "purge",
    [
        "del sys.modules[name]",
        "if name != 'komparu._core': del sys.modules[name]",
        "if name == 'komparu': del sys.modules[name]",
        "if name in ('komparu', 'komparu._errors', 'komparu.aio'): del sys.modules[name]",
        "import importlib; importlib.reload(sys.modules['komparu'])",
    ],
)
def test_a_second_import_has_classes_that_catch(purge: str) -> None:
    code = """
import asyncio
for module in (first, komparu):
    for other in (first, komparu):
        try:
            module.compare("no", "such")
        except other.SourceNotFoundError as error:
            assert isinstance(error, module.KomparuError)
        try:
            asyncio.run(module.aio.compare("no", "such"))
        except other.SourceNotFoundError:
            pass
        assert isinstance(module.compare_dir("/dev/fd", "/dev/fd"), other.DirResult)
        assert module.compare(other.Source("/dev/null"), "/dev/null")
        assert pickle.loads(pickle.dumps(module.Verdict.EQUAL)) is other.Verdict.EQUAL
assert isinstance(pickle.loads(pickle.dumps(result)), komparu.DirResult)
assert pickle.loads(pickle.dumps(komparu.compare)) is komparu.compare
assert sys.modules["komparu"] is komparu and sys.modules["komparu.aio"] is komparu.aio is aio
assert (komparu._errors, komparu._types) == (errors, types)
print("caught")
"""
    assert run(PURGE.replace("{purge}", purge) + code) == "caught\n"


SUBINTERPRETER = """
import importlib
interpreters = importlib.import_module(sys.argv[1])
attempt = '''
try:
    import komparu
except ImportError as error:
    print("subinterpreters" in str(error), flush=True)
'''
def ask():
    interpreter = eval(sys.argv[2])
    assert not interpreters.run_string(interpreter, attempt)
    interpreters.destroy(interpreter)
"""

MODULE = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
KINDS = ["interpreters.create()"]
KINDS += ["interpreters.create('legacy')"] if sys.version_info >= (3, 13) else []
KINDS += ["interpreters.create(isolated=False)"] if sys.version_info < (3, 13) else []


@pytest.mark.parametrize("kind", KINDS)
def test_a_subinterpreter_that_asks_first_keeps_no_other_out(kind: str) -> None:
    code = """
ask(); ask()
import komparu
assert komparu.compare("/dev/null", "/dev/null")
ask()
assert komparu.compare_dir("/dev/fd", "/dev/fd").verdict is not komparu.Verdict.DIFFERENT
try:
    komparu.compare("no", "such")
except komparu.SourceNotFoundError:
    print("works", flush=True)
"""
    done = python(SUBINTERPRETER + code, PACKAGE.parent, MODULE, kind)
    assert done.stdout == "True\nTrue\nTrue\nworks\n", done.stderr
    assert done.returncode == 0, done.stderr


def test_inside_a_zip_archive_it_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        for path in PACKAGE.iterdir():
            if path.is_file():
                archive.write(path, f"komparu/{path.name}")
        archive.writestr("__main__.py", "import komparu\n")
    done = subprocess.run(
        [sys.executable, "-I", tmp_path / "app.pyz"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ImportError: komparu cannot be imported from inside a zip archive" in done.stderr
    assert "app.pyz" in done.stderr.splitlines()[-1]


def test_without_its_compiled_part_it_says_for_which_python_it_is_wanted(tmp_path: Path) -> None:
    package = copied(tmp_path)
    for path in (package / "komparu").glob("_core*.so"):
        path.unlink()
    done = python("import komparu", package)
    assert done.returncode == 1
    assert "ImportError: komparu's compiled part" in done.stderr
    assert sys.version.split()[0] in done.stderr.splitlines()[-1]
