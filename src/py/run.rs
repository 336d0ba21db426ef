//! A comparison whose findings are read while it goes on: `TreeRun`.
//!
//! A thread of the job queues compares, and never touches the interpreter. Findings come through a bounded channel;
//! the thread that iterates takes those that have come and makes Python objects of them, some at a time. Closing or
//! dropping the run drops the channel and cancels the call.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use pyo3::{PyTraverseError, PyVisit};

use super::aio::Mailbox;
use super::objects::bridge::Bridge;
use super::records::{progress, summary};
use super::request::TreeRequest;
use super::run_objects::RunObjects;
use super::run_state::{End, Fetched, Iteration, TreeRun};
use super::watcher::Watcher;
use super::{conversion, errors, lines};
use crate::error::{Error, Result};
use crate::jobs;
use crate::outcome::TreeOutcome;
use crate::run::context::{Call, Context, PULSE};
use crate::run::panics::caught;
use crate::run::stream::Streamed;
use crate::sys::interpreter::without_interpreter_but as detached;

/// How long closing a run waits for its threads to stop: every call promises to within 100 ms.
const GRACE: Duration = Duration::from_millis(100);

/// Lines in pieces, a Summary, and whether everything was compared.
type Lines<'py> = (Vec<Bound<'py, PyString>>, Bound<'py, PyAny>, bool);

/// Everything that runs: cancelled when the interpreter exits.
static RUNS: LazyLock<Call> = LazyLock::new(|| Call::new(None));

/// Cancels all runs of the process.
pub(super) fn cancel_all() {
    RUNS.cancel();
}

impl TreeRun {
    /// Begins the comparison.
    pub(super) fn begin(request: TreeRequest) -> Self {
        let TreeRequest { options, compare, names, wants_equal, begun, progress, served } = request;
        let call = Arc::new(RUNS.part_within(begun, options.comparison_timeout));
        call.note_paths();
        let (streamed, sink, receiver) = Streamed::new(wants_equal);
        let (objects, objects_end) = RunObjects::new(served);
        let (ended, counted) = (Arc::clone(&streamed), Arc::clone(&call));
        let body = Box::new(move |context: std::io::Result<&Context<'_>>| {
            let end = match &context {
                Ok(context) => End::Compared(caught(|| compare(&options, &sink, context))),
                Err(error) => End::NoThread(error.to_string()),
            };
            if matches!(end, End::Compared(Ok(true))) {
                counted.complete();
            }
            counted.stop_clock();
            objects_end.close(context.ok());
            ended.finish(end);
            drop(sink);
            objects_end.wake();
        });
        jobs::detach(Arc::clone(&call), body);
        let (receiver, ready) = (Some(receiver), VecDeque::new());
        let iteration = Mutex::new(Iteration { receiver, ready, is_over: false });
        let (process, is_recorded) = (std::process::id(), AtomicBool::new(false));
        let watcher = Watcher::new(progress, begun);
        Self { process, call, names, streamed, iteration, is_recorded, watcher, objects }
    }
}

#[pymethods]
impl TreeRun {
    fn __iter__(run: Bound<'_, Self>) -> Bound<'_, Self> {
        run
    }

    /// Have pydantic, which has loaded its own part by then, take a run as it is.
    #[classmethod]
    fn __get_pydantic_core_schema__<'py>(
        class: &Bound<'py, PyType>,
        _source: &Bound<'py, PyAny>,
        _handler: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let schemas = class.py().import("pydantic_core.core_schema")?;
        schemas.call_method1("is_instance_schema", (class,))
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut iteration = self.iteration()?;
        loop {
            // What is left would not be looked at.
            self.tell(py).inspect_err(|_| iteration.is_over = true)?;
            if let Some(finding) = iteration.ready.pop_front() {
                return Ok(Some(finding));
            }
            if iteration.is_over {
                return Ok(None);
            }
            if self.fill(py, &mut iteration)? {
                continue;
            }
            let look = || self.has_told_and_failed();
            match detached(&look, |interrupt| self.wait(&iteration, interrupt)) {
                Fetched::Some(found) => self.make(py, &mut iteration, &found)?,
                Fetched::Ended => self.end(py, &mut iteration)?,
                Fetched::Interrupted => {
                    let raised = PyErr::take(py);
                    return Err(raised.unwrap_or_else(|| errors::raise(py, &Error::Cancelled)));
                }
            }
        }
    }

    /// The next finding that has been made; None where there is none now.
    fn take(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        self.tell(py)?;
        Ok(self.iteration()?.ready.pop_front())
    }

    /// Is there a function that is to be told of the progress?
    #[getter]
    fn is_watched(&self) -> bool {
        self.watcher.is_there()
    }

    /// Tell it, if that is due.
    #[pyo3(name = "tell")]
    fn tell_now(&self, py: Python<'_>) -> PyResult<()> {
        self.tell(py)
    }

    /// Make findings of what has come. False where nothing has come. Raises StopAsyncIteration at the end.
    fn fetch(&self, py: Python<'_>) -> PyResult<bool> {
        let mut iteration = self.iteration()?;
        if !iteration.ready.is_empty() {
            return Ok(true);
        }
        if !iteration.is_over {
            self.fill(py, &mut iteration)?;
        }
        if iteration.is_over {
            return Err(PyStopAsyncIteration::new_err(()));
        }
        Ok(!iteration.ready.is_empty())
    }

    /// Have the future of a loop resolved that `mailbox` belongs to, once there is something to fetch. False,
    /// and never, if there is something already.
    fn watch(&self, mailbox: &Bound<'_, Mailbox>, job_id: u64) -> PyResult<bool> {
        let iteration = self.iteration()?;
        let wake = mailbox.get().wake_up(job_id);
        Ok(self.streamed.wake_when_found(iteration.receiver.as_ref(), wake))
    }

    /// Are there objects to be called by the thread that iterates it?
    #[getter]
    fn has_objects(&self) -> bool {
        self.objects.are_there()
    }

    /// From now on a bridge calls the objects.
    fn serve_by(&self, bridge: &Bound<'_, Bridge>) {
        self.objects.serve_by(bridge.get());
    }

    /// From now on findings are kept for the result alone, and the comparison waits for no consumer.
    fn collect(&self) -> PyResult<()> {
        let mut iteration = self.iteration()?;
        self.streamed.collect();
        iteration.is_over = true;
        let left = (iteration.receiver.take(), mem::take(&mut iteration.ready));
        drop(iteration);
        drop(left);
        Ok(())
    }

    /// Has the comparison come to its end, or must it not be waited for any more?
    #[getter]
    fn has_ended(&self) -> bool {
        self.streamed.end().is_some() || Context::new(&self.call).checkpoint().is_err()
    }

    /// Have its threads stopped?
    #[getter]
    fn has_stopped(&self) -> bool {
        self.streamed.end().is_some()
    }

    /// Seconds that are left of comparison_timeout.
    #[getter]
    fn time_left(&self) -> Option<f64> {
        self.call.time_left().map(|left| left.as_secs_f64())
    }

    /// The DirResult of everything. Waits for the end of the comparison; findings that have not been iterated
    /// by then are in the result only. Of a run that was closed before, what was found by then: such a result is
    /// not complete.
    ///
    /// Raises:
    ///     What the comparison raised, if it failed.
    fn result<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.wait_for_end(py)? {
            Ok(complete) => conversion::whole(py, self.answered(complete)),
            Err(error) => Err(self.failure(py, &error)),
        }
    }

    /// What the command line prints, in pieces of some lines each; the Summary; and whether everything was
    /// compared. Waits and raises as `result` does, and takes a fraction of the time that making it takes.
    fn lines<'py>(&self, py: Python<'py>, folds: bool) -> PyResult<Lines<'py>> {
        match self.wait_for_end(py)? {
            Ok(complete) => {
                let TreeOutcome { findings, directories, .. } = self.found(complete);
                let directories = if folds && complete { directories } else { Vec::new() };
                let lines = lines::of_findings(py, findings, directories, self.names())?;
                Ok((lines, summary(py, &self.call.summary())?, complete))
            }
            Err(error) => Err(self.failure(py, &error)),
        }
    }

    /// How far the comparison has come: a Progress, at any time and from any thread.
    #[getter]
    fn progress<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.check_process()?;
        progress(py, &self.call.progress(), self.decode())
    }

    /// Stop the comparison, if it has not ended. Closing it again does nothing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.check_process()?;
        self.cancel();
        if self.streamed.end().is_none() {
            py.detach(|| self.streamed.wait(GRACE));
        }
        self.objects.finish(py)?;
        self.record(py)
    }

    /// The same without waiting until it has stopped.
    fn stop(&self) {
        if !self.is_inherited() {
            self.cancel();
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is called with a value")]
    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        self.watcher.traverse(&visit)?;
        self.objects.traverse(&visit)
    }

    fn __clear__(&self) {
        self.watcher.clear();
        self.objects.clear();
    }

    fn __enter__(run: Bound<'_, Self>) -> Bound<'_, Self> {
        run
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: &Bound<'_, PyAny>,
        _value: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        if self.is_inherited() { Ok(()) } else { self.close(py) }
    }
}

impl TreeRun {
    /// Waits for the end, or until objects are asked something.
    fn wait_for_news(&self, patience: Duration) -> Option<End> {
        if self.objects.are_there() {
            self.objects.wait(patience);
            return self.streamed.end();
        }
        self.streamed.wait(patience)
    }

    /// Waits for the end of the comparison: what it came to, and whether everything was compared.
    fn wait_for_end(&self, py: Python<'_>) -> PyResult<Result<bool>> {
        if self.streamed.end().is_none() {
            self.collect()?;
        }
        self.check_process()?;
        let look = || self.has_told_and_failed();
        let is_interrupted = detached(&look, |interrupt| {
            while self.wait_for_news(PULSE).is_none() {
                if interrupt() {
                    return true;
                }
                if self.is_to_stop() {
                    break;
                }
            }
            false
        });
        if is_interrupted && let Some(raised) = PyErr::take(py) {
            return Err(raised);
        }
        self.check_thread()?;
        self.record(py)?;
        self.finish_objects(py)?;
        let outcome = self.outcome();
        if outcome.is_ok() {
            self.tell_end(py)?;
        }
        Ok(outcome)
    }
}

impl Drop for TreeRun {
    fn drop(&mut self) {
        if !self.is_inherited() {
            self.call.cancel();
            return;
        }
        // In a forked child the channel's locks are as they were at the fork, and are never released.
        let iteration = self.iteration.get_mut().unwrap_or_else(PoisonError::into_inner);
        mem::forget(iteration.receiver.take());
        self.objects.forget();
    }
}
