//! The index at the end of a zip.
//!
//! It is read for what libarchive does not tell of it, which takes the whole index in before it shows
//! the first entry, so that a limit on entries would come too late, and ends every name at its first
//! NUL. And where all of a zip is plain, as most are, it is read from here on without libarchive. The
//! records are those of APPNOTE.TXT, section 4.3.12.

mod end;
mod header;
mod members;
mod plain;
mod record;
mod window;

use std::collections::HashSet;
use std::ops::Range;

use self::end::End;
use self::members::Members;
pub(super) use self::plain::PlainZip;
use self::record::Record;
use super::ReadAt;
use super::limits::Meter;
use crate::context::Context;
use crate::error::Result;

/// A tar has the sum of its header in octal digits here. libarchive takes such a file for a tar, whatever
/// its end may be.
const SUM_OF_TAR: Range<usize> = 148..156;
/// Where an ISO image begins, and how.
const ISO: u64 = 32_769;
const ISO_MARK: &[u8] = b"CD001";

/// How much of the index is read at a time; a record is shorter than that.
const PIECE: usize = 256 << 10;

/// What a zip says at its end.
#[derive(Default)]
pub(super) struct ZipIndex {
    /// How many entries it counts.
    pub(super) counted: u64,
    /// How many there are in the index.
    pub(super) entries: u64,
    /// What libarchive makes of those names that contain a NUL byte.
    pub(super) cut: HashSet<Vec<u8>>,
    /// All of its entries, if each is plain.
    pub(super) members: Option<Members>,
}

impl ZipIndex {
    /// Reads the index of what may be a zip. `None`: it begins like no zip, or has no end as libarchive
    /// wants it.
    ///
    /// # Errors
    /// When the bytes cannot be read; when there are too many entries, or a name is too long; when the
    /// context says stop.
    pub(super) fn read(
        bytes: &dyn ReadAt,
        meter: &Meter,
        context: &Context<'_>,
    ) -> Result<Option<Self>> {
        let mut start = [0; 4];
        if bytes.size() < end::LENGTH as u64 {
            return Ok(None);
        }
        bytes.read_at(0, &mut start)?;
        if !start.starts_with(b"PK") {
            return Ok(None);
        }
        let Some(end) = End::read(bytes)? else { return Ok(None) };
        let members = end.plain_until.map(|_| Members::default());
        let mut index = Self { counted: end.counted, members, ..Self::default() };
        let until = index.walk(bytes, end.index, meter, context)?;
        index.members = match index.members.take() {
            Some(members)
                if end.plain_until == Some(until)
                    && index.entries == index.counted
                    && !may_be_more(bytes)? =>
            {
                members.in_order(end.index, context)?
            }
            _ => None,
        };
        Ok(Some(index))
    }

    /// Goes through the records of entries that begin at `at`, as long as there are any: libarchive
    /// does not believe their count either. Says where it came to.
    fn walk(
        &mut self,
        bytes: &dyn ReadAt,
        mut at: u64,
        meter: &Meter,
        context: &Context<'_>,
    ) -> Result<u64> {
        let (mut piece, mut position) = (Vec::new(), 0_usize);
        loop {
            if Record::at_start(&piece[position..]).is_none() {
                context.checkpoint()?;
                at += position as u64;
                position = 0;
                // A damaged end may lead anywhere, and what lies behind the last byte cannot be read.
                let ahead = bytes.size().saturating_sub(at);
                if ahead == 0 {
                    break;
                }
                piece.resize(usize::try_from(ahead).unwrap_or(PIECE).min(PIECE), 0);
                bytes.read_at(at, &mut piece)?;
            }
            let Some(record) = Record::at_start(&piece[position..]) else { break };
            self.entries += 1;
            meter.entries_to_come(self.entries)?;
            meter.name(record.name().len())?;
            if let Some(nul) = record.name().iter().position(|&byte| byte == 0) {
                self.cut.insert(record.name()[..nul].to_vec());
            }
            self.members = self.members.take().and_then(|members| members.with(record));
            position += record.length();
        }
        Ok(at + position as u64)
    }
}

/// Might libarchive take a file that begins and ends like a zip for something else?
fn may_be_more(bytes: &dyn ReadAt) -> Result<bool> {
    let mut start = [0; SUM_OF_TAR.end];
    if bytes.size() >= start.len() as u64 {
        bytes.read_at(0, &mut start)?;
        if start[SUM_OF_TAR].iter().all(|byte| matches!(byte, b'0'..=b'7' | b' ' | 0)) {
            return Ok(true);
        }
    }
    let mut mark = [0; ISO_MARK.len()];
    if bytes.size() >= ISO + mark.len() as u64 {
        bytes.read_at(ISO, &mut mark)?;
    }
    Ok(mark == ISO_MARK)
}
