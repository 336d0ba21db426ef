//! What a queue runs.

use std::io;

/// An item of a [`Queue`](super::queue::Queue).
pub(crate) trait Runnable: Send + Sync {
    /// Does the work. Never panics.
    fn run(&self);

    /// Tells its caller that no thread could be started for it.
    fn refuse(&self, error: &io::Error);

    /// Does its caller still want the result?
    fn is_wanted(&self) -> bool;
}
