//! A comparison whose findings are read while it goes on: `TreeRun`.
//!
//! A thread of the job queues compares, and never touches the interpreter. Findings come through a bounded channel;
//! the thread that iterates takes those that have come and makes Python objects of them, some at a time. Closing or
//! dropping the run drops the channel and cancels the call.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use pyo3::exceptions::{PyRuntimeError, PyStopAsyncIteration};
use pyo3::prelude::*;

use super::aio::Mailbox;
use super::answer::{Answer, Answered, Names};
use super::records::{Members, progress};
use super::request::TreeRequest;
use super::{conversion, errors, logging, partial, result};
use crate::error::{Error, Result};
use crate::jobs;
use crate::outcome::TreeOutcome;
use crate::run::collect::sort_findings;
use crate::run::context::{Call, Context, PULSE};
use crate::run::panics::caught;
use crate::run::stream::{Found, Streamed};
use crate::sys::interpreter::without_interpreter;

/// Findings that are made Python objects at a time: a fifth of a millisecond's work.
const BATCH: usize = 256;

/// How long closing a run waits for its threads to stop: every call promises to within 100 ms.
const GRACE: Duration = Duration::from_millis(100);

/// Everything that runs: cancelled when the interpreter exits.
static RUNS: LazyLock<Call> = LazyLock::new(|| Call::new(None));

/// Cancels all runs of the process.
pub(super) fn cancel_all() {
    RUNS.cancel();
}

/// What a run came to.
#[derive(Debug, Clone)]
enum End {
    /// Whether everything was compared.
    Compared(Result<bool>),
    /// There was no thread for it.
    NoThread(String),
}

/// A comparison that goes on while its findings are read.
///
/// Iterating it gives a Finding for each path that is not identical, as it is found; with equal=True for
/// each path. The comparison waits for a consumer that is slow. Leaving the `with` block, closing or
/// dropping the run cancels it.
#[pyclass(frozen, weakref, name = "TreeRun", module = "komparu")]
pub(super) struct TreeRun {
    /// The process that it belongs to: a forked child has none of its threads.
    process: u32,
    call: Arc<Call>,
    names: Arc<OnceLock<Names>>,
    streamed: Arc<Streamed<End>>,
    iteration: Mutex<Iteration>,
    is_recorded: AtomicBool,
}

/// What only the thread that iterates uses.
struct Iteration {
    receiver: Option<Receiver<Found>>,
    /// Python objects that have been made and not been asked for.
    ready: VecDeque<Py<PyAny>>,
    is_over: bool,
}

/// What came of waiting for findings.
enum Fetched {
    Some(Vec<Found>),
    /// There will be no more.
    Ended,
    /// A signal handler has raised an exception.
    Interrupted,
}

impl TreeRun {
    /// Begins the comparison.
    pub(super) fn begin(request: TreeRequest) -> Self {
        let TreeRequest { options, compare, names, wants_equal } = request;
        let call = Arc::new(RUNS.part_within(options.comparison_timeout));
        call.note_paths();
        let (streamed, sink, receiver) = Streamed::new(wants_equal);
        let (ended, counted) = (Arc::clone(&streamed), Arc::clone(&call));
        let body = Box::new(move |context: std::io::Result<&Context<'_>>| {
            let end = match context {
                Ok(context) => End::Compared(caught(|| compare(&options, &sink, context))),
                Err(error) => End::NoThread(error.to_string()),
            };
            counted.finish(matches!(end, End::Compared(Ok(true))));
            ended.finish(end);
            drop(sink);
        });
        jobs::detach(Arc::clone(&call), body);
        let (receiver, ready) = (Some(receiver), VecDeque::new());
        let iteration = Mutex::new(Iteration { receiver, ready, is_over: false });
        let (process, is_recorded) = (std::process::id(), AtomicBool::new(false));
        Self { process, call, names, streamed, iteration, is_recorded }
    }

    fn decode(&self) -> result::Decode {
        result::decode(self.names.get().copied().unwrap_or(Names::Paths))
    }

    fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }

    fn check_process(&self) -> PyResult<()> {
        if self.is_inherited() {
            let message = "a TreeRun belongs to the process that opened it, not to a fork of it";
            return Err(PyRuntimeError::new_err(message));
        }
        Ok(())
    }

    /// The iteration, for this thread alone.
    fn iteration(&self) -> PyResult<MutexGuard<'_, Iteration>> {
        self.check_process()?;
        match self.iteration.try_lock() {
            Ok(iteration) => Ok(iteration),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                Err(PyRuntimeError::new_err("another thread is iterating this TreeRun"))
            }
        }
    }

    /// Takes findings that have come, and makes Python objects of them. False where there are none yet.
    fn fill(&self, py: Python<'_>, iteration: &mut Iteration) -> PyResult<bool> {
        // Read before the channel: nothing comes after the end.
        let has_ended = self.streamed.end().is_some() || self.call.is_cancelled();
        let found = match &iteration.receiver {
            None => Err(TryRecvError::Disconnected),
            Some(_) if self.call.is_cancelled() => Err(TryRecvError::Disconnected),
            Some(receiver) => receiver.try_recv(),
        };
        match found {
            Ok(first) => {
                let rest = iteration.receiver.iter().flat_map(Receiver::try_iter);
                let found: Vec<_> = [first].into_iter().chain(rest.take(BATCH - 1)).collect();
                self.make(py, iteration, &found)?;
                Ok(true)
            }
            Err(TryRecvError::Empty) if !has_ended => Ok(false),
            Err(_) => {
                self.end(py, iteration)?;
                Ok(true)
            }
        }
    }

    fn make(&self, py: Python<'_>, iteration: &mut Iteration, found: &[Found]) -> PyResult<()> {
        let (members, decode) = (Members::get(py)?, self.decode());
        for (path, finding) in found {
            let made = members.finding(py, path, finding, decode)?;
            iteration.ready.push_back(made.unbind());
        }
        Ok(())
    }

    /// Waits until there is something, or nothing will come.
    fn wait(&self, iteration: &Iteration, interrupt: &dyn Fn() -> bool) -> Fetched {
        let Some(receiver) = &iteration.receiver else { return Fetched::Ended };
        loop {
            match receiver.recv_timeout(PULSE) {
                Ok(first) => {
                    let rest = receiver.try_iter().take(BATCH - 1);
                    return Fetched::Some([first].into_iter().chain(rest).collect());
                }
                Err(RecvTimeoutError::Disconnected) => return Fetched::Ended,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if interrupt() {
                return Fetched::Interrupted;
            }
            if self.is_to_stop() {
                return Fetched::Ended;
            }
        }
    }

    /// Is nothing more to be waited for? Also where a system call keeps the thread beyond the limit of the call.
    fn is_to_stop(&self) -> bool {
        if Context::new(&self.call).checkpoint().is_ok() {
            return false;
        }
        self.streamed.wait(PULSE);
        true
    }

    /// There are no more findings: raises what has ended the comparison, unless that is its end.
    fn end(&self, py: Python<'_>, iteration: &mut Iteration) -> PyResult<()> {
        iteration.is_over = true;
        iteration.receiver = None;
        self.record(py)?;
        match self.outcome() {
            Err(error) => Err(self.failure(py, &error)),
            Ok(_) => self.check_thread(),
        }
    }

    /// Whether everything was compared, or what has ended the comparison.
    fn outcome(&self) -> Result<bool> {
        match self.streamed.end() {
            Some(End::Compared(Err(Error::Cancelled)) | End::NoThread(_)) => Ok(false),
            Some(End::Compared(outcome)) => outcome,
            None => match Context::new(&self.call).checkpoint() {
                Err(error @ Error::TimedOut(_)) => Err(error),
                _ => Ok(false),
            },
        }
    }

    /// Writes the one record of this call, when it is over.
    fn record(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_recorded.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        logging::record_run(py, &self.call.summary(), matches!(self.outcome(), Ok(true)))
    }

    fn check_thread(&self) -> PyResult<()> {
        match self.streamed.end() {
            Some(End::NoThread(cause)) => {
                Err(PyRuntimeError::new_err(format!("can't start new thread: {cause}")))
            }
            _ => Ok(()),
        }
    }

    /// The exception for an error, with what was found by then.
    fn failure(&self, py: Python<'_>, error: &Error) -> PyErr {
        match error {
            Error::TimedOut(_) => partial::raise_with(py, error, self.answered(false)),
            error => errors::raise(py, error),
        }
    }

    /// What was found by now.
    fn answered(&self, complete: bool) -> Answered {
        let call = self.call.afterwards();
        let mut findings = self.streamed.findings();
        // Without limits it does not fail.
        let _ = sort_findings(&mut findings, &Context::new(&call));
        let outcome = TreeOutcome { findings, equal: Vec::new(), complete };
        let names = self.names.get().copied().unwrap_or(Names::Paths);
        Answered { answer: Answer::Tree(outcome, names), call }
    }

    /// Stops the comparison, without waiting for that.
    fn cancel(&self) {
        self.call.cancel();
        // A thread that is iterating finds that out itself.
        let iteration = match self.iteration.try_lock() {
            Ok(iteration) => Some(iteration),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        let Some(mut iteration) = iteration else { return };
        iteration.is_over = true;
        let left = (iteration.receiver.take(), mem::take(&mut iteration.ready));
        drop(iteration);
        drop(left);
    }
}

#[pymethods]
impl TreeRun {
    fn __iter__(run: Bound<'_, Self>) -> Bound<'_, Self> {
        run
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let mut iteration = self.iteration()?;
        loop {
            if let Some(finding) = iteration.ready.pop_front() {
                return Ok(Some(finding));
            }
            if iteration.is_over {
                return Ok(None);
            }
            if self.fill(py, &mut iteration)? {
                continue;
            }
            match without_interpreter(|interrupt| self.wait(&iteration, interrupt)) {
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
    fn take(&self) -> PyResult<Option<Py<PyAny>>> {
        Ok(self.iteration()?.ready.pop_front())
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
        if self.streamed.end().is_none() {
            self.collect()?;
        }
        self.check_process()?;
        let is_interrupted = without_interpreter(|interrupt| {
            while self.streamed.wait(PULSE).is_none() {
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
        match self.outcome() {
            Ok(complete) => conversion::whole(py, self.answered(complete)),
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
        self.record(py)
    }

    /// The same without waiting until it has stopped.
    fn stop(&self) {
        if !self.is_inherited() {
            self.cancel();
        }
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

impl Drop for TreeRun {
    fn drop(&mut self) {
        if !self.is_inherited() {
            self.call.cancel();
            return;
        }
        // In a forked child the channel's locks are as they were at the fork, and are never released.
        let iteration = self.iteration.get_mut().unwrap_or_else(PoisonError::into_inner);
        mem::forget(iteration.receiver.take());
    }
}
