//! Outcomes of the crate as Python results.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyModule, PySet, PyString};

use crate::outcome::{DiffReason, Finding, GroupOutcome, TreeOutcome};
use crate::source::Source;

/// A `DirResult` of two directories, whose names are decoded as `os.fsdecode` does.
pub(super) fn directories<'py>(
    py: Python<'py>,
    outcome: &TreeOutcome,
    waits: bool,
) -> PyResult<Bound<'py, PyAny>> {
    trees(py, outcome, text, waits)
}

/// A `DirResult` of two archives; the same goes for it.
pub(super) fn archives<'py>(
    py: Python<'py>,
    outcome: &TreeOutcome,
    waits: bool,
) -> PyResult<Bound<'py, PyAny>> {
    trees(py, outcome, entry, waits)
}

/// Findings between two looks at signals: a millisecond's work or two.
const CHECKED: usize = 1 << 12;

/// How the name of an entry becomes a Python string.
type Decode = for<'py> fn(Python<'py>, &[u8]) -> PyResult<Bound<'py, PyString>>;

fn trees<'py>(
    py: Python<'py>,
    outcome: &TreeOutcome,
    decode: Decode,
    waits: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let (diff, messages) = (PyDict::new(py), PyDict::new(py));
    let (only_left, only_right) = (PySet::empty(py)?, PySet::empty(py)?);
    let errors = PySet::empty(py)?;
    let reasons = types(py)?.getattr("DiffReason")?;
    for (index, (path, finding)) in outcome.findings.iter().enumerate() {
        // Millions take seconds. In a loop's own thread the loop has signals of its own: what a handler
        // raised would be taken for what became of the job.
        if waits && index % CHECKED == CHECKED - 1 {
            py.check_signals()?;
        }
        let path = decode(py, path)?;
        match finding {
            Finding::Differs(reason) => diff.set_item(path, reasons.getattr(member(*reason))?)?,
            Finding::OnlyLeft => only_left.add(path)?,
            Finding::OnlyRight => only_right.add(path)?,
            Finding::Failed(message) => {
                // What is known to differ does so whether or not it could be read.
                if !diff.contains(&path)? {
                    diff.set_item(&path, reasons.getattr("READ_ERROR")?)?;
                }
                errors.add(&path)?;
                messages.set_item(path, message)?;
            }
        }
    }
    let fields = (outcome.is_equal(), diff, only_left, only_right, errors, messages);
    types(py)?.getattr("DirResult")?.call1(fields)
}

/// A `CompareResult`.
pub(super) fn groups<'py>(
    py: Python<'py>,
    sources: &[Source],
    outcome: &GroupOutcome,
) -> PyResult<Bound<'py, PyAny>> {
    let names: PyResult<Vec<_>> =
        sources.iter().map(|source| text(py, &source.name().bytes())).collect();
    let names = names?;
    let mut numbers = vec![0; names.len()];
    let groups = PyList::empty(py);
    for (number, group) in outcome.groups.iter().enumerate() {
        groups.append(PySet::new(py, group.iter().map(|&member| &names[member]))?)?;
        for &member in group {
            numbers[member] = number;
        }
    }
    let pairs =
        PyModule::import(py, "komparu._pairs")?.getattr("Pairs")?.call1((names, numbers))?;
    types(py)?.getattr("CompareResult")?.call1((outcome.is_equal(), groups, pairs))
}

/// Paths, in their order.
pub(super) fn paths<'py>(
    py: Python<'py>,
    paths: &[Vec<u8>],
    decode: Decode,
) -> PyResult<Bound<'py, PyList>> {
    let paths: PyResult<Vec<_>> = paths.iter().map(|path| decode(py, path)).collect();
    PyList::new(py, paths?)
}

/// The name of an archive's entry. It has nothing to do with this machine's files, so it is the same
/// in every locale: UTF-8, and what is none as `surrogateescape` shows it.
pub(super) fn entry<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    if let Ok(text) = str::from_utf8(bytes) {
        return Ok(PyString::new(py, text));
    }
    let bytes = PyBytes::new(py, bytes);
    Ok(bytes.call_method1("decode", ("utf-8", "surrogateescape"))?.cast_into()?)
}

/// The name of a reason in `komparu.DiffReason`.
fn member(reason: DiffReason) -> &'static str {
    match reason {
        DiffReason::ContentMismatch => "CONTENT_MISMATCH",
        DiffReason::SizeMismatch => "SIZE_MISMATCH",
        DiffReason::TypeMismatch => "TYPE_MISMATCH",
    }
}

fn types(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static TYPES: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module = TYPES
        .get_or_try_init(py, || PyResult::Ok(PyModule::import(py, "komparu._types")?.unbind()))?;
    Ok(module.bind(py))
}

/// A path or a source as Python shows it: decoded as `os.fsdecode` does.
pub(super) fn text<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    // ASCII is the same in every encoding that a filesystem may have.
    if let (true, Ok(ascii)) = (bytes.is_ascii(), str::from_utf8(bytes)) {
        return Ok(PyString::new(py, ascii));
    }
    let bytes = PyBytes::new(py, bytes);
    Ok(PyModule::import(py, "os")?.call_method1("fsdecode", (bytes,))?.cast_into()?)
}
