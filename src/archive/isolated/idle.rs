//! Workers that have finished, and wait a few seconds for the next archive.
//!
//! A thread ends them when their time is over, and is there only as long as there are any. Where there can be no
//! thread, none waits.

use std::sync::Mutex;
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

static IDLE: Mutex<Idle> = Mutex::new(Idle { workers: Vec::new(), keeper: 0 });

struct Idle {
    workers: Vec<(Worker, Instant)>,
    /// The process whose thread ends them; 0: there is no thread.
    keeper: u32,
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
    let workers = with(|idle| std::mem::take(&mut idle.workers));
    for (worker, _) in workers {
        worker.end();
    }
}

impl Idle {
    /// Is there a thread that ends them? If not, one is started.
    fn has_keeper(&mut self) -> bool {
        let process = std::process::id();
        if self.keeper != process && named("komparu-idle").spawn(end_in_time).is_ok() {
            self.keeper = process;
        }
        self.keeper == process
    }
}

fn end_in_time() {
    loop {
        std::thread::sleep(KEEP / 4);
        dying::look();
        let (over, is_last) = with(|idle| {
            let is_over = |(worker, since): &mut (Worker, Instant)| {
                !worker.is_ours() || since.elapsed() >= KEEP
            };
            let over: Vec<_> = idle.workers.extract_if(.., is_over).collect();
            let is_last = idle.workers.is_empty();
            if is_last {
                idle.keeper = 0;
            }
            (over, is_last)
        });
        for (worker, _) in over {
            worker.end();
        }
        if is_last {
            return;
        }
    }
}
