"""What is installed, what it exports, and what importing it costs."""

from __future__ import annotations

import importlib.metadata
import inspect
import sysconfig
from pathlib import Path

import pytest

import komparu
from children import run
from komparu import aio

EXPORTS = {
    "Archive",
    "ArchiveBombError",
    "ArchiveError",
    "CompareResult",
    "ComparisonTimeoutError",
    "ConfigError",
    "Content",
    "Decompressed",
    "DiffReason",
    "Difference",
    "Directory",
    "DirResult",
    "Finding",
    "KomparuConfig",
    "KomparuError",
    "Manifest",
    "ManifestError",
    "Progress",
    "Proof",
    "Source",
    "SourceLike",
    "SourceNotFoundError",
    "SourcePermissionError",
    "SourceReadError",
    "Store",
    "Summary",
    "TreeRun",
    "Verdict",
    "__version__",
    "compare",
    "compare_all",
    "compare_archive",
    "compare_dir_urls",
    "compare_many",
    "compare_trees",
    "configure",
    "first_difference",
    "get_config",
    "iter_trees",
    "reset_config",
    "verify_installed",
    "write_manifest",
}


def test_the_tests_run_against_what_is_installed() -> None:
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ["purelib", "platlib"]}
    assert Path(komparu.__file__).resolve().parent.parent in installed


def test_everything_exported_is_there_and_nothing_else_is_promised() -> None:
    assert set(komparu.__all__) >= EXPORTS
    for name in komparu.__all__:
        assert name in dir(komparu)
        assert getattr(komparu, name) is not None
    public = {name for name in dir(komparu) if not name.startswith("_")}
    # Modules are not for `import *`; all but `aio` are there once they are imported.
    modules = {"aio", "filecmp", "testing"}
    assert public - modules == set(komparu.__all__) - {"__version__"}
    # pytest adds names with an @ to the modules of whatever comes with a plugin.
    assert {name for name in dir(aio) if not name.startswith(("_", "@"))} == set(aio.__all__)
    with pytest.raises(AttributeError, match="no attribute 'compare_files'"):
        komparu.compare_files  # type: ignore[attr-defined]  # noqa: B018  # asked for, not used


def test_the_version_is_that_of_the_distribution() -> None:
    assert komparu.__version__ == importlib.metadata.version("komparu")


def test_type_checkers_find_the_types() -> None:
    package = Path(komparu.__file__).parent
    assert (package / "py.typed").is_file()
    assert (package / "_core.pyi").is_file()


def test_everything_exported_has_documentation() -> None:
    assert komparu.__doc__
    for name in komparu.__all__:
        exported = getattr(komparu, name)
        if inspect.isclass(exported) or callable(exported):
            assert exported.__doc__, name


def test_the_signature_shows_the_options() -> None:
    parameters = inspect.signature(komparu.compare).parameters
    assert list(parameters) == [
        "source_a",
        "source_b",
        "chunk_size",
        "size_precheck",
        "quick_check",
        "max_workers",
        "max_decompressed_size",
        "max_compression_ratio",
        "headers",
        "timeout",
        "follow_redirects",
        "verify_ssl",
        "proxy",
        "auth",
        "netrc",
        "ca_bundle",
        "client_cert",
        "decode_content",
        "comparison_timeout",
        "retries",
        "retry_delay",
        "read_holes",
        "detect_changes",
        "progress",
    ]
    kinds = [parameter.kind.name for parameter in parameters.values()]
    assert set(kinds[2:]) == {"KEYWORD_ONLY"}


def test_many_sources_take_the_options_of_two() -> None:
    options = list(inspect.signature(komparu.compare).parameters)[2:]
    for function in (komparu.compare_all, komparu.compare_many):
        assert list(inspect.signature(function).parameters) == ["sources", *options]
    parameters = inspect.signature(komparu.compare_dir_urls).parameters
    trees = [
        "ignore",
        "only",
        "one_way",
        "ignore_case",
        "moves",
        "where",
        "context",
        "max_differences",
        "on_error",
    ]
    assert list(parameters) == ["dir_path", "url_map", *options[:-1], *trees, "progress"]


def test_archives_have_limits_in_place_of_shortcuts() -> None:
    parameters = inspect.signature(komparu.compare_archive).parameters
    assert list(parameters) == [
        "path_a",
        "path_b",
        "chunk_size",
        "ignore",
        "only",
        "one_way",
        "moves",
        "max_decompressed_size",
        "max_compression_ratio",
        "max_archive_entries",
        "max_entry_name_length",
        "max_archive_memory",
        "isolate",
        "hash_compare",
        "ignore_zeros",
        "headers",
        "timeout",
        "follow_redirects",
        "verify_ssl",
        "proxy",
        "auth",
        "netrc",
        "ca_bundle",
        "client_cert",
        "decode_content",
        "comparison_timeout",
        "retries",
        "retry_delay",
        "read_holes",
        "detect_changes",
        "where",
        "context",
        "max_differences",
        "on_error",
        "progress",
    ]
    assert {parameter.kind.name for parameter in list(parameters.values())[2:]} == {"KEYWORD_ONLY"}


def test_importing_loads_nothing_that_is_not_needed() -> None:
    # In a Python that has loaded nothing else: -S keeps site-packages' own imports out of it.
    code = """
import subprocess
path = os.path.dirname(os.path.dirname(komparu.__file__))
code = f"import sys; sys.path.append({path!r}); import komparu; print(*sys.modules)"
print(subprocess.check_output([sys.executable, "-I", "-S", "-c", code], text=True))
"""
    loaded = set(run(code).split())
    assert {"komparu._core", "komparu.aio", "komparu._types"} <= loaded
    heavy = {"asyncio", "dataclasses", "inspect", "re", "threading", "typing", "weakref"}
    assert not loaded & {*heavy, "komparu.__main__", "komparu._missing"}


def test_importing_starts_no_thread_and_opens_nothing() -> None:
    code = """
print(len(os.listdir("/proc/self/task")), sorted(os.listdir("/proc/self/fd"))[:4])
a = os.path.abspath(sys.argv[0])
"""
    assert run(code).startswith("1 ['0', '1', '2', '3']")
