"""What all tests share: files to compare, and a configuration that no test inherits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

import komparu
from parallel import is_parallel, pytest_collection_modifyitems

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Write", "pytest_collection_modifyitems"]

pytest_plugins = ["web", "stores"]

#: Left to where the dependency group `embedding` is installed, as a whole or not at all.
collect_ignore = [] if find_spec("gevent") else ["test_embedding.py", "test_frameworks.py"]
#: The same for the group `stores`.
if not (find_spec("moto") and find_spec("obstore")):
    collect_ignore += ["test_stores.py", "test_stores_failures.py"]

#: Where the name of the test that runs is kept. Not for those whom the tests start.
_RUNNING = os.environ.pop("KOMPARU_RUNNING", None)


class Write(Protocol):
    """Writes a file of this name and content in the test's directory."""

    def __call__(self, name: str | bytes, content: bytes) -> Path: ...


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str | bytes, content: bytes) -> Path:
        text = name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")
        path = tmp_path / text
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def pair(write: Write) -> tuple[Path, Path]:
    """Two equal files."""
    return write("a", b"the same"), write("b", b"the same")


@pytest.fixture(scope="session")
def long_work(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two equal files that take a minute to compare with a chunk size of 1.

    One has its space allocated, the other is a hole: neither costs anything to make, and all of the
    first one must be read.
    """
    directory = tmp_path_factory.mktemp("long")
    size = 1 << 30
    a, b = directory / "allocated", directory / "hole"
    with a.open("wb") as file:
        # Only there is it to be had.
        if sys.platform == "linux":
            os.posix_fallocate(file.fileno(), 0, size)
        file.truncate(size)
    with b.open("wb") as file:
        file.truncate(size)
    return a, b


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of locales with en_US.ISO-8859-1 in it, which few machines still have."""
    directory = tmp_path_factory.mktemp("locales")
    letters = {
        "upper": [f"<U{code:04X}>" for code in range(0x41, 0x5B)],
        "lower": [f"<U{code:04X}>" for code in range(0x61, 0x7B)],
    }
    pairs = [f"({a},{b})" for a, b in zip(letters["lower"], letters["upper"], strict=True)]
    classes = [f"{name} {';'.join(members)}" for name, members in letters.items()]
    source = ["comment_char %", "escape_char /", "LC_CTYPE", *classes]
    source += [f"toupper {';'.join(pairs)}", "END LC_CTYPE", ""]
    charmap = ["<code_set_name> ISO-8859-1", "<comment_char> %", "<escape_char> /"]
    charmap += ["<mb_cur_min> 1", "<mb_cur_max> 1", "CHARMAP"]
    charmap += [f"<U{code:04X}> /x{code:02x} character" for code in range(256)]
    charmap += ["END CHARMAP", ""]
    (directory / "source").write_text("\n".join(source))
    (directory / "charmap").write_text("\n".join(charmap))
    command = ["localedef", "--force", "--no-archive", "-i", "source", "-f", "charmap"]
    # It warns of all that is missing, and its status says so, too.
    subprocess.run(
        [*command, "./en_US.ISO-8859-1"], cwd=directory, capture_output=True, check=False
    )
    assert (directory / "en_US.ISO-8859-1" / "LC_CTYPE").is_file()
    # The name of a directory of locales hides those of the system, whose C.UTF-8 may be one.
    for name in ("C.utf8", "C.UTF-8"):
        system = Path("/usr/lib/locale") / name
        if system.is_dir():
            (directory / name).symlink_to(system)
    return directory


def pytest_configure() -> None:
    """Have Ctrl-C raise, also where it is ignored, as in what a shell runs in the background.

    Programs that the tests start inherit that it is ignored, but not what is called instead.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_logstart(nodeid: str) -> None:
    """Leave the test's name for make: the stacks of one that hangs do not end with it."""
    if _RUNNING is not None:
        Path(_RUNNING).write_text(f"{nodeid} was running\n")


def pytest_sessionfinish() -> None:
    """No test runs any more."""
    if _RUNNING is not None:
        Path(_RUNNING).unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    yield
    komparu.reset_config()


@pytest.fixture(scope="session", autouse=True)
def _gil_stays_off(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fail in the end if an import turned the GIL on, or eight threads always had it."""
    yield
    if sysconfig.get_config_var("Py_GIL_DISABLED") or is_parallel(pytestconfig):
        assert not _is_gil_enabled()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests ran with, as it is after the last of them."""
    terminalreporter.write_line(f"the GIL is {'on' if _is_gil_enabled() else 'off'}")


def _is_gil_enabled() -> bool:
    # Python 3.12 has nothing to ask, and no way without.
    return bool(vars(sys).get("_is_gil_enabled", lambda: True)())
