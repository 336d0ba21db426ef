//! The bytes of an archive as they are stored: in their order, or from anywhere.

use std::io::SeekFrom;

use super::bytes::Bytes;
use crate::content::{Chunk, ReadAt};
use crate::error::Result;
use crate::run::context::Context;

/// Bytes, and how far they have been read.
pub(crate) struct Stored<'a> {
    bytes: Bytes<'a>,
    context: &'a Context<'a>,
    position: u64,
    served: u64,
}

impl<'a> Stored<'a> {
    pub(crate) fn new(bytes: Bytes<'a>, context: &'a Context<'a>) -> Self {
        Self { bytes, context, position: 0, served: 0 }
    }

    /// Reads into `buffer`, and says how much; nothing at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.context.checkpoint()?;
        let length = if let Some(bytes) = self.bytes.anywhere() {
            let ahead = bytes.size().saturating_sub(self.position);
            let length = usize::try_from(ahead).unwrap_or(buffer.len()).min(buffer.len());
            bytes.read_at(self.position, &mut buffer[..length])?;
            length
        } else {
            self.stream(buffer)?
        };
        self.position += length as u64;
        self.served += length as u64;
        Ok(length)
    }

    fn stream(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Bytes::Stream(reader, _) = &mut self.bytes else { return Ok(0) };
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let length = match reader.chunk()? {
                Chunk::End => return Ok(0),
                Chunk::Bytes(bytes) => {
                    let length = bytes.len().min(buffer.len());
                    buffer[..length].copy_from_slice(&bytes[..length]);
                    length
                }
                Chunk::Zeros(zeros) => {
                    let length = usize::try_from(zeros).unwrap_or(buffer.len()).min(buffer.len());
                    buffer[..length].fill(0);
                    length
                }
                Chunk::Waiting => {
                    self.context.checkpoint()?;
                    continue;
                }
            };
            reader.consume(length as u64);
            return Ok(length);
        }
    }

    /// How many bytes there are, or were shown so far.
    pub(crate) fn size(&self) -> u64 {
        let known = match &self.bytes {
            Bytes::Anywhere(bytes) => Some(bytes.size()),
            Bytes::Stream(reader, _) => reader.size(),
        };
        known.unwrap_or(self.served)
    }

    /// How many bytes the archive has; of one that a server sends, or that comes in its order, those that
    /// have come: what was promised may never come, and lifts no limit.
    pub(crate) fn compressed(&self) -> u64 {
        match self.anywhere() {
            Some(bytes) if !bytes.is_promised() => bytes.size(),
            _ => self.served,
        }
    }

    /// Has nothing been read yet?
    pub(crate) fn is_unread(&self) -> bool {
        self.served == 0
    }

    /// May what was read be trusted? Of what can be read anywhere, its origin says so.
    pub(crate) fn verify(&self) -> Result<()> {
        match &self.bytes {
            Bytes::Anywhere(_) => Ok(()),
            Bytes::Stream(reader, _) => reader.verify(),
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

    /// Goes elsewhere, and says where that is. `None`: not possible.
    pub(crate) fn seek(&mut self, to: SeekFrom) -> Option<u64> {
        let size = self.anywhere()?.size();
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => size.checked_add_signed(offset),
        };
        self.position = position?.min(size);
        Some(self.position)
    }
}
