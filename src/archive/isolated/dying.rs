//! Processes that were killed and are not gone yet: they wait for a disk or a server, and are looked after later.

use std::process::Child;
use std::sync::Mutex;

use crate::sys::fork::with_fork_lock;
use crate::sys::lock::lock;

static DYING: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// This one is looked after later.
pub(super) fn leave(child: Child) {
    with_fork_lock(|| lock(&DYING).push(child));
}

/// Takes leave of those that are gone.
pub(super) fn look() {
    with_fork_lock(|| lock(&DYING).retain_mut(|child| matches!(child.try_wait(), Ok(None))));
}
