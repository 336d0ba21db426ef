//! The options that hold where a call does not say otherwise.

use std::sync::{Arc, LazyLock, RwLock};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use super::classes::classes;
use super::errors::raise;
use super::objects::Objects;
use super::options::shown;
use super::result::text;
use super::{arguments, sources};
use crate::error::Error;
use crate::options::{Layer, Options, Overrides, Row, TABLE};
use crate::sys::fork::with_fork_lock;
use crate::sys::lock::ignore_poison;

static CONFIGURED: LazyLock<RwLock<Arc<Options>>> = LazyLock::new(RwLock::default);

/// The options as they are configured at this moment.
pub(super) fn configured() -> Arc<Options> {
    with_fork_lock(|| Arc::clone(&*ignore_poison(CONFIGURED.read())))
}

/// The docstring of [`configure`].
pub(super) const ABOUT: &str = "\
Set options for every later call that does not set them itself.

All of them are checked first, then all are set, or none; what is not given stays as it is. Safe
from many threads. What each option means stands with KomparuConfig.

Raises:
    ConfigError: An unknown name, or a value that cannot be.
    TypeError: A wrong type.";

pub(super) fn configure(options: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    let Some(given) = options else { return Ok(()) };
    // Reading values may run Python code, which may configure something itself: it holds no lock, and what
    // comes out of it is set on top of what holds by then.
    let overrides = given_options(given)?;
    change(|options| options.apply(&overrides));
    Ok(())
}

/// Changes the configuration. Runs no Python code: if that needed the configuration, it would wait for the
/// lock that its own thread holds.
fn change(change: impl FnOnce(&mut Options)) {
    with_fork_lock(|| {
        let mut current = ignore_poison(CONFIGURED.write());
        let mut options = Options::clone(&current);
        change(&mut options);
        *current = Arc::new(options);
    });
}

/// Reads and checks options of any name that can be configured.
pub(super) fn given_options(given: &Bound<'_, PyDict>) -> PyResult<Overrides> {
    let config_error = |error| raise(given.py(), &as_config(error));
    let known = |name: &str| Row::named(name).filter(|row| row.layers.contains(&Layer::Configure));
    let unknown = |name: &str| config_error(Error::Config(format!("unknown option '{name}'")));
    arguments::options(|_| false, given, known, unknown)?.checked().map_err(config_error)
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
    let (options, values) = (configured(), PyDict::new(py));
    for row in TABLE.iter().filter(|row| row.layers.contains(&Layer::Configure)) {
        values.set_item(row.name, shown(py, (row.value)(&options))?)?;
    }
    classes(py)?.config.bind(py).getattr("KomparuConfig")?.call((), Some(&values))
}

/// Restore every option's default.
#[pyfunction]
pub(super) fn reset_config() {
    change(|options| *options = Options::default());
}

/// Check what a Source holds, so that a bad one cannot be made.
#[pyfunction]
pub(super) fn check_source(source: &Bound<'_, PyAny>) -> PyResult<()> {
    sources::source(source, "source", &Objects::looking()).map(drop)
}

/// What messages call a source: its text, and what would let others in masked, if it is a URL.
#[pyfunction]
pub(super) fn source_name<'py>(source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    text(source.py(), &sources::source(source, "source", &Objects::looking())?.name().bytes())
}

/// A URL with `***` in place of user, password and what signs; anything else as it is.
#[pyfunction]
pub(super) fn masked<'py>(py: Python<'py>, url: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &crate::text::redact::redacted_fully(url))
}
