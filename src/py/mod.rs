//! The Python module `komparu._core`: a skin. Values come in through [`sources`] and [`options`], results go
//! out through [`conversion`] and errors through [`errors`]. Between them is a [`request`], which the crate
//! serves detached from the interpreter: the same for a caller that waits and for an event loop ([`aio`]).
//! The public functions are described in [`pairs`], [`many`] and [`archive`], and added by [`functions`].

// The docs of what Python sees are Python docstrings.
#![allow(clippy::doc_markdown)]

mod aio;
mod answer;
mod archive;
mod arguments;
mod classes;
mod config;
mod conversion;
mod description;
mod documentation;
mod environment;
mod errors;
mod files;
mod functions;
mod iterate;
mod lines;
mod logging;
mod manifests;
mod many;
mod objects;
mod options;
mod pairs;
mod partial;
mod paths;
mod public;
mod records;
mod request;
mod result;
mod run;
mod run_objects;
mod run_state;
mod settings;
mod sources;
mod stores;
mod stream;
mod trees;
mod values;
mod watcher;
mod workers;
mod write_manifest;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

use crate::archive::isolated;
use crate::run::panics;
use crate::sys::{fork, interpreter, locale};

/// The compiled part of komparu.
#[pymodule(gil_used = false)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    // Before anything is made that would belong to the wrong interpreter.
    check_interpreter()?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("kept", classes::kept(module.py()))?;
    module.add_class::<aio::Job>()?;
    module.add_class::<aio::Mailbox>()?;
    module.add_class::<settings::Settings>()?;
    module.add_class::<stores::StoreRequests>()?;
    module.add_class::<stream::OpenStream>()?;
    module.add_class::<run_state::TreeRun>()?;
    module.add_class::<objects::bridge::Bridge>()?;
    module.add_class::<objects::bridge::BridgeThread>()?;
    /// Adds functions, by their paths.
    macro_rules! add {
        ($($function:path),+ $(,)?) => {
            $(module.add_function(wrap_pyfunction!($function, module)?)?;)+
        };
    }
    add!(
        prepare,
        config::check_source,
        config::get_config,
        config::masked,
        config::reset_config,
        config::source_name,
        description::functions,
        description::options,
        lines::legible,
        lines::one_line,
        lines::result_lines,
        logging::record_call,
        files::compare_files,
        objects::bridge::bridge,
        manifests::check_manifest,
        manifests::is_manifest,
        workers::serve_archives,
        sources::check_content,
        sources::check_decompressed,
        trees::check_archive,
        trees::check_directory,
    );
    functions::add(module)?;
    // The network thread stops before the interpreter does.
    let stop = wrap_pyfunction!(stop, module)?;
    module.py().import("atexit")?.call_method1("register", (stop,))?;
    panics::keep_quiet();
    workers::prepare(module);
    // Forks wait for the right moment.
    fork::watch();
    // What the C library asks the environment once is asked now, while the interpreter is held, and its
    // files are opened where they are now: the process may change its root.
    locale::prepare();
    Ok(())
}

/// Refuses to be used by another interpreter of the process than the main one: objects must not be
/// shared by two, and those that this module keeps would be. Which of them asks first does not matter.
fn check_interpreter() -> PyResult<()> {
    if interpreter::is_main() {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "komparu works in the main interpreter of a process, not in subinterpreters \
         (under mod_wsgi: WSGIApplicationGroup %{GLOBAL})",
    ))
}

/// Find all that calls will need. To be called once the package is imported.
#[pyfunction]
fn prepare(py: Python<'_>) -> PyResult<()> {
    classes::classes(py)?;
    records::Members::get(py).map(drop)
}

/// Stop the network thread. Meanwhile threads that are just asking the interpreter for signals get
/// their answer: once it finalizes, they could not even ask.
#[pyfunction]
fn stop(py: Python<'_>) {
    run::cancel_all();
    py.detach(|| {
        isolated::stop();
        crate::http::client::stop();
    });
}
