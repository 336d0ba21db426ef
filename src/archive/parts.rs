//! Archives of several parts, one behind the other: what the Linux kernel boots from.
//!
//! An initramfs is one cpio after another, with zeros between, and each may be compressed in its own way:
//! Documentation/driver-api/early-userspace/buffer-format.rst of the kernel. All entries of all parts are
//! entries of the archive. What is behind a cpio and begins like none of those is no part, but bytes behind
//! the end, as in any format.

use super::Account;
use super::input::shared_buffer::Slab;
use super::input::{Supply, Turned};
use super::libarchive::Libarchive;
use super::limits::Meter;
use super::reader::{Entries, Entry, Step};
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::Reads;

/// What compressed parts begin with, as the kernel's lib/decompress.c lists it: gzip twice, bzip2, lzma, xz,
/// lzo, lz4, zstd.
const COMPRESSED: [&[u8]; 8] = [
    b"\x1f\x8b",
    b"\x1f\x9e",
    b"BZh",
    b"\x5d\0\0",
    b"\xfd7zXZ\0",
    b"\x89LZO",
    b"\x02\x21\x4c\x18",
    b"\x28\xb5\x2f\xfd",
];

/// What the headers of a cpio begin with, in all of its kinds.
const CPIO: [&[u8]; 6] = [b"070701", b"070702", b"070707", b"070727", b"\xc7\x71", b"\x71\xc7"];

/// Does a cpio begin like this?
pub(crate) fn is_cpio(start: &[u8]) -> bool {
    CPIO.iter().any(|magic| start.starts_with(magic))
}

/// Does a part of an initramfs begin like this?
pub(crate) fn is_part(start: &[u8]) -> bool {
    is_cpio(start) || COMPRESSED.iter().any(|magic| start.starts_with(magic))
}

/// An archive, of one part most often.
pub(crate) struct Parts<'a> {
    part: Part<'a>,
    meter: Meter,
    name: Name,
    context: &'a Context<'a>,
    /// What is known of the parts before the one at hand.
    account: Account,
    is_first: bool,
}

enum Part<'a> {
    Open(Box<Libarchive<'a>>),
    /// There are no more: what they were read from.
    End(Box<Supply<'a>>),
    /// One could not be read.
    Failed,
}

impl<'a> Parts<'a> {
    pub(crate) fn new(
        first: Libarchive<'a>,
        meter: Meter,
        name: &Name,
        context: &'a Context<'a>,
    ) -> Self {
        let (name, account) = (name.clone(), Account::default());
        Self { part: Part::Open(Box::new(first)), meter, name, context, account, is_first: true }
    }

    /// Goes on behind the part that has ended. Says whether there is another.
    fn go_on(&mut self) -> Result<bool> {
        let Part::Open(part) = std::mem::replace(&mut self.part, Part::Failed) else {
            return Ok(false);
        };
        let (account, turned) = part.go_on()?;
        self.account.open = self.account.open.or(account.open);
        self.account.is_unmarked |= account.is_unmarked;
        self.account.is_only_zeros |= account.is_only_zeros;
        self.account.is_image |= account.is_image;
        self.account.behind.extend(account.behind);
        match turned {
            Turned::End(supply) => {
                self.part = Part::End(supply);
                Ok(false)
            }
            Turned::Part(supply) => {
                let (meter, name) = (self.meter.clone(), &self.name);
                let reads = Reads::Entries { ignore_zeros: false, zip: false };
                let part = Libarchive::open(*supply, None, reads, meter, name, self.context)?;
                (self.part, self.is_first) = (Part::Open(Box::new(part)), false);
                Ok(true)
            }
        }
    }
}

impl Entries for Parts<'_> {
    fn next(&mut self) -> Result<Option<Entry>> {
        loop {
            let Part::Open(part) = &mut self.part else { return Ok(None) };
            let next = part.next()?;
            if !self.is_first && !part.is_cpio() {
                let why = "goes on behind its end with something that is no cpio";
                return Err(Error::archive(&self.name, why));
            }
            if next.is_some() || !self.go_on()? {
                return Ok(next);
            }
        }
    }

    fn step(&mut self) -> Result<Step> {
        match &mut self.part {
            Part::Open(part) => part.step(),
            Part::End(_) | Part::Failed => Ok(Step::End),
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.part {
            Part::Open(part) => part.bytes(),
            Part::End(_) | Part::Failed => &[],
        }
    }

    fn slab(&self) -> Option<&Slab> {
        match &self.part {
            Part::Open(part) => part.slab(),
            Part::End(_) | Part::Failed => None,
        }
    }

    fn is_stored(&self) -> bool {
        match &self.part {
            Part::Open(part) => part.is_stored(),
            Part::End(_) | Part::Failed => true,
        }
    }

    fn undone(&self) -> u64 {
        match &self.part {
            Part::Open(part) => part.undone(),
            Part::End(supply) => supply.undone(),
            Part::Failed => 0,
        }
    }

    fn compressed(&self) -> u64 {
        match &self.part {
            Part::Open(part) => part.compressed(),
            Part::End(supply) => supply.compressed(),
            Part::Failed => 0,
        }
    }

    fn spells_exactly(&self) -> bool {
        match &self.part {
            Part::Open(part) => part.spells_exactly(),
            Part::End(_) | Part::Failed => true,
        }
    }

    fn counts_all(&self) -> bool {
        match &self.part {
            Part::Open(part) => part.counts_all(),
            Part::End(_) | Part::Failed => false,
        }
    }

    fn verify(&self) -> Result<()> {
        match &self.part {
            Part::Open(part) => part.verify(),
            Part::End(supply) => supply.verify(),
            Part::Failed => Ok(()),
        }
    }

    fn account(&mut self) -> Account {
        std::mem::take(&mut self.account)
    }
}
