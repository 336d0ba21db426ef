"""Frozen dataclasses with slots, made without the module `dataclasses`.

That module imports `inspect` and takes longer than all of komparu (8.3 ms and about 7 ms,
where `import requests` takes 62), and what is imported later may be gone by then: in a process that
changed its root, say. The classes here are what
``dataclass(frozen=True, slots=True)`` would have made of them. What only `dataclasses.fields`,
`replace` and the like need is made by `dataclasses` itself, once they ask.
"""

from __future__ import annotations

import sys

# Type checkers take this as true. Importing it from typing would cost more than all of komparu.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from _collections_abc import Callable
    from typing import Any, ClassVar, NoReturn

__all__ = ["dataclass", "field", "refuse"]


class _Factory:
    """Stands in a signature for a default that is made anew each time."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()


class _Field:
    """What is said of a field beyond its type: arguments of `dataclasses.field`."""

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments


def field(**arguments: Any) -> Any:
    """Describe a field as `dataclasses.field` does: by default_factory, hash, compare, repr."""
    return _Field(**arguments)


class _ByDataclasses:
    """An attribute of a class that `dataclasses` makes when it is first asked for."""

    def __init__(self, counterpart: dict[str, Any]) -> None:
        self.counterpart = counterpart

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    def __get__(self, instance: object, owner: type) -> object:
        import dataclasses  # loaded already by what asks for this attribute

        described = {
            name: dataclasses.field(**value.arguments) if isinstance(value, _Field) else value
            for name, value in self.counterpart.items()
        }
        counterpart: Any = type(self.owner.__name__, (), described)
        counterpart = dataclasses.dataclass(frozen=True)(counterpart)
        value = getattr(counterpart, self.name)
        setattr(self.owner, self.name, value)
        return value


#: Threads that write one `__init__` at once wait for locks of the interpreter. Without the GIL, a
#: child of CPython 3.13 that is forked meanwhile may find such a lock taken and wait for it without
#: end. There they are all written while komparu is imported.
_HAS_NO_GIL = hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled()  # noqa: SLF001


class _Initializer:
    """The class's `__init__`, written when it is first asked for: compiling it takes its time."""

    def __init__(self, defaults: dict[str, Any]) -> None:
        self.defaults = defaults

    def __set_name__(self, owner: Any, name: str) -> None:
        self.owner = owner

    def __get__(self, instance: object, owner: type) -> object:
        # Two threads may write it at once: one is as good as the other.
        function: Any = _initializer(self.owner, self.defaults)
        self.owner.__init__ = function
        return function if instance is None else function.__get__(instance, owner)


def refuse(change: str, name: str) -> NoReturn:
    """Refuse to change a frozen field, as `dataclasses` does."""
    message = f"cannot {change} field {name!r}"
    try:
        from dataclasses import FrozenInstanceError  # only where it is raised
    except ImportError:
        # The process has changed its root. What it would be is one of these.
        raise AttributeError(message) from None
    raise FrozenInstanceError(message)


class _Record:
    """What all records have. Each says which of its fields count for what."""

    __slots__ = ()

    if TYPE_CHECKING:
        __match_args__: ClassVar[tuple[str, ...]]
        _compared: ClassVar[tuple[str, ...]]
        _hashed: ClassVar[tuple[str, ...]]
        _shown: ClassVar[tuple[str, ...]]

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._compared)

    def __hash__(self) -> int:
        return hash(tuple([getattr(self, name) for name in self._hashed]))

    def __repr__(self) -> str:
        fields = [f"{name}={getattr(self, name)!r}" for name in self._shown]
        return f"{type(self).__qualname__}({', '.join(fields)})"

    def __setattr__(self, name: str, value: object) -> None:
        self._refuse("assign to", name)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._refuse("delete", name)
        object.__delattr__(self, name)

    def _refuse(self, change: str, name: str) -> None:
        """Refuse to change a field, or anything: a subclass may have more than fields."""
        if name in self.__match_args__ or "__dataclass_fields__" in vars(type(self)):
            refuse(change, name)

    def __getstate__(self) -> list[object]:
        return [getattr(self, name) for name in self.__match_args__]

    def __setstate__(self, state: list[object]) -> None:
        for name, value in zip(self.__match_args__, state, strict=True):
            object.__setattr__(self, name, value)

    def __replace__(self, **changes: object) -> _Record:
        return type(self)(**{name: getattr(self, name) for name in self.__match_args__} | changes)


def dataclass(*, frozen: bool, slots: bool, repr: bool = True) -> Callable[[type], type]:  # noqa: A002
    """Make a frozen class with slots, of one that has annotations for its fields."""
    del repr  # A class that shows itself has a method for it, which counts.
    if not (frozen and slots):
        raise NotImplementedError
    return _made


def _made(described: type) -> type:
    body = dict(vars(described))
    annotations = described.__annotations__
    defaults = {name: body.pop(name) for name in annotations if name in body}
    counterpart = {"__annotations__": annotations, "__module__": described.__module__, **defaults}

    def fields(argument: str, among: tuple[str, ...]) -> tuple[str, ...]:
        fields = {name: value for name, value in defaults.items() if isinstance(value, _Field)}
        without = {name for name, value in fields.items() if value.arguments.get(argument) is False}
        return tuple(name for name in among if name not in without)

    names = tuple(annotations)
    compared = fields("compare", names)
    # What a class is given with its body, and what Python 3.14 has for annotations.
    for automatic in ("__dict__", "__weakref__", "__annotate_func__", "__annotations_cache__"):
        body.pop(automatic, None)
    body.update(
        __annotations__=annotations,
        __slots__=names,
        __match_args__=names,
        _compared=compared,
        _hashed=fields("hash", compared),
        _shown=fields("repr", names),
        __dataclass_fields__=_ByDataclasses(counterpart),
        __dataclass_params__=_ByDataclasses(counterpart),
        __init__=_Initializer(defaults),
    )
    made: Any = type(described.__name__, (_Record,), body)
    if _HAS_NO_GIL:
        made.__init__  # noqa: B018  # writes it
    return made  # type: ignore[no-any-return]


def _initializer(made: Any, defaults: dict[str, Any]) -> Callable[..., None]:
    """Write `__init__`, a parameter for each field: faster than to take whatever comes."""
    parameters, lines = ["self"], []
    known: dict[str, Any] = {"FACTORY": _FACTORY}
    for name in made.__match_args__:
        # Nothing but the slots themselves can set anything.
        known[f"set_{name}"] = vars(made)[name].__set__
        default = defaults.get(name)
        if isinstance(default, _Field) and "default" in default.arguments:
            default = default.arguments["default"]
        if isinstance(default, _Field):
            known[f"make_{name}"] = default.arguments["default_factory"]
            parameters.append(f"{name}=FACTORY")
            lines.append(f"set_{name}(self, make_{name}() if {name} is FACTORY else {name})")
        else:
            known[f"default_{name}"] = default
            parameters.append(f"{name}=default_{name}" if name in defaults else name)
            lines.append(f"set_{name}(self, {name})")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}): {'; '.join(lines)}", known)  # noqa: S102
    function: Callable[..., None] = known["__init__"]
    function.__qualname__ = f"{made.__qualname__}.__init__"
    function.__module__ = made.__module__
    function.__annotations__ = {**made.__annotations__, "return": None}
    return function
