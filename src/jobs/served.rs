//! Work that another thread does while its caller answers what it asks.
//!
//! Where a call reads objects of its caller's, only the caller's own thread may call them. So another thread does the
//! work, and the caller waits: for its end, for what it asks, for signals and for the limit of the call.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::detached::detach;
use super::job::JobBody;
use crate::error::{Error, Result};
use crate::run::context::{Call, Context, PULSE};
use crate::sys::lock::lock;

/// Has another thread do `work` for `call`, and waits for it until the call is to end. `look` is called at least every
/// [`PULSE`], and whenever something is sent to `wakes`, of which `woken` is the other end: it answers what is asked,
/// and handles signals. Once it says true, the call is cancelled.
///
/// # Errors
/// The outer one when there is no thread; the inner one is what the work returns, or that the call is to end.
pub(crate) fn serve<T: Send + 'static>(
    call: &Arc<Call>,
    look: &dyn Fn() -> bool,
    (wakes, woken): (Sender<()>, &Receiver<()>),
    work: JobBody<Result<T>>,
) -> io::Result<Result<T>> {
    let outcome = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&outcome);
    let body = Box::new(move |context: io::Result<&Context<'_>>| {
        let done = context.map(work);
        *lock(&slot) = Some(done);
        // One that has been sent and not been taken is as good.
        let _ = wakes.try_send(());
    });
    detach(Arc::clone(call), body);
    let context = Context::new(call);
    let mut stopped: Option<(Error, Instant)> = None;
    loop {
        if let Some(done) = lock(&outcome).take() {
            return match (done, stopped) {
                // It may have come to its end, or know more.
                (done, None | Some((Error::TimedOut(_), _))) => done,
                (_, Some((stop, _))) => Ok(Err(stop)),
            };
        }
        if let Some((stop, since)) = &stopped {
            let left = PULSE.saturating_sub(since.elapsed());
            if left.is_zero() {
                call.cancel();
                return Ok(Err(stop.clone()));
            }
            let _ = woken.recv_timeout(left);
            continue;
        }
        let patience = call.time_left().map_or(PULSE, |left| left.min(PULSE));
        let _ = woken.recv_timeout(patience);
        let stop = if look() { Err(Error::Cancelled) } else { context.checkpoint() };
        if let Err(stop) = stop {
            // The work finds out itself that its time is up.
            if stop == Error::Cancelled {
                call.cancel();
            }
            stopped = Some((stop, Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    fn run<T: Send + 'static>(
        limit: Option<Duration>,
        look: &dyn Fn() -> bool,
        work: impl FnOnce(&Context<'_>, &Sender<()>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (wakes, woken) = crossbeam_channel::bounded(1);
        let asking = wakes.clone();
        let work: JobBody<Result<T>> = Box::new(move |context| work(context, &asking));
        serve(&Arc::new(Call::new(limit)), look, (wakes, &woken), work).expect("a thread")
    }

    #[test]
    fn the_caller_looks_whenever_it_is_asked() {
        let (looks, heard) = channel();
        let here = std::thread::current().id();
        let count = Cell::new(0);
        let look = || {
            count.set(count.get() + 1);
            // The work listens until it has heard enough.
            let _ = looks.send(());
            false
        };
        let outcome = run(None, &look, move |_, asking| {
            for _ in 0..5 {
                let _ = asking.try_send(());
                heard.recv().expect("the caller looks");
            }
            Ok(std::thread::current().id())
        });
        assert_ne!(outcome, Ok(here));
        assert!(count.get() >= 5);
    }

    #[test]
    fn a_limit_and_an_interrupt_end_the_wait_for_work_that_does_not_stop() {
        let limit = Duration::from_millis(20);
        for (limit, interrupts) in [(Some(limit), false), (None, true)] {
            let (release, held) = channel::<()>();
            let outcome = run(limit, &|| interrupts, move |_, _| {
                let _ = held.recv();
                Ok(())
            });
            let expected = limit.map_or(Error::Cancelled, Error::TimedOut);
            assert_eq!(outcome, Err(expected));
            drop(release);
        }
    }

    #[test]
    fn work_that_stops_in_time_says_how_far_it_came() {
        let outcome = run(Some(Duration::from_millis(20)), &|| false, |context, _| {
            while context.checkpoint().is_ok() {}
            Err::<(), _>(Error::Config("how far it came".to_owned()))
        });
        assert_eq!(outcome, Err(Error::Config("how far it came".to_owned())));
    }
}
