//! The Python module `komparu._core`: a skin. Values come in through [`convert`], results
//! go out through [`result`] and errors through [`errors`], and everything between happens in the crate, detached from the interpreter.

// The docs of what Python sees are Python docstrings.
#![allow(clippy::doc_markdown)]

mod archive;
mod config;
mod convert;
mod errors;
mod result;
mod sync;

use pyo3::prelude::*;

/// The compiled part of komparu.
#[pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::archive::{compare_archive, compare_archive_listing};
    #[pymodule_export]
    use super::config::{check_source, configure, get_config, reset_config};
    #[pymodule_export]
    use super::sync::{compare, compare_dir, compare_dir_listing};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
