//! The functions that work while their caller waits.
//!
//! The interpreter is left alone for the whole of the work. Only the calling thread comes back to
//! it, once a pulse, to ask whether a signal handler raised something.

use std::cell::RefCell;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::{config, convert, errors};
use crate::context::{Call, Context};
use crate::error::Result;
use crate::options::Options;

/// The options that `compare` takes, in the order of its signature.
const COMPARE_OPTIONS: [&str; 10] = [
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

/// Are two files the same, byte for byte?
///
/// True means that every byte was compared, or need not be: two names of one file, or holes in both.
/// Options that are not given have their configured value.
///
/// Parameters
/// ----------
/// source_a, source_b : str, bytes, os.PathLike or Source
///     Local paths or file:// URLs.
/// chunk_size : int
///     Bytes compared between two looks at the clock and the verdict; also the size of one sample.
///     Default 65536.
/// size_precheck : bool
///     Let different sizes settle it without reading. Default True.
/// quick_check : bool
///     Compare samples first. Default True.
/// max_workers : int
///     Threads for one pair of big files; 0 means as many as pay off, 1 means none but the caller's.
///     Default 0.
/// headers, timeout, follow_redirects, verify_ssl, proxy
///     For URLs.
/// comparison_timeout : float or None
///     Seconds of wall clock for the whole call. Default None, no limit.
///
/// Raises
/// ------
/// SourceNotFoundError, SourcePermissionError, SourceReadError
///     A source cannot be opened or read, is not a file, or changed while it was compared.
/// ComparisonTimeoutError
///     comparison_timeout passed.
/// ConfigError
///     A URL of a kind that is not supported.
/// ValueError, TypeError
///     An argument that cannot be; raised before anything is opened.
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
    let configured = config::configured();
    let given =
        options.map(|given| convert::options(&configured, "compare", &COMPARE_OPTIONS, given));
    let options = given.transpose()?;
    let options = options.as_ref().unwrap_or(&configured);
    let outcome = detached(py, options, |context| crate::compare(&a, &b, options, context))?;
    Ok(outcome.is_none())
}

/// Runs `work` without the interpreter, except that signals are looked after.
fn detached<T: Send>(
    py: Python<'_>,
    options: &Options,
    work: impl FnOnce(&Context<'_>) -> Result<T> + Send,
) -> PyResult<T> {
    let (outcome, raised) = py.detach(|| {
        let raised = RefCell::new(None);
        let interrupt = || {
            let signal = Python::attach(|py| py.check_signals());
            signal.is_err_and(|exception| {
                raised.replace(Some(exception));
                true
            })
        };
        let call = Call::new(options.comparison_timeout);
        let outcome = work(&Context::with_interrupt(&call, &interrupt));
        (outcome, raised.into_inner())
    });
    // A handler's exception goes before any outcome: nobody else would ever raise it.
    if let Some(exception) = raised {
        return Err(exception);
    }
    outcome.map_err(|error| errors::raise(py, &error))
}
