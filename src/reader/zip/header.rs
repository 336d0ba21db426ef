//! The header of an entry, in front of its content: APPNOTE.TXT, section 4.3.7.

use super::members::Member;
use super::record::{DEFLATED, HARMLESS, STORED, extras, long_number, number, short_number};

/// Without the name and the extra fields that follow it.
pub(super) const LENGTH: usize = 30;
const MARK: &[u8] = b"PK\x03\x04";

/// Extra fields that make an entry something else than the index says, for some who read it: libarchive's
/// own with a type, another name, and encryption.
const CONTRADICTIONS: [u16; 3] = [0x6c78, 0x7075, 0x9901];

/// The extra field for sizes that are too large for a header, and what those are then.
const LARGE: u16 = 0x0001;
const ELSEWHERE: u32 = u32::MAX;

/// How long a header is, with what follows it, of which the fixed part must be there.
pub(super) fn length(header: &[u8]) -> usize {
    LENGTH + [26, 28].map(|at| usize::from(short_number(header, at))).iter().sum::<usize>()
}

/// Is this the header of `member`, which has this `name`? What is not known when a header is written is
/// zero there.
pub(super) fn is_of(header: &[u8], member: &Member, name: &[u8]) -> bool {
    let method = if member.is_deflated { DEFLATED } else { STORED };
    if !header.starts_with(MARK)
        || header.len() != length(header)
        || short_number(header, 6) & !HARMLESS != 0
        || short_number(header, 8) != method
        || usize::from(short_number(header, 26)) != name.len()
    {
        return false;
    }
    let (said, fields) = header[LENGTH..].split_at(name.len());
    let mut large: &[u8] = &[];
    for field in extras(fields) {
        match field {
            Some((kind, _)) if CONTRADICTIONS.contains(&kind) => return false,
            Some((LARGE, numbers)) => large = numbers,
            Some(_) => {}
            None => return false,
        }
    }
    let mut is_size = |at, size: u32| {
        let found = match number(header, at) {
            ELSEWHERE => {
                let Some((found, rest)) = large.split_first_chunk::<8>() else { return false };
                large = rest;
                long_number(found, 0)
            }
            found => found.into(),
        };
        found == 0 || found == u64::from(size)
    };
    said == name
        && is_size(22, member.size)
        && is_size(18, member.packed)
        && [0, member.checksum].contains(&number(header, 14))
}
