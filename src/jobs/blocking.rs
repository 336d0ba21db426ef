//! Work that another thread does while its caller waits, so that the caller can return in time.
//!
//! A system call may take longer than any limit: opening a file on which another process has a lease takes
//! 45 s, and reading from a filesystem whose server is gone never ends. Nothing can interrupt a thread there.
//! So a call with a limit of time does not make these system calls in its own thread.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::job::JobBody;
use super::queues::submit_blocking;
use super::runnable::Runnable;
use crate::error::{Error, Result};
use crate::run::context::{Call, Context, PULSE};
use crate::sys::lock::{ignore_poison, lock};

/// How long the caller waits for work that is to stop: it mostly does at once, and may say how far it came.
/// Within the 100 ms in which every call promises to end.
const GRACE: Duration = PULSE;

/// The work of a call, shared by its caller and the thread that does it.
struct BlockingCall<T> {
    call: Arc<Call>,
    state: Mutex<CallState<T>>,
    /// Notified when the work is done or refused.
    ended: Condvar,
}

enum CallState<T> {
    Waiting(JobBody<Result<T>>),
    Running,
    Done(Result<T>),
    /// No thread could be spawned for it.
    Refused(JobBody<Result<T>>),
    /// The caller has returned, or has taken the result.
    Left,
}

/// Has another thread do `work` for `call`, and waits for it until the call is to end. `interrupt` handles
/// signals. Where no thread can be spawned, the calling thread does the work itself.
///
/// # Errors
/// What the work returns; when the call is to end.
pub(crate) fn wait<T: Send + 'static>(
    call: &Arc<Call>,
    interrupt: &dyn Fn() -> bool,
    work: JobBody<Result<T>>,
) -> Result<T> {
    let context = Context::with_interrupt(call, interrupt);
    let state = Mutex::new(CallState::Waiting(work));
    let blocking = Arc::new(BlockingCall { call: Arc::clone(call), state, ended: Condvar::new() });
    submit_blocking(Arc::clone(&blocking) as Arc<dyn Runnable>);
    loop {
        let patience = call.time_left().map_or(PULSE, |left| left.min(PULSE));
        match blocking.outcome(patience) {
            Some(CallState::Done(outcome)) => return outcome,
            Some(CallState::Refused(work)) => return work(&context),
            _ => {}
        }
        if let Err(stop) = context.checkpoint() {
            let last = blocking.outcome(GRACE);
            blocking.leave();
            return match (stop, last) {
                // It may have come to its end, or know more.
                (Error::TimedOut(_), Some(CallState::Done(outcome))) => outcome,
                (stop, _) => Err(stop),
            };
        }
    }
}

impl<T> BlockingCall<T> {
    fn lock(&self) -> MutexGuard<'_, CallState<T>> {
        lock(&self.state)
    }

    /// Takes the result, or the work that was refused, if either comes within `patience`.
    fn outcome(&self, patience: Duration) -> Option<CallState<T>> {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if matches!(*state, CallState::Done(_) | CallState::Refused(_)) {
                return Some(std::mem::replace(&mut *state, CallState::Left));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state = ignore_poison(self.ended.wait_timeout(state, left)).0;
        }
    }

    /// The caller returns. Work that has not begun is dropped here, with what it holds.
    fn leave(&self) {
        self.call.cancel();
        let last = std::mem::replace(&mut *self.lock(), CallState::Left);
        drop(last);
    }
}

impl<T: Send> Runnable for BlockingCall<T> {
    fn run(&self) {
        let mut state = self.lock();
        let work = match std::mem::replace(&mut *state, CallState::Running) {
            CallState::Waiting(work) => work,
            other => {
                *state = other;
                return;
            }
        };
        drop(state);
        let outcome = work(&Context::new(&self.call));
        let mut state = self.lock();
        // A result that no caller waits for is dropped after the lock is released.
        let unwanted = match &*state {
            CallState::Running => std::mem::replace(&mut *state, CallState::Done(outcome)),
            _ => CallState::Done(outcome),
        };
        drop(state);
        self.ended.notify_one();
        drop(unwanted);
    }

    fn refuse(&self, _: &io::Error) {
        let mut state = self.lock();
        *state = match std::mem::replace(&mut *state, CallState::Left) {
            CallState::Waiting(work) => CallState::Refused(work),
            other => other,
        };
        drop(state);
        self.ended.notify_one();
    }

    fn is_wanted(&self) -> bool {
        !matches!(*self.lock(), CallState::Left)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn run<T: Send + 'static>(
        limit: Duration,
        interrupt: &dyn Fn() -> bool,
        work: impl FnOnce(&Context<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        wait(&Arc::new(Call::new(Some(limit))), interrupt, Box::new(work))
    }

    #[test]
    fn another_thread_does_the_work() {
        let here = std::thread::current().id();
        let there = run(LONG, &|| false, |_| Ok(std::thread::current().id()));
        assert_ne!(there, Ok(here));
    }

    #[test]
    fn the_caller_returns_in_time_from_work_that_does_not_stop() {
        let (release, held) = channel::<()>();
        let limit = Duration::from_millis(20);
        let outcome = run(limit, &|| false, move |_| {
            // It ends only after the caller has returned.
            let _ = held.recv();
            Ok(())
        });
        assert_eq!(outcome, Err(Error::TimedOut(limit)));
        drop(release);
    }

    #[test]
    fn an_interrupt_ends_the_wait_for_work_that_does_not_stop() {
        let (release, held) = channel::<()>();
        let outcome = run(LONG, &|| true, move |_| {
            let _ = held.recv();
            Ok(())
        });
        assert_eq!(outcome, Err(Error::Cancelled));
        drop(release);
    }

    #[test]
    fn work_that_stops_in_time_says_how_far_it_came() {
        let outcome = run(Duration::from_millis(20), &|| false, |context| {
            while context.checkpoint().is_ok() {}
            Err::<(), _>(Error::Config("how far it came".to_owned()))
        });
        assert_eq!(outcome, Err(Error::Config("how far it came".to_owned())));
    }

    #[test]
    fn many_callers_do_not_wait_for_each_other() {
        let together = Arc::new(std::sync::Barrier::new(20));
        std::thread::scope(|scope| {
            for _ in 0..20 {
                let together = Arc::clone(&together);
                scope.spawn(move || {
                    let outcome = run(LONG, &|| false, move |_| {
                        together.wait();
                        Ok(1)
                    });
                    assert_eq!(outcome, Ok(1));
                });
            }
        });
    }

    #[test]
    fn the_caller_does_work_that_gets_no_thread() {
        let work: JobBody<Result<u32>> = Box::new(|_| Ok(1));
        let call = Arc::new(Call::new(None));
        let state = Mutex::new(CallState::Waiting(work));
        let blocking = BlockingCall { call, state, ended: Condvar::new() };
        blocking.refuse(&io::Error::from_raw_os_error(libc::EAGAIN));
        blocking.run();
        let Some(CallState::Refused(work)) = blocking.outcome(Duration::ZERO) else {
            panic!("refused")
        };
        let call = Call::new(None);
        assert_eq!(work(&Context::new(&call)), Ok(1));
    }
}
