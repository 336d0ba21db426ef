//! The Python module `komparu._core`: a skin. Values come in through [`sources`] and [`options`],
//! results go out through [`making`] and errors through [`errors`], and everything between happens in
//! the crate, detached from the interpreter. What is between for one function is a [`request`]: whoever
//! waits for it and whoever does not ([`aio`]) have the same.

// The docs of what Python sees are Python docstrings.
#![allow(clippy::doc_markdown)]

mod aio;
mod archive;
mod config;
mod environment;
mod errors;
mod making;
mod many;
mod once;
mod options;
mod pairs;
mod request;
mod result;
mod sources;
mod values;

use std::sync::OnceLock;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

use crate::panics;
use crate::sys::{fork, interpreter, locale};

/// The compiled part of komparu.
#[pymodule(gil_used = false)]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::aio::{Job, Mailbox, timed_out};
    #[pymodule_export]
    use super::archive::{compare_archive, compare_archive_listing};
    #[pymodule_export]
    use super::config::{check_source, configure, get_config, masked, reset_config, source_name};
    #[pymodule_export]
    use super::many::{compare_all, compare_dir_urls, compare_dir_urls_listing, compare_many};
    #[pymodule_export]
    use super::pairs::{compare, compare_dir, compare_dir_listing};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use super::check_interpreter;

    /// Adds what has the name of something else, and sees to it that the network thread stops before
    /// the interpreter does, that forks wait for the right moment, and that what the C library asks the
    /// environment once is asked now, while the interpreter is held.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        use super::{archive, fork, locale, many, pairs, panics};
        module
            .add("compare_archive_job", wrap_pyfunction!(archive::compare_archive_job, module)?)?;
        module.add("compare_job", wrap_pyfunction!(pairs::compare_job, module)?)?;
        module.add("compare_dir_job", wrap_pyfunction!(pairs::compare_dir_job, module)?)?;
        module.add("compare_all_job", wrap_pyfunction!(many::compare_all_job, module)?)?;
        module.add("compare_many_job", wrap_pyfunction!(many::compare_many_job, module)?)?;
        module
            .add("compare_dir_urls_job", wrap_pyfunction!(many::compare_dir_urls_job, module)?)?;
        let stop = wrap_pyfunction!(super::stop, module)?;
        module.py().import("atexit")?.call_method1("register", (stop,))?;
        panics::keep_quiet();
        fork::watch();
        locale::prepare();
        Ok(())
    }
}

/// Refuse to be used by a second interpreter of the process: objects must not be shared by two, and
/// those that this module keeps would be.
#[pyfunction]
fn check_interpreter() -> PyResult<()> {
    static HOME: OnceLock<i64> = OnceLock::new();
    let here = interpreter::current();
    if *HOME.get_or_init(|| here) == here {
        return Ok(());
    }
    Err(PyImportError::new_err("komparu does not support subinterpreters"))
}

/// Stop the network thread. Meanwhile threads that are just asking the interpreter for signals get
/// their answer: once it finalizes, they could not even ask.
#[pyfunction]
fn stop(py: Python<'_>) {
    py.detach(crate::http::client::stop);
}
