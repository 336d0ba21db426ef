"""Every function, in every way that a call of it can end: for tests that call again and again.

A function that is new is a line or two in :func:`_cases`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import komparu
from files import MAKES, Reads, Seeks
from komparu import ConfigError, Content, Source, aio

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import TypeAlias

    from komparu import SourceLike
    from specimens import Ground

    Make: TypeAlias = Callable[[bytes], Any]

__all__ = ["Case", "Raised", "cases"]


class Raised(NamedTuple):
    """An exception, as an answer."""

    kind: type[BaseException]
    words: str


class Watched:
    """A function that is told of the progress, and can be called by any thread."""

    def __call__(self, progress: komparu.Progress) -> None:
        """Take what is told."""
        assert progress.entries >= 0


@dataclass(frozen=True)
class Case:
    """A call, and how it must end."""

    function: str
    name: str
    call: Callable[[], object]
    answer: object
    """What comes out, or the class of the exception."""

    cost: int = 1
    """About how many times the work of two small files it is."""

    worded_freely: bool = False
    """What the exception says depends on the connections that libcurl has kept."""

    make: Callable[[], Coroutine[None, None, object]] | None = None
    """Makes the coroutine that the call runs, if it is one."""

    def run(self) -> object:
        """Call it. An exception is an answer, too: its class and its words."""
        try:
            answer = self.call()
        except Exception as error:  # noqa: BLE001
            return Raised(type(error), "" if self.worded_freely else str(error))
        return answer

    def settled(self) -> Case:
        """The same, with all of a first answer, once it is seen to be the right one."""
        first = self.run()
        ended = first.kind if isinstance(first, Raised) else bool(first)
        right = ended is self.answer
        assert right, f"{self.function}, {self.name}: {first!r}, not {self.answer!r}"
        return replace(self, answer=first)

    def check(self) -> None:
        """Call it once more, and demand the answer that it had before."""
        answer = self.run()
        assert answer == self.answer, f"{self.function}, {self.name}: {answer!r}"


def cases(ground: Ground, function: str = "") -> list[Case]:
    """Every case, or those of one function, each called once and found right."""
    return [case.settled() for case in _cases(ground) if function in {"", case.function}]


def _cases(ground: Ground) -> Iterator[Case]:
    yield from _files(ground)
    yield from _places(ground)
    yield from _urls(ground)
    yield from _directories(ground)
    yield from _archives(ground)
    yield from _many(ground)
    yield from _any_trees(ground)
    yield from _objects(ground)
    yield from _coroutines(ground)
    yield from _configuration()


def _files(ground: Ground) -> Iterator[Case]:
    def compare(
        name: str, a: str, b: str, answer: object, cost: int = 1, **options: object
    ) -> Case:
        paths = (str(ground.root / a), str(ground.root / b))
        call = lambda: komparu.compare(*paths, **options)  # type: ignore[arg-type]  # noqa: E731
        return Case("compare", name, call, answer, cost)

    yield compare("equal", "small", "same", answer=True)
    yield compare("different", "small", "other", answer=False)
    yield compare("another size", "small", "short", answer=False)
    yield compare("one file", "small", "link", answer=True)
    yield compare("big, equal", "big-a", "big-b", answer=True, cost=20)
    yield compare("big, different", "big-a", "big-c", answer=False, cost=20)
    yield compare("by several threads, equal", "shared-a", "shared-b", answer=True, cost=100)
    yield compare("by several threads, different", "shared-a", "shared-c", answer=False, cost=100)
    yield compare("read", "/proc/self/limits", "small", answer=False)
    yield compare("missing", "small", "missing", komparu.SourceNotFoundError)
    yield compare("a directory", "tree-a", "small", komparu.SourceReadError)
    yield compare("a device", "small", "/dev/zero", komparu.SourceReadError)
    yield compare("unreadable", "/proc/self/mem", "small", komparu.SourceReadError)
    yield compare("out of time", "small", "same", _TIMEOUT, comparison_timeout=1e-9)
    yield compare("a bad value", "small", "same", ValueError, chunk_size=0)
    yield compare("a wrong type", "small", "same", TypeError, chunk_size="1")
    yield compare("an unknown option", "small", "same", TypeError, colour="red")
    yield Case("compare", "nothing", lambda: komparu.compare("", b"x"), ValueError)
    yield Case("compare", "no source", lambda: komparu.compare(1, 2), TypeError)  # type: ignore[arg-type]
    yield Case("compare", "ftp", lambda: komparu.compare("ftp://h/", "x"), ConfigError)


_TIMEOUT = komparu.ComparisonTimeoutError


def _places(ground: Ground) -> Iterator[Case]:
    def find(name: str, a: str, b: str, answer: object, cost: int = 1, **options: object) -> Case:
        paths = [place if ":" in place else str(ground.root / place) for place in (a, b)]
        call = lambda: komparu.first_difference(*paths, **options)  # type: ignore[arg-type]  # noqa: E731
        return Case("first_difference", name, call, answer, cost)

    url = ground.url
    yield find("none", "small", "same", answer=False)
    yield find("one file", "small", "link", answer=False)
    yield find("somewhere", "small", "other", answer=True)
    yield find("at an end", "small", "short", answer=True)
    yield find("by several threads", "shared-a", "shared-c", answer=True, cost=100)
    yield find("by several threads, none", "shared-a", "shared-b", answer=False, cost=100)
    yield find("of a URL", f"{url}/big-a", "big-c", answer=True, cost=60)
    yield find("of two URLs", f"{url}/small", f"{url}/other", answer=True, cost=20)
    yield find("missing", "small", "missing", komparu.SourceNotFoundError)
    yield find("out of time", "small", "same", _TIMEOUT, comparison_timeout=1e-9)
    yield find("too much context", "small", "same", ValueError, context=1 << 30)


def _urls(ground: Ground) -> Iterator[Case]:
    def compare(url: str, path: str, answer: object, cost: int = 10, **options: object) -> Case:
        full = url if ":" in url else f"{ground.url}/{url}"
        source = Source(full, headers={"X-Case": url}, timeout=20)
        file = str(ground.root / path)
        call = lambda: komparu.compare(source, file, **options)  # type: ignore[arg-type]  # noqa: E731
        freely = url == "hang-up"
        return Case("compare, URL", f"{url} and {path}", call, answer, cost, freely)

    yield compare("small", "same", answer=True)
    yield compare("small", "other", answer=False)
    yield compare("small", "short", answer=False)
    yield compare("moved/small", "same", answer=True, cost=20)
    yield compare("no-ranges/big-a", "big-b", answer=True, cost=60)
    yield compare("shared-a", "shared-b", answer=True, cost=300)
    yield compare("shared-a", "shared-c", answer=False, cost=300)
    yield compare("missing", "small", komparu.SourceNotFoundError)
    yield compare("teapot", "small", komparu.SourceReadError)
    yield compare("hang-up", "small", komparu.SourceReadError, cost=20)
    yield compare("loop", "small", komparu.SourceReadError, cost=100)
    yield compare("metadata/", "small", komparu.SourceReadError)
    yield compare("miscoded/small", "small", komparu.SourceReadError)
    yield compare(ground.refused, "small", komparu.SourceReadError)
    yield compare("small", "missing", komparu.SourceNotFoundError)
    yield compare("small", "same", _TIMEOUT, comparison_timeout=1e-9)
    urls = (f"{ground.url}/small", f"{ground.url}/same")
    yield Case("compare, URL", "two", lambda: komparu.compare(*urls), answer=True, cost=20)


def _directories(ground: Ground) -> Iterator[Case]:
    def compare_dir(a: str, b: str, answer: object, cost: int = 20, **options: object) -> Case:
        paths = (str(ground.root / a), str(ground.root / b))
        call = lambda: komparu.compare_dir(*paths, **options)  # type: ignore[arg-type]  # noqa: E731
        name = f"{a} and {b} {options or ''}".rstrip()
        return Case("compare_dir", name, call, answer, cost)

    yield compare_dir("tree-a", "tree-a", answer=True, cost=1)
    yield compare_dir("tree-a", "tree-b", answer=False, ignore=["*.md"])
    yield compare_dir("tree-a", "tree-b", answer=True, ignore=["dangling"], max_workers=1)
    yield compare_dir("tree-a", "tree-b", answer=False, follow_symlinks=False)
    yield compare_dir("tree-a", "tree-c", answer=False)
    yield compare_dir("tree-a", "missing", komparu.SourceNotFoundError, cost=1)
    yield compare_dir("small", "tree-a", komparu.SourceReadError, cost=1)
    yield compare_dir("tree-a", "tree-b", _TIMEOUT, cost=1, comparison_timeout=1e-9)
    yield compare_dir("tree-a", "tree-b", ValueError, cost=1, ignore=["[z-a]"])


def _archives(ground: Ground) -> Iterator[Case]:
    def compare_archive(a: str, b: str, answer: object, cost: int = 100, **options: object) -> Case:
        places = [place if ":" in place else str(ground.root / place) for place in (a, b)]
        call = lambda: komparu.compare_archive(*places, **options)  # type: ignore[arg-type]  # noqa: E731
        name = f"{a} and {b} {options or ''}".rstrip()
        return Case("compare_archive", name, call, answer, cost)

    yield compare_archive("a.tar.gz", "a.zip", answer=True)
    yield compare_archive("a.zip", "back.tar", answer=True)
    yield compare_archive("back.tar", "a.tar.gz", answer=True, hash_compare=True)
    yield compare_archive("a.tar.gz", "c.zip", answer=False)
    yield compare_archive(f"{ground.url}/a.tar.gz", "c.zip", answer=False)
    yield compare_archive(f"{ground.url}/a.zip", f"{ground.url}/back.tar", answer=True)
    yield compare_archive("named.zip", "named.tar", answer=True)
    yield compare_archive(f"{ground.url}/named.zip", "named.tar", answer=True)
    yield compare_archive(f"{ground.url}/no-ranges/a.zip", "back.tar", komparu.ArchiveError)
    yield compare_archive("a.zip.gz", "back.tar", komparu.ArchiveError)
    yield compare_archive("cut.tar.gz", "a.zip", komparu.ArchiveError)
    yield compare_archive("small", "a.zip", komparu.ArchiveError)
    yield compare_archive("missing", "a.zip", komparu.SourceNotFoundError, cost=2)
    yield compare_archive(f"{ground.url}/missing", "a.zip", komparu.SourceNotFoundError)
    yield compare_archive("bomb.zip", "bomb.zip", komparu.ArchiveBombError)
    yield compare_archive("a.zip", "back.tar", komparu.ArchiveBombError, max_archive_entries=3)
    yield compare_archive("a.zip", "back.tar", _TIMEOUT, comparison_timeout=1e-9)
    yield compare_archive("a.zip", "back.tar", ValueError, cost=1, max_compression_ratio=-1)


def _many(ground: Ground) -> Iterator[Case]:
    root, url = ground.root, ground.url
    same: list[SourceLike] = [str(root / "small"), root / "same", Source(str(root / "link"))]
    mixed: list[SourceLike] = [
        *same,
        str(root / "other"),
        str(root / "short"),
        f"{url}/small",
        f"{url}/other",
    ]
    missing: list[SourceLike] = [*same, str(root / "missing")]
    big = [root / "shared-a", root / "shared-b", root / "shared-c"]
    compare_all, compare_many = komparu.compare_all, komparu.compare_many
    yield Case("compare_all", "equal", lambda: compare_all(same), answer=True, cost=4)
    yield Case("compare_all", "different", lambda: compare_all(mixed), answer=False, cost=20)
    yield Case("compare_all", "big", lambda: compare_all(big), answer=False, cost=200)
    yield Case(
        "compare_all", "missing", lambda: compare_all(missing), komparu.SourceNotFoundError, 3
    )
    yield Case("compare_all", "too few", lambda: compare_all([]), answer=True)
    yield Case("compare_many", "equal", lambda: compare_many(same), answer=True, cost=4)
    yield Case("compare_many", "different", lambda: compare_many(mixed), answer=False, cost=30)
    yield Case("compare_many", "big", lambda: compare_many(big), answer=False, cost=200)
    yield Case(
        "compare_many", "missing", lambda: compare_many(missing), komparu.SourceNotFoundError, 3
    )
    tree = str(root / "tree-d")
    names = [f"{number}.txt" for number in range(6)]
    equal = {name: f"{url}/tree-d/{name}" for name in names}
    wrong = {**equal, "1.txt": f"{url}/small", "2.txt": f"{url}/missing", "more": f"{url}/more"}
    compare_dir_urls = komparu.compare_dir_urls
    yield Case(
        "compare_dir_urls", "equal", lambda: compare_dir_urls(tree, equal), answer=True, cost=60
    )
    yield Case(
        "compare_dir_urls", "errors", lambda: compare_dir_urls(tree, wrong), answer=False, cost=60
    )
    yield Case(
        "compare_dir_urls", "a bad path", lambda: compare_dir_urls(tree, {"../x": url}), ValueError
    )


def _any_trees(ground: Ground) -> Iterator[Case]:
    root = ground.root
    tree, archive, nowhere = root / "tree-a", root / "a.tar.gz", root / "missing"
    mapped = {"x": root / "small"}
    compare_trees = komparu.compare_trees
    yield Case("compare_trees", "equal", lambda: compare_trees(tree, tree), answer=True)
    yield Case("compare_trees", "different", lambda: compare_trees(tree, archive), answer=False)
    yield Case("compare_trees", "a map", lambda: compare_trees(archive, mapped), answer=False)
    yield Case(
        "compare_trees",
        "cut",
        lambda: compare_trees(root / "cut.tar.gz", tree),
        komparu.ArchiveError,
    )
    yield Case(
        "compare_trees",
        "missing",
        lambda: compare_trees(tree, nowhere),
        komparu.SourceNotFoundError,
    )
    watched = Watched()
    yield Case(
        "compare_trees",
        "watched",
        lambda: compare_trees(tree, archive, where=True, progress=watched),
        answer=False,
    )

    def found(left: Any, right: Any, **options: Any) -> list[tuple[str, str]]:  # noqa: ANN401
        """Name what is found, and how it ended, in an order that is always the same."""
        with komparu.iter_trees(left, right, **options) as run:
            paths = sorted((finding.path, finding.verdict.value) for finding in run)
            return [*paths, ("", run.result().verdict.value)]

    yield Case("iter_trees", "two directories", lambda: found(tree, root / "tree-c"), answer=True)
    yield Case("iter_trees", "an archive", lambda: found(tree, archive, where=True), answer=True)
    yield Case("iter_trees", "a map", lambda: found(mapped, archive, equal=True), answer=True)
    yield Case("iter_trees", "missing", lambda: found(tree, nowhere), komparu.SourceNotFoundError)
    yield Case(
        "iter_trees",
        "out of time",
        lambda: found(tree, root / "tree-c", comparison_timeout=1e-9),
        _TIMEOUT,
    )

    def left_early() -> bool:
        with komparu.iter_trees(tree, root / "tree-c") as run:
            next(run)
        return run.has_stopped

    yield Case("iter_trees", "left", left_early, answer=True)


def _objects(ground: Ground) -> Iterator[Case]:
    """Yield calls with objects of every make, also within coroutines and runs."""
    small, content = ground.root / "small", b"the same"
    archive = (ground.root / "a.tar.gz").read_bytes()

    def case(name: str, call: Callable[[], object], answer: object, cost: int = 10) -> Case:
        return Case("objects", name, call, answer, cost)

    def same(make: Make) -> object:
        return komparu.compare(make(content), small)

    def differs(make: Make) -> object:
        return komparu.compare(Content(make(b"the sane")), small)

    def mapped(make: Make) -> object:
        return komparu.compare_trees({"a": make(content)}, {"a": small})

    def again(make: Make) -> object:
        return asyncio.run(aio.compare(small, make(content)))

    for name, make in MAKES.items():
        yield case(f"{name}, equal", partial(same, make), answer=True)
        yield case(f"{name}, different", partial(differs, make), answer=False)
        yield case(f"{name}, a map", partial(mapped, make), answer=True)
        yield case(f"{name}, a coroutine", partial(again, make), answer=True, cost=60)

    class Fails(Reads):
        def read(self, _size: int) -> bytes:
            raise LookupError("own")

    def found() -> list[str]:
        trees: list[Any] = [{"a": Reads(content), "b": Fails(b"")}, {"a": small, "b": Fails(b"")}]
        with komparu.iter_trees(*trees) as run:
            return [finding.path for finding in run]

    def awaited() -> object:
        return asyncio.run(aio.compare(small, Fails(b"")))

    fails = lambda: komparu.compare(small, Fails(b""))  # noqa: E731
    opens = lambda: komparu.compare(small, Content(lambda: Fails(b"")))  # noqa: E731
    late = lambda: komparu.compare(small, Reads(content), comparison_timeout=1e-9)  # noqa: E731
    packed = lambda: komparu.compare_archive(Seeks(archive), Content(archive))  # noqa: E731
    yield case("raises", fails, LookupError)
    yield case("raises, opened", opens, LookupError)
    yield case("raises, a coroutine", awaited, LookupError, 60)
    yield case("raises, a run", found, answer=True)
    yield case("out of time", late, _TIMEOUT)
    yield case("an archive", packed, answer=True, cost=100)


def _coroutines(ground: Ground) -> Iterator[Case]:
    """Yield each function's coroutine, in a loop of its own; with that, all else is the same."""
    root, url = ground.root, ground.url
    same: list[SourceLike] = [str(root / "small"), root / "same", f"{url}/small"]
    pair, other = (root / "small", root / "same"), (root / "small", f"{url}/other")
    trees, archives = (root / "tree-a", root / "tree-c"), (root / "a.tar.gz", root / "a.zip")

    def case(
        function: str, name: str, make: Callable[[], Coroutine[None, None, object]], answer: object
    ) -> Case:
        return Case(f"aio.{function}", name, lambda: asyncio.run(make()), answer, 50, make=make)

    nowhere, nothing = root / "missing", komparu.SourceNotFoundError
    yield case("compare", "equal", lambda: aio.compare(*pair), answer=True)
    yield case("compare", "different", lambda: aio.compare(*other), answer=False)
    yield case("compare", "missing", lambda: aio.compare(nowhere, root), nothing)
    yield case(
        "compare", "out of time", lambda: aio.compare(*pair, comparison_timeout=1e-9), _TIMEOUT
    )
    yield case("first_difference", "none", lambda: aio.first_difference(*pair), answer=False)
    yield case("first_difference", "some", lambda: aio.first_difference(*other), answer=True)
    compare_dir, compare_archive = aio.compare_dir, aio.compare_archive
    yield case("compare_dir", "different", lambda: compare_dir(*trees), answer=False)
    yield case("compare_dir", "missing", lambda: compare_dir(nowhere, root), nothing)
    cut = root / "cut.tar.gz", root / "a.zip"
    yield case("compare_archive", "equal", lambda: compare_archive(*archives), answer=True)
    yield case("compare_archive", "cut", lambda: compare_archive(*cut), komparu.ArchiveError)
    mixed = root / "tree-a", root / "a.zip"
    yield case("compare_trees", "different", lambda: aio.compare_trees(*mixed), answer=False)

    async def found(*trees: Path) -> list[str]:
        async with aio.iter_trees(*trees) as run:
            return sorted([finding.path async for finding in run])

    yield case("iter_trees", "two directories", lambda: found(*trees), answer=True)
    yield case("iter_trees", "an archive", lambda: found(*mixed), answer=True)
    yield case("iter_trees", "missing", lambda: found(nowhere, root), nothing)
    missing: list[SourceLike] = [*same, nowhere]
    compare_all, compare_many = aio.compare_all, aio.compare_many
    yield case("compare_all", "equal", lambda: compare_all(same), answer=True)
    yield case("compare_all", "missing", lambda: compare_all(missing), nothing)
    yield case("compare_many", "equal", lambda: compare_many(same), answer=True)
    yield case("compare_many", "missing", lambda: compare_many(missing), nothing)
    tree, dir_urls = root / "tree-d", aio.compare_dir_urls
    urls = {f"{number}.txt": f"{url}/tree-d/{number}.txt" for number in range(6)}
    wrong = {**urls, "2.txt": f"{url}/missing"}
    yield case("compare_dir_urls", "equal", lambda: dir_urls(tree, urls), answer=True)
    yield case("compare_dir_urls", "errors", lambda: dir_urls(tree, wrong), answer=False)


def _configuration() -> Iterator[Case]:
    yield Case("get_config", "defaults", lambda: komparu.get_config() is not None, answer=True)
    yield Case("reset_config", "defaults", komparu.reset_config, answer=False)
    yield Case("configure", "nothing", komparu.configure, answer=False)
    yield Case("configure", "unknown", lambda: komparu.configure(colour=1), ConfigError)  # type: ignore[call-arg]
    yield Case("configure", "bad", lambda: komparu.configure(chunk_size=-1), ConfigError)
    yield Case("Source", "good", lambda: Source("x") is not None, answer=True)
    yield Case("Source", "bad", lambda: Source("http://h/", timeout=-1), ValueError)
    yield Case("Comparer", "nothing", lambda: komparu.Comparer() is not None, answer=True)
    yield Case("Comparer", "unknown", lambda: komparu.Comparer(colour=1), ConfigError)  # type: ignore[call-arg]
    yield Case("Comparer", "bad", lambda: komparu.Comparer(chunk_size=-1), ConfigError)
    null, comparer = "/dev/null", komparu.Comparer(chunk_size=5, headers={"A": "b"})
    yield Case("Comparer", "compare", lambda: comparer.compare(null, null), answer=True)
    again = lambda: asyncio.run(comparer.aio.compare(null, null))  # noqa: E731
    yield Case("Comparer", "aio.compare", again, answer=True, cost=50)
