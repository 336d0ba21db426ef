//! The public functions that compare, in every form that each of them has.

use std::ffi::CString;
use std::sync::LazyLock;

use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use super::aio::Job;
use super::public::Public;
use super::request::PreparedCall;
use super::settings::Settings;
use super::{
    archive, arguments, config, conversion, documentation, iterate, logging, many, pairs,
    write_manifest,
};
use crate::options::Function;

/// All of them.
pub(super) static FUNCTIONS: [&Public; 10] = [
    &pairs::COMPARE,
    &pairs::FIRST_DIFFERENCE,
    &pairs::COMPARE_DIR,
    &archive::COMPARE_ARCHIVE,
    &many::COMPARE_ALL,
    &many::COMPARE_MANY,
    &many::COMPARE_DIR_URLS,
    &iterate::COMPARE_TREES,
    &iterate::ITER_TREES,
    &write_manifest::WRITE_MANIFEST,
];

/// One form of a function.
#[derive(Clone, Copy)]
struct Form {
    /// What it is called behind the function's name.
    suffix: &'static str,
    /// Does it take the settings of a `Comparer` before all else?
    takes_settings: bool,
    /// Is it the whole call, so that a record can be written of it?
    is_recorded: bool,
    /// What it returns of a request.
    finish: fn(Python<'_>, PreparedCall) -> PyResult<Bound<'_, PyAny>>,
}

/// The caller waits.
const WAITING: Form = Form {
    suffix: "",
    takes_settings: false,
    is_recorded: true,
    finish: |py, request| conversion::whole(py, request.wait(py)?),
};

/// For an event loop: a job that is yet to begin.
const JOB: Form = Form {
    suffix: "_job",
    takes_settings: false,
    is_recorded: false,
    finish: |py, request| Job::from(request).into_bound_py_any(py),
};

/// A run, which has begun.
const RUN: Form = Form {
    suffix: "",
    takes_settings: false,
    is_recorded: false,
    finish: |py, request| iterate::begin(request)?.into_bound_py_any(py),
};

/// The same as a `Comparer` has them.
const WAITING_WITH: Form = Form { suffix: "_with", takes_settings: true, ..WAITING };
const JOB_WITH: Form = Form { suffix: "_job_with", takes_settings: true, ..JOB };
const RUN_WITH: Form = Form { suffix: "_with", takes_settings: true, ..RUN };

/// Adds all of them to the module, and `configure`, which takes options, too.
pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    /// Names and documentation: Python keeps pointers to them.
    static TEXTS: LazyLock<Vec<(CString, CString)>> = LazyLock::new(|| {
        all().map(|(public, form)| documentation::of(public, form.suffix)).collect()
    });
    static CONFIGURE: LazyLock<(CString, CString)> = LazyLock::new(documentation::of_configure);
    let py = module.py();
    for ((public, form), (name, text)) in all().zip(TEXTS.iter()) {
        let call = move |arguments: &Bound<'_, PyTuple>, named: Option<&Bound<'_, PyDict>>| {
            call(public, form, arguments, named).map(Bound::unbind)
        };
        let function = PyCFunction::new_closure(py, Some(name), Some(text), call)?;
        module.add(&*format!("{}{}", public.name, form.suffix), function)?;
    }
    let configure = |arguments: &Bound<'_, PyTuple>, named: Option<&Bound<'_, PyDict>>| {
        arguments::positional("configure", &[], arguments.iter(), named)?;
        config::configure(named)
    };
    let (name, text) = &*CONFIGURE;
    module.add("configure", PyCFunction::new_closure(py, Some(name), Some(text), configure)?)
}

/// The functions, each in the forms that it has.
fn all() -> impl Iterator<Item = (&'static Public, Form)> {
    FUNCTIONS.into_iter().flat_map(|public| {
        let forms: &[Form] = match public.function {
            Function::IterTrees => &[RUN, RUN_WITH],
            _ => &[WAITING, JOB, WAITING_WITH, JOB_WITH],
        };
        forms.iter().map(move |&form| (public, form))
    })
}

/// A call of a function in one of its forms.
fn call<'py>(
    public: &'static Public,
    form: Form,
    arguments: &Bound<'py, PyTuple>,
    named: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, mut given) = (arguments.py(), arguments.iter());
    // A caller in Python that hands on its `**options` gives a dictionary even if there are none.
    let named = named.filter(|named| !named.is_empty());
    let settings = if form.takes_settings { given.next() } else { None };
    let settings = settings.as_ref().map(Bound::cast::<Settings>).transpose()?;
    let settings = settings.map(|settings| settings.get().overrides());
    let request = public.request(settings, given, named)?;
    let outcome = (form.finish)(py, request);
    if form.is_recorded {
        let sources = arguments.iter().skip(usize::from(form.takes_settings));
        logging::record(py, public.name, sources, &outcome)?;
    }
    outcome
}
