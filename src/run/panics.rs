//! Panics become errors that say where they happened, and write nothing to the terminal.
//!
//! A panic is a mistake in komparu or in its dependencies. By default it writes to the terminal of the
//! program that komparu is used by, and reads the environment to do so.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crate::error::{Error, Result};
use crate::sys::lock::lock;

/// Message and place of the process's last panic. (A scope of threads reports only that one of them
/// panicked.)
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Makes panics be noted and not written to the terminal, from now on. Only for a library that has its own
/// copy of the standard library, as Python's modules have.
#[cfg(feature = "python")]
pub(crate) fn keep_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        let report = format!("{} ({})", message(panic.payload()), place.unwrap_or_default());
        // Never waits: the thread that holds the lock may itself be panicking.
        if let Ok(mut last) = LAST.try_lock() {
            *last = Some(report);
        }
    }));
}

/// Calls `work`. A panic becomes an error.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(Error::Internal(report(&*payload))))
}

/// Message and place of a panic.
fn report(payload: &(dyn Any + Send)) -> String {
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
