//! Work that another thread does while its caller waits, so that the caller can leave in time.
//!
//! A system call may take longer than any limit: opening a file on which another process has a lease takes
//! 45 s, and reading from a filesystem whose server is gone never ends. No thread can be called back from
//! there. So where there is a limit, it is not the caller's own.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Pool;
use super::job::Work;
use super::lane::{Limits, Task};
use crate::context::{Call, Context, PULSE};
use crate::error::{Error, Result};

/// How long the caller waits for work that is to stop: it mostly does at once, and may say how far it came.
/// Within the 100 ms in which every call promises to end.
const GRACE: Duration = PULSE;

/// Each caller's work begins at once: it would not wait for others if the caller did it.
const LIMITS: Limits = Limits { weight: usize::MAX, reserve: 0 };

struct Waited<T> {
    call: Arc<Call>,
    state: Mutex<State<T>>,
    /// Notified when the state is one that the caller waits for.
    news: Condvar,
}

enum State<T> {
    Waiting(Work<Result<T>>),
    Running,
    Done(Result<T>),
    /// There is no thread for it.
    Refused(Work<Result<T>>),
    /// The caller has left, or has taken the result.
    Left,
}

/// Does `work` for `call` in another thread, and waits for it until the call is to end. Signals are looked
/// after by `interrupt`. Where no thread can be had, this one does the work itself.
///
/// # Errors
/// What the work returns; when the call is to end.
pub fn wait<T: Send + 'static>(
    call: &Arc<Call>,
    interrupt: &dyn Fn() -> bool,
    work: Work<Result<T>>,
) -> Result<T> {
    let context = Context::with_interrupt(call, interrupt);
    let state = Mutex::new(State::Waiting(work));
    let waited = Arc::new(Waited { call: Arc::clone(call), state, news: Condvar::new() });
    Pool::get().calls.add(Arc::clone(&waited) as Arc<dyn Task>, 1, LIMITS);
    loop {
        let patience = call.time_left().map_or(PULSE, |left| left.min(PULSE));
        match waited.news(patience) {
            Some(State::Done(outcome)) => return outcome,
            Some(State::Refused(work)) => return work(&context),
            _ => {}
        }
        if let Err(stop) = context.checkpoint() {
            let last = waited.news(GRACE);
            waited.leave();
            return match (stop, last) {
                // It may have come to its end, or know more.
                (Error::TimedOut(_), Some(State::Done(outcome))) => outcome,
                (stop, _) => Err(stop),
            };
        }
    }
}

impl<T> Waited<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the caller waits for, if that comes within `patience`.
    fn news(&self, patience: Duration) -> Option<State<T>> {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if matches!(*state, State::Done(_) | State::Refused(_)) {
                return Some(std::mem::replace(&mut *state, State::Left));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state = self.news.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The caller leaves. What the work holds is dropped here if it has not begun.
    fn leave(&self) {
        self.call.cancel();
        let last = std::mem::replace(&mut *self.lock(), State::Left);
        drop(last);
    }
}

impl<T: Send> Task for Waited<T> {
    fn run(&self) {
        let mut state = self.lock();
        let work = match std::mem::replace(&mut *state, State::Running) {
            State::Waiting(work) => work,
            other => {
                *state = other;
                return;
            }
        };
        drop(state);
        let outcome = work(&Context::new(&self.call));
        let mut state = self.lock();
        // Dropped unlocked, should nothing wait for it.
        let unwanted = match &*state {
            State::Running => std::mem::replace(&mut *state, State::Done(outcome)),
            _ => State::Done(outcome),
        };
        drop(state);
        self.news.notify_one();
        drop(unwanted);
    }

    fn refuse(&self, _: &io::Error) {
        let mut state = self.lock();
        *state = match std::mem::replace(&mut *state, State::Left) {
            State::Waiting(work) => State::Refused(work),
            other => other,
        };
        drop(state);
        self.news.notify_one();
    }

    fn is_wanted(&self) -> bool {
        !matches!(*self.lock(), State::Left)
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
    fn the_caller_leaves_work_that_does_not_stop() {
        let (release, held) = channel::<()>();
        let limit = Duration::from_millis(20);
        let outcome = run(limit, &|| false, move |_| {
            // Until the caller has left: it would wait for ever otherwise.
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
    fn what_no_thread_can_be_had_for_the_caller_does() {
        let work: Work<Result<u32>> = Box::new(|_| Ok(1));
        let call = Arc::new(Call::new(None));
        let state = Mutex::new(State::Waiting(work));
        let waited = Waited { call, state, news: Condvar::new() };
        waited.refuse(&io::Error::from_raw_os_error(libc::EAGAIN));
        waited.run();
        let Some(State::Refused(work)) = waited.news(Duration::ZERO) else { panic!("refused") };
        let call = Call::new(None);
        assert_eq!(work(&Context::new(&call)), Ok(1));
    }
}
