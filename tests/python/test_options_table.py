"""One table has every option, and all else that speaks of options says what the table says."""

from __future__ import annotations

import argparse
import inspect
import runpy
from pathlib import Path
from typing import Any

import pytest

import komparu
from komparu import _core
from komparu._arguments import parser

ROOT = Path(__file__).parents[2]
OPTIONS: list[dict[str, Any]] = _core.options()

every_option = pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option["name"])


def test_what_is_checked_in_is_what_the_table_makes() -> None:
    written: dict[Path, str] = runpy.run_path(str(ROOT / "scripts" / "stubs.py"))["written"]()
    assert {path.name for path in written} >= {"_core.pyi", "_functions.py", "aio.pyi", "api.md"}
    for path, text in written.items():
        assert path.read_text(encoding="utf-8") == text, f"make stubs: {path}"


def test_the_functions_take_the_options_that_the_table_says() -> None:
    functions = _core.functions()
    assert {name for name, *_ in functions} == {
        name for name in komparu.__all__ if name.startswith(("compare", "first", "iter_", "write_"))
    }
    for name, parameters, extras, options, _ in functions:
        found = inspect.signature(getattr(komparu, name)).parameters
        first, last = [given for given, _ in parameters], [extra for extra, *_ in extras]
        assert list(found) == [*first, *options, *last]
        taken = {option["name"] for option in OPTIONS if name in option["functions"]}
        assert len(options) == len(taken)
        assert set(options) == taken


def test_the_configuration_and_sources_have_the_options_of_their_layer() -> None:
    for layer, fields in {
        "configure": komparu.KomparuConfig.__match_args__,
        "source": komparu.Source.__match_args__[1:],
    }.items():
        assert list(fields) == [option["name"] for option in OPTIONS if layer in option["layers"]]


@every_option
def test_every_option_is_on_the_command_line_with_its_sentence(option: dict[str, Any]) -> None:
    actions: dict[str, argparse.Action] = parser()._option_string_actions
    action = actions[f"--{option['name'].replace('_', '-')}"]
    words = option["english"].split("`")[0]
    assert words.replace("%", "%%") in (action.help or "")
    assert action.default is argparse.SUPPRESS


@every_option
def test_every_option_has_a_sentence_on_the_page_of_either_language(option: dict[str, Any]) -> None:
    for language, sentence in {"en": option["english"], "ru": option["russian"]}.items():
        page = (ROOT / "docs" / language / "api.md").read_text(encoding="utf-8")
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{option['name']}` |")]
        assert sentence[1:] in row


@every_option
def test_an_option_is_refused_by_every_function_that_does_not_take_it(
    option: dict[str, Any],
) -> None:
    empty: dict[str, Any] = {"sources": [], "url_map": {}}
    for name, parameters, _, options, _ in _core.functions():
        if option["name"] not in options:
            arguments = [empty.get(parameter, "/nonexistent") for parameter, _ in parameters]
            message = rf"^{name}\(\) got an unexpected keyword argument '{option['name']}'$"
            with pytest.raises(TypeError, match=message):
                getattr(komparu, name)(*arguments, **{option["name"]: option["default"]})


@every_option
def test_the_default_can_be_configured(option: dict[str, Any]) -> None:
    komparu.configure(**{option["name"]: option["default"]})
    assert komparu.get_config() == komparu.KomparuConfig()


@pytest.mark.parametrize(("name", "parameters"), [row[:2] for row in _core.functions()])
def test_a_call_that_cannot_be_is_refused_in_the_words_of_python(
    name: str, parameters: list[tuple[str, str]]
) -> None:
    """What describes the function is a function of Python's, whose words are the right ones."""
    function: Any = getattr(komparu, name)
    names = [parameter for parameter, _ in parameters]
    enough: list[Any] = [{"sources": [], "url_map": {}}.get(name, "x") for name in names]
    calls: list[tuple[list[Any], dict[str, Any]]] = [
        ([], {}),
        ([], {"chunk_size": 5}),
        (enough[1:], {}),
        ([], dict(zip(names[1:], enough[1:], strict=True))),
        ([*enough, "x"], {}),
        ([*enough, "x", "x"], {}),
        (enough, {names[0]: "x"}),
        (enough, {"qqqqqq": 5}),
    ]
    for arguments, options in calls:
        with pytest.raises(TypeError) as told:
            function(*arguments, **options)
        with pytest.raises(TypeError) as expected:
            inspect.unwrap(function)(*arguments, **options)
        assert str(told.value) == str(expected.value), (arguments, options)
