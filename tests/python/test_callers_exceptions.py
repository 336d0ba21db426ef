"""What the caller's own code raises while its arguments are read comes out as it is."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

import komparu
from children import run
from komparu import Source, aio

#: Those that komparu raises itself for bad arguments, those that end a program, and others.
KINDS = [
    ConnectionError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    ImportError,
    NotImplementedError,
    komparu.ConfigError,
    KeyboardInterrupt,
    SystemExit,
    GeneratorExit,
]


def thing(error: BaseException, *methods: str, base: type = object) -> Any:  # noqa: ANN401
    """Something that has these methods, each of which raises the exception."""

    def method(*_: object) -> None:
        raise error

    return type("Thing", (base,), dict.fromkeys(methods, method))()


class Table(Mapping[Any, Any]):
    """A mapping of one pair."""

    def __init__(self, key: object, value: object) -> None:
        self.pair = key, value

    def __getitem__(self, key: object) -> object:
        return self.pair[1]

    def __iter__(self) -> Iterator[object]:
        return iter([self.pair[0]])

    def __len__(self) -> int:
        return 1


class NoItems(Table):
    """One that cannot say what is in it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__("a", "b")
        self.error = error

    def items(self) -> Any:  # noqa: ANN401
        raise self.error


class Iterates(Table):
    """One whose items cannot be iterated."""

    def __init__(self, error: BaseException) -> None:
        super().__init__("a", "b")
        self.error = error

    def items(self) -> Any:  # noqa: ANN401
        return thing(self.error, "__iter__")


def after_one(error: BaseException) -> Iterator[str]:
    yield "/dev/null"
    raise error


class Settings(Source):
    """A source one of whose settings is computed."""

    error: BaseException

    @property
    def timeout(self) -> float | None:
        raise self.error


def settings(error: BaseException) -> Source:
    class Computed(Settings):
        pass

    Computed.error = error
    result = object.__new__(Computed)
    for name in ("url", "headers", "follow_redirects", "verify_ssl", "proxy"):
        object.__setattr__(result, name, "http://h/" if name == "url" else None)
    return result


Hook = Callable[[BaseException], Any]
path: Hook = lambda error: thing(error, "__fspath__")  # noqa: E731
index: Hook = lambda error: thing(error, "__index__")  # noqa: E731

#: Every value that has code of the caller's behind it, as an argument of the function named here.
PLACES: dict[str, tuple[str, Callable[[BaseException], tuple[tuple[Any, ...], dict[str, Any]]]]] = {
    "a path": ("compare", lambda e: ((path(e), "b"), {})),
    "the second path": ("compare", lambda e: (("a", path(e)), {})),
    "a source's setting": ("compare", lambda e: (("a", settings(e)), {})),
    "a directory": ("compare_dir", lambda e: ((path(e), "b"), {})),
    "an archive": ("compare_archive", lambda e: (("a", path(e)), {})),
    "__iter__ of sources": ("compare_all", lambda e: ((thing(e, "__iter__"),), {})),
    "__getitem__ of sources": ("compare_all", lambda e: ((thing(e, "__getitem__"),), {})),
    "__next__ of sources": ("compare_many", lambda e: ((after_one(e),), {})),
    "a path among sources": ("compare_many", lambda e: ((["a", path(e)],), {})),
    "items()": ("compare_dir_urls", lambda e: (("/", NoItems(e)), {})),
    "__iter__ of items()": ("compare_dir_urls", lambda e: (("/", Iterates(e)), {})),
    "a key": ("compare_dir_urls", lambda e: (("/", Table(path(e), "b")), {})),
    "a value": ("compare_dir_urls", lambda e: (("/", Table("a", path(e))), {})),
    "an integer": ("compare", lambda e: (("a", "b"), {"chunk_size": index(e)})),
    "max_workers": ("compare", lambda e: (("a", "b"), {"max_workers": index(e)})),
    "a limit": ("compare_archive", lambda e: (("a", "b"), {"max_archive_entries": index(e)})),
    "a float": ("compare", lambda e: (("a", "b"), {"timeout": thing(e, "__float__")})),
    "a float of an integer": ("compare", lambda e: (("a", "b"), {"timeout": index(e)})),
    "items() of headers": ("compare", lambda e: (("a", "b"), {"headers": NoItems(e)})),
    "__iter__ of patterns": (
        "compare_dir",
        lambda e: (("a", "b"), {"ignore": thing(e, "__iter__")}),
    ),
    "__next__ of patterns": ("compare_dir", lambda e: (("a", "b"), {"ignore": after_one(e)})),
}

every_place = pytest.mark.parametrize("place", PLACES)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@every_place
@every_kind
def test_what_a_caller_raises_comes_out(place: str, kind: type[BaseException]) -> None:
    name, arguments = PLACES[place]
    error = kind("of the caller's own")
    positional, options = arguments(error)
    with pytest.raises(kind) as caught:
        getattr(komparu, name)(*positional, **options)
    assert caught.value is error


@every_place
@every_kind
def test_what_a_caller_raises_comes_out_of_a_coroutine(
    place: str, kind: type[BaseException]
) -> None:
    name, arguments = PLACES[place]
    error = kind("of the caller's own")
    positional, options = arguments(error)

    async def main() -> bool:
        # Awaited by hand: a task has its own mind about those that end a program.
        coroutine = getattr(aio, name)(*positional, **options)
        try:
            coroutine.send(None)
        except BaseException as caught:  # noqa: BLE001
            return caught is error
        return False

    assert asyncio.run(main())


#: The options whose reading runs code of the caller's.
OPTIONS: dict[str, Hook] = {
    "chunk_size": index,
    "max_workers": index,
    "timeout": lambda e: thing(e, "__float__"),
    "comparison_timeout": index,
    "headers": NoItems,
    "ignore": after_one,
    "max_compression_ratio": lambda e: thing(e, "__float__"),
}


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
@pytest.mark.parametrize("option", OPTIONS)
@every_kind
def test_what_a_caller_raises_comes_out_of_configure(
    option: str, kind: type[BaseException]
) -> None:
    error = kind("of the caller's own")
    with pytest.raises(kind) as caught:
        komparu.configure(size_precheck=False, **{option: OPTIONS[option](error)})
    assert caught.value is error
    assert komparu.get_config() == komparu.KomparuConfig()


@every_kind
def test_what_a_caller_raises_comes_out_of_a_source(kind: type[BaseException]) -> None:
    error = kind("of the caller's own")
    for options in ({"url": path(error)}, {"url": "http://h/", "headers": NoItems(error)}):
        with pytest.raises(kind) as caught:
            Source(**options)
        assert caught.value is error


@every_kind
def test_a_class_that_raises_when_it_is_asked_what_it_is(kind: type[BaseException]) -> None:
    """`isinstance` asks it."""
    error = kind("of the caller's own")

    class Odd:
        @property  # type: ignore[misc]
        def __class__(self) -> Any:  # noqa: ANN401
            raise error

    with pytest.raises(kind) as caught:
        komparu.compare_dir_urls("/", Odd())  # type: ignore[arg-type]
    assert caught.value is error


def test_what_is_no_mapping_or_iterable_is_still_told_so() -> None:
    with pytest.raises(TypeError, match="sources must be an iterable of sources, not int"):
        komparu.compare_all(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="ignore must be an iterable of str, not int"):
        komparu.compare_dir("a", "b", ignore=5)  # type: ignore[arg-type]

    class Odd(dict[str, str]):
        def items(self) -> Any:  # noqa: ANN401
            return [("a", "b", "c")]

    with pytest.raises(TypeError, match=r"an item of items\(\) of url_map must be a tuple of two"):
        komparu.compare_dir_urls("/", Odd())


def test_a_mapping_that_changes_while_it_is_read_is_read_as_it_was() -> None:
    table: dict[Any, str] = {}

    class Changes:
        def __fspath__(self) -> str:
            table.clear()
            return "a"

    table.update({Changes(): "/dev/null", "b": "/dev/null"})
    assert komparu.compare_dir_urls("/proc/self/task", table, ignore=["*"]).equal


@pytest.mark.thread_unsafe(reason="sets the configuration, which is the process's")
def test_numbers_of_any_size_are_numbers() -> None:
    class Big(int):
        def __float__(self) -> float:
            raise AssertionError("an integer is one without it")

        def __lt__(self, _: object) -> bool:
            raise AssertionError("neither is this asked")

    for number in (10**400, Big(10**400)):
        komparu.configure(timeout=number, comparison_timeout=number)
    with pytest.raises(komparu.ConfigError, match="timeout must be positive"):
        komparu.configure(timeout=Big(-(10**400)))


@pytest.mark.parametrize("expression", ["itertools.repeat('a')", "itertools.cycle('ab')"])
def test_an_endless_iterator_can_be_interrupted(expression: str) -> None:
    code = """
import itertools, resource
# AddressSanitizer takes more addresses than that at once.
if "asan" not in os.environ.get("LD_PRELOAD", ""):
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
signal.signal(signal.SIGALRM, signal.default_int_handler)
try:
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    komparu.compare_all(eval(sys.argv[1]))
except KeyboardInterrupt:
    print("interrupted")
"""
    assert run(code, expression) == "interrupted\n"


@pytest.mark.thread_unsafe(reason="presses Ctrl-C, which is the main thread's")
def test_ctrl_c_in_an_iterator_is_no_wrong_type() -> None:
    class Slow:
        def __iter__(self) -> Iterator[str]:
            signal.raise_signal(signal.SIGINT)
            return iter(["a", "b"])

    with pytest.raises(KeyboardInterrupt):
        komparu.compare_many(Slow())


def test_of_two_handlers_that_raise_in_a_delivery_the_one_that_ends_the_program_counts() -> None:
    """Signals that come while two futures are resolved: neither is lost to the other."""
    code = """
import asyncio, ctypes, functools, itertools
from komparu import aio
komparu.configure(max_workers=1)
kinds = iter([LookupError, KeyboardInterrupt])
def handler(*_):
    raise next(kinds)
signal.signal(signal.SIGUSR1, handler)
send = getattr(ctypes.CDLL(None), "raise")
class Disturbed(asyncio.Future): pass
class Loop(asyncio.SelectorEventLoop):
    def create_future(self):
        if sys._getframe(1).f_globals["__name__"] != "komparu._loops":
            return super().create_future()
        future = Disturbed(loop=self)
        answers = itertools.chain(map(send, [signal.SIGUSR1]), itertools.repeat(0))
        future.done = functools.partial(next, answers)
        return future
raised = []
loop = Loop()
loop.set_exception_handler(lambda _, context: raised.append(type(context["exception"])))
async def main():
    tasks = [asyncio.create_task(aio.compare("/dev/null", "/dev/null")) for _ in range(2)]
    await asyncio.sleep(0)
    # One worker does one job after another: both are finished when a third one is.
    other = threading.Thread(target=asyncio.run, args=[aio.compare("/dev/null", "/dev/null")])
    other.start()
    other.join()
    return await asyncio.wait(tasks, timeout=60)
task = loop.create_task(main())
while not task.done():
    try:
        loop.run_until_complete(task)
    except KeyboardInterrupt as error:
        raised.append(type(error))
print(KeyboardInterrupt in raised, len(task.result()[1]))
loop.close()
"""
    assert run(code) == "True 0\n"
