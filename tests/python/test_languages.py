"""The English and the Russian documentation have the same pages, headings, code and names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import komparu

DOCS = Path(__file__).parents[2] / "docs"

_BLOCK = re.compile(rb"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(rb"^(#+) ", re.MULTILINE)


def pages(language: str) -> set[str]:
    """The pages in this language, by their paths below its directory."""
    root = DOCS / language
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def code(language: str, page: str) -> list[bytes]:
    """The blocks of code on a page, fences and all."""
    return _BLOCK.findall((DOCS / language / page).read_bytes())


def levels(language: str, page: str) -> list[int]:
    """The levels of a page's headings, in their order."""
    prose = _BLOCK.sub(b"", (DOCS / language / page).read_bytes())
    return [len(marks) for marks in _HEADING.findall(prose)]


def test_both_languages_have_the_same_pages() -> None:
    assert pages("en")
    assert pages("en") == pages("ru")


@pytest.mark.parametrize("page", sorted(pages("en")))
def test_headings_have_the_same_levels_in_both_languages(page: str) -> None:
    assert levels("en", page)
    assert levels("en", page) == levels("ru", page)


@pytest.mark.parametrize("page", sorted(pages("en")))
def test_code_is_the_same_in_both_languages(page: str) -> None:
    assert code("en", page) == code("ru", page)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", [*komparu.__all__, "aio"])
def test_the_page_on_the_api_has_every_public_name(language: str, name: str) -> None:
    page = (DOCS / language / "api.md").read_text(encoding="utf-8")
    assert re.search(rf"\b{name}\b", page)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", sorted(set(komparu.__all__) - {"SourceLike", "__version__"}))
def test_the_reference_has_every_public_name(language: str, name: str) -> None:
    page = (DOCS / language / "reference.md").read_text(encoding="utf-8")
    assert f"\n::: komparu.{name}\n" in page
