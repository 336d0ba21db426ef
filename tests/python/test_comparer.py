"""A `Comparer`: every function as a method, with options of its own."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import inspect
import pickle
import typing
from typing import TYPE_CHECKING, Any

import pytest

import komparu
from komparu import Comparer, _core, aio
from test_config import DEFAULTS, OTHERS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Write

FUNCTIONS = sorted(set(aio.__all__) - {"TreeRun"})

every_function = pytest.mark.parametrize("name", FUNCTIONS)


@every_function
def test_it_has_every_function_as_a_method_and_as_a_coroutine(name: str) -> None:
    comparer = Comparer()
    function, method = getattr(komparu, name), getattr(comparer, name)
    coroutine = getattr(comparer.aio, name)
    gives_run = name == "iter_trees"
    for found in (method, coroutine):
        signature, hints = inspect.signature(function), typing.get_type_hints(function)
        if found == coroutine and gives_run:
            # A run is awaited, not the function that opens it.
            signature = signature.replace(return_annotation=aio.TreeRun)
            hints["return"] = aio.TreeRun
        assert inspect.signature(found) == signature
        assert inspect.getdoc(found) == inspect.getdoc(function)
        assert typing.get_type_hints(found) == hints
        assert found.__name__ == name
        assert inspect.ismethod(found)
    assert next(iter(inspect.signature(getattr(Comparer, name)).parameters)) == "self"
    assert method.__qualname__ == f"Comparer.{name}"
    assert inspect.iscoroutinefunction(coroutine) is not gives_run
    assert not inspect.iscoroutinefunction(method)


def test_its_signature_is_that_of_configure() -> None:
    configure = inspect.signature(komparu.configure)
    assert inspect.signature(Comparer).parameters == configure.parameters
    hints = typing.get_type_hints(Comparer.__init__)
    assert hints == typing.get_type_hints(komparu.configure)
    bound = inspect.signature(Comparer).bind(chunk_size=5)
    bound.apply_defaults()
    assert Comparer(*bound.args, **bound.kwargs) == Comparer(chunk_size=5)


def test_its_options_are_what_was_given() -> None:
    assert Comparer().options == {}
    assert Comparer(**OTHERS).options == OTHERS
    assert list(Comparer(ignore=["a"], chunk_size=1).options) == ["chunk_size", "ignore"]
    comparer = Comparer(headers={"A": "b"}, max_archive_entries=None)
    comparer.options["headers"]["A"] = "changed"
    assert comparer.options == {"max_archive_entries": None, "headers": {"A": "b"}}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_call_obeys_it_as_it_obeys_the_configuration(name: str, write: Write) -> None:
    a, b = write("a", b"x"), write("b", b"x")
    assert Comparer(**{name: OTHERS[name]}).compare(a, b) is True


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_a_call_goes_before_it_and_it_before_the_configuration(
    long_work: tuple[Path, Path],
) -> None:
    # A limit that no comparison of a gigabyte meets shows whose value holds.
    komparu.configure(comparison_timeout=1e-6)
    try:
        with pytest.raises(komparu.ComparisonTimeoutError, match=r"after 0\.001 s"):
            Comparer(comparison_timeout=1e-3).compare(*long_work)
        with pytest.raises(komparu.ComparisonTimeoutError, match=r"after 0\.002 s"):
            Comparer(comparison_timeout=1e-3).compare(*long_work, comparison_timeout=2e-3)
        assert Comparer(comparison_timeout=None).compare(*long_work) is True
        with pytest.raises(komparu.ComparisonTimeoutError, match=r"after 1e-06 s|after 0"):
            Comparer(chunk_size=5).compare(*long_work)
    finally:
        komparu.reset_config()
    with pytest.raises(komparu.ComparisonTimeoutError):
        Comparer(comparison_timeout=1e-3).compare(*long_work)
    assert komparu.compare(*long_work) is True
    assert komparu.get_config() == komparu.KomparuConfig()


def test_its_coroutines_obey_it(long_work: tuple[Path, Path], write: Write) -> None:
    late = Comparer(comparison_timeout=1e-3)
    with pytest.raises(komparu.ComparisonTimeoutError, match=r"after 0\.001 s"):
        asyncio.run(late.aio.compare(*long_work))
    a, b = write("a", b"x"), write("b", b"x")
    assert asyncio.run(late.aio.compare(a, b, comparison_timeout=None)) is True


def test_what_no_call_takes_holds_for_its_calls() -> None:
    private = "http://127.0.0.1:1/"
    with pytest.raises(komparu.SourceReadError, match=r"private|loopback"):
        Comparer(block_private=True).compare(private, "/dev/null")


def test_an_option_that_a_function_does_not_take_may_be_set_and_not_handed_over(
    write: Write,
) -> None:
    a, b = write("a", b"x"), write("b", b"x")
    comparer = Comparer(ignore=["*"], follow_symlinks=False)
    assert comparer.compare(a, b) is True
    assert comparer.compare_dir(a.parent, b.parent).equal
    given: dict[str, Any] = {"ignore": ["*"]}
    with pytest.raises(
        TypeError, match=r"^compare\(\) got an unexpected keyword argument 'ignore'$"
    ):
        comparer.compare(a, b, **given)


def test_ignored_files_are_left_out(tmp_path: Path) -> None:
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.pyc").write_text(name)
    comparer = Comparer(ignore=["*.pyc"])
    pair = tmp_path / "left", tmp_path / "right"
    assert comparer.compare_dir(*pair).equal
    assert not comparer.compare_dir(*pair, ignore=None).equal
    assert asyncio.run(comparer.aio.compare_dir(*pair)).equal
    assert not komparu.compare_dir(*pair).equal


@pytest.mark.parametrize(
    ("bad", "kind", "message"),
    [
        ({"max_workers": 257}, komparu.ConfigError, "max_workers must be <= 256"),
        ({"chunk_sise": 1}, komparu.ConfigError, "unknown option 'chunk_sise'"),
        ({"quick_check": "no"}, TypeError, "quick_check must be bool, not str"),
        ({"ignore": ["[z-a]"]}, komparu.ConfigError, "ignore[0] is not a pattern: "),
    ],
)
def test_bad_options_are_refused_as_configure_refuses_them(
    bad: dict[str, Any], kind: type[Exception], message: str
) -> None:
    for refuse in (Comparer, komparu.configure):
        with pytest.raises(kind) as caught:
            refuse(**bad)
        assert str(caught.value).startswith(message)
    arguments: list[Any] = [5]
    with pytest.raises(TypeError):
        Comparer(*arguments)


@every_function
def test_wrong_arguments_are_told_in_the_words_of_the_function(name: str) -> None:
    parameters = len(inspect.signature(getattr(komparu, name)).parameters)
    for arguments in ([], ["x"] * (parameters + 1)):
        told = []
        for function in (getattr(komparu, name), getattr(Comparer(), name)):
            with pytest.raises(TypeError) as caught:
                function(*arguments)
            told.append(str(caught.value))
        assert told[0] == told[1]


def test_it_is_frozen() -> None:
    comparer: Any = Comparer(chunk_size=5)
    for name in ("options", "aio", "chunk_size", "_settings", "compare"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(comparer, name, 1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(comparer, name)
    assert not hasattr(comparer, "__dict__")
    assert comparer.options == {"chunk_size": 5}


def test_it_is_equal_to_one_with_the_same_options_and_hashable_where_they_are() -> None:
    one, same, other = Comparer(ignore=["a"]), Comparer(ignore=("a",)), Comparer(ignore=["b"])
    assert one == same != other
    assert hash(one) == hash(same)
    assert len({one, same, other}) == 2
    other_kind: object = komparu.KomparuConfig()
    assert Comparer() != other_kind
    assert Comparer(timeout=30) != Comparer()  # set, though to what holds anyway
    with pytest.raises(TypeError, match="unhashable"):
        hash(Comparer(headers={"A": "b"}))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_pickled_with_its_options(protocol: int) -> None:
    comparer = Comparer(**OTHERS)
    for copied in (
        pickle.loads(pickle.dumps(comparer, protocol)),  # noqa: S301
        copy.copy(comparer),
        copy.deepcopy(comparer),
    ):
        assert type(copied) is Comparer
        assert copied == comparer
    method = pickle.loads(pickle.dumps(comparer.compare, protocol))  # noqa: S301
    assert method("/dev/null", "/dev/null") is True


def test_a_coroutine_of_it_is_pickled(write: Write) -> None:
    a, b = write("a", b"x"), write("b", b"x")
    coroutine = pickle.loads(pickle.dumps(Comparer(chunk_size=5).aio.compare))  # noqa: S301
    assert asyncio.run(coroutine(a, b)) is True


def test_its_repr_shows_what_is_set_and_no_secret() -> None:
    assert repr(Comparer()) == "Comparer()"
    comparer = Comparer(
        timeout=5, headers={"Cookie": "s3cret"}, proxy="http://me:s3cret@proxy", max_workers=2
    )
    assert repr(comparer) == (
        "Comparer(max_workers=2, headers={'Cookie': '***'}, timeout=5.0, proxy='http://***@proxy')"
    )
    assert "s3cret" not in repr(_core.Settings(proxy="http://me:s3cret@proxy"))


def test_a_subclass_is_one_of_its_own_class() -> None:
    class Mine(Comparer):
        pass

    assert Mine(chunk_size=5) != Comparer(chunk_size=5)
    assert repr(Mine(chunk_size=5)) == "Mine(chunk_size=5)"
    assert Mine().compare("/dev/null", "/dev/null") is True


def test_the_options_of_a_comparer_are_those_of_configure() -> None:
    assert set(DEFAULTS) == {option["name"] for option in _core.options()}
    assert Comparer(**DEFAULTS).options == DEFAULTS


def test_a_traceback_shows_the_name_of_the_function() -> None:
    for method in (Comparer().compare, Comparer().aio.compare):
        assert method.__code__.co_name == "compare"
