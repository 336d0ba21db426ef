//! The digest of a stream, taken while it is read.
//!
//! Where two contents cannot be held side by side, their BLAKE3-256 digests are compared. No two contents
//! with the same digest are known, and finding any is meant to be impossible even for an attacker.

use blake3::{Hash, Hasher};

use crate::content::{Chunk, Reader, some_zeros};
use crate::error::Result;
use crate::run::context::Context;

/// Where two contents of the same beginning are compared first; then at twice that offset, and so on. So a
/// difference is found before twice as much has been read as lies before it.
const FIRST_CHECKPOINT: u64 = 64 << 10;

/// A content's length and its digest.
pub(crate) type Digest = (u64, Hash);

/// The digest of what has been read of a stream so far.
#[derive(Default)]
pub(crate) struct StreamDigest {
    hasher: Hasher,
    /// How many checkpoints have been passed.
    checkpoints: usize,
}

impl StreamDigest {
    /// Adds what comes next, but nothing past the next checkpoint. Returns how many bytes that were; at the
    /// checkpoint also its number and the digest of everything before it.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn add(
        &mut self,
        chunk: Chunk<'_>,
        context: &Context<'_>,
    ) -> Result<(u64, Option<(usize, Hash)>)> {
        let checkpoint = FIRST_CHECKPOINT << self.checkpoints;
        let room = checkpoint - self.hasher.count();
        let added = match chunk {
            Chunk::Bytes(bytes) => {
                let most = usize::try_from(room).unwrap_or(usize::MAX);
                let bytes = &bytes[..bytes.len().min(most)];
                self.hasher.update(bytes);
                bytes.len() as u64
            }
            Chunk::Zeros(zeros) => {
                let zeros = zeros.min(room);
                add_zeros(&mut self.hasher, zeros, context)?;
                zeros
            }
            Chunk::Waiting | Chunk::End => 0,
        };
        if self.hasher.count() < checkpoint {
            return Ok((added, None));
        }
        self.checkpoints += 1;
        Ok((added, Some((self.checkpoints - 1, self.hasher.finalize()))))
    }

    /// How many bytes were added.
    pub(crate) fn count(&self) -> u64 {
        self.hasher.count()
    }

    /// Length and digest of all that was added.
    pub(crate) fn finish(&self) -> Digest {
        (self.hasher.count(), self.hasher.finalize())
    }
}

/// Length and digest of all that a reader has.
///
/// # Errors
/// When it cannot be read; when the context says stop.
pub(crate) fn digest_of(reader: &mut dyn Reader, context: &Context<'_>) -> Result<Digest> {
    let mut digest = StreamDigest::default();
    loop {
        context.checkpoint()?;
        let chunk = reader.chunk()?;
        if chunk == Chunk::End {
            return Ok(digest.finish());
        }
        let (taken, _) = digest.add(chunk, context)?;
        reader.consume(taken);
    }
}

/// Adds that many zero bytes. (No digest can be computed from the number alone.)
///
/// # Errors
/// When the context says stop.
pub(crate) fn add_zeros(hasher: &mut Hasher, mut count: u64, context: &Context<'_>) -> Result<()> {
    while count > 0 {
        context.checkpoint()?;
        let part = some_zeros(count);
        hasher.update(part);
        count -= part.len() as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;

    #[test]
    fn any_division_of_a_stream_gives_the_same_checkpoints_and_the_same_digest() {
        let zeros = vec![0; 300 << 10];
        let call = Call::new(None);
        let context = Context::new(&call);
        let read = |as_zeros: bool, step: usize| {
            let (mut digest, mut checkpoints, mut done) = (StreamDigest::default(), vec![], 0);
            while done < zeros.len() {
                let rest = &zeros[done..zeros.len().min(done + step)];
                let chunk =
                    if as_zeros { Chunk::Zeros(rest.len() as u64) } else { Chunk::Bytes(rest) };
                let (added, checkpoint) = digest.add(chunk, &context).expect("no limit");
                checkpoints.extend(checkpoint);
                done += usize::try_from(added).expect("it fits");
            }
            (checkpoints, digest.finish())
        };
        let offsets = [64 << 10, 128 << 10, 256 << 10];
        let at_once = offsets.map(|offset| blake3::hash(&zeros[..offset]));
        let expected = (
            at_once.into_iter().enumerate().collect::<Vec<_>>(),
            (zeros.len() as u64, blake3::hash(&zeros)),
        );
        for (as_zeros, step) in [(false, 1000), (false, 1 << 20), (true, 7), (true, 1 << 20)] {
            assert_eq!(read(as_zeros, step), expected);
        }
    }
}
