//! The same work for each member of a list, several at once.
//!
//! Whoever finishes first, the outcome is that of the list: of several failures, the first in it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::context::Context;
use crate::crew;
use crate::error::{Error, Result};
use crate::sys::lock::{ignore_poison, lock};

/// What one piece of work means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    GoOn,
    /// The answer is known: all others stop at once.
    Enough,
}

/// What becomes of the others when one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    /// They are done all the same: one of them may be [`Next::Enough`], which counts for more.
    GoOn,
    /// Those after it in the list are not begun.
    Stop,
}

/// Does `work` for each of `members`, up to `workers` of them at once, in the order of the list.
///
/// # Errors
/// That of the first in the list that has failed, if none was [`Next::Enough`]; when the context
/// says stop.
pub(crate) fn each<T: Sync>(
    members: &[T],
    workers: usize,
    after_failure: AfterFailure,
    context: &Context<'_>,
    work: impl Fn(&T, &Context<'_>) -> Result<Next> + Sync,
) -> Result<Next> {
    let workers = workers.min(members.len()).max(1);
    let (next, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let failure: Mutex<Option<(usize, Error)>> = Mutex::default();
    let is_past = |failure: &Option<(usize, Error)>, index| {
        failure.as_ref().is_some_and(|&(failed, _)| failed < index)
    };
    let part = context.call().part();
    let done = crew::run(workers, true, &context.within(&part), |is_first, crew, context| {
        if is_first {
            (1..workers).for_each(|_| crew.push(false));
        }
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(member) = members.get(index) else { return Ok(()) };
            context.checkpoint()?;
            if after_failure == AfterFailure::Stop && is_past(&lock(&failure), index) {
                return Ok(());
            }
            match work(member, context) {
                Ok(Next::GoOn) => {}
                Ok(Next::Enough) => {
                    enough.store(true, Ordering::Relaxed);
                    part.cancel();
                    return Err(Error::Cancelled);
                }
                Err(stop @ (Error::Cancelled | Error::TimedOut(_))) => return Err(stop),
                Err(error) => {
                    let mut failure = lock(&failure);
                    if !is_past(&failure, index) {
                        *failure = Some((index, error));
                    }
                }
            }
        }
    });
    if enough.into_inner() {
        return Ok(Next::Enough);
    }
    done?;
    let failure = ignore_poison(failure.into_inner());
    failure.map_or(Ok(Next::GoOn), |(_, error)| Err(error))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::context::Call;

    fn run(
        members: &[u32],
        after_failure: AfterFailure,
        work: impl Fn(u32) -> Result<Next> + Sync,
    ) -> Result<Next> {
        let call = Call::new(None);
        each(members, 2, after_failure, &Context::new(&call), |&member, _| work(member))
    }

    fn failure(member: u32) -> Result<Next> {
        Err(Error::Argument(member.to_string()))
    }

    #[test]
    fn the_first_failure_in_the_list_is_told_whichever_came_first() {
        let together = Barrier::new(2);
        let outcome = run(&[0, 1], AfterFailure::Stop, |member| {
            together.wait();
            failure(member)
        });
        assert_eq!(outcome, failure(0));
    }

    #[test]
    fn what_comes_after_a_failure_is_begun_only_where_it_may_count_for_more() {
        let members: Vec<u32> = (0..1000).collect();
        let begun = AtomicUsize::new(0);
        let work = |member| {
            begun.fetch_add(1, Ordering::Relaxed);
            if member == 999 { Ok(Next::Enough) } else { failure(member) }
        };
        assert_eq!(run(&members, AfterFailure::Stop, work), failure(0));
        assert!(begun.swap(0, Ordering::Relaxed) <= 2, "one for each worker");
        assert_eq!(run(&members, AfterFailure::GoOn, work), Ok(Next::Enough));
    }

    #[test]
    fn enough_is_enough_for_all() {
        let begun = AtomicUsize::new(0);
        let outcome = run(&[0; 1000], AfterFailure::GoOn, |_| {
            begun.fetch_add(1, Ordering::Relaxed);
            Ok(Next::Enough)
        });
        assert_eq!((outcome, begun.into_inner() <= 2), (Ok(Next::Enough), true));
        assert_eq!(run(&[], AfterFailure::Stop, failure), Ok(Next::GoOn));
    }
}
