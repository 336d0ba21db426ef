//! An archive as a stream of entries, each with its content, in the order in which they are stored.
//!
//! Every entry is read to its end, whatever it is: what is damaged or too much is found in any order
//! of the entries, and whether or not its content is wanted.

#[cfg(test)]
mod tests;

use super::Account;
use super::input::Bytes;
use super::input::shared_buffer::range_in;
use super::isolated::Isolated;
use super::limits::Meter;
use super::open::{Common, Manner, open_common, open_here};
use super::password::Password;
use super::stream::{Entries, Entry, Piece, Step};
use crate::error::{Name, Result};
use crate::options::{Isolate, Options};
use crate::run::context::Context;

/// An archive that is being read.
pub(crate) struct ArchiveReader<'a> {
    entries: Box<dyn Entries + 'a>,
    meter: Meter,
    /// How much of the content of the entry at hand has been shown.
    position: u64,
}

impl<'a> ArchiveReader<'a> {
    /// Finds out what kind of archive it is. `name` is what messages call it; `password` is for a zip.
    ///
    /// # Errors
    /// When it is none, or cannot be read; when it is a zip with too many entries.
    pub(crate) fn open(
        bytes: Bytes<'a>,
        name: &Name,
        password: Option<&Password>,
        options: &Options,
        context: &'a Context<'a>,
    ) -> Result<Self> {
        let meter = Meter::new(name.clone(), options.limits.clone());
        let manner = Manner { ignore_zeros: options.ignore_zeros, password };
        let here = |bytes| open_here(bytes, name, &meter, manner, context);
        let apart = |bytes| -> Result<Box<dyn Entries + 'a>> {
            match Isolated::open(bytes, name, password, options, context)? {
                Ok(isolated) => Ok(Box::new(isolated)),
                Err(bytes) => here(bytes),
            }
        };
        let entries = match options.isolate {
            Isolate::Never => here(bytes)?,
            Isolate::Always => apart(bytes)?,
            Isolate::Auto => match open_common(bytes, name, &meter, manner, context)? {
                Common::Yes(entries) => entries,
                Common::No(bytes) => apart(bytes)?,
            },
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
                    let (bytes, buffer) = (self.entries.bytes(), self.entries.buffer());
                    match buffer.and_then(|buffer| Some((buffer, range_in(buffer, bytes)?))) {
                        Some((buffer, range)) => sink(Piece::Shared(buffer, range))?,
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
