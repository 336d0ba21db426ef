//! Doors into the rooms that archives go through, one after the other.

use crate::archive::input::{ArchiveInput, Bytes};
use crate::archive::limits::Meter;
use crate::archive::reader::ArchiveReader;
use crate::archive::stream::Piece;
use crate::content::{ReadAt, Reader};
use crate::error::{Error, Name, Result};
use crate::options::{ArchiveLimits, Options};
use crate::run::context::Context;
use crate::sys::libarchive::{Failure, Filters, Handle, Input as _, Reads};

/// The bytes of an archive, as they are stored.
pub enum Stored<'a> {
    /// They can be read anywhere.
    Anywhere(&'a dyn ReadAt),
    /// They come in their order.
    InOrder(Box<dyn Reader + 'a>),
}

/// An entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenEntry {
    /// Its name.
    pub name: Vec<u8>,
    /// What it is, in words.
    pub kind: String,
    /// All of its content.
    pub content: Vec<u8>,
}

impl<'a> Stored<'a> {
    fn bytes(self) -> Bytes<'a> {
        match self {
            Self::Anywhere(bytes) => Bytes::Anywhere(Box::new(bytes)),
            Self::InOrder(reader) => Bytes::Stream(reader, "it is a stream"),
        }
    }

    fn input(self, most: u64, context: &'a Context<'a>) -> Result<ArchiveInput<'a>> {
        let limits = ArchiveLimits {
            max_decompressed_size: Some(most),
            max_compression_ratio: None,
            ..ArchiveLimits::default()
        };
        let meter = Meter::new(name(), limits);
        crate::archive::input::open(self.bytes(), &name(), &meter, Filters::Others, context)
    }
}

fn name() -> Name {
    Name::from("archive")
}

/// What libarchive would be given of an archive: what is within, if it is compressed by gzip. `most` is
/// how much may be.
///
/// # Errors
/// When it cannot be read, is damaged or cut short, or when there is more.
pub fn supplied(stored: Stored<'_>, most: u64, context: &Context<'_>) -> Result<Vec<u8>> {
    let mut input = stored.input(most, context)?;
    let mut given = Vec::new();
    while let Some(more) = input.read(0)
        && !more.is_empty()
    {
        given.extend_from_slice(more);
    }
    match input.failure() {
        Some(error) => Err(error.clone()),
        None => Ok(given),
    }
}

/// All entries of an archive, as komparu reads it. `most` is how much they may hold together.
///
/// # Errors
/// When it is no archive, damaged, or has too much within.
pub fn entries(stored: Stored<'_>, most: u64, context: &Context<'_>) -> Result<Vec<SeenEntry>> {
    let limits = ArchiveLimits {
        max_decompressed_size: Some(most),
        max_compression_ratio: None,
        ..ArchiveLimits::default()
    };
    let options = Options { limits, ..Options::default() };
    let mut archive = ArchiveReader::open(stored.bytes(), &name(), None, &options, context)?;
    let mut entries = Vec::new();
    while let Some(entry) = archive.next()? {
        let mut body = Vec::new();
        archive.content(|piece| {
            match piece {
                Piece::Bytes(bytes) => body.extend_from_slice(bytes),
                Piece::Shared(buffer, range) => body.extend_from_slice(&buffer[range]),
                Piece::Zeros(length) => fill(&mut body, length),
            }
            Ok(())
        })?;
        entries.push(SeenEntry {
            name: entry.name,
            kind: format!("{:?}", entry.kind),
            content: body,
        });
    }
    archive.verify()?;
    Ok(entries)
}

/// All entries of an archive, as libarchive reads it: what it says is believed. `most` is how much they
/// may hold together.
///
/// # Errors
/// When it finds the archive damaged, or there is too much within.
pub fn entries_by_libarchive(
    stored: Stored<'_>,
    most: u64,
    context: &Context<'_>,
) -> Result<Vec<SeenEntry>> {
    let refused = |Failure(words)| Error::archive(&name(), words);
    let input = stored.input(u64::MAX, context)?;
    let mut archive = Handle::open(input, Reads::Entries { ignore_zeros: false, zip: true })
        .map_err(|(failure, _)| refused(failure))?;
    let (mut entries, mut left) = (Vec::new(), most);
    while let Some(entry) = archive.next().map_err(refused)? {
        let (name, kind) = entry.describe();
        let (name, kind) = (name.unwrap_or_default(), format!("{kind:?}"));
        let mut body = Vec::new();
        while let Some(offset) = archive.block().map_err(refused)? {
            let bytes = archive.bytes();
            let hole = offset.saturating_sub(body.len() as u64);
            left = left
                .checked_sub(hole.saturating_add(bytes.len() as u64))
                .ok_or_else(|| refused(Failure("it has too much within".to_owned())))?;
            fill(&mut body, hole);
            body.extend_from_slice(bytes);
        }
        entries.push(SeenEntry { name, kind, content: body });
    }
    Ok(entries)
}

fn fill(content: &mut Vec<u8>, zeros: u64) {
    content.resize(content.len() + usize::try_from(zeros).expect("within the limit"), 0);
}
