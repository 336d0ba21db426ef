"""How a public function is made of its description."""

from __future__ import annotations

import os

from komparu import _core

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    F = TypeVar("F")
    # The keys of a mapping are of one type, whichever it is.
    PathKey = TypeVar("PathKey", bound=str | bytes | os.PathLike[str] | os.PathLike[bytes])
else:
    PathKey = str | bytes | os.PathLike[str] | os.PathLike[bytes]

__all__ = ["UNCHANGED", "PathKey", "copied", "like", "public"]


class _Unchanged:
    """Shown in signatures as stubs have it."""

    def __repr__(self) -> str:
        return "..."


#: The default of what stays as it is, unless it is given.
UNCHANGED: Any = _Unchanged()


def public(described: F) -> F:
    """Make the function that is described: it calls what has its name in the compiled part."""
    function: F = like(described, _calling(described), "komparu")
    return function


def _calling(described: Any) -> Any:  # noqa: ANN401
    compiled = getattr(_core, described.__name__)

    def function(*arguments: object, **options: object) -> object:
        if options:
            return compiled(*arguments, **options)
        return compiled(*arguments)

    def function_that_changes(*arguments: object, **options: object) -> object:
        # What validates calls hands over every default.
        given = {name: value for name, value in options.items() if value is not UNCHANGED}
        return compiled(*arguments, **given)

    defaults = described.__kwdefaults__ or {}
    return function_that_changes if UNCHANGED in defaults.values() else function


def copied(function: Any, *, flags: int = 0, is_method: bool = False) -> Any:  # noqa: ANN401
    """Copy what describes a public function, with more flags, or as a method: with ``self``."""
    described = function.__wrapped__
    code = described.__code__.replace(co_flags=described.__code__.co_flags | flags)
    if is_method:
        code = code.replace(
            co_argcount=code.co_argcount + 1,
            co_nlocals=code.co_nlocals + 1,
            co_varnames=("self", *code.co_varnames),
        )
    copy = type(described)(code, described.__globals__, described.__name__)
    copy.__kwdefaults__ = described.__kwdefaults__
    copy.__annotations__ = described.__annotations__
    copy.__doc__ = described.__doc__
    return copy


def like(described: Any, function: Any, module: str, owner: str = "") -> Any:  # noqa: ANN401
    """Give a function the name, documentation, types and signature of the one that describes it."""
    function.__name__ = described.__name__
    function.__qualname__ = described.__qualname__ = f"{owner}{described.__name__}"
    # What a traceback or a profile shows.
    function.__code__ = function.__code__.replace(co_name=described.__name__)
    function.__doc__ = described.__doc__
    function.__module__ = described.__module__ = module
    function.__annotations__ = described.__annotations__
    # Where inspect finds the signature. Making one here would take importing inspect.
    function.__wrapped__ = described
    return function
