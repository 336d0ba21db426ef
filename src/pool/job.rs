//! One job: the work of a call whose caller does not wait, and what becomes of it.
//!
//! Its life is one atomic. A worker takes it from waiting to running, and from running to done, or
//! whoever does not want it any more takes it to orphaned first. Each step is a compare-and-swap, so
//! a result is delivered exactly where nobody has given the job up, however close the two come.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::lane::Task;
use super::mailbox::{Failure, Mailbox};
use crate::context::{Call, Context};
use crate::error::words;

/// What a job does, given the view of the thread that does it.
pub type Work<T> = Box<dyn FnOnce(&Context<'_>) -> T + Send>;

/// Nobody has begun it.
const WAITING: u8 = 0;
/// A worker is at it.
const RUNNING: u8 = 1;
/// Its result is in the mailbox, or about to be.
const DONE: u8 = 2;
/// Nobody wants its result.
const ORPHANED: u8 = 3;

/// A job, shared by its caller and the pool.
pub struct Job<T> {
    state: AtomicU8,
    call: Call,
    work: Mutex<Option<Work<T>>>,
    mailbox: Arc<Mailbox<T>>,
    ticket: u64,
}

impl<T: Send> Job<T> {
    /// A job whose result will be in `mailbox` under `ticket`. Its time runs from when `call` was made.
    #[must_use]
    pub fn new(call: Call, work: Work<T>, mailbox: Arc<Mailbox<T>>, ticket: u64) -> Self {
        let (state, work) = (AtomicU8::new(WAITING), Mutex::new(Some(work)));
        Self { state, call, work, mailbox, ticket }
    }

    /// Gives the job up: what has begun stops at its next checkpoint, what has not never begins.
    /// False where it was done already, and its result will come.
    pub fn abandon(&self) -> bool {
        self.call.cancel();
        let undone = |state| (state != DONE).then_some(ORPHANED);
        let was = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, undone);
        if was == Ok(WAITING) {
            // It may wait in a queue for long yet; what it holds need not.
            drop(self.take_work());
        }
        was.is_ok()
    }

    fn take_work(&self) -> Option<Work<T>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn step(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl<T: Send> Task for Job<T> {
    fn is_wanted(&self) -> bool {
        self.state.load(Ordering::Relaxed) != ORPHANED
    }

    fn refuse(&self, error: &io::Error) {
        if self.step(WAITING, DONE) {
            self.mailbox.put(self.ticket, Err(Failure::NoThread(words(error))));
        }
    }

    fn run(&self) {
        if !self.step(WAITING, RUNNING) {
            return;
        }
        let Some(work) = self.take_work() else { return };
        // A panic is the caller's to see; the thread has other jobs to do.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&Context::new(&self.call))));
        let outcome = outcome.map_err(Failure::Panicked);
        if self.step(RUNNING, DONE) {
            self.mailbox.put(self.ticket, outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(work: impl FnOnce(&Context<'_>) -> u32 + Send + 'static) -> Job<u32> {
        let mailbox = Arc::new(Mailbox::new().expect("a mailbox"));
        Job::new(Call::new(None), Box::new(work), mailbox, 7)
    }

    fn results(job: &Job<u32>) -> Vec<(u64, Option<u32>)> {
        let taken = job.mailbox.take();
        taken.into_iter().map(|(ticket, outcome)| (ticket, outcome.ok())).collect()
    }

    #[test]
    fn a_job_delivers_once() {
        let job = job(|_| 5);
        job.run();
        job.run();
        assert_eq!(results(&job), [(7, Some(5))]);
        assert!(!job.abandon(), "it is done");
        assert!(job.is_wanted());
    }

    #[test]
    fn what_nobody_wants_never_begins() {
        let held = Arc::new(());
        let inner = Arc::clone(&held);
        let job = job(move |_| u32::try_from(Arc::strong_count(&inner)).unwrap_or(0));
        assert!(job.abandon());
        assert!(!job.is_wanted());
        assert_eq!(Arc::strong_count(&held), 1, "what the job held is free");
        job.run();
        assert_eq!(results(&job), []);
    }

    #[test]
    fn what_is_given_up_midway_stops_and_delivers_nothing() {
        let (begun, wait) = std::sync::mpsc::channel();
        let job = job(move |context| {
            begun.send(()).expect("the test listens");
            while context.checkpoint().is_ok() {
                std::thread::yield_now();
            }
            1
        });
        std::thread::scope(|scope| {
            scope.spawn(|| job.run());
            wait.recv().expect("it begins");
            assert!(job.abandon());
        });
        assert_eq!(results(&job), []);
    }

    #[test]
    fn what_cannot_be_done_says_so() {
        let job = job(|_| 5);
        job.refuse(&io::Error::from_raw_os_error(libc::EAGAIN));
        job.run();
        let taken = job.mailbox.take();
        assert!(matches!(&taken[..], [(7, Err(Failure::NoThread(_)))]), "{taken:?}");
    }

    #[test]
    fn a_panic_is_delivered() {
        let job = job(|_| panic!("on purpose"));
        job.run();
        assert_eq!(results(&job), [(7, None)]);
    }
}
