//! Python values as values of the crate: sources, and every option of every function.

use std::time::Duration;

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyMapping, PyString};

use super::errors::raise;
use crate::error::Name;
use crate::ignore::Ignore;
use crate::options::{HttpOverrides, Options};
use crate::source::Source;

/// What a source may be, for messages.
const SOURCE_TYPES: &str = "str, bytes, os.PathLike or komparu.Source";

/// Reads a source. `parameter` is the name of the argument it came as.
pub(super) fn source(value: &Bound<'_, PyAny>, parameter: &str) -> PyResult<Source> {
    if let Some(text) = path_text(value)? {
        return parse(value.py(), &text, parameter);
    }
    if !value.is_instance(source_class(value.py())?)? {
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

/// Reads a source that is a directory: anything but a URL.
pub(super) fn directory(value: &Bound<'_, PyAny>, parameter: &str) -> PyResult<Source> {
    let source = source(value, parameter)?;
    match source.path() {
        Ok(_) => Ok(source),
        Err(error) => Err(raise(value.py(), &error)),
    }
}

/// Reads several sources; messages name each by its index.
pub(super) fn sources(value: &Bound<'_, PyAny>, parameter: &str) -> PyResult<Vec<Source>> {
    let expected = "an iterable of sources";
    // A single source would be taken for a list of its letters, or of nothing.
    if path_text(value)?.is_some() {
        return Err(wrong_type(parameter, expected, value));
    }
    let items = value.try_iter().map_err(|_| wrong_type(parameter, expected, value))?;
    items
        .enumerate()
        .map(|(index, item)| source(&item?, &format!("{parameter}[{index}]")))
        .collect()
}

/// Reads a mapping of paths to sources; messages name each by its path.
pub(super) fn source_map(
    value: &Bound<'_, PyAny>,
    parameter: &str,
) -> PyResult<Vec<(Vec<u8>, Source)>> {
    let Ok(mapping) = value.cast::<PyMapping>() else {
        return Err(wrong_type(parameter, "a mapping of paths to sources", value));
    };
    let mut sources = Vec::new();
    for item in mapping.items()? {
        let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let Some(path) = path_text(&key)? else {
            let name = format!("a key of {parameter}");
            return Err(wrong_type(&name, "str, bytes or os.PathLike", &key));
        };
        let named = source(&value, &format!("{parameter}['{}']", Name::new(&path)))?;
        sources.push((path, named));
    }
    Ok(sources)
}

fn parse(py: Python<'_>, text: &[u8], parameter: &str) -> PyResult<Source> {
    Source::parse(text, parameter).map_err(|error| raise(py, &error))
}

/// What a `komparu.Source` sets for itself.
pub(super) fn source_settings(source: &Bound<'_, PyAny>) -> PyResult<HttpOverrides> {
    let mut options = Options::default();
    let mut set = |name| {
        let value = source.getattr(name)?;
        if value.is_none() {
            return PyResult::Ok(false);
        }
        if let Some(change) = change(name, &value)? {
            change(&mut options);
        }
        Ok(true)
    };
    let (headers, timeout, proxy) = (set("headers")?, set("timeout")?, set("proxy")?);
    let (follow_redirects, verify_ssl) = (set("follow_redirects")?, set("verify_ssl")?);
    options.http.validate().map_err(|error| raise(source.py(), &error))?;
    let http = options.http;
    Ok(HttpOverrides {
        headers: headers.then_some(http.headers),
        timeout: timeout.then_some(http.timeout),
        follow_redirects: follow_redirects.then_some(http.follow_redirects),
        verify_ssl: verify_ssl.then_some(http.verify_ssl),
        proxy: http.proxy.filter(|_| proxy),
    })
}

fn source_class(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let class = CLASS.get_or_try_init(py, || {
        PyResult::Ok(PyModule::import(py, "komparu._types")?.getattr("Source")?.unbind())
    })?;
    Ok(class.bind(py))
}

/// The bytes of a path, encoded as `os.fsencode` does; `None` if `value` is no path.
fn path_text(value: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
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

/// The configured options, changed by what a call was given.
pub(super) fn options(
    configured: &Options,
    function: &str,
    allowed: &[&str],
    given: &Bound<'_, PyDict>,
) -> PyResult<Options> {
    let mut options = configured.clone();
    for (name, value) in given {
        let name = name.cast::<PyString>()?.to_cow()?.into_owned();
        let known = allowed.contains(&name.as_str());
        let Some(change) = known.then(|| change(&name, &value)).transpose()?.flatten() else {
            let message = format!("{function}() got an unexpected keyword argument '{name}'");
            return Err(PyTypeError::new_err(message));
        };
        change(&mut options);
    }
    options.validate().map_err(|error| raise(given.py(), &error))?;
    Ok(options)
}

/// One option's new value, ready to be set without any help of Python's.
pub(super) type Change = Box<dyn FnOnce(&mut Options) + Send>;

/// Reads the value of the option that Python calls `name`; `None` if there is none of that name.
/// Types are checked here, values by [`Options::validate`].
pub(super) fn change(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<Change>> {
    /// A change of one place in the options.
    macro_rules! set {
        ($($place:ident).+ = $value:expr) => {{
            let value = $value?;
            Box::new(move |options: &mut Options| options.$($place).+ = value)
        }};
    }
    let change: Change = match name {
        "chunk_size" => set!(chunk_size = at_least_zero(name, value)),
        "size_precheck" => set!(size_precheck = boolean(name, value)),
        "quick_check" => set!(quick_check = boolean(name, value)),
        "max_workers" => set!(max_workers = workers(value)),
        "follow_symlinks" => set!(follow_symlinks = boolean(name, value)),
        "ignore" => set!(ignore = optional(value, patterns)),
        "headers" => set!(http.headers = optional(value, headers).map(Option::unwrap_or_default)),
        "timeout" => set!(http.timeout = seconds(name, value)),
        "follow_redirects" => set!(http.follow_redirects = boolean(name, value)),
        "verify_ssl" => set!(http.verify_ssl = boolean(name, value)),
        "proxy" => set!(http.proxy = optional(value, |value| string(name, value))),
        "allow_private_redirects" => set!(http.allow_private_redirects = boolean(name, value)),
        "block_private" => set!(http.block_private = boolean(name, value)),
        "comparison_timeout" => {
            set!(comparison_timeout = optional(value, |value| seconds(name, value)))
        }
        "max_decompressed_size" => set!(limits.max_decompressed_size = limit(name, value)),
        "max_compression_ratio" => {
            set!(limits.max_compression_ratio = optional(value, |value| number(name, value)))
        }
        "max_archive_entries" => set!(limits.max_archive_entries = limit(name, value)),
        "max_entry_name_length" => set!(limits.max_entry_name_length = limit(name, value)),
        "hash_compare" => set!(hash_compare = boolean(name, value)),
        _ => return Ok(None),
    };
    Ok(Some(change))
}

fn wrong_type(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    match value.get_type().name() {
        Ok(kind) => PyTypeError::new_err(format!("{name} must be {expected}, not {kind}")),
        Err(error) => error,
    }
}

fn optional<'py, T>(
    value: &Bound<'py, PyAny>,
    convert: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<T>,
) -> PyResult<Option<T>> {
    if value.is_none() { Ok(None) } else { convert(value).map(Some) }
}

fn boolean(name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match value.cast::<PyBool>() {
        Ok(value) => Ok(value.is_true()),
        Err(_) => Err(wrong_type(name, "bool", value)),
    }
}

/// An integer, or whatever says that it is one (`__index__`). Those beyond 64 bits become the
/// nearest that is not: every option has narrower limits, and says so itself.
fn integer(name: &str, value: &Bound<'_, PyAny>) -> PyResult<i64> {
    if value.is_instance_of::<PyBool>() || !value.get_type().hasattr("__index__")? {
        return Err(wrong_type(name, "int", value));
    }
    let integer = value.call_method0("__index__")?.cast_into::<PyInt>()?;
    match integer.extract() {
        Ok(integer) => Ok(integer),
        Err(_) => Ok(if integer.lt(0)? { i64::MIN } else { i64::MAX }),
    }
}

fn workers(value: &Bound<'_, PyAny>) -> PyResult<usize> {
    usize::try_from(integer("max_workers", value)?)
        .map_err(|_| PyValueError::new_err("max_workers must be non-negative"))
}

/// An integer of which what is negative counts as zero, which the option's own check refuses.
fn at_least_zero<T: TryFrom<i64> + Default>(name: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
    Ok(T::try_from(integer(name, value)?).unwrap_or_default())
}

fn limit(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    optional(value, |value| at_least_zero(name, value))
}

fn number(name: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
    let kind = value.get_type();
    let is_number = value.is_instance_of::<PyFloat>()
        || kind.hasattr("__float__")?
        || kind.hasattr("__index__")?;
    if value.is_instance_of::<PyBool>() || value.is_instance_of::<PyString>() || !is_number {
        return Err(wrong_type(name, "int or float", value));
    }
    let number: PyResult<f64> = value.extract();
    match number {
        // An integer beyond the largest float.
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => {
            Ok(if value.lt(0)? { f64::NEG_INFINITY } else { f64::INFINITY })
        }
        number => number,
    }
}

/// Seconds; what is not positive counts as zero, which the option's own check refuses.
fn seconds(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let seconds = number(name, value)?;
    if seconds.is_nan() || seconds <= 0.0 {
        return Ok(Duration::ZERO);
    }
    // Too long for a Duration (584 billion years, or infinity): the longest there is. Below a
    // nanosecond: the shortest that is positive.
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    Ok(duration.max(Duration::from_nanos(1)))
}

fn string(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(text.to_cow()?.into_owned()),
        Err(_) => Err(wrong_type(name, "str", value)),
    }
}

/// Several strings. A single one is refused: it would be taken for a list of its letters.
fn strings(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let expected = "an iterable of str";
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(wrong_type(name, expected, value));
    }
    let items = value.try_iter().map_err(|_| wrong_type(name, expected, value))?;
    items.enumerate().map(|(index, item)| string(&format!("{name}[{index}]"), &item?)).collect()
}

fn patterns(value: &Bound<'_, PyAny>) -> PyResult<Ignore> {
    Ignore::new(strings("ignore", value)?).map_err(|error| raise(value.py(), &error))
}

fn headers(value: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let Ok(mapping) = value.cast::<PyMapping>() else {
        return Err(wrong_type("headers", "a mapping of str to str", value));
    };
    let items = mapping.items()?;
    let mut headers = Vec::with_capacity(items.len());
    for item in items {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let name = string("header name", &name)?;
        let value = string(&format!("value of header {name:?}"), &value)?;
        headers.push((name, value));
    }
    Ok(headers)
}
