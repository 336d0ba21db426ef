"""How event loops have jobs done: what `komparu.aio` is made of.

Loaded with komparu, and loads nothing itself: neither asyncio nor what asyncio has loaded wherever
one of its loops runs. The functions that need those import them, and they are there by then.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock
from itertools import count

from komparu import _core
from komparu._describe import copied, like

# Type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from _collections_abc import Callable, Coroutine
    from typing import Any, ParamSpec, TypeVar
    from weakref import WeakKeyDictionary, ref

    P = ParamSpec("P")
    R = TypeVar("R")

__all__ = ["TICK", "coroutine", "no_loop", "running_loop", "state_of"]

#: Seconds from which on a timer makes no difference: four months, which every event loop takes.
_ENDLESS = 1e7

#: Milliseconds after which a loop that was called and has not come is called again. It may have
#: slept on: a child of a fork that runs the same loop can take what it was woken with.
_CALL_AGAIN = 100

#: How often it is called. It may as well have been stopped, and does not come until it runs again.
_CALLS = 10

#: Of a code object: calling it makes a coroutine (`inspect.CO_COROUTINE`).
_COROUTINE = 0x80


class _LoopState:
    """The jobs that one event loop waits for.

    A loop that can watch a descriptor is told by one when jobs have finished. Its registration is
    all that keeps this object, so both go when the loop is closed, and the jobs with them; the
    descriptor itself is closed when no thread can use it any more.

    Attributes:
        awaited: The futures of all jobs that have not finished, by their ids.
        calls: How often the fallback thread has called the loop since it came last.

    """

    __slots__ = ("__weakref__", "_bridge", "_ids", "_mailbox", "awaited", "calls")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open a mailbox, and have the loop watch it."""
        self.awaited: dict[int, asyncio.Future[Any]] = {}
        self.calls = 0
        self._bridge: _core.Bridge | None = None
        self._ids = count()
        self._mailbox = _core.Mailbox()
        if not self._is_watched_by(loop):
            self._mailbox = _FallbackThread.get().mailbox_for(loop, self)

    def _is_watched_by(self, loop: asyncio.AbstractEventLoop) -> bool:
        from contextvars import Context

        # Loops that are no subclasses of asyncio's need not even have the method.
        add_reader = getattr(loop, "add_reader", None)
        if add_reader is None:
            return False
        try:
            # In a context of its own: the first caller's would be kept for as long as the loop.
            Context().run(add_reader, self._mailbox.descriptor, self.deliver)
        except NotImplementedError:
            return False
        return True

    def deliver(self) -> None:
        """Resolve the futures of all jobs that have finished; to be called by the loop."""
        self.calls = 0
        self._mailbox.deliver(self.awaited)

    def begin(self, job: _core.Job, future: asyncio.Future[Any]) -> int:
        """Have a job done whose result the future gets; its id."""
        number = next(self._ids)
        bridge = self._bridge_of_objects() if job.has_objects else None
        self.awaited[number] = future
        self._mailbox.begin(job, number, bridge)
        return number

    def serve(self, run: _core.TreeRun) -> None:
        """Have the objects of a run called, if it has any."""
        if run.has_objects:
            run.serve_by(self._bridge_of_objects())

    def _bridge_of_objects(self) -> _core.Bridge:
        """Find the thread that calls objects for this loop, or start it; it ends with the loop."""
        if self._bridge is None:
            from threading import Thread

            bridge, serving = _core.bridge()
            Thread(target=serving.run, name="komparu-objects", daemon=True).start()
            self._bridge = bridge
        return self._bridge

    def watch(
        self, run: _core.TreeRun, future: asyncio.Future[Any]
    ) -> tuple[int | None, dict[int, asyncio.Future[Any]]]:
        """Have a future resolved once there is something of a run; its id, or None if there is."""
        number = next(self._ids)
        self.awaited[number] = future
        if run.watch(self._mailbox, number):
            return number, self.awaited
        del self.awaited[number]
        return None, self.awaited


class _FallbackThread:
    """Calls the loops that cannot watch a descriptor, from a thread that watches one for all.

    This thread is Python's, unlike those that work: what it does needs the interpreter.
    """

    _current: _FallbackThread | None = None

    def __init__(self) -> None:
        """Start the thread; it ends with the process."""
        from threading import Thread

        self._mailbox = _core.Mailbox()
        self._states: dict[asyncio.AbstractEventLoop, _LoopState] = {}
        Thread(target=self._watch, name="komparu-loops", daemon=True).start()

    @classmethod
    def get(cls) -> _FallbackThread:
        """Find the only one there is in this process."""
        with _lock:
            if cls._current is None:
                cls._current = cls()
            return cls._current

    @classmethod
    def forget(cls) -> None:
        """Be without one: the child of a fork has no thread of its parent's but one."""
        cls._current = None

    def mailbox_for(self, loop: asyncio.AbstractEventLoop, state: _LoopState) -> _core.Mailbox:
        """Open a mailbox for a loop, and watch it."""
        for closed in [other for other in list(self._states) if other.is_closed()]:
            self._states.pop(closed, None)
        self._states[loop] = state
        return _core.Mailbox(self._mailbox)

    def _watch(self) -> None:
        from select import POLLIN, poll

        waits = poll()
        waits.register(self._mailbox.descriptor, POLLIN)
        while True:
            states = list(self._states.items())
            calls_again = any(0 < state.calls < _CALLS for _, state in states)
            has_news = waits.poll(_CALL_AGAIN if calls_again else None)
            if has_news:
                # Otherwise what comes at this moment would be cleared, and not looked after.
                self._mailbox.clear()
            for loop, state in list(self._states.items()):
                if (has_news or 0 < state.calls < _CALLS) and not self._call(loop, state):
                    self._states.pop(loop, None)

    @staticmethod
    def _call(loop: asyncio.AbstractEventLoop, state: _LoopState) -> bool:
        """Have the loop deliver; false if it is closed."""
        state.calls += 1
        try:
            loop.call_soon_threadsafe(state.deliver)
        except Exception:  # noqa: BLE001  # of a loop of any make: the other loops are to be called, too
            if not loop.is_closed():
                sys.excepthook(*sys.exc_info())
            return False
        return True


_lock = allocate_lock()

#: Of every loop that has one; None as long as there is no loop.
_states: WeakKeyDictionary[asyncio.AbstractEventLoop, ref[_LoopState]] | None = None


def state_of(loop: asyncio.AbstractEventLoop) -> _LoopState:
    """Find the loop's state, or make it."""
    global _states
    known = None if _states is None else _states.get(loop)
    state = None if known is None else known()
    if state is None:
        from weakref import WeakKeyDictionary, ref

        if _states is None:
            _states = WeakKeyDictionary()
        state = _LoopState(loop)
        _states[loop] = ref(state)
    return state


def _after_fork() -> None:
    """Begin anew in the child. Another thread may have held the lock."""
    global _lock, _states
    _lock = allocate_lock()
    # The descriptors of all of them belong to the parent.
    _states = None
    _FallbackThread.forget()


os.register_at_fork(after_in_child=_after_fork)


def _first_running_loop() -> asyncio.AbstractEventLoop:
    """Find the running loop, and from then on without looking for asyncio."""
    global _running_loop
    if "asyncio" not in sys.modules:
        raise RuntimeError
    from asyncio import get_running_loop

    _running_loop = get_running_loop
    return get_running_loop()


_running_loop: Callable[[], asyncio.AbstractEventLoop] = _first_running_loop


def running_loop() -> asyncio.AbstractEventLoop:
    """Find the running loop; RuntimeError if there is none."""
    return _running_loop()


def no_loop(name: str) -> RuntimeError:
    """Say what is missing, and what to do."""
    return RuntimeError(
        "no running event loop: komparu.aio is for asyncio only"
        f" (under trio: await trio.to_thread.run_sync(komparu.{name}, ...))"
    )


def _expire(job: _core.Job, awaited: dict[int, asyncio.Future[Any]], number: int) -> None:
    """Stop a job whose time is up, wherever it is: perhaps it has not even begun."""
    if job.abandon():
        future = awaited.pop(number, None)
        if future is not None and not future.done():
            future.set_exception(job.timed_out())
            # As a delivery does it: asyncio is not to complain that it was never retrieved.
            future.exception()


#: Seconds between two calls of a function that is told of the progress.
TICK = 0.05


class _Ticker:
    """Tells a caller's function of the progress of a job, in the loop, until the job is done."""

    __slots__ = ("_awaited", "_job", "_loop", "_number", "_timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        job: _core.Job,
        awaited: dict[int, asyncio.Future[Any]],
        number: int,
    ) -> None:
        """Begin to tell."""
        self._loop, self._job, self._awaited, self._number = loop, job, awaited, number
        self._timer = loop.call_later(TICK, self._tick)

    def tell(self) -> None:
        """Tell of the progress."""
        progress = self._job.progress()
        if progress is not None and self._job.watcher is not None:
            self._job.watcher(progress)

    def stop(self) -> None:
        """Tell no more."""
        self._timer.cancel()

    def _tick(self) -> None:
        future = self._awaited.get(self._number)
        if future is None or future.done():
            return
        try:
            self.tell()
        except BaseException as error:  # what the function raises is the outcome, whatever it is
            if self._job.abandon():
                self._awaited.pop(self._number, None)
            if isinstance(error, Exception):
                if not future.done():
                    future.set_exception(error)
                    future.exception()
                return
            future.cancel()
            raise
        self._timer = self._loop.call_later(TICK, self._tick)


def coroutine(
    described: Callable[P, R], read: Callable[..., _core.Job], owner: str = ""
) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make the coroutine function that does what ``described`` does; ``read`` takes arguments.

    It is a method where it has an ``owner``, which is then what its qualified name begins with.
    """
    name, is_method = described.__name__, bool(owner)

    async def function(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            loop = _running_loop()
        except RuntimeError:
            raise no_loop(name) from None
        job = read(*arguments, **options)
        state = state_of(loop)
        future = loop.create_future()
        number, awaited = state.begin(job, future), state.awaited
        # What waits must not keep the state: the loop may be closed meanwhile.
        del state
        timer = None
        if job.timeout is not None and job.timeout < _ENDLESS:
            timer = loop.call_later(job.timeout, _expire, job, awaited, number)
        ticker = None if job.watcher is None else _Ticker(loop, job, awaited, number)
        try:
            result: R = await future
            if ticker is not None:
                ticker.tell()
        except BaseException as error:
            if job.abandon():
                awaited.pop(number, None)
            _core.record_call(name, arguments[1:] if is_method else arguments, error)
            raise
        else:
            _core.record_call(name, arguments[1:] if is_method else arguments, result)
            return result
        finally:
            if timer is not None:
                timer.cancel()
            if ticker is not None:
                ticker.stop()
            # An exception of the future's would hold it in its traceback, and it the exception.
            del future

    # For what looks through wrappers, what describes it is a coroutine function, too.
    description = copied(described, flags=_COROUTINE, is_method=bool(owner))
    module = "komparu._comparer" if owner else "komparu.aio"
    return like(description, function, module, owner)  # type: ignore[no-any-return]
