//! Trees that a caller says the kind of, as Python has them: `komparu.Archive` and `komparu.Directory`.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::classes::classes;
use super::errors::raise;
use super::objects::Objects;
use super::sources;
use super::values::wrong_type;
use crate::archive::opening::Opening;
use crate::source::Source;

/// Checks what a `komparu.Archive` was made of.
#[pyfunction]
pub(super) fn check_archive(archive: &Bound<'_, PyAny>) -> PyResult<()> {
    read_archive(archive, &Objects::looking()).map(drop)
}

/// Checks what a `komparu.Directory` was made of.
#[pyfunction]
pub(super) fn check_directory(directory: &Bound<'_, PyAny>) -> PyResult<()> {
    read_directory(directory, &Objects::looking()).map(drop)
}

/// Reads a `komparu.Archive`; `None` if it is none.
pub(super) fn archive(
    value: &Bound<'_, PyAny>,
    objects: &Objects,
) -> PyResult<Option<(Source, Opening)>> {
    if is(value, "Archive")? { read_archive(value, objects).map(Some) } else { Ok(None) }
}

/// Reads a `komparu.Directory`; `None` if it is none.
pub(super) fn directory(value: &Bound<'_, PyAny>, objects: &Objects) -> PyResult<Option<Source>> {
    if is(value, "Directory")? { read_directory(value, objects).map(Some) } else { Ok(None) }
}

fn is(value: &Bound<'_, PyAny>, class: &str) -> PyResult<bool> {
    let py = value.py();
    value.is_instance(&classes(py)?.types.bind(py).getattr(class)?)
}

fn read_archive(archive: &Bound<'_, PyAny>, objects: &Objects) -> PyResult<(Source, Opening)> {
    let source = sources::source(&archive.getattr("source")?, "Archive.source", objects)?;
    let root = archive.getattr("root")?;
    let password = password(&archive.getattr("password")?)?;
    let Some(root) = sources::path_text(&root)? else {
        let kind = root.get_type().name()?;
        let message = format!("Archive.root must be str, bytes or os.PathLike, not {kind}");
        return Err(PyTypeError::new_err(message));
    };
    let opening = Opening::within(&root, "Archive.root").and_then(|opening| match &password {
        None => Ok(opening),
        Some(password) => opening.with_password(password, "Archive.password"),
    });
    Ok((source, opening.map_err(|error| raise(archive.py(), &error))?))
}

/// Reads a password: a text counts in UTF-8. Nothing that is raised shows it.
fn password(value: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u8>>> {
    if value.is_none() {
        return Ok(None);
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Some(bytes.as_bytes().to_vec()));
    }
    let Ok(text) = value.cast::<PyString>() else {
        return Err(wrong_type("Archive.password", "str, bytes or None", value));
    };
    let text = text.to_cow().map_err(|_| {
        PyValueError::new_err("Archive.password has letters that UTF-8 does not have")
    })?;
    Ok(Some(text.as_bytes().to_vec()))
}

fn read_directory(directory: &Bound<'_, PyAny>, objects: &Objects) -> PyResult<Source> {
    sources::directory(&directory.getattr("path")?, "Directory.path", objects)
}
