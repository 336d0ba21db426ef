"""What all tests share: files to compare, and a configuration that no test inherits."""

from __future__ import annotations

import sys
import sysconfig
from typing import TYPE_CHECKING, Protocol

import pytest

import komparu

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytest_plugins = ["web"]


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
        if sys.platform == "linux":
            import os  # noqa: PLC0415  # only there has it posix_fallocate

            os.posix_fallocate(file.fileno(), 0, size)
        file.truncate(size)
    with b.open("wb") as file:
        file.truncate(size)
    return a, b


@pytest.fixture(autouse=True)
def _defaults() -> Iterator[None]:
    yield
    komparu.reset_config()


@pytest.fixture(scope="session", autouse=True)
def _gil_stays_off() -> Iterator[None]:
    yield
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        is_enabled = vars(sys)["_is_gil_enabled"]
        assert is_enabled() is False
