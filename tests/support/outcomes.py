"""What a comparison of two archives comes to, when an error is an answer, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from komparu import ArchiveError, compare_archive

if TYPE_CHECKING:
    from pathlib import Path


def judge(a: Path, b: Path) -> str:
    """Give the verdict, or say that it is an error."""
    try:
        return compare_archive(a, b).verdict.value
    except ArchiveError:
        return "error"


def refuses(a: Path, b: Path, bad: Path, *words: str) -> None:
    """See to it that it is an error about the bad one, in either order, with one of these words."""
    for pair in [(a, b), (b, a)]:
        with pytest.raises(ArchiveError) as caught:
            compare_archive(*pair)
        assert caught.value.source == str(bad)
        assert str(caught.value).startswith(f"{bad}: ")
        assert any(word in str(caught.value) for word in words), str(caught.value)
