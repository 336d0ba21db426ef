"""The documentation names the tests that hold komparu to what it says. They are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*/*.md"))

#: `file.py: test_name` and `tests/file.rs: name`; for parts of the soak, `tests/soak/part.py`.
_NAMED = re.compile(r"`([\w/]+\.(?:py|rs)): (\w+)`")
_PART = re.compile(r"`make soak SOAK=(\w+)`")


def _source(name: str) -> str:
    path = ROOT / name if "/" in name else ROOT / "tests" / "python" / name
    return path.read_text(encoding="utf-8")


def _names(page: Path) -> list[tuple[str, str]]:
    return _NAMED.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    for file, name in _names(page):
        definition = rf"^\s*(?:async )?(?:def|fn) {name}\("
        assert re.search(definition, _source(file), re.MULTILINE), f"{file}: {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_part_of_the_soak_that_a_page_names_is_there(page: Path) -> None:
    for part in _PART.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / "tests" / "soak" / f"{part}.py").is_file(), part


def test_the_pages_on_edge_cases_security_and_reliability_name_tests() -> None:
    for page in ("edge-cases", "security", "reliability"):
        assert len(_names(ROOT / "docs" / "en" / f"{page}.md")) > 10, page


def test_both_languages_name_the_same_tests() -> None:
    for page in (ROOT / "docs" / "en").iterdir():
        assert _names(page) == _names(ROOT / "docs" / "ru" / page.name), page.name
