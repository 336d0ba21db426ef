//! What becomes of a panic: an error that says where it was, and nothing on the terminal.
//!
//! A panic is a mistake, komparu's or that of what it is built from. Left alone it writes to the terminal
//! of a program that has nothing to do with it, and, in doing so, reads the environment.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crate::error::{Error, Result};
use crate::sys::lock::lock;

/// Where the last panic of the process was, and what it said. A scope of threads tells only that one of
/// them panicked.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// From now on panics are noted, and not written to the terminal. Only for a library that has the standard
/// library for itself, as Python's modules have.
#[cfg(feature = "python")]
pub(crate) fn keep_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        let words = format!("{} ({})", message(panic.payload()), place.unwrap_or_default());
        // Never waits: the thread that has it may itself be panicking.
        if let Ok(mut last) = LAST.try_lock() {
            *last = Some(words);
        }
    }));
}

/// Does `work`. Should it panic, that is an error like others.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(Error::Internal(told(&*payload))))
}

/// What is known of a panic.
fn told(payload: &(dyn Any + Send)) -> String {
    let last = lock(&LAST).take();
    last.unwrap_or_else(|| message(payload).to_owned())
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        let error = caught::<()>(|| std::panic::resume_unwind(Box::new("broken")));
        assert_eq!(error, Err(Error::Internal("broken".to_owned())));
        assert_eq!(
            error.expect_err("a panic").to_string(),
            "komparu has made a mistake, please report it: broken"
        );
        assert_eq!(caught(|| Ok(3)), Ok(3));
    }
}
