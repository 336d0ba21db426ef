//! What is read once more, for some of its contents: an archive, for example.

use blake3::{Hash, Hasher};

use crate::archive::chosen::Chosen;
use crate::archive::entries::{Entries, Index};
use crate::archive::input::Origin;
use crate::archive::stream::Piece;
use crate::archive::unpack::{ContentUse, Found, Unpacker, unchanged};
use crate::content::some_zeros;
use crate::engine::lines::line_ends;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::run::context::Context;

/// Bytes in a block. Its digest has 32, so that half a MiB is kept of 1 GiB.
pub(crate) const BLOCK: u64 = 64 << 10;

/// Contents that can be read once more, by their numbers.
pub(crate) trait ContentsAgain {
    /// The size of a content.
    fn size(&self, index: Index) -> u64;

    /// The error of one that is not what it was.
    fn changed(&self) -> Error;

    /// Reads them: each that is chosen goes to what `begin` makes for it, and `end` takes that when all of it has
    /// passed.
    ///
    /// # Errors
    /// When something has changed or cannot be read; when the context says stop.
    fn scan<T: Take>(
        &self,
        chosen: Chosen,
        begin: impl Fn(Index) -> T,
        end: impl FnMut(Index, T) -> Result<()>,
    ) -> Result<()>;
}

/// One of two archives, and what is known of its entries.
pub(crate) struct ReadAgain<'a> {
    pub(crate) origin: &'a dyn Origin,
    pub(crate) entries: &'a Entries,
    pub(crate) options: &'a Options,
    pub(crate) context: &'a Context<'a>,
}

impl ContentsAgain for ReadAgain<'_> {
    fn size(&self, index: Index) -> u64 {
        self.entries.body(index).size
    }

    fn changed(&self) -> Error {
        Error::read(self.origin.name(), "changed between two passes over it")
    }

    /// An archive is read to its end.
    fn scan<T: Take>(
        &self,
        chosen: Chosen,
        begin: impl Fn(Index) -> T,
        mut end: impl FnMut(Index, T) -> Result<()>,
    ) -> Result<()> {
        if chosen.is_empty() {
            return Ok(());
        }
        let (origin, entries) = (self.origin, self.entries);
        let content_use = ContentUse::SendOnly(chosen);
        let mut unpacker = Unpacker::open(origin, content_use, self.options, self.context)?;
        let mut index = 0;
        while let Some(found) = unpacker.next()? {
            let Found::Entry(header) = found else { continue };
            self.context.checkpoint()?;
            let is_known = index < entries.count() && *header.path == *entries.path(index);
            if !is_known {
                return Err(self.changed());
            }
            let body = entries.body(index);
            let (size, digest) = if unpacker.is_sent() {
                let (mut target, mut hasher) = (begin(index), Hasher::new());
                let passed = unpacker.archive().content(|piece| {
                    let mut take = |bytes: &[u8]| {
                        hasher.update(bytes);
                        target.take(bytes);
                    };
                    match piece {
                        Piece::Bytes(bytes) => take(bytes),
                        Piece::Shared(buffer, range) => take(&buffer[range]),
                        Piece::Zeros(mut zeros) => {
                            while zeros > 0 {
                                self.context.checkpoint()?;
                                let part = some_zeros(zeros);
                                take(part);
                                zeros -= part.len() as u64;
                            }
                        }
                    }
                    Ok(())
                });
                let size = unchanged(origin, passed)?;
                let digest = hasher.finalize();
                if size == body.size && body.digest.is_none_or(|known| known == digest) {
                    end(index, target)?;
                }
                (size, Some(digest))
            } else {
                unpacker.reduce()?
            };
            let same_digest = body.digest.zip(digest).is_none_or(|(known, digest)| known == digest);
            if size != body.size || !same_digest {
                return Err(self.changed());
            }
            index += 1;
        }
        if index == entries.count() { Ok(()) } else { Err(self.changed()) }
    }
}

/// Takes the content of an entry, piece by piece.
pub(crate) trait Take {
    fn take(&mut self, bytes: &[u8]);
}

/// The digest of each block of a content.
#[derive(Default)]
pub(crate) struct BlockDigests {
    digests: Vec<Hash>,
    hasher: Hasher,
}

impl BlockDigests {
    /// All of them; the last one is that of a block which is shorter than others, and may be empty.
    pub(super) fn finish(mut self) -> Vec<Hash> {
        self.digests.push(self.hasher.finalize());
        self.digests
    }
}

impl Take for BlockDigests {
    fn take(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = usize::try_from(BLOCK - self.hasher.count()).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(bytes.len().min(room));
            self.hasher.update(now);
            if self.hasher.count() == BLOCK {
                self.digests.push(self.hasher.finalize());
                self.hasher.reset();
            }
            bytes = later;
        }
    }
}

/// A part of a content, and how many lines end before it.
pub(crate) struct Window {
    pub(super) start: u64,
    end: u64,
    position: u64,
    pub(super) line_ends: u64,
    pub(super) bytes: Vec<u8>,
}

impl Window {
    pub(super) fn new(start: u64, length: u64) -> Self {
        let end = start.saturating_add(length);
        Self { start, end, position: 0, line_ends: 0, bytes: Vec::new() }
    }
}

impl Take for Window {
    fn take(&mut self, bytes: &[u8]) {
        let within = |offset: u64| {
            let offset = offset.saturating_sub(self.position);
            usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len())
        };
        let (start, end) = (within(self.start), within(self.end));
        self.line_ends += line_ends(&bytes[..start]);
        self.bytes.extend_from_slice(&bytes[start..end]);
        self.position += bytes.len() as u64;
    }
}

impl Take for Vec<Window> {
    fn take(&mut self, bytes: &[u8]) {
        for window in self {
            window.take(bytes);
        }
    }
}
