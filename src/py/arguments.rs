//! How the arguments of a call are told apart: those that have a position, and options, which have names.
//!
//! The errors have the words that Python has for functions of its own.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::options::Given;
use crate::options::Row;
use crate::text::legible::Piece;

/// An argument that has a position.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) annotation: &'static str,
    pub(super) about: &'static str,
}

/// An argument that only has a name, and is no option: it cannot be configured.
pub(super) struct Extra {
    pub(super) name: &'static str,
    pub(super) annotation: &'static str,
    pub(super) default: &'static str,
    pub(super) about: &'static str,
}

/// Finds the arguments that have a position, though some of them may have been given by name.
pub(super) fn positional<'py>(
    function: &str,
    parameters: &[Parameter],
    arguments: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
    named: Option<&Bound<'py, PyDict>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let error = |message: &str| PyTypeError::new_err(format!("{function}() {message}"));
    let (most, count) = (parameters.len(), arguments.len());
    if count > most {
        let plural = if most == 1 { "" } else { "s" };
        let message = format!("takes {most} positional argument{plural} but {count} were given");
        return Err(error(&message));
    }
    let mut found: Vec<_> = arguments.collect();
    let mut missing = Vec::new();
    for (position, &Parameter { name: parameter, .. }) in parameters.iter().enumerate() {
        let by_name = named.map(|named| named.get_item(parameter)).transpose()?.flatten();
        match by_name {
            Some(_) if position < count => {
                return Err(error(&format!("got multiple values for argument '{parameter}'")));
            }
            Some(value) => found.push(value),
            None if position >= count => missing.push(format!("'{parameter}'")),
            None => {}
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let (number, plural) = (missing.len(), if missing.len() == 1 { "" } else { "s" });
    let list = missing.join(" and ");
    Err(error(&format!("missing {number} required positional argument{plural}: {list}")))
}

/// Reads all that was given by name, apart from what `is_none` knows as no option: options, of which `known`
/// finds those that are taken.
pub(super) fn options(
    is_none: impl Fn(&str) -> bool,
    named: &Bound<'_, PyDict>,
    known: impl Fn(&str) -> Option<&'static Row>,
    unknown: impl Fn(&str) -> PyErr,
) -> PyResult<Given> {
    let mut given = Given::default();
    for (name, value) in named {
        let name = name.cast::<PyString>()?.to_cow()?.into_owned();
        match known(&name) {
            Some(row) => given.push(row, &value)?,
            None if is_none(&name) => {}
            None => return Err(unknown(&Piece(name.as_bytes()).to_string())),
        }
    }
    Ok(given)
}
