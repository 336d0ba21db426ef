//! Manifests as Python has them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::classes::classes;
use super::objects::Objects;
use super::sources;
use super::values::string;
use crate::compare::any_trees::GivenManifest;
use crate::tree::manifest::read::{Format, looks_like_one};

/// The error of an argument that is none of these.
pub(super) fn unknown(argument: &str, known: &[&str]) -> PyErr {
    let known: Vec<_> = known.iter().map(|name| format!("'{name}'")).collect();
    PyValueError::new_err(format!("{argument} must be one of {}", known.join(", ")))
}

/// Checks what a `komparu.Manifest` was made of.
#[pyfunction]
pub(super) fn check_manifest(manifest: &Bound<'_, PyAny>) -> PyResult<()> {
    read(manifest, &Objects::looking()).map(drop)
}

/// Does a file that starts like this look like a manifest?
#[pyfunction]
pub(super) fn is_manifest(start: &[u8]) -> bool {
    looks_like_one(start)
}

/// Reads a `komparu.Manifest`; `None` if it is none.
pub(super) fn manifest(
    value: &Bound<'_, PyAny>,
    objects: &Objects,
) -> PyResult<Option<GivenManifest>> {
    let py = value.py();
    if value.is_instance(&classes(py)?.types.bind(py).getattr("Manifest")?)? {
        read(value, objects).map(Some)
    } else {
        Ok(None)
    }
}

fn read(manifest: &Bound<'_, PyAny>, objects: &Objects) -> PyResult<GivenManifest> {
    let source = sources::source(&manifest.getattr("source")?, "Manifest.source", objects)?;
    let format = manifest.getattr("format")?;
    if format.is_none() {
        return Ok(GivenManifest { source, format: None });
    }
    let name = string("format", &format)?;
    match Format::named(&name) {
        Some(format) => Ok(GivenManifest { source, format: Some(format) }),
        None => Err(unknown("format", &Format::NAMES)),
    }
}
