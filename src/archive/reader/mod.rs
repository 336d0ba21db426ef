//! An archive as a stream of entries, each with its content, in the order in which they are stored.
//!
//! Every entry is read to its end, whatever it is: what is damaged or too much is found in any order
//! of the entries, and whether or not somebody has use for the content.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::Account;
use super::input::shared_buffer::{Slab, range_in};
use super::input::{Bytes, Supply};
use super::libarchive::Libarchive;
use super::limits::Meter;
use super::parts::Parts;
use super::structure::Broken;
use super::zip::{Begins, PlainZip};
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::run::context::Context;
use crate::sys::libarchive::{Kind, Reads};

/// An archive that is being read.
pub(crate) struct ArchiveReader<'a> {
    entries: Box<dyn Entries + 'a>,
    meter: Meter,
    /// How much of the content of the entry at hand has been shown.
    position: u64,
}

/// What reads archives of one kind or of many.
pub(crate) trait Entries {
    /// Goes on to the next entry, whose predecessor's content has been taken.
    ///
    /// # Errors
    /// When the archive is damaged or encrypted, or cannot be read; when the context says stop.
    fn next(&mut self) -> Result<Option<Entry>>;

    /// Goes on to more content of the entry at hand.
    ///
    /// # Errors
    /// Those of [`next`](Self::next).
    fn step(&mut self) -> Result<Step>;

    /// The bytes that the last step has come to.
    fn bytes(&self) -> &[u8];

    /// The slab that they may lie in.
    fn slab(&self) -> Option<&Slab>;

    /// Do they lie in the archive as they are, or in what came out of a layer around all of it?
    fn is_stored(&self) -> bool;

    /// How many bytes came out of a layer of compression around all of the archive so far.
    fn undone(&self) -> u64;

    /// How many bytes the archive has; of one that a server sends, those that have come.
    fn compressed(&self) -> u64;

    /// Does the entry at hand have its name as it is written in the archive?
    fn spells_exactly(&self) -> bool;

    /// Do all entries of one name count, and not only the last?
    fn counts_all(&self) -> bool {
        false
    }

    /// Asked after the last entry: may what was read be trusted?
    ///
    /// # Errors
    /// When not.
    fn verify(&self) -> Result<()>;

    /// Asked after the last entry: what is there to say of the archive as a whole?
    fn account(&mut self) -> Account {
        Account::default()
    }
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
    /// When it is none, or cannot be read; when it is a zip with too many entries.
    pub(crate) fn open(
        bytes: Bytes<'a>,
        name: &Name,
        options: &Options,
        context: &'a Context<'a>,
    ) -> Result<Self> {
        let meter = Meter::new(name.clone(), options.limits.clone());
        let begins = match bytes.anywhere() {
            Some(bytes) => Begins::look(bytes, &meter, context)?,
            None => Begins::Otherwise,
        };
        let (index, is_rar) = match begins {
            Begins::Broken(Broken(why)) => return Err(Error::archive(name, why)),
            Begins::Zip(index) => (Some(index), false),
            Begins::Rar => (None, true),
            Begins::Otherwise => (None, false),
        };
        let entries: Box<dyn Entries + 'a> = match (index, bytes) {
            (Some(index), Bytes::Anywhere(bytes)) if index.is_plain => {
                Box::new(PlainZip::new(bytes, *index, name, context))
            }
            (index, bytes) => {
                let supply = Supply::new(bytes, name, &meter, context)?;
                // One that ends with a zip has one stored in it.
                let reads = Reads::Entries { ignore_zeros: options.ignore_zeros, zip: !is_rar };
                let meter = meter.clone();
                let first = Libarchive::open(supply, index, reads, meter.clone(), name, context)?;
                Box::new(Parts::new(first, meter, name, context))
            }
        };
        Ok(Self { entries, meter, position: 0 })
    }

    /// Goes on to the next entry, whose predecessor's content must have been taken.
    ///
    /// # Errors
    /// When the archive is damaged or encrypted, or passes a limit; when the context says stop.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>> {
        let next = self.entries.next()?;
        if let Some(entry) = &next {
            self.meter.entry()?;
            self.meter.name(entry.name.len())?;
        }
        self.position = 0;
        Ok(next)
    }

    /// Does the entry at hand have its name as it is written in the archive? Other formats keep names
    /// in Unicode, and libarchive composes those.
    pub(crate) fn spells_exactly(&self) -> bool {
        self.entries.spells_exactly()
    }

    /// Do all entries of one name count, and not only the last? So it is in ar: a linker uses all.
    pub(crate) fn counts_all(&self) -> bool {
        self.entries.counts_all()
    }

    /// Goes on to more content of the entry at hand.
    ///
    /// # Errors
    /// When the archive is damaged or passes a limit; when the context says stop.
    pub(crate) fn step(&mut self) -> Result<Step> {
        let step = self.entries.step()?;
        self.position += match step {
            Step::Zeros(length) => {
                self.meter.hole(length);
                length
            }
            Step::Bytes => {
                let length = self.entries.bytes().len() as u64;
                if !self.entries.is_stored() {
                    self.meter.unpacked(length);
                }
                length
            }
            Step::End => 0,
        };
        self.meter.check(self.entries.undone(), self.entries.compressed())?;
        Ok(step)
    }

    /// The bytes that the last step has come to.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.entries.bytes()
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
                    let (bytes, slab) = (self.entries.bytes(), self.entries.slab());
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
        self.entries.verify()
    }

    /// Asked after the last entry: what is there to say of the archive as a whole?
    pub(crate) fn account(&mut self) -> Account {
        self.entries.account()
    }
}
