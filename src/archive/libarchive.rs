//! Archives of all kinds, as libarchive reads them.

mod check;
mod end;

use std::collections::HashSet;

use super::Account;
use super::checked::Checked;
use super::checksums::Checksums;
use super::initramfs;
use super::input::ArchiveInput;
use super::input::shared_buffer::SharedBuffer;
use super::input::undo::because;
use super::ledger::{Known, Ledger};
use super::limits::Meter;
use super::password::{self, Password};
use super::stream::{Entries, Entry, Step};
use super::structure::{Instead, Sort, Whole};
use super::zip::{self, ZipIndex};
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::{Failure, Format, Handle, Reads, ShownKind};

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
    has_password: bool,
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
    is_encrypted: bool,
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
        password: Option<&Password>,
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
        match Handle::open_with(input, reads, password.map(Password::text)) {
            Ok(handle) => Ok(Self {
                handle,
                context,
                name: name.clone(),
                index,
                cut,
                ignore_zeros,
                has_password: password.is_some(),
                meter,
                check: Check::Format,
                packs_nothing: false,
                is_tar: false,
                ledger: Ledger::in_order(),
                entries: 0,
                account: Account::default(),
                size: None,
                is_file: false,
                is_encrypted: false,
                is_withheld: false,
                checksums: Checksums::default(),
                position: 0,
                ahead: None,
                goes_on_from: None,
            }),
            Err((failure, input)) => Err(because(name, &input, failure)),
        }
    }

    /// What the failure of libarchive to show content is due to.
    fn content_failure(&self, failure: Failure) -> Error {
        if self.is_encrypted && self.handle.input().failure().is_none() {
            return password::failure(&self.name, &failure.0);
        }
        because(&self.name, self.handle.input(), failure)
    }

    /// libarchive begins to work.
    fn begin_work(&self) -> Result<()> {
        if !self.packs_nothing {
            self.context.checkpoint()?;
            self.handle.input().begin();
        }
        Ok(())
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
            } else if self.is_encrypted {
                Err(password::failure(&self.name, "its checksum is wrong"))
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
        let is_encrypted = entry.is_encrypted();
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
        self.is_encrypted = is_encrypted;
        if is_encrypted && !self.has_password {
            let is_zip = self.handle.format() == Format::Zip;
            let why = if is_zip { password::NEEDED } else { "is encrypted" };
            return Err(Error::archive(&self.name, why));
        }
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
        let (name, kind) = (called.unwrap_or(name), meant.unwrap_or(kind));
        Ok(Some(Entry { name, kind, is_cut, is_single: false }))
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
                Err(failure) => return Err(self.content_failure(failure)),
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
