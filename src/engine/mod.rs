//! Are two readers the same?
//!
//! The engine knows readers, not where their bytes come from. It goes from cheap to expensive: sizes, then
//! samples, then every byte; each step may decide. Where the place of the first difference is wanted, all that
//! lies before it has to be compared, and only every byte decides.

pub(crate) mod by_digest;
pub(crate) mod digest;
pub(crate) mod first;
pub mod in_turn;
pub(crate) mod lines;
pub mod lockstep;
pub(crate) mod mismatch;
pub mod parallel;
pub mod partition;
pub(crate) mod range_sampler;
pub(crate) mod retry;
pub mod sample;
mod wait;

use self::lockstep::Found;
use self::range_sampler::RangeSampler;
use crate::content::{ReadAt, Reader, sizes_differ};
use crate::error::Result;
use crate::options::Options;
use crate::outcome::{DiffReason, PairOutcome, Unequal};
use crate::run::context::Context;
pub use first::first_difference;
pub(crate) use retry::until_quiet;
pub(crate) use wait::{begin_both, wait_for, wait_for_both};

/// Compares two readers from their first byte to the first difference, or to their end.
///
/// # Errors
/// When either cannot be read or is found to have changed; when the context says stop.
pub fn compare(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    options: &Options,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    context.checkpoint()?;
    let mut outcome = if options.size_precheck && sizes_differ(a.early_size(), b.early_size()) {
        Some(Unequal::SIZES)
    } else if begin_both(a, b, context)? {
        decide(a, b, options, context)?
    } else {
        by_digest::compare(a, b, options.size_precheck, context)?
    };
    if let Some(unequal) = &mut outcome
        && sizes_differ(a.size(), b.size())
    {
        unequal.reason = DiffReason::SizeMismatch;
    }
    a.verify()?;
    b.verify()?;
    Ok(outcome)
}

/// Compares, without verifying what was read.
fn decide(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    options: &Options,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    if let Some(unequal) = quick_check(a, b, options, context)? {
        return Ok(Some(unequal));
    }
    let mut sampler = None;
    if let (Some(a), Some(b)) = (a.as_random(), b.as_random())
        && is_worth_sharing(a, b)
        && options.workers() > 1
    {
        return Ok(parallel::compare(a, b, options, context)?.map(Unequal::at));
    }
    if a.as_random().is_none() || b.as_random().is_none() {
        let size = a.size().filter(|_| options.quick_check && a.size() == b.size());
        sampler = size.and_then(|size| RangeSampler::new(size, options.chunk_size));
    }
    let found = lockstep::compare_sampled(a, b, sampler, options.chunk_size, context)?;
    Ok(found.map(|found| match found {
        Found::First(offset) => Unequal::at(offset),
        Found::Sample => Unequal::SOMEWHERE,
    }))
}

/// Compares sizes and samples. `None`: they show no difference, and the contents may still differ.
///
/// # Errors
/// When a sample cannot be read; when the context says stop.
pub fn quick_check(
    a: &dyn Reader,
    b: &dyn Reader,
    options: &Options,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    if options.size_precheck && sizes_differ(a.size(), b.size()) {
        return Ok(Some(Unequal::SIZES));
    }
    if options.quick_check
        && let (Some(a), Some(b)) = (a.as_random(), b.as_random())
        && a.size() == b.size()
        && !sample::compare(a, b, options.chunk_size, context)?
    {
        return Ok(Some(Unequal::SOMEWHERE));
    }
    Ok(None)
}

/// Have both contents the same size, and is it large enough for several threads?
#[must_use]
pub fn is_worth_sharing(a: &dyn ReadAt, b: &dyn ReadAt) -> bool {
    a.size() == b.size() && a.size() >= parallel::WORTHWHILE
}
