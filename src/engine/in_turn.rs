//! The first difference of two streams of which only one can be read at a time.
//!
//! A server that answers one request at a time does not begin with the second body before the first has been read
//! to its end. So the first is read, and a digest kept of each of its blocks; then the second, up to the block
//! that differs; and then the first once more up to there.

use super::first::show;
use super::lines::line_ends;
use super::mismatch::first_mismatch;
use super::wait_for;
use crate::content::Reader;
use crate::error::{Error, Name, Result};
use crate::outcome::Difference;
use crate::run::context::Context;

/// Bytes in a block. Its digest has 32, so that of 100 GiB 3 MiB are kept.
const BLOCK: usize = 1 << 20;

/// Finds the first byte in which two streams differ. `held` is the one whose body has begun; `again` opens it once
/// more, and `name` is what messages call it. The difference has `held` on its left.
///
/// # Errors
/// When either cannot be read, or has changed; when the context says stop.
pub fn first_difference<'r>(
    mut held: Box<dyn Reader + 'r>,
    mut silent: Box<dyn Reader + 'r>,
    again: &dyn Fn() -> Result<Box<dyn Reader + 'r>>,
    name: &Name,
    shown: usize,
    context: &Context<'_>,
) -> Result<Option<Difference>> {
    let (mut digests, mut left_size) = (Vec::new(), 0);
    wait_for(&mut *held, context)?;
    loop {
        let (block, _) = show(&mut *held, left_size, BLOCK, context)?;
        digests.push(blake3::hash(&block));
        left_size += block.len() as u64;
        if block.len() < BLOCK {
            break;
        }
    }
    held.verify()?;
    drop(held);

    wait_for(&mut *silent, context)?;
    let (mut offset, mut line, mut number) = (0, 1, 0);
    let (right, right_size) = loop {
        let (mut block, mut size) = show(&mut *silent, offset, BLOCK, context)?;
        if blake3::hash(&block) != digests[number] {
            if block.len() == BLOCK {
                let (more, known) = show(&mut *silent, offset + BLOCK as u64, shown, context)?;
                block.extend(more);
                size = known;
            }
            break (block, size);
        }
        // The last block of `held` is shorter than others: both end with it.
        if block.len() < BLOCK {
            return silent.verify().map(|()| None);
        }
        offset += BLOCK as u64;
        line += line_ends(&block);
        number += 1;
    };
    silent.verify()?;
    drop(silent);

    let mut held = again()?;
    wait_for(&mut *held, context)?;
    let (mut left, mut position) = (Vec::new(), 0);
    for digest in &digests[..=number] {
        (left, _) = show(&mut *held, position, BLOCK, context)?;
        position += left.len() as u64;
        if blake3::hash(&left) != *digest {
            return Err(Error::read(name, "changed while it was compared"));
        }
    }
    if left.len() == BLOCK {
        left.extend(show(&mut *held, position, shown, context)?.0);
    }
    held.verify()?;
    let common = left.len().min(right.len());
    let first = first_mismatch(&left[..common], &right[..common]).unwrap_or(common);
    line += line_ends(&left[..first]);
    let from_there = |block: &[u8]| block[first..].iter().copied().take(shown).collect();
    let (offset, left_size) = (offset + first as u64, Some(left_size));
    let (left, right) = (from_there(&left), from_there(&right));
    Ok(Some(Difference { offset, line, left, right, left_size, right_size }))
}
