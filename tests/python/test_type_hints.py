"""What programs read of a function: types, signature, examples, names to complete."""

from __future__ import annotations

import asyncio
import doctest
import inspect
import os
import pickle
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import SourceLike, aio
from komparu._types import BinaryFile, Opens

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(komparu, name)
    for name in komparu.__all__
    if inspect.isfunction(getattr(komparu, name))
}
COROUTINES: dict[str, Callable[..., Any]] = {
    f"aio.{name}": getattr(aio, name)
    for name in aio.__all__
    if inspect.isfunction(getattr(aio, name))
}

CALLABLES = FUNCTIONS | COROUTINES

every_callable = pytest.mark.parametrize("function", CALLABLES.values(), ids=CALLABLES)


@every_callable
def test_it_has_types_of_all_it_takes_and_of_what_it_returns(function: Callable[..., Any]) -> None:
    signature, hints = inspect.signature(function), typing.get_type_hints(function)
    assert set(hints) == {*signature.parameters, "return"}
    assert hints["return"] == signature.return_annotation or hints["return"] is type(None)
    for name, parameter in signature.parameters.items():
        assert hints[name] == parameter.annotation, "they need no resolving"
    evaluated = inspect.signature(function, eval_str=True)
    assert evaluated == signature


@every_callable
def test_it_is_a_function_of_the_package(function: Callable[..., Any]) -> None:
    assert inspect.isfunction(function)
    assert inspect.getdoc(function)
    module = komparu if inspect.getmodule(function) is komparu else aio
    assert function.__module__ == module.__name__
    assert getattr(module, function.__name__) is function
    assert function.__qualname__ == function.__name__
    assert pickle.loads(pickle.dumps(function)) is function  # noqa: S301
    # A run is awaited, not the function that opens it.
    is_coroutine = module is aio and not function.__name__.startswith("iter_")
    assert inspect.iscoroutinefunction(function) is is_coroutine
    assert inspect.iscoroutinefunction(inspect.unwrap(function)) is is_coroutine
    # A traceback shows who was called.
    assert function.__code__.co_name == function.__name__


def test_the_types_are_those_that_one_would_write() -> None:
    hints = typing.get_type_hints(komparu.compare_dir_urls)
    key = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    assert hints["url_map"] == Mapping[key, SourceLike]
    objects = BinaryFile | Opens
    assert hints["dir_path"] == SourceLike
    made = komparu.Source | komparu.Content | komparu.Decompressed
    assert SourceLike == key | made | objects
    assert hints["ignore"] == Iterable[str] | None
    assert hints["return"] is komparu.DirResult
    assert typing.get_type_hints(aio.compare)["return"] is bool
    assert typing.get_type_hints(komparu.get_config)["return"] is komparu.KomparuConfig


@pytest.mark.parametrize("name", sorted(COROUTINES))
def test_a_coroutine_has_the_signature_of_its_function(name: str) -> None:
    function = getattr(komparu, name.removeprefix("aio."))
    signature = inspect.signature(function)
    if function is komparu.iter_trees:
        signature = signature.replace(return_annotation=aio.TreeRun)
    assert inspect.signature(COROUTINES[name]) == signature
    hints, expected = (typing.get_type_hints(it) for it in (COROUTINES[name], function))
    if function is komparu.iter_trees:
        expected["return"] = aio.TreeRun
    assert hints == expected


@pytest.mark.parametrize(
    "name", ["Source", "DirResult", "CompareResult", "KomparuConfig", "SourceNotFoundError"]
)
def test_classes_have_types_too(name: str) -> None:
    made = getattr(komparu, name)
    parameters = set(inspect.signature(made).parameters)
    hints = typing.get_type_hints(made.__init__)
    assert set(hints) - {"return", "message"} == parameters - {"message"}
    assert typing.get_type_hints(made)


def test_what_describes_a_function_is_never_mistaken_for_it() -> None:
    """It would compare nothing."""
    for function in FUNCTIONS.values():
        if function is komparu.verify_installed:
            continue  # It is no compiled one.
        described = inspect.unwrap(function)
        assert described is not function
        required = [
            "/dev/null"
            for parameter in inspect.signature(described).parameters.values()
            if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        with pytest.raises(NotImplementedError):
            described(*required)


@pytest.mark.thread_unsafe(reason="changes the working directory")
@pytest.mark.parametrize("module", [komparu, aio], ids=lambda module: module.__name__)
def test_the_examples_of_docstrings_run(
    module: Any,  # noqa: ANN401
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `doctest` runs them, in a directory that has what they speak of."""
    (tmp_path / "backup").mkdir()
    for name in ("photo.raw", "backup/photo.raw"):
        (tmp_path / name).write_bytes(b"a photo")
    monkeypatch.chdir(tmp_path)
    found = doctest.DocTestFinder(recurse=True).find(module)
    examples = [test for test in found if test.examples]
    assert examples
    for test in examples:
        # The other copy is on a card, in the documentation.
        for example in test.examples:
            example.source = example.source.replace("/media/photo.raw", "photo.raw")
        assert doctest.DocTestRunner().run(test).failed == 0


def test_a_function_can_be_called_by_what_was_read_of_it(tmp_path: Path) -> None:
    """With every default written out, as frameworks do."""
    (tmp_path / "a").write_bytes(b"the same")
    for function in (komparu.compare, aio.compare):
        bound = inspect.signature(function).bind(tmp_path / "a", str(tmp_path / "a"))
        bound.apply_defaults()
        result = function(*bound.args, **bound.kwargs)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        assert result is True


@pytest.mark.thread_unsafe(reason="changes the configuration")
def test_a_default_that_is_handed_over_changes_nothing() -> None:
    """As pydantic does with all that a call leaves out."""
    komparu.configure(timeout=5, chunk_size=7)
    signature = inspect.signature(komparu.configure)
    bound = signature.bind(timeout=6)
    bound.apply_defaults()
    assert len(bound.kwargs) == len(signature.parameters)
    komparu.configure(**bound.kwargs)
    assert (komparu.get_config().timeout, komparu.get_config().chunk_size) == (6, 7)
    assert "timeout: float = ...," in str(signature)
