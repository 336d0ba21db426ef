//! What was tried again, to be told by a thread that has the interpreter: those that work have none.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::sys::fork::with_fork_lock;
use crate::sys::lock::lock;

/// How many are kept until they are told. A program that has no log never asks for them.
const MOST: usize = 1000;

/// Is there any that has not been told?
static UNTOLD: AtomicBool = AtomicBool::new(false);
static RETRIED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes that something is tried again after that time, the `number`th time of `most`.
pub(crate) fn note(error: &Error, delay: Duration, number: usize, most: usize) {
    let seconds = delay.as_secs_f64();
    let text = format!("{error}; trying again in {seconds} s ({number} of {most})");
    with_fork_lock(|| {
        let mut retried = lock(&RETRIED);
        if retried.len() < MOST {
            retried.push(text);
        }
    });
    UNTOLD.store(true, Ordering::Relaxed);
}

/// Is there any that has not been told?
#[cfg_attr(not(feature = "python"), allow(dead_code, reason = "only the Python module tells"))]
pub(crate) fn is_untold() -> bool {
    UNTOLD.load(Ordering::Relaxed)
}

/// Takes those that have not been told.
#[cfg_attr(not(feature = "python"), allow(dead_code, reason = "only the Python module tells"))]
pub(crate) fn untold() -> Vec<String> {
    UNTOLD.store(false, Ordering::Relaxed);
    with_fork_lock(|| std::mem::take(&mut *lock(&RETRIED)))
}
