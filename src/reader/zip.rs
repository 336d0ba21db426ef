//! The index at the end of a zip, read for what libarchive does not tell of it.
//!
//! libarchive takes the whole index in before it shows the first entry, so that a limit on entries
//! would come too late; and it ends every name at its first NUL. The records are those of
//! APPNOTE.TXT, sections 4.3.12 to 4.3.16.

use std::collections::HashSet;

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
/// The record of an entry, without its name, extra fields and comment.
const ENTRY: usize = 46;
const ENTRY_MARK: &[u8] = b"PK\x01\x02";

/// How much of the index is read at a time; a record is shorter than that.
const PIECE: usize = 256 << 10;

/// What a zip says at its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ZipIndex {
    /// How many entries it counts.
    pub(super) counted: u64,
    /// How many there are in the index, up to one more than was asked for.
    pub(super) entries: u64,
    /// What libarchive makes of those names that contain a NUL byte.
    pub(super) cut: HashSet<Vec<u8>>,
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
        let Some((counted, at)) = end(bytes)? else { return Ok(None) };
        let mut index = Self { counted, ..Self::default() };
        index.walk(bytes, at, most.unwrap_or(u64::MAX))?;
        Ok(Some(index))
    }

    /// Goes through the records of entries that begin at `at`, as long as there are any: libarchive
    /// does not believe their count either.
    fn walk(&mut self, bytes: &dyn ReadAt, mut at: u64, most: u64) -> Result<()> {
        let (mut piece, mut position) = (Vec::new(), 0_usize);
        while self.entries <= most {
            if !is_whole(&piece[position..]) {
                at += position as u64;
                position = 0;
                let ahead = usize::try_from(bytes.size().saturating_sub(at)).unwrap_or(PIECE);
                piece.resize(ahead.min(PIECE), 0);
                bytes.read_at(at, &mut piece)?;
            }
            let record = &piece[position..];
            if !record.starts_with(ENTRY_MARK) || !is_whole(record) {
                return Ok(());
            }
            self.entries += 1;
            let name = &record[ENTRY..][..usize::from(short_number(record, 28))];
            if let Some(nul) = name.iter().position(|&byte| byte == 0) {
                self.cut.insert(name[..nul].to_vec());
            }
            position += length(record);
        }
        Ok(())
    }
}

/// How many entries a zip counts at its end, and where it has its index.
fn end(bytes: &dyn ReadAt) -> Result<Option<(u64, u64)>> {
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
                return Ok(Some((long_number(&large, 32), long_number(&large, 48))));
            }
        }
    }
    let [size, offset] = [12, 16].map(|at| u64::from(number(record, at)));
    // What stands before the archive moves everything: the index ends where its end begins.
    let at = (from + start as u64).checked_sub(size).unwrap_or(offset);
    Ok(Some((u64::from(short_number(record, 10)), at)))
}

/// Is all of an entry's record there?
fn is_whole(record: &[u8]) -> bool {
    record.len() >= ENTRY && record.len() >= length(record)
}

/// How long the record of an entry is, with all that follows it.
fn length(record: &[u8]) -> usize {
    ENTRY + [28, 30, 32].map(|at| usize::from(short_number(record, at))).iter().sum::<usize>()
}

fn short_number(record: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([record[at], record[at + 1]])
}

fn number(record: &[u8], at: usize) -> u32 {
    u32::from(short_number(record, at)) | u32::from(short_number(record, at + 2)) << 16
}

fn long_number(record: &[u8], at: usize) -> u64 {
    u64::from(number(record, at)) | u64::from(number(record, at + 4)) << 32
}
