//! Paths as Python has them: `str`, `bytes` and `os.PathLike`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::values::encode;

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
