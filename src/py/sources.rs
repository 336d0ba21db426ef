//! Sources as Python has them: texts, paths, `komparu.Source`, and many of these.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyString};

use super::classes::classes;
use super::errors::raise;
use super::options::Given;
use super::stream::OpenStream;
use super::values::{items, pairs, wrong_type};
use crate::error::Name;
use crate::options::{Layer, Overrides, TABLE};
use crate::run::context::{Call, Context};
use crate::source::Source;

/// What a source may be, for messages.
const SOURCE_TYPES: &str = "str, bytes, os.PathLike, komparu.Source or komparu.Content";

/// Sources that are read between two looks at signals and at the clock: about a millisecond's work.
const CHECKED: usize = 1 << 10;

/// Reads a source. `parameter` is the name of the argument it came as.
pub(super) fn source(value: &Bound<'_, PyAny>, parameter: &str) -> PyResult<Source> {
    if let Some(text) = path_text(value)? {
        return parse(value.py(), &text, parameter);
    }
    if let Ok(stream) = value.cast::<OpenStream>() {
        return Ok(stream.get().source());
    }
    let types = classes(value.py())?.types.bind(value.py());
    if value.is_instance(&types.getattr("Content")?)? {
        return content(value);
    }
    if !value.is_instance(&types.getattr("Source")?)? {
        let kind = value.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "{parameter} must be {SOURCE_TYPES}, not {kind}"
        )));
    }
    let settings = source_settings(value)?;
    let url = value.getattr("url")?;
    match path_text(&url)? {
        Some(text) => Ok(parse(value.py(), &text, "Source.url")?.with(settings)),
        None => {
            let kind = url.get_type().name()?;
            let message = format!("Source.url must be str, bytes or os.PathLike, not {kind}");
            Err(PyTypeError::new_err(message))
        }
    }
}

/// Checks what a `komparu.Content` was made of.
#[pyfunction]
pub(super) fn check_content(value: &Bound<'_, PyAny>) -> PyResult<()> {
    content(value).map(drop)
}

/// Reads a `komparu.Content`: the bytes that it has now.
fn content(value: &Bound<'_, PyAny>) -> PyResult<Source> {
    let (data, name) = (value.getattr("data")?, value.getattr("name")?);
    let bytes = match data.cast::<PyBytes>() {
        Ok(bytes) => bytes.clone(),
        Err(_) => {
            let view = PyMemoryView::from(&data).map_err(|error| {
                let kind =
                    data.get_type().name().map_or_else(|_| "?".to_owned(), |it| it.to_string());
                if error.is_instance_of::<PyTypeError>(value.py()) {
                    PyTypeError::new_err(format!("Content.data must be bytes-like, not {kind}"))
                } else {
                    error
                }
            })?;
            view.call_method0("tobytes")?.cast_into::<PyBytes>()?
        }
    };
    let name = if name.is_none() {
        format!("{} bytes in memory", bytes.as_bytes().len()).into_bytes()
    } else {
        let Ok(text) = name.cast::<PyString>() else {
            let kind = name.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "Content.name must be str or None, not {kind}"
            )));
        };
        encode(text)?
    };
    Ok(Source::memory(bytes.as_bytes(), &name))
}

/// Reads a source that is a directory: anything but a URL.
pub(super) fn directory(value: &Bound<'_, PyAny>, parameter: &str) -> PyResult<Source> {
    let source = source(value, parameter)?;
    match source.path() {
        Ok(_) => Ok(source),
        Err(error) => Err(raise(value.py(), &error)),
    }
}

/// Reads several sources; messages name each by its index.
pub(super) fn list(
    value: &Bound<'_, PyAny>,
    parameter: &str,
    call: &Call,
) -> PyResult<Vec<Source>> {
    let expected = "an iterable of sources";
    // A single source would be taken for a list of its letters, or of nothing.
    if path_text(value)?.is_some() {
        return Err(wrong_type(parameter, expected, value));
    }
    items(parameter, expected, value)?
        .enumerate()
        .map(|(index, item)| {
            check(value.py(), index, call)?;
            source(&item?, &format!("{parameter}[{index}]"))
        })
        .collect()
}

/// Reads a mapping of paths to sources; messages name each by its path.
pub(super) fn map(
    value: &Bound<'_, PyAny>,
    parameter: &str,
    call: &Call,
) -> PyResult<Vec<(Vec<u8>, Source)>> {
    let mut sources = Vec::new();
    let pairs = pairs(parameter, "a mapping of paths to sources", value)?;
    for (index, (key, value)) in pairs.into_iter().enumerate() {
        check(value.py(), index, call)?;
        let Some(path) = path_text(&key)? else {
            let name = format!("a key of {parameter}");
            return Err(wrong_type(&name, "str, bytes or os.PathLike", &key));
        };
        let named = source(&value, &format!("{parameter}['{}']", Name::new(&path)))?;
        sources.push((path, named));
    }
    Ok(sources)
}

/// Lets signal handlers run and looks at the clock, once in so many items: a list may have a million.
fn check(py: Python<'_>, index: usize, call: &Call) -> PyResult<()> {
    if index % CHECKED != CHECKED - 1 {
        return Ok(());
    }
    py.check_signals()?;
    Context::new(call).checkpoint().map_err(|error| raise(py, &error))
}

fn parse(py: Python<'_>, text: &[u8], parameter: &str) -> PyResult<Source> {
    Source::parse(text, parameter).map_err(|error| raise(py, &error))
}

/// What a `komparu.Source` sets for itself.
fn source_settings(source: &Bound<'_, PyAny>) -> PyResult<Overrides> {
    let mut settings = Given::default();
    for row in TABLE.iter().filter(|row| row.layers.contains(&Layer::Source)) {
        let value = source.getattr(row.name)?;
        if !value.is_none() {
            settings.push(row, &value)?;
        }
    }
    settings.checked().map_err(|error| raise(source.py(), &error))
}

/// The bytes of a path, encoded as `os.fsencode` does; `None` if `value` is no path.
pub(super) fn path_text(value: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    if let Ok(text) = value.cast::<PyString>() {
        return encode(text).map(Some);
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    // Python looks for __fspath__ on the type, not on the instance.
    if !value.get_type().hasattr("__fspath__")? {
        return Ok(None);
    }
    let path = value.call_method0("__fspath__")?;
    if let Ok(text) = path.cast::<PyString>() {
        return encode(text).map(Some);
    }
    match path.cast::<PyBytes>() {
        Ok(bytes) => Ok(Some(bytes.as_bytes().to_vec())),
        Err(_) => {
            let kind = path.get_type().name()?;
            Err(PyTypeError::new_err(format!("__fspath__() must return str or bytes, not {kind}")))
        }
    }
}

fn encode(text: &Bound<'_, PyString>) -> PyResult<Vec<u8>> {
    use std::os::unix::ffi::OsStringExt as _;
    Ok(text.extract::<std::ffi::OsString>()?.into_vec())
}
