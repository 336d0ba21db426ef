//! What komparu itself knows of a container's format, held against what libarchive shows.

use super::{Check, Libarchive, has_index};
use crate::archive::checked::Checked;
use crate::archive::ledger::{Known, Ledger};
use crate::archive::password::ONLY_ZIPS;
use crate::archive::structure::{Broken, Sort, Structured, pull, structure_of};
use crate::error::{Error, Name, Result};
use crate::sys::libarchive::Format;

impl Libarchive<'_> {
    /// The format is known: what is known of the archive besides can be.
    pub(super) fn begin(&mut self) -> Result<()> {
        if !matches!(self.check, Check::Format) {
            return Ok(());
        }
        let format = match self.handle.format() {
            Format::Unset => Format::Tar,
            format => format,
        };
        if self.has_password && format != Format::Zip {
            return Err(Error::archive(&self.name, ONLY_ZIPS));
        }
        self.is_tar = format == Format::Tar;
        self.packs_nothing =
            [Format::Ar, Format::Cpio, Format::Tar, Format::Warc].contains(&format);
        if self.packs_nothing {
            self.handle.input_mut().stop_watching();
        }
        has_index(format, self.handle.input(), &self.name)?;
        let index = self.index.take();
        let (meter, context) = (&self.meter, self.context);
        let checked = match self.handle.input().anywhere() {
            Some(bytes) => Checked::new(format, index, bytes, &self.name, meter, context)?,
            None => None,
        };
        if let Some(checked) = checked {
            self.check = Check::Beside(checked);
            self.ledger = Ledger::without_list();
            return self.handle.input_mut().show(None);
        }
        self.begin_structure(format)
    }

    /// Its structure begins to be walked, or sees what passes by.
    fn begin_structure(&mut self, format: Format) -> Result<()> {
        let (structure, check) = match structure_of(format, self.ignore_zeros) {
            None => return Err(self.without_check()),
            Some(Structured::Passing(structure)) => (Some(structure), Check::Passing),
            Some(Structured::Indexed(mut structure)) => match self.handle.input().anywhere() {
                None => {
                    self.ledger = Ledger::in_any_order();
                    (Some(structure), Check::Passing)
                }
                Some(bytes) => {
                    let (meter, mut entries) = (&self.meter, 0);
                    let mut ledger = if structure.lists_entries() {
                        Ledger::in_any_order()
                    } else {
                        Ledger::without_list()
                    };
                    let walked = pull(&mut *structure, bytes, self.context, |entry, details| {
                        entries += 1;
                        meter.entries_to_come(entries)?;
                        meter.name(entry.name.as_ref().map_or(0, Vec::len))?;
                        ledger.list(entry, details);
                        Ok(())
                    })?;
                    self.ledger = ledger;
                    (None, Check::Walked(walked.map_err(|broken| self.broken(broken))?))
                }
            },
        };
        if structure.as_ref().is_some_and(|structure| !structure.lists_entries()) {
            self.ledger = Ledger::without_list();
        }
        self.check = check;
        self.handle.input_mut().show(structure)
    }

    /// Of a format whose structure is not known here, only libarchive could say whether all of it was shown.
    pub(super) fn without_check(&self) -> Error {
        let format = self.handle.format_name();
        let cause =
            format!("has the format '{format}', of which komparu cannot check that it is whole");
        Error::archive(&self.name, cause)
    }

    /// Takes what the structure has come to by now.
    pub(super) fn take_listed(&mut self) {
        while let Some((listed, details)) = self.handle.input_mut().entry() {
            self.ledger.list(listed, details);
        }
    }

    /// What else is known of an entry.
    pub(super) fn known(&mut self, name: &[u8], sort: Sort) -> Result<Known> {
        let known = match (&mut self.check, self.handle.input().anywhere()) {
            (Check::Beside(checked), Some(bytes)) => {
                let details = checked.entry(name, self.size, sort, bytes, self.context)?;
                return Ok(Known { details, is_cut: false });
            }
            _ => {
                let (input, ledger) = (self.handle.input_mut(), &mut self.ledger);
                ledger.show(name, self.size, || input.entry())
            }
        };
        let known = known.map_err(|why| Error::archive(&self.name, why))?;
        if known.details.sort.is_some_and(|listed| listed != sort) {
            let entry = Name::new(name);
            let cause = format!("has an entry '{entry}' that is read as one of another kind");
            return Err(Error::archive(&self.name, cause));
        }
        Ok(known)
    }

    fn broken(&self, Broken(why): Broken) -> Error {
        Error::archive(&self.name, why)
    }
}
