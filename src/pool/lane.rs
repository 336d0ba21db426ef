//! A lane: jobs of one kind in the order they came, and the threads that do them.
//!
//! Threads are started when there is more to do than there are of them, and leave when they have had
//! nothing to do for a while. Whoever takes a job looks whether the next one needs another thread: so
//! at most one is on its way at a time, and a burst of tiny jobs wakes few.
//!
//! Long jobs must not keep short ones waiting for good. While every thread is busy, one more stands by
//! in reserve; if nobody has taken a job for a while though some wait, it takes the next one and joins,
//! and another stands by in its place. Those who joined leave when the queue is empty.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a thread waits for the next job before it leaves.
const IDLE: Duration = Duration::from_secs(10);

/// How long jobs may wait without any being taken, before the reserve takes one. Far above the time
/// that small jobs take, so that these never cause it, and far below what a person would call waiting.
const PATIENCE: Duration = Duration::from_millis(50);

/// The shortest queue that is worth searching for what nobody wants any more.
const FIRST_SWEEP: usize = 1024;

/// What a lane does.
pub(super) trait Task: Send + Sync {
    /// Does it, and never panics.
    fn run(&self);

    /// Tells whoever waits for it that nobody can do it.
    fn refuse(&self, error: &io::Error);

    /// Is there anybody who waits for it?
    fn is_wanted(&self) -> bool;
}

/// How much is done at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Weight of the jobs that run together. A job that weighs more runs alone.
    pub(super) weight: usize,
    /// Weight of the jobs that may run beyond those, so that nothing waits for good.
    pub(super) reserve: usize,
}

/// The lane, shared by its threads and by whoever gives it jobs.
pub(super) struct Lane {
    name: &'static str,
    state: Mutex<State>,
    /// Notified when an idle thread is needed.
    news: Condvar,
}

struct State {
    queue: VecDeque<Queued>,
    limits: Limits,
    /// Threads of the lane, those from the reserve not counted.
    members: usize,
    /// Of these, those that wait.
    idle: usize,
    /// How many were called, or started, and have not come yet.
    called: usize,
    /// Weight of what the members are at.
    running: usize,
    /// Weight of what those are at who have joined from the reserve.
    extra: usize,
    /// How many jobs have ever been taken.
    taken: u64,
    /// One stands by.
    has_reserve: bool,
    /// At this length the queue is searched for what nobody wants any more.
    swept_at: usize,
}

struct Queued {
    task: Arc<dyn Task>,
    weight: usize,
}

/// Whom a lane needs.
enum Need {
    Nobody,
    /// A member that waits.
    Idle,
    /// A new member.
    Recruit,
    /// Somebody who stands by.
    Reserve,
}

impl Lane {
    /// A lane without threads. Those that it will have are called `name`.
    pub(super) fn new(name: &'static str) -> Arc<Self> {
        let state = State {
            queue: VecDeque::new(),
            limits: Limits { weight: 1, reserve: 0 },
            members: 0,
            idle: 0,
            called: 0,
            running: 0,
            extra: 0,
            taken: 0,
            has_reserve: false,
            swept_at: FIRST_SWEEP,
        };
        Arc::new(Self { name, state: Mutex::new(state), news: Condvar::new() })
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
                state.has_reserve = true;
                drop(state);
                let lane = Arc::clone(self);
                // Without it everything is done, if later.
                if self.start(move || lane.stand_by()).is_err() {
                    self.lock().has_reserve = false;
                }
            }
        }
    }

    fn start(&self, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        std::thread::Builder::new().name(self.name.to_owned()).spawn(body).map(drop)
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
        while state.members <= state.limits.weight {
            let Some(Queued { task, weight }) = state.take() else {
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
        let mut seen = None;
        let mut next = loop {
            let mut state = self.lock();
            let stalled = seen == Some(state.taken);
            let next = if stalled { state.take_extra() } else { None };
            if next.is_some() || state.queue.is_empty() {
                state.has_reserve = false;
                break next;
            }
            seen = Some(state.taken);
            drop(state);
            std::thread::sleep(PATIENCE);
        };
        while let Some(Queued { task, weight }) = next {
            self.call(self.lock());
            task.run();
            drop(task);
            let mut state = self.lock();
            state.extra -= weight;
            next = state.take_extra();
        }
    }
}

impl State {
    /// May a job of this weight begin beside what runs?
    fn fits(&self, weight: usize) -> bool {
        self.running == 0 || self.running + weight <= self.limits.weight
    }

    /// The next job, if it may begin.
    fn take(&mut self) -> Option<Queued> {
        let fits = self.queue.front().is_some_and(|next| self.fits(next.weight));
        let next = if fits { self.queue.pop_front()? } else { return None };
        self.taken += 1;
        self.running += next.weight;
        Some(next)
    }

    /// The next job that is light enough for who joins from the reserve.
    fn take_extra(&mut self) -> Option<Queued> {
        let most = self.limits.reserve.saturating_sub(self.extra);
        let light = self.queue.iter().position(|next| next.weight <= most)?;
        let next = self.queue.remove(light)?;
        self.taken += 1;
        self.extra += next.weight;
        Some(next)
    }

    fn need(&self) -> Need {
        let Some(next) = self.queue.front() else { return Need::Nobody };
        let (fits, limits) = (self.fits(next.weight), self.limits);
        if self.called > 0 {
            // Whoever comes looks again.
            Need::Nobody
        } else if fits && self.idle > 0 {
            Need::Idle
        } else if fits && self.members < limits.weight {
            Need::Recruit
        } else if !self.has_reserve && self.extra < limits.reserve {
            Need::Reserve
        } else {
            Need::Nobody
        }
    }

    /// Forgets what nobody wants, before the queue has twice the length that it had after the last
    /// time: a storm of jobs that are given up takes no more memory than that.
    fn sweep(&mut self) {
        if self.queue.len() >= self.swept_at {
            self.queue.retain(|queued| queued.task.is_wanted());
            self.swept_at = FIRST_SWEEP.max(2 * self.queue.len());
        }
    }
}

#[cfg(test)]
mod tests;
