//! A header block of a tar: POSIX.1-2017, pax, "ustar Interchange Format", and the manual of GNU tar,
//! "Basic Tar Format".

use std::ops::Range;

use crate::archive::structure::Broken;

/// Bytes in a block, of which every header has one.
pub(super) const BLOCK: usize = 512;

/// A header, whose sum is right.
pub(super) struct Header<'b>(&'b [u8; BLOCK]);

/// How a header says what a tar's fields mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Old,
    Ustar,
    Gnu,
}

/// A stretch of a sparse file that has content.
pub(super) struct Stretch {
    pub(super) offset: u64,
    pub(super) length: u64,
}

const NAME: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const SUM: Range<usize> = 148..156;
const TYPE: usize = 156;
const MAGIC: Range<usize> = 257..265;
const PREFIX: Range<usize> = 345..500;
/// In a header of GNU tar: four stretches, whether more of them follow, and the size with the holes.
const STRETCHES: Range<usize> = 386..482;
const IS_EXTENDED: usize = 482;
const REAL_SIZE: Range<usize> = 483..495;
/// The offset and the length of a stretch.
const STRETCH: usize = 24;
/// In a block that follows such a header: 21 stretches, and whether another block follows.
const MORE_STRETCHES: Range<usize> = 0..504;
const MORE_EXTENDED: usize = 504;
/// The fields with numbers that a reader looks at to tell a header from anything else.
const NUMBERS: [Range<usize>; 7] =
    [100..108, 108..116, 116..124, SIZE, 136..148, 329..337, 337..345];

/// Is there nothing but zeros?
pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

impl<'b> Header<'b> {
    /// `None` if the sum is wrong. Old tars added up signed bytes.
    pub(super) fn new(block: &'b [u8; BLOCK]) -> Option<Self> {
        let field = &block[SUM];
        if field.iter().any(|byte| !matches!(byte, b' ' | 0 | b'0'..=b'7')) {
            return None;
        }
        let digits = field.iter().skip_while(|&&byte| byte == b' ');
        let digits = digits.take_while(|byte| matches!(byte, b'0'..=b'7'));
        let sum = digits.fold(0, |sum, digit| sum * 8 + i64::from(digit - b'0'));
        // The field itself counts as if it were blank.
        let blank = i64::from(b' ') * 8;
        let of_field: i64 = field.iter().map(|&byte| i64::from(byte)).sum();
        let unsigned = blank + i64::from(sum_of(block)) - of_field;
        let is_right = sum == unsigned || {
            let high = block.iter().filter(|&&byte| byte > 127).count();
            // No byte of the field is.
            i64::try_from(high).is_ok_and(|high| sum == unsigned - 256 * high)
        };
        is_right.then_some(Self(block))
    }

    pub(super) fn kind(&self) -> u8 {
        self.0[TYPE]
    }

    pub(super) fn dialect(&self) -> Dialect {
        match &self.0[MAGIC] {
            b"ustar  \0" => Dialect::Gnu,
            magic if magic.starts_with(b"ustar") => Dialect::Ustar,
            _ => Dialect::Old,
        }
    }

    /// How many bytes its body has, as the header says it.
    pub(super) fn size(&self) -> Result<u64, Broken> {
        number(&self.0[SIZE])
    }

    pub(super) fn name(&self) -> Vec<u8> {
        let name = until_nul(&self.0[NAME]);
        let prefix = until_nul(&self.0[PREFIX]);
        match self.dialect() {
            Dialect::Ustar if !prefix.is_empty() => crate::error::join(prefix, name),
            _ => name.to_vec(),
        }
    }

    /// Would a reader that looks for a header take this for one? As libarchive does after a hard link.
    pub(super) fn is_recognized(&self) -> bool {
        let kind = self.kind();
        let is_posix = self.0[MAGIC] == *b"ustar\x0000" || self.dialect() == Dialect::Gnu;
        is_posix
            && (kind == 0 || kind.is_ascii_alphanumeric())
            && NUMBERS.iter().all(|field| is_number(&self.0[field.clone()]))
    }

    /// Does a header of GNU tar have anything to say of holes?
    pub(super) fn has_holes(&self) -> bool {
        let set = |at: usize| self.0[at] != 0;
        set(STRETCHES.start) || set(IS_EXTENDED) || set(REAL_SIZE.start)
    }

    /// Of a sparse file of GNU tar: the size with its holes.
    pub(super) fn real_size(&self) -> Result<u64, Broken> {
        number(&self.0[REAL_SIZE])
    }

    /// Of a sparse file of GNU tar: the first stretches, and whether more follow in a block of their own.
    pub(super) fn stretches(&self) -> Result<(Vec<Stretch>, bool), Broken> {
        Ok((stretches(&self.0[STRETCHES])?, self.0[IS_EXTENDED] != 0))
    }
}

/// What a block behind the header of a sparse file has: more stretches, and whether still more follow.
pub(super) fn more_stretches(block: &[u8; BLOCK]) -> Result<(Vec<Stretch>, bool), Broken> {
    Ok((stretches(&block[MORE_STRETCHES])?, block[MORE_EXTENDED] != 0))
}

fn stretches(fields: &[u8]) -> Result<Vec<Stretch>, Broken> {
    let (stretches, _) = fields.as_chunks::<STRETCH>();
    let used = stretches.iter().take_while(|stretch| stretch[0] != 0);
    used.map(|stretch| {
        let (offset, length) = (number(&stretch[..12])?, number(&stretch[12..])?);
        Ok(Stretch { offset, length })
    })
    .collect()
}

/// All bytes added up, 16 at a time: adding them one by one takes as long as all else that is done here.
fn sum_of(block: &[u8; BLOCK]) -> u32 {
    let mut sums = [0_u16; 16];
    for bytes in block.as_chunks::<16>().0 {
        for (sum, &byte) in sums.iter_mut().zip(bytes) {
            // 32 times 255 at most.
            *sum += u16::from(byte);
        }
    }
    sums.iter().map(|&sum| u32::from(sum)).sum()
}

pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A number in octal digits, or, where the first bit is set, in bytes: as GNU tar and star write what is
/// too large for digits.
fn number(field: &[u8]) -> Result<u64, Broken> {
    if let Some((first, rest)) = field.split_first()
        && first & 0x80 != 0
    {
        let (high, low) = rest.split_at(rest.len() - 8);
        let low = low.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
        if *first != 0x80 || !is_zero(high) || low > i64::MAX as u64 {
            return Broken::because("has a header with an impossible number");
        }
        return Ok(low);
    }
    let blank = field.iter().take_while(|&&byte| byte == b' ').count();
    let digits = field[blank..].iter().take_while(|byte| matches!(byte, b'0'..=b'7'));
    let (mut count, mut number) = (blank, 0_u64);
    for digit in digits {
        // 12 digits of 3 bits at most.
        number = number << 3 | u64::from(digit - b'0');
        count += 1;
    }
    match field.get(count) {
        None | Some(0 | b' ') => Ok(number),
        Some(_) => Broken::because("has a header with an impossible number"),
    }
}

/// As libarchive looks at a field with a number: bytes, or blanks, digits, and the end.
fn is_number(field: &[u8]) -> bool {
    if field[0] & 0x80 != 0 {
        return true;
    }
    let rest = field.iter().skip_while(|&&byte| byte == b' ');
    let mut rest = rest.skip_while(|byte| matches!(byte, b'0'..=b'7'));
    rest.all(|byte| matches!(byte, b' ' | 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_in_bytes() {
        let parsed = |field: &[u8]| number(field).ok();
        assert_eq!(parsed(b"00000001750\0"), Some(1000));
        assert_eq!(parsed(b"       1750 "), Some(1000));
        assert_eq!(parsed(b"777777777777"), Some(0o777_777_777_777));
        assert_eq!(parsed(&[0; 12]), Some(0));
        assert_eq!(parsed(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(8 << 30));
        for bad in [
            &b"0000000175x\0"[..],
            b"-0000001750\0",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(parsed(bad), None, "{bad:?}");
        }
        assert_eq!(parsed(b"\x80\0\0\x01\0\0\0\0\0\0\0\0"), None);
        assert_eq!(parsed(b"\x80\0\0\0\x80\0\0\0\0\0\0\0"), None);
    }

    #[test]
    fn a_sum_may_be_of_signed_bytes() {
        let mut block = [0; BLOCK];
        block[0] = 0xe9;
        for sum in [256 + 0xe9, 256 + 0xe9 - 256] {
            block[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            assert!(Header::new(&block).is_some(), "{sum}");
        }
        block[1] = 1;
        assert!(Header::new(&block).is_none());
    }
}
