//! What the threads of a walk have found so far.

use std::sync::Mutex;

use crate::error::{Error, Result};
use crate::outcome::{Finding, TreeOutcome};
use crate::run::context::Context;
use crate::run::sort;
use crate::sys::lock::{ignore_poison, lock};

/// Findings, in the order in which they came.
pub(crate) struct Findings {
    /// Are identical paths listed, too?
    list_equal: bool,
    found: Mutex<Vec<(Vec<u8>, Finding)>>,
    equal: Mutex<Vec<Vec<u8>>>,
}

impl Findings {
    /// No findings yet.
    pub(crate) fn new(list_equal: bool) -> Self {
        Self { list_equal, found: Mutex::default(), equal: Mutex::default() }
    }

    /// Notes that a path is identical, if those are listed.
    pub(crate) fn same(&self, path: impl FnOnce() -> Vec<u8>) {
        if self.list_equal {
            lock(&self.equal).push(path());
        }
    }

    /// Adds the finding at a path.
    pub(crate) fn add(&self, path: Vec<u8>, finding: Finding) {
        lock(&self.found).push((path, finding));
    }

    /// Notes that `path` could not be compared.
    ///
    /// # Errors
    /// `error` itself, if it ends the whole call.
    pub(crate) fn failed(&self, path: Vec<u8>, error: Error) -> Result<()> {
        if error.ends_call() {
            return Err(error);
        }
        self.add(path, Finding::Failed(error.to_string()));
        Ok(())
    }

    /// All findings, sorted.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn into_outcome(self, context: &Context<'_>) -> Result<TreeOutcome> {
        let mut findings = ignore_poison(self.found.into_inner());
        // A directory that cannot be read against a file is a path with two findings.
        let failed = |(_, finding): &(Vec<u8>, Finding)| matches!(finding, Finding::Failed(_));
        let place = |one: &(Vec<u8>, Finding), two: &(Vec<u8>, Finding)| {
            (&one.0, failed(one)).cmp(&(&two.0, failed(two)))
        };
        sort::sort_by(&mut findings, context, place)?;
        let mut equal = ignore_poison(self.equal.into_inner());
        sort::sort_by(&mut equal, context, Ord::cmp)?;
        Ok(TreeOutcome { findings, equal })
    }
}
