//! Errors of calls that ended early, with what was found by then.

use pyo3::intern;
use pyo3::prelude::*;

use super::answer::Answered;
use super::{conversion, errors};
use crate::error::Error;

/// The Python exception for `error`. If there is something that was found before the call ended, it is the
/// exception's `partial`.
pub(super) fn raise_with(
    py: Python<'_>,
    error: &Error,
    found: impl Into<Option<Answered>>,
) -> PyErr {
    let raised = errors::raise(py, error);
    let Some(found) = found.into() else { return raised };
    let partial = conversion::whole(py, found)
        .and_then(|partial| raised.value(py).setattr(intern!(py, "partial"), partial));
    // Making a result looks at signals, whose handlers may raise.
    partial.err().unwrap_or(raised)
}
