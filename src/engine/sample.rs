//! The quick check: a few samples first, for contents that differ in a typical place.
//!
//! Samples can only show that two contents differ. That they are the same takes every byte.

use crate::content::ReadAt;
use crate::content::file::buffers::{BUFFER, Buffer};
use crate::error::Result;
use crate::run::context::Context;

/// Where the samples lie, as numerator of a fraction of the size with denominator 4, in the order
/// they are taken: the start and the end first, where formats keep what changes with any change
/// (headers, indexes, checksums) and where logs grow.
pub(super) const QUARTERS: [u64; 5] = [0, 4, 1, 2, 3];

/// Samples are taken where together they are at most an eighth of the content: otherwise reading everything
/// is as fast.
const SHARE: u64 = 8;

/// Is the content large enough for sampling to pay off?
pub(super) fn is_worthwhile(size: u64, length: usize) -> bool {
    size / SHARE >= (length as u64).saturating_mul(QUARTERS.len() as u64)
}

/// Where the sample of one of the [`QUARTERS`] begins.
pub(super) fn offset(size: u64, length: usize, quarter: u64) -> u64 {
    if quarter == 4 { size - length as u64 } else { size / 4 * quarter }
}

/// False if a sample differs; true if none does, or if sampling is not worth it. Both must have the
/// same size. A sample has `length` bytes.
///
/// # Errors
/// When either cannot be read, or the context says stop.
pub fn compare(
    a: &dyn ReadAt,
    b: &dyn ReadAt,
    length: usize,
    context: &Context<'_>,
) -> Result<bool> {
    let size = a.size();
    if !is_worthwhile(size, length) {
        return Ok(true);
    }
    let mut buffers = (Buffer::take(), Buffer::take());
    for quarter in QUARTERS {
        let (start, length) = (offset(size, length, quarter), length as u64);
        let mut done = 0;
        while done < length {
            context.checkpoint()?;
            let piece = usize::try_from(length - done).unwrap_or(usize::MAX).min(BUFFER);
            let (in_a, in_b) = (&mut buffers.0[..piece], &mut buffers.1[..piece]);
            a.read_at(start + done, in_a)?;
            b.read_at(start + done, in_b)?;
            if in_a != in_b {
                return Ok(false);
            }
            done += piece as u64;
        }
    }
    Ok(true)
}
