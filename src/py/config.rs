//! The options that hold where a call does not say otherwise.

use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use super::classes::classes;
use super::errors::raise;
use super::options::{Change, change};
use super::result::text;
use super::sources;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::sys::fork::with_fork_lock;
use crate::text::legible::Piece;

static CONFIGURED: LazyLock<RwLock<Arc<Options>>> = LazyLock::new(RwLock::default);

/// The options as they are configured at this moment.
pub(super) fn configured() -> Arc<Options> {
    with_fork_lock(|| Arc::clone(&CONFIGURED.read().unwrap_or_else(PoisonError::into_inner)))
}

/// Set options for every later call that does not set them itself.
///
/// All of them are checked first, then all are set, or none; what is not given stays as it is. Safe
/// from many threads. What each option means stands with KomparuConfig.
///
/// Raises:
///     ConfigError: An unknown name, or a value that cannot be.
///     TypeError: A wrong type.
#[pyfunction]
#[pyo3(
    signature = (**options),
    text_signature = "(*, chunk_size=..., size_precheck=..., quick_check=..., max_workers=..., \
                      follow_symlinks=..., ignore=..., headers=..., timeout=..., \
                      follow_redirects=..., verify_ssl=..., proxy=..., \
                      allow_private_redirects=..., block_private=..., decode_content=..., comparison_timeout=..., \
                      max_decompressed_size=..., max_compression_ratio=..., \
                      max_archive_entries=..., max_entry_name_length=..., hash_compare=..., \
                      ignore_zeros=..., read_holes=..., detect_changes=...)"
)]
pub(super) fn configure(py: Python<'_>, options: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    let Some(given) = options else { return Ok(()) };
    // Converting may run Python code, which may configure something itself: it holds no lock, and
    // what comes out of it is set on top of whatever holds by then.
    let changes = changes(given)?;
    set(changes).map_err(|error| raise(py, &as_config(error)))
}

/// Makes all changes, or none. Runs no Python code: whatever would need the configuration while it is
/// locked would wait for ever.
fn set(changes: Vec<Change>) -> Result<()> {
    with_fork_lock(|| {
        let mut current = CONFIGURED.write().unwrap_or_else(PoisonError::into_inner);
        let mut options = Options::clone(&current);
        for change in changes {
            change(&mut options)?;
        }
        options.validate()?;
        *current = Arc::new(options);
        Ok(())
    })
}

fn changes(given: &Bound<'_, PyDict>) -> PyResult<Vec<Change>> {
    let py = given.py();
    let mut changes = Vec::with_capacity(given.len());
    for (name, value) in given {
        let name = name.cast::<PyString>()?.to_cow()?.into_owned();
        match change(&name, &value)? {
            Some(change) => changes.push(change),
            None => {
                return Err(raise(
                    py,
                    &Error::Config(format!("unknown option '{}'", Piece(name.as_bytes()))),
                ));
            }
        }
    }
    Ok(changes)
}

/// A bad value is an error of the configuration here.
fn as_config(error: Error) -> Error {
    match error {
        Error::Argument(message) => Error::Config(message),
        other => other,
    }
}

/// The options that hold where a call does not set them: a frozen snapshot.
#[pyfunction]
pub(super) fn get_config(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let options = configured();
    let Options { http, limits, .. } = &*options;
    let seconds = |duration: Duration| duration.as_secs_f64();
    let values = PyDict::new(py);
    values.set_item("chunk_size", options.chunk_size)?;
    values.set_item("size_precheck", options.size_precheck)?;
    values.set_item("quick_check", options.quick_check)?;
    values.set_item("max_workers", options.max_workers)?;
    values.set_item("follow_symlinks", options.follow_symlinks)?;
    let ignore = options.ignore.as_ref().map(|ignore| PyTuple::new(py, ignore.patterns()));
    values.set_item("ignore", ignore.transpose()?)?;
    let headers = PyDict::new(py);
    for (name, value) in &http.headers {
        headers.set_item(name, value)?;
    }
    values.set_item("headers", headers)?;
    values.set_item("timeout", seconds(http.timeout))?;
    values.set_item("follow_redirects", http.follow_redirects)?;
    values.set_item("verify_ssl", http.verify_ssl)?;
    values.set_item("proxy", &http.proxy)?;
    values.set_item("allow_private_redirects", http.allow_private_redirects)?;
    values.set_item("block_private", http.block_private)?;
    values.set_item("decode_content", http.decode_content)?;
    values.set_item("comparison_timeout", options.comparison_timeout.map(seconds))?;
    values.set_item("max_decompressed_size", limits.max_decompressed_size)?;
    values.set_item("max_compression_ratio", limits.max_compression_ratio)?;
    values.set_item("max_archive_entries", limits.max_archive_entries)?;
    values.set_item("max_entry_name_length", limits.max_entry_name_length)?;
    values.set_item("hash_compare", options.hash_compare)?;
    values.set_item("ignore_zeros", options.ignore_zeros)?;
    values.set_item("read_holes", options.files.read_holes)?;
    values.set_item("detect_changes", options.files.detect_changes.name())?;
    classes(py)?.config.bind(py).getattr("KomparuConfig")?.call((), Some(&values))
}

/// Restore every option's default.
#[pyfunction]
pub(super) fn reset_config() {
    with_fork_lock(|| *CONFIGURED.write().unwrap_or_else(PoisonError::into_inner) = Arc::default());
}

/// Check what a Source holds, so that a bad one cannot be made.
#[pyfunction]
pub(super) fn check_source(source: &Bound<'_, PyAny>) -> PyResult<()> {
    sources::source(source, "source").map(drop)
}

/// What messages call a source: its text, and what would let others in masked, if it is a URL.
#[pyfunction]
pub(super) fn source_name<'py>(source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    text(source.py(), &sources::source(source, "source")?.name().bytes())
}

/// A URL with `***` in place of user, password and what signs; anything else as it is.
#[pyfunction]
pub(super) fn masked<'py>(py: Python<'py>, url: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &crate::text::redact::redacted_fully(url))
}

/// All characters that are not to be printed as they are: control characters and their like.
#[pyfunction]
pub(super) fn escaped() -> String {
    crate::text::legible::escaped()
}
