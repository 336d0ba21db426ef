"""Options that are bound to an object: for libraries, which share their process with others."""

from __future__ import annotations

from komparu import _core, _functions, aio
from komparu._describe import UNCHANGED, copied, like
from komparu._loops import coroutine
from komparu._records import refuse
from komparu._runs import opener
from komparu._shown import shown_fields

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from _collections_abc import Callable
    from typing import Any, NoReturn

__all__ = ["Comparer"]


class _Bound:
    """What has settings, and functions that are called within them."""

    __slots__ = ("_settings",)

    if TYPE_CHECKING:
        _settings: _core.Settings

    def __init__(self, settings: _core.Settings) -> None:
        object.__setattr__(self, "_settings", settings)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: it is frozen."""
        refuse("assign to", name)

    def __delattr__(self, name: str) -> NoReturn:
        """Refuse: it is frozen."""
        refuse("delete", name)


class Comparer(_Bound):
    """Every function of komparu as a method, with options of its own.

    They stand between what a call says and what `komparu.configure` has set, which belongs to the
    program: a library that compares has a comparer, and leaves the process's configuration alone.

        comparer = komparu.Comparer(ignore=["*.pyc"], comparison_timeout=60)
        comparer.compare_dir("old", "new")
        await comparer.aio.compare_dir("old", "new")

    It takes the options that `configure` takes, and checks them as that does. It is frozen, equal
    to one with the same options, can be pickled, and is hashable where they are (headers are not).
    Its repr masks user and password of the proxy, auth, and what headers say.

    Attributes:
        options: The options that are set: a new dictionary each time.
        aio: The same functions as coroutines.

    Raises:
        ConfigError: An unknown name, or a value that cannot be.
        TypeError: A wrong type.

    """

    __slots__ = ("__weakref__",)

    def __init__(self, **options: object) -> None:
        """Read and check the options."""
        # What validates calls hands over every default.
        given = {name: value for name, value in options.items() if value is not UNCHANGED}
        super().__init__(_core.Settings(**given))

    @property
    def options(self) -> dict[str, Any]:
        """The options that are set: a new dictionary each time."""
        return self._settings.options()

    @property
    def aio(self) -> _Coroutines:
        """The same functions as coroutines."""
        return _Coroutines(self._settings)

    def __repr__(self) -> str:
        """Show what is set, secrets masked."""
        return shown_fields(type(self).__name__, self.options)

    def __eq__(self, other: object) -> bool:
        """Whether the other one has the same options."""
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.options == other.options

    def __hash__(self) -> int:
        """Hash all options, if they can be."""
        return hash(tuple(self.options.items()))

    def __reduce__(self) -> tuple[Callable[..., Comparer], tuple[type[Comparer], dict[str, Any]]]:
        """Pickle the class and the options."""
        return _made, (type(self), self.options)


class _Coroutines(_Bound):
    """The functions of a `Comparer` as coroutines."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Comparer, str]]:
        """Pickle the comparer that it comes from."""
        return getattr, (Comparer(**self._settings.options()), "aio")


def _made(made: type[Comparer], options: dict[str, Any]) -> Comparer:
    return made(**options)


def _method(name: str) -> Callable[..., object]:
    compiled = getattr(_core, f"{name}_with")

    def function(self: _Bound, /, *arguments: object, **options: object) -> object:
        return compiled(self._settings, *arguments, **options)

    described = copied(getattr(_functions, name), is_method=True)
    return like(described, function, "komparu", "Comparer.")  # type: ignore[no-any-return]


def _coroutine(name: str) -> Callable[..., object]:
    compiled = getattr(_core, f"{name}_job_with")

    def read(self: _Bound, /, *arguments: object, **options: object) -> _core.Job:
        return compiled(self._settings, *arguments, **options)  # type: ignore[no-any-return]

    return coroutine(getattr(_functions, name), read, "_Coroutines.")


def _opener(name: str) -> Callable[..., object]:
    compiled = getattr(_core, f"{name}_with")

    def begin(self: _Bound, /, *arguments: object, **options: object) -> _core.TreeRun:
        return compiled(self._settings, *arguments, **options)  # type: ignore[no-any-return]

    return opener(getattr(_functions, name), begin, "_Coroutines.")


def _described_as_configure(initializer: Any) -> None:  # noqa: ANN401
    described = copied(_functions.configure, is_method=True)
    described.__name__, described.__doc__ = initializer.__name__, initializer.__doc__
    like(described, initializer, "komparu", "Comparer.")


for _name in aio.__all__:
    if _name == "TreeRun":
        continue
    setattr(Comparer, _name, _method(_name))
    # What gives a run is no coroutine: the run is what is awaited.
    _awaited = _opener if _name.startswith("iter_") else _coroutine
    setattr(_Coroutines, _name, _awaited(_name))
_described_as_configure(Comparer.__init__)
Comparer.__module__ = "komparu"
