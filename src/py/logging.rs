//! One record of each call for the logger `komparu`, at the level DEBUG, and warnings: where archives are not
//! read in a process of their own, and of each time that something is tried again.
//!
//! Only the thread that calls, or the loop's, writes records. Nothing is imported for them: a program that has not
//! loaded `logging` cannot have asked for any.
//!
//! Asking the logger takes a fiftieth of a small call, so a loop asks once for all results that it delivers at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::{PyBaseException, PyException};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use super::classes::classes;
use super::objects::Objects;
use super::{records, sources, stores};
use crate::archive::isolated::fallback;
use crate::error::Name;
use crate::outcome::Summary;
use crate::run::retried;
use crate::text::legible::message;
use crate::text::redact::redacted_fully;

/// `logging.DEBUG`
const DEBUG: u8 = 10;

/// Sources that are named in a record.
const NAMED: usize = 2;

/// The logger, and how it is asked whether it takes records of this level: kept, since each call asks.
struct Recorder {
    logger: Py<PyAny>,
    is_enabled_for: Py<PyAny>,
    level: Py<PyTuple>,
}

/// The logger, if `logging` is loaded.
fn loaded(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    // Looked up in the dictionary, which costs no exception where it is not loaded.
    let modules = classes(py)?.modules.bind(py);
    let Some(logging) = modules.get_item(intern!(py, "logging"))? else { return Ok(None) };
    logging.call_method1(intern!(py, "getLogger"), ("komparu",)).map(Some)
}

/// The logger, if it takes records of this level.
fn logger(py: Python<'_>) -> PyResult<Option<&Bound<'_, PyAny>>> {
    static LOGGER: PyOnceLock<Recorder> = PyOnceLock::new();
    let kept = match LOGGER.get(py) {
        Some(kept) => kept,
        None => {
            let Some(logger) = loaded(py)? else { return Ok(None) };
            let is_enabled_for = logger.getattr(intern!(py, "isEnabledFor"))?.unbind();
            let level = PyTuple::new(py, [DEBUG])?.unbind();
            // Another thread may have set the same one.
            let _ = LOGGER.set(py, Recorder { logger: logger.unbind(), is_enabled_for, level });
            LOGGER.get(py).expect("one of them has set it")
        }
    };
    let is_enabled = kept.is_enabled_for.bind(py).call1(kept.level.bind(py))?.is_truthy()?;
    Ok(is_enabled.then(|| kept.logger.bind(py)))
}

/// Did the logger take records when a loop last delivered results?
static TAKES_RECORDS: AtomicBool = AtomicBool::new(true);

/// Asks the logger for the results that are about to be delivered.
pub(super) fn ask(py: Python<'_>) {
    // What a logger raises is raised by the call that is recorded.
    let takes_records = logger(py).map_or(true, |logger| logger.is_some());
    TAKES_RECORDS.store(takes_records, Ordering::Relaxed);
}

/// Writes a record of each new reason why archives are read in this process that should be read in their own.
fn record_fallback(py: Python<'_>) -> PyResult<()> {
    if !fallback::is_untold() {
        return Ok(());
    }
    let Some(logger) = loaded(py)? else { return Ok(()) };
    for why in fallback::untold() {
        let text = "archives of rare formats are read in this process, not in one of their own: %s";
        logger.call_method1(intern!(py, "warning"), (text, why))?;
    }
    Ok(())
}

/// Writes a record of each time that something was tried again, by this call or by another of the process.
pub(super) fn record_retries(py: Python<'_>) -> PyResult<()> {
    if !retried::is_untold() {
        return Ok(());
    }
    let Some(logger) = loaded(py)? else { return Ok(()) };
    for text in retried::untold() {
        logger.call_method1(intern!(py, "warning"), ("%s", message(&text)))?;
    }
    Ok(())
}

/// Writes the warnings that have come up.
fn record_warnings(py: Python<'_>) -> PyResult<()> {
    record_fallback(py)?;
    record_retries(py)
}

/// Writes a record of a call: which function, with which sources, and what came of it.
pub(super) fn record<'py>(
    py: Python<'py>,
    function: &str,
    arguments: impl Iterator<Item = Bound<'py, PyAny>>,
    outcome: &PyResult<Bound<'_, PyAny>>,
) -> PyResult<()> {
    record_warnings(py)?;
    let Some(logger) = logger(py)? else { return Ok(()) };
    let named: Vec<_> = arguments.take(NAMED).map(|source| named(&source)).collect();
    let verdict = match outcome {
        Ok(result) => verdict(result)?,
        Err(error) => {
            format!("{}: {}", error.get_type(py).name()?, message(&error.value(py).to_string()))
        }
    };
    let values = ("%s(%s): %s", function, named.join(", "), verdict);
    logger.call_method1(intern!(py, "debug"), values).map(drop)
}

/// Writes a record of a run that is over: of what it has compared.
pub(super) fn record_run(py: Python<'_>, summary: &Summary, complete: bool) -> PyResult<()> {
    record_warnings(py)?;
    let Some(logger) = logger(py)? else { return Ok(()) };
    let differs = summary.differing + summary.only_left + summary.only_right + summary.moved > 0;
    let verdict = match (differs, complete && summary.failed == 0) {
        (true, _) => "different",
        (false, true) => "equal",
        (false, false) => "unverified",
    };
    let values = ("%s: %s; %s", "iter_trees", verdict, records::summary(py, summary)?);
    logger.call_method1(intern!(py, "debug"), values).map(drop)
}

/// The same from Python, for an event loop: `outcome` is a result or an exception. One that ends more than the
/// call, as a cancel does, is no outcome of it.
#[pyfunction]
pub(super) fn record_call(
    py: Python<'_>,
    function: &str,
    arguments: &Bound<'_, PyTuple>,
    outcome: Bound<'_, PyAny>,
) -> PyResult<()> {
    let is_error = outcome.is_instance_of::<PyBaseException>();
    // An error may come without any delivery, as that of a call whose time is up.
    if !is_error && !TAKES_RECORDS.load(Ordering::Relaxed) {
        return record_warnings(py);
    }
    if is_error && !outcome.is_instance_of::<PyException>() {
        return Ok(());
    }
    let outcome = if is_error { Err(PyErr::from_value(outcome)) } else { Ok(outcome) };
    record(py, function, arguments.iter(), &outcome)
}

/// What a record calls a source: as messages do, with secrets masked.
fn named(source: &Bound<'_, PyAny>) -> String {
    if let Some(name) = stores::name(source) {
        return format!("'{name}'");
    }
    match sources::source(source, "source", &Objects::looking()) {
        // A record may be of what was not found, too.
        Ok(source) => {
            format!("'{}'", Name::new(&redacted_fully(&source.name().bytes())))
        }
        Err(_) => {
            source.get_type().name().map_or_else(|_| "...".to_owned(), |kind| kind.to_string())
        }
    }
}

/// What a record says of a result.
fn verdict(result: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = result.py();
    if let Ok(summary) = result.getattr(intern!(py, "summary")) {
        let verdict = result.getattr(intern!(py, "verdict"))?.getattr(intern!(py, "value"))?;
        return Ok(format!("{verdict}; {summary}"));
    }
    let is_difference = result.hasattr(intern!(py, "offset"))?;
    let equal = if is_difference { false } else { result.is_none() || result.is_truthy()? };
    Ok(if equal { "equal" } else { "different" }.to_owned())
}
