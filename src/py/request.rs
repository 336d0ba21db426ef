//! One call of a public function, from its arguments to its outcome.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::answer::{Answer, Answered, Names};
use super::objects::CallObjects;
use super::objects::served::Served;
use super::result::Decode;
use super::{errors, logging, partial, records, result};
use crate::error::{Error, Result};
use crate::jobs::{self, Load};
use crate::options::Options;
use crate::outcome::TreeOutcome;
use crate::run::collect::Collector;
use crate::run::context::{Call, Context, PULSE};
use crate::run::panics::caught;
use crate::run::retried;
use crate::run::sink::Sink;
use crate::sys::interpreter::without_interpreter_but as detached;

/// What a function does with its options.
type Comparison = Box<dyn FnOnce(&Options, &Context<'_>) -> Result<Answer> + Send>;

/// What a function does that compares trees: it says to a sink what it finds, and in the end whether everything
/// was compared.
type TreeComparison = Box<dyn FnOnce(&Options, &dyn Sink, &Context<'_>) -> Result<bool> + Send>;

/// What is done for a call.
enum Work {
    Plain(Comparison),
    /// What it finds, and where that is collected.
    Tree(TreeComparison, Collected),
}

/// What is done for a call that compares trees, and where its names will be known to be.
pub(super) struct TreeRequest {
    pub(super) options: Arc<Options>,
    pub(super) compare: TreeComparison,
    pub(super) names: Arc<OnceLock<Names>>,
    /// Are identical paths findings, too?
    pub(super) wants_equal: bool,
    /// When the call began.
    pub(super) begun: Instant,
    /// What is called with the progress, if anything is.
    pub(super) progress: Option<Py<PyAny>>,
    /// The objects among its sources that are called while it compares.
    pub(super) served: Option<Served>,
}

/// Where the findings of trees are collected, and what their names are: known before there are any.
#[derive(Clone)]
pub(super) struct Collected {
    findings: Arc<Collector>,
    names: Arc<OnceLock<Names>>,
}

impl Collected {
    fn answer(&self, complete: bool, context: &Context<'_>) -> Result<Answer> {
        let names = self.names.get().copied().unwrap_or(Names::Paths);
        Ok(Answer::Tree(self.findings.outcome(complete, context)?, names))
    }

    /// What was found by the time that a call ended early.
    pub(super) fn so_far(&self, call: &Call) -> Option<Answered> {
        self.names.get()?;
        let call = call.afterwards();
        let answer = self.answer(false, &Context::new(&call)).ok()?;
        Some(Answered { answer, call: Some(call) })
    }
}

/// How the names of what a call finds become Python strings.
pub(super) fn decode(found: Option<&Collected>) -> Decode {
    let names = found.and_then(|found| found.names.get().copied());
    result::decode(names.unwrap_or(Names::Paths))
}

/// A call whose arguments have been read, and found to be good.
pub(super) struct PreparedCall {
    pub(super) options: Arc<Options>,
    pub(super) load: Load,
    work: Work,
    /// What is called with the progress, if anything is.
    pub(super) progress: Option<Py<PyAny>>,
    /// The objects among its sources.
    pub(super) objects: CallObjects,
    /// When the call began, if that was before now.
    begun: Option<Instant>,
}

impl PreparedCall {
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
        let known = OnceLock::from(names);
        Self::of_any_trees(options, load, known.into(), work)
    }

    /// The same where it is only known while it works what the names are.
    pub(super) fn of_any_trees(
        options: Arc<Options>,
        load: Load,
        names: Arc<OnceLock<Names>>,
        work: impl FnOnce(&Options, &dyn Sink, &Context<'_>) -> Result<bool> + Send + 'static,
    ) -> Self {
        let found = Collected { findings: Arc::default(), names };
        Self::with_work(options, load, Work::Tree(Box::new(work), found))
    }

    /// What is done, for a sink of another kind.
    pub(super) fn into_tree(self) -> Option<TreeRequest> {
        let begun = self.begun();
        match self.work {
            Work::Plain(_) => None,
            Work::Tree(compare, found) => {
                let wants_equal = found.findings.wants_equal();
                let (options, names, progress) = (self.options, found.names, self.progress);
                let served = self.objects.served;
                Some(TreeRequest { options, compare, names, wants_equal, begun, progress, served })
            }
        }
    }

    /// Where its findings will be, if it compares trees.
    pub(super) fn found(&self) -> Option<Collected> {
        match &self.work {
            Work::Plain(_) => None,
            Work::Tree(_, found) => Some(found.clone()),
        }
    }

    fn with_work(options: Arc<Options>, load: Load, work: Work) -> Self {
        let objects = CallObjects::default();
        Self { options, load, work, progress: None, objects, begun: None }
    }

    /// The same, of a call that began before its arguments were read: there may be a million.
    pub(super) fn since(mut self, begun: Instant) -> Self {
        self.begun = Some(begun);
        self
    }

    /// When the call began.
    pub(super) fn begun(&self) -> Instant {
        self.begun.unwrap_or_else(Instant::now)
    }

    /// With the paths that are identical, too.
    pub(super) fn with_equal_paths(mut self) -> Self {
        if let Work::Tree(_, found) = &mut self.work {
            found.findings = Arc::new(Collector::of_equal_paths_too());
        }
        self
    }

    /// Does what is asked for. Knows nothing of Python.
    pub(super) fn perform(self, context: &Context<'_>) -> Result<Answered> {
        let answer = caught(|| match self.work {
            Work::Plain(compare) => compare(&self.options, context),
            Work::Tree(compare, found) => {
                let complete = compare(&self.options, &*found.findings, context)?;
                found.answer(complete, context)
            }
        })?;
        let call = context.call();
        if !matches!(&answer, Answer::Tree(TreeOutcome { complete: false, .. }, _)) {
            call.complete();
        }
        // No other result says how long it took.
        if matches!(&answer, Answer::Tree(..)) {
            call.stop_clock();
        }
        Ok(Answered::within(call, answer))
    }

    /// The same while the caller waits, without the interpreter, except that signals are looked after and objects
    /// are called. With `progress`, the caller's function is called now and then, and once at the end.
    pub(super) fn wait(mut self, py: Python<'_>) -> PyResult<Answered> {
        let call = Arc::new(Call::since(self.begun(), self.options.comparison_timeout));
        let (found, watcher) = (self.found(), self.progress.take());
        // Dropped at the end, when the thread is attached again.
        let mut objects = std::mem::take(&mut self.objects);
        let served = objects.served.take().map(RefCell::new);
        let tell = |watcher: &Py<PyAny>, py: Python<'_>| {
            let progress = records::progress(py, &call.progress(), decode(found.as_ref()))?;
            watcher.call1(py, (progress,)).map(drop)
        };
        if watcher.is_some() {
            call.note_paths();
        }
        let told = Cell::new(Instant::now());
        // Looking at signals, the thread has the interpreter anyway.
        let look = || {
            if served.is_none() && watcher.is_none() && !retried::is_untold() {
                return false;
            }
            Python::attach(|py| {
                let mut looked = served.as_ref().map_or(Ok(()), |it| it.borrow_mut().serve(py));
                if let (Ok(()), Some(watcher)) = (&looked, &watcher)
                    && (served.is_none() || told.get().elapsed() >= PULSE)
                {
                    told.set(Instant::now());
                    looked = tell(watcher, py);
                }
                let looked = looked.and_then(|()| logging::record_retries(py));
                looked.map_err(|raised| raised.restore(py)).is_err()
            })
        };
        let outcome =
            detached(&look, |interrupt| match (&served, self.options.comparison_timeout) {
                (Some(served), _) => wait_and_serve(&call, interrupt, served, self),
                (None, None) => Ok(self.perform(&Context::with_interrupt(&call, interrupt))),
                // A system call may block for longer than the limit.
                (None, Some(_)) => {
                    Ok(jobs::wait(&call, interrupt, Box::new(move |context| self.perform(context))))
                }
            });
        // A handler's exception goes before any outcome: nothing else would ever raise it.
        let raised = PyErr::take(py);
        let mut served = served.map(RefCell::into_inner);
        let finished = served.as_mut().map_or(Ok(()), |served| served.finish(py));
        if let Some(exception) = raised {
            return Err(exception);
        }
        finished?;
        let outcome = outcome
            .map_err(|cause| PyRuntimeError::new_err(format!("can't start new thread: {cause}")))?;
        if let (Ok(_), Some(watcher)) = (&outcome, &watcher) {
            tell(watcher, py)?;
        }
        outcome.map_err(|error| match error {
            Error::TimedOut(_) => {
                partial::raise_with(py, &error, found.and_then(|found| found.so_far(&call)))
            }
            error => {
                let own = served.and_then(|served| served.raised.of(&error));
                own.unwrap_or_else(|| errors::raise(py, &error))
            }
        })
    }
}

/// Has another thread do it, while this one calls the objects.
fn wait_and_serve(
    call: &Arc<Call>,
    look: &dyn Fn() -> bool,
    served: &RefCell<Served>,
    request: PreparedCall,
) -> std::io::Result<Result<Answered>> {
    let (wakes, woken) = crossbeam_channel::bounded(1);
    let asking = wakes.clone();
    served.borrow().requests().wake_by(Box::new(move || {
        // One that has been sent and not been taken is as good.
        let _ = asking.try_send(());
    }));
    let work = Box::new(move |context: &Context<'_>| request.perform(context));
    jobs::serve(call, look, (wakes, &woken), work)
}
