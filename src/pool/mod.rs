//! Worker threads for callers that do not wait: event loops, and calls that must end in time.
//!
//! A [`Job`] is put in a lane; a thread of that lane does it and puts its result in the loop's
//! [`Mailbox`]. The threads know no Python and never wait for it.
//!
//! There are two lanes. Jobs that read this machine's disks keep a core or a disk busy: of these as
//! many run at once as there are cores. Jobs that fetch URLs mostly wait for a server: many more of these run,
//! and they take nothing away from the others.
//!
//! A caller that waits, with a limit of time, has its work done here too ([`wait`]): it leaves when the limit
//! has passed, whatever the thread is stuck in.
//!
//! Threads do not survive a fork. So the pool belongs to the process that made it, and a forked child
//! that needs one makes its own; its parent's is left alone, since what it holds is half alive.

mod job;
mod lane;
mod mailbox;
mod waited;

use std::sync::{Arc, OnceLock};

pub use job::{Job, Work};
pub use mailbox::{Failure, Mailbox, Outcome};
pub use waited::wait;

use crate::options::{Options, descriptor_limit};
use crate::sys::fork::hold_off;
use crate::sys::schedule::work_for_others;
use lane::{Lane, Limits};

/// Transfers at once where no number is configured. As many as other clients' pools allow; a round
/// trip of 20 ms then makes 5000 transfers a second, more than two cores can compare.
pub(crate) const TRANSFERS: usize = 100;

/// Descriptors that a transfer may take: the connection, one for samples, the local file on the other
/// side, one for the resolution of the name; and as much for everything else in the process.
const DESCRIPTORS_PER_TRANSFER: usize = 5;

/// Descriptors that a job on the disk may take, with the threads that help it.
const DESCRIPTORS_PER_JOB: usize = 16;

/// The most jobs beyond the limits of a lane, while nothing else moves there.
const RESERVE: usize = 64;

/// What a job waits for, mostly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// This machine's disks and memory.
    Disk,
    /// So many transfers at once; at least one.
    Transfers(usize),
}

/// The lanes of one process.
struct Pool {
    process: u32,
    disk: Arc<Lane>,
    network: Arc<Lane>,
    /// The work of callers that wait, and may leave.
    calls: Arc<Lane>,
    descriptors: usize,
    /// That of a child that was forked from this process, in the child.
    next: OnceLock<Box<Pool>>,
}

static FIRST: OnceLock<Pool> = OnceLock::new();

impl Pool {
    fn new() -> Self {
        Self {
            process: std::process::id(),
            // Event loops need the cores that these keep busy; the others mostly wait.
            disk: Lane::new("komparu-job", work_for_others),
            network: Lane::new("komparu-fetch", || {}),
            calls: Lane::new("komparu-call", || {}),
            descriptors: descriptor_limit(),
            next: OnceLock::new(),
        }
    }

    /// The pool of this process.
    fn get() -> &'static Self {
        let mut pool = FIRST.get().unwrap_or_else(|| hold_off(|| FIRST.get_or_init(Self::new)));
        // Only the last one counts: an ancestor's number may have become this process's.
        while let Some(next) = pool.next.get() {
            pool = next;
        }
        if pool.process == std::process::id() {
            return pool;
        }
        hold_off(|| pool.next.get_or_init(|| Box::new(Self::new())))
    }

    fn limits(&self, load: Load, max_workers: usize) -> Limits {
        match (load, max_workers) {
            (_, 1..) => Limits { weight: max_workers, reserve: 0 },
            (Load::Disk, 0) => {
                let reserve = RESERVE.min(self.descriptors / DESCRIPTORS_PER_JOB / 2);
                Limits { weight: Options::default().workers(), reserve }
            }
            (Load::Transfers(_), 0) => {
                let affordable = self.descriptors / DESCRIPTORS_PER_TRANSFER;
                let weight = (affordable * 3 / 4).clamp(1, TRANSFERS);
                Limits { weight, reserve: RESERVE.min(affordable.saturating_sub(weight) / 2) }
            }
        }
    }
}

/// Has a job done. `max_workers` so many of one lane run at once; 0: as many as pay off, and more where
/// long ones would keep the rest waiting.
pub fn submit<T: Send + 'static>(job: Arc<Job<T>>, load: Load, max_workers: usize) {
    let pool = Pool::get();
    let limits = pool.limits(load, max_workers);
    match load {
        Load::Disk => pool.disk.add(job, 1, limits),
        Load::Transfers(weight) => pool.network.add(job, weight.max(1), limits),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::context::{Call, Context};

    #[test]
    fn few_descriptors_make_few_transfers() {
        let limits = |descriptors, max_workers| {
            let pool = Pool { descriptors, ..Pool::new() };
            let Limits { weight, reserve } = pool.limits(Load::Transfers(1), max_workers);
            assert!(
                max_workers > 0 || (weight + reserve) * DESCRIPTORS_PER_TRANSFER <= descriptors,
                "{weight} and {reserve} need more than {descriptors}"
            );
            (weight, reserve)
        };
        assert_eq!(limits(1 << 20, 0), (TRANSFERS, RESERVE));
        assert_eq!(limits(1024, 0), (TRANSFERS, 52));
        assert_eq!(limits(256, 0), (38, 6));
        assert_eq!(limits(16, 0), (2, 0));
        assert_eq!(limits(256, 200), (200, 0), "a number of one's own is a number of one's own");
    }

    #[test]
    fn a_process_has_one_pool() {
        assert!(std::ptr::eq(Pool::get(), Pool::get()));
        assert_eq!(Pool::get().process, std::process::id());
    }

    #[test]
    fn jobs_of_both_lanes_are_done() {
        let mailbox = Arc::new(Mailbox::new().expect("a mailbox"));
        let (done, wait) = channel();
        let loads = [Load::Disk, Load::Transfers(1), Load::Transfers(1000), Load::Disk];
        for (ticket, load) in loads.into_iter().enumerate() {
            let done = done.clone();
            let work: Work<()> = Box::new(move |_: &Context<'_>| {
                done.send(ticket).expect("the test listens");
            });
            let job = Job::new(Call::new(None), work, Arc::clone(&mailbox), ticket as u64);
            submit(Arc::new(job), load, 0);
        }
        let mut seen: Vec<usize> = wait.iter().take(loads.len()).collect();
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3]);
    }
}
