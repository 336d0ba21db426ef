//! Two streams of which only one can move at a time, compared by their digests.
//!
//! A server that answers one request at a time does not begin with the second body before the first has
//! been taken to its end. So both are taken as they come, neither waiting for the other, and what is held
//! against each other is the BLAKE3-256 digest of everything before each of a row of places: a difference
//! is found before twice as much has been read as lies before it.

use blake3::{Hash, Hasher};

use super::sizes_differ;
use crate::context::Context;
use crate::error::Result;
use crate::outcome::{DiffReason, PairOutcome};
use crate::reader::{Chunk, Reader};

/// The first place; each of the others is twice as far as the one before.
const FIRST: u64 = 64 << 10;

/// Zeros to digest at a time, where there is a hole.
const ZEROS: &[u8] = &[0; 64 << 10];

/// Compares two streams that neither has been read of. `precheck`: sizes that differ settle it.
///
/// # Errors
/// When either cannot be read, or the context says stop.
pub(super) fn compare(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    precheck: bool,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    let mut sides = [Side::new(a), Side::new(b)];
    while sides.iter().any(|side| side.end.is_none()) {
        for side in &mut sides {
            // As much as is there: waiting is for when neither has any.
            while side.step()? {
                context.checkpoint()?;
            }
            context.checkpoint()?;
        }
        let [a, b] = &sides;
        if precheck && a.prepared && b.prepared && sizes_differ(a.reader.size(), b.reader.size()) {
            return Ok(Some(DiffReason::SizeMismatch));
        }
        if a.places.iter().zip(&b.places).any(|(a, b)| a != b) {
            return Ok(Some(DiffReason::ContentMismatch));
        }
    }
    Ok((sides[0].end != sides[1].end).then_some(DiffReason::ContentMismatch))
}

/// One of the two.
struct Side<'r> {
    reader: &'r mut dyn Reader,
    prepared: bool,
    hasher: Hasher,
    /// The digests at the places that have been passed.
    places: Vec<Hash>,
    /// The length and the digest of all, once it has been read.
    end: Option<(u64, Hash)>,
}

impl<'r> Side<'r> {
    fn new(reader: &'r mut dyn Reader) -> Self {
        Self { reader, prepared: false, hasher: Hasher::new(), places: Vec::new(), end: None }
    }

    /// Takes what is there. False if that is nothing.
    fn step(&mut self) -> Result<bool> {
        if self.end.is_some() {
            return Ok(false);
        }
        if !self.prepared {
            self.prepared = self.reader.prepare()?;
            return Ok(self.prepared);
        }
        let before = (FIRST << self.places.len()) - self.hasher.count();
        let most = usize::try_from(before).unwrap_or(usize::MAX);
        let taken = match self.reader.chunk()? {
            Chunk::Bytes(bytes) => {
                let bytes = &bytes[..bytes.len().min(most)];
                self.hasher.update(bytes);
                bytes.len() as u64
            }
            Chunk::Zeros(zeros) => {
                let zeros = zeros.min(before).min(ZEROS.len() as u64);
                self.hasher.update(&ZEROS[..usize::try_from(zeros).unwrap_or(ZEROS.len())]);
                zeros
            }
            Chunk::Waiting => return Ok(false),
            Chunk::End => {
                self.end = Some((self.hasher.count(), self.hasher.finalize()));
                return Ok(false);
            }
        };
        self.reader.consume(taken);
        if taken == before {
            self.places.push(self.hasher.finalize());
        }
        Ok(true)
    }
}
