//! Are two files or URLs the same, and if not, where do they differ first?

use crate::content::file::located::Located;
use crate::engine;
use crate::engine::{MAX_SHOWN, in_turn, until_quiet};
use crate::error::{Error, Result};
use crate::options::Options;
use crate::outcome::{DiffReason, Difference, Finding, PairOutcome};
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
    counters.begin(&[&a.name().bytes()]);
    let outcome = until_quiet(context, || {
        let (file_a, file_b) = (a.locate(options)?, b.locate(options)?);
        let size = |file: &Option<Located>| file.as_ref().and_then(Located::size);
        if let (Some(size), true) = (size(&file_a), size(&file_a) == size(&file_b)) {
            counters.set_bytes_total(size);
        }
        compare_located((a, file_a), (b, file_b), options, context)
    })?;
    counters.count(&outcome.map_or(Finding::Equal(None), Finding::differs));
    Ok(outcome)
}

/// Finds the first byte in which two files or URLs differ, and shows up to `shown` bytes of either from there on;
/// `None` if they are the same.
///
/// What lies before it has been compared: a difference that a sample or another thread finds sooner further on does
/// not count.
///
/// # Errors
/// When either cannot be read or changes meanwhile; when `shown` is more than [`MAX_SHOWN`]; when the context says
/// stop.
pub fn first_difference(
    a: &Source,
    b: &Source,
    shown: usize,
    options: &Options,
    context: &Context<'_>,
) -> Result<Option<Difference>> {
    if shown > MAX_SHOWN {
        return Err(Error::Argument("context must be <= 1MB".to_owned()));
    }
    until_quiet(context, || {
        let (file_a, file_b) = (a.locate(options)?, b.locate(options)?);
        if let (Some(a), Some(b)) = (&file_a, &file_b)
            && a.is_same_file(b)
        {
            return Ok(None);
        }
        let (mut left, mut right) = (a.open(file_a, options, 2)?, b.open(file_b, options, 2)?);
        if engine::wait_for_both(&mut *left, &mut *right, context)? {
            return engine::first_difference(&mut *left, &mut *right, shown, options, context);
        }
        // Only URLs wait for a server.
        if right.silent_server().is_some() {
            let again = || a.open(None, options, 1);
            in_turn::first_difference(left, right, &again, a.name(), shown, context)
        } else {
            let again = || b.open(None, options, 1);
            let difference =
                in_turn::first_difference(right, left, &again, b.name(), shown, context)?;
            Ok(difference.map(Difference::with_sides_exchanged))
        }
    })
}

/// Compares two sources that have been looked at.
pub(crate) fn compare_located(
    (a, file_a): (&Source, Option<Located>),
    (b, file_b): (&Source, Option<Located>),
    options: &Options,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    if let (Some(a), Some(b)) = (&file_a, &file_b) {
        if a.is_same_file(b) {
            return Ok(None);
        }
        if options.size_precheck && engine::sizes_differ(a.size(), b.size()) {
            return Ok(Some(DiffReason::SizeMismatch));
        }
    }
    let (mut a, mut b) = (a.open(file_a, options, 2)?, b.open(file_b, options, 2)?);
    engine::compare(&mut *a, &mut *b, options, context)
}
