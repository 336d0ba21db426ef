//! What is asked of the library that a store belongs to: what it lists, and signed URLs.
//!
//! One thread, which may call the library, serves a store. Those that compare never call it: they say what they want,
//! and wait in short turns, so that limits and cancelling hold meanwhile. URLs are signed some at a time, shortly
//! before they are used: signatures expire.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::listed::ListedObject;
use crate::error::{Error, Name, Result};
use crate::run::context::{Context, PULSE};
use crate::sys::lock::{ignore_poison, lock};
use crate::web::url::Url;

/// URLs that are signed at a time: signing takes 8 µs each for S3, waking a thread for it more than ten times that.
const BATCH: usize = 64;

/// How old a signature may be when it is used: a quarter of how long it is valid.
const FRESH: Duration = Duration::from_secs(900);

/// The longest wait before the engine checks its context: half a pulse, as for URLs.
const SLICE: Duration = PULSE.checked_div(2).expect("two is not zero");

/// What the threads that compare want of a store, and what its library's thread has found.
#[derive(Debug)]
pub struct StoreRequests {
    name: Name,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    listed: Vec<ListedObject>,
    is_listed: bool,
    /// Objects whose URLs are waited for.
    wanted: BTreeSet<usize>,
    urls: Vec<Option<Signed>>,
    failure: Option<Error>,
    is_closed: bool,
}

#[derive(Debug, Clone)]
struct Signed {
    url: Url,
    at: Instant,
}

impl StoreRequests {
    /// Of the store that messages call `name`.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self { name, state: Mutex::default(), changed: Condvar::new() }
    }

    /// What messages call the store.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    // What the library's thread calls.

    /// Adds objects that the library has listed. False if no more are wanted.
    pub fn add(&self, objects: impl IntoIterator<Item = ListedObject>) -> bool {
        let mut state = self.state();
        state.listed.extend(objects);
        !state.is_closed
    }

    /// Says that all objects have been added.
    pub fn listed(&self) {
        let mut state = self.state();
        state.is_listed = true;
        state.urls = vec![None; state.listed.len()];
        self.changed.notify_all();
    }

    /// Says that the library has failed: everything that is waited for fails.
    pub fn fail(&self, error: Error) {
        let mut state = self.state();
        state.failure.get_or_insert(error);
        self.changed.notify_all();
    }

    /// Is nothing wanted of the store any more?
    pub fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Waits until URLs are wanted, and says of which objects; some more come with them that will be wanted soon.
    /// `None` once nothing is wanted any more.
    pub fn next(&self) -> Option<Vec<usize>> {
        let mut state = self.state();
        while state.wanted.is_empty() && !state.is_closed {
            state = ignore_poison(self.changed.wait(state));
        }
        if state.is_closed {
            return None;
        }
        let mut batch: Vec<_> = std::mem::take(&mut state.wanted).into_iter().collect();
        let first = batch.first().copied().unwrap_or_default();
        let behind = (first..state.urls.len()).take(BATCH);
        let unsigned = |&index: &usize| state.urls[index].is_none() && !batch.contains(&index);
        let more: Vec<_> = behind.filter(unsigned).collect();
        batch.extend(more);
        Some(batch)
    }

    /// Gives the URLs of objects.
    pub fn sign(&self, urls: impl IntoIterator<Item = (usize, Vec<u8>)>) {
        let mut state = self.state();
        for (index, text) in urls {
            match (state.urls.get_mut(index), Url::parse(&text)) {
                (Some(place), Some(url)) => *place = Some(Signed { url, at: Instant::now() }),
                _ => {
                    let cause = "its library signed what is no valid URL";
                    state.failure.get_or_insert(Error::read(&self.name, cause));
                }
            }
        }
        self.changed.notify_all();
    }

    // What those that compare call.

    /// Waits for everything that is listed.
    ///
    /// # Errors
    /// What the library failed with; when the context says stop.
    pub(crate) fn listing(&self, context: &Context<'_>) -> Result<Vec<ListedObject>> {
        loop {
            context.checkpoint()?;
            let mut state = self.state();
            if let Some(error) = &state.failure {
                return Err(error.clone());
            }
            if state.is_listed {
                return Ok(std::mem::take(&mut state.listed));
            }
            drop(ignore_poison(self.changed.wait_timeout(state, SLICE)));
        }
    }

    /// Asks for the URL of an object, and does not wait for it.
    ///
    /// # Errors
    /// What the library failed with.
    pub(super) fn want(&self, index: usize) -> Result<()> {
        let mut state = self.state();
        if let Some(error) = &state.failure {
            return Err(error.clone());
        }
        if !state.is_fresh(index) {
            state.wanted.insert(index);
            self.changed.notify_all();
        }
        Ok(())
    }

    /// The URL of an object, if it comes within a moment.
    ///
    /// # Errors
    /// What the library failed with.
    pub(super) fn url(&self, index: usize) -> Result<Option<Url>> {
        let state = self.state();
        let is_waiting = |state: &mut State| state.failure.is_none() && !state.is_fresh(index);
        let waited = self.changed.wait_timeout_while(state, SLICE, is_waiting);
        let (state, _) = ignore_poison(waited);
        if state.is_fresh(index) {
            return Ok(state.urls[index].as_ref().map(|signed| signed.url.clone()));
        }
        state.failure.clone().map_or(Ok(None), Err)
    }

    /// Wants nothing any more.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }
}

impl State {
    fn is_fresh(&self, index: usize) -> bool {
        let signed = self.urls.get(index).and_then(Option::as_ref);
        signed.is_some_and(|signed| signed.at.elapsed() < FRESH)
    }
}
