//! The numbers that follow the content of an entry whose header was written before they were known:
//! APPNOTE.TXT, section 4.3.9.
//!
//! Who reads from the index does not need them; who reads from the start goes by them. Their mark may be
//! missing, sizes have four bytes or eight, and some writers leave all of it out.

use super::fields::{long_number, number, short_number};
use super::header::SIZES_FOLLOW;
use super::member::Member;

const MARK: &[u8] = b"PK\x07\x08";

/// The longest one: a mark, a checksum, and two sizes of eight bytes.
pub(super) const LONGEST: usize = 24;

/// What has to be said of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descriptor {
    checksum: u32,
    packed: u64,
    size: u64,
}

impl Descriptor {
    /// Of the entry with this `header`, if one may follow it.
    pub(super) fn of(header: &[u8], member: &Member) -> Option<Self> {
        let Member { checksum, packed, size, .. } = *member;
        (short_number(header, 6) & SIZES_FOLLOW != 0).then_some(Self { checksum, packed, size })
    }

    /// Is something else said in what lies behind the content? That are `length` bytes, which begin with
    /// `bytes`: the first [`LONGEST`], or all. What has no mark, and not the length of one, is none.
    pub(super) fn is_contradicted(self, bytes: &[u8], length: u64) -> bool {
        if self.is_at_start_of(bytes) {
            return false;
        }
        match bytes.strip_prefix(MARK) {
            Some(rest) => rest.len() >= 12 && !self.is_at_start_of(rest),
            None => matches!(length, 12 | 20),
        }
    }

    /// Is this it, without its mark?
    fn is_at_start_of(self, bytes: &[u8]) -> bool {
        let sizes = [self.packed, self.size];
        let is_short = || sizes == [4, 8].map(|at| u64::from(number(bytes, at)));
        let is_long = || sizes == [4, 12].map(|at| long_number(bytes, at));
        bytes.len() >= 12
            && number(bytes, 0) == self.checksum
            && (is_short() || (bytes.len() >= 20 && is_long()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: Descriptor = Descriptor { checksum: 0x0102_0304, packed: 7, size: 9 };

    fn is_contradicted(bytes: &[u8]) -> bool {
        let start = &bytes[..bytes.len().min(LONGEST)];
        SAID.is_contradicted(start, bytes.len() as u64)
    }

    fn short(checksum: u32, packed: u32, size: u32) -> Vec<u8> {
        [checksum, packed, size].map(u32::to_le_bytes).concat()
    }

    fn long(checksum: u32, packed: u64, size: u64) -> Vec<u8> {
        [&checksum.to_le_bytes()[..], &[packed, size].map(u64::to_le_bytes).concat()].concat()
    }

    #[test]
    fn the_truth_in_any_form_is_no_contradiction() {
        for numbers in [short(0x0102_0304, 7, 9), long(0x0102_0304, 7, 9)] {
            for (mark, padding) in [(&b""[..], 0), (b"", 40), (MARK, 0), (MARK, 40)] {
                let bytes = [mark, &numbers, &vec![0; padding]].concat();
                assert!(!is_contradicted(&bytes), "{bytes:?}");
            }
        }
    }

    #[test]
    fn another_number_is_one() {
        for (checksum, packed, size) in [(1, 7, 9), (0x0102_0304, 8, 9), (0x0102_0304, 7, 8)] {
            for numbers in
                [short(checksum, packed, size), long(checksum, packed.into(), size.into())]
            {
                assert!(is_contradicted(&numbers));
                assert!(is_contradicted(&[MARK, &numbers, &[0; 40]].concat()));
            }
        }
    }

    #[test]
    fn what_is_none_says_nothing() {
        for bytes in [&b""[..], &[0; 11], &[0; 30], b"PK\x07\x08short", b"APK Sig Block and more"] {
            assert!(!is_contradicted(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn one_that_begins_as_a_mark_does_needs_none() {
        let said = Descriptor { checksum: u32::from_le_bytes(*b"PK\x07\x08"), packed: 7, size: 9 };
        assert!(!said.is_contradicted(&short(said.checksum, 7, 9), 12));
        assert!(!said.is_contradicted(&[MARK, &short(said.checksum, 7, 9)].concat(), 16));
    }
}
