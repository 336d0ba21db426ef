//! The objects of a run: called by the thread that iterates it or waits for its result, while it waits; or, for an event
//! loop, by the loop's bridge.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::objects::bridge::{Bridge, Bridged};
use super::objects::raised::Raised;
use super::objects::served::Served;
use crate::error::Error;
use crate::run::context::Context;
use crate::run::stream::Found;
use crate::sys::lock::lock;

/// The objects of a run, if it has any.
pub(super) struct RunObjects {
    /// Those that the caller's thread calls.
    served: Mutex<Option<Served>>,
    are_there: AtomicBool,
    raised: Option<Arc<Raised>>,
    wakes: Sender<()>,
    woken: Receiver<()>,
    ended: Arc<Mutex<Ended>>,
}

/// What happens when the run has ended.
enum Ended {
    NotYet(Option<Bridged>),
    Yes,
}

/// What the thread that compares has of them.
pub(super) struct RunEnd {
    wakes: Sender<()>,
    ended: Arc<Mutex<Ended>>,
}

impl RunEnd {
    /// The comparison is over: waits until a bridge, if it calls the objects, has closed what was opened.
    pub(super) fn close(&self, context: Option<&Context<'_>>) {
        let before = std::mem::replace(&mut *lock(&self.ended), Ended::Yes);
        if let (Ended::NotYet(Some(bridged)), Some(context)) = (before, context) {
            bridged.finish(context);
        }
    }

    /// Wakes the thread that waits for the end.
    pub(super) fn wake(&self) {
        let _ = self.wakes.try_send(());
    }
}

impl RunObjects {
    pub(super) fn new(served: Option<Served>) -> (Self, RunEnd) {
        let (wakes, woken) = bounded(1);
        let raised = served.as_ref().map(|served| Arc::clone(&served.raised));
        if let Some(served) = &served {
            let asking = wakes.clone();
            served.requests().wake_by(Box::new(move || {
                // One that has been sent and not been taken is as good.
                let _ = asking.try_send(());
            }));
        }
        let ended = Arc::new(Mutex::new(Ended::NotYet(None)));
        let end = RunEnd { wakes: wakes.clone(), ended: Arc::clone(&ended) };
        let are_there = AtomicBool::new(served.is_some());
        (Self { served: Mutex::new(served), are_there, raised, wakes, woken, ended }, end)
    }

    /// Are there some for the caller's thread to call?
    pub(super) fn are_there(&self) -> bool {
        self.are_there.load(Ordering::Relaxed)
    }

    /// From now on a bridge calls them.
    pub(super) fn serve_by(&self, bridge: &Bridge) {
        let Some(served) = lock(&self.served).take() else { return };
        self.are_there.store(false, Ordering::Relaxed);
        let bridged = bridge.begin(served);
        let mut ended = lock(&self.ended);
        if let Ended::NotYet(kept) = &mut *ended {
            *kept = Some(bridged);
        }
    }

    /// Answers some of what has been asked. Another thread that does so at this moment will answer it.
    ///
    /// # Errors
    /// What an object has raised that ends more than the run.
    pub(super) fn serve(&self, py: Python<'_>) -> PyResult<()> {
        let mut served = match self.served.try_lock() {
            Ok(served) => served,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        served.as_mut().map_or(Ok(()), |served| served.serve(py))
    }

    /// The run is over: closes what was opened for it.
    ///
    /// # Errors
    /// What closing has raised that ends more than the run.
    pub(super) fn finish(&self, py: Python<'_>) -> PyResult<()> {
        // An object that ends the run itself is being called by this thread, or by another one.
        let served = match self.served.try_lock() {
            Ok(mut served) => served.take(),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().take(),
            Err(TryLockError::WouldBlock) => None,
        };
        served.map_or(Ok(()), |mut served| served.finish(py))
    }

    /// The exception of an object's that an error is for.
    pub(super) fn raised(&self, error: &Error) -> Option<PyErr> {
        self.raised.as_ref()?.of(error)
    }

    /// Waits for what is found, or until the objects are asked something.
    pub(super) fn wait_for_found(
        &self,
        found: &Receiver<Found>,
        patience: Duration,
    ) -> Result<Found, RecvTimeoutError> {
        if self.raised.is_none() {
            return found.recv_timeout(patience);
        }
        crossbeam_channel::select! {
            recv(found) -> next => next.map_err(|_| RecvTimeoutError::Disconnected),
            recv(self.woken) -> _ => Err(RecvTimeoutError::Timeout),
            default(patience) => Err(RecvTimeoutError::Timeout),
        }
    }

    /// Waits until the objects are asked something, or the run has ended.
    pub(super) fn wait(&self, patience: Duration) {
        let _ = self.woken.recv_timeout(patience);
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.served.try_lock().as_deref() {
            Ok(Some(served)) => served.traverse(visit),
            // The thread that holds the lock holds the objects.
            _ => Ok(()),
        }
    }

    /// Gives the objects up.
    pub(super) fn clear(&self) {
        let left = self.served.try_lock().ok().and_then(|mut served| served.take());
        if let Some(served) = left {
            drop(served.requests().close());
        }
    }

    /// In a forked child: the locks of its channels are as they were at the fork, and are never released.
    pub(super) fn forget(&mut self) {
        let served = self.served.get_mut().unwrap_or_else(PoisonError::into_inner);
        std::mem::forget(served.take());
        std::mem::forget((self.woken.clone(), self.wakes.clone()));
    }
}
