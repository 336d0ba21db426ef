//! Archives of several parts, one behind the other: what the Linux kernel boots from.
//!
//! An initramfs is one cpio after another, with zeros between, and each may be compressed in its own way:
//! Documentation/driver-api/early-userspace/buffer-format.rst of the kernel. All entries of all parts are
//! entries of the archive. What is behind a cpio and begins like none of those is no part, but bytes behind
//! the end, as in any format.

use super::Account;
use super::input::shared_buffer::SharedBuffer;
use super::input::{ArchiveInput, Following};
use super::libarchive::Libarchive;
use super::limits::Meter;
use super::stream::{Entries, Entry, Step};
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::Reads;

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
    End(Box<ArchiveInput<'a>>),
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
    fn begin_next_part(&mut self) -> Result<bool> {
        let Part::Open(part) = std::mem::replace(&mut self.part, Part::Failed) else {
            return Ok(false);
        };
        let (account, following) = part.into_next_part()?;
        self.account.open = self.account.open.or(account.open);
        self.account.is_unmarked |= account.is_unmarked;
        self.account.is_only_zeros |= account.is_only_zeros;
        self.account.is_image |= account.is_image;
        self.account.behind.extend(account.behind);
        match following {
            Following::End(input) => {
                self.part = Part::End(input);
                Ok(false)
            }
            Following::Part(input) => {
                let (meter, name) = (self.meter.clone(), &self.name);
                let reads = Reads::Entries { ignore_zeros: false, zip: false };
                let part = Libarchive::open(*input, None, reads, meter, None, name, self.context)?;
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
            if next.is_some() || !self.begin_next_part()? {
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

    fn buffer(&self) -> Option<&SharedBuffer> {
        match &self.part {
            Part::Open(part) => part.buffer(),
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
            Part::End(input) => input.undone(),
            Part::Failed => 0,
        }
    }

    fn compressed(&self) -> u64 {
        match &self.part {
            Part::Open(part) => part.compressed(),
            Part::End(input) => input.compressed(),
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
            Part::End(input) => input.verify(),
            Part::Failed => Ok(()),
        }
    }

    fn account(&mut self) -> Account {
        std::mem::take(&mut self.account)
    }
}
