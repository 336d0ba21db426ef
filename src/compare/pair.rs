//! Are two files or URLs the same, and if not, where do they differ first?

use crate::content::Content;
use crate::engine;
use crate::engine::{in_turn, until_quiet};
use crate::error::Result;
use crate::options::Options;
use crate::outcome::{Difference, Finding, PairOutcome, Unequal};
use crate::run::context::Context;
use crate::source::Source;

/// Compares the content of two files or URLs.
///
/// Two paths to the same file are the same unread, and so are two holes. Two URLs are both requested before
/// either is waited for.
///
/// # Errors
/// When either cannot be read or changes meanwhile; when the context says stop.
pub fn compare(
    a: &Source,
    b: &Source,
    options: &Options,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    let counters = context.counters();
    counters.set_entries_total(1);
    counters.begin_source(a.name());
    let outcome = until_quiet(options.retries(), context, || {
        let (content_a, content_b) = (a.content(options)?, b.content(options)?);
        if let (Some(size), true) = (content_a.size(), content_a.size() == content_b.size()) {
            counters.set_bytes_total(size);
        }
        compare_contents(&*content_a, &*content_b, options, context)
    })?;
    counters
        .count(&outcome.map_or(Finding::Equal(None), |unequal| Finding::differs(unequal.reason)));
    Ok(outcome)
}

/// Finds the first byte in which two files or URLs differ; `None` if they are the same.
///
/// What lies before it has been compared: a difference that a sample or another thread finds sooner further on does
/// not count.
///
/// # Errors
/// When either cannot be read or changes meanwhile; when the context says stop.
pub fn first_difference(
    a: &Source,
    b: &Source,
    options: &Options,
    context: &Context<'_>,
) -> Result<Option<Difference>> {
    let shown = options.context;
    until_quiet(options.retries(), context, || {
        let (content_a, content_b) = (a.content(options)?, b.content(options)?);
        if content_a.is_same(&*content_b) {
            return Ok(None);
        }
        let (mut left, mut right) = (content_a.open(2)?, content_b.open(2)?);
        if engine::wait_for_both(&mut *left, &mut *right, context)? {
            return engine::first_difference(&mut *left, &mut *right, shown, options, context);
        }
        // Only URLs wait for a server.
        if right.silent_server().is_some() {
            let again = || content_a.open(1);
            in_turn::first_difference(left, right, &again, a.name(), shown, context)
        } else {
            let again = || content_b.open(1);
            let difference =
                in_turn::first_difference(right, left, &again, b.name(), shown, context)?;
            Ok(difference.map(Difference::with_sides_exchanged))
        }
    })
}

/// Compares two contents.
pub(crate) fn compare_contents(
    a: &dyn Content,
    b: &dyn Content,
    options: &Options,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    if a.is_same(b) {
        return Ok(None);
    }
    if options.size_precheck && crate::content::sizes_differ(a.size(), b.size()) {
        return Ok(Some(Unequal::SIZES));
    }
    let (mut a, mut b) = (a.open(2)?, b.open(2)?);
    engine::compare(&mut *a, &mut *b, options, context)
}
