//! Are two files or URLs the same?

use crate::content::file::located::Located;
use crate::engine;
use crate::engine::until_quiet;
use crate::error::Result;
use crate::options::Options;
use crate::outcome::{DiffReason, PairOutcome};
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
    until_quiet(context, || {
        let (file_a, file_b) = (a.locate(options)?, b.locate(options)?);
        compare_located((a, file_a), (b, file_b), options, context)
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
