//! What Python results are made of: names, as texts.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::answer::Names;
use super::classes::classes;

/// How the name of an entry becomes a Python string.
pub(super) type Decode = for<'py> fn(Python<'py>, &[u8]) -> PyResult<Bound<'py, PyString>>;

/// How names of this kind become Python strings.
pub(super) fn decode(names: Names) -> Decode {
    match names {
        Names::Paths => text,
        Names::Entries => entry,
    }
}

/// The name of an archive's entry. It has nothing to do with this machine's files, so it is the same
/// in every locale: UTF-8, and what is none as `surrogateescape` shows it.
pub(super) fn entry<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    if let Ok(text) = str::from_utf8(bytes) {
        return Ok(PyString::new(py, text));
    }
    let bytes = PyBytes::new(py, bytes);
    Ok(bytes.call_method1("decode", ("utf-8", "surrogateescape"))?.cast_into()?)
}

/// A path or a source as Python shows it: decoded as `os.fsdecode` does.
pub(super) fn text<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    // ASCII is the same in every encoding that a filesystem may have.
    if let (true, Ok(ascii)) = (bytes.is_ascii(), str::from_utf8(bytes)) {
        return Ok(PyString::new(py, ascii));
    }
    let bytes = PyBytes::new(py, bytes);
    Ok(classes(py)?.fsdecode.bind(py).call1((bytes,))?.cast_into()?)
}
