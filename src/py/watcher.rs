//! A caller's function that is told how far a run has come: in the thread that iterates it or waits for its result.

use std::sync::Mutex;
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::run::context::PULSE;
use crate::sys::lock::lock;

/// The function, and when it was told last. The garbage collector takes the function away: it may refer to the run.
#[derive(Default)]
pub(super) struct Watcher(Mutex<Option<Watching>>);

struct Watching {
    function: Py<PyAny>,
    last: Instant,
}

impl Watcher {
    pub(super) fn new(function: Option<Py<PyAny>>, begun: Instant) -> Self {
        Self(Mutex::new(function.map(|function| Watching { function, last: begun })))
    }

    /// Is there one that has not been told of the end?
    pub(super) fn is_there(&self) -> bool {
        lock(&self.0).is_some()
    }

    /// The function, if it is time to tell it; at the end it is, and for the last time.
    pub(super) fn due(&self, py: Python<'_>, is_end: bool) -> Option<Py<PyAny>> {
        let mut watching = lock(&self.0);
        if is_end {
            return watching.take().map(|it| it.function);
        }
        let it = watching.as_mut().filter(|it| it.last.elapsed() >= PULSE)?;
        it.last = Instant::now();
        Some(it.function.clone_ref(py))
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.0.try_lock().as_deref() {
            Ok(Some(watching)) => visit.call(&watching.function),
            // Who holds the lock holds the function.
            _ => Ok(()),
        }
    }

    pub(super) fn clear(&self) {
        let left = lock(&self.0).take();
        drop(left);
    }
}
