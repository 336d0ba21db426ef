//! Every option of every function, by its name in Python.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};

use super::errors::raise;
use super::values::{
    at_least_zero, boolean, integer, limit, number, optional, seconds, string, strings, wrong_type,
};
use crate::ignore::Ignore;
use crate::options::Options;

/// The configured options, changed by what a call was given.
pub(super) fn merged(
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

fn workers(value: &Bound<'_, PyAny>) -> PyResult<usize> {
    usize::try_from(integer("max_workers", value)?)
        .map_err(|_| PyValueError::new_err("max_workers must be non-negative"))
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
