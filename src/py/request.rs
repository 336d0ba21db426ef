//! One call of a public function, from its arguments to its result.
//!
//! Every function is described once: a reader turns its arguments into a [`Request`], which knows
//! what to do and what becomes of the outcome. [`comparison!`](super::comparison) makes of a reader
//! the function whose caller waits and the one for event loops: what they take, refuse, return and
//! raise cannot differ.

use std::sync::Arc;
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::making::Making;
use super::{config, environment, errors, options, result};
use crate::error::Result;
use crate::jobs;
use crate::jobs::Load;
use crate::options::Options;
use crate::outcome::{GroupOutcome, TreeOutcome};
use crate::run::collect::Collector;
use crate::run::context::{Call, Context};
use crate::run::panics::caught;
use crate::run::sink::Sink;
use crate::source::Source;
use crate::sys::interpreter::without_interpreter;

/// Names between two looks at signals: two milliseconds' work.
const CHECKED: usize = 1 << 12;

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

/// What the names in a result are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Paths of this machine.
    Paths,
    /// Names of an archive's entries.
    Entries,
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

/// What came of it, before it is made a Python object: the limits of the call hold meanwhile, too.
pub(super) struct Answered {
    pub(super) answer: Answer,
    /// A part of the call.
    pub(super) call: Call,
}

/// What the crate found.
pub(super) enum Answer {
    Same(bool),
    Tree(TreeOutcome, Names),
    Groups(Vec<Source>, GroupOutcome),
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
        // A handler's exception goes before any outcome: nobody else would ever raise it.
        if let Some(exception) = PyErr::take(py) {
            return Err(exception);
        }
        outcome.map_err(|error| errors::raise(py, &error))
    }

    /// The same with all paths that are identical, for those who want to see them: a result and a list.
    pub(super) fn wait_listing(mut self, py: Python<'_>) -> PyResult<Listing<'_>> {
        self.findings = Arc::new(Collector::of_equal_paths_too());
        let answer = self.wait(py)?;
        let paths = answer.equal_paths(py)?;
        Ok((answer.into_python(py)?, paths))
    }
}

/// A result, and all paths that are identical.
pub(super) type Listing<'py> = (Bound<'py, PyAny>, Bound<'py, PyList>);

impl Answered {
    /// What Python gets, made while the caller waits, who may be interrupted.
    pub(super) fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let mut making = Making::new(py, self)?;
        loop {
            if let Some(result) = making.go_on(py, &mut { CHECKED })? {
                return Ok(result);
            }
            py.check_signals()?;
        }
    }

    fn equal_paths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (paths, names) = match &self.answer {
            Answer::Tree(outcome, names) => (&outcome.equal[..], *names),
            Answer::Same(_) | Answer::Groups(..) => (&[][..], Names::Paths),
        };
        let decode = result::decode(names);
        let (list, context) = (PyList::empty(py), Context::new(&self.call));
        for some in paths.chunks(CHECKED) {
            py.check_signals()?;
            context.checkpoint().map_err(|error| errors::raise(py, &error))?;
            for path in some {
                list.append(decode(py, path)?)?;
            }
        }
        Ok(list)
    }
}

/// The configured options, changed by those that the call was given; and, where it fetches URLs, with
/// what the environment says of requests.
pub(super) fn options_for(
    py: Python<'_>,
    function: &str,
    allowed: &[&str],
    given: Option<&Bound<'_, PyDict>>,
    load: Load,
) -> PyResult<Arc<Options>> {
    let configured = config::configured();
    let options = match given {
        None => configured,
        Some(given) => options::merged(&configured, function, allowed, given).map(Arc::new)?,
    };
    match load {
        Load::Disk => Ok(options),
        Load::Transfers(_) => environment::noted(py, options),
    }
}

/// What a call with these sources waits for, if it fetches all its URLs at once.
pub(super) fn load_of<'s>(sources: impl IntoIterator<Item = &'s Source>) -> Load {
    match sources.into_iter().filter(|source| source.is_url()).count() {
        0 => Load::Disk,
        urls => Load::Transfers(urls),
    }
}

/// Makes two Python functions of a reader of arguments: `name`, whose caller waits, and `later`, which
/// only reads the arguments, and returns what `komparu.aio` does the rest with. Both call themselves
/// `name` in what they say. Where a third one follows, it returns all paths that are identical, too: for
/// those who want to see them.
macro_rules! comparison {
    (
        $(#[$about:meta])*
        $name:ident($($parameter:ident),+), $called:literal, $signature:literal, $later:ident, $read:path
        $(, $listing:ident)?
    ) => {
        $(#[$about])*
        #[pyfunction]
        #[pyo3(signature = ($($parameter),+, **options), text_signature = $signature)]
        pub(super) fn $name<'py>(
            py: Python<'py>,
            $($parameter: &Bound<'py, PyAny>,)+
            options: Option<&Bound<'py, PyDict>>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let begun = std::time::Instant::now();
            $read($($parameter,)+ options)?.since(begun).wait(py)?.into_python(py)
        }

        /// The same, for an event loop: reads the arguments, and returns a job that is yet to begin.
        #[pyfunction]
        #[pyo3(name = $called, signature = ($($parameter),+, **options))]
        pub(super) fn $later(
            $($parameter: &Bound<'_, PyAny>,)+
            options: Option<&Bound<'_, PyDict>>,
        ) -> PyResult<$crate::py::aio::Job> {
            Ok($read($($parameter,)+ options)?.into())
        }

        comparison! { @listing $($listing,)? ($($parameter),+), $read }
    };
    (@listing $listing:ident, ($($parameter:ident),+), $read:path) => {
        /// The same, and all paths that are identical: for those who want to see them.
        #[pyfunction]
        #[pyo3(signature = ($($parameter),+, **options))]
        pub(super) fn $listing<'py>(
            py: Python<'py>,
            $($parameter: &Bound<'py, PyAny>,)+
            options: Option<&Bound<'py, PyDict>>,
        ) -> PyResult<$crate::py::request::Listing<'py>> {
            let begun = std::time::Instant::now();
            $read($($parameter,)+ options)?.since(begun).wait_listing(py)
        }
    };
    (@listing ($($parameter:ident),+), $read:path) => {};
}
pub(super) use comparison;
