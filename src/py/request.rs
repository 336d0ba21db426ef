//! One call of a public function, from its arguments to its outcome.

use std::sync::Arc;
use std::time::Instant;

use pyo3::prelude::*;

use super::answer::{Answer, Answered, Names};
use super::errors;
use crate::error::Result;
use crate::jobs::{self, Load};
use crate::options::Options;
use crate::run::collect::Collector;
use crate::run::context::{Call, Context};
use crate::run::panics::caught;
use crate::run::sink::Sink;
use crate::sys::interpreter::without_interpreter;

/// What a function does with its options.
type Comparison = Box<dyn FnOnce(&Options, &Context<'_>) -> Result<Answer> + Send>;

/// What a function does that compares trees: it says to a sink what it finds, and in the end whether everything
/// was compared.
type TreeComparison = Box<dyn FnOnce(&Options, &dyn Sink, &Context<'_>) -> Result<bool> + Send>;

/// What is done for a call.
enum Work {
    Plain(Comparison),
    Tree(TreeComparison, Names),
}

/// A call whose arguments have been read, and found to be good.
pub(super) struct Request {
    pub(super) options: Arc<Options>,
    pub(super) load: Load,
    work: Work,
    /// Where the findings of trees are collected.
    findings: Arc<Collector>,
    /// When the call began.
    begun: Instant,
}

impl Request {
    pub(super) fn new(
        options: Arc<Options>,
        load: Load,
        work: impl FnOnce(&Options, &Context<'_>) -> Result<Answer> + Send + 'static,
    ) -> Self {
        Self::with_work(options, load, Work::Plain(Box::new(work)))
    }

    /// The same for a function that compares trees.
    pub(super) fn of_trees(
        options: Arc<Options>,
        load: Load,
        names: Names,
        work: impl FnOnce(&Options, &dyn Sink, &Context<'_>) -> Result<bool> + Send + 'static,
    ) -> Self {
        Self::with_work(options, load, Work::Tree(Box::new(work), names))
    }

    fn with_work(options: Arc<Options>, load: Load, work: Work) -> Self {
        Self { options, load, work, findings: Arc::default(), begun: Instant::now() }
    }

    /// The same, of a call that began before its arguments were read: there may be a million.
    pub(super) fn since(mut self, begun: Instant) -> Self {
        self.begun = begun;
        self
    }

    /// With the paths that are identical, too.
    pub(super) fn with_equal_paths(mut self) -> Self {
        self.findings = Arc::new(Collector::of_equal_paths_too());
        self
    }

    /// Does what is asked for. Knows nothing of Python.
    pub(super) fn perform(self, context: &Context<'_>) -> Result<Answered> {
        let answer = caught(|| match self.work {
            Work::Plain(compare) => compare(&self.options, context),
            Work::Tree(compare, names) => {
                let complete = compare(&self.options, &*self.findings, context)?;
                Ok(Answer::Tree(self.findings.outcome(complete, context)?, names))
            }
        })?;
        Ok(Answered { answer, call: context.call().part() })
    }

    /// The same while the caller waits, without the interpreter, except that signals are looked after.
    pub(super) fn wait(self, py: Python<'_>) -> PyResult<Answered> {
        let call = Arc::new(Call::since(self.begun, self.options.comparison_timeout));
        let outcome = without_interpreter(|interrupt| match self.options.comparison_timeout {
            None => self.perform(&Context::with_interrupt(&call, interrupt)),
            // A system call may block for longer than the limit.
            Some(_) => jobs::wait(&call, interrupt, Box::new(move |context| self.perform(context))),
        });
        // A handler's exception goes before any outcome: nothing else would ever raise it.
        if let Some(exception) = PyErr::take(py) {
            return Err(exception);
        }
        outcome.map_err(|error| errors::raise(py, &error))
    }
}
