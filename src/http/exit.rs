//! Whether the process is about to exit, which ends all fetching.

use std::sync::atomic::{AtomicBool, Ordering};

/// The process is past the point where a new thread could be stopped again.
static EXITING: AtomicBool = AtomicBool::new(false);

/// From now on the process is exiting.
pub(super) fn begin() {
    EXITING.store(true, Ordering::Relaxed);
}

pub(super) fn has_begun() -> bool {
    EXITING.load(Ordering::Relaxed)
}

/// Does not return if the process is exiting: there may be nothing left to return to, such as an interpreter.
pub(super) fn wait_out() {
    while has_begun() {
        std::thread::park();
    }
}
