//! Checksums that the content of an entry must have, where libarchive does not look at them in every case.

use blake2s_simd::blake2sp;
use flate2::Crc;

use super::structure::Details;

/// Computes the checksums of an entry's content, as far as the archive has any.
#[derive(Default)]
pub(crate) struct Checksums {
    crc: Option<(u32, Crc)>,
    /// On the heap: it is as long as eight digests that are being computed, and hardly any entry has one.
    blake2sp: Option<Box<([u8; 32], blake2sp::State)>>,
}

impl Checksums {
    /// Those that an entry must have, before any of its content has come.
    pub(crate) fn of(details: &Details) -> Self {
        Self {
            crc: details.checksum.map(|crc| (crc, Crc::new())),
            blake2sp: details.blake2sp.as_ref().map(|digest| {
                // RAR writes all of its 32 bytes, and has no key.
                Box::new((**digest, blake2sp::State::new()))
            }),
        }
    }

    /// Takes in more of the content.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some((_, computed)) = &mut self.crc {
            computed.update(bytes);
        }
        if let Some(blake2sp) = &mut self.blake2sp {
            blake2sp.1.update(bytes);
        }
    }

    /// All content has come: is it what the checksums say?
    pub(crate) fn are_right(&self) -> bool {
        self.crc.as_ref().is_none_or(|(crc, computed)| computed.sum() == *crc)
            && self.blake2sp.as_ref().is_none_or(|blake2sp| {
                let (digest, computed) = &**blake2sp;
                computed.finalize() == digest[..]
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `BLAKE2sp` of `abc`, as `hashlib.blake2s` makes it of eight leaves and a root.
    const OF_ABC: [u8; 32] = [
        0x70, 0xf7, 0x5b, 0x58, 0xf1, 0xfe, 0xca, 0xb8, 0x21, 0xdb, 0x43, 0xc8, 0x8a, 0xd8, 0x4e,
        0xdd, 0xe5, 0xa5, 0x26, 0x00, 0x61, 0x6c, 0xd2, 0x25, 0x17, 0xb7, 0xbb, 0x14, 0xd4, 0x40,
        0xa7, 0xd5,
    ];

    #[test]
    fn each_checksum_has_to_be_right() {
        let mut crc = Crc::new();
        crc.update(b"abc");
        let (crc, blake2sp) = (Some(crc.sum()), Some(Box::new(OF_ABC)));
        for (checksum, blake2sp) in
            [(None, None), (crc, None), (None, blake2sp.clone()), (crc, blake2sp)]
        {
            let has_any = checksum.is_some() || blake2sp.is_some();
            let details = Details { checksum, blake2sp, ..Details::default() };
            for (content, is_right) in [("abc", true), ("abd", !has_any), ("", !has_any)] {
                let mut checksums = Checksums::of(&details);
                for piece in content.as_bytes().chunks(2) {
                    checksums.update(piece);
                }
                assert_eq!(checksums.are_right(), is_right, "{details:?}, {content}");
            }
        }
    }
}
