//! Results with all paths that are identical, for a caller that wants to show them.

use pyo3::prelude::*;
use pyo3::types::PyList;

use super::answer::{Answer, Answered, Names};
use super::request::Request;
use super::{conversion, errors, result};
use crate::run::context::Context;

/// Names between two looks at signals: two milliseconds' work.
const CHECKED: usize = 1 << 12;

/// A result, and all paths that are identical.
type Listing<'py> = (Bound<'py, PyAny>, Bound<'py, PyList>);

/// Does what is asked for, while the caller waits.
pub(super) fn wait(py: Python<'_>, request: Request) -> PyResult<Listing<'_>> {
    let answer = request.with_equal_paths().wait(py)?;
    let paths = equal_paths(py, &answer)?;
    Ok((conversion::whole(py, answer)?, paths))
}

fn equal_paths<'py>(py: Python<'py>, answered: &Answered) -> PyResult<Bound<'py, PyList>> {
    let (paths, names) = match &answered.answer {
        Answer::Tree(outcome, names) => (&outcome.equal[..], *names),
        Answer::Same(_) | Answer::Difference(_) | Answer::Groups(..) => (&[][..], Names::Paths),
    };
    let decode = result::decode(names);
    let (list, context) = (PyList::empty(py), Context::new(&answered.call));
    for some in paths.chunks(CHECKED) {
        py.check_signals()?;
        context.checkpoint().map_err(|error| errors::raise(py, &error))?;
        for path in some {
            list.append(decode(py, path)?)?;
        }
    }
    Ok(list)
}
