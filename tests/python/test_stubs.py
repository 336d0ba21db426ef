"""What editors show of the compiled functions is what help() shows, and the defaults are true."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import komparu
from komparu import _core, aio


def functions(
    file: str, kind: type[ast.FunctionDef | ast.AsyncFunctionDef] = ast.FunctionDef
) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The public functions, or coroutine functions, that a file of the package declares."""
    text = Path(komparu.__file__).with_name(file).read_text(encoding="utf-8")
    return {
        node.name: node
        for node in ast.parse(text).body
        if isinstance(node, kind) and node.name in komparu.__all__
    }


PUBLIC = functions("_core.pyi")
COMPARING = sorted(name for name in PUBLIC if name.startswith(("compare", "first")))

every_function = pytest.mark.parametrize("name", sorted(PUBLIC))


def test_every_function_has_a_stub() -> None:
    names = {name for name in komparu.__all__ if inspect.isfunction(getattr(komparu, name))}
    # It is not compiled.
    names.remove("verify_installed")
    assert names
    assert names == set(PUBLIC) == set(functions("_functions.py"))


@every_function
def test_the_function_is_written_as_its_stub_is(name: str) -> None:
    stub, written = PUBLIC[name], functions("_functions.py")[name]
    assert ast.get_docstring(written) == ast.get_docstring(stub), "make stubs"
    for function in (stub, written):
        assert function.returns is not None
    types = ast.unparse(stub.args).replace("=...", "=UNCHANGED").replace("[_Path,", "[PathKey,")
    assert ast.unparse(written.args) == types, "make stubs"
    assert ast.unparse(written.returns or stub) == ast.unparse(stub.returns or stub), "make stubs"


@pytest.mark.parametrize("name", COMPARING)
def test_the_coroutine_has_the_stub_of_its_function(name: str) -> None:
    coroutines = functions("aio.pyi", ast.AsyncFunctionDef)
    runs = functions("aio.pyi")
    assert sorted([*coroutines, *runs]) == sorted(set(aio.__all__) - {"TreeRun"})
    stub, written = PUBLIC[name], coroutines[name]
    assert ast.unparse(written).removeprefix("async ") == ast.unparse(stub), "make stubs"


@every_function
def test_the_stub_has_the_documentation(name: str) -> None:
    assert ast.get_docstring(PUBLIC[name]) == inspect.getdoc(getattr(_core, name)), "make stubs"


@every_function
def test_the_stub_has_the_signature(name: str) -> None:
    arguments = PUBLIC[name].args
    stub = {argument.arg: inspect.Parameter.empty for argument in arguments.args}
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        assert default is not None
        stub[argument.arg] = ast.literal_eval(default)
    parameters = inspect.signature(getattr(_core, name)).parameters
    assert stub == {key: parameter.default for key, parameter in parameters.items()}


@pytest.mark.parametrize("name", COMPARING)
def test_the_signature_shows_the_defaults_of_the_configuration(name: str) -> None:
    parameters = inspect.signature(getattr(komparu, name)).parameters.values()
    options = [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    assert options
    assert [options.pop().name] == ["progress"]
    for option in options:
        assert option.default == getattr(komparu.KomparuConfig(), option.name), option.name


@every_function
def test_help_tells_of_every_argument(name: str) -> None:
    documentation = inspect.getdoc(getattr(komparu, name)) or ""
    for parameter in inspect.signature(getattr(_core, name)).parameters.values():
        if parameter.default is not ...:
            assert f"\n    {parameter.name}: " in documentation, parameter.name
