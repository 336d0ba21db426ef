"""Every comparison as a coroutine: the names, arguments, results and errors of `komparu` itself.

    >>> import asyncio
    >>> from komparu import aio
    >>> asyncio.run(aio.compare("backup/photo.raw", "/media/photo.raw"))
    True

The work is done by threads of komparu's own, which never touch the interpreter, and the event loop
runs on meanwhile. Arguments are checked when the coroutine starts. Cancelling it stops the work,
and comparison_timeout counts from the call, so what waits for its turn may time out, too.

As many jobs run at once as `configure(max_workers=...)` says; 0, the default, means as many as pay
off: one a core for local files, at most 8, and 100 transfers. More join where jobs take long, so
that others get their turn.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import itertools
import os
import select
import threading
import weakref

from komparu import _core

# As in `komparu` itself: type checkers take this as true.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

__all__ = [
    "compare",
    "compare_all",
    "compare_archive",
    "compare_dir",
    "compare_dir_urls",
    "compare_many",
]

#: Seconds from which on a timer makes no difference: four months, which every event loop takes.
_ENDLESS = 1e7


class _Desk:
    """What one event loop has to do with komparu: the jobs that it waits for.

    A loop that can watch a descriptor is told by one when jobs have finished. Its registration is
    all that keeps the desk, so both go when the loop is closed, and the jobs with them; the
    descriptor itself is closed when no thread can use it any more.

    Attributes:
        awaited: The futures of all jobs that have not finished, by ticket.

    """

    __slots__ = ("__weakref__", "_mailbox", "_tickets", "awaited")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open, and have the loop watch."""
        self.awaited: dict[int, asyncio.Future[Any]] = {}
        self._tickets = itertools.count()
        self._mailbox = _core.Mailbox()
        try:
            # In a context of its own: the first caller's would be kept for as long as the loop.
            contextvars.Context().run(loop.add_reader, self._mailbox.descriptor, self.deliver)
        except NotImplementedError:
            self._mailbox = _Courier.of_this_process().mailbox_for(loop, self)

    def deliver(self) -> None:
        """Resolve the futures of all jobs that have finished; to be called by the loop."""
        self._mailbox.deliver(self.awaited)

    def begin(self, job: _core.Job, future: asyncio.Future[Any]) -> int:
        """Have a job done whose result the future gets; its ticket."""
        ticket = next(self._tickets)
        self.awaited[ticket] = future
        self._mailbox.begin(job, ticket)
        return ticket


class _Courier:
    """Calls the loops that cannot watch a descriptor, from a thread that watches one for all.

    This thread is Python's, unlike those that work: what it does needs the interpreter.
    """

    _current: _Courier | None = None
    _process = 0
    _lock = threading.Lock()

    def __init__(self) -> None:
        """Start the thread; it ends with the process."""
        self._mailbox = _core.Mailbox()
        self._desks: dict[asyncio.AbstractEventLoop, _Desk] = {}
        threading.Thread(target=self._watch, name="komparu-courier", daemon=True).start()

    @classmethod
    def of_this_process(cls) -> _Courier:
        """Find the only one there is. A forked child does not have its parent's."""
        with cls._lock:
            if cls._current is None or cls._process != os.getpid():
                cls._current, cls._process = cls(), os.getpid()
            return cls._current

    def mailbox_for(self, loop: asyncio.AbstractEventLoop, desk: _Desk) -> _core.Mailbox:
        """Open a mailbox for a loop, and watch it."""
        for closed in [other for other in list(self._desks) if other.is_closed()]:
            self._desks.pop(closed, None)
        self._desks[loop] = desk
        return _core.Mailbox(self._mailbox)

    def _watch(self) -> None:
        waits = select.poll()
        waits.register(self._mailbox.descriptor, select.POLLIN)
        while True:
            waits.poll()
            self._mailbox.clear()
            for loop, desk in list(self._desks.items()):
                if not self._call(loop, desk):
                    self._desks.pop(loop, None)

    @staticmethod
    def _call(loop: asyncio.AbstractEventLoop, desk: _Desk) -> bool:
        """Have the loop deliver; false if it is closed."""
        try:
            loop.call_soon_threadsafe(desk.deliver)
        except RuntimeError:
            return False
        return True


#: The desk of every loop that has one.
_desks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[_Desk]]
_desks = weakref.WeakKeyDictionary()


def _desk_of(loop: asyncio.AbstractEventLoop) -> _Desk:
    known = _desks.get(loop)
    desk = None if known is None else known()
    if desk is None:
        desk = _Desk(loop)
        _desks[loop] = weakref.ref(desk)
    return desk


def _expire(
    job: _core.Job, awaited: dict[int, asyncio.Future[Any]], ticket: int, seconds: float
) -> None:
    """Stop a job whose time is up, wherever it is: perhaps it has not even begun."""
    if job.abandon():
        future = awaited.pop(ticket, None)
        if future is not None and not future.done():
            future.set_exception(_core.timed_out(seconds))
            # As a delivery does it: asyncio is not to complain that nobody has asked.
            future.exception()


def _twin(
    function: Callable[P, R], read: Callable[..., _core.Job]
) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make the coroutine function that does what ``function`` does; ``read`` takes arguments."""

    @functools.wraps(function)
    async def twin(*arguments: P.args, **options: P.kwargs) -> R:
        loop = asyncio.get_running_loop()
        job = read(*arguments, **options)
        desk = _desk_of(loop)
        future = loop.create_future()
        ticket, awaited = desk.begin(job, future), desk.awaited
        # What waits must not keep the desk: the loop may be closed meanwhile.
        del desk
        timer = None
        if job.timeout is not None and job.timeout < _ENDLESS:
            timer = loop.call_later(job.timeout, _expire, job, awaited, ticket, job.timeout)
        try:
            return await future  # type: ignore[no-any-return]
        except BaseException:
            if job.abandon():
                awaited.pop(ticket, None)
            raise
        finally:
            if timer is not None:
                timer.cancel()
            # An exception of the future's would hold it in its traceback, and it the exception.
            del future

    twin.__module__ = __name__
    return twin


compare = _twin(_core.compare, _core.compare_job)
compare_all = _twin(_core.compare_all, _core.compare_all_job)
compare_archive = _twin(_core.compare_archive, _core.compare_archive_job)
compare_dir = _twin(_core.compare_dir, _core.compare_dir_job)
compare_dir_urls = _twin(_core.compare_dir_urls, _core.compare_dir_urls_job)
compare_many = _twin(_core.compare_many, _core.compare_many_job)
