//! Two streams of which only one can advance at a time, compared by their digests.
//!
//! A server that answers one request at a time does not begin with the second body before the first has
//! been read to its end. So each stream is read as it comes, neither waiting for the other, and the two are
//! compared by their digests at the same checkpoints (see `digest.rs`).

use blake3::Hash;

use super::digest::{Digest, StreamDigest};
use crate::content::sizes_differ;
use crate::content::{Chunk, Reader};
use crate::error::Result;
use crate::outcome::{PairOutcome, Unequal};
use crate::run::context::Context;

/// Compares two streams that nothing has been read of. With `precheck`, sizes that differ decide.
///
/// # Errors
/// When either cannot be read, or the context says stop.
pub(super) fn compare(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    precheck: bool,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    let (mut sides, mut counted) = ([DigestedSide::new(a), DigestedSide::new(b)], 0);
    while sides.iter().any(|side| side.end.is_none()) {
        for side in &mut sides {
            // As much as has arrived: waiting is for when neither side has any.
            while side.advance(context)? {
                context.checkpoint()?;
            }
            context.checkpoint()?;
        }
        // Half of what was read: the bytes of a pair count once.
        let read = sides.iter().map(|side| side.digest.count()).sum::<u64>() / 2;
        context.counters().add_bytes(read - counted);
        counted = read;
        let [a, b] = &sides;
        if precheck && a.prepared && b.prepared && sizes_differ(a.reader.size(), b.reader.size()) {
            return Ok(Some(Unequal::SIZES));
        }
        if a.checkpoints.iter().zip(&b.checkpoints).any(|(a, b)| a != b) {
            return Ok(Some(Unequal::SOMEWHERE));
        }
    }
    Ok((sides[0].end != sides[1].end).then_some(Unequal::SOMEWHERE))
}

/// One of the two streams.
struct DigestedSide<'r> {
    reader: &'r mut dyn Reader,
    prepared: bool,
    digest: StreamDigest,
    /// The digests at the checkpoints that have been passed.
    checkpoints: Vec<Hash>,
    /// That of the whole stream, once it has been read.
    end: Option<Digest>,
}

impl<'r> DigestedSide<'r> {
    fn new(reader: &'r mut dyn Reader) -> Self {
        let (digest, checkpoints) = (StreamDigest::default(), Vec::new());
        Self { reader, prepared: false, digest, checkpoints, end: None }
    }

    /// Reads what has arrived. False if nothing has.
    fn advance(&mut self, context: &Context<'_>) -> Result<bool> {
        if self.end.is_some() {
            return Ok(false);
        }
        if !self.prepared {
            self.prepared = self.reader.prepare()?;
            return Ok(self.prepared);
        }
        let chunk = self.reader.chunk()?;
        match chunk {
            Chunk::Waiting => return Ok(false),
            Chunk::End => {
                self.end = Some(self.digest.finish());
                return Ok(false);
            }
            Chunk::Bytes(_) | Chunk::Zeros(_) => {}
        }
        let (added, checkpoint) = self.digest.add(chunk, context)?;
        self.reader.consume(added);
        self.checkpoints.extend(checkpoint.map(|(_, hash)| hash));
        Ok(true)
    }
}
