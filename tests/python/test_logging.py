"""The logger `komparu` gets one record a call, from the thread that calls, if it wants any."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

import pytest

import komparu
from children import run as run_child
from komparu import aio

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    for side in ("left", "right"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "x").write_text(side)
    return tmp_path / "left", tmp_path / "right"


def test_every_call_is_one_record(
    trees: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    files = (trees[0] / "x", trees[1] / "x")
    with caplog.at_level(logging.DEBUG, "komparu"):
        komparu.compare(*files)
        komparu.compare_dir(*trees)
        komparu.first_difference(files[0], files[0])
        komparu.compare_all([files[0], files[0]])
        komparu.Comparer().compare(*files)
        asyncio.run(aio.compare(*files))
        with pytest.raises(komparu.SourceNotFoundError):
            komparu.compare("/nonexistent", "http://me:secret@localhost:1/x")
        with komparu.iter_trees(*trees) as run:
            list(run)
        run.close()
    messages = [record.getMessage() for record in caplog.records if record.name == "komparu"]
    assert len(messages) == 8
    assert messages[0] == f"compare('{files[0]}', '{files[1]}'): different"
    assert messages[1].startswith(f"compare_dir('{trees[0]}', '{trees[1]}'): different; 1 differs")
    assert messages[2].endswith(": equal")
    assert messages[3] == "compare_all(list): equal"
    assert messages[4] == messages[5] == messages[0]
    assert "SourceNotFoundError: /nonexistent: No such file" in messages[6]
    assert "secret" not in messages[6]
    assert messages[7].startswith("iter_trees: different; 1 differs")
    assert {record.threadName for record in caplog.records} == {threading.current_thread().name}


def test_nothing_is_written_where_nothing_is_wanted(
    trees: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "komparu"):
        komparu.compare_dir(*trees)
    assert not caplog.records


def test_logging_is_not_imported(trees: tuple[Path, Path]) -> None:
    run_child(
        f"""
komparu.compare_dir({str(trees[0])!r}, {str(trees[1])!r})
assert "logging" not in sys.modules
"""
    )
