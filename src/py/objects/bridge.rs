//! The thread of Python's that calls the objects of an event loop's jobs, so that the loop goes on meanwhile.
//!
//! There is one for a loop, made when the first of its jobs has objects. It takes them when the job begins, answers
//! what the threads that compare ask, and closes what was opened when the job is done.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use pyo3::prelude::*;

use super::raised::Raised;
use super::served::Served;
use crate::run::context::{Context, PULSE};
use crate::sys::interpreter::without_interpreter as detached;
use crate::sys::lock::lock;

/// What the thread is told.
enum News {
    /// A job begins, which has these objects.
    Begins(u64, Box<Served>),
    /// They are asked something.
    Asked(u64),
    /// The job is done, or will never be. Nothing is sent to the channel; it ends when all is closed.
    Ended(u64, Sender<()>),
    /// The loop has gone.
    Close,
}

/// Where an event loop hands over the objects of its jobs.
#[pyclass(frozen, module = "komparu._core")]
pub(crate) struct Bridge {
    /// The process that it belongs to: a forked child has no such thread.
    process: u32,
    news: Sender<News>,
    jobs: AtomicU64,
}

/// What the thread runs.
#[pyclass(frozen, module = "komparu._core")]
pub(crate) struct BridgeThread(Mutex<Option<Receiver<News>>>);

/// Make a bridge, and what its thread is to run.
#[pyfunction]
pub(crate) fn bridge() -> (Bridge, BridgeThread) {
    let (news, heard) = unbounded();
    let (process, jobs) = (std::process::id(), AtomicU64::new(0));
    let bridge = Bridge { process, news, jobs };
    (bridge, BridgeThread(Mutex::new(Some(heard))))
}

impl Bridge {
    /// Has the objects of a job called.
    pub(crate) fn begin(&self, served: Served) -> Bridged {
        let job = self.jobs.fetch_add(1, Ordering::Relaxed);
        let (raised, opens) = (Arc::clone(&served.raised), served.opens());
        let requests = served.requests();
        // Where the thread has gone, nothing is answered, and the job is cancelled.
        let _ = self.news.send(News::Begins(job, Box::new(served)));
        let news = self.news.clone();
        requests.wake_by(Box::new(move || {
            let _ = news.send(News::Asked(job));
        }));
        Bridged { job, opens, raised, news: self.news.clone() }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            let _ = self.news.send(News::Close);
        } else {
            // In a forked child the channel's locks are as they were at the fork, and are never released. The last
            // sender would take them.
            mem::forget(self.news.clone());
        }
    }
}

/// Objects of a job that another thread calls, until this is dropped.
pub(crate) struct Bridged {
    job: u64,
    /// Are there some that open files?
    opens: bool,
    pub(crate) raised: Arc<Raised>,
    news: Sender<News>,
}

impl Bridged {
    /// The job is done: waits until all is closed that was opened for it.
    pub(crate) fn finish(self, context: &Context<'_>) {
        if !self.opens {
            return;
        }
        let (closed, closing) = bounded::<()>(0);
        let _ = self.news.send(News::Ended(self.job, closed));
        while closing.recv_timeout(PULSE / 2) == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
            if context.checkpoint().is_err() {
                return;
            }
        }
    }
}

impl Drop for Bridged {
    fn drop(&mut self) {
        let _ = self.news.send(News::Ended(self.job, bounded(0).0));
    }
}

#[pymethods]
impl BridgeThread {
    /// Call objects until the loop has gone.
    fn run(&self, py: Python<'_>) {
        let Some(heard) = lock(&self.0).take() else { return };
        let mut jobs: HashMap<u64, Box<Served>> = HashMap::new();
        loop {
            match detached(|_| heard.recv()) {
                Ok(News::Begins(job, served)) => {
                    jobs.insert(job, served);
                }
                Ok(News::Asked(job)) => {
                    if let Some(served) = jobs.get_mut(&job)
                        && let Err(raised) = served.serve(py)
                    {
                        served.raised.end_with(raised);
                    }
                }
                Ok(News::Ended(job, closed)) => {
                    if let Some(served) = jobs.remove(&job) {
                        finish(py, *served);
                    }
                    drop(closed);
                }
                Ok(News::Close) | Err(_) => break,
            }
        }
        for (_, served) in jobs {
            finish(py, *served);
        }
    }
}

fn finish(py: Python<'_>, mut served: Served) {
    if let Err(raised) = served.finish(py) {
        raised.write_unraisable(py, None);
    }
}
