//! What is said of a public function that compares, once: [`Public`].
//!
//! A description turns arguments into a [`Request`], which knows what to do and what the outcome becomes.
//! So the function whose caller waits and the one for event loops cannot differ in what they take, refuse,
//! return and raise. The options that a function takes are those that the table has for it.

use std::sync::Arc;
use std::time::Instant;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::arguments::Parameter;
use super::request::Request;
use super::{arguments, config, environment, errors};
use crate::jobs::Load;
use crate::options::{Function, Options, Overrides, Row};
use crate::source::Source;

/// A public function that compares.
pub(super) struct Public {
    pub(super) function: Function,
    pub(super) name: &'static str,
    /// Its arguments that have a position: names, types for the stubs, what they are.
    pub(super) parameters: &'static [Parameter],
    /// The type of its result, for the stubs.
    pub(super) returns: &'static str,
    /// What it does: the docstring above the arguments.
    pub(super) about: &'static str,
    /// What it returns and raises: the docstring below them.
    pub(super) outcome: &'static str,
    /// Does its result speak of paths, so that those that are identical can be listed, too?
    pub(super) has_listing: bool,
    /// Reads the arguments that have a position, and asks for the options.
    pub(super) read: fn(&[Bound<'_, PyAny>], &Asked<'_, '_>) -> PyResult<Request>,
}

/// The options of a call, yet to be read.
pub(super) struct Asked<'a, 'py> {
    public: &'static Public,
    settings: Option<&'a Overrides>,
    named: Option<&'a Bound<'py, PyDict>>,
}

impl Asked<'_, '_> {
    /// The configured options, changed by the settings and then by those that the call was given; and, where
    /// it fetches URLs, with what the environment says of requests.
    pub(super) fn options(&self, py: Python<'_>, load: Load) -> PyResult<Arc<Options>> {
        let mut options = config::configured();
        if let Some(settings) = self.settings {
            Arc::make_mut(&mut options).apply(settings);
        }
        if let Some(named) = self.named {
            let Public { function, name, .. } = self.public;
            let known =
                |name: &str| Row::named(name).filter(|row| row.functions.contains(function));
            let unknown = |option: &str| {
                let message = format!("{name}() got an unexpected keyword argument '{option}'");
                PyTypeError::new_err(message)
            };
            let given = arguments::options(self.public.parameters, named, known, unknown)?;
            let overrides = given.checked().map_err(|error| errors::raise(py, &error))?;
            Arc::make_mut(&mut options).apply(&overrides);
        }
        match load {
            Load::Disk => Ok(options),
            Load::Transfers(_) => environment::noted(py, options),
        }
    }
}

impl Public {
    /// Reads and checks all arguments of a call, within some settings.
    pub(super) fn request<'py>(
        &'static self,
        settings: Option<&Overrides>,
        arguments: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
        named: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Request> {
        let begun = Instant::now();
        let found = arguments::positional(self.name, self.parameters, arguments, named)?;
        Ok((self.read)(&found, &Asked { public: self, settings, named })?.since(begun))
    }
}

/// What a call with these sources waits for, if it fetches all its URLs at once.
pub(super) fn load_of<'s>(sources: impl IntoIterator<Item = &'s Source>) -> Load {
    match sources.into_iter().filter(|source| source.is_url()).count() {
        0 => Load::Disk,
        urls => Load::Transfers(urls),
    }
}
