//! What lies around one place in an archive that is read from its beginning to its end.

use crate::archive::input::shared_buffer::{LENGTH, SharedBuffer, SharedBuffers};
use crate::content::ReadAt;
use crate::error::Result;

/// The archive, and a buffer with some of it.
pub(crate) struct Window<'a> {
    bytes: Box<dyn ReadAt + 'a>,
    buffers: SharedBuffers,
    buffer: SharedBuffer,
    /// Where its first byte lies in the archive, and how many there are.
    start: u64,
    length: usize,
    /// How many bytes have been read.
    came: u64,
}

impl<'a> Window<'a> {
    pub(crate) fn new(bytes: Box<dyn ReadAt + 'a>) -> Self {
        let mut buffers = SharedBuffers::default();
        let buffer = buffers.take();
        Self { bytes, buffers, buffer, start: 0, length: 0, came: 0 }
    }

    /// How many bytes the archive has.
    fn size(&self) -> u64 {
        self.bytes.size()
    }

    /// The same, unless that is only what a server says: then how many have come.
    pub(crate) fn compressed(&self) -> u64 {
        if self.bytes.is_promised() { self.came } else { self.size() }
    }

    /// The buffer that the bytes lie in.
    pub(crate) fn buffer(&self) -> &SharedBuffer {
        &self.buffer
    }

    /// The bytes from `offset` on that are at hand, after at least `least` of them have been read, if
    /// there are so many before the end. A buffer has room for them.
    pub(crate) fn at(&mut self, offset: u64, least: usize) -> Result<&[u8]> {
        if self.at_hand(offset).len() < least {
            self.move_to(offset)?;
        }
        Ok(self.at_hand(offset))
    }

    /// Those of the bytes from `offset` on that need not be read.
    pub(crate) fn at_hand(&self, offset: u64) -> &[u8] {
        let passed = offset.checked_sub(self.start).and_then(|passed| usize::try_from(passed).ok());
        passed.and_then(|passed| self.buffer[..self.length].get(passed..)).unwrap_or_default()
    }

    /// Fills a buffer from `offset` on. The current one may still be shared.
    fn move_to(&mut self, offset: u64) -> Result<()> {
        let mut buffer = self.buffers.take();
        let writable = SharedBuffer::get_mut(&mut buffer).expect("nothing else holds it");
        let kept = self.at_hand(offset);
        writable[..kept.len()].copy_from_slice(kept);
        let kept = kept.len();
        let from = offset + kept as u64;
        let ahead = usize::try_from(self.size().saturating_sub(from)).unwrap_or(LENGTH);
        let length = kept + ahead.min(LENGTH - kept);
        self.bytes.read_at(from, &mut writable[kept..length])?;
        self.came += (length - kept) as u64;
        (self.start, self.length) = (offset, length);
        self.buffers.keep(std::mem::replace(&mut self.buffer, buffer));
        Ok(())
    }
}
