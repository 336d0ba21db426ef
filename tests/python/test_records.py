"""Results, sources and the configuration are what `dataclasses` would have made of them."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import sys
from typing import Any

import pytest

import komparu
from komparu import CompareResult, Difference, DiffReason, DirResult, KomparuConfig, Source

EXAMPLES: dict[str, Any] = {
    "Source": Source("http://u:p@h/", headers={"A": "b"}, timeout=3),
    "DirResult": DirResult(False, {"a": DiffReason.CONTENT_MISMATCH}, {"b"}, messages={"c": "d"}),  # noqa: FBT003
    "Difference": Difference(7, 1, b"a", b"", 8, None),
    "CompareResult": CompareResult(True, [{"a", "b"}], {("a", "b"): True}),  # noqa: FBT003
    "KomparuConfig": KomparuConfig(ignore=("*.pyc",), headers={"A": "b"}),
}

every_example = pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)


def counterpart_of(cls: Any) -> Any:  # noqa: ANN401
    """The same class, made by `dataclasses`."""
    body: dict[str, Any] = {"__annotations__": cls.__annotations__, "__module__": cls.__module__}
    for field in dataclasses.fields(cls):
        body[field.name] = dataclasses.field(
            **{
                name: getattr(field, name)
                for name in ("default", "default_factory", "hash", "compare", "repr")
            }
        )
    for name in ("__repr__", "__str__", "__bool__", "verdict"):
        if name in vars(cls):
            body[name] = vars(cls)[name]
    counterpart: Any = dataclasses.dataclass(frozen=True, slots=True, repr="__repr__" not in body)(
        type(cls.__name__, (), body)
    )
    counterpart.__qualname__ = cls.__qualname__
    return counterpart


def values(instance: object) -> dict[str, Any]:
    return {name: getattr(instance, name) for name in type(instance).__match_args__}  # type: ignore[attr-defined]


@every_example
def test_it_is_shown_compared_and_hashed_as_a_dataclass_is(example: Any) -> None:  # noqa: ANN401
    counterpart = counterpart_of(type(example))
    other = counterpart(**values(example))
    assert repr(example) == repr(other)
    assert str(inspect.signature(type(example))) == str(inspect.signature(counterpart))
    assert type(example).__match_args__ == counterpart.__match_args__
    assert type(example).__slots__ == counterpart.__slots__
    assert not hasattr(example, "__dict__")
    assert example == type(example)(**values(example))
    assert example != other
    assert example.__eq__(other) is NotImplemented
    assert other.__eq__(example) is NotImplemented
    try:
        expected: Any = hash(other)
    except TypeError as error:
        with pytest.raises(TypeError, match=str(error)):
            hash(example)
    else:
        assert hash(example) == expected


@every_example
def test_any_field_makes_a_difference(example: Any) -> None:  # noqa: ANN401
    compared = {field.name: field.compare for field in dataclasses.fields(example)}
    for name in type(example).__match_args__:
        changed = copy.copy(example)
        object.__setattr__(changed, name, object())
        assert (changed != example) is compared[name], name


@every_example
def test_it_cannot_be_changed(example: Any) -> None:  # noqa: ANN401
    for name in (type(example).__match_args__[0], "another"):
        with pytest.raises(
            dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"
        ):
            setattr(example, name, 5)
        with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot delete field '{name}'"):
            delattr(example, name)


@every_example
def test_it_can_be_pickled_and_copied(example: Any) -> None:  # noqa: ANN401
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(example, protocol)) == example  # noqa: S301
    assert copy.copy(example) == copy.deepcopy(example) == example


@every_example
def test_dataclasses_knows_it(example: Any) -> None:  # noqa: ANN401
    cls: Any = type(example)
    known = dataclasses.is_dataclass(cls)
    assert known
    assert [field.name for field in dataclasses.fields(example)] == list(cls.__match_args__)
    assert cls.__dataclass_params__.frozen
    assert dataclasses.replace(example) == example
    assert set(dataclasses.asdict(example)) == set(cls.__match_args__)
    assert len(dataclasses.astuple(example)) == len(cls.__match_args__)
    if hasattr(copy, "replace"):
        assert copy.replace(example) == example


def test_a_field_can_be_replaced_and_is_checked() -> None:
    source = Source("http://h/", timeout=1)
    assert dataclasses.replace(source, timeout=2) == Source("http://h/", timeout=2)
    assert source.__replace__(timeout=2) == Source("http://h/", timeout=2)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="timeout must be positive"):
        dataclasses.replace(source, timeout=-1)


def test_two_results_do_not_share_what_they_were_not_given() -> None:
    one, other = DirResult(equal=True), DirResult(equal=True)
    assert one == other
    one.diff["a"] = DiffReason.SIZE_MISMATCH
    assert not other.diff
    assert DirResult(True, {}, errors={"x"}).errors == {"x"}  # noqa: FBT003


def test_a_wrong_call_is_the_usual_error() -> None:
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument"):
        Source()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        Source("a", colour=1)  # type: ignore[call-arg]


def test_a_subclass_may_have_more() -> None:
    class Named(Source):
        pass

    named = Named("a")
    named.note = "more"  # type: ignore[attr-defined]
    assert dataclasses.is_dataclass(Named)
    with pytest.raises(dataclasses.FrozenInstanceError):
        named.url = "b"  # type: ignore[misc]

    @dataclasses.dataclass(frozen=True)
    class Weighed(Source):
        weight: int = 1

    assert [field.name for field in dataclasses.fields(Weighed)][-2:] == ["client_cert", "weight"]
    assert Weighed("a", weight=2).weight == 2
    assert komparu.compare(Weighed("/dev/null"), Named("/dev/null"))


def test_a_match_statement_takes_it_apart() -> None:
    match DirResult(True, {"a": DiffReason.SIZE_MISMATCH}):  # noqa: FBT003
        case DirResult(True, {"a": reason}):
            assert reason is DiffReason.SIZE_MISMATCH
        case _:
            raise AssertionError


@pytest.mark.skipif(
    not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled(),
    reason="it is for the GIL off",
)
def test_without_the_gil_nothing_of_a_record_is_written_by_calls() -> None:
    for name in ("DirResult", "Summary", "Finding", "Difference", "CompareResult", "Progress"):
        assert inspect.isfunction(vars(getattr(komparu, name))["__init__"]), name
