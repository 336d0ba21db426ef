//! The bytes of an archive, as libarchive takes them: slab by slab, and from wherever it wants them.

use std::io::SeekFrom;

use super::gzip::{self, Gunzip};
use super::pace::Pace;
use super::slab::{Slab, Slabs};
use super::stash::Buffer;
use super::stored::Stored;
use super::{ReadAt, Reader};
use crate::context::Context;
use crate::error::{Error, Name, Result};
use crate::sys::libarchive::Input;

/// An archive, before it is read; it may have to be read twice.
pub(crate) trait Origin: Sync {
    /// What messages call it.
    fn name(&self) -> &Name;

    /// Its bytes, from the first one on.
    ///
    /// # Errors
    /// When they cannot be had; when the context says stop.
    fn open<'c>(&'c self, context: &Context<'c>) -> Result<Bytes<'c>>;

    /// Asked when it has been read: is it still what it was before?
    ///
    /// # Errors
    /// When not.
    fn verify(&self) -> Result<()>;
}

/// The bytes of an archive.
pub(crate) enum Bytes<'a> {
    /// They can be read anywhere.
    Anywhere(Box<dyn ReadAt + 'a>),
    /// They come in their order, and why only so.
    Stream(Box<dyn Reader + 'a>, &'static str),
}

impl Bytes<'_> {
    /// The bytes, if they can be read anywhere.
    pub(super) fn anywhere(&self) -> Option<&dyn ReadAt> {
        match self {
            Self::Anywhere(bytes) => Some(&**bytes),
            Self::Stream(..) => None,
        }
    }
}

/// The bytes of an archive, on their way to libarchive.
pub(crate) struct Supply<'a> {
    source: Source<'a>,
    context: &'a Context<'a>,
    pace: Pace,
    /// How much may come out of filters, content or not, and what to say if more does.
    most: Option<(u64, Error)>,
    slabs: Slabs,
    current: Option<Slab>,
    failure: Option<Error>,
}

/// What libarchive is given.
enum Source<'a> {
    Stored(Stored<'a>),
    /// What is within, and how much of it there was so far.
    Gzip(Box<Gunzip<'a>>, u64),
}

impl<'a> Supply<'a> {
    /// `name` is what messages call the archive.
    ///
    /// # Errors
    /// When it cannot be read; when the context says stop.
    pub(crate) fn new(
        bytes: Bytes<'a>,
        name: &Name,
        most: Option<(u64, Error)>,
        context: &'a Context<'a>,
    ) -> Result<Self> {
        let mut stored = Stored::new(bytes, context);
        let source = if stored.begins_with(&gzip::MAGIC)? {
            Source::Gzip(Box::new(Gunzip::new(stored, name)), 0)
        } else {
            Source::Stored(stored)
        };
        let (slabs, current, failure) = (Slabs::default(), None, None);
        Ok(Self { source, context, pace: Pace::new(), most, slabs, current, failure })
    }

    fn stored(&self) -> &Stored<'a> {
        match &self.source {
            Source::Stored(stored) => stored,
            Source::Gzip(gunzip, _) => gunzip.stored(),
        }
    }

    /// Libarchive begins to work.
    pub(crate) fn begin(&self) {
        self.pace.begin();
    }

    /// How many bytes the archive has, or has shown so far.
    pub(crate) fn size(&self) -> u64 {
        self.stored().size()
    }

    /// How many bytes libarchive was given, or could have been.
    pub(crate) fn given(&self) -> u64 {
        match &self.source {
            Source::Stored(stored) => stored.size(),
            Source::Gzip(_, undone) => *undone,
        }
    }

    /// Has nothing come yet?
    pub(crate) fn is_empty(&self) -> bool {
        self.stored().is_unread()
    }

    /// Is libarchive given something else than what is stored?
    pub(crate) fn is_undone(&self) -> bool {
        matches!(self.source, Source::Gzip(..))
    }

    /// Why there are no more bytes, if that is not because they are at their end.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// The archive, if libarchive is given what is stored, and it can be read anywhere.
    pub(crate) fn anywhere(&self) -> Option<&dyn ReadAt> {
        match &self.source {
            Source::Stored(stored) => stored.anywhere(),
            Source::Gzip(..) => None,
        }
    }

    /// What libarchive was given last.
    pub(crate) fn slab(&self) -> Option<&Slab> {
        self.current.as_ref()
    }

    /// May what was read be trusted? Of what can be read anywhere, its origin says so.
    pub(crate) fn verify(&self) -> Result<()> {
        self.stored().verify()
    }

    /// Reads what libarchive had no use for, if a checksum comes after it. What it was given last stays
    /// as it is.
    ///
    /// # Errors
    /// When the checksum is wrong; when there is too much.
    pub(crate) fn finish(&mut self) -> Result<()> {
        if self.is_undone() {
            // Libarchive has no work with it, so that there is no pace to keep: a buffer is full in a
            // small part of a pulse.
            let mut buffer = Buffer::take();
            while self.fill(&mut buffer, 0)? > 0 {}
        }
        Ok(())
    }

    /// Fills a buffer, and says how far. So much came out of what was served before.
    fn fill(&mut self, buffer: &mut [u8], put_out: u64) -> Result<usize> {
        self.context.checkpoint()?;
        let undone = match self.source {
            Source::Stored(_) => 0,
            Source::Gzip(_, undone) => undone,
        };
        if let Some((most, error)) = &self.most
            && put_out.max(undone) > *most
        {
            return Err(error.clone());
        }
        match &mut self.source {
            Source::Stored(stored) => stored.read(buffer),
            Source::Gzip(gunzip, undone) => {
                let length = gunzip.read(buffer)?;
                *undone += length as u64;
                Ok(length)
            }
        }
    }

    /// Why the bytes can be read only in their order.
    pub(crate) fn why_in_order(&self) -> Option<&'static str> {
        self.stored().why_in_order()
    }
}

impl Input for Supply<'_> {
    fn read(&mut self, put_out: u64) -> Option<&[u8]> {
        if let Some(slab) = self.current.take() {
            self.slabs.keep(slab);
        }
        let mut slab = self.slabs.take();
        let writable = Slab::get_mut(&mut slab).expect("nobody else holds it");
        let piece = self.pace.piece();
        let filled = self.fill(&mut writable[..piece], put_out);
        // What is asked is how long it is busy with one piece; it may take many in one call.
        self.begin();
        match filled {
            Ok(length) => Some(&self.current.insert(slab)[..length]),
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }

    fn skip(&mut self, length: u64) -> u64 {
        match &mut self.source {
            Source::Stored(stored) => stored.skip(length),
            Source::Gzip(..) => 0,
        }
    }

    fn seek(&mut self, to: SeekFrom) -> Option<u64> {
        match &mut self.source {
            Source::Stored(stored) => stored.seek(to),
            Source::Gzip(..) => None,
        }
    }

    fn can_seek(&self) -> bool {
        matches!(&self.source, Source::Stored(stored) if stored.anywhere().is_some())
    }
}

#[cfg(test)]
mod tests;
