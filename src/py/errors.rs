//! Errors of the crate as Python exceptions.
//!
//! The exceptions are Python classes (`komparu._errors`): each has two bases, which the stable ABI
//! cannot subclass natively.

use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::classes::classes;
use super::result::text;
use crate::error::Error;
use crate::text::legible::message;

/// The Python exception for `error`.
pub(super) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    match build(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(failure) => failure,
    }
}

fn build<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let (class, name, cause, errno, status) = match error {
        Error::NotFound { name, cause, errno, status } => {
            ("SourceNotFoundError", name, cause, errno, *status)
        }
        Error::Permission { name, cause, errno } => {
            ("SourcePermissionError", name, cause, errno, None)
        }
        Error::Read { name, cause, errno, status } => {
            ("SourceReadError", name, cause, errno, *status)
        }
        Error::Touched { name } => {
            ("SourceReadError", name, &"was touched while it was compared".to_owned(), &None, None)
        }
        // The exception itself comes out where it is the outcome of the call.
        Error::Changed { name, cause } | Error::Raised { name, cause, .. } => {
            ("SourceReadError", name, cause, &None, None)
        }
        Error::Busy { name, errno } => {
            let cause = "another program has a lease on it and does not give it up".to_owned();
            ("SourceReadError", name, &cause.clone(), &Some(*errno), None)
        }
        Error::Archive { name, cause, errno } => ("ArchiveError", name, cause, errno, None),
        Error::ArchiveBomb { name, cause } => {
            ("ArchiveBombError", name, &format!("archive bomb: {cause}"), &None, None)
        }
        Error::Manifest { name, line, .. } => {
            let attributes = PyDict::new(py);
            attributes.set_item("source", text(py, &name.bytes())?)?;
            attributes.set_item("line", line)?;
            let class = class_of(py, "ManifestError")?;
            return class.call((message(&error.to_string()),), Some(&attributes));
        }
        Error::Argument(words) => {
            return Ok(PyValueError::new_err(message(words).into_owned())
                .into_value(py)
                .into_bound(py)
                .into_any());
        }
        Error::Config(words) => return class_of(py, "ConfigError")?.call1((message(words),)),
        Error::Internal(_) => {
            return class_of(py, "KomparuError")?.call1((message(&error.to_string()),));
        }
        Error::TimedOut(_) => {
            return class_of(py, "ComparisonTimeoutError")?.call1((message(&error.to_string()),));
        }
        // Only an interrupt cancels a call, and it brings its own exception; this is the last resort.
        Error::Cancelled => {
            return Ok(PyKeyboardInterrupt::new_err(()).into_value(py).into_bound(py).into_any());
        }
    };
    let attributes = PyDict::new(py);
    attributes.set_item("source", text(py, &name.bytes())?)?;
    attributes.set_item("strerror", message(cause))?;
    attributes.set_item("errno", errno)?;
    attributes.set_item("status", status)?;
    class_of(py, class)?.call((message(&error.to_string()),), Some(&attributes))
}

fn class_of<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    classes(py)?.errors.bind(py).getattr(name)
}
