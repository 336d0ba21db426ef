//! One job: the work of a call whose caller does not wait, and its result.
//!
//! Its state is one atomic. A thread of the queue takes it from waiting to running, and from running to done.
//! A caller that does not want the result any more takes it to abandoned instead. Each step is a
//! compare-and-swap: the result is delivered exactly when the job was not abandoned before, however close
//! the two come.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use super::mailbox::{Failure, Mailbox};
use super::runnable::Runnable;
use crate::error::words;
use crate::run::context::{Call, Context};
use crate::sys::lock::lock;

/// What a job does, given the context of the thread that runs it.
pub(crate) type JobBody<T> = Box<dyn FnOnce(&Context<'_>) -> T + Send>;

/// No thread has begun it.
const WAITING: u8 = 0;
/// A thread is running it.
const RUNNING: u8 = 1;
/// Its result is in the mailbox, or about to be.
const DONE: u8 = 2;
/// Its caller does not want the result.
const ABANDONED: u8 = 3;

/// A job, shared by its caller and its queue.
pub(crate) struct Job<T> {
    state: AtomicU8,
    call: Call,
    body: Mutex<Option<JobBody<T>>>,
    mailbox: Arc<Mailbox<T>>,
    id: u64,
}

impl<T: Send> Job<T> {
    /// A job whose result will be in `mailbox` under `id`. Its time runs from when `call` was made.
    #[must_use]
    pub(crate) fn new(call: Call, body: JobBody<T>, mailbox: Arc<Mailbox<T>>, id: u64) -> Self {
        let (state, body) = (AtomicU8::new(WAITING), Mutex::new(Some(body)));
        Self { state, call, body, mailbox, id }
    }

    /// Abandons the job: if it is running it stops at its next checkpoint, if not it never begins.
    /// False where it was done already, and its result will be delivered.
    pub(crate) fn abandon(&self) -> bool {
        self.call.cancel();
        let undone = |state| (state != DONE).then_some(ABANDONED);
        let before = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, undone);
        if before == Ok(WAITING) {
            // The job may stay in its queue for long; what its body holds is dropped now.
            drop(self.take_body());
        }
        before.is_ok()
    }

    /// The call that it is done for.
    pub(crate) fn call(&self) -> &Call {
        &self.call
    }

    fn take_body(&self) -> Option<JobBody<T>> {
        lock(&self.body).take()
    }

    fn step(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl<T: Send> Runnable for Job<T> {
    fn is_wanted(&self) -> bool {
        self.state.load(Ordering::Relaxed) != ABANDONED
    }

    fn refuse(&self, error: &io::Error) {
        if self.step(WAITING, DONE) {
            self.mailbox.put(self.id, Err(Failure::NoThread(words(error))));
        }
    }

    fn run(&self) {
        if !self.step(WAITING, RUNNING) {
            return;
        }
        let Some(body) = self.take_body() else { return };
        // A panic is delivered to the caller; the thread has other jobs to run.
        let outcome = catch_unwind(AssertUnwindSafe(|| body(&Context::new(&self.call))));
        let outcome = outcome.map_err(Failure::Panicked);
        if self.step(RUNNING, DONE) {
            self.mailbox.put(self.id, outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(body: impl FnOnce(&Context<'_>) -> u32 + Send + 'static) -> Job<u32> {
        let mailbox = Arc::new(Mailbox::new().expect("a mailbox"));
        Job::new(Call::new(None), Box::new(body), mailbox, 7)
    }

    fn results(job: &Job<u32>) -> Vec<(u64, Option<u32>)> {
        let taken = job.mailbox.take();
        taken.into_iter().map(|(id, outcome)| (id, outcome.ok())).collect()
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
    fn an_abandoned_job_never_begins_and_drops_what_it_holds() {
        let held = Arc::new(());
        let inner = Arc::clone(&held);
        let job = job(move |_| u32::try_from(Arc::strong_count(&inner)).unwrap_or(0));
        assert!(job.abandon());
        assert!(!job.is_wanted());
        assert_eq!(Arc::strong_count(&held), 1, "what the job held is dropped");
        job.run();
        assert_eq!(results(&job), []);
    }

    #[test]
    fn a_running_job_that_is_abandoned_stops_and_delivers_nothing() {
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
    fn a_job_that_gets_no_thread_delivers_that() {
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
