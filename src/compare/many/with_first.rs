//! One source, and others that are compared with it, several at a time.

use super::found::{Found, count_urls};
use crate::compare::pair::compare_contents;
use crate::engine::until_quiet;
use crate::error::Result;
use crate::options::Options;
use crate::outcome::PairOutcome;
use crate::run::context::Context;
use crate::run::for_each::{AfterFailure, Verdict, each};
use crate::source::Source;

/// One source, and others to compare with it.
pub(super) struct Pairs<'s> {
    pub(super) sources: &'s [Source],
    pub(super) first: Found<'s>,
    pub(super) others: Vec<Found<'s>>,
}

impl Pairs<'_> {
    pub(super) fn compare(&self, options: &Options, context: &Context<'_>) -> Result<bool> {
        let has_urls = self.first.content.file().is_none() || count_urls(&self.others) > 0;
        let workers = if has_urls { options.transfers() } else { options.workers() };
        let at_a_time = workers.min(self.others.len()).max(1);
        // Threads that are left over are divided among the comparisons.
        let options =
            &Options { max_workers: (options.workers() / at_a_time).max(1), ..options.clone() };
        // All are compared even after a failure: a difference wins over it.
        let outcome =
            each(&self.others, at_a_time, AfterFailure::Continue, context, |other, context| {
                context.counters().begin_source(self.sources[other.index].name());
                let difference = self.pair(other, options, context)?;
                if difference.is_none() {
                    context.counters().count_equal(None, 1);
                }
                Ok(if difference.is_some() { Verdict::Decided } else { Verdict::Undecided })
            })?;
        Ok(outcome == Verdict::Undecided)
    }

    fn pair(
        &self,
        other: &Found<'_>,
        options: &Options,
        context: &Context<'_>,
    ) -> Result<PairOutcome> {
        let mut is_known = true;
        until_quiet(options.retries(), context, || {
            if std::mem::take(&mut is_known) {
                return compare_contents(&*self.first.content, &*other.content, options, context);
            }
            // Both are looked at again when they are compared again.
            let look = |found: &Found<'_>| self.sources[found.index].content(options);
            compare_contents(&*look(&self.first)?, &*look(other)?, options, context)
        })
    }
}
