//! The index at the end of a zip.
//!
//! It is read for what libarchive does not tell of it, which takes the whole index in before it shows
//! the first entry, so that a limit on entries would come too late, and ends every name at its first
//! NUL. And where all of a zip is plain, as most are, it is read from here on without libarchive. The
//! records are those of APPNOTE.TXT, sections 4.3.12 to 4.3.16.

mod members;
mod plain;
mod record;
mod window;

use std::collections::HashSet;

use self::members::Members;
pub(super) use self::plain::PlainZip;
use self::record::{Record, long_number, number, short_number};
use super::ReadAt;
use crate::error::Result;

/// The record at the end, without its comment.
const END: usize = 22;
const END_MARK: &[u8] = b"PK\x05\x06";
/// What stands before it where numbers are too large for it, and leads to a larger record.
const LOCATOR: usize = 20;
const LOCATOR_MARK: &[u8] = b"PK\x06\x07";
const LARGE_END: usize = 56;
const LARGE_END_MARK: &[u8] = b"PK\x06\x06";
/// How much of the index is read at a time; a record is shorter than that.
const PIECE: usize = 256 << 10;

/// What a zip says at its end.
#[derive(Default)]
pub(super) struct ZipIndex {
    /// How many entries it counts.
    pub(super) counted: u64,
    /// How many there are in the index, up to one more than was asked for.
    pub(super) entries: u64,
    /// What libarchive makes of those names that contain a NUL byte.
    pub(super) cut: HashSet<Vec<u8>>,
    /// All of its entries, if each is plain.
    pub(super) members: Option<Members>,
}

impl ZipIndex {
    /// Reads the index of what may be a zip, as far as it has `most` entries. `None`: it begins like no
    /// zip, or has no end as libarchive wants it.
    ///
    /// # Errors
    /// When the bytes cannot be read.
    pub(super) fn read(bytes: &dyn ReadAt, most: Option<u64>) -> Result<Option<Self>> {
        let mut start = [0; 4];
        if bytes.size() < END as u64 {
            return Ok(None);
        }
        bytes.read_at(0, &mut start)?;
        if !start.starts_with(b"PK") {
            return Ok(None);
        }
        let Some(end) = End::read(bytes)? else { return Ok(None) };
        let members = end.plain_until.map(|_| Members::default());
        let mut index = Self { counted: end.counted, members, ..Self::default() };
        let until = index.walk(bytes, end.index, most.unwrap_or(u64::MAX))?;
        let is_all = end.plain_until == Some(until) && index.entries == index.counted;
        index.members =
            index.members.take().and_then(|members| members.in_order(end.index)).filter(|_| is_all);
        Ok(Some(index))
    }

    /// Goes through the records of entries that begin at `at`, as long as there are any: libarchive
    /// does not believe their count either. Says where it came to.
    fn walk(&mut self, bytes: &dyn ReadAt, mut at: u64, most: u64) -> Result<u64> {
        let (mut piece, mut position) = (Vec::new(), 0_usize);
        while self.entries <= most {
            if Record::at_start(&piece[position..]).is_none() {
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
            if let Some(nul) = record.name().iter().position(|&byte| byte == 0) {
                self.cut.insert(record.name()[..nul].to_vec());
            }
            self.members = self.members.take().and_then(|members| members.with(record));
            position += record.length();
        }
        Ok(at + position as u64)
    }
}

/// What stands at the end of a zip.
struct End {
    /// How many entries it counts.
    counted: u64,
    /// Where the index is, whatever stands before the archive.
    index: u64,
    /// Is all of it in one file, with nothing before it, and its index where it says, which goes up to
    /// here?
    plain_until: Option<u64>,
}

impl End {
    fn read(bytes: &dyn ReadAt) -> Result<Option<Self>> {
        let longest = LOCATOR + END + usize::from(u16::MAX);
        let length = usize::try_from(bytes.size()).unwrap_or(longest).min(longest);
        let from = bytes.size() - length as u64;
        let mut tail = vec![0; length];
        bytes.read_at(from, &mut tail)?;
        let found = tail.windows(END).enumerate().rev().find(|(start, record)| {
            record.starts_with(END_MARK)
                && start + END + usize::from(short_number(record, 20)) == tail.len()
        });
        let Some((start, record)) = found else { return Ok(None) };
        let locator = start.checked_sub(LOCATOR).map(|before| &tail[before..start]);
        if let Some(locator) = locator.filter(|record| record.starts_with(LOCATOR_MARK)) {
            let at = long_number(locator, 8);
            let mut large = [0; LARGE_END];
            if at.checked_add(LARGE_END as u64).is_some_and(|end| end <= bytes.size()) {
                bytes.read_at(at, &mut large)?;
                if large.starts_with(LARGE_END_MARK) {
                    let is_before = at + (LARGE_END + LOCATOR) as u64 == from + start as u64;
                    let large = Self::large(&large, at, locator, record);
                    return Ok(Some(Self {
                        plain_until: large.plain_until.filter(|_| is_before),
                        ..large
                    }));
                }
            }
        }
        let [size, offset] = [12, 16].map(|at| u64::from(number(record, at)));
        let until = from + start as u64;
        // What stands before the archive moves everything: the index ends where its end begins.
        let index = until.checked_sub(size).unwrap_or(offset);
        let is_plain = [4, 6].map(|at| short_number(record, at)) == [0, 0]
            && short_number(record, 8) == short_number(record, 10)
            && offset.checked_add(size) == Some(until)
            && locator.is_none_or(|record| !record.starts_with(LOCATOR_MARK));
        let counted = u64::from(short_number(record, 10));
        Ok(Some(Self { counted, index, plain_until: is_plain.then_some(until) }))
    }

    /// The record for large numbers, which begins `at` there. Where it is not what its `locator` and the
    /// other `record` say, it depends on the reader which of them counts.
    fn large(large: &[u8; LARGE_END], at: u64, locator: &[u8], record: &[u8]) -> Self {
        let [counted, size, index] = [32, 40, 48].map(|at| long_number(large, at));
        let short = |at| (u64::from(short_number(record, at)), u64::from(u16::MAX));
        let long = |at| (u64::from(number(record, at)), u64::from(u32::MAX));
        let agrees = |((said, elsewhere), large)| said == large || said == elsewhere;
        let is_one_file = [16, 20].map(|at| number(large, at)) == [0, 0]
            && number(locator, 4) == 0
            && number(locator, 16) == 1;
        let is_plain = is_one_file
            // It has no more to it than is known here.
            && long_number(large, 4) == LARGE_END as u64 - 12
            && index.checked_add(size) == Some(at)
            && long_number(large, 24) == counted
            && [(short(4), 0), (short(6), 0), (short(8), counted), (short(10), counted)]
                .into_iter()
                .chain([(long(12), size), (long(16), index)])
                .all(agrees);
        Self { counted, index, plain_until: is_plain.then_some(at) }
    }
}
