//! The public functions that compare, in every form that each of them has.

use std::ffi::CString;
use std::sync::LazyLock;

use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use super::aio::Job;
use super::public::Public;
use super::request::Request;
use super::{archive, arguments, config, conversion, documentation, listing, many, pairs};

/// All of them.
pub(super) static FUNCTIONS: [&Public; 7] = [
    &pairs::COMPARE,
    &pairs::FIRST_DIFFERENCE,
    &pairs::COMPARE_DIR,
    &archive::COMPARE_ARCHIVE,
    &many::COMPARE_ALL,
    &many::COMPARE_MANY,
    &many::COMPARE_DIR_URLS,
];

/// One form of a function: what it is called besides its name, and what it returns of a request.
type Form = (&'static str, fn(Python<'_>, Request) -> PyResult<Bound<'_, PyAny>>);

/// The caller waits.
const WAITING: Form = ("", |py, request| conversion::whole(py, request.wait(py)?));

/// For an event loop: a job that is yet to begin.
const JOB: Form = ("_job", |py, request| Job::from(request).into_bound_py_any(py));

/// With all paths that are identical, for a caller that wants to show them.
const LISTING: Form = ("_listing", |py, request| listing::wait(py, request)?.into_bound_py_any(py));

/// Adds all of them to the module, and `configure`, which takes options, too.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    /// Names and documentation: Python keeps pointers to them.
    static TEXTS: LazyLock<Vec<(CString, CString)>> = LazyLock::new(|| {
        all().map(|(public, (suffix, _))| documentation::of(public, suffix)).collect()
    });
    static CONFIGURE: LazyLock<(CString, CString)> = LazyLock::new(documentation::of_configure);
    let py = module.py();
    for ((public, (suffix, form)), (name, text)) in all().zip(TEXTS.iter()) {
        let call = move |arguments: &Bound<'_, PyTuple>, named: Option<&Bound<'_, PyDict>>| {
            form(arguments.py(), public.request(arguments, named)?).map(Bound::unbind)
        };
        let function = PyCFunction::new_closure(py, Some(name), Some(text), call)?;
        module.add(&*format!("{}{suffix}", public.name), function)?;
    }
    let configure = |arguments: &Bound<'_, PyTuple>, named: Option<&Bound<'_, PyDict>>| {
        arguments::positional("configure", &[], arguments, named)?;
        config::configure(named)
    };
    let (name, text) = &*CONFIGURE;
    module.add("configure", PyCFunction::new_closure(py, Some(name), Some(text), configure)?)
}

/// The functions, each in the forms that it has.
fn all() -> impl Iterator<Item = (&'static Public, Form)> {
    FUNCTIONS.into_iter().flat_map(|public| {
        let forms = [WAITING, JOB].into_iter().chain(public.has_listing.then_some(LISTING));
        forms.map(move |form| (public, form))
    })
}
