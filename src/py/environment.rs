//! The environment, as Python has it: `os.environ`, and never the C library's own copy.
//!
//! Python changes that copy whenever a program sets a variable, and a thread without the interpreter
//! that reads it meanwhile brings the process down. What requests need is read here, together with the
//! arguments of a call.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::options::{Environment, Options};

/// The options of a call that sends requests, with what the environment says at this moment.
pub(super) fn noted(py: Python<'_>, options: Arc<Options>) -> PyResult<Arc<Options>> {
    let environment = read(py)?;
    if environment == *options.http.environment {
        return Ok(options);
    }
    let mut options = Options::clone(&options);
    options.http.environment = Arc::new(environment);
    Ok(Arc::new(options))
}

fn read(py: Python<'_>) -> PyResult<Environment> {
    let environ = py.import("os")?.getattr("environ")?;
    let values: PyResult<Vec<_>> =
        Environment::VARIABLES.iter().map(|name| variable(&environ, name)).collect();
    let values = values?;
    Ok(Environment::of(|name| {
        let place = Environment::VARIABLES.iter().position(|known| *known == name)?;
        values[place].clone()
    }))
}

fn variable(environ: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<OsString>> {
    let py = environ.py();
    // The dictionary of bytes behind `os.environ`: asking that itself for nine variables takes as long
    // as comparing a small file. A test may have put something else in its place.
    let value = match environ.getattr(pyo3::intern!(py, "_data")) {
        Ok(data) if data.is_exact_instance_of::<PyDict>() => {
            data.cast::<PyDict>()?.get_item(PyBytes::new(py, name.as_bytes()))?
        }
        _ => Some(environ.call_method1("get", (name,))?),
    };
    let Some(value) = value else { return Ok(None) };
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(OsString::from_vec(bytes.as_bytes().to_vec())));
    }
    value.cast::<PyString>().ok().map(|text| text.extract::<OsString>()).transpose()
}
