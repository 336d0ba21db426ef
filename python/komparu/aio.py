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

The coroutines are for asyncio alone, with event loops of any make. Under trio, hand the function of
the same name to `trio.to_thread.run_sync`.
"""

from komparu import _core
from komparu import _functions as _described
from komparu._loops import coroutine as _coroutine
from komparu._runs import TreeRun
from komparu._runs import opener as _opener

__all__ = [
    "TreeRun",
    "compare",
    "compare_all",
    "compare_archive",
    "compare_dir",
    "compare_dir_urls",
    "compare_many",
    "compare_trees",
    "first_difference",
    "iter_trees",
    "write_manifest",
]

compare = _coroutine(_described.compare, _core.compare_job)
compare_all = _coroutine(_described.compare_all, _core.compare_all_job)
compare_archive = _coroutine(_described.compare_archive, _core.compare_archive_job)
compare_dir = _coroutine(_described.compare_dir, _core.compare_dir_job)
compare_dir_urls = _coroutine(_described.compare_dir_urls, _core.compare_dir_urls_job)
compare_many = _coroutine(_described.compare_many, _core.compare_many_job)
compare_trees = _coroutine(_described.compare_trees, _core.compare_trees_job)
first_difference = _coroutine(_described.first_difference, _core.first_difference_job)
iter_trees = _opener(_described.iter_trees, _core.iter_trees)
write_manifest = _coroutine(_described.write_manifest, _core.write_manifest_job)
