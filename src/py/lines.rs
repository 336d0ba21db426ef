//! Results as lines of text, and texts escaped so that they can be printed.

use std::borrow::Cow;
use std::collections::HashSet;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::answer::Names;
use super::result;
use crate::outcome::{DiffReason, Finding};
use crate::text::legible::message;
use crate::text::lines as text;
use crate::text::lines::{Line, Told, decoded};

/// Escape what is not to be printed as it is.
#[pyfunction]
pub(super) fn legible<'py>(value: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    let mut out = Vec::new();
    text::legible(&encoded(value)?, &mut out);
    made(value.py(), &out)
}

/// Escape a name so that it stays on its line and can be read back: its backslashes, too.
#[pyfunction]
pub(super) fn one_line<'py>(name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    let mut out = Vec::new();
    text::one_line(&encoded(name)?, &mut out);
    made(name.py(), &out)
}

/// Describe every path of a DirResult in a line, sorted by path, and paths that are identical; in
/// pieces, each of some lines. Directories that only one side has are one line each, if `folds` is true.
#[pyfunction]
#[pyo3(signature = (result, equal=None, *, folds))]
pub(super) fn result_lines<'py>(
    result: &Bound<'py, PyAny>,
    equal: Option<&Bound<'py, PyAny>>,
    folds: bool,
) -> PyResult<Vec<Bound<'py, PyString>>> {
    let py = result.py();
    let mut all: Vec<Line> = Vec::new();
    for (name, told) in
        [(intern!(py, "only_left"), Told::OnlyLeft), (intern!(py, "only_right"), Told::OnlyRight)]
    {
        for path in result.getattr(name)?.try_iter()? {
            all.push((of_object(&path?)?, told.clone()));
        }
    }
    let errors = result.getattr(intern!(py, "errors"))?;
    let places = result.getattr(intern!(py, "differences"))?;
    for pair in result.getattr(intern!(py, "diff"))?.call_method0("items")?.try_iter()? {
        let (path, reason): (Bound<'py, PyAny>, Bound<'py, PyAny>) = pair?.extract()?;
        if errors.contains(&path)? {
            continue;
        }
        let place = if places.contains(&path)? {
            let place = places.get_item(&path)?;
            let line = place.getattr(intern!(py, "line"))?.extract()?;
            Some((place.getattr(intern!(py, "offset"))?.extract()?, line))
        } else {
            None
        };
        let reason = reason.cast::<PyString>()?.to_cow()?.into_owned();
        all.push((of_object(&path)?, Told::Differs(reason, place)));
    }
    for pair in result.getattr(intern!(py, "messages"))?.call_method0("items")?.try_iter()? {
        let (path, why): (Bound<'py, PyAny>, Bound<'py, PyAny>) = pair?.extract()?;
        all.push((of_object(&path)?, Told::Failed(of_object(&why)?)));
    }
    for pair in result.getattr(intern!(py, "moved"))?.call_method0("items")?.try_iter()? {
        let (path, to): (Bound<'py, PyAny>, Bound<'py, PyAny>) = pair?.extract()?;
        all.push((of_object(&path)?, Told::Moved(of_object(&to)?)));
    }
    for path in equal.map(PyAnyMethods::try_iter).transpose()?.into_iter().flatten() {
        all.push((of_object(&path?)?, Told::Equal));
    }
    let mut directories = HashSet::new();
    if folds {
        for path in result.getattr(intern!(py, "directories"))?.try_iter()? {
            directories.insert(of_object(&path?)?);
        }
    }
    pieces(py, &mut all, &directories)
}

/// The same of what a comparison found, without making a DirResult of it.
pub(super) fn of_findings(
    py: Python<'_>,
    findings: Vec<(Vec<u8>, Finding)>,
    directories: Vec<Vec<u8>>,
    names: Names,
) -> PyResult<Vec<Bound<'_, PyString>>> {
    let is_utf8 = names == Names::Entries || file_names_are_utf8(py)?;
    let decode = result::decode(names);
    let name = |bytes: Vec<u8>| -> PyResult<Vec<u8>> {
        if bytes.is_ascii() {
            return Ok(bytes);
        }
        if is_utf8 { Ok(decoded(&bytes)) } else { Ok(encoded(&decode(py, &bytes)?)?.into_owned()) }
    };
    let mut all: Vec<Line> = Vec::with_capacity(findings.len());
    for (path, finding) in findings {
        let told = match finding {
            Finding::Equal(_) => Told::Equal,
            Finding::OnlyLeft => Told::OnlyLeft,
            Finding::OnlyRight => Told::OnlyRight,
            Finding::Moved(moved) => Told::Moved(name(moved.to)?),
            Finding::Differs(mismatch) => {
                let place = mismatch.difference.map(|found| (found.offset, found.line));
                Told::Differs(value(mismatch.reason).to_owned(), place)
            }
            Finding::Failed(error) => {
                Told::Failed(message(&error.to_string()).into_owned().into_bytes())
            }
        };
        all.push((name(path)?, told));
    }
    let directories = directories.into_iter().map(name).collect::<PyResult<_>>()?;
    pieces(py, &mut all, &directories)
}

/// What Python calls a reason.
fn value(reason: DiffReason) -> &'static str {
    match reason {
        DiffReason::ContentMismatch => "content_mismatch",
        DiffReason::SizeMismatch => "size_mismatch",
        DiffReason::TypeMismatch => "type_mismatch",
    }
}

fn file_names_are_utf8(py: Python<'_>) -> PyResult<bool> {
    let sys = super::classes::classes(py)?.sys.bind(py);
    sys.call_method0("getfilesystemencoding")?.eq("utf-8")
}

fn pieces<'py>(
    py: Python<'py>,
    all: &mut [Line],
    directories: &HashSet<Vec<u8>>,
) -> PyResult<Vec<Bound<'py, PyString>>> {
    let written = py.detach(|| text::write(all, directories));
    written.iter().map(|piece| made(py, piece)).collect()
}

fn of_object(text: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    Ok(encoded(text.cast::<PyString>()?)?.into_owned())
}

/// A text as its UTF-8, lone surrogates included.
fn encoded<'t>(text: &'t Bound<'_, PyString>) -> PyResult<Cow<'t, [u8]>> {
    let py = text.py();
    // What is a text is nearly always one.
    if let Ok(text) = text.to_cow() {
        return Ok(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        });
    }
    let bytes = text.call_method1(intern!(py, "encode"), ("utf-8", "surrogatepass"))?;
    Ok(Cow::Owned(bytes.cast::<PyBytes>()?.as_bytes().to_vec()))
}

/// The text that these bytes encode.
fn made<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyString>> {
    if let Ok(text) = str::from_utf8(bytes) {
        return Ok(PyString::new(py, text));
    }
    let bytes = PyBytes::new(py, bytes);
    Ok(bytes.call_method1(intern!(py, "decode"), ("utf-8", "surrogatepass"))?.cast_into()?)
}
