//! Trees of any kind, whose findings are read while they are compared.

use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::answer::Names;
use super::arguments::{Extra, Parameter};
use super::classes::classes;
use super::public::{Asked, Public, load_of};
use super::request::PreparedCall;
use super::run_state::TreeRun;
use super::values::boolean;
use super::{many, sources};
use crate::compare::trees::is_directory;
use crate::options::Function;

pub(super) static ITER_TREES: Public = Public {
    function: Function::IterTrees,
    name: "iter_trees",
    parameters: &[
        Parameter {
            name: "left",
            annotation: "SourceLike",
            about: "A directory, or an archive: a local path, a URL or a Source.",
        },
        Parameter {
            name: "right",
            annotation: "SourceLike | Mapping[PathKey, SourceLike]",
            about: "What it is compared with: a directory, or a mapping of relative paths to URLs or \
                Sources, if the first one is a directory; else another archive.",
        },
    ],
    extras: &[&Extra {
        name: "equal",
        annotation: "bool",
        default: "False",
        about: "Give a finding for each path that is identical, too.",
    }],
    returns: "TreeRun",
    about: "\
Compare two trees, and give what is found as it is found.

The two are compared as `compare_dir`, `compare_archive` or `compare_dir_urls` would, by threads of
komparu's own; options that are about another kind of tree count for nothing. What is found waits in a
bounded queue, so a consumer that is slow makes the comparison wait. Of two archives everything is
found when all entries of both have passed.",
    outcome: "\
Returns:
    A TreeRun: iterate it for a Finding at a time. Use it in a `with` block, whose end stops what is left.

Raises:
    ConfigError: A URL of a kind that is not supported.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type.",
    read: read_iter_trees,
};

fn read_iter_trees(given: &[Bound<'_, PyAny>], asked: &Asked<'_, '_>) -> PyResult<PreparedCall> {
    let [left, right] = given else { unreachable!("as many as it has parameters") };
    let py = left.py();
    let wants_equal = asked.extra("equal")?.map_or(Ok(false), |it| boolean("equal", &it))?;
    let request = if right.is_instance(classes(py)?.mapping.bind(py))? {
        many::read_map((left, "left"), (right, "right"), asked)?
    } else {
        let (a, b) = (sources::source(left, "left")?, sources::source(right, "right")?);
        let load = load_of([&a, &b]);
        let options = asked.options(py, load)?;
        let names = Arc::new(OnceLock::new());
        let known = Arc::clone(&names);
        PreparedCall::of_any_trees(options, load, names, move |options, sink, context| {
            if is_directory(&a) || is_directory(&b) {
                let _ = known.set(Names::Paths);
                return crate::report_dir(&a, &b, options, sink, context);
            }
            let _ = known.set(Names::Entries);
            crate::report_archive(&a, &b, options, sink, context)
        })
    };
    Ok(if wants_equal { request.with_equal_paths() } else { request })
}

/// Begins a run.
pub(super) fn begin(request: PreparedCall) -> PyResult<TreeRun> {
    match request.into_tree() {
        Some(request) => Ok(TreeRun::begin(request)),
        None => Err(PyRuntimeError::new_err("only trees have findings")),
    }
}
