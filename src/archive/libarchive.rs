//! Archives of all kinds, as libarchive reads them.

use std::collections::HashSet;

use super::account::Tail;
use super::checked::Checked;
use super::checksums::Checksums;
use super::ending::doubt;
use super::initramfs;
use super::input::shared_buffer::SharedBuffer;
use super::input::undo::because;
use super::input::{ArchiveInput, Following, following};
use super::ledger::{Known, Ledger};
use super::limits::Meter;
use super::stream::{Entries, Entry, Step};
use super::structure::{Broken, Instead, Sort, Structured, Whole, pull, structure_of};
use super::zip::{self, ZipIndex};
use super::{Account, Behind};
use crate::content::file::buffers::Buffer;
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::{Format, Handle, Reads, ShownKind};

/// How long a tar without entries is, as tars are written: an end mark, or a record of tar's usual length. These
/// are 2 and 20 blocks of 512 bytes.
const EMPTY_TARS: [u64; 2] = [1024, 10_240];

/// An archive that is being read.
pub(crate) struct Libarchive<'a> {
    handle: Handle<ArchiveInput<'a>>,
    context: &'a Context<'a>,
    name: Name,
    /// What is in the index of a zip, until it is begun with.
    index: Option<Box<ZipIndex>>,
    /// What libarchive makes of those names in it that contain a NUL byte.
    cut: HashSet<Vec<u8>>,
    ignore_zeros: bool,
    meter: Meter,
    check: Check,
    /// Does its format pack nothing? Then libarchive never works for long between two reads of the archive, each
    /// of which is a checkpoint.
    packs_nothing: bool,
    is_tar: bool,
    /// What a structure lists, against what libarchive shows.
    ledger: Ledger,
    /// How many entries there were so far.
    entries: u64,
    account: Account,
    /// What the header of the entry at hand says of its content.
    size: Option<u64>,
    is_file: bool,
    /// Is what libarchive has for its content something else?
    is_withheld: bool,
    /// What its content is held against.
    checksums: Checksums,
    /// How much of its content has been shown.
    position: u64,
    /// Where the block lies that comes after a hole.
    ahead: Option<u64>,
    /// Where a cpio ended, behind which another may begin.
    goes_on_from: Option<u64>,
}

/// What komparu itself knows of the container.
enum Check {
    /// Nothing yet: the format is known with the first entry.
    Format,
    /// Its structure sees the bytes that pass by.
    Passing,
    /// Its structure is walked beside libarchive, entry by entry.
    Beside(Checked),
    /// Its structure has been walked.
    Walked(Whole),
    /// Nothing more: all of it has been looked at.
    Over,
}

impl<'a> Libarchive<'a> {
    /// Finds out what kind of archive it is. `index` is what it has, if it is a zip; `name` is what
    /// messages call it.
    ///
    /// # Errors
    /// When it is none that libarchive knows, or cannot be read.
    pub(crate) fn open(
        mut input: ArchiveInput<'a>,
        mut index: Option<Box<ZipIndex>>,
        reads: Reads,
        meter: Meter,
        name: &Name,
        context: &'a Context<'a>,
    ) -> Result<Self> {
        let cut = index.as_mut().map(|index| std::mem::take(&mut index.cut)).unwrap_or_default();
        let ignore_zeros = matches!(
            reads,
            Reads::Entries { ignore_zeros: true, .. } | Reads::Common { ignore_zeros: true }
        );
        if input.anywhere().is_none() && zip::is_zip(input.start(zip::BEGINNING)?) {
            // libarchive would look at the first entry, and have libc read the time zone for its date.
            has_index(Format::Zip, &input, name)?;
        }
        input.keep();
        input.note(initramfs::is_cpio);
        match Handle::open(input, reads) {
            Ok(handle) => Ok(Self {
                handle,
                context,
                name: name.clone(),
                index,
                cut,
                ignore_zeros,
                meter,
                check: Check::Format,
                packs_nothing: false,
                is_tar: false,
                ledger: Ledger::in_order(),
                entries: 0,
                account: Account::default(),
                size: None,
                is_file: false,
                is_withheld: false,
                checksums: Checksums::default(),
                position: 0,
                ahead: None,
                goes_on_from: None,
            }),
            Err((failure, input)) => Err(because(name, &input, failure)),
        }
    }

    fn end(&mut self) -> Result<()> {
        if let Some(error) = self.handle.input().failure() {
            return Err(error.clone());
        }
        self.begin()?;
        if self.handle.format() == Format::Cpio
            && let Some(whole) = self.handle.input_mut().seen()
        {
            self.goes_on_from = Some(whole.end);
            return self.close(&whole);
        }
        self.handle.input_mut().finish()?;
        let size = self.handle.input().given();
        if let Some(cause) = doubt(&self.handle.end(), size) {
            return Err(Error::archive(&self.name, cause));
        }
        let (whole, behind) = match std::mem::replace(&mut self.check, Check::Over) {
            Check::Beside(mut checked) => {
                let bytes = self.handle.input().anywhere().ok_or_else(|| self.without_check())?;
                let whole = checked.end(bytes, self.context)?;
                let behind = self.behind(whole.end)?;
                (whole, behind)
            }
            Check::Walked(whole) => {
                let behind = self.behind(whole.end)?;
                (whole, behind)
            }
            Check::Passing => {
                let seen = self.handle.input_mut().whole()?;
                seen.ok_or_else(|| self.without_check())?
            }
            Check::Format | Check::Over => return Err(self.without_check()),
        };
        self.close(&whole)?;
        self.look_at_zeros(behind.is_some())?;
        self.account.behind.extend(behind);
        let around = self.handle.input_mut().behind_filters()?;
        self.account.behind.extend(around);
        Ok(())
    }

    /// Holds what libarchive has shown against all that the structure came to.
    fn close(&mut self, whole: &Whole) -> Result<()> {
        self.take_listed();
        let entries = self.entries;
        let counts = match whole.entries {
            Some(has) if has != entries => {
                Err(format!("shows {entries} entries where there are {has}"))
            }
            _ => self.ledger.close(),
        };
        self.account.open = whole.open;
        self.account.is_unmarked = whole.is_unmarked;
        self.account.is_image = self.handle.format() == Format::Iso9660;
        counts.map_err(|why| Error::archive(&self.name, why))
    }

    /// Zeros are a tar without entries to libarchive, whatever may follow: the start of a disc's image for
    /// example, whose first 32 KiB are zeros most often.
    fn look_at_zeros(&mut self, goes_on: bool) -> Result<()> {
        let size = self.handle.input().given();
        let is_tar = matches!(self.handle.format(), Format::Tar | Format::Unset);
        if !is_tar || self.entries > 0 {
            return Ok(());
        }
        if goes_on || size > EMPTY_TARS[1] {
            let is = if goes_on {
                "begins with zeros, and is no archive"
            } else {
                "is nothing but zeros"
            };
            return Err(Error::archive(&self.name, is));
        }
        self.account.is_only_zeros = true;
        if !EMPTY_TARS.contains(&size) {
            let why = "is nothing but zeros, and may be what is left of something else";
            self.account.open = self.account.open.or(Some(why));
        }
        Ok(())
    }

    /// Is it a cpio? Asked after its first entry.
    pub(crate) fn is_cpio(&self) -> bool {
        self.handle.format() == Format::Cpio
    }

    /// What lies behind the end of a cpio: another part, or what is shown to the account. Asked after its
    /// last entry.
    pub(crate) fn into_next_part(mut self) -> Result<(Account, Following<'a>)> {
        let (mut account, mut tail) = (std::mem::take(&mut self.account), Tail::default());
        let from = self.goes_on_from;
        let input = self.handle.into_input();
        let Some(from) = from else { return Ok((account, Following::End(Box::new(input)))) };
        let mut turned = following(input, from, initramfs::is_part, &mut tail)?;
        if let Following::End(input) = &mut turned {
            let behind = tail.finish();
            // It may be the start of another part.
            account.is_unmarked |= behind.is_some();
            account.behind.extend(behind);
            account.behind.extend(input.behind_filters()?);
        }
        Ok((account, turned))
    }

    /// What lies behind the end of a container that can be read anywhere.
    fn behind(&self, end: u64) -> Result<Option<Behind>> {
        let Some(bytes) = self.handle.input().anywhere() else { return Ok(None) };
        let (mut tail, mut at, mut buffer) = (Tail::default(), end, Buffer::take());
        while at < bytes.size() {
            self.context.checkpoint()?;
            let rest = usize::try_from(bytes.size() - at).unwrap_or(buffer.len());
            let length = rest.min(buffer.len());
            bytes.read_at(at, &mut buffer[..length])?;
            tail.add(&buffer[..length], self.context)?;
            at += length as u64;
        }
        Ok(tail.finish())
    }

    fn broken(&self, Broken(why): Broken) -> Error {
        Error::archive(&self.name, why)
    }

    /// The format is known: what is known of the archive besides can be.
    fn begin(&mut self) -> Result<()> {
        if !matches!(self.check, Check::Format) {
            return Ok(());
        }
        let format = match self.handle.format() {
            Format::Unset => Format::Tar,
            format => format,
        };
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

    /// libarchive begins to work.
    fn begin_work(&self) -> Result<()> {
        if !self.packs_nothing {
            self.context.checkpoint()?;
            self.handle.input().begin();
        }
        Ok(())
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
    fn without_check(&self) -> Error {
        let format = self.handle.format_name();
        let cause =
            format!("has the format '{format}', of which komparu cannot check that it is whole");
        Error::archive(&self.name, cause)
    }

    /// Takes what the structure has come to by now.
    fn take_listed(&mut self) {
        while let Some((listed, details)) = self.handle.input_mut().entry() {
            self.ledger.list(listed, details);
        }
    }

    /// What else is known of an entry.
    fn known(&mut self, name: &[u8], sort: Sort) -> Result<Known> {
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

    /// Of a hole at the end no block tells, only the size.
    fn last_step(&mut self) -> Result<Step> {
        if let Some(error) = self.handle.input().failure() {
            return Err(error.clone());
        }
        let rest = self.size.take().map_or(0, |size| size.saturating_sub(self.position));
        if rest == 0 || !self.is_file {
            let checksums = std::mem::take(&mut self.checksums);
            return if checksums.are_right() {
                Ok(Step::End)
            } else {
                Err(Error::archive(&self.name, "has an entry whose checksum is wrong"))
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

/// Can all of what has its index at its end be read? Which entries there are, only that says.
fn has_index(format: Format, input: &ArchiveInput<'_>, name: &Name) -> Result<()> {
    let kind = match format {
        Format::Zip => "zip",
        Format::SevenZip => "7z",
        _ => return Ok(()),
    };
    let why = match input.why_in_order() {
        Some(why) => why,
        None if input.is_undone() => "it is compressed once more",
        None => return Ok(()),
    };
    Err(Error::archive(name, format!("a {kind} is read from its end, and {why}")))
}

impl Entries for Libarchive<'_> {
    fn next(&mut self) -> Result<Option<Entry>> {
        self.begin_work()?;
        let entry = match self.handle.next() {
            Ok(None) => return self.end().map(|()| None),
            Ok(Some(entry)) => entry,
            Err(failure) => {
                let is_known = self.handle.format() != Format::Unset;
                if is_known && self.handle.input().failure().is_none() {
                    // What is known besides may be clearer.
                    self.begin()?;
                }
                return Err(because(&self.name, self.handle.input(), failure));
            }
        };
        if entry.is_encrypted() {
            return Err(Error::archive(&self.name, "is encrypted"));
        }
        let ((name, kind), size) = (entry.describe(), entry.size());
        let name = name.ok_or_else(|| {
            Error::archive(
                &self.name,
                "has an entry without a name, or with one that cannot be read",
            )
        })?;
        self.size = size;
        (self.position, self.ahead) = (0, None);
        self.is_file = kind == ShownKind::File;
        self.begin()?;
        let sort = match kind {
            ShownKind::File => Sort::File,
            ShownKind::Symlink(_) | ShownKind::HardLink(_) => Sort::Link,
            _ => Sort::Other,
        };
        let Known { details, is_cut } = self.known(&name, sort)?;
        self.entries += 1;
        let is_cut = is_cut || self.cut.contains(&name);
        self.checksums = Checksums::of(&details);
        let Instead { name: called, kind: meant } = details.instead;
        self.is_withheld = meant.is_some();
        self.is_file &= !self.is_withheld;
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
            // All of it has come: to ask libarchive as well takes as long as all else about a small file. (Of
            // a WARC it has to be asked: where it is not, libarchive 3.6 passes over content that it has
            // shown once more.)
            if self.is_tar && self.size == Some(self.position) {
                return self.last_step();
            }
            self.begin_work()?;
            match self.handle.block() {
                Ok(Some(_)) if self.handle.bytes().is_empty() => self.context.checkpoint()?,
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
            self.checksums = Checksums::default();
            return Ok(Step::Zeros(hole));
        }
        let length = self.handle.bytes().len();
        self.position = offset
            .checked_add(length as u64)
            .ok_or_else(|| Error::archive(&self.name, "has an entry of impossible size"))?;
        self.checksums.update(self.handle.bytes());
        Ok(Step::Bytes)
    }

    fn bytes(&self) -> &[u8] {
        self.handle.bytes()
    }

    fn buffer(&self) -> Option<&SharedBuffer> {
        self.handle.input().buffer()
    }

    /// Formats that may pack an entry by itself lend what is stored as it is where it lies.
    fn is_stored(&self) -> bool {
        self.packs_nothing || self.handle.input().has_lent(self.handle.bytes())
    }

    fn undone(&self) -> u64 {
        self.handle.input().undone()
    }

    fn compressed(&self) -> u64 {
        self.handle.input().compressed()
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

    fn account(&mut self) -> Account {
        std::mem::take(&mut self.account)
    }
}
