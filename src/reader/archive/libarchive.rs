//! Archives of all kinds, as libarchive reads them.

use super::{Entries, Entry, Step};
use crate::context::Context;
use crate::error::{Error, Name, Result};
use crate::reader::ending::doubt;
use crate::reader::slab::Slab;
use crate::reader::supply::Supply;
use crate::reader::zip::ZipIndex;
use crate::sys::libarchive::{Failure, Format, Handle, Kind};

/// An archive that is being read.
pub(super) struct Libarchive<'a> {
    handle: Handle<Supply<'a>>,
    context: &'a Context<'a>,
    name: Name,
    /// What is in the index of a zip.
    index: Option<Box<ZipIndex>>,
    /// How many entries there were so far.
    entries: u64,
    /// What the header of the entry at hand says of its content.
    size: Option<u64>,
    is_file: bool,
    /// How much of its content has been shown.
    position: u64,
    /// Where the block lies that comes after a hole.
    ahead: Option<u64>,
}

impl<'a> Libarchive<'a> {
    /// Finds out what kind of archive it is. `index` is what it has, if it is a zip; `name` is what
    /// messages call it.
    ///
    /// # Errors
    /// When it is none that libarchive knows, or cannot be read.
    pub(super) fn open(
        supply: Supply<'a>,
        index: Option<Box<ZipIndex>>,
        name: &Name,
        context: &'a Context<'a>,
    ) -> Result<Self> {
        match Handle::open(supply) {
            Ok(handle) => {
                let (name, entries, size, is_file) = (name.clone(), 0, None, false);
                let (position, ahead) = (0, None);
                Ok(Self { handle, context, name, index, entries, size, is_file, position, ahead })
            }
            Err((failure, supply)) => Err(because(name, &supply, failure)),
        }
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
        let size = self.handle.input().given();
        let (counted, listed) =
            self.index.as_ref().map_or((0, u64::MAX), |index| (index.members.count(), u64::MAX));
        // Without an index libarchive goes by the headers, of which some may count no more.
        let entries = self.entries.min(listed);
        match doubt(&self.handle.end(), entries, size, counted) {
            Some(cause) => Err(Error::archive(&self.name, cause)),
            None => Ok(()),
        }
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
        self.position += rest;
        Ok(Step::Zeros(rest))
    }
}

impl Entries for Libarchive<'_> {
    fn next(&mut self) -> Result<Option<Entry>> {
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
        self.entries += 1;
        let name = entry
            .name()
            .ok_or_else(|| Error::archive(&self.name, "has an entry whose name cannot be read"))?;
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

    fn step(&mut self) -> Result<Step> {
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
            (self.position, self.ahead) = (offset, Some(offset));
            return Ok(Step::Zeros(hole));
        }
        let length = self.handle.bytes().len();
        self.position = offset
            .checked_add(length as u64)
            .ok_or_else(|| Error::archive(&self.name, "has an entry of impossible size"))?;
        Ok(Step::Bytes)
    }

    fn bytes(&self) -> &[u8] {
        self.handle.bytes()
    }

    fn slab(&self) -> Option<&Slab> {
        self.handle.input().slab()
    }

    fn size(&self) -> u64 {
        self.handle.input().size()
    }

    fn spells_exactly(&self) -> bool {
        self.handle.spells_exactly()
    }

    fn counts_all(&self) -> bool {
        self.handle.format() == Format::Ar
    }

    fn verify(&self) -> Result<()> {
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
