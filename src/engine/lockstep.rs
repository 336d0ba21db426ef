//! Two streams, side by side, one chunk at a time.

use super::mismatch::{first_mismatch, first_nonzero};
use super::range_sampler::RangeSampler;
use crate::content::{Chunk, Reader};
use crate::error::Result;
use crate::run::context::Context;

/// Where two streams were found to differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// This is the offset of the first byte that differs.
    First(u64),
    /// A sample from further on differs. An earlier byte may differ, too.
    Sample,
}

/// The offset of the first byte that differs, at which both streams then stand; `None` if both are the same to
/// their ends. There is a checkpoint every `step` bytes.
///
/// # Errors
/// When either cannot be read, or the context says stop.
pub fn compare(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    step: usize,
    context: &Context<'_>,
) -> Result<Option<u64>> {
    compare_counting(a, b, step, context, |_| {})
}

/// The same; `count` is called with all bytes that are the same in both, except for zeros that need not be read.
pub(super) fn compare_counting(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    step: usize,
    context: &Context<'_>,
    count: impl FnMut(&[u8]),
) -> Result<Option<u64>> {
    Ok(match run(a, b, None, step, context, count)? {
        Some(Found::First(offset)) => Some(offset),
        Some(Found::Sample) | None => None,
    })
}

/// The same, with samples from further on that may show a difference earlier.
pub(super) fn compare_sampled(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    sampler: Option<RangeSampler>,
    step: usize,
    context: &Context<'_>,
) -> Result<Option<Found>> {
    run(a, b, sampler, step, context, |_| {})
}

fn run(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    mut sampler: Option<RangeSampler>,
    step: usize,
    context: &Context<'_>,
    mut count: impl FnMut(&[u8]),
) -> Result<Option<Found>> {
    let mut position = 0;
    loop {
        // How many bytes are the same, and whether the next one differs.
        let (same, differs) = match (a.chunk()?, b.chunk()?) {
            (Chunk::Waiting, _) | (_, Chunk::Waiting) => (0, false),
            (Chunk::End, Chunk::End) => return Ok(None),
            (Chunk::End, _) | (_, Chunk::End) => return Ok(Some(Found::First(position))),
            (Chunk::Zeros(a), Chunk::Zeros(b)) => (a.min(b), false),
            (Chunk::Bytes(a), Chunk::Bytes(b)) => {
                let taken = a.len().min(b.len()).min(step);
                let mismatch = first_mismatch(&a[..taken], &b[..taken]);
                let same = mismatch.unwrap_or(taken);
                count(&a[..same]);
                (same as u64, mismatch.is_some())
            }
            (Chunk::Zeros(zeros), Chunk::Bytes(bytes))
            | (Chunk::Bytes(bytes), Chunk::Zeros(zeros)) => {
                let zeros = usize::try_from(zeros).unwrap_or(usize::MAX);
                let taken = bytes.len().min(zeros).min(step);
                let mismatch = first_nonzero(&bytes[..taken]);
                (mismatch.unwrap_or(taken) as u64, mismatch.is_some())
            }
        };
        if same > 0 {
            a.consume(same);
            b.consume(same);
            context.counters().add_bytes(same);
            position += same;
        }
        if differs {
            return Ok(Some(Found::First(position)));
        }
        context.checkpoint()?;
        if let Some(sampler) = &mut sampler
            && sampler.finds_difference(a, b, same)?
        {
            return Ok(Some(Found::Sample));
        }
    }
}
