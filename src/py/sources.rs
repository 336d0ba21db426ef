//! Sources as Python has them: texts, paths, `komparu.Source`, and many of these.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PyString};

use super::classes::classes;
use super::errors::raise;
use super::objects::Objects;
use super::options::Given;
pub(super) use super::paths::path_text;
use super::stream::OpenStream;
use super::values::{encode, items, pairs, wrong_type};
use crate::error::Name;
use crate::options::{Layer, Overrides, TABLE};
use crate::run::context::{Call, Context};
use crate::source::Source;

/// What a source may be, for messages.
const SOURCE_TYPES: &str = "str, bytes, os.PathLike, komparu.Source, komparu.Content, komparu.Decompressed or a binary file object";

/// What a Content may be made of, for messages.
const DATA_TYPES: &str = "bytes-like, a binary file object or a callable that opens one";

/// Sources that are read between two looks at signals and at the clock: about a millisecond's work.
const CHECKED: usize = 1 << 10;

/// Reads a source. `parameter` is the name of the argument it came as.
pub(super) fn source(
    value: &Bound<'_, PyAny>,
    parameter: &str,
    objects: &Objects,
) -> PyResult<Source> {
    if let Some(text) = path_text(value)? {
        return parse(value.py(), &text, parameter);
    }
    if let Ok(stream) = value.cast::<OpenStream>() {
        return Ok(stream.get().source());
    }
    let types = classes(value.py())?.types.bind(value.py());
    if value.is_instance(&types.getattr("Content")?)? {
        return content(value, parameter, objects);
    }
    if value.is_instance(&types.getattr("Decompressed")?)? {
        return within(value, objects);
    }
    if !value.is_instance(&types.getattr("Source")?)? {
        if let Some(source) = objects.source(value, parameter, None, false)? {
            return Ok(source);
        }
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

/// Checks what a `komparu.Decompressed` was made of.
#[pyfunction]
pub(super) fn check_decompressed(value: &Bound<'_, PyAny>) -> PyResult<()> {
    within(value, &Objects::looking()).map(drop)
}

/// Reads a `komparu.Decompressed`. Within one there is no other: what is compressed twice is undone once.
fn within(value: &Bound<'_, PyAny>, objects: &Objects) -> PyResult<Source> {
    let given = value.getattr("source")?;
    let types = classes(value.py())?.types.bind(value.py());
    if given.is_instance(&types.getattr("Decompressed")?)? {
        return Err(PyTypeError::new_err("Decompressed.source must not be Decompressed itself"));
    }
    source(&given, "Decompressed.source", objects).map(crate::decompressed)
}

/// Checks what a `komparu.Content` was made of.
#[pyfunction]
pub(super) fn check_content(value: &Bound<'_, PyAny>) -> PyResult<()> {
    content(value, "Content.data", &Objects::looking()).map(drop)
}

/// Reads a `komparu.Content`: the bytes that it has now, or what opens them.
fn content(value: &Bound<'_, PyAny>, parameter: &str, objects: &Objects) -> PyResult<Source> {
    let py = value.py();
    let (data, name) = (value.getattr("data")?, value.getattr("name")?);
    let name = if name.is_none() {
        None
    } else {
        let Ok(text) = name.cast::<PyString>() else {
            let kind = name.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "Content.name must be str or None, not {kind}"
            )));
        };
        Some(encode(text)?)
    };
    let bytes = match data.cast::<PyBytes>() {
        Ok(bytes) => bytes.clone(),
        Err(_) => match PyMemoryView::from(&data) {
            Ok(view) => view.call_method0("tobytes")?.cast_into::<PyBytes>()?,
            // It has no bytes by itself.
            Err(error) if error.is_instance_of::<PyTypeError>(py) => {
                let is_path = path_text(&data)?.is_some();
                let object =
                    if is_path { None } else { objects.source(&data, parameter, name, true)? };
                return object
                    .map_or_else(|| Err(wrong_type("Content.data", DATA_TYPES, &data)), Ok);
            }
            Err(error) => return Err(error),
        },
    };
    let name =
        name.unwrap_or_else(|| format!("{} bytes in memory", bytes.as_bytes().len()).into_bytes());
    Ok(objects.bytes(bytes, 0, &name))
}

/// Reads a source that is a directory: anything but a URL.
pub(super) fn directory(
    value: &Bound<'_, PyAny>,
    parameter: &str,
    objects: &Objects,
) -> PyResult<Source> {
    let source = source(value, parameter, objects)?;
    match source.path() {
        Ok(_) => Ok(source),
        Err(error) => Err(raise(value.py(), &error)),
    }
}

/// Reads several sources; messages name each by its index.
pub(super) fn list(
    value: &Bound<'_, PyAny>,
    parameter: &str,
    objects: &Objects,
    call: &Call,
) -> PyResult<Vec<Source>> {
    let expected = "an iterable of sources";
    // A single source would be taken for a list of its letters, of its lines, or of nothing.
    if path_text(value)?.is_some() || value.hasattr("read")? || value.hasattr("readinto")? {
        return Err(wrong_type(parameter, expected, value));
    }
    items(parameter, expected, value)?
        .enumerate()
        .map(|(index, item)| {
            check(value.py(), index, call)?;
            source(&item?, &format!("{parameter}[{index}]"), objects)
        })
        .collect()
}

/// Reads a mapping of paths to sources; messages name each by its path.
pub(super) fn map(
    value: &Bound<'_, PyAny>,
    parameter: &str,
    objects: &Objects,
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
        let named = source(&value, &format!("{parameter}['{}']", Name::new(&path)), objects)?;
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
