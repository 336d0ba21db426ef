//! The Python module `komparu._core`: a skin. Values come in through [`convert`], results
//! go out through [`result`] and errors through [`errors`], and everything between happens in the crate, detached from the interpreter.

// The docs of what Python sees are Python docstrings.
#![allow(clippy::doc_markdown)]

mod archive;
mod config;
mod convert;
mod errors;
mod many;
mod result;
mod sync;

use pyo3::prelude::*;

/// The compiled part of komparu.
#[pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::archive::{compare_archive, compare_archive_listing};
    #[pymodule_export]
    use super::config::{check_source, configure, get_config, reset_config, source_name};
    #[pymodule_export]
    use super::many::{compare_all, compare_dir_urls, compare_dir_urls_listing, compare_many};
    #[pymodule_export]
    use super::sync::{compare, compare_dir, compare_dir_listing};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Sees to it that the network thread stops before the interpreter does.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let stop = wrap_pyfunction!(super::stop, module)?;
        module.py().import("atexit")?.call_method1("register", (stop,))?;
        Ok(())
    }
}

/// Stop the network thread. Meanwhile threads that are just asking the interpreter for signals get
/// their answer: once it finalizes, they could not even ask.
#[pyfunction]
fn stop(py: Python<'_>) {
    py.detach(crate::http::client::stop);
}
