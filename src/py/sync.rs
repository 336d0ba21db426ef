//! The functions that work while their caller waits.
//!
//! The interpreter is left alone for the whole of the work. Only the calling thread comes back to
//! it, once a pulse, to ask whether a signal handler raised something.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::{config, convert, errors, result};
use crate::context::{Call, Context};
use crate::error::Result;
use crate::options::Options;
use crate::outcome::TreeOutcome;
use crate::sys::interpreter::without_interpreter;

/// The options that `compare` takes, in the order of its signature.
pub(super) const COMPARE_OPTIONS: [&str; 10] = [
    "chunk_size",
    "size_precheck",
    "quick_check",
    "max_workers",
    "headers",
    "timeout",
    "follow_redirects",
    "verify_ssl",
    "proxy",
    "comparison_timeout",
];

/// Are two files or URLs the same, byte for byte?
///
/// True means that every byte was compared, or need not be: two names of one file, or holes in both.
/// Options that are not given have their configured value.
///
/// Args:
///     source_a: A local path, a URL (http, https, file) or a Source.
///     source_b: Another one.
///     chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
///         also the size of one sample. 1 to 1 GiB. Default 65536.
///     size_precheck: Let two known, different sizes settle it without reading. Default True.
///     quick_check: Compare samples from five places first. Default True.
///     max_workers: Threads that compare one pair of big files. 0: as many as pay off; 1: only
///         the calling one. Default 0.
///     headers: For URLs: request headers. Default none.
///     timeout: For URLs: seconds to connect, and without a byte arriving. Default 30.
///     follow_redirects: For URLs: follow up to ten. Default True.
///     verify_ssl: For URLs: demand a valid certificate. Default True.
///     proxy: For URLs: http://, https://, socks5:// or socks5h://. Default None: the usual
///         environment variables.
///     comparison_timeout: Seconds of wall clock for the whole call. Default None: no limit.
///
/// Raises:
///     SourceNotFoundError: There is nothing there.
///     SourcePermissionError: This process may not read it.
///     SourceReadError: It is no file, cannot be read, or was changed while it was compared.
///     ComparisonTimeoutError: comparison_timeout passed.
///     ConfigError: A URL of a kind that is not supported, or that is malformed.
///     ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
///     TypeError: An argument of a wrong type.
#[pyfunction]
#[pyo3(
    signature = (source_a, source_b, **options),
    text_signature = "(source_a, source_b, *, chunk_size=..., size_precheck=..., quick_check=..., \
                      max_workers=..., headers=..., timeout=..., follow_redirects=..., \
                      verify_ssl=..., proxy=..., comparison_timeout=...)"
)]
pub(super) fn compare(
    py: Python<'_>,
    source_a: &Bound<'_, PyAny>,
    source_b: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<bool> {
    let a = convert::source(source_a, "source_a")?;
    let b = convert::source(source_b, "source_b")?;
    let options = &*options_for("compare", &COMPARE_OPTIONS, options)?;
    let outcome = detached(py, options, |context| crate::compare(&a, &b, options, context))?;
    Ok(outcome.is_none())
}

/// The options that `compare_dir` takes, in the order of its signature.
const COMPARE_DIR_OPTIONS: [&str; 7] = [
    "chunk_size",
    "size_precheck",
    "quick_check",
    "follow_symlinks",
    "max_workers",
    "ignore",
    "comparison_timeout",
];

/// Do two directories hold the same files, byte for byte?
///
/// Files are paired by their path below either directory, and compared in parallel. Only files are
/// entries (and links, with follow_symlinks=False): an empty directory is none. Pipes, sockets and
/// devices are never opened, two of one kind count as equal. What cannot be compared is in the
/// result's errors, and the result is not equal then. Options that are not given have their
/// configured value.
///
/// Args:
///     dir_a: A directory: a local path, a file:// URL or a Source.
///     dir_b: Another one.
///     chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
///         also the size of one sample. 1 to 1 GiB. Default 65536.
///     size_precheck: Let two known, different sizes settle it without reading. Default True.
///     quick_check: Compare samples from five places of a big file first. Default True.
///     follow_symlinks: Follow links, and cut a loop where it closes. False: compare links by their
///         target text. Default True.
///     max_workers: Threads. 0: as many as pay off; 1: only the calling one. Default 0.
///     ignore: Patterns with gitignore meaning, for entries to leave out on both sides; an ignored
///         directory is never read. Default None.
///     comparison_timeout: Seconds of wall clock for the whole call. Default None: no limit.
///
/// Returns:
///     A DirResult; it is true if every entry of both sides was compared and found identical.
///
/// Raises:
///     SourceNotFoundError: There is nothing where a directory should be.
///     SourcePermissionError: This process may not read one of the two directories themselves.
///     SourceReadError: One of the two is no directory, or cannot be read.
///     ComparisonTimeoutError: comparison_timeout passed.
///     ConfigError: A URL.
///     ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
///     TypeError: An argument of a wrong type.
#[pyfunction]
#[pyo3(
    signature = (dir_a, dir_b, **options),
    text_signature = "(dir_a, dir_b, *, chunk_size=..., size_precheck=..., quick_check=..., \
                      follow_symlinks=..., max_workers=..., ignore=..., comparison_timeout=...)"
)]
pub(super) fn compare_dir<'py>(
    py: Python<'py>,
    dir_a: &Bound<'py, PyAny>,
    dir_b: &Bound<'py, PyAny>,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let outcome = directories(py, dir_a, dir_b, options, false)?;
    result::directories(py, &outcome)
}

/// The same, and all paths that are identical: for those who want to see them.
#[pyfunction]
#[pyo3(signature = (dir_a, dir_b, **options))]
pub(super) fn compare_dir_listing<'py>(
    py: Python<'py>,
    dir_a: &Bound<'py, PyAny>,
    dir_b: &Bound<'py, PyAny>,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyList>)> {
    let outcome = directories(py, dir_a, dir_b, options, true)?;
    Ok((result::directories(py, &outcome)?, result::paths(py, &outcome.equal, result::text)?))
}

fn directories(
    py: Python<'_>,
    dir_a: &Bound<'_, PyAny>,
    dir_b: &Bound<'_, PyAny>,
    given: Option<&Bound<'_, PyDict>>,
    list_equal: bool,
) -> PyResult<TreeOutcome> {
    let a = convert::source(dir_a, "dir_a")?;
    let b = convert::source(dir_b, "dir_b")?;
    let options = options_for("compare_dir", &COMPARE_DIR_OPTIONS, given)?;
    let listing;
    let options = if list_equal {
        listing = Options { list_equal, ..Options::clone(&options) };
        &listing
    } else {
        &*options
    };
    detached(py, options, |context| crate::compare_dir(&a, &b, options, context))
}

/// The configured options, changed by those that the call was given.
pub(super) fn options_for(
    function: &str,
    allowed: &[&str],
    given: Option<&Bound<'_, PyDict>>,
) -> PyResult<Arc<Options>> {
    let configured = config::configured();
    match given {
        None => Ok(configured),
        Some(given) => convert::options(&configured, function, allowed, given).map(Arc::new),
    }
}

/// Runs `work` without the interpreter, except that signals are looked after.
pub(super) fn detached<T>(
    py: Python<'_>,
    options: &Options,
    work: impl FnOnce(&Context<'_>) -> Result<T> + Send,
) -> PyResult<T> {
    let outcome = without_interpreter(|interrupt| {
        let call = Call::new(options.comparison_timeout);
        work(&Context::with_interrupt(&call, interrupt))
    });
    // A handler's exception goes before any outcome: nobody else would ever raise it.
    if let Some(exception) = PyErr::take(py) {
        return Err(exception);
    }
    outcome.map_err(|error| errors::raise(py, &error))
}
