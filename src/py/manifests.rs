//! Manifests as Python has them.

use pyo3::prelude::*;

use super::classes::classes;
use super::values::string;
use super::{errors, sources};
use crate::compare::any_trees::GivenManifest;
use crate::error::Error;
use crate::tree::manifest::read::Format;

/// Checks what a `komparu.Manifest` was made of.
#[pyfunction]
pub(super) fn check_manifest(manifest: &Bound<'_, PyAny>) -> PyResult<()> {
    read(manifest).map(drop)
}

/// Reads a `komparu.Manifest`; `None` if it is none.
pub(super) fn manifest(value: &Bound<'_, PyAny>) -> PyResult<Option<GivenManifest>> {
    let py = value.py();
    if value.is_instance(&classes(py)?.types.bind(py).getattr("Manifest")?)? {
        read(value).map(Some)
    } else {
        Ok(None)
    }
}

fn read(manifest: &Bound<'_, PyAny>) -> PyResult<GivenManifest> {
    let source = sources::source(&manifest.getattr("source")?, "Manifest.source")?;
    let format = manifest.getattr("format")?;
    if format.is_none() {
        return Ok(GivenManifest { source, format: None });
    }
    let name = string("format", &format)?;
    match Format::named(&name) {
        Some(format) => Ok(GivenManifest { source, format: Some(format) }),
        None => {
            let known = Format::NAMES.map(|name| format!("'{name}'")).join(", ");
            let error = Error::Argument(format!("format must be one of {known}"));
            Err(errors::raise(manifest.py(), &error))
        }
    }
}
