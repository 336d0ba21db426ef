//! A queue: jobs of one kind in the order they came, and the threads that run them.
//!
//! A thread is spawned when jobs wait and every thread is busy. It ends when it has had nothing to do for a
//! while. A thread that takes a job checks whether the next one needs another thread: so at most one thread
//! is being woken or spawned at a time, and a burst of tiny jobs wakes few.
//!
//! Long jobs must not keep short ones waiting for good. While every thread is busy, a spare thread watches the
//! queue. If jobs wait and none has been taken for a while, it takes one and runs it beside the others, and
//! another spare thread takes its place. Such a thread ends when the queue is empty. A spare thread that was
//! not needed sleeps until the next time: bursts come again, and spawning a thread takes 40 µs of the
//! caller's time, which is an event loop's.

pub(crate) mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

pub(crate) use self::state::Limits;
use self::state::{Need, Queued, SpareThread, State};
use super::runnable::Runnable;
use crate::sys::lock::{ignore_poison, lock};

/// How long a thread waits for the next job, or a spare thread for being needed, before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// How long jobs may wait without any being taken, before the spare thread takes one. Far above the time
/// that small jobs take, so that these never cause it, and far below what a person would call waiting.
const STALLED_AFTER: Duration = Duration::from_millis(50);

/// The queue, shared by its threads and by the callers that add jobs.
pub(crate) struct Queue {
    name: &'static str,
    /// What each of its threads does first.
    prepare: fn(),
    state: Mutex<State>,
    /// Notified to wake an idle thread.
    wake_idle: Condvar,
    /// Notified to wake the spare thread.
    wake_spare: Condvar,
}

impl Queue {
    /// A queue without threads. Those that it will have are called `name`, and begin with `prepare`.
    pub(crate) fn new(name: &'static str, prepare: fn()) -> Arc<Self> {
        Arc::new(Self {
            name,
            prepare,
            state: Mutex::default(),
            wake_idle: Condvar::new(),
            wake_spare: Condvar::new(),
        })
    }

    /// Adds a job, and has a thread run it. From now on the queue has these limits.
    pub(crate) fn add(self: &Arc<Self>, job: Arc<dyn Runnable>, weight: usize, limits: Limits) {
        let mut state = self.lock();
        state.limits = limits;
        state.sweep();
        state.jobs.push_back(Queued { job, weight });
        self.provide(state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Wakes or spawns the thread that the queue needs, if it needs one.
    fn provide(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        match state.need() {
            Need::Nothing => {}
            Need::WakeIdle => {
                state.coming += 1;
                drop(state);
                self.wake_idle.notify_one();
            }
            Need::Spawn => {
                state.coming += 1;
                state.threads += 1;
                drop(state);
                let queue = Arc::clone(self);
                if let Err(error) = self.spawn(move || queue.run_jobs()) {
                    self.spawn_failed(&error);
                }
            }
            Need::SpawnSpare => {
                state.spare = SpareThread::Watching;
                drop(state);
                let queue = Arc::clone(self);
                // Without it every job still runs, if later.
                if self.spawn(move || queue.run_stalled_jobs()).is_err() {
                    self.lock().spare = SpareThread::Absent;
                }
            }
            Need::WakeSpare => {
                state.spare = SpareThread::Watching;
                drop(state);
                self.wake_spare.notify_one();
            }
        }
    }

    fn spawn(&self, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let prepare = self.prepare;
        let begin = move || {
            prepare();
            body();
        };
        crate::run::threads::named(self.name).spawn(begin).map(drop)
    }

    /// No thread could be spawned. The others run all jobs that wait; if there are no others, these are refused.
    fn spawn_failed(&self, error: &io::Error) {
        let mut state = self.lock();
        state.coming = state.coming.saturating_sub(1);
        state.threads -= 1;
        if state.threads + state.spare_running == 0 {
            let refused = std::mem::take(&mut state.jobs);
            drop(state);
            for Queued { job, .. } in refused {
                job.refuse(error);
            }
        }
    }

    /// What a thread does: one job after another, as long as it is needed.
    fn run_jobs(self: &Arc<Self>) {
        let mut state = self.lock();
        state.coming = state.coming.saturating_sub(1);
        let mut looked_again = false;
        while state.threads <= state.limits.weight {
            let Some(Queued { job, weight }) = state.take() else {
                // A caller that added a job while this thread was coming woke no other. If the job does not
                // fit, a spare thread may be needed.
                if !state.jobs.is_empty() && !looked_again {
                    looked_again = true;
                    self.provide(state);
                    state = self.lock();
                    continue;
                }
                looked_again = false;
                state.idle += 1;
                let (woken, waited) = ignore_poison(self.wake_idle.wait_timeout(state, IDLE));
                state = woken;
                state.idle -= 1;
                if waited.timed_out() && state.coming == 0 && state.jobs.is_empty() {
                    break;
                }
                state.coming = state.coming.saturating_sub(1);
                continue;
            };
            self.provide(state);
            job.run();
            // What the job holds must not be dropped while the queue is locked.
            drop(job);
            state = self.lock();
            state.running -= weight;
        }
        state.threads -= 1;
        self.provide(state);
    }

    /// What the spare thread does: nothing, as long as jobs are being taken.
    fn run_stalled_jobs(self: &Arc<Self>) {
        let mut next = self.wait_until_stalled();
        while let Some(Queued { job, weight }) = next {
            self.provide(self.lock());
            job.run();
            drop(job);
            let mut state = self.lock();
            state.spare_running -= weight;
            next = state.take_stalled();
        }
    }

    /// Waits until there are jobs of which none has been taken for a while, and takes one. `None` where the
    /// spare thread was not needed for long.
    fn wait_until_stalled(&self) -> Option<Queued> {
        let mut state = self.lock();
        loop {
            if state.jobs.is_empty() {
                state.spare = SpareThread::Asleep;
                let asleep = |state: &mut State| state.spare == SpareThread::Asleep;
                let woken = self.wake_spare.wait_timeout_while(state, IDLE, asleep);
                let (woken, waited) = ignore_poison(woken);
                state = woken;
                if waited.timed_out() {
                    state.spare = SpareThread::Absent;
                    return None;
                }
            }
            let seen = state.taken;
            let stalled = |state: &mut State| state.taken == seen;
            let woken = self.wake_spare.wait_timeout_while(state, STALLED_AFTER, stalled);
            let (woken, waited) = ignore_poison(woken);
            state = woken;
            if waited.timed_out()
                && let Some(next) = state.take_stalled()
            {
                state.spare = SpareThread::Absent;
                return Some(next);
            }
        }
    }
}
