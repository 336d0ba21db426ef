//! Where do two contents differ first?
//!
//! Everything before the first difference is compared; samples decide nothing. Contents that can be read at any
//! offset are compared by several threads, and the lines of the left one are counted afterwards, up to the
//! difference: contents that are the same cost what comparing them costs. Streams are compared side by side, and
//! lines are counted as they pass.

use super::lines::{line_ends, line_ends_before};
use super::lockstep;
use super::parallel::{self, DifferenceAt};
use super::wait::wait_for;
use crate::content::{Chunk, ReadAt, Reader};
use crate::error::Result;
use crate::options::Options;
use crate::outcome::Difference;
use crate::run::context::Context;

/// Finds the first byte in which two readers differ, and shows up to `shown` bytes of either from there on. `None`: both are the same to their ends.
///
/// # Errors
/// When either cannot be read or is found to have changed; when the context says stop.
pub fn first_difference(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    shown: usize,
    options: &Options,
    context: &Context<'_>,
) -> Result<Option<Difference>> {
    context.checkpoint()?;
    a.begin()?;
    b.begin()?;
    wait_for(a, context)?;
    wait_for(b, context)?;
    let difference = match (a.as_random(), b.as_random()) {
        (Some(a), Some(b)) if a.size().min(b.size()) >= parallel::WORTHWHILE => {
            at_any_offset(a, b, shown, options, context)?
        }
        _ => side_by_side(a, b, shown, options.chunk_size, context)?,
    };
    a.verify()?;
    b.verify()?;
    Ok(difference)
}

/// Finds it in two contents that can be read at any offset.
fn at_any_offset(
    a: &dyn ReadAt,
    b: &dyn ReadAt,
    shown: usize,
    options: &Options,
    context: &Context<'_>,
) -> Result<Option<Difference>> {
    let place = parallel::find(a, b, shown, options, context)?;
    place.map(|place| with_line(place, a, b, options.workers(), context)).transpose()
}

/// Counts the lines before a place, on up to `workers` threads.
pub(crate) fn with_line(
    place: DifferenceAt,
    a: &dyn ReadAt,
    b: &dyn ReadAt,
    workers: usize,
    context: &Context<'_>,
) -> Result<Difference> {
    let DifferenceAt { offset, left, right } = place;
    let line = 1 + line_ends_before(a, offset, workers, context)?;
    let (left_size, right_size) = (Some(a.size()), Some(b.size()));
    Ok(Difference { offset, line, left, right, left_size, right_size })
}

/// Finds it in two streams.
pub(crate) fn side_by_side(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    shown: usize,
    step: usize,
    context: &Context<'_>,
) -> Result<Option<Difference>> {
    let mut line = 1;
    let count = |same: &[u8]| line += line_ends(same);
    let Some(offset) = lockstep::compare_counting(a, b, step, context, count)? else {
        return Ok(None);
    };
    let (left, left_size) = show(a, offset, shown, context)?;
    let (right, right_size) = show(b, offset, shown, context)?;
    Ok(Some(Difference { offset, line, left, right, left_size, right_size }))
}

/// Finds it in two contents that lie in memory.
pub(crate) fn in_memory(left: &[u8], right: &[u8], shown: usize) -> Option<Difference> {
    let common = left.len().min(right.len());
    let mismatch = super::mismatch::first_mismatch(&left[..common], &right[..common]);
    if mismatch.is_none() && left.len() == right.len() {
        return None;
    }
    let offset = mismatch.unwrap_or(common);
    let from_there = |content: &[u8]| content[offset..].iter().copied().take(shown).collect();
    Some(Difference {
        offset: offset as u64,
        line: 1 + line_ends(&left[..offset]),
        left: from_there(left),
        right: from_there(right),
        left_size: Some(left.len() as u64),
        right_size: Some(right.len() as u64),
    })
}

/// Takes up to `shown` bytes from a stream that stands at `offset`. Says its size, too, if that is known by then:
/// because it always was, or because the stream ended before there were so many, or at `offset`.
pub(super) fn show(
    reader: &mut dyn Reader,
    offset: u64,
    shown: usize,
    context: &Context<'_>,
) -> Result<(Vec<u8>, Option<u64>)> {
    let (mut bytes, mut end) = (Vec::new(), None);
    loop {
        context.checkpoint()?;
        let room = shown - bytes.len();
        let taken = match reader.chunk()? {
            Chunk::Waiting => continue,
            Chunk::End => {
                end = Some(offset + bytes.len() as u64);
                break;
            }
            Chunk::Bytes(more) => {
                let more = &more[..more.len().min(room)];
                bytes.extend_from_slice(more);
                more.len()
            }
            Chunk::Zeros(zeros) => {
                let zeros = usize::try_from(zeros).unwrap_or(usize::MAX).min(room);
                bytes.resize(bytes.len() + zeros, 0);
                zeros
            }
        };
        reader.consume(taken as u64);
        if bytes.len() == shown {
            break;
        }
    }
    Ok((bytes, reader.size().or(end)))
}
