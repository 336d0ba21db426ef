//! What stands at the end of a zip: APPNOTE.TXT, sections 4.3.14 to 4.3.16.
//!
//! Nothing at the beginning of a zip says what it is, so each reader looks for the record at the end in its
//! own way, and where two could find two records there is no saying what the zip has in it.

use std::ops::Range;

use super::super::Broken;
use super::fields::{long_number, number, short_number};

/// The record at the end, without its comment.
pub(crate) const LENGTH: usize = 22;
const MARK: &[u8] = b"PK\x05\x06";
/// What stands before it where numbers are too large for it, and leads to a larger record.
const LOCATOR: usize = 20;
const LOCATOR_MARK: &[u8] = b"PK\x06\x07";
const LARGE: usize = 56;
const LARGE_MARK: &[u8] = b"PK\x06\x06";
/// How much of the end of a file has to be looked at: a comment as long as any, and all records. As much is
/// kept of the end of a URL.
pub(crate) const TAIL: usize = 80 << 10;
/// How long the larger record is at most, with what may follow its numbers: libarchive reads hardly a longer one.
const LARGEST: usize = TAIL - LOCATOR - LENGTH - u16::MAX as usize;

const A_PART: &str = "is a part of a zip of several parts";

/// Where the index of a zip is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// How many entries are counted.
    pub(crate) counted: u64,
    /// Where the index is.
    pub(crate) index: Range<u64>,
    /// How many bytes stand before the zip that its offsets do not count.
    pub(crate) front: u64,
    /// Where the zip ends, behind its comment.
    pub(crate) until: u64,
    /// Are there no more such records, nothing in front, nothing behind, and is each number said once or
    /// the same each time? libarchive finds nothing in a Zip64 that has something in front, so that one is
    /// plain, too.
    pub(crate) is_plain: bool,
}

impl End {
    /// Looks for it in the `tail` of a file, which begins at `from` there. `None`: there is nothing like it.
    pub(crate) fn find(tail: &[u8], from: u64) -> Option<Result<Self, Broken>> {
        let marks = tail.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
        let marks: Vec<usize> = marks.map(|(place, _)| place).collect();
        let (&last, earlier) = marks.split_last()?;
        Some(Self::read(tail, from, last, earlier))
    }

    /// Reads the record in the `tail` at `place`; there are marks of others at `earlier` places.
    fn read(tail: &[u8], from: u64, place: usize, earlier: &[usize]) -> Result<Self, Broken> {
        let Some(record) = tail.get(place..place + LENGTH) else {
            return Broken::because("is cut short: within its end record");
        };
        let end = place + LENGTH + usize::from(short_number(record, 20));
        if end > tail.len() {
            return Broken::because("is cut short: within the comment at its end");
        }
        let has_this_in_its_comment = |&&other: &&usize| {
            let record = &tail[other..];
            record.len() >= LENGTH && {
                let end = other + LENGTH + usize::from(short_number(record, 20));
                end > place && end <= tail.len()
            }
        };
        if earlier.iter().find(has_this_in_its_comment).is_some() {
            return Broken::because("has two end records, one in the comment of the other");
        }
        let end_is_last = earlier.is_empty() && end == tail.len();
        let locator = place.checked_sub(LOCATOR).map(|before| &tail[before..place]);
        let at = from + place as u64;
        let found = match locator.filter(|locator| locator.starts_with(LOCATOR_MARK)) {
            Some(locator) => match Self::large(record, locator, &tail[..place - LOCATOR], from) {
                // What looks like one is the end of a name or a comment, where there is no need for it.
                Err(broken) if needs_larger(record) => return Err(broken),
                Err(_) => Self::small(record, at)?,
                Ok(found) => found,
            },
            None => Self::small(record, at)?,
        };
        let is_large = found.index.end < at;
        let is_plain = end_is_last && (found.front == 0 || is_large);
        Ok(Self { until: from + end as u64, is_plain, ..found })
    }

    /// What the record by itself says, which begins `at` there.
    fn small(record: &[u8], at: u64) -> Result<Self, Broken> {
        let [disk, disk_of_index, here, counted] = [4, 6, 8, 10].map(|at| short_number(record, at));
        if [disk, disk_of_index] != [0, 0] || here != counted {
            return Broken::because(A_PART);
        }
        let [size, offset] = [12, 16].map(|at| u64::from(number(record, at)));
        Self::before(at, size, offset, counted.into())
    }

    /// What the larger record says, which is at the end of `before`, in front of the `locator`; `small` is
    /// the other one.
    fn large(small: &[u8], locator: &[u8], before: &[u8], from: u64) -> Result<Self, Broken> {
        let lost = || Broken("is damaged: its Zip64 end record is not where it must be".to_owned());
        if number(locator, 4) != 0 || number(locator, 16) > 1 {
            return Broken::because(A_PART);
        }
        // Where it is said to be, or right before, with so many bytes in front.
        let said = long_number(locator, 8);
        let at_said = said.checked_sub(from).and_then(|place| usize::try_from(place).ok());
        let is_here = |&place: &usize| {
            before.get(place..).is_some_and(|record| {
                (LARGE..=LARGEST).contains(&record.len())
                    && record.starts_with(LARGE_MARK)
                    && long_number(record, 4).checked_add(12) == Some(record.len() as u64)
            })
        };
        let usual = before.len().checked_sub(LARGE);
        let place = at_said.filter(is_here).or(usual.filter(is_here)).ok_or_else(lost)?;
        let (record, at) = (&before[place..], from + place as u64);
        let [here, counted, size, offset] = [24, 32, 40, 48].map(|at| long_number(record, at));
        if [16, 20].map(|at| number(record, at)) != [0, 0] || here != counted {
            return Broken::because(A_PART);
        }
        // What the small one does not leave to the larger one, it says as well.
        let short =
            |at, large| [u64::from(u16::MAX), large].contains(&short_number(small, at).into());
        let long = |at, large| [u64::from(u32::MAX), large].contains(&number(small, at).into());
        let agrees = (short(4, 0) && short(6, 0) && short(8, counted) && short(10, counted))
            && (long(12, size) && long(16, offset));
        if !agrees {
            return Broken::because("is damaged: its two end records disagree");
        }
        let found = Self::before(at, size, offset, counted)?;
        match at.checked_sub(said) {
            Some(front) if front == found.front => Ok(found),
            _ => Err(lost()),
        }
    }

    /// An index of this size that ends `at` a record, and is said to begin at this offset.
    fn before(at: u64, size: u64, offset: u64, counted: u64) -> Result<Self, Broken> {
        let index = at.checked_sub(size);
        match index.and_then(|index| Some((index, index.checked_sub(offset)?))) {
            Some((index, front)) => {
                Ok(Self { counted, index: index..at, front, until: at, is_plain: false })
            }
            None => Broken::because("is damaged, or cut short: its index is not where it must be"),
        }
    }
}

/// Does this record leave a number to the larger one?
fn needs_larger(record: &[u8]) -> bool {
    let short = [4, 6, 8, 10].map(|at| short_number(record, at));
    let long = [12, 16].map(|at| number(record, at));
    short.contains(&u16::MAX) || long.contains(&u32::MAX)
}
