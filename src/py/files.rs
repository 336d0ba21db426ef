//! Pairs of local files for `komparu.filecmp`: many at once, each with an outcome of its own.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use super::errors;
use super::sources::path_text;
use crate::compare::file_pairs::{FilePair, compare_file_pairs};
use crate::options::Options;
use crate::run::context::{Call, Context};
use crate::run::panics::caught;
use crate::sys::interpreter::without_interpreter;

/// Names between two looks at signals: a millisecond's work.
const CHECKED: usize = 1 << 12;

/// Two directories, and names of files in both; or two files.
type Group<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Option<Bound<'py, PyList>>);

/// What Python gets: an outcome for each pair of files; of how many the content was read; and, for the last
/// `kept` of these, which they are, their size, and when each of the two was modified.
type Outcomes<'py> = (Bound<'py, PyList>, usize, Vec<(usize, u64, f64, f64)>);

/// Compare files of these names in pairs of directories, by the rules of the standard `filecmp`.
///
/// An outcome is 0 (different) or 1 (the same) where the signatures decided, 2 or 3 where the content was
/// read, None for what only `open` and `stat` have the right exceptions for, or the exception for a file that
/// changed meanwhile. The options have their built-in values: a library that uses `filecmp` does not depend
/// on what its program configured.
#[pyfunction]
pub(super) fn compare_files<'py>(
    py: Python<'py>,
    groups: Vec<Group<'py>>,
    shallow: bool,
    kept: usize,
) -> PyResult<Outcomes<'py>> {
    let outcomes = PyList::empty(py);
    let (mut pairs, mut places) = (Vec::new(), Vec::new());
    for (a, b, names) in groups {
        let paths = path(&a).zip(path(&b));
        let Some(names) = names else {
            if let Some(((a, _), (b, _))) = &paths {
                pairs.push((a.clone(), b.clone()));
                places.push(outcomes.len());
            }
            outcomes.append(py.None())?;
            continue;
        };
        // Text and bytes do not join.
        let paths = paths.filter(|(a, b)| a.1 == b.1);
        for name in names.iter() {
            if outcomes.len().is_multiple_of(CHECKED) {
                py.check_signals()?;
            }
            if let Some((((a, is_bytes), (b, _)), (name, name_is_bytes))) =
                paths.as_ref().zip(path(&name))
                && *is_bytes == name_is_bytes
            {
                pairs.push((a.join(&name), b.join(&name)));
                places.push(outcomes.len());
            }
            outcomes.append(py.None())?;
        }
    }
    let (call, options) = (Call::new(None), Options::default());
    let compared = without_interpreter(|interrupt| {
        let context = Context::with_interrupt(&call, interrupt);
        caught(|| compare_file_pairs(&pairs, shallow, &options, &context))
    });
    // A signal handler's exception goes before any outcome: nothing else would ever raise it.
    if let Some(exception) = PyErr::take(py) {
        return Err(exception);
    }
    let compared = compared.map_err(|error| errors::raise(py, &error))?;
    let mut read = Vec::new();
    for (place, outcome) in places.into_iter().zip(compared) {
        match outcome {
            FilePair::Looked(same) => outcomes.set_item(place, u8::from(same))?,
            FilePair::Read(same, size, [a, b]) => {
                outcomes.set_item(place, 2 + u8::from(same))?;
                read.push((place, size, a, b));
            }
            FilePair::Unknown => {}
            FilePair::Changed(error) => {
                outcomes.set_item(place, errors::raise(py, &error).into_value(py))?;
            }
        }
    }
    let total = read.len();
    Ok((outcomes, total, read.split_off(total.saturating_sub(kept))))
}

/// The path that a text is, and whether it came as bytes; `None` for anything else, and for what is no path.
fn path(value: &Bound<'_, PyAny>) -> Option<(PathBuf, bool)> {
    let is_bytes = value.is_instance_of::<PyBytes>();
    if !is_bytes && !value.is_instance_of::<PyString>() {
        return None;
    }
    let text = path_text(value).ok().flatten().filter(|text| !text.contains(&0))?;
    Some((Path::new(OsStr::from_bytes(&text)).to_owned(), is_bytes))
}
