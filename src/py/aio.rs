//! What event loops use of the job queues. The rest is Python, in `komparu.aio`.
//!
//! A [`Job`] is a call whose arguments have been read. A [`Mailbox`] belongs to one loop: finished
//! jobs wait in it until the loop, told by a descriptor, has them delivered. Only the loop's own thread
//! makes Python objects of results; the threads that work never touch the interpreter.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::intern;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::answer::{self, Answered};
use super::conversion::Conversion;
use super::objects::bridge::Bridge;
use super::objects::raised::Raised;
use super::request::{Collected, PreparedCall, decode};
use super::{config, errors, logging, partial, records};
use crate::error::{Error, Name};
use crate::jobs;
use crate::jobs::{Failure, Outcome};
use crate::run::context::{Call, Context};
use crate::run::stream::Wake;
use crate::sys::lock::lock;

/// Names in results that are made at a time, so that the loop's other callbacks get their turn:
/// about 2 ms of work.
const AT_ONCE: usize = 4000;

/// How long a forked child's loop sleeps when it is woken by its parent's descriptor: until the parent has
/// cleared that, the child's loop would be woken in every turn, and do nothing else.
const TURN: Duration = Duration::from_millis(1);

/// What it costs to make and deliver a result that has no names in it, in names.
const DELIVERY: usize = 4;

/// What a job comes to.
type JobAnswer = std::result::Result<Answered, Box<Unanswered>>;

/// Why a job has no answer, and what was found by then.
struct Unanswered {
    error: Error,
    partial: Option<Answered>,
    /// What objects of the call have raised, if it has any.
    raised: Option<Arc<Raised>>,
}

/// A call whose arguments have been read. It is begun once, by `Mailbox.begin`.
#[pyclass(frozen, module = "komparu._core")]
pub(super) struct Job {
    request: Mutex<Option<PreparedCall>>,
    begun: OnceLock<Arc<jobs::Job<JobAnswer>>>,
    /// Seconds that the call may take.
    #[pyo3(get)]
    timeout: Option<f64>,
    /// What it finds, if it compares trees.
    found: Option<Collected>,
    /// What is called with the progress, if anything is.
    #[pyo3(get)]
    watcher: Option<Py<PyAny>>,
    /// Are there objects to be called? Then it takes a bridge to begin it.
    #[pyo3(get)]
    has_objects: bool,
}

impl From<PreparedCall> for Job {
    fn from(mut request: PreparedCall) -> Self {
        let watcher = request.progress.take();
        let timeout = request.options.comparison_timeout.map(|limit| limit.as_secs_f64());
        let found = request.found();
        let (has_objects, begun) = (request.objects.served.is_some(), OnceLock::new());
        Self { request: Mutex::new(Some(request)), begun, timeout, found, watcher, has_objects }
    }
}

#[pymethods]
impl Job {
    /// Gives the job up: it stops within 100 ms, or never begins. False if it has finished, and its result
    /// will be delivered.
    fn abandon(&self) -> bool {
        self.begun.get().is_none_or(|job| job.abandon())
    }

    /// How far it has come, if it has begun: a Progress.
    fn progress<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(job) = self.begun.get() else { return Ok(None) };
        records::progress(py, &job.call().progress(), decode(self.found.as_ref())).map(Some)
    }

    /// What it raises when its time is up, with what was found by then.
    fn timed_out<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        let seconds = self.timeout.unwrap_or_default();
        let limit = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let found = self.begun.get().zip(self.found.as_ref());
        let found = found.and_then(|(job, found)| found.so_far(job.call()));
        let raised = partial::raise_with(py, &Error::TimedOut(limit), found);
        raised.into_value(py).into_bound(py).into_any()
    }
}

impl Drop for Job {
    /// Its result cannot be asked for any more.
    fn drop(&mut self) {
        if let Some(job) = self.begun.get() {
            job.abandon();
        }
    }
}

/// Where the finished jobs of one event loop wait for it.
#[pyclass(frozen, module = "komparu._core")]
pub(super) struct Mailbox {
    finished: Arc<jobs::Mailbox<JobAnswer>>,
    /// What has been taken from it, and not been delivered yet.
    taken: Mutex<VecDeque<(u64, Pending)>>,
    /// Everything that the loop has begun.
    calls: Call,
}

#[pymethods]
impl Mailbox {
    /// A mailbox with a descriptor of its own, or with that of another one.
    #[new]
    #[pyo3(signature = (beside = None))]
    fn new(py: Python<'_>, beside: Option<&Bound<'_, Self>>) -> PyResult<Self> {
        let finished = match beside {
            Some(other) => other.get().finished.beside(),
            None => jobs::Mailbox::new().map_err(|error| {
                let name = Name::new(b"event loop");
                errors::raise(py, &Error::system(&name, &error))
            })?,
        };
        Ok(Self { finished: Arc::new(finished), taken: Mutex::default(), calls: Call::new(None) })
    }

    /// The descriptor that is readable when there may be something to deliver.
    #[getter]
    fn descriptor(&self) -> i32 {
        self.finished.descriptor()
    }

    /// Have a job done. Its result will be under `job_id`. The bridge is for its objects, if it has any.
    #[pyo3(signature = (job, job_id, bridge = None))]
    fn begin(
        &self,
        job: &Bound<'_, Job>,
        job_id: u64,
        bridge: Option<&Bound<'_, Bridge>>,
    ) -> PyResult<()> {
        let job = job.get();
        let request = lock(&job.request).take();
        let Some(mut request) = request else {
            return Err(PyRuntimeError::new_err("a job can only be begun once"));
        };
        let bridged = match (request.objects.served.take(), bridge) {
            (None, _) => None,
            (Some(served), Some(bridge)) => Some(bridge.get().begin(served)),
            (Some(_), None) => return Err(PyRuntimeError::new_err("its objects take a bridge")),
        };
        let load = request.load;
        let call = self.calls.part_within(request.begun(), request.options.comparison_timeout);
        if job.watcher.is_some() {
            call.note_paths();
        }
        let found = request.found();
        let work = Box::new(move |context: &Context<'_>| {
            let raised = bridged.as_ref().map(|bridged| Arc::clone(&bridged.raised));
            let performed = request.perform(context);
            if let Some(bridged) = bridged {
                bridged.finish(context);
            }
            performed.map_err(|error| {
                let has_partial = matches!(error, Error::TimedOut(_));
                let found = found.filter(|_| has_partial);
                let partial = found.and_then(|found| found.so_far(context.call()));
                Box::new(Unanswered { error, partial, raised })
            })
        });
        let begun = Arc::new(jobs::Job::new(call, work, Arc::clone(&self.finished), job_id));
        jobs::submit(
            Arc::clone(job.begun.get_or_init(|| begun)),
            load,
            config::configured().max_workers,
        );
        Ok(())
    }

    /// Make the descriptor unreadable until something comes: for one that others share.
    fn clear(&self) {
        self.finished.clear();
    }

    /// Resolve the futures of finished jobs, which `awaited` has by their ids. To be called by the loop.
    ///
    /// A signal handler may raise an exception meanwhile: it is raised at the end, when all futures are
    /// resolved.
    fn deliver(&self, py: Python<'_>, awaited: &Bound<'_, PyDict>) -> PyResult<()> {
        if self.finished.is_inherited() {
            py.detach(|| std::thread::sleep(TURN));
            return Ok(());
        }
        logging::ask(py);
        let finished = self.finished.take().into_iter();
        self.lock().extend(finished.map(|(job_id, outcome)| (job_id, Pending::Finished(outcome))));
        let (mut raised, mut left) = (Ok(()), AT_ONCE);
        while let Some((job_id, pending)) = self.next() {
            let delivered = deliver(py, awaited, job_id, pending, &mut left);
            let delivered = delivered.map(|unfinished| {
                if let Some(pending) = unfinished {
                    self.lock().push_front((job_id, pending));
                }
            });
            raised = graver(py, raised, delivered);
            if left == 0 {
                break;
            }
        }
        if !self.lock().is_empty() {
            self.finished.wake();
        }
        raised
    }
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, Pending)>> {
        lock(&self.taken)
    }

    /// What resolves the future of this id with True, from any thread.
    pub(super) fn wake_up(&self, job_id: u64) -> Wake {
        let finished = Arc::clone(&self.finished);
        Box::new(move || {
            let answered = Answered { answer: answer::Answer::Same(true), call: None };
            finished.put(job_id, Ok(Ok(answered)));
        })
    }

    fn next(&self) -> Option<(u64, Pending)> {
        self.lock().pop_front()
    }
}

/// The outcome of a job, until its future has it.
enum Pending {
    Finished(Outcome<JobAnswer>),
    /// Some of the result is made.
    Begun(Conversion),
}

/// Resolves one future; returns the result if it is unfinished when `left` is used up.
fn deliver(
    py: Python<'_>,
    awaited: &Bound<'_, PyDict>,
    job_id: u64,
    pending: Pending,
    left: &mut usize,
) -> PyResult<Option<Pending>> {
    let Some(future) = awaited.get_item(job_id)? else { return Ok(None) };
    let is_done = || future.call_method0(intern!(py, "done"))?.is_truthy();
    if is_done()? {
        // Cancelled by its task, which has not come to abandon the job yet.
        awaited.del_item(job_id)?;
        return Ok(None);
    }
    let opened = match pending {
        Pending::Begun(conversion) => Ok(conversion),
        Pending::Finished(outcome) => {
            *left = left.saturating_sub(DELIVERY);
            open(py, outcome)
        }
    };
    let made = match opened {
        Ok(mut conversion) => match conversion.resume(py, left).transpose() {
            None => return Ok(Some(Pending::Begun(conversion))),
            Some(made) => made,
        },
        Err(error) => Err(error),
    };
    let failed = made.is_err();
    let (method, value) = match made {
        Ok(result) => (intern!(py, "set_result"), result),
        Err(error) => {
            (intern!(py, "set_exception"), error.into_value(py).into_bound(py).into_any())
        }
    };
    awaited.del_item(job_id)?;
    // Handlers of signals that have come meanwhile run now. Otherwise they would run, and raise, within
    // the loop's call_soon(), and the future's task would never get the result.
    let raised = py.check_signals();
    let resolve = || {
        if !is_done()? {
            future.call_method1(method, (value,))?;
            if failed {
                // Its task will raise it. If the loop ends before that, asyncio must not complain that
                // the exception was never retrieved.
                future.call_method0(intern!(py, "exception"))?;
            }
        }
        Ok(())
    };
    graver(py, raised, resolve()).map(|()| None)
}

/// Of two exceptions the first, unless only the second is to end the program, as `KeyboardInterrupt` is.
fn graver(py: Python<'_>, first: PyResult<()>, second: PyResult<()>) -> PyResult<()> {
    let ends = |error: &PyErr| !error.is_instance_of::<PyException>(py);
    match (first, second) {
        (Err(first), Err(second)) if ends(&first) || !ends(&second) => Err(first),
        (Err(first), Ok(())) => Err(first),
        (_, second) => second,
    }
}

impl Drop for Mailbox {
    /// The loop is closed or gone: cancels all that it has begun.
    fn drop(&mut self) {
        self.calls.cancel();
    }
}

fn open(py: Python<'_>, outcome: Outcome<JobAnswer>) -> PyResult<Conversion> {
    match outcome {
        Ok(Ok(answer)) => Conversion::new(py, answer),
        Ok(Err(unanswered)) => {
            let Unanswered { error, partial, raised } = *unanswered;
            let own = raised.and_then(|raised| raised.of(&error));
            Err(own.unwrap_or_else(|| partial::raise_with(py, &error, partial)))
        }
        Err(Failure::NoThread(cause)) => {
            Err(PyRuntimeError::new_err(format!("can't start new thread: {cause}")))
        }
        Err(Failure::Panicked(payload)) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
            Err(PanicException::new_err(text.unwrap_or("panic").to_owned()))
        }
    }
}
