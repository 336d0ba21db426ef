//! What stands at the end of a zip: APPNOTE.TXT, sections 4.3.14 to 4.3.16.

use super::record::{long_number, number, short_number};
use crate::error::Result;
use crate::reader::ReadAt;

/// The record at the end, without its comment.
pub(super) const LENGTH: usize = 22;
const MARK: &[u8] = b"PK\x05\x06";
/// What stands before it where numbers are too large for it, and leads to a larger record.
const LOCATOR: usize = 20;
const LOCATOR_MARK: &[u8] = b"PK\x06\x07";
const LARGE: usize = 56;
const LARGE_MARK: &[u8] = b"PK\x06\x06";
/// The length that the larger record says it has, which does not count its mark and the length itself.
const LARGE_REST: u64 = 44;

pub(super) struct End {
    /// How many entries it counts.
    pub(super) counted: u64,
    /// Where the index is, whatever stands before the archive.
    pub(super) index: u64,
    /// Where the index ends, if all readers would find the same one: there is no other end, in a
    /// comment for example, nothing before the archive, and no second number that differs.
    pub(super) plain_until: Option<u64>,
}

impl End {
    pub(super) fn read(bytes: &dyn ReadAt) -> Result<Option<Self>> {
        let longest = LOCATOR + LENGTH + usize::from(u16::MAX);
        let length = usize::try_from(bytes.size()).unwrap_or(longest).min(longest);
        let from = bytes.size() - length as u64;
        let mut tail = vec![0; length];
        bytes.read_at(from, &mut tail)?;
        let found = tail.windows(LENGTH).enumerate().rev().find(|(start, record)| {
            record.starts_with(MARK)
                && start + LENGTH + usize::from(short_number(record, 20)) == tail.len()
        });
        let Some((start, record)) = found else { return Ok(None) };
        let is_only_one = tail.windows(MARK.len()).filter(|&mark| mark == MARK).count() == 1;
        let locator = start.checked_sub(LOCATOR).map(|before| &tail[before..start]);
        let Some(locator) = locator.filter(|record| record.starts_with(LOCATOR_MARK)) else {
            return Ok(Some(Self::small(record, from + start as u64, is_only_one)));
        };
        let at = long_number(locator, 8);
        let mut large = [0; LARGE];
        if at.checked_add(LARGE as u64).is_some_and(|end| end <= bytes.size()) {
            bytes.read_at(at, &mut large)?;
        }
        if !large.starts_with(LARGE_MARK) {
            return Ok(Some(Self::small(record, from + start as u64, false)));
        }
        let is_before = at + (LARGE + LOCATOR) as u64 == from + start as u64;
        let is_plain = is_only_one && is_before && [4, 16].map(|at| number(locator, at)) == [0, 1];
        Ok(Some(Self::large(&large, record, at, is_plain)))
    }

    /// The record by itself, which begins `at` there.
    fn small(record: &[u8], at: u64, is_only_one: bool) -> Self {
        let [disk, disk_of_index, here, counted] = [4, 6, 8, 10].map(|at| short_number(record, at));
        let [size, offset] = [12, 16].map(|at| u64::from(number(record, at)));
        // What stands before the archive moves everything: the index ends where its end begins.
        let index = at.checked_sub(size).unwrap_or(offset);
        let is_plain = is_only_one
            && [disk, disk_of_index] == [0, 0]
            && here == counted
            && offset.checked_add(size) == Some(at);
        Self { counted: counted.into(), index, plain_until: is_plain.then_some(at) }
    }

    /// The larger record, which begins `at` there, and the `small` one. `is_plain`: they are found in
    /// the one usual way.
    fn large(record: &[u8; LARGE], small: &[u8], at: u64, is_plain: bool) -> Self {
        let [length, here, counted, size, index] =
            [4, 24, 32, 40, 48].map(|at| long_number(record, at));
        // What the small one does not leave to the larger one, it says as well.
        let short =
            |at, large| [u64::from(u16::MAX), large].contains(&short_number(small, at).into());
        let long = |at, large| [u64::from(u32::MAX), large].contains(&number(small, at).into());
        let is_plain = is_plain
            && length == LARGE_REST
            && [16, 20].map(|at| number(record, at)) == [0, 0]
            && here == counted
            && index.checked_add(size) == Some(at)
            && (short(4, 0) && short(6, 0) && short(8, counted) && short(10, counted))
            && (long(12, size) && long(16, index));
        Self { counted, index, plain_until: is_plain.then_some(at) }
    }
}
