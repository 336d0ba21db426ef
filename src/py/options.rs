//! Options as Python has them: read and shown by the table of all of them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::paths::path_text;
use super::values::{boolean, integer, items_of_pair, number, pairs, string, strings, wrong_type};
use crate::error::Result;
use crate::options::{Overrides, Row, Value, ValueKind};
use crate::text::legible::Piece;

/// Options as they were given, with values of the right types. What Python code of the caller's could raise,
/// it has raised by now.
#[derive(Default)]
pub(super) struct Given(Vec<(&'static Row, Value)>);

impl Given {
    /// Takes the value of one more.
    pub(super) fn push(&mut self, row: &'static Row, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.push((row, read(row.kind, row.name, value)?));
        Ok(())
    }

    /// Checks all values.
    pub(super) fn checked(self) -> Result<Overrides> {
        let mut overrides = Overrides::default();
        for (row, value) in self.0 {
            row.set(&mut overrides, value)?;
        }
        Ok(overrides)
    }
}

/// Reads a value. Only its type is checked.
fn read(kind: ValueKind, name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    Ok(match kind {
        ValueKind::Limit | ValueKind::Ratio | ValueKind::OrNone(_) if value.is_none() => {
            Value::Nothing
        }
        ValueKind::OrNone(kind) => read(*kind, name, value)?,
        ValueKind::Switch => Value::Switch(boolean(name, value)?),
        ValueKind::Integer(..) | ValueKind::Bytes(..) | ValueKind::Limit => {
            Value::Integer(integer(name, value)?)
        }
        ValueKind::Ratio | ValueKind::Seconds => Value::Number(number(name, value)?),
        ValueKind::Choice(_) | ValueKind::Proxy => Value::Text(string(name, value)?),
        ValueKind::Patterns => Value::Texts(strings(name, value)?),
        ValueKind::Headers => Value::Pairs(headers(name, value)?),
        ValueKind::Auth => auth(name, value)?,
        ValueKind::Path => Value::Path(path(name, PATH, value)?),
        ValueKind::ClientCert => match items_of_pair(value)? {
            Some(pair) => {
                let paths = pair.iter().map(|item| path(name, PATH_OR_TWO, item));
                Value::Paths(paths.collect::<PyResult<_>>()?)
            }
            None => Value::Path(path(name, PATH_OR_TWO, value)?),
        },
    })
}

/// What a path may be, for messages.
const PATH: &str = "str, bytes or os.PathLike";

const PATH_OR_TWO: &str = "str, bytes or os.PathLike, or a tuple of two of them";

fn path(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    let path = path_text(value)?.ok_or_else(|| wrong_type(name, expected, value))?;
    Ok(OsString::from_vec(path).into())
}

/// No message shows any of it.
fn auth(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let expected = "a str (a bearer token) or a tuple of user and password";
    if value.is_instance_of::<PyString>() {
        return string(name, value).map(Value::Text);
    }
    let Some([user, password]) = items_of_pair(value)? else {
        return Err(wrong_type(name, expected, value));
    };
    let user = string(&format!("user of {name}"), &user)?;
    Ok(Value::Texts(vec![user, string(&format!("password of {name}"), &password)?]))
}

fn headers(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let mut headers = Vec::new();
    for (name, value) in pairs(name, "a mapping of str to str", value)? {
        let name = string("header name", &name)?;
        let value = string(&format!("value of header \"{}\"", Piece(name.as_bytes())), &value)?;
        headers.push((name, value));
    }
    Ok(headers)
}

/// A value as Python has it: nothing that holds it can be changed by what is done to it.
pub(super) fn shown(py: Python<'_>, value: Value) -> PyResult<Bound<'_, PyAny>> {
    match value {
        Value::Nothing => Ok(py.None().into_bound(py)),
        Value::Switch(value) => value.into_bound_py_any(py),
        Value::Integer(value) => value.into_bound_py_any(py),
        Value::Number(value) => value.into_bound_py_any(py),
        Value::Text(value) => value.into_bound_py_any(py),
        Value::Texts(values) => Ok(PyTuple::new(py, values)?.into_any()),
        Value::Path(value) => value.into_os_string().into_bound_py_any(py),
        Value::Paths(values) => {
            let values = values.into_iter().map(PathBuf::into_os_string);
            Ok(PyTuple::new(py, values.collect::<Vec<_>>())?.into_any())
        }
        Value::Pairs(pairs) => {
            let values = PyDict::new(py);
            for (name, value) in pairs {
                values.set_item(name, value)?;
            }
            Ok(values.into_any())
        }
    }
}
