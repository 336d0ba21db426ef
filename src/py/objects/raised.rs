//! What the caller's objects have raised.

use std::sync::Mutex;

use pyo3::prelude::*;

use crate::error::{Error, Name};
use crate::sys::lock::lock;
use crate::text::legible::message;

/// How many exceptions of a call are kept: each keeps what its traceback refers to, and one at most comes out.
const KEPT: usize = 64;

/// The exceptions of a call's objects, by their numbers.
#[derive(Default)]
pub(crate) struct Raised {
    by_number: Mutex<Vec<Option<PyErr>>>,
    /// What ends more than the call, as `KeyboardInterrupt` does.
    end: Mutex<Option<PyErr>>,
}

impl Raised {
    /// The error for an exception that an object has raised.
    pub(super) fn note(&self, py: Python<'_>, name: &Name, raised: PyErr) -> Error {
        let cause = words(py, &raised);
        let mut kept = lock(&self.by_number);
        if kept.len() == KEPT {
            return Error::read(name, cause);
        }
        kept.push(Some(raised));
        Error::Raised { name: name.clone(), cause, number: kept.len() - 1 }
    }

    /// An object has raised what ends more than the call.
    pub(super) fn end_with(&self, raised: PyErr) {
        let replaced = lock(&self.end).replace(raised);
        drop(replaced);
    }

    /// The exception that an error is for.
    pub(crate) fn of(&self, error: &Error) -> Option<PyErr> {
        match error {
            Error::Raised { number, .. } => lock(&self.by_number).get_mut(*number)?.take(),
            Error::Cancelled => lock(&self.end).take(),
            _ => None,
        }
    }
}

/// What an exception is, in a line: its kind, and what it says.
fn words(py: Python<'_>, raised: &PyErr) -> String {
    let kind = raised.get_type(py).name().map_or_else(|_| "?".to_owned(), |kind| kind.to_string());
    let text = raised.value(py).str().map(|text| text.to_string_lossy().into_owned());
    match text {
        Ok(text) if !text.is_empty() => format!("{kind}: {}", message(&text)),
        _ => kind,
    }
}
