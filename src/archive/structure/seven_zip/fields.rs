//! Numbers, flags and checksums of a header, read one after the other.

/// Reads a header from its beginning on.
#[derive(Clone)]
pub(super) struct Fields<'b>(pub(super) &'b [u8]);

impl<'b> Fields<'b> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    pub(super) fn bytes(&mut self, length: u64) -> Option<&'b [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A number: as many ones as its first byte begins with, so many bytes follow, the lowest first; the rest
    /// of the first byte is above them.
    pub(super) fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        let ones = first.leading_ones();
        let low = number(self.bytes(ones.into())?);
        let high = if ones >= 7 { 0 } else { u64::from(first) & (0x7f >> ones) };
        Some(low | high.checked_shl(8 * ones).unwrap_or(0))
    }

    /// One flag each for so many things.
    pub(super) fn flags(&mut self, count: u64) -> Option<Flags<'b>> {
        self.bytes(count.div_ceil(8)).map(Flags)
    }

    /// The CRC-32 of each of so many streams that has one.
    pub(super) fn checksums(&mut self, count: u64) -> Option<Vec<Option<u32>>> {
        let flags = if self.byte()? == 0 { Some(self.flags(count)?) } else { None };
        let mut checksums = Vec::new();
        for index in 0..count {
            let is_defined = flags.as_ref().is_none_or(|flags| flags.get(index));
            checksums.push(if is_defined {
                Some(u32::from_le_bytes(*self.bytes(4)?.first_chunk()?))
            } else {
                None
            });
        }
        Some(checksums)
    }
}

/// Flags, the first in the highest bit of the first byte.
#[derive(Clone, Copy)]
pub(super) struct Flags<'b>(pub(super) &'b [u8]);

impl Flags<'_> {
    /// How many of the first so many are set?
    pub(super) fn count(&self, count: u64) -> u64 {
        (0..count).filter(|&index| self.get(index)).count() as u64
    }

    /// Is this one set?
    pub(super) fn get(&self, index: u64) -> bool {
        let byte = usize::try_from(index / 8).ok().and_then(|place| self.0.get(place));
        byte.is_some_and(|byte| byte & (0x80 >> (index % 8)) != 0)
    }
}

/// The number in at most eight bytes, the lowest first.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_length_in_their_first_byte() {
        for (bytes, value) in [
            (&[0x7f][..], Some(0x7f)),
            (&[0x81, 2], Some(0x102)),
            (&[0xc0, 1, 2], Some(0x201)),
            (&[0xff, 1, 2, 3, 4, 5, 6, 7, 8], Some(0x0807_0605_0403_0201)),
            (&[0xfe, 1, 2, 3, 4, 5, 6, 7], Some(0x07_0605_0403_0201)),
            (&[0x80], None),
        ] {
            assert_eq!(Fields(bytes).number(), value, "{bytes:?}");
        }
    }

    #[test]
    fn checksums_may_be_missing() {
        let bytes = [0, 0b0100_0000, 1, 2, 3, 4];
        assert_eq!(Fields(&bytes).checksums(2), Some(vec![None, Some(0x0403_0201)]));
        assert_eq!(Fields(&[1, 1, 2, 3, 4]).checksums(1), Some(vec![Some(0x0403_0201)]));
        assert_eq!(Fields(&[1, 1, 2, 3, 4]).checksums(2), None);
        assert_eq!(Fields(&[0]).checksums(1), None);
    }
}
