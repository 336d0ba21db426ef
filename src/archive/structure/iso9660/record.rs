//! The records of a directory of an ISO 9660 image: ECMA-119, section 9.1.

use std::collections::VecDeque;

use super::super::contract::Broken;

/// The only size of sectors and blocks that is read, and the one that there is.
pub(super) const SECTOR: usize = 2048;

/// How many bytes a record has before its name.
const FIXED: usize = 33;

/// The flags of a record: it is a directory; the next one has more of the same file.
const DIRECTORY: u8 = 0x02;
const GOES_ON: u8 = 0x80;

/// One record.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) name: Vec<u8>,
    /// Where the content begins, in bytes.
    pub(super) at: u64,
    pub(super) size: u64,
    pub(super) is_directory: bool,
    /// Does the next record have more of the content?
    pub(super) goes_on: bool,
    /// The number of the volume that has the content.
    pub(super) volume: u64,
    /// What stands behind the name.
    pub(super) area: Vec<u8>,
}

/// A number whose lowest byte comes first.
pub(super) fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The records of whole sectors of a directory, without those for itself and for its parent.
pub(super) fn records(bytes: &[u8]) -> Result<VecDeque<Record>, Broken> {
    let mut records = VecDeque::new();
    for mut sector in bytes.chunks(SECTOR) {
        while let Some((record, rest)) = next(sector)? {
            sector = rest;
            if !matches!(&*record.name, [0 | 1]) {
                records.push_back(record);
            }
        }
    }
    Ok(records)
}

/// The first record of a directory, and what stands behind its name.
pub(super) fn first(sector: &[u8]) -> Result<Option<(Record, &[u8])>, Broken> {
    let Some((record, rest)) = next(sector)? else { return Ok(None) };
    let length = sector.len() - rest.len();
    let area = &sector[length - record.area.len()..length];
    Ok((record.name == [0] && record.is_directory).then_some((record, area)))
}

fn next(sector: &[u8]) -> Result<Option<(Record, &[u8])>, Broken> {
    let length = sector.first().copied().map_or(0, usize::from);
    if length == 0 {
        return Ok(None);
    }
    let damaged = || Broken("has a directory with a record of impossible size".to_owned());
    let (bytes, rest) = sector.split_at_checked(length).ok_or_else(damaged)?;
    let named = bytes.get(32).copied().map_or(0, usize::from);
    if named == 0 {
        return Err(damaged());
    }
    let name = bytes.get(FIXED..FIXED + named).ok_or_else(damaged)?.to_vec();
    // A name of an even length has a byte behind it that fills up.
    let area = bytes.get(FIXED + named + (1 - named % 2)..).unwrap_or_default().to_vec();
    if bytes[1] != 0 {
        return Broken::because("has extended attribute records, which are not read");
    }
    if bytes[26] != 0 || bytes[27] != 0 {
        return Broken::because("has interleaved files, which are not read");
    }
    let size = little(&bytes[10..14]);
    let record = Record {
        name,
        // Where there is no content, some writers have no place for it.
        at: if size == 0 { 0 } else { little(&bytes[2..6]) * SECTOR as u64 },
        size,
        is_directory: bytes[25] & DIRECTORY != 0,
        goes_on: bytes[25] & GOES_ON != 0,
        volume: little(&bytes[28..30]),
        area,
    };
    Ok(Some((record, rest)))
}
