//! Single values of Python's, of the types that options have: who gives another is told which.

use std::time::Duration;

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};

pub(super) fn wrong_type(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    match value.get_type().name() {
        Ok(kind) => PyTypeError::new_err(format!("{name} must be {expected}, not {kind}")),
        Err(error) => error,
    }
}

pub(super) fn optional<'py, T>(
    value: &Bound<'py, PyAny>,
    convert: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<T>,
) -> PyResult<Option<T>> {
    if value.is_none() { Ok(None) } else { convert(value).map(Some) }
}

pub(super) fn boolean(name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match value.cast::<PyBool>() {
        Ok(value) => Ok(value.is_true()),
        Err(_) => Err(wrong_type(name, "bool", value)),
    }
}

/// An integer, or whatever says that it is one (`__index__`). Those beyond 64 bits become the
/// nearest that is not: every option has narrower limits, and says so itself.
pub(super) fn integer(name: &str, value: &Bound<'_, PyAny>) -> PyResult<i64> {
    if value.is_instance_of::<PyBool>() || !value.get_type().hasattr("__index__")? {
        return Err(wrong_type(name, "int", value));
    }
    let integer = value.call_method0("__index__")?.cast_into::<PyInt>()?;
    match integer.extract() {
        Ok(integer) => Ok(integer),
        Err(_) => Ok(if integer.lt(0)? { i64::MIN } else { i64::MAX }),
    }
}

/// An integer of which what is negative counts as zero, which the option's own check refuses.
pub(super) fn at_least_zero<T: TryFrom<i64> + Default>(
    name: &str,
    value: &Bound<'_, PyAny>,
) -> PyResult<T> {
    Ok(T::try_from(integer(name, value)?).unwrap_or_default())
}

pub(super) fn limit(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    optional(value, |value| at_least_zero(name, value))
}

pub(super) fn number(name: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
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
pub(super) fn seconds(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let seconds = number(name, value)?;
    if seconds.is_nan() || seconds <= 0.0 {
        return Ok(Duration::ZERO);
    }
    // Too long for a Duration (584 billion years, or infinity): the longest there is. Below a
    // nanosecond: the shortest that is positive.
    let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    Ok(duration.max(Duration::from_nanos(1)))
}

pub(super) fn string(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(text.to_cow()?.into_owned()),
        Err(_) => Err(wrong_type(name, "str", value)),
    }
}

/// Several strings. A single one is refused: it would be taken for a list of its letters.
pub(super) fn strings(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let expected = "an iterable of str";
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(wrong_type(name, expected, value));
    }
    let items = value.try_iter().map_err(|_| wrong_type(name, expected, value))?;
    items.enumerate().map(|(index, item)| string(&format!("{name}[{index}]"), &item?)).collect()
}
