//! One of two archives on its way through its entries, and what has been noted of those behind it.

use blake3::{Hash, Hasher};

use crate::archive::entries::{Besides, Body, Entries, Header, Kind};
use crate::content::{Chunk, Reader};
use crate::engine::digest::add_zeros;
use crate::error::Result;
use crate::run::context::Context;

/// An archive, entry by entry. As a [`Reader`] it is the content of the entry at hand.
pub(crate) trait Unpacked: Reader + Sized {
    /// The next entry; `None` after the last one. The content of the one before must be finished.
    fn entry(&mut self) -> Result<Option<Header>>;

    /// Passes over what is left of the content, and says how much of it there was in all, and its
    /// digest if that is all that can be had of it.
    fn finish(&mut self) -> Result<(u64, Option<Hash>)>;

    /// Can it go on without waiting for another thread?
    fn is_ready(&mut self) -> bool {
        true
    }

    /// Told once nobody compares content as it comes any more: digests are all that is wanted.
    fn go_apart(&self) {}

    /// What there was besides entries, when all have come.
    fn besides(self) -> Besides;
}

/// Where an archive stands.
enum At {
    /// After an entry, or before the first.
    Between,
    Entry(Header),
    End,
}

/// An archive on its way.
pub(crate) struct Course<U> {
    archive: U,
    at: At,
    /// What has passed of the content at hand.
    hasher: Hasher,
    entries: Entries,
    /// Does what passes of it count? The bytes of a pair count once.
    counts: bool,
}

impl<U: Unpacked> Course<U> {
    pub(crate) fn new(archive: U, counts: bool) -> Self {
        let (hasher, entries) = (Hasher::new(), Entries::default());
        Self { archive, at: At::Between, hasher, entries, counts }
    }

    /// The entry that it stands at, or comes to now; `None` at the end.
    pub(crate) fn here(&mut self) -> Result<Option<&Header>> {
        if let At::Between = self.at {
            self.advance()?;
        }
        Ok(match &self.at {
            At::Entry(header) => Some(header),
            _ => None,
        })
    }

    /// Is there nothing more to come?
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.at, At::End)
    }

    /// Can it go on without waiting for another thread?
    pub(crate) fn is_ready(&mut self) -> bool {
        self.archive.is_ready()
    }

    /// Tells it that nobody compares content as it comes any more.
    pub(crate) fn go_apart(&self) {
        self.archive.go_apart();
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

    /// Takes the next bit of what is there by itself: an entry's header, up to `most` bytes of its
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

    /// Takes the rest of the entry at hand by itself, but no more than `most` bytes. Says how many it
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
        self.push(Body { size, digest: Some(digest), twin: None });
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

    /// Everything that there was.
    pub(crate) fn into_entries(self) -> Entries {
        let mut entries = self.entries;
        entries.besides = self.archive.besides();
        entries
    }
}

/// Takes two entries of the same name: files by `compare`, which says whether they are the same. Says
/// how many bytes they had.
pub(crate) fn together<A: Unpacked, B: Unpacked>(
    left: &mut Course<A>,
    right: &mut Course<B>,
    context: &Context<'_>,
    compare: impl FnOnce(&mut A, &mut B) -> Result<bool>,
) -> Result<u64> {
    if !left.is_at_file() || !right.is_at_file() {
        return Ok(left.pass(u64::MAX, context)? + right.pass(u64::MAX, context)?);
    }
    let same = compare(&mut left.archive, &mut right.archive)?;
    let ((size, _), (other_size, _)) = (left.archive.finish()?, right.archive.finish()?);
    let (index, other_index) = (left.entries.count(), right.entries.count());
    left.push(Body { size, digest: None, twin: Some((other_index, same)) });
    right.push(Body { size: other_size, digest: None, twin: Some((index, same)) });
    Ok(size + other_size)
}
