//! Where the findings of a call go.
//!
//! Whatever compares entries says what it found when it found it, from any thread, to the [`Report`] of its
//! call. The report counts it, passes it on to the call's one [`Sink`], and ends the call where that is what
//! the options say: after so many differences, or at the first failure.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::context::{Call, Context};
use crate::error::{Error, Result};
use crate::outcome::{Finding, Proof, Side};
use crate::sys::lock::lock;

/// Takes what is found at the paths of two trees.
pub trait Sink: Send + Sync {
    /// Does it want to hear of identical paths? By default they are only counted.
    fn wants_equal(&self) -> bool {
        false
    }

    /// Takes a finding, in whatever thread found it. It may wait until there is room for another one.
    ///
    /// # Errors
    /// When the call is to end.
    fn take(&self, path: Vec<u8>, finding: Finding, context: &Context<'_>) -> Result<()>;

    /// Takes a finding of a call that is over before everything was compared: for its result, if there is one.
    fn keep(&self, path: Vec<u8>, finding: Finding);

    /// Takes a directory that only one tree has, and that is not in another one. The files in it are findings of
    /// their own. By default it is not needed.
    fn take_directory(&self, path: Vec<u8>) {
        drop(path);
    }
}

/// What ends a call before everything is compared. By default nothing does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct EarlyEnd {
    /// So many findings.
    pub(crate) max_differences: Option<u64>,
    /// The first entry that cannot be compared: its error is the call's.
    pub(crate) on_error: bool,
    /// What only the right tree has is no finding.
    pub(crate) one_way: bool,
    /// Files that only one tree has are no findings before it is known which of them have moved.
    pub(crate) moves: bool,
}

/// Paths of files that only the left tree has, and of those that only the right one has.
pub(crate) type OneSided = [Vec<Vec<u8>>; 2];

/// What has been found in a call so far, on its way to the sink.
pub(crate) struct Report<'s> {
    sink: &'s dyn Sink,
    wants_equal: bool,
    ends_on_error: bool,
    one_way: bool,
    /// Files that may have moved, if that is to be found out.
    held: Option<Mutex<OneSided>>,
    /// How many findings end the call.
    most: u64,
    told: AtomicU64,
    /// All that works for the call, and has to stop when it ends.
    call: &'s Call,
    end: Mutex<Option<End>>,
}

/// Why a call ended before everything was compared.
enum End {
    /// There were as many findings as were asked for.
    Enough,
    Failed(Error),
}

/// Has `compare` report to the sink. False where it ended before everything was compared, because there were
/// enough findings.
///
/// # Errors
/// Those of `compare`, and that of an entry where it ends the call.
pub(crate) fn report(
    sink: &dyn Sink,
    early_end: EarlyEnd,
    context: &Context<'_>,
    compare: impl FnOnce(&Report<'_>, &Context<'_>) -> Result<()>,
) -> Result<bool> {
    let part = context.call().part();
    let report = Report {
        sink,
        wants_equal: sink.wants_equal(),
        ends_on_error: early_end.on_error,
        one_way: early_end.one_way,
        held: early_end.moves.then(Mutex::default),
        most: early_end.max_differences.unwrap_or(u64::MAX),
        told: AtomicU64::default(),
        call: &part,
        end: Mutex::default(),
    };
    let compared = compare(&report, &context.within(&part));
    match lock(&report.end).take() {
        Some(End::Failed(error)) => Err(error),
        Some(End::Enough) => Ok(false),
        None => {
            if compared.is_err() {
                report.keep_held(context);
            }
            compared.map(|()| true)
        }
    }
}

impl Report<'_> {
    /// Does the sink want to hear of identical paths?
    pub(crate) fn wants_equal(&self) -> bool {
        self.wants_equal
    }

    /// Says that a path is identical.
    ///
    /// # Errors
    /// When the call is to end.
    pub(crate) fn equal(
        &self,
        path: impl FnOnce() -> Vec<u8>,
        proof: Option<Proof>,
        context: &Context<'_>,
    ) -> Result<()> {
        let finding = Finding::Equal(proof);
        context.counters().count(&finding);
        if self.wants_equal { self.sink.take(path(), finding, context) } else { Ok(()) }
    }

    /// Says what was found at a path.
    ///
    /// # Errors
    /// When the call is to end.
    pub(crate) fn found(
        &self,
        path: Vec<u8>,
        finding: Finding,
        context: &Context<'_>,
    ) -> Result<()> {
        match finding {
            Finding::Equal(proof) => return self.equal(|| path, proof, context),
            Finding::OnlyRight if self.one_way => return Ok(()),
            Finding::Failed(error) if self.ends_on_error => {
                return Err(self.end(End::Failed(*error)));
            }
            _ => {}
        }
        let before = self.told.fetch_add(1, Ordering::Relaxed);
        if before >= self.most {
            return Err(Error::Cancelled);
        }
        context.counters().count(&finding);
        self.sink.take(path, finding, context)?;
        if before + 1 == self.most { Err(self.end(End::Enough)) } else { Ok(()) }
    }

    /// Says that only one tree has an entry; a file may have moved.
    ///
    /// # Errors
    /// When the call is to end.
    pub(crate) fn only(
        &self,
        side: Side,
        path: Vec<u8>,
        is_file: bool,
        context: &Context<'_>,
    ) -> Result<()> {
        match &self.held {
            Some(held) if is_file => {
                side.of_mut(&mut lock(held)).push(path);
                Ok(())
            }
            _ => self.found(path, side.only(), context),
        }
    }

    /// Takes out the files that may have moved, in any order: they have not been findings so far.
    pub(crate) fn take_held(&self) -> OneSided {
        self.held.as_ref().map(|held| std::mem::take(&mut *lock(held))).unwrap_or_default()
    }

    /// Holds files back once more, since it cannot be found out whether they have moved.
    pub(crate) fn hold(&self, paths: OneSided) {
        if let Some(held) = &self.held {
            *lock(held) = paths;
        }
    }

    /// Keeps what is known of files that may have moved, where the call is over before that was found out.
    fn keep_held(&self, context: &Context<'_>) {
        let [lefts, rights] = self.take_held();
        let rights = if self.one_way { Vec::new() } else { rights };
        for (side, paths) in [(Side::Left, lefts), (Side::Right, rights)] {
            for path in paths {
                let finding = side.only();
                if self.told.fetch_add(1, Ordering::Relaxed) >= self.most {
                    return;
                }
                context.counters().count(&finding);
                self.sink.keep(path, finding);
            }
        }
    }

    /// Says that only one tree has a directory, which is in no other such directory.
    pub(crate) fn only_directory(&self, path: Vec<u8>) {
        self.sink.take_directory(path);
    }

    /// Says that a path could not be compared.
    ///
    /// # Errors
    /// `error` itself, if it ends the whole call; when the call is to end.
    pub(crate) fn failed(&self, path: Vec<u8>, error: Error, context: &Context<'_>) -> Result<()> {
        if error.ends_call() {
            return Err(error);
        }
        self.found(path, Finding::failed(error), context)
    }

    /// Stops every thread of the call. Only the first reason counts.
    fn end(&self, reason: End) -> Error {
        lock(&self.end).get_or_insert(reason);
        self.call.cancel();
        Error::Cancelled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::DiffReason;
    use crate::run::collect::Collector;

    fn told(early_end: EarlyEnd, findings: &[Finding]) -> (Result<bool>, usize) {
        let (call, sink) = (Call::new(None), Collector::default());
        let context = Context::new(&call);
        let ended = report(&sink, early_end, &context, |report, context| {
            findings.iter().try_for_each(|it| report.found(b"x".to_vec(), it.clone(), context))
        });
        let outcome = sink.outcome(false, &context).expect("no limit");
        assert!(!call.is_cancelled(), "only a part of the call has ended");
        (ended, outcome.findings.len())
    }

    #[test]
    fn files_that_may_have_moved_are_kept_where_the_call_fails_first() {
        for (one_way, failed, kept) in [(false, true, 2), (true, true, 1), (false, false, 0)] {
            let (call, sink) = (Call::new(None), Collector::default());
            let context = Context::new(&call);
            let early_end = EarlyEnd { moves: true, one_way, ..EarlyEnd::default() };
            let ended = report(&sink, early_end, &context, |report, context| {
                report.only(Side::Left, b"x".to_vec(), true, context)?;
                report.only(Side::Right, b"y".to_vec(), true, context)?;
                if failed { Err(Error::Cancelled) } else { Ok(()) }
            });
            assert_eq!(ended.is_err(), failed);
            let found = sink.outcome(false, &context).expect("no limit").findings;
            assert_eq!((found.len(), context.counters().summary().entries), (kept, kept as u64));
        }
    }

    #[test]
    fn a_call_ends_with_the_last_finding_that_is_asked_for() {
        let findings = vec![Finding::differs(DiffReason::SizeMismatch); 5];
        let most = |most| EarlyEnd { max_differences: Some(most), ..EarlyEnd::default() };
        assert_eq!(told(EarlyEnd::default(), &findings), (Ok(true), 5));
        assert_eq!(told(most(6), &findings), (Ok(true), 5));
        assert_eq!(told(most(5), &findings), (Ok(false), 5));
        assert_eq!(told(most(1), &findings), (Ok(false), 1));
    }

    #[test]
    fn a_call_ends_with_the_first_failure_where_failures_are_raised() {
        let error = Error::read(&"x".into(), "broken");
        let findings = [Finding::OnlyLeft, Finding::failed(error.clone()), Finding::OnlyLeft];
        let early_end = EarlyEnd { on_error: true, ..EarlyEnd::default() };
        assert_eq!(told(early_end, &findings), (Err(error), 1));
        assert_eq!(told(EarlyEnd::default(), &findings), (Ok(true), 3));
    }
}
