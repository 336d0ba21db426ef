//! The threads of one call, and the tasks they share.
//!
//! A crew lives as long as its call. It begins as the calling thread alone; when a task is added and
//! there are more of them than idle members, another one joins, up to the crew's size. So a small job starts no
//! thread, nothing is left running between calls, and a forked child finds nothing half-alive.
//!
//! The newest task is taken first: a tree is walked depth first, in memory that grows with its
//! depth and not with its size. Tasks that only help others along wait at the other end.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread::Scope;

use crate::context::{Call, Context, PULSE};
use crate::error::{Error, Result};
use crate::sys::lock::{ignore_poison, lock};
use crate::sys::schedule::LongTurns;
use crate::threads;

/// The crew, as one of its members sees it.
pub struct Crew<'c, T> {
    board: &'c Board<T>,
    /// Starts another member, which the board counts already.
    hire: &'c dyn Fn(),
}

/// What all members share.
struct Board<T> {
    /// How many members there may be.
    size: usize,
    state: Mutex<State<T>>,
    /// Notified when there is a new task, and when there will never be another.
    news: Condvar,
}

struct State<T> {
    tasks: VecDeque<T>,
    /// Threads in the crew.
    members: usize,
    /// Members that are at a task, and may yet add others.
    working: usize,
    /// Why everybody must stop.
    failure: Option<Error>,
    stopped: bool,
}

/// Lets up to `size` threads, the calling one among them, do `first` and all tasks that come of it,
/// with `work`. Returns when none is left.
///
/// # Errors
/// The first error that `work` returned, or what the context says; tasks not begun by then are
/// dropped.
pub fn run<T, W>(size: usize, first: T, context: &Context<'_>, work: W) -> Result<()>
where
    T: Send,
    W: Fn(T, &Crew<'_, T>, &Context<'_>) -> Result<()> + Sync,
{
    let tasks = VecDeque::from([first]);
    let state = State { tasks, members: 1, working: 0, failure: None, stopped: false };
    let board = Board { size, state: Mutex::new(state), news: Condvar::new() };
    let call = context.call();
    let _turns = LongTurns::begin();
    std::thread::scope(|scope| serve(&board, scope, call, context, &work));
    let state = ignore_poison(board.state.into_inner());
    state.failure.map_or(Ok(()), Err)
}

/// Takes tasks until there will never be another.
fn serve<'scope, T, W>(
    board: &'scope Board<T>,
    scope: &'scope Scope<'scope, '_>,
    call: &'scope Call,
    context: &Context<'_>,
    work: &'scope W,
) where
    T: Send,
    W: Fn(T, &Crew<'_, T>, &Context<'_>) -> Result<()> + Sync,
{
    let hire = || {
        let join = move || serve(board, scope, call, &Context::new(call), work);
        let builder = threads::named("komparu-crew");
        // Where no more threads can be had, those that there are do all the work.
        if builder.spawn_scoped(scope, join).is_err() {
            board.lock().members -= 1;
        }
    };
    let crew = Crew { board, hire: &hire };
    while let Some(task) = board.take(context) {
        let working = Working(board);
        if let Err(error) = work(task, &crew, context) {
            board.stop(Some(error));
        }
        drop(working);
    }
}

impl<T: Send> Crew<'_, T> {
    /// How many threads the crew may have.
    #[must_use]
    pub fn size(&self) -> usize {
        self.board.size
    }

    /// Adds a task, to be taken before all that are there.
    pub fn push(&self, task: T) {
        self.add(|tasks| tasks.push_back(task));
    }

    /// Adds a task that nobody needs, to be taken when there is no other.
    pub fn push_idle(&self, task: T) {
        self.add(|tasks| tasks.push_front(task));
    }

    fn add(&self, add: impl FnOnce(&mut VecDeque<T>)) {
        let mut state = self.board.lock();
        add(&mut state.tasks);
        let idle = state.members - state.working;
        if state.tasks.len() > idle && state.members < self.board.size {
            state.members += 1;
            drop(state);
            (self.hire)();
        } else if idle > 0 {
            drop(state);
            self.board.news.notify_one();
        }
    }
}

impl<T: Send> Board<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.state)
    }

    /// The next task. Waits while other members may add one.
    fn take(&self, context: &Context<'_>) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(task) = state.tasks.pop_back() {
                state.working += 1;
                return Some(task);
            }
            if state.working == 0 {
                return None;
            }
            let woken = self.news.wait_timeout(state, PULSE);
            // The caller's interrupt may wait for the interpreter: nobody else shall wait with it.
            drop(ignore_poison(woken));
            if let Err(error) = context.checkpoint() {
                self.stop(Some(error));
                return None;
            }
            state = self.lock();
        }
    }

    fn stop(&self, failure: Option<Error>) {
        let mut state = self.lock();
        state.stopped = true;
        if state.failure.is_none() {
            state.failure = failure;
        }
        self.news.notify_all();
    }
}

/// A member at a task. Dropped when it is done with it, or when it panics: then all stop, and the
/// panic goes on in the calling thread.
struct Working<'a, T: Send>(&'a Board<T>);

impl<T: Send> Drop for Working<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop(None);
        }
        let mut state = self.0.lock();
        state.working -= 1;
        if state.working == 0 && state.tasks.is_empty() {
            self.0.news.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn run<W>(size: usize, first: u32, work: W) -> Result<()>
    where
        W: Fn(u32, &Crew<'_, u32>, &Context<'_>) -> Result<()> + Sync,
    {
        super::run(size, first, &Context::new(&Call::new(None)), work)
    }

    #[test]
    fn every_task_is_done_once_whatever_the_size() {
        for size in [1, 2, 3, 16] {
            let done = AtomicUsize::new(0);
            // A binary tree of tasks, 2^11 - 1 in all.
            let outcome = run(size, 10, |depth, crew, _| {
                done.fetch_add(1, Ordering::Relaxed);
                if depth > 0 {
                    crew.push(depth - 1);
                    crew.push_idle(depth - 1);
                }
                Ok(())
            });
            assert_eq!((outcome, done.into_inner()), (Ok(()), 2047));
        }
    }

    #[test]
    fn members_work_at_the_same_time() {
        // Each of the three tasks waits for the other two.
        let together = Barrier::new(3);
        let outcome = run(3, 3, |task, crew, _| {
            if task == 3 {
                (0..3).for_each(|task| crew.push(task));
            } else {
                together.wait();
            }
            Ok(())
        });
        assert_eq!(outcome, Ok(()));
    }

    #[test]
    fn an_error_stops_the_crew_and_is_returned() {
        let done = AtomicUsize::new(0);
        let outcome = run(2, 0, |task, crew, _| {
            done.fetch_add(1, Ordering::Relaxed);
            if task == 0 {
                (0..1000).for_each(|_| crew.push(1));
                return Ok(());
            }
            Err(Error::Cancelled)
        });
        assert_eq!(outcome, Err(Error::Cancelled));
        assert!(done.into_inner() <= 3, "no member begins a task after an error");
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
    fn a_panic_in_a_member_ends_the_call_and_reaches_the_caller() {
        let quiet = std::panic::catch_unwind(|| {
            run(2, 0, |task, crew, _| {
                if task == 0 {
                    crew.push(1);
                    crew.push(1);
                    return Ok(());
                }
                std::panic::resume_unwind(Box::new("a panic of the test's own"));
            })
        });
        assert!(quiet.is_err());
    }
}
