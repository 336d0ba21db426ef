//! The same work for each item of a list, several items at a time.
//!
//! Whichever item is done first, the outcome is that of the list: of several failures, the first in it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::context::Context;
use super::earliest::Earliest;
use super::workers;
use crate::error::{Error, Result};

/// What the outcome of one item means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The answer depends on the other items, too.
    Undecided,
    /// The answer is known: all others stop at once.
    Decided,
}

/// What happens to the other items when one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    /// All are done: one of them may be [`Verdict::Decided`], which wins over a failure.
    Continue,
    /// Later items are skipped.
    Stop,
}

/// Does `work` for each of `items`, up to `workers` of them at a time, in the order of the list.
///
/// # Errors
/// That of the first item that failed, if none was [`Verdict::Decided`]; when the context says stop.
pub(crate) fn each<T: Sync>(
    items: &[T],
    workers: usize,
    after_failure: AfterFailure,
    context: &Context<'_>,
    work: impl Fn(&T, &Context<'_>) -> Result<Verdict> + Sync,
) -> Result<Verdict> {
    let count = workers.min(items.len()).max(1);
    let (next, decided) = (AtomicUsize::new(0), AtomicBool::new(false));
    let failure = Earliest::default();
    let part = context.call().part();
    let done = workers::run(count, true, &context.within(&part), |is_first, workers, context| {
        if is_first {
            (1..count).for_each(|_| workers.push(false));
        }
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return Ok(()) };
            context.checkpoint()?;
            if after_failure == AfterFailure::Stop && failure.is_before(index as u64) {
                return Ok(());
            }
            match work(item, context) {
                Ok(Verdict::Undecided) => {}
                Ok(Verdict::Decided) => {
                    decided.store(true, Ordering::Relaxed);
                    part.cancel();
                    return Err(Error::Cancelled);
                }
                Err(error) if error.ends_call() => return Err(error),
                Err(error) => failure.note(index as u64, error),
            }
        }
    });
    if decided.into_inner() {
        return Ok(Verdict::Decided);
    }
    done?;
    failure.into_inner().map_or(Ok(Verdict::Undecided), |(_, error)| Err(error))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::run::context::Call;

    fn run(
        items: &[u32],
        after_failure: AfterFailure,
        work: impl Fn(u32) -> Result<Verdict> + Sync,
    ) -> Result<Verdict> {
        let call = Call::new(None);
        each(items, 2, after_failure, &Context::new(&call), |&item, _| work(item))
    }

    fn failure(item: u32) -> Result<Verdict> {
        Err(Error::Argument(item.to_string()))
    }

    #[test]
    fn the_first_failure_in_the_list_is_returned_whichever_came_first() {
        let together = Barrier::new(2);
        let outcome = run(&[0, 1], AfterFailure::Stop, |item| {
            together.wait();
            failure(item)
        });
        assert_eq!(outcome, failure(0));
    }

    #[test]
    fn stop_policy_skips_later_items_and_continue_policy_does_all() {
        let items: Vec<u32> = (0..1000).collect();
        let begun = AtomicUsize::new(0);
        let work = |item| {
            begun.fetch_add(1, Ordering::Relaxed);
            if item == 999 { Ok(Verdict::Decided) } else { failure(item) }
        };
        assert_eq!(run(&items, AfterFailure::Stop, work), failure(0));
        assert!(begun.swap(0, Ordering::Relaxed) <= 2, "one for each worker");
        assert_eq!(run(&items, AfterFailure::Continue, work), Ok(Verdict::Decided));
    }

    #[test]
    fn an_item_that_decides_stops_all_others() {
        let begun = AtomicUsize::new(0);
        let outcome = run(&[0; 1000], AfterFailure::Continue, |_| {
            begun.fetch_add(1, Ordering::Relaxed);
            Ok(Verdict::Decided)
        });
        assert_eq!((outcome, begun.into_inner() <= 2), (Ok(Verdict::Decided), true));
        assert_eq!(run(&[], AfterFailure::Stop, failure), Ok(Verdict::Undecided));
    }
}
