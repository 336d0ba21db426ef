//! gzip, undone before libarchive sees it.
//!
//! libarchive undoes it too, but does not look at the checksum and the length at its end, so that damage
//! may pass for content. Doing both here takes less time than libarchive takes without: 1.29 s instead of
//! 1.77 s for 640 MB of files, on the thread that reads the archive. RFC 1952 has the format.

use std::io::{self, BufRead, ErrorKind, Read};
use std::ops::Range;

use flate2::bufread::GzDecoder;

use super::layered::{ArchiveInput, Layer};
use crate::archive::account::{Behind, Tail};
use crate::content::file::buffers::Buffer;
use crate::error::{Error, Name, Result};

/// What gzip begins with, for the only method of compression that there is.
pub(crate) const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// What is within gzip.
pub(crate) struct Gunzip<'a> {
    name: Name,
    /// The member at hand; `None` after the last one. Not to be asked again once it has failed.
    member: Option<GzDecoder<Compressed<'a>>>,
    /// What has been read to its end.
    rest: Option<Compressed<'a>>,
}

impl<'a> Gunzip<'a> {
    /// `input` begins with [`MAGIC`]. `name` is what messages call it.
    pub(crate) fn new(input: ArchiveInput<'a>, name: &Name) -> Self {
        let compressed = Compressed { input, buffer: Buffer::take(), ready: 0..0, failure: None };
        Self { name: name.clone(), member: Some(GzDecoder::new(compressed)), rest: None }
    }

    /// What follows a member is another one, or what `gzip` ignores as well: tapes are filled with zeros.
    fn next_member(&mut self) -> Result<()> {
        let Some(member) = self.member.take() else { return Ok(()) };
        let mut compressed = member.into_inner();
        match compressed.begins_with(&MAGIC) {
            Ok(true) => self.member = Some(GzDecoder::new(compressed)),
            Ok(false) => self.rest = Some(compressed),
            Err(error) => {
                self.rest = Some(compressed);
                return Err(error);
            }
        }
        Ok(())
    }
}

impl<'a> Layer<'a> for Gunzip<'a> {
    fn below(&self) -> &ArchiveInput<'a> {
        match (&self.member, &self.rest) {
            (Some(member), _) => &member.get_ref().input,
            (None, Some(compressed)) => &compressed.input,
            (None, None) => unreachable!("one is set where the other is taken"),
        }
    }

    fn is_of_files(&self) -> bool {
        true
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while let Some(member) = &mut self.member {
            match member.read(buffer) {
                Ok(0) => self.next_member()?,
                Ok(length) => return Ok(length),
                Err(error) => {
                    let failure = member.get_mut().failure.take();
                    return Err(failure.unwrap_or_else(|| damaged(&self.name, &error)));
                }
            }
        }
        Ok(0)
    }

    fn behind(&mut self) -> Result<Vec<Behind>> {
        let Some(compressed) = &mut self.rest else { return Ok(Vec::new()) };
        let mut tail = Tail::default();
        compressed.rest(&mut tail)?;
        let around = compressed.input.behind_filters()?;
        Ok(tail.finish().into_iter().chain(around).collect())
    }
}

fn damaged(name: &Name, error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => Error::archive(name, "is cut short: its gzip has no end"),
        _ => Error::archive(name, format!("its gzip is damaged: {error}")),
    }
}

/// What is stored, as the decoder takes it.
struct Compressed<'a> {
    input: ArchiveInput<'a>,
    buffer: Buffer,
    /// The part of the buffer that has been read, and not been taken.
    ready: Range<usize>,
    /// Why it cannot be read.
    failure: Option<Error>,
}

impl Compressed<'_> {
    fn begins_with(&mut self, magic: &[u8]) -> Result<bool> {
        // What has been read ahead may be thousands of members, none of which has content.
        self.input.checkpoint()?;
        while self.ready.len() < magic.len() {
            self.buffer.copy_within(self.ready.clone(), 0);
            self.ready = 0..self.ready.len();
            match self.input.read_into(&mut self.buffer[self.ready.end..])? {
                0 => return Ok(false),
                length => self.ready.end += length,
            }
        }
        Ok(self.buffer[self.ready.clone()].starts_with(magic))
    }
}

impl Compressed<'_> {
    /// Takes in all that is left.
    fn rest(&mut self, tail: &mut Tail) -> Result<()> {
        let context = self.input.context();
        while !self.ready.is_empty() {
            tail.add(&self.buffer[self.ready.clone()], context)?;
            let length = self.input.read_into(&mut self.buffer)?;
            self.ready = 0..length;
        }
        Ok(())
    }
}

impl BufRead for Compressed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ready.is_empty() {
            match self.input.read_into(&mut self.buffer) {
                Ok(length) => self.ready = 0..length,
                Err(error) => {
                    self.failure = Some(error);
                    return Err(ErrorKind::Other.into());
                }
            }
        }
        Ok(&self.buffer[self.ready.clone()])
    }

    fn consume(&mut self, length: usize) {
        self.ready.start += length;
    }
}

impl Read for Compressed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(buffer.len());
        buffer[..length].copy_from_slice(&ready[..length]);
        self.consume(length);
        Ok(length)
    }
}
