//! Every option of every function, by its name in Python.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::errors::raise;
use super::values::{
    at_least_zero, boolean, integer, limit, number, optional, pairs, seconds, string, strings,
};
use crate::error::{Error, Result};
use crate::ignore::Ignore;
use crate::options::{DetectChanges, Options};
use crate::text::legible::Piece;

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
            let name = Piece(name.as_bytes());
            let message = format!("{function}() got an unexpected keyword argument '{name}'");
            return Err(PyTypeError::new_err(message));
        };
        change(&mut options).map_err(|error| raise(given.py(), &error))?;
    }
    options.validate().map_err(|error| raise(given.py(), &error))?;
    Ok(options)
}

/// One option's new value, ready to be set without any help of Python's. Its error is komparu's own:
/// what Python code of the caller's raised came out when the value was read.
pub(super) type Change = Box<dyn FnOnce(&mut Options) -> Result<()> + Send>;

/// Reads the value of the option that Python calls `name`; `None` if there is none of that name.
/// Types are checked here, values by the change itself and by [`Options::validate`].
pub(super) fn change(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<Change>> {
    /// A change of one place in the options.
    macro_rules! set {
        ($($place:ident).+ = $value:expr) => {{
            let value = $value?;
            Box::new(move |options: &mut Options| {
                options.$($place).+ = value;
                Ok(())
            })
        }};
    }
    let change: Change = match name {
        "chunk_size" => set!(chunk_size = at_least_zero(name, value)),
        "size_precheck" => set!(size_precheck = boolean(name, value)),
        "quick_check" => set!(quick_check = boolean(name, value)),
        "max_workers" => {
            let workers = integer(name, value)?;
            Box::new(move |options| {
                let refused = |_| Error::Argument("max_workers must be non-negative".to_owned());
                options.max_workers = usize::try_from(workers).map_err(refused)?;
                Ok(())
            })
        }
        "follow_symlinks" => set!(follow_symlinks = boolean(name, value)),
        "ignore" => {
            let patterns = optional(value, |value| strings(name, value))?;
            Box::new(move |options| {
                options.ignore = patterns.map(Ignore::new).transpose()?;
                Ok(())
            })
        }
        "headers" => set!(http.headers = optional(value, headers).map(Option::unwrap_or_default)),
        "timeout" => set!(http.timeout = seconds(name, value)),
        "follow_redirects" => set!(http.follow_redirects = boolean(name, value)),
        "verify_ssl" => set!(http.verify_ssl = boolean(name, value)),
        "proxy" => set!(http.proxy = optional(value, |value| string(name, value))),
        "allow_private_redirects" => set!(http.allow_private_redirects = boolean(name, value)),
        "decode_content" => set!(http.decode_content = boolean(name, value)),
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
        "read_holes" => set!(files.read_holes = boolean(name, value)),
        "detect_changes" => {
            let chosen = string(name, value)?;
            Box::new(move |options| {
                options.files.detect_changes = DetectChanges::of(&chosen)?;
                Ok(())
            })
        }
        "ignore_zeros" => set!(ignore_zeros = boolean(name, value)),
        _ => return Ok(None),
    };
    Ok(Some(change))
}

fn headers(value: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let mut headers = Vec::new();
    for (name, value) in pairs("headers", "a mapping of str to str", value)? {
        let name = string("header name", &name)?;
        let value = string(&format!("value of header \"{}\"", Piece(name.as_bytes())), &value)?;
        headers.push((name, value));
    }
    Ok(headers)
}
