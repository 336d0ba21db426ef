//! An archive as a stream of entries, each with its content, in the order in which they are stored.
//!
//! Every entry is read to its end, whatever it is: what is damaged or too much is found in any order
//! of the entries, and whether or not somebody has use for the content.

use std::ops::Range;

use super::ending::doubt;
use super::limits::Meter;
use super::slab::{Slab, range_in};
use super::supply::{Bytes, Supply};
use super::zip::ZipIndex;
use crate::context::Context;
use crate::error::{Error, Name, Result};
use crate::options::ArchiveLimits;
use crate::sys::libarchive::{Failure, Format, Handle, Kind};

/// An archive that is being read.
pub(crate) struct ArchiveReader<'a> {
    handle: Handle<Supply<'a>>,
    context: &'a Context<'a>,
    name: Name,
    meter: Meter,
    /// What is in the index of a zip.
    index: Option<ZipIndex>,
    /// What the header of the entry at hand says of its content.
    size: Option<u64>,
    is_file: bool,
    /// How much of its content has been shown.
    position: u64,
    /// Where the block lies that comes after a hole.
    ahead: Option<u64>,
}

/// What comes next of an entry's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The bytes at hand.
    Bytes,
    /// A hole.
    Zeros(u64),
    /// Nothing.
    End,
}

/// An entry, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The name as the archive has it.
    pub(crate) name: Vec<u8>,
    /// What it is.
    pub(crate) kind: Kind,
    /// Does the name go on after a NUL byte?
    pub(crate) is_cut: bool,
}

/// A part of an entry's content, in its order.
pub(crate) enum Piece<'p> {
    /// These bytes.
    Bytes(&'p [u8]),
    /// The bytes in this range of a slab.
    Shared(&'p Slab, Range<usize>),
    /// A hole.
    Zeros(u64),
}

impl<'a> ArchiveReader<'a> {
    /// Finds out what kind of archive it is. `name` is what messages call it.
    ///
    /// # Errors
    /// When it is none that libarchive knows, or cannot be read.
    pub(crate) fn open(
        bytes: Bytes<'a>,
        name: &Name,
        limits: &ArchiveLimits,
        context: &'a Context<'a>,
    ) -> Result<Self> {
        let meter = Meter::new(name.clone(), limits.clone());
        let index = match bytes.anywhere() {
            Some(bytes) => ZipIndex::read(bytes, limits.max_archive_entries)?,
            None => None,
        };
        if let Some(index) = &index {
            meter.entries_to_come(index.entries)?;
        }
        match Handle::open(Supply::new(bytes, name, meter.put_out(), context)?) {
            Ok(handle) => {
                let (name, size, is_file) = (name.clone(), None, false);
                let (position, ahead) = (0, None);
                Ok(Self { handle, context, name, meter, index, size, is_file, position, ahead })
            }
            Err((failure, supply)) => Err(because(name, &supply, failure)),
        }
    }

    /// Goes on to the next entry, whose predecessor's content must have been taken.
    ///
    /// # Errors
    /// When the archive is damaged or encrypted, or passes a limit; when the context says stop.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>> {
        self.context.checkpoint()?;
        self.handle.input().begin();
        let entry = match self.handle.next() {
            Ok(None) => return self.end().map(|()| None),
            Ok(Some(entry)) => entry,
            Err(failure) => return Err(because(&self.name, self.handle.input(), failure)),
        };
        if entry.is_encrypted() {
            return Err(Error::archive(&self.name, "is encrypted"));
        }
        self.meter.entry()?;
        let name = entry
            .name()
            .ok_or_else(|| Error::archive(&self.name, "has an entry whose name cannot be read"))?;
        self.meter.name(name.len())?;
        let (kind, size) = (entry.kind(), entry.size());
        self.size = size;
        (self.position, self.ahead) = (0, None);
        self.is_file = kind == Kind::File;
        if self.handle.format() == Format::Zip {
            self.is_whole_zip()?;
        }
        let is_cut = self.index.as_ref().is_some_and(|index| index.cut.contains(&name));
        Ok(Some(Entry { name, kind, is_cut }))
    }

    /// Does the entry at hand have its name as it is written in the archive? Other formats keep names
    /// in Unicode, and libarchive composes those.
    pub(crate) fn spells_exactly(&self) -> bool {
        self.handle.spells_exactly()
    }

    /// Which entries there are, and which are links, only the index of a zip says.
    fn is_whole_zip(&self) -> Result<()> {
        let why = match self.handle.input().why_in_order() {
            Some(why) => why,
            None if self.handle.has_filters() || self.handle.input().is_undone() => {
                "it is compressed once more"
            }
            None => return Ok(()),
        };
        Err(Error::archive(&self.name, format!("a zip is read from its end, and {why}")))
    }

    fn end(&mut self) -> Result<()> {
        if let Some(error) = self.handle.input().failure() {
            return Err(error.clone());
        }
        self.handle.input_mut().finish()?;
        let (entries, size) = (self.meter.entries(), self.handle.input().given());
        let counted = self.index.as_ref().map_or(0, |index| index.counted);
        match doubt(&self.handle.end(), entries, size, counted) {
            Some(cause) => Err(Error::archive(&self.name, cause)),
            None => Ok(()),
        }
    }

    /// Goes on to more content of the entry at hand.
    ///
    /// # Errors
    /// When the archive is damaged or passes a limit; when the context says stop.
    pub(crate) fn step(&mut self) -> Result<Step> {
        let offset = loop {
            if let Some(offset) = self.ahead.take() {
                break offset;
            }
            self.context.checkpoint()?;
            self.handle.input().begin();
            match self.handle.block() {
                Ok(Some(_)) if self.handle.bytes().is_empty() => {}
                Ok(Some(offset)) => break offset,
                Ok(None) => return self.last_step(),
                Err(failure) => return Err(because(&self.name, self.handle.input(), failure)),
            }
        };
        let Some(hole) = offset.checked_sub(self.position) else {
            return Err(Error::archive(&self.name, "has an entry whose parts overlap"));
        };
        if hole > 0 {
            self.meter.hole(hole)?;
            (self.position, self.ahead) = (offset, Some(offset));
            return Ok(Step::Zeros(hole));
        }
        let length = self.handle.bytes().len();
        self.meter.bytes(length, self.handle.input().size())?;
        self.position = offset
            .checked_add(length as u64)
            .ok_or_else(|| Error::archive(&self.name, "has an entry of impossible size"))?;
        Ok(Step::Bytes)
    }

    /// Of a hole at the end no block tells, only the size.
    fn last_step(&mut self) -> Result<Step> {
        if let Some(error) = self.handle.input().failure() {
            return Err(error.clone());
        }
        let rest = self.size.take().map_or(0, |size| size.saturating_sub(self.position));
        if rest == 0 || !self.is_file {
            return Ok(Step::End);
        }
        if self.handle.format() != Format::Tar {
            let cause = format!("has an entry that ends {rest} bytes too early");
            return Err(Error::archive(&self.name, cause));
        }
        self.meter.hole(rest)?;
        self.position += rest;
        Ok(Step::Zeros(rest))
    }

    /// The bytes that the last step has come to.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.handle.bytes()
    }

    /// Takes the content of the entry at hand, and says how many bytes it has.
    ///
    /// # Errors
    /// Those of [`step`](Self::step), and of `sink`.
    pub(crate) fn content(&mut self, mut sink: impl FnMut(Piece<'_>) -> Result<()>) -> Result<u64> {
        loop {
            match self.step()? {
                Step::Zeros(length) => sink(Piece::Zeros(length))?,
                Step::Bytes => {
                    let (bytes, slab) = (self.handle.bytes(), self.handle.input().slab());
                    match slab.and_then(|slab| Some((slab, range_in(slab, bytes)?))) {
                        Some((slab, range)) => sink(Piece::Shared(slab, range))?,
                        None => sink(Piece::Bytes(bytes))?,
                    }
                }
                Step::End => return Ok(self.position),
            }
        }
    }

    /// Asked after the last entry: may what was read be trusted?
    ///
    /// # Errors
    /// When not.
    pub(crate) fn verify(&self) -> Result<()> {
        self.handle.input().verify()
    }
}

/// What the failure of libarchive is due to, as far as the bytes it was given know better.
fn because(name: &Name, supply: &Supply<'_>, Failure(words): Failure) -> Error {
    if let Some(error) = supply.failure() {
        return error.clone();
    }
    if supply.is_empty() {
        return Error::archive(name, "is empty, and no archive");
    }
    // Words may quote the archive, which may hold anything.
    let words = Name::new(words.as_bytes());
    let hint = supply
        .why_in_order()
        .map_or_else(String::new, |why| format!(" (read from its start on, since {why})"));
    Error::archive(name, format!("cannot be read as an archive: {words}{hint}"))
}

#[cfg(test)]
mod tests;
