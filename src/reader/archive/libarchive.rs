//! Archives of all kinds, as libarchive reads them.

use std::collections::HashSet;

use flate2::Crc;

use super::checked::Checked;
use super::{Entries, Entry, Step};
use crate::archive::structure::{Details, Instead, Sort};
use crate::context::Context;
use crate::error::{Error, Name, Result};
use crate::reader::ending::doubt;
use crate::reader::limits::Meter;
use crate::reader::slab::Slab;
use crate::reader::supply::Supply;
use crate::reader::zip::ZipIndex;
use crate::sys::libarchive::{Failure, Format, Handle, Kind};

/// An archive that is being read.
pub(super) struct Libarchive<'a> {
    handle: Handle<Supply<'a>>,
    context: &'a Context<'a>,
    name: Name,
    /// What is in the index of a zip, until it is begun with.
    index: Option<Box<ZipIndex>>,
    /// What libarchive makes of those names in it that contain a NUL byte.
    cut: HashSet<Vec<u8>>,
    meter: Meter,
    /// What is known of the archive besides; `None` where nothing is, or before the first entry.
    checked: Option<Checked>,
    is_begun: bool,
    /// What the header of the entry at hand says of its content.
    size: Option<u64>,
    is_file: bool,
    /// Is what libarchive has for its content something else?
    is_withheld: bool,
    /// The checksum that its content must have, and the one that it has so far.
    checksum: Option<(u32, Crc)>,
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
        mut index: Option<Box<ZipIndex>>,
        is_rar: bool,
        meter: Meter,
        name: &Name,
        context: &'a Context<'a>,
    ) -> Result<Self> {
        let cut = index.as_mut().map(|index| std::mem::take(&mut index.cut)).unwrap_or_default();
        // One that ends with a zip has one stored in it.
        match Handle::open(supply, !is_rar) {
            Ok(handle) => Ok(Self {
                handle,
                context,
                name: name.clone(),
                index,
                cut,
                meter,
                checked: None,
                is_begun: false,
                size: None,
                is_file: false,
                is_withheld: false,
                checksum: None,
                position: 0,
                ahead: None,
            }),
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
        if let Some(cause) = doubt(&self.handle.end(), size) {
            return Err(Error::archive(&self.name, cause));
        }
        self.begin()?;
        match (&mut self.checked, self.handle.input().anywhere()) {
            (Some(checked), Some(bytes)) => checked.end(bytes, self.context),
            _ => Ok(()),
        }
    }

    /// The format is known: what is known of the archive besides can be.
    fn begin(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.is_begun, true) {
            return Ok(());
        }
        let format = self.handle.format();
        if format == Format::Zip {
            self.is_whole_zip()?;
        }
        let Some(bytes) = self.handle.input().anywhere().filter(|_| !self.handle.has_filters())
        else {
            return Ok(());
        };
        let index = self.index.take();
        let (meter, context) = (&self.meter, self.context);
        self.checked = Checked::new(format, index, bytes, &self.name, meter, context)?;
        Ok(())
    }

    /// What else is known of an entry.
    fn details(&mut self, name: &[u8], sort: Sort) -> Result<Details> {
        match (&mut self.checked, self.handle.input().anywhere()) {
            (Some(checked), Some(bytes)) => {
                checked.entry(name, self.size, sort, bytes, self.context)
            }
            _ => Ok(Details::default()),
        }
    }

    /// Of a hole at the end no block tells, only the size.
    fn last_step(&mut self) -> Result<Step> {
        if let Some(error) = self.handle.input().failure() {
            return Err(error.clone());
        }
        let rest = self.size.take().map_or(0, |size| size.saturating_sub(self.position));
        if rest == 0 || !self.is_file {
            return match self.checksum.take() {
                Some((checksum, computed)) if computed.sum() != checksum => {
                    Err(Error::archive(&self.name, "has an entry whose checksum is wrong"))
                }
                _ => Ok(Step::End),
            };
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
            Err(failure) => {
                if self.handle.input().failure().is_none() {
                    // What is known besides may be clearer.
                    self.begin()?;
                }
                return Err(because(&self.name, self.handle.input(), failure));
            }
        };
        if entry.is_encrypted() {
            return Err(Error::archive(&self.name, "is encrypted"));
        }
        let name = entry
            .name()
            .ok_or_else(|| Error::archive(&self.name, "has an entry whose name cannot be read"))?;
        let (kind, size) = (entry.kind(), entry.size());
        self.size = size;
        (self.position, self.ahead) = (0, None);
        self.is_file = kind == Kind::File;
        self.begin()?;
        let sort = match kind {
            Kind::File => Sort::File,
            Kind::Symlink(_) | Kind::HardLink(_) => Sort::Link,
            Kind::Other => Sort::Other,
        };
        let Details { checksum, instead, .. } = self.details(&name, sort)?;
        let is_cut = self.cut.contains(&name);
        let Instead { name: called, kind: meant } = instead;
        self.is_withheld = meant.is_some();
        self.is_file &= !self.is_withheld;
        self.checksum = checksum.map(|checksum| (checksum, Crc::new()));
        Ok(Some(Entry { name: called.unwrap_or(name), kind: meant.unwrap_or(kind), is_cut }))
    }

    fn step(&mut self) -> Result<Step> {
        if self.is_withheld {
            return Ok(Step::End);
        }
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
            // Not of a format that has both.
            self.checksum = None;
            return Ok(Step::Zeros(hole));
        }
        let length = self.handle.bytes().len();
        self.position = offset
            .checked_add(length as u64)
            .ok_or_else(|| Error::archive(&self.name, "has an entry of impossible size"))?;
        if let Some((_, computed)) = &mut self.checksum {
            computed.update(self.handle.bytes());
        }
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
