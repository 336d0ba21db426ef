//! The threads of one call, and the tasks that they share.
//!
//! The workers live as long as their call. At first there is only the calling thread; when a task is
//! added and there are more tasks than idle threads, another thread is spawned, up to a maximum. So a small
//! job starts no thread, no thread is left running between calls, and a forked child inherits none.
//!
//! The newest task is taken first: a tree is walked depth first, in memory that grows with its
//! depth and not with its size. Tasks that only speed up another one wait at the other end of the queue.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread::Scope;

use super::context::{Call, Context, PULSE};
use super::threads;
use crate::error::{Error, Result};
use crate::sys::lock::{ignore_poison, lock};
use crate::sys::schedule::LongSlices;

/// The workers of a call, as one of them sees them.
pub(crate) struct Workers<'w, T> {
    shared: &'w Shared<T>,
    /// Spawns another worker, which `shared` counts already.
    spawn: &'w dyn Fn(),
}

/// What all workers share.
struct Shared<T> {
    /// How many workers there may be.
    most: usize,
    state: Mutex<State<T>>,
    /// Notified when there is a new task, and when there will never be another.
    changed: Condvar,
}

struct State<T> {
    tasks: VecDeque<T>,
    /// How many workers there are.
    workers: usize,
    /// How many of them are at a task, and may yet add others.
    busy: usize,
    /// Why all must stop.
    failure: Option<Error>,
    stopped: bool,
}

/// Does `first`, and all tasks that are added meanwhile, with `work`, on up to `most` threads, the calling
/// one among them. Returns when no task is left.
///
/// # Errors
/// The first error that `work` returned, or what the context says; tasks not begun by then are
/// dropped.
pub(crate) fn run<T, W>(most: usize, first: T, context: &Context<'_>, work: W) -> Result<()>
where
    T: Send,
    W: Fn(T, &Workers<'_, T>, &Context<'_>) -> Result<()> + Sync,
{
    let tasks = VecDeque::from([first]);
    let state = State { tasks, workers: 1, busy: 0, failure: None, stopped: false };
    let shared = Shared { most, state: Mutex::new(state), changed: Condvar::new() };
    let call = context.call();
    let _slices = LongSlices::begin();
    std::thread::scope(|scope| work_off(&shared, scope, call, context, &work));
    ignore_poison(shared.state.into_inner()).failure.map_or(Ok(()), Err)
}

/// Takes tasks until there will never be another.
fn work_off<'scope, T, W>(
    shared: &'scope Shared<T>,
    scope: &'scope Scope<'scope, '_>,
    call: &'scope Call,
    context: &Context<'_>,
    work: &'scope W,
) where
    T: Send,
    W: Fn(T, &Workers<'_, T>, &Context<'_>) -> Result<()> + Sync,
{
    let spawn = || {
        let another = move |context: &Context<'_>| work_off(shared, scope, call, context, work);
        // Where the system has no more threads, those that run already do everything.
        if !threads::spawn(scope, "komparu-worker", call, another) {
            lock(&shared.state).workers -= 1;
        }
    };
    let workers = Workers { shared, spawn: &spawn };
    while let Some(task) = shared.take(context) {
        let busy = Busy(shared);
        if let Err(error) = work(task, &workers, context) {
            shared.stop(Some(error));
        }
        drop(busy);
    }
}

impl<T: Send> Workers<'_, T> {
    /// How many threads there may be.
    #[must_use]
    pub(crate) fn most(&self) -> usize {
        self.shared.most
    }

    /// Adds a task, to be taken before all that are waiting.
    pub(crate) fn push(&self, task: T) {
        self.add(|tasks| tasks.push_back(task));
    }

    /// Adds a task that may as well be left undone, to be taken when no other is waiting.
    pub(crate) fn push_idle(&self, task: T) {
        self.add(|tasks| tasks.push_front(task));
    }

    fn add(&self, add: impl FnOnce(&mut VecDeque<T>)) {
        let mut state = lock(&self.shared.state);
        add(&mut state.tasks);
        let idle = state.workers - state.busy;
        if state.tasks.len() > idle && state.workers < self.shared.most {
            state.workers += 1;
            drop(state);
            (self.spawn)();
        } else if idle > 0 {
            drop(state);
            self.shared.changed.notify_one();
        }
    }
}

impl<T: Send> Shared<T> {
    /// The next task. Waits while other workers may add one.
    fn take(&self, context: &Context<'_>) -> Option<T> {
        let mut state = lock(&self.state);
        loop {
            if state.stopped {
                return None;
            }
            if let Some(task) = state.tasks.pop_back() {
                state.busy += 1;
                return Some(task);
            }
            if state.busy == 0 {
                return None;
            }
            // Unlocked before the checkpoint: the caller's interrupt may wait for the interpreter, and the
            // other workers must not wait with it.
            drop(ignore_poison(self.changed.wait_timeout(state, PULSE)));
            if let Err(error) = context.checkpoint() {
                self.stop(Some(error));
                return None;
            }
            state = lock(&self.state);
        }
    }

    fn stop(&self, failure: Option<Error>) {
        let mut state = lock(&self.state);
        state.stopped = true;
        if state.failure.is_none() {
            state.failure = failure;
        }
        self.changed.notify_all();
    }
}

/// A worker at a task. Dropped when the task is done, or when it panics: then all workers stop, and the
/// panic goes on in the calling thread.
struct Busy<'a, T: Send>(&'a Shared<T>);

impl<T: Send> Drop for Busy<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop(None);
        }
        let mut state = lock(&self.0.state);
        state.busy -= 1;
        if state.busy == 0 && state.tasks.is_empty() {
            self.0.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn run<W>(most: usize, first: u32, work: W) -> Result<()>
    where
        W: Fn(u32, &Workers<'_, u32>, &Context<'_>) -> Result<()> + Sync,
    {
        super::run(most, first, &Context::new(&Call::new(None)), work)
    }

    #[test]
    fn every_task_is_done_once_with_any_number_of_workers() {
        for most in [1, 2, 3, 16] {
            let done = AtomicUsize::new(0);
            // A binary tree of tasks, 2^11 - 1 in all.
            let outcome = run(most, 10, |depth, workers, _| {
                done.fetch_add(1, Ordering::Relaxed);
                if depth > 0 {
                    workers.push(depth - 1);
                    workers.push_idle(depth - 1);
                }
                Ok(())
            });
            assert_eq!((outcome, done.into_inner()), (Ok(()), 2047));
        }
    }

    #[test]
    fn workers_run_at_the_same_time() {
        // Each of the three tasks waits for the other two.
        let together = Barrier::new(3);
        let outcome = run(3, 3, |task, workers, _| {
            if task == 3 {
                (0..3).for_each(|task| workers.push(task));
            } else {
                together.wait();
            }
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn an_error_stops_all_workers_and_is_returned() {
        let done = AtomicUsize::new(0);
        let outcome = run(2, 0, |task, workers, _| {
            done.fetch_add(1, Ordering::Relaxed);
            if task == 0 {
                (0..1000).for_each(|_| workers.push(1));
                return Ok(());
            }
            Err(Error::Cancelled)
        });
        assert_eq!(outcome, Err(Error::Cancelled));
        assert!(done.into_inner() <= 3, "no worker begins a task after an error");
    }

    #[test]
    fn a_job_of_one_task_starts_no_thread() {
        let caller = std::thread::current().id();
        let outcome = run(8, 0, |_, _, _| {
            assert_eq!(std::thread::current().id(), caller);
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn a_panic_in_a_worker_ends_the_call_and_reaches_the_caller() {
        let panicked = std::panic::catch_unwind(|| {
            run(2, 0, |task, workers, _| {
                if task == 0 {
                    workers.push(1);
                    workers.push(1);
                    return Ok(());
                }
                std::panic::resume_unwind(Box::new("a panic of the test's own"));
            })
        });
        assert!(panicked.is_err());
    }
}
