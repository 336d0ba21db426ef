//! A lane: jobs of one kind in the order they came, and the threads that do them.
//!
//! Threads are started when there is more to do than there are of them, and leave when they have had
//! nothing to do for a while. Whoever takes a job looks whether the next one needs another thread: so
//! at most one is on its way at a time, and a burst of tiny jobs wakes few.
//!
//! Long jobs must not keep short ones waiting for good. While every thread is busy, one more stands by
//! in reserve; if nobody has taken a job for a while though some wait, it takes the next one and joins,
//! and another stands by in its place. Those who joined leave when the queue is empty. Who stood by for
//! nothing sleeps until the next time: bursts come again, and starting a thread takes 40 µs of the
//! caller's, which is an event loop's.

mod state;

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) use state::Limits;
use state::{Need, Queued, Reserve, State};

/// How long a thread waits before it leaves, for the next job or to be needed in reserve.
const IDLE: Duration = Duration::from_secs(10);

/// How long jobs may wait without any being taken, before the reserve takes one. Far above the time
/// that small jobs take, so that these never cause it, and far below what a person would call waiting.
const PATIENCE: Duration = Duration::from_millis(50);

/// What a lane does.
pub(super) trait Task: Send + Sync {
    /// Does it, and never panics.
    fn run(&self);

    /// Tells whoever waits for it that nobody can do it.
    fn refuse(&self, error: &io::Error);

    /// Is there anybody who waits for it?
    fn is_wanted(&self) -> bool;
}

/// The lane, shared by its threads and by whoever gives it jobs.
pub(super) struct Lane {
    name: &'static str,
    /// What each of its threads does first.
    prepare: fn(),
    state: Mutex<State>,
    /// Notified when an idle thread is needed.
    news: Condvar,
    /// Notified when the one in reserve, who sleeps, is to watch.
    alarm: Condvar,
}

impl Lane {
    /// A lane without threads. Those that it will have are called `name`, and begin with `prepare`.
    pub(super) fn new(name: &'static str, prepare: fn()) -> Arc<Self> {
        Arc::new(Self {
            name,
            prepare,
            state: Mutex::default(),
            news: Condvar::new(),
            alarm: Condvar::new(),
        })
    }

    /// Adds a job, and sees to it that somebody does it. From now on the lane has these limits.
    pub(super) fn add(self: &Arc<Self>, task: Arc<dyn Task>, weight: usize, limits: Limits) {
        let mut state = self.lock();
        state.limits = limits;
        state.sweep();
        state.queue.push_back(Queued { task, weight });
        self.call(state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls whomever the lane needs.
    fn call(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        match state.need() {
            Need::Nobody => {}
            Need::Idle => {
                state.called += 1;
                drop(state);
                self.news.notify_one();
            }
            Need::Recruit => {
                state.called += 1;
                state.members += 1;
                drop(state);
                let lane = Arc::clone(self);
                if let Err(error) = self.start(move || lane.serve()) {
                    self.do_without(&error);
                }
            }
            Need::Reserve => {
                state.reserve = Reserve::Watching;
                drop(state);
                let lane = Arc::clone(self);
                // Without it everything is done, if later.
                if self.start(move || lane.stand_by()).is_err() {
                    self.lock().reserve = Reserve::Absent;
                }
            }
            Need::Alarm => {
                state.reserve = Reserve::Watching;
                drop(state);
                self.alarm.notify_one();
            }
        }
    }

    fn start(&self, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let prepare = self.prepare;
        let begin = move || {
            prepare();
            body();
        };
        crate::threads::named(self.name).spawn(begin).map(drop)
    }

    /// No recruit is to be had. Whoever is there comes to all that waits; if nobody is, it is refused.
    fn do_without(&self, error: &io::Error) {
        let mut state = self.lock();
        state.called = state.called.saturating_sub(1);
        state.members -= 1;
        if state.members + state.extra == 0 {
            let refused = std::mem::take(&mut state.queue);
            drop(state);
            for Queued { task, .. } in refused {
                task.refuse(error);
            }
        }
    }

    /// What a member does: one job after another, as long as it is needed.
    fn serve(self: &Arc<Self>) {
        let mut state = self.lock();
        state.called = state.called.saturating_sub(1);
        let mut looked_again = false;
        while state.members <= state.limits.weight {
            let Some(Queued { task, weight }) = state.take() else {
                // Whoever added what does not fit may have left it to this one, who had been called.
                if !state.queue.is_empty() && !looked_again {
                    looked_again = true;
                    self.call(state);
                    state = self.lock();
                    continue;
                }
                looked_again = false;
                state.idle += 1;
                let woken = self.news.wait_timeout(state, IDLE);
                let (woken, waited) = woken.unwrap_or_else(PoisonError::into_inner);
                state = woken;
                state.idle -= 1;
                if waited.timed_out() && state.called == 0 && state.queue.is_empty() {
                    break;
                }
                state.called = state.called.saturating_sub(1);
                continue;
            };
            self.call(state);
            task.run();
            // What it holds must not be dropped while the lane is locked.
            drop(task);
            state = self.lock();
            state.running -= weight;
        }
        state.members -= 1;
        self.call(state);
    }

    /// What the one in reserve does: nothing, as long as jobs are being taken.
    fn stand_by(self: &Arc<Self>) {
        let mut next = self.watch();
        while let Some(Queued { task, weight }) = next {
            self.call(self.lock());
            task.run();
            drop(task);
            let mut state = self.lock();
            state.extra -= weight;
            next = state.take_extra();
        }
    }

    /// Waits until there are jobs of which none has been taken for a while, and takes one. `None`
    /// where nothing of the kind was to be feared for long.
    fn watch(&self) -> Option<Queued> {
        let mut state = self.lock();
        loop {
            if state.queue.is_empty() {
                state.reserve = Reserve::Asleep;
                let asleep = |state: &mut State| state.reserve == Reserve::Asleep;
                let woken = self.alarm.wait_timeout_while(state, IDLE, asleep);
                let (woken, waited) = woken.unwrap_or_else(PoisonError::into_inner);
                state = woken;
                if waited.timed_out() {
                    state.reserve = Reserve::Absent;
                    return None;
                }
            }
            let seen = state.taken;
            let stalled = |state: &mut State| state.taken == seen;
            let woken = self.alarm.wait_timeout_while(state, PATIENCE, stalled);
            let (woken, waited) = woken.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if waited.timed_out()
                && let Some(next) = state.take_extra()
            {
                state.reserve = Reserve::Absent;
                return Some(next);
            }
        }
    }
}

#[cfg(test)]
mod tests;
