//! The queues of the process, and how many jobs each of them runs at once.
//!
//! Threads do not survive a fork. So the queues belong to the process that made them, and a forked child that
//! needs queues makes its own. The parent's are left alone in the child: their locks and counts are as they
//! were at the fork, and their threads are gone.

use std::sync::{Arc, OnceLock};

use super::job::Job;
use super::queue::{Limits, Queue};
use super::runnable::Runnable;
use crate::options::default_workers;
use crate::sys::descriptors::descriptor_limit;
use crate::sys::fork::with_fork_lock;
use crate::sys::schedule::work_for_others;

/// Transfers at once where no number is configured. As many as other clients' pools allow; a round
/// trip of 20 ms then makes 5000 transfers a second, more than two cores can compare.
pub(crate) const TRANSFERS: usize = 100;

/// Descriptors that a transfer may take: the connection, one for samples, the local file on the other
/// side, one for the resolution of the name; and as much for everything else in the process.
const DESCRIPTORS_PER_TRANSFER: usize = 5;

/// Descriptors that a job on the disk may take, with the threads that help it.
const DESCRIPTORS_PER_JOB: usize = 16;

/// So many jobs run beside those that pay off, so that long ones do not keep short ones waiting: on the disk at
/// once, and in the network by spare threads where nothing has moved for a while.
///
/// Files had spare threads, too: a short job behind 64 long ones then waited 3 to 5 s for its turn, and waits
/// 0.02 to 0.5 s so, on two cores; 10,000 tiny jobs take as long either way.
const SPARE: usize = 64;

/// What a job mostly waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// This machine's disks and memory.
    Disk,
    /// This many transfers at once; at least one.
    Transfers(usize),
}

/// The queues of one process.
struct Queues {
    process: u32,
    disk: Arc<Queue>,
    network: Arc<Queue>,
    /// The work of calls that wait for it with a limit of time.
    blocking: Arc<Queue>,
    descriptors: usize,
    /// In a child that was forked from this process: the queues of the child.
    childs: OnceLock<Box<Queues>>,
}

static FIRST: OnceLock<Queues> = OnceLock::new();

impl Queues {
    fn new() -> Self {
        Self {
            process: std::process::id(),
            // Event loops need the cores that these keep busy; the other threads mostly wait.
            disk: Queue::new("komparu-job", work_for_others),
            network: Queue::new("komparu-fetch", || {}),
            blocking: Queue::new("komparu-call", || {}),
            descriptors: descriptor_limit(),
            childs: OnceLock::new(),
        }
    }

    /// The queues of this process.
    fn get() -> &'static Self {
        let mut queues =
            FIRST.get().unwrap_or_else(|| with_fork_lock(|| FIRST.get_or_init(Self::new)));
        // Only the last ones count: this process may have got the number of an ancestor that has ended.
        while let Some(childs) = queues.childs.get() {
            queues = childs;
        }
        if queues.process == std::process::id() {
            return queues;
        }
        with_fork_lock(|| queues.childs.get_or_init(|| Box::new(Self::new())))
    }

    fn limits(&self, load: Load, max_workers: usize) -> Limits {
        match (load, max_workers) {
            (_, 1..) => Limits { weight: max_workers, spare: 0 },
            (Load::Disk, 0) => {
                let more = SPARE.min(self.descriptors / DESCRIPTORS_PER_JOB / 2);
                Limits { weight: default_workers() + more, spare: 0 }
            }
            (Load::Transfers(_), 0) => {
                let affordable = self.descriptors / DESCRIPTORS_PER_TRANSFER;
                let weight = (affordable * 3 / 4).clamp(1, TRANSFERS);
                Limits { weight, spare: SPARE.min(affordable.saturating_sub(weight) / 2) }
            }
        }
    }
}

/// Has a thread run the job. At most `max_workers` jobs of a queue run at once; 0: as many as pay off, and
/// [`SPARE`] more, so that long jobs do not keep the rest waiting.
pub(crate) fn submit<T: Send + 'static>(job: Arc<Job<T>>, load: Load, max_workers: usize) {
    let queues = Queues::get();
    let limits = queues.limits(load, max_workers);
    match load {
        Load::Disk => queues.disk.add(job, 1, limits),
        Load::Transfers(weight) => queues.network.add(job, weight.max(1), limits),
    }
}

/// Has a thread run the work of a call that waits for it. It begins at once, however many others run: the
/// caller's own thread would not wait for them either.
pub(crate) fn submit_blocking(work: Arc<dyn Runnable>) {
    Queues::get().blocking.add(work, 1, Limits { weight: usize::MAX, spare: 0 });
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::jobs::Mailbox;
    use crate::jobs::job::JobBody;
    use crate::run::context::{Call, Context};

    #[test]
    fn few_descriptors_make_few_transfers() {
        let limits = |descriptors, max_workers| {
            let queues = Queues { descriptors, ..Queues::new() };
            let Limits { weight, spare } = queues.limits(Load::Transfers(1), max_workers);
            assert!(
                max_workers > 0 || (weight + spare) * DESCRIPTORS_PER_TRANSFER <= descriptors,
                "{weight} and {spare} need more than {descriptors}"
            );
            (weight, spare)
        };
        assert_eq!(limits(1 << 20, 0), (TRANSFERS, SPARE));
        assert_eq!(limits(1024, 0), (TRANSFERS, 52));
        assert_eq!(limits(256, 0), (38, 6));
        assert_eq!(limits(16, 0), (2, 0));
        assert_eq!(limits(256, 200), (200, 0), "a number that the user chose is kept");
    }

    #[test]
    fn a_short_job_behind_64_long_ones_begins_at_once() {
        let Limits { weight, spare } = Queues::new().limits(Load::Disk, 0);
        assert_eq!((weight, spare), (default_workers() + SPARE, 0));
        let few = Queues { descriptors: 64, ..Queues::new() };
        assert_eq!(few.limits(Load::Disk, 0).weight, default_workers() + 2);
    }

    #[test]
    fn a_process_has_its_queues_once() {
        assert!(std::ptr::eq(Queues::get(), Queues::get()));
        assert_eq!(Queues::get().process, std::process::id());
    }

    #[test]
    fn jobs_of_both_queues_run() {
        let mailbox = Arc::new(Mailbox::new().expect("a mailbox"));
        let (done, wait) = channel();
        let loads = [Load::Disk, Load::Transfers(1), Load::Transfers(1000), Load::Disk];
        for (id, load) in loads.into_iter().enumerate() {
            let done = done.clone();
            let body: JobBody<()> = Box::new(move |_: &Context<'_>| {
                done.send(id).expect("the test listens");
            });
            let job = Job::new(Call::new(None), body, Arc::clone(&mailbox), id as u64);
            submit(Arc::new(job), load, 0);
        }
        let mut seen: Vec<usize> = wait.iter().take(loads.len()).collect();
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3]);
    }
}
