//! Where one of two archives stands in its entries, and what is known of the entries before that.

use blake3::{Hash, Hasher};

use super::differences::Differences;
use crate::archive::entries::{BesideEntries, Body, Entries, Header, Kind};
use crate::content::{Chunk, Reader};
use crate::engine::digest::add_zeros;
use crate::error::Result;
use crate::outcome::Difference;
use crate::run::context::Context;

/// An archive, entry by entry. As a [`Reader`] it is the content of the entry at hand.
pub(crate) trait EntryStream: Reader + Sized {
    /// The next entry; `None` after the last one. The content of the one before must be finished.
    fn entry(&mut self) -> Result<Option<Header>>;

    /// Passes over what is left of the content, and says how much of it there was in all, and its
    /// digest if that is all that can be had of it.
    fn finish(&mut self) -> Result<(u64, Option<Hash>)>;

    /// Can it go on without waiting for another thread?
    fn is_ready(&mut self) -> bool {
        true
    }

    /// From now on content is not compared as it comes: only digests are wanted.
    fn want_digests_only(&self) {}

    /// What the archive has besides entries; asked after the last one.
    fn besides(self) -> BesideEntries;
}

/// Where the cursor is.
enum At {
    /// After an entry, or before the first.
    Between,
    Entry(Header),
    End,
}

/// An archive, its current entry, and what is known of the entries before that.
pub(crate) struct ArchiveCursor<U> {
    archive: U,
    at: At,
    /// What has passed of the content at hand.
    hasher: Hasher,
    entries: Entries,
    /// Does what passes of it count? The bytes of a pair count once.
    counts: bool,
}

impl<U: EntryStream> ArchiveCursor<U> {
    pub(crate) fn new(archive: U, counts: bool) -> Self {
        let (hasher, entries) = (Hasher::new(), Entries::default());
        Self { archive, at: At::Between, hasher, entries, counts }
    }

    /// The current entry, which is read now if need be; `None` at the end.
    pub(crate) fn current(&mut self) -> Result<Option<&Header>> {
        if let At::Between = self.at {
            self.advance()?;
        }
        Ok(match &self.at {
            At::Entry(header) => Some(header),
            _ => None,
        })
    }

    /// Has the last entry been passed?
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.at, At::End)
    }

    /// Can it go on without waiting for another thread?
    pub(crate) fn is_ready(&mut self) -> bool {
        self.archive.is_ready()
    }

    /// From now on only digests are wanted.
    pub(crate) fn want_digests_only(&self) {
        self.archive.want_digests_only();
    }

    /// Has there been an entry of this name?
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn has_passed(&mut self, path: &[u8], context: &Context<'_>) -> Result<bool> {
        self.entries.have(path, context)
    }

    fn advance(&mut self) -> Result<()> {
        self.at = self.archive.entry()?.map_or(At::End, At::Entry);
        Ok(())
    }

    /// Takes what comes next without comparing it: an entry's header, up to `most` bytes of its
    /// content, or its end. Says how many bytes it took.
    pub(crate) fn step(&mut self, most: u64, context: &Context<'_>) -> Result<u64> {
        if let At::Between = self.at {
            return self.advance().map(|()| 0);
        }
        let taken = match self.archive.chunk()? {
            Chunk::End => return self.note().map(|()| 0),
            Chunk::Waiting => return Ok(0),
            Chunk::Bytes(bytes) => {
                let bytes = &bytes[..bytes.len().min(usize::try_from(most).unwrap_or(usize::MAX))];
                self.hasher.update(bytes);
                bytes.len() as u64
            }
            Chunk::Zeros(zeros) => {
                let zeros = zeros.min(most);
                add_zeros(&mut self.hasher, zeros, context)?;
                zeros
            }
        };
        self.archive.consume(taken);
        if self.counts {
            context.counters().add_bytes(taken);
        }
        Ok(taken)
    }

    /// Takes the rest of the current entry without comparing it, but no more than `most` bytes. Says how many it
    /// took.
    pub(crate) fn pass(&mut self, most: u64, context: &Context<'_>) -> Result<u64> {
        let mut taken = 0;
        while taken < most && !matches!(self.at, At::Between | At::End) {
            context.checkpoint()?;
            taken += self.step(most - taken, context)?;
        }
        Ok(taken)
    }

    /// Notes the entry at hand, all of whose content has passed.
    fn note(&mut self) -> Result<()> {
        let (size, digest) = self.archive.finish()?;
        let digest = digest.unwrap_or_else(|| self.hasher.finalize());
        self.hasher.reset();
        self.push(Body { size, digest: Some(digest), counterpart: None });
        Ok(())
    }

    fn push(&mut self, body: Body) {
        if let At::Entry(header) = std::mem::replace(&mut self.at, At::Between) {
            self.entries.push(&header, body);
        }
    }

    fn is_at_file(&self) -> bool {
        matches!(&self.at, At::Entry(header) if header.kind == Kind::File)
    }

    /// All entries.
    pub(crate) fn into_entries(self) -> Entries {
        let mut entries = self.entries;
        entries.besides = self.archive.besides();
        entries
    }
}

/// What the contents of two entries come to, side by side.
pub(crate) struct Compared {
    pub(crate) same: bool,
    /// Where they differ, if that was asked for.
    pub(crate) difference: Option<Difference>,
}

/// Takes two entries of the same name: files by `compare`, and where they differ is put to `differences`. Says how
/// many bytes they had.
pub(crate) fn together<A: EntryStream, B: EntryStream>(
    left: &mut ArchiveCursor<A>,
    right: &mut ArchiveCursor<B>,
    context: &Context<'_>,
    differences: &mut Differences,
    compare: impl FnOnce(&mut A, &mut B) -> Result<Compared>,
) -> Result<u64> {
    if !left.is_at_file() || !right.is_at_file() {
        return Ok(left.pass(u64::MAX, context)? + right.pass(u64::MAX, context)?);
    }
    let Compared { same, difference } = compare(&mut left.archive, &mut right.archive)?;
    let ((size, _), (other_size, _)) = (left.archive.finish()?, right.archive.finish()?);
    let (index, other_index) = (left.entries.count(), right.entries.count());
    if let Some(difference) = difference {
        let (left_size, right_size) = (Some(size), Some(other_size));
        let difference = Difference { left_size, right_size, ..difference };
        differences.insert((index, other_index), Box::new(difference));
    }
    left.push(Body { size, digest: None, counterpart: Some((other_index, same)) });
    right.push(Body { size: other_size, digest: None, counterpart: Some((index, same)) });
    Ok(size + other_size)
}
