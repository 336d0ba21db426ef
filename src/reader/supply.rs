//! The bytes of an archive, as libarchive takes them: slab by slab, and from wherever it wants them.

use std::io::SeekFrom;

use super::pace::Pace;
use super::slab::{Slab, Slabs};
use super::{Chunk, ReadAt, Reader};
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
    bytes: Bytes<'a>,
    context: &'a Context<'a>,
    pace: Pace,
    /// How much may come out of filters, content or not, and what to say if more does.
    most: Option<(u64, Error)>,
    position: u64,
    served: u64,
    slabs: Slabs,
    current: Option<Slab>,
    failure: Option<Error>,
}

impl<'a> Supply<'a> {
    pub(crate) fn new(
        bytes: Bytes<'a>,
        most: Option<(u64, Error)>,
        context: &'a Context<'a>,
    ) -> Self {
        let (slabs, current, failure) = (Slabs::default(), None, None);
        let (pace, position, served) = (Pace::new(), 0, 0);
        Self { bytes, context, pace, most, position, served, slabs, current, failure }
    }

    /// Libarchive begins to work.
    pub(crate) fn begin(&self) {
        self.pace.begin();
    }

    /// How many bytes the archive has, or has shown so far.
    pub(crate) fn size(&self) -> u64 {
        let known = match &self.bytes {
            Bytes::Anywhere(bytes) => Some(bytes.size()),
            Bytes::Stream(reader, _) => reader.size(),
        };
        known.unwrap_or(self.served)
    }

    /// Has nothing come yet?
    pub(crate) fn is_empty(&self) -> bool {
        self.served == 0
    }

    /// Why there are no more bytes, if that is not because they are at their end.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// What libarchive was given last.
    pub(crate) fn slab(&self) -> Option<&Slab> {
        self.current.as_ref()
    }

    /// May what was read be trusted? Of what can be read anywhere, its origin says so.
    pub(crate) fn verify(&self) -> Result<()> {
        match &self.bytes {
            Bytes::Anywhere(_) => Ok(()),
            Bytes::Stream(reader, _) => reader.verify(),
        }
    }

    /// Fills a slab, and says how far. So much came out of what was served before.
    fn fill(&mut self, slab: &mut [u8], put_out: u64) -> Result<usize> {
        self.context.checkpoint()?;
        if let Some((most, error)) = &self.most
            && put_out > *most
        {
            return Err(error.clone());
        }
        let piece = self.pace.piece();
        match &mut self.bytes {
            Bytes::Anywhere(bytes) => {
                let ahead = bytes.size().saturating_sub(self.position);
                let length = usize::try_from(ahead).unwrap_or(piece).min(piece);
                bytes.read_at(self.position, &mut slab[..length])?;
                Ok(length)
            }
            Bytes::Stream(reader, _) => {
                let length = loop {
                    break match reader.chunk()? {
                        Chunk::End => 0,
                        Chunk::Bytes(bytes) => {
                            let length = bytes.len().min(piece);
                            slab[..length].copy_from_slice(&bytes[..length]);
                            length
                        }
                        Chunk::Zeros(zeros) => {
                            let length = usize::try_from(zeros).unwrap_or(piece).min(piece);
                            slab[..length].fill(0);
                            length
                        }
                        Chunk::Waiting => {
                            self.context.checkpoint()?;
                            continue;
                        }
                    };
                };
                if length > 0 {
                    reader.consume(length as u64);
                }
                Ok(length)
            }
        }
    }

    /// The bytes, if they can be read anywhere.
    pub(crate) fn anywhere(&self) -> Option<&dyn ReadAt> {
        self.bytes.anywhere()
    }

    /// Why the bytes can be read only in their order.
    pub(crate) fn why_in_order(&self) -> Option<&'static str> {
        match &self.bytes {
            Bytes::Anywhere(_) => None,
            Bytes::Stream(_, why) => Some(why),
        }
    }

    fn seekable_size(&self) -> Option<u64> {
        self.anywhere().map(ReadAt::size)
    }
}

impl Input for Supply<'_> {
    fn read(&mut self, put_out: u64) -> Option<&[u8]> {
        if let Some(slab) = self.current.take() {
            self.slabs.keep(slab);
        }
        let mut slab = self.slabs.take();
        let writable = Slab::get_mut(&mut slab).expect("nobody else holds it");
        match self.fill(writable, put_out) {
            Ok(length) => {
                self.position += length as u64;
                self.served += length as u64;
                Some(&self.current.insert(slab)[..length])
            }
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }

    fn skip(&mut self, length: u64) -> u64 {
        let ahead = self.seekable_size().map_or(0, |size| size.saturating_sub(self.position));
        let skipped = length.min(ahead);
        self.position += skipped;
        skipped
    }

    fn seek(&mut self, to: SeekFrom) -> Option<u64> {
        let size = self.seekable_size()?;
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => size.checked_add_signed(offset),
        };
        self.position = position?.min(size);
        Some(self.position)
    }

    fn can_seek(&self) -> bool {
        self.seekable_size().is_some()
    }
}
