"""Runs for event loops: a comparison whose findings are awaited.

Loaded with komparu, and loads nothing itself: asyncio is there when one of its loops runs.
"""

from __future__ import annotations

from komparu._describe import copied, like
from komparu._loops import TICK, no_loop, running_loop, state_of

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from _collections_abc import Callable, Mapping
    from typing import Any

    from komparu import _core
    from komparu._types import DirResult, Finding, Progress

__all__ = ["TreeRun", "opener"]

#: Seconds that closing a run waits for its threads to stop: they promise to within 100 ms.
_GRACE = 0.1


class TreeRun:
    """A comparison that goes on while its findings are awaited, one at a time.

    Iterate it with `async for`, in an `async with` block, whose end stops what is left. One wake-up
    of the loop serves all findings that have come by then. The comparison waits for a consumer that
    is slow.
    """

    __slots__ = ("__weakref__", "_loop", "_run")

    def __init__(self, run: _core.TreeRun, loop: asyncio.AbstractEventLoop) -> None:
        """Take a run that has begun; it is for one loop."""
        self._run = run
        self._loop = loop

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Mapping[str, Any]:
        """Have pydantic, which has loaded its own part by then, take a run as it is."""
        from pydantic_core.core_schema import is_instance_schema

        return is_instance_schema(cls)

    def __aiter__(self) -> TreeRun:
        """Iterate over what is found."""
        return self

    async def __anext__(self) -> Finding:
        """Wait for the next finding."""
        finding = self._run.take()
        while finding is None:
            await self._something()
            self._run.fetch()
            finding = self._run.take()
        return finding

    async def _something(self) -> None:
        """Wait until something is found or the comparison ends; the loop has its turn anyway."""
        from asyncio import sleep

        future = self._loop.create_future()
        number, awaited = state_of(self._loop).watch(self._run, future)
        if number is None:
            await sleep(0)
            return
        left = self._run.time_left
        if self._run.is_watched:
            left = TICK if left is None else min(left, TICK)
        timer = None if left is None else self._loop.call_later(left, _resolve, future)
        try:
            await future
        finally:
            awaited.pop(number, None)
            if timer is not None:
                timer.cancel()
        self._run.tell()

    async def result(self) -> DirResult:
        """Wait for the end of the comparison, and make the result of everything.

        Findings that have not been iterated by then are in the result only. Of a run that was
        closed before, it is what was found by then, and not complete.
        """
        if not self._run.has_ended:
            self._run.collect()
        while not self._run.has_ended:
            await self._something()
        return self._run.result()

    @property
    def progress(self) -> Progress:
        """How far the comparison has come, at any time and from any thread."""
        return self._run.progress

    async def close(self) -> None:
        """Stop the comparison, if it has not ended. Closing it again does nothing."""
        self._run.stop()
        if self._run.has_stopped:
            return
        future = self._loop.create_future()
        number, awaited = state_of(self._loop).watch(self._run, future)
        if number is None:
            return
        timer = self._loop.call_later(_GRACE, _resolve, future)
        try:
            await future
        finally:
            awaited.pop(number, None)
            timer.cancel()

    async def __aenter__(self) -> TreeRun:  # noqa: PYI034  # typing has no Self in 3.10
        """Iterate it in a block."""
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Stop what is left."""
        await self.close()


def _resolve(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_result(None)


def opener(
    described: Any,  # noqa: ANN401
    begin: Callable[..., _core.TreeRun],
    owner: str = "",
) -> Callable[..., TreeRun]:
    """Make the function that opens runs for the running loop; ``begin`` opens those without one.

    It is a method where it has an ``owner``, which is then what its qualified name begins with.
    """
    name = described.__name__

    def function(*arguments: object, **options: object) -> TreeRun:
        try:
            loop = running_loop()
        except RuntimeError:
            raise no_loop(name) from None
        run = begin(*arguments, **options)
        if run.has_objects:
            state_of(loop).serve(run)
        return TreeRun(run, loop)

    copy = copied(described, is_method=bool(owner))
    copy.__annotations__ = {**copy.__annotations__, "return": TreeRun}
    module = "komparu._comparer" if owner else "komparu.aio"
    return like(copy, function, module, owner)  # type: ignore[no-any-return]
