//! Workers that have finished, and wait a few seconds for the next archive.
//!
//! A thread ends them when their time is over, and is there only as long as there are any. Where there can be no
//! thread, none waits. It sleeps until the first one's time is over, or until all have been ended.

use std::sync::Mutex;
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::dying;
use super::worker::Worker;
use crate::run::threads::named;
use crate::sys::fork::with_fork_lock;
use crate::sys::lock::lock;

/// How long a worker waits: a program that compares one archive after another has it all the time, and one that
/// compares once has it no longer than anyone looks for it.
const KEEP: Duration = Duration::from_secs(3);

/// How many wait at most: two for each of eight threads.
const MOST: usize = 16;

static IDLE: Mutex<Idle> = Mutex::new(Idle { workers: Vec::new(), keeper: None });

struct Idle {
    /// Each with the moment from which it has waited: later ones stand behind.
    workers: Vec<(Worker, Instant)>,
    keeper: Option<Keeper>,
}

/// The thread that ends workers, and the process that it is of.
struct Keeper {
    process: u32,
    thread: Thread,
}

fn with<T>(work: impl FnOnce(&mut Idle) -> T) -> T {
    with_fork_lock(|| work(&mut lock(&IDLE)))
}

/// A worker that waits, if one does.
pub(super) fn take() -> Option<Worker> {
    let (worker, others) = with(|idle| {
        let others: Vec<_> = idle.workers.extract_if(.., |(worker, _)| !worker.is_ours()).collect();
        (idle.workers.pop().map(|(worker, _)| worker), others)
    });
    // Those of a process that this one is a fork of. Only the descriptors are closed.
    drop(others);
    worker
}

/// Has a worker wait, which has finished.
pub(super) fn keep(worker: Worker) {
    let refused = with(|idle| {
        let is_kept = idle.workers.len() < MOST && idle.has_keeper();
        if is_kept {
            idle.workers.push((worker, Instant::now()));
            return None;
        }
        Some(worker)
    });
    if let Some(worker) = refused {
        worker.end();
    }
}

/// Ends all that wait.
#[cfg_attr(not(feature = "python"), allow(dead_code, reason = "only the Python module exits"))]
pub(crate) fn stop() {
    let workers = with(|idle| {
        if let Some(keeper) = &idle.keeper
            && keeper.is_ours()
        {
            keeper.thread.unpark();
        }
        std::mem::take(&mut idle.workers)
    });
    for (worker, _) in workers {
        worker.end();
    }
}

impl Keeper {
    fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }
}

impl Idle {
    /// Is there a thread that ends them? If not, one is started.
    fn has_keeper(&mut self) -> bool {
        if !self.keeper.as_ref().is_some_and(Keeper::is_ours) {
            let spawned = named("komparu-idle").spawn(end_in_time);
            self.keeper = spawned.ok().map(|handle| Keeper {
                process: std::process::id(),
                thread: handle.thread().clone(),
            });
        }
        self.keeper.is_some()
    }

    /// Those whose time is over, and how long the next one's is not; `None`: there is none left.
    fn over(&mut self) -> (Vec<(Worker, Instant)>, Option<Duration>) {
        let is_over =
            |(worker, since): &mut (Worker, Instant)| !worker.is_ours() || since.elapsed() >= KEEP;
        let over = self.workers.extract_if(.., is_over).collect();
        let left = self.workers.first().map(|(_, since)| KEEP.saturating_sub(since.elapsed()));
        (over, left)
    }
}

fn end_in_time() {
    loop {
        let (over, left) = with(|idle| {
            let (over, left) = idle.over();
            if left.is_none() {
                idle.keeper = None;
            }
            (over, left)
        });
        dying::look();
        for (worker, _) in over {
            worker.end();
        }
        let Some(left) = left else { return };
        std::thread::park_timeout(left);
    }
}
