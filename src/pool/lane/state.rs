//! What a lane has to do, and whom it needs for it: the rules, without the threads.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Task;

/// The shortest queue that is worth searching for what nobody wants any more.
pub(super) const FIRST_SWEEP: usize = 1024;

/// How much is done at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pool) struct Limits {
    /// Weight of the jobs that run together. A job that weighs more runs alone.
    pub(in crate::pool) weight: usize,
    /// Weight of the jobs that may run beyond those, so that nothing waits for good.
    pub(in crate::pool) reserve: usize,
}

/// The one in reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reserve {
    /// There is none.
    Absent,
    /// Nobody needs it; notified when somebody does.
    Asleep,
    /// Looks from time to time whether jobs are being taken.
    Watching,
}

/// The jobs that wait, and who is there to do them.
pub(super) struct State {
    pub(super) queue: VecDeque<Queued>,
    pub(super) limits: Limits,
    /// Threads of the lane, those from the reserve not counted.
    pub(super) members: usize,
    /// Of these, those that wait.
    pub(super) idle: usize,
    /// How many were called, or started, and have not come yet.
    pub(super) called: usize,
    /// Weight of what the members are at.
    pub(super) running: usize,
    /// Weight of what those are at who have joined from the reserve.
    pub(super) extra: usize,
    /// How many jobs have ever been taken.
    pub(super) taken: u64,
    pub(super) reserve: Reserve,
    /// At this length the queue is searched for what nobody wants any more.
    pub(super) swept_at: usize,
}

/// A job that waits.
pub(super) struct Queued {
    pub(super) task: Arc<dyn Task>,
    pub(super) weight: usize,
}

/// Whom a lane needs.
pub(super) enum Need {
    Nobody,
    /// A member that waits.
    Idle,
    /// A new member.
    Recruit,
    /// Somebody who stands by, and is yet to come.
    Reserve,
    /// Who has stood by before.
    Alarm,
}

impl Default for State {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            limits: Limits { weight: 1, reserve: 0 },
            members: 0,
            idle: 0,
            called: 0,
            running: 0,
            extra: 0,
            taken: 0,
            reserve: Reserve::Absent,
            swept_at: FIRST_SWEEP,
        }
    }
}

impl State {
    /// May a job of this weight begin beside what runs?
    fn fits(&self, weight: usize) -> bool {
        self.running == 0 || self.running + weight <= self.limits.weight
    }

    /// The next job, if it may begin.
    pub(super) fn take(&mut self) -> Option<Queued> {
        let fits = self.queue.front().is_some_and(|next| self.fits(next.weight));
        let next = if fits { self.queue.pop_front()? } else { return None };
        self.taken += 1;
        self.running += next.weight;
        Some(next)
    }

    /// The next job that is light enough for who joins from the reserve.
    pub(super) fn take_extra(&mut self) -> Option<Queued> {
        let most = self.limits.reserve.saturating_sub(self.extra);
        let light = self.queue.iter().position(|next| next.weight <= most)?;
        let next = self.queue.remove(light)?;
        self.taken += 1;
        self.extra += next.weight;
        Some(next)
    }

    pub(super) fn need(&self) -> Need {
        let Some(next) = self.queue.front() else { return Need::Nobody };
        let (fits, limits) = (self.fits(next.weight), self.limits);
        if self.called > 0 {
            // Whoever comes looks again.
            Need::Nobody
        } else if fits && self.idle > 0 {
            Need::Idle
        } else if fits && self.members < limits.weight {
            Need::Recruit
        } else if self.extra < limits.reserve {
            match self.reserve {
                Reserve::Absent => Need::Reserve,
                Reserve::Asleep => Need::Alarm,
                Reserve::Watching => Need::Nobody,
            }
        } else {
            Need::Nobody
        }
    }

    /// Forgets what nobody wants, before the queue has twice the length that it had after the last
    /// time: a storm of jobs that are given up takes no more memory than that.
    pub(super) fn sweep(&mut self) {
        if self.queue.len() >= self.swept_at {
            self.queue.retain(|queued| queued.task.is_wanted());
            self.swept_at = FIRST_SWEEP.max(2 * self.queue.len());
        }
    }
}
