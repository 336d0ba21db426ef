//! Two streams, side by side, one chunk at a time.

use super::range_sampler::RangeSampler;
use crate::content::{Chunk, Reader, is_zero};
use crate::error::Result;
use crate::run::context::Context;

/// Are both streams the same to their ends? There is a checkpoint every `step` bytes.
///
/// # Errors
/// When either cannot be read, or the context says stop.
pub fn compare(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    step: usize,
    context: &Context<'_>,
) -> Result<bool> {
    compare_sampled(a, b, None, step, context)
}

/// The same, with samples from further on that may show a difference earlier.
pub(super) fn compare_sampled(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    mut sampler: Option<RangeSampler>,
    step: usize,
    context: &Context<'_>,
) -> Result<bool> {
    loop {
        let taken = match (a.chunk()?, b.chunk()?) {
            (Chunk::Waiting, _) | (_, Chunk::Waiting) => 0,
            (Chunk::End, Chunk::End) => return Ok(true),
            (Chunk::End, _) | (_, Chunk::End) => return Ok(false),
            (Chunk::Zeros(a), Chunk::Zeros(b)) => a.min(b),
            (Chunk::Bytes(a), Chunk::Bytes(b)) => {
                let taken = a.len().min(b.len()).min(step);
                if a[..taken] != b[..taken] {
                    return Ok(false);
                }
                taken as u64
            }
            (Chunk::Zeros(zeros), Chunk::Bytes(bytes))
            | (Chunk::Bytes(bytes), Chunk::Zeros(zeros)) => {
                let zeros = usize::try_from(zeros).unwrap_or(usize::MAX);
                let taken = bytes.len().min(zeros).min(step);
                if !is_zero(&bytes[..taken]) {
                    return Ok(false);
                }
                taken as u64
            }
        };
        if taken > 0 {
            a.consume(taken);
            b.consume(taken);
        }
        context.checkpoint()?;
        if let Some(sampler) = &mut sampler
            && sampler.finds_difference(a, b, taken)?
        {
            return Ok(false);
        }
    }
}
