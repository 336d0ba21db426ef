//! Which jobs of a queue may begin, and which threads it needs: the rules, without the threads.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::jobs::runnable::Runnable;

/// The shortest queue that is worth searching for abandoned jobs.
pub(crate) const FIRST_SWEEP: usize = 1024;

/// How much runs at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Weight of the jobs that run together. A job that weighs more runs alone.
    pub(crate) weight: usize,
    /// How much more weight spare threads may run, so that no job waits for ever.
    pub(crate) spare: usize,
}

/// The spare thread that waits for stalled jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpareThread {
    /// There is none.
    Absent,
    /// It is not needed; notified when it is.
    Asleep,
    /// It checks from time to time whether jobs are being taken.
    Watching,
}

/// The jobs that wait, and the threads.
pub(crate) struct State {
    pub(crate) jobs: VecDeque<Queued>,
    pub(crate) limits: Limits,
    /// Threads of the queue, without the spare ones.
    pub(crate) threads: usize,
    /// Of these, those that wait for a job.
    pub(crate) idle: usize,
    /// Of these, those that were woken or spawned and have not looked at the queue yet.
    pub(crate) coming: usize,
    /// Weight of the jobs that the threads run.
    pub(crate) running: usize,
    /// Weight of the jobs that spare threads run.
    pub(crate) spare_running: usize,
    /// How many jobs have ever been taken.
    pub(crate) taken: u64,
    pub(crate) spare: SpareThread,
    /// At this length the queue is searched for abandoned jobs.
    pub(crate) swept_at: usize,
}

/// A job that waits.
pub(crate) struct Queued {
    pub(crate) job: Arc<dyn Runnable>,
    pub(crate) weight: usize,
}

/// Which thread a queue needs.
pub(crate) enum Need {
    Nothing,
    /// A thread that is idle.
    WakeIdle,
    /// A new thread.
    Spawn,
    /// A new spare thread.
    SpawnSpare,
    /// The spare thread, which is asleep.
    WakeSpare,
}

impl Default for State {
    fn default() -> Self {
        Self {
            jobs: VecDeque::new(),
            limits: Limits { weight: 1, spare: 0 },
            threads: 0,
            idle: 0,
            coming: 0,
            running: 0,
            spare_running: 0,
            taken: 0,
            spare: SpareThread::Absent,
            swept_at: FIRST_SWEEP,
        }
    }
}

impl State {
    /// May a job of this weight begin beside those that run?
    fn fits(&self, weight: usize) -> bool {
        self.running == 0 || self.running + weight <= self.limits.weight
    }

    /// The next job, if it may begin.
    pub(crate) fn take(&mut self) -> Option<Queued> {
        let fits = self.jobs.front().is_some_and(|next| self.fits(next.weight));
        let next = if fits { self.jobs.pop_front()? } else { return None };
        self.taken += 1;
        self.running += next.weight;
        Some(next)
    }

    /// The next job that is light enough for a spare thread.
    pub(crate) fn take_stalled(&mut self) -> Option<Queued> {
        let most = self.limits.spare.saturating_sub(self.spare_running);
        let light = self.jobs.iter().position(|next| next.weight <= most)?;
        let next = self.jobs.remove(light)?;
        self.taken += 1;
        self.spare_running += next.weight;
        Some(next)
    }

    pub(crate) fn need(&self) -> Need {
        let Some(next) = self.jobs.front() else { return Need::Nothing };
        let (fits, limits) = (self.fits(next.weight), self.limits);
        if self.coming > 0 {
            // The thread that is coming looks again.
            Need::Nothing
        } else if fits && self.idle > 0 {
            Need::WakeIdle
        } else if fits && self.threads < limits.weight {
            Need::Spawn
        } else if self.spare_running < limits.spare {
            match self.spare {
                SpareThread::Absent => Need::SpawnSpare,
                SpareThread::Asleep => Need::WakeSpare,
                SpareThread::Watching => Need::Nothing,
            }
        } else {
            Need::Nothing
        }
    }

    /// Drops abandoned jobs, each time the queue has twice the length that it had after the last time: many
    /// jobs that are abandoned take no more memory than that.
    pub(crate) fn sweep(&mut self) {
        if self.jobs.len() >= self.swept_at {
            self.jobs.retain(|queued| queued.job.is_wanted());
            self.swept_at = FIRST_SWEEP.max(2 * self.jobs.len());
        }
    }
}
