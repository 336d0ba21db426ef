//! What is said of a public function that compares, once: [`Public`].
//!
//! A description turns arguments into a [`PreparedCall`], which knows what to do and what the outcome becomes.
//! So the function whose caller waits and the one for event loops cannot differ in what they take, refuse,
//! return and raise. The options that a function takes are those that the table has for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt};

use super::arguments::{Extra, Parameter};
use super::objects::Objects;
use super::request::PreparedCall;
use super::values::wrong_type;
use super::{arguments, config, environment, errors};
use crate::jobs::Load;
use crate::options::{Function, Options, Overrides, Row};
use crate::run::context::Call;
use crate::source::Source;

/// What every function has whose caller waits, or awaits.
pub(super) static PROGRESS: Extra = Extra {
    name: "progress",
    annotation: "ProgressCallback | None",
    default: "None",
    about: "Called with a Progress, at most 20 times a second and once at the end: in the caller's own thread, or \
        by the event loop. What it raises ends the call.",
};

/// A public function that compares.
pub(super) struct Public {
    pub(super) function: Function,
    pub(super) name: &'static str,
    /// Its arguments that have a position: names, types for the stubs, what they are.
    pub(super) parameters: &'static [Parameter],
    /// Its other arguments that are no options.
    pub(super) extras: &'static [&'static Extra],
    /// The type of its result, for the stubs.
    pub(super) returns: &'static str,
    /// What it does: the docstring above the arguments.
    pub(super) about: &'static str,
    /// What it returns and raises: the docstring below them.
    pub(super) outcome: &'static str,
    /// Reads the arguments that have a position, and asks for the options.
    pub(super) read: fn(&[Bound<'_, PyAny>], &Asked<'_, '_>) -> PyResult<PreparedCall>,
}

/// The options of a call, yet to be read.
pub(super) struct Asked<'a, 'py> {
    public: &'static Public,
    settings: Option<&'a Overrides>,
    named: Option<&'a Bound<'py, PyDict>>,
    /// When the call began.
    begun: Instant,
    /// Where objects among its sources are collected.
    pub(super) objects: &'a Objects,
}

impl<'py> Asked<'_, 'py> {
    /// An argument that is no option and has no position, if it was given.
    pub(super) fn extra(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.named.map(|named| named.get_item(name)).transpose()?.flatten())
    }

    /// The configured options, changed by the settings and then by those that the call was given; and, where
    /// it fetches URLs, with what the environment says of requests.
    pub(super) fn options(&self, py: Python<'_>, load: Load) -> PyResult<Arc<Options>> {
        let mut options = config::configured();
        if let Some(settings) = self.settings {
            Arc::make_mut(&mut options).apply(settings);
        }
        if let Some(named) = self.named {
            let Public { function, name, .. } = self.public;
            let known = |name: &str| Row::named(name).filter(|row| row.is_taken_by(*function));
            let unknown = |option: &str| {
                let message = format!("{name}() got an unexpected keyword argument '{option}'");
                PyTypeError::new_err(message)
            };
            let given = arguments::options(|name| self.public.has(name), named, known, unknown)?;
            let overrides = given.checked().map_err(|error| errors::raise(py, &error))?;
            Arc::make_mut(&mut options).apply(&overrides);
        }
        match load {
            Load::Disk => Ok(options),
            Load::Transfers(_) => environment::noted(py, options),
        }
    }
}

impl Asked<'_, '_> {
    /// What stops when the time of the call is over: reading many sources takes some of it. A limit that is no
    /// number, or cannot be one, is refused when the options are read.
    pub(super) fn call(&self) -> Call {
        let given =
            self.named.and_then(|named| named.get_item("comparison_timeout").ok().flatten());
        let limit = match given {
            Some(value) if value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>() => {
                let seconds = value.extract().ok();
                seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            }
            Some(_) => None,
            None => {
                let mut options = config::configured();
                if let Some(settings) = self.settings {
                    Arc::make_mut(&mut options).apply(settings);
                }
                options.comparison_timeout
            }
        };
        Call::since(self.begun, limit)
    }

    /// What is to be called with the progress, if anything is.
    fn watcher(&self) -> PyResult<Option<Py<PyAny>>> {
        match self.extra(PROGRESS.name)? {
            Some(value) if value.is_callable() => Ok(Some(value.unbind())),
            Some(value) if !value.is_none() => {
                Err(wrong_type(PROGRESS.name, "callable or None", &value))
            }
            _ => Ok(None),
        }
    }
}

impl Public {
    /// Does it have an argument of this name that is no option?
    fn has(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
            || self.extras.iter().any(|extra| extra.name == name)
    }

    /// Reads and checks all arguments of a call, within some settings.
    pub(super) fn request<'py>(
        &'static self,
        settings: Option<&Overrides>,
        arguments: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
        named: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<PreparedCall> {
        let begun = Instant::now();
        let found = arguments::positional(self.name, self.parameters, arguments, named)?;
        let objects = Objects::default();
        let asked = Asked { public: self, settings, named, begun, objects: &objects };
        let mut request = (self.read)(&found, &asked)?.since(begun);
        request.progress = asked.watcher()?;
        request.objects = objects.finish();
        Ok(request)
    }
}

/// What a call with these sources waits for, if it fetches all its URLs at once.
pub(super) fn load_of<'s>(sources: impl IntoIterator<Item = &'s Source>) -> Load {
    match sources.into_iter().filter(|source| source.is_transferred()).count() {
        0 => Load::Disk,
        urls => Load::Transfers(urls),
    }
}
