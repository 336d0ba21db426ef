//! Processes that read archives apart from this one: what they are started with, and what they do.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::archive::isolated::{launch, serve};

/// Notes what such processes are started with. An application that is one file, with Python within, has none.
pub(super) fn prepare(module: &Bound<'_, PyModule>) {
    let noted = || -> PyResult<()> {
        let sys = module.py().import("sys")?;
        let python = if sys.hasattr("frozen")? {
            Err("the application is frozen".to_owned())
        } else {
            // None, or empty, where Python does not know its own executable.
            Ok(sys.getattr("executable")?.extract().unwrap_or_default())
        };
        let library: PathBuf = module.getattr("__spec__")?.getattr("origin")?.extract()?;
        launch::prepare(python, library);
        Ok(())
    };
    // Whatever is missing: then there are no such processes.
    let _ = noted();
}

/// Read archives for the process that started this one, and never return.
#[pyfunction]
pub(super) fn serve_archives(py: Python<'_>, parent: u32) {
    py.detach(|| serve::serve(parent));
}
