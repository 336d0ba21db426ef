//! Values of Python's, of the types that options and sources have. An error names the type that was expected.
//!
//! Reading a value may run the caller's own code, such as `__index__` or `__next__`. What that raises is
//! the caller's, and comes out as it is: a wrong type is told by what the type has, never by an exception.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::classes::classes;

/// Items of an iterable between two looks at signals. An iterator in C has none of its own, and may be
/// endless. Taking so many takes less than a millisecond.
const ITEMS_AT_ONCE: usize = 1 << 12;

pub(super) fn wrong_type(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    match value.get_type().name() {
        Ok(kind) => PyTypeError::new_err(format!("{name} must be {expected}, not {kind}")),
        Err(error) => error,
    }
}

pub(super) fn boolean(name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match value.cast::<PyBool>() {
        Ok(value) => Ok(value.is_true()),
        Err(_) => Err(wrong_type(name, "bool", value)),
    }
}

/// An integer, or an object that converts to one (`__index__`). One beyond 64 bits becomes the nearest that
/// is not: every option has narrower limits, and its own message.
pub(super) fn integer(name: &str, value: &Bound<'_, PyAny>) -> PyResult<i64> {
    if value.is_instance_of::<PyBool>() || !value.get_type().hasattr("__index__")? {
        return Err(wrong_type(name, "int", value));
    }
    let integer = exact(value)?;
    match integer.extract() {
        Ok(integer) => Ok(integer),
        Err(_) => Ok(if integer.lt(0)? { i64::MIN } else { i64::MAX }),
    }
}

/// An exact `int`, by `__index__`. What is done with it runs no code of the caller's.
fn exact<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyInt>> {
    let index = value.call_method0("__index__")?.cast_into::<PyInt>()?;
    if index.is_exact_instance_of::<PyInt>() {
        return Ok(index);
    }
    let exact = value.py().get_type::<PyInt>().call_method1("__index__", (index,))?;
    Ok(exact.cast_into()?)
}

pub(super) fn number(name: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
    let kind = value.get_type();
    if value.is_instance_of::<PyBool>() || value.is_instance_of::<PyString>() {
        return Err(wrong_type(name, "int or float", value));
    }
    let is_integer = value.is_instance_of::<PyInt>();
    if value.is_instance_of::<PyFloat>() || !is_integer && kind.hasattr("__float__")? {
        return value.extract();
    }
    if !is_integer && !kind.hasattr("__index__")? {
        return Err(wrong_type(name, "int or float", value));
    }
    let integer = exact(value)?;
    let number: PyResult<f64> = integer.extract();
    match number {
        // An integer beyond the largest float.
        Err(error) if error.is_instance_of::<PyOverflowError>(value.py()) => {
            Ok(if integer.lt(0)? { f64::NEG_INFINITY } else { f64::INFINITY })
        }
        number => number,
    }
}

pub(super) fn string(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(text.to_cow()?.into_owned()),
        Err(_) => Err(wrong_type(name, "str", value)),
    }
}

/// The two items of a tuple of two, or of a list of two, as JSON has it.
pub(super) fn items_of_pair<'py>(
    value: &Bound<'py, PyAny>,
) -> PyResult<Option<[Bound<'py, PyAny>; 2]>> {
    if let Ok(pair) = value.cast::<PyTuple>() {
        let is_pair = pair.len() == 2;
        return is_pair.then(|| Ok([pair.get_item(0)?, pair.get_item(1)?])).transpose();
    }
    if let Ok(pair) = value.cast::<PyList>() {
        let is_pair = pair.len() == 2;
        return is_pair.then(|| Ok([pair.get_item(0)?, pair.get_item(1)?])).transpose();
    }
    Ok(None)
}

/// Several strings. A single one is refused: it would be taken for a list of its letters.
pub(super) fn strings(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let expected = "an iterable of str";
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(wrong_type(name, expected, value));
    }
    items(name, expected, value)?
        .enumerate()
        .map(|(index, item)| string(&format!("{name}[{index}]"), &item?))
        .collect()
}

/// The items of an iterable.
pub(super) fn items<'py>(
    name: &str,
    expected: &str,
    value: &Bound<'py, PyAny>,
) -> PyResult<impl Iterator<Item = PyResult<Bound<'py, PyAny>>> + use<'py>> {
    let (py, kind) = (value.py(), value.get_type());
    // What has the second one alone is iterated by index.
    if !kind.hasattr("__iter__")? && !kind.hasattr("__getitem__")? {
        return Err(wrong_type(name, expected, value));
    }
    let items = value.try_iter()?.enumerate();
    Ok(items.map(move |(number, item)| {
        if number % ITEMS_AT_ONCE == ITEMS_AT_ONCE - 1 {
            py.check_signals()?;
        }
        item
    }))
}

/// A key of a mapping, and its value.
pub(super) type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The items of a mapping, as they are now: reading them may run code that changes it.
pub(super) fn pairs<'py>(
    name: &str,
    expected: &str,
    value: &Bound<'py, PyAny>,
) -> PyResult<Vec<Pair<'py>>> {
    if !value.is_instance(classes(value.py())?.mapping.bind(value.py()))? {
        return Err(wrong_type(name, expected, value));
    }
    let of_items = format!("items() of {name}");
    let all = value.call_method0("items")?;
    items(&of_items, "an iterable of pairs", &all)?
        .map(|item| {
            let item = item?;
            match item.cast::<PyTuple>() {
                Ok(pair) if pair.len() == 2 => Ok((pair.get_item(0)?, pair.get_item(1)?)),
                _ => Err(wrong_type(&format!("an item of {of_items}"), "a tuple of two", &item)),
            }
        })
        .collect()
}

/// The bytes of a text, as `os.fsencode` gives them.
pub(super) fn encode(text: &Bound<'_, PyString>) -> PyResult<Vec<u8>> {
    use std::os::unix::ffi::OsStringExt as _;
    Ok(text.extract::<std::ffi::OsString>()?.into_vec())
}
