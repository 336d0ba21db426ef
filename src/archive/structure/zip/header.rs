//! The header of an entry, in front of its content: APPNOTE.TXT, section 4.3.7.

use super::fields::{HEADER_LENGTH as LENGTH, extras, long_number, number, short_number};
use super::member::Member;
use super::name::{self, with_slashes};
use super::record::{AES, AES_METHOD, UTF8};

pub(super) const MARK: &[u8] = b"PK\x03\x04";

/// Extra fields that make an entry something else than the index says, for some who read it: libarchive's
/// own with a type, and encryption.
const CONTRADICTIONS: [u16; 2] = [0x6c78, AES];

/// The extra field for sizes that are too large for a header, and what those are then.
const LARGE: u16 = 0x0001;
const ELSEWHERE: u32 = u32::MAX;

/// How long a header is, with what follows it, of which the fixed part must be there.
pub(crate) fn length(header: &[u8]) -> usize {
    LENGTH + [26, 28].map(|at| usize::from(short_number(header, at))).iter().sum::<usize>()
}

/// Flags that must be the same in both: what the bytes mean depends on them.
const MEANING: u16 = 0b0010_0000_0110_0001;
/// The numbers are not known yet when a header with this flag is written: they follow the content.
pub(super) const SIZES_FOLLOW: u16 = 0b1000;

/// Looks whether this is the header of `member`, which has this `name`, and says which name libarchive sees
/// in it.
///
/// # Errors
/// With what is not the same.
pub(crate) fn check(header: &[u8], member: &Member, name: &[u8]) -> Result<Vec<u8>, &'static str> {
    if !header.starts_with(MARK) || header.len() != length(header) {
        return Err("there is none");
    }
    let [needed, flags, method] = [4, 6, 8].map(|at| short_number(header, at));
    let name_length = usize::from(short_number(header, 26));
    let (said, fields) = header[LENGTH..].split_at(name_length);
    if said != name {
        return Err("another name");
    }
    let is_other_text = !name.is_ascii() && (flags ^ member.flags) & UTF8 != 0;
    if (flags ^ member.flags) & MEANING != 0 || is_other_text {
        return Err("other flags");
    }
    if method != member.method {
        return Err("another method");
    }
    let (mut large, mut has_large): (&[u8], _) = (&[], false);
    for field in extras(fields) {
        match field {
            Some((AES, _)) if method == AES_METHOD => {}
            Some((kind, _)) if CONTRADICTIONS.contains(&kind) => return Err("an extra field"),
            Some((LARGE, _)) if has_large => return Err("an extra field that comes twice"),
            Some((LARGE, numbers)) => (large, has_large) = (numbers, true),
            Some(_) => {}
            None => return Err("an extra field that is cut short"),
        }
    }
    let is_open = flags & SIZES_FOLLOW != 0;
    let mut is_size = |at, size: u64| {
        let found = match number(header, at) {
            ELSEWHERE => {
                let Some((found, rest)) = large.split_first_chunk::<8>() else { return false };
                large = rest;
                long_number(found, 0)
            }
            found => found.into(),
        };
        found == size || (found == 0 && is_open)
    };
    if !(is_size(22, member.size) && is_size(18, member.packed)) {
        return Err("another size");
    }
    let checksum = number(header, 14);
    if checksum != member.checksum && !(checksum == 0 && is_open) {
        return Err("another checksum");
    }
    let unicode = name::unicode(fields, name, flags & UTF8 != 0)?;
    Ok(shown(unicode.unwrap_or(name), needed))
}

/// What libarchive makes of a name, in a header that `needed` a version of the format, and a system.
fn shown(name: &[u8], needed: u16) -> Vec<u8> {
    let [_, system] = needed.to_le_bytes();
    let is_from_dos = system == 0 && !name.contains(&b'/') && std::str::from_utf8(name).is_ok();
    if is_from_dos { with_slashes(name) } else { name.to_vec() }
}
