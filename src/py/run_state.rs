//! What a run is, and does between the calls of Python: it takes findings from the channel, and knows what the
//! comparison came to.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::answer::{Answer, Answered, Names};
use super::records::{Members, progress};
use super::run_objects::RunObjects;
use super::watcher::Watcher;
use super::{errors, logging, partial, result};
use crate::error::{Error, Result};
use crate::outcome::TreeOutcome;
use crate::run::collect::{directories_with_findings, sort_findings};
use crate::run::context::{Call, Context, PULSE};
use crate::run::stream::{Found, Streamed};

/// Findings that are made Python objects at a time: a fifth of a millisecond's work.
const BATCH: usize = 256;

/// What came of waiting for findings.
pub(super) enum Fetched {
    Some(Vec<Found>),
    /// There will be no more.
    Ended,
    /// A signal handler has raised an exception.
    Interrupted,
}

/// What a run came to.
#[derive(Debug, Clone)]
pub(super) enum End {
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
    pub(super) process: u32,
    pub(super) call: Arc<Call>,
    pub(super) names: Arc<OnceLock<Names>>,
    pub(super) streamed: Arc<Streamed<End>>,
    pub(super) iteration: Mutex<Iteration>,
    pub(super) is_recorded: AtomicBool,
    pub(super) watcher: Watcher,
    pub(super) objects: RunObjects,
}

/// What only the thread that iterates uses.
pub(super) struct Iteration {
    pub(super) receiver: Option<Receiver<Found>>,
    /// Python objects that have been made and not been asked for.
    pub(super) ready: VecDeque<Py<PyAny>>,
    pub(super) is_over: bool,
}

impl TreeRun {
    pub(super) fn decode(&self) -> result::Decode {
        result::decode(self.names())
    }

    pub(super) fn names(&self) -> Names {
        self.names.get().copied().unwrap_or(Names::Paths)
    }

    pub(super) fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }

    pub(super) fn check_process(&self) -> PyResult<()> {
        if self.is_inherited() {
            let message = "a TreeRun belongs to the process that opened it, not to a fork of it";
            return Err(PyRuntimeError::new_err(message));
        }
        Ok(())
    }

    /// The iteration, for this thread alone.
    pub(super) fn iteration(&self) -> PyResult<MutexGuard<'_, Iteration>> {
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
    pub(super) fn fill(&self, py: Python<'_>, iteration: &mut Iteration) -> PyResult<bool> {
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

    pub(super) fn make(
        &self,
        py: Python<'_>,
        iteration: &mut Iteration,
        found: &[Found],
    ) -> PyResult<()> {
        let (members, decode) = (Members::get(py)?, self.decode());
        for (path, finding) in found {
            let made = members.finding(py, path, finding, decode)?;
            iteration.ready.push_back(made.unbind());
        }
        Ok(())
    }

    /// Waits until there is something, or nothing will come.
    pub(super) fn wait(&self, iteration: &Iteration, interrupt: &dyn Fn() -> bool) -> Fetched {
        let Some(receiver) = &iteration.receiver else { return Fetched::Ended };
        loop {
            match self.objects.wait_for_found(receiver, PULSE) {
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
    pub(super) fn is_to_stop(&self) -> bool {
        if Context::new(&self.call).checkpoint().is_ok() {
            return false;
        }
        self.streamed.wait(PULSE);
        true
    }

    /// There are no more findings: raises what has ended the comparison, unless that is its end.
    pub(super) fn end(&self, py: Python<'_>, iteration: &mut Iteration) -> PyResult<()> {
        iteration.is_over = true;
        iteration.receiver = None;
        self.record(py)?;
        self.finish_objects(py)?;
        match self.outcome() {
            Err(error) => Err(self.failure(py, &error)),
            Ok(_) => {
                self.check_thread()?;
                self.tell_end(py)
            }
        }
    }

    /// Whether everything was compared, or what has ended the comparison.
    pub(super) fn outcome(&self) -> Result<bool> {
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
    pub(super) fn record(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_recorded.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        logging::record_run(py, &self.call.summary(), matches!(self.outcome(), Ok(true)))
    }

    pub(super) fn check_thread(&self) -> PyResult<()> {
        match self.streamed.end() {
            Some(End::NoThread(cause)) => {
                Err(PyRuntimeError::new_err(format!("can't start new thread: {cause}")))
            }
            _ => Ok(()),
        }
    }

    /// The exception for an error, with what was found by then.
    pub(super) fn failure(&self, py: Python<'_>, error: &Error) -> PyErr {
        match error {
            Error::TimedOut(_) => partial::raise_with(py, error, self.answered(false)),
            error => self.objects.raised(error).unwrap_or_else(|| errors::raise(py, error)),
        }
    }

    /// The comparison is over: closes what was opened for it. Raises what an object has raised that ends more.
    pub(super) fn finish_objects(&self, py: Python<'_>) -> PyResult<()> {
        self.objects.finish(py)?;
        self.objects.raised(&Error::Cancelled).map_or(Ok(()), Err)
    }

    /// What was found by now.
    pub(super) fn found(&self, complete: bool) -> TreeOutcome {
        let (call, mut findings) = (self.call.afterwards(), self.streamed.findings());
        let context = Context::new(&call);
        // Without limits it does not fail.
        let _ = sort_findings(&mut findings, &context);
        let directories = self.streamed.directories();
        let directories = directories_with_findings(directories, &findings, &context);
        let directories = directories.unwrap_or_default();
        TreeOutcome { findings, equal: Vec::new(), directories, complete }
    }

    /// The same, for Python.
    pub(super) fn answered(&self, complete: bool) -> Answered {
        let answer = Answer::Tree(self.found(complete), self.names());
        Answered { answer, call: Some(self.call.afterwards()) }
    }

    /// Stops the comparison, without waiting for that.
    pub(super) fn cancel(&self) {
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

impl TreeRun {
    /// Tells how far the run has come, if it is time for that. What the function raises ends the run.
    pub(super) fn tell(&self, py: Python<'_>) -> PyResult<()> {
        self.tell_if_due(py, false)
    }

    /// Tells of the end, for the first and last time. A run that was closed has none.
    pub(super) fn tell_end(&self, py: Python<'_>) -> PyResult<()> {
        if self.call.is_cancelled() { Ok(()) } else { self.tell_if_due(py, true) }
    }

    fn tell_if_due(&self, py: Python<'_>, is_end: bool) -> PyResult<()> {
        let Some(function) = self.watcher.due(py, is_end) else { return Ok(()) };
        let told = progress(py, &self.call.progress(), self.decode())
            .and_then(|progress| function.call1(py, (progress,)));
        if told.is_err() {
            self.call.cancel();
        }
        told.map(drop)
    }

    /// The same amid waiting, after the objects have been called that are asked something: has that left an exception
    /// set?
    pub(super) fn has_told_and_failed(&self) -> bool {
        let look = |py: Python<'_>| {
            let served = self.objects.serve(py).and_then(|()| self.tell(py));
            served.map_err(|raised| raised.restore(py)).is_err()
        };
        (self.watcher.is_there() || self.objects.are_there()) && Python::attach(look)
    }
}
