//! What Python has to be asked for once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// What is kept there, or what `ask` finds. Nobody waits for whoever asks, and two may: an import lets
/// other threads run, one of which may fork, and its child would wait for ever for who is not there.
pub(super) fn once<'py, T>(
    py: Python<'py>,
    kept: &'static PyOnceLock<Py<T>>,
    ask: impl FnOnce() -> PyResult<Py<T>>,
) -> PyResult<&'py Bound<'py, T>> {
    if kept.get(py).is_none() {
        let found = ask()?;
        // Unless another thread was faster.
        let _ = kept.set(py, found);
    }
    Ok(kept.get(py).expect("one of them has set it").bind(py))
}
