//! 7z: `DOC/7zFormat.txt` of the LZMA SDK.
//!
//! A header of 32 bytes says where the header of the archive is, behind all content, and both have checksums.
//! The first is written last: where it is all zeros, whoever wrote the archive never came to its end. The
//! archive ends with its header, so that one that is cut short has none.

use flate2::Crc;

use super::front::Front;
use super::{Broken, LONGEST, Structure, Want, Whole};

const MARK: &[u8] = b"7z\xbc\xaf\x27\x1c";

/// What follows the mark: two bytes of version, the checksum of what follows that, and where the header of
/// the archive is: its offset behind these bytes, its length, its checksum.
const START: usize = 26;

/// How much of a header is looked into; what says how one is packed is far shorter.
const HEAD: usize = 64 << 10;

/// The types of headers: as it is, and packed itself.
const HEADER: u8 = 0x01;
const ENCODED: u8 = 0x17;

/// Properties within a header.
const END: u8 = 0x00;
const PACK_INFO: u8 = 0x06;
const UNPACK_INFO: u8 = 0x07;
const SIZE: u8 = 0x09;
const CHECKSUM: u8 = 0x0a;
const FOLDER: u8 = 0x0b;

/// The way of packing that is encryption.
const AES: &[u8] = &[0x06, 0xf1, 0x07, 0x01];

/// Walks an archive.
pub(crate) struct SevenZip {
    front: Front,
    state: State,
}

enum State {
    Front,
    /// Behind the mark, which ends there.
    Start(u64),
    Header(Header),
}

/// The header of the archive, as far as it has been seen.
struct Header {
    /// Where what the archive packs begins, and where it ends and the header begins.
    base: u64,
    at: u64,
    end: u64,
    checksum: u32,
    computed: Crc,
    seen: u64,
    /// Its beginning.
    head: Vec<u8>,
}

impl Header {
    /// How much of it is looked at next.
    fn left(&self) -> usize {
        usize::try_from(self.end - self.seen).unwrap_or(LONGEST).min(LONGEST)
    }
}

impl SevenZip {
    pub(crate) fn new() -> Self {
        Self { front: Front::new(MARK), state: State::Front }
    }

    /// Goes on behind a mark that ends `at`.
    fn start(&mut self, at: u64, bytes: &[u8]) -> Result<Want, Broken> {
        let is_first = at == MARK.len() as u64;
        let Some((fixed, numbers)) =
            bytes.split_first_chunk::<6>().filter(|_| bytes.len() == START)
        else {
            return Broken::because("is cut short: within its first header");
        };
        let mut computed = Crc::new();
        computed.update(numbers);
        if number(&fixed[2..]) != u64::from(computed.sum()) {
            if !is_first {
                // A program may have the mark in it.
                self.state = State::Front;
                return Ok(self.front.pass(START));
            }
            return Broken::because(if bytes[2..].iter().all(|&byte| byte == 0) {
                "was never finished: its first header is empty"
            } else {
                "is damaged: the checksum of its first header is wrong"
            });
        }
        let base = at + START as u64;
        let [offset, length] = [0, 8].map(|at| number(&numbers[at..at + 8]));
        if length == 0 {
            return Ok(Want::End(Whole { end: base, entries: Some(0), ..Whole::default() }));
        }
        let at = base.checked_add(offset);
        let end = at.and_then(|at| at.checked_add(length));
        let (Some(at), Some(end)) = (at, end) else {
            return Broken::because("is damaged: its header is nowhere");
        };
        let checksum = u32::try_from(number(&numbers[16..])).unwrap_or(0);
        let (computed, head) = (Crc::new(), Vec::new());
        self.state = State::Header(Header { base, at, end, checksum, computed, seen: at, head });
        self.rest()
    }

    /// What has not been seen of the header yet.
    fn rest(&mut self) -> Result<Want, Broken> {
        let State::Header(header) = &mut self.state else {
            return Broken::because("has no header");
        };
        let left = header.left();
        if left > 0 {
            return Ok(Want::Bytes { at: header.seen, length: left });
        }
        if header.computed.sum() != header.checksum {
            return Broken::because("is damaged: the checksum of its header is wrong");
        }
        let entries = match header.head.first() {
            Some(&HEADER) => None,
            Some(&ENCODED) => {
                is_packed_within(&header.head[1..], header.at - header.base)?;
                None
            }
            _ => return Broken::because("is damaged: its header is of an unknown type"),
        };
        Ok(Want::End(Whole { end: header.end, entries, ..Whole::default() }))
    }
}

impl Structure for SevenZip {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match &mut self.state {
            State::Front => match self.front.look(bytes)? {
                Ok(at) => {
                    self.state = State::Start(at);
                    Ok(Want::Bytes { at, length: START })
                }
                Err(want) => Ok(want),
            },
            State::Start(at) => {
                let at = *at;
                self.start(at, bytes)
            }
            State::Header(header) => {
                if bytes.len() < header.left() {
                    return Broken::because(
                        "is cut short: it ends before its header, or within it",
                    );
                }
                header.computed.update(bytes);
                header.seen += bytes.len() as u64;
                let room = HEAD - header.head.len();
                header.head.extend_from_slice(&bytes[..room.min(bytes.len())]);
                self.rest()
            }
        }
    }

    fn lists_entries(&self) -> bool {
        false
    }
}

/// Looks into what says how a header is packed: all of it must lie within the first `length` bytes that the
/// archive packs, and be packed without encryption. What libarchive finds in it has a checksum.
fn is_packed_within(head: &[u8], length: u64) -> Result<(), Broken> {
    let mut fields = Fields(head);
    match packed(&mut fields, length) {
        Some(false) => Ok(()),
        Some(true) => Broken::because("is encrypted, with its headers"),
        None => Broken::because("is damaged: what says how its header is packed makes no sense"),
    }
}

/// Is it encrypted? `None`: it makes no sense.
fn packed(fields: &mut Fields<'_>, length: u64) -> Option<bool> {
    (fields.byte()? == PACK_INFO).then_some(())?;
    let (position, streams) = (fields.number()?, fields.number()?);
    let mut end = position;
    loop {
        match fields.byte()? {
            END => break,
            SIZE => {
                for _ in 0..streams {
                    end = end.checked_add(fields.number()?)?;
                }
            }
            CHECKSUM if fields.byte()? != 0 => {
                for _ in 0..streams {
                    fields.bytes(4)?;
                }
            }
            _ => return None,
        }
    }
    (end <= length).then_some(())?;
    let is_one = fields.bytes(2)? == [UNPACK_INFO, FOLDER] && fields.number()? == 1;
    (is_one && fields.byte()? == 0).then_some(())?;
    let coders = fields.number()?;
    for _ in 0..coders {
        let flags = fields.byte()?;
        if fields.bytes(u64::from(flags & 0xf))? == AES {
            return Some(true);
        }
        if flags & 0x10 != 0 {
            fields.number()?;
            fields.number()?;
        }
        if flags & 0x20 != 0 {
            let length = fields.number()?;
            fields.bytes(length)?;
        }
    }
    Some(false)
}

/// Reads a header from its beginning on.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    fn bytes(&mut self, length: u64) -> Option<&'b [u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    /// A number: as many ones as its first byte begins with, so many bytes follow, the lowest first; the rest
    /// of the first byte is above them.
    fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        let ones = first.leading_ones();
        let low = number(self.bytes(ones.into())?);
        let high = if ones >= 7 { 0 } else { u64::from(first) & (0x7f >> ones) };
        Some(low | high.checked_shl(8 * ones).unwrap_or(0))
    }
}

/// The number in at most eight bytes, the lowest first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::super::walked::{broken, walked};
    use super::*;

    fn checksum(bytes: &[u8]) -> [u8; 4] {
        let mut checksum = Crc::new();
        checksum.update(bytes);
        checksum.sum().to_le_bytes()
    }

    fn archive(packed: &[u8], header: &[u8]) -> Vec<u8> {
        let numbers = [packed.len() as u64, header.len() as u64].map(u64::to_le_bytes).concat();
        let numbers = [&numbers[..], &checksum(header)].concat();
        [MARK, &[0, 4], &checksum(&numbers), &numbers, packed, header].concat()
    }

    /// What says how a header of four packed bytes is packed, by a coder of this number.
    fn encoded(coder: &[u8], packed: u8) -> Vec<u8> {
        let id = [&[u8::try_from(coder.len()).expect("short") | 0x20], coder, &[1, 0x5d]].concat();
        let start = [ENCODED, PACK_INFO, 0, 1, SIZE, packed, END, UNPACK_INFO, FOLDER, 1, 0, 1];
        [&start[..], &id, &[0x0c, 9, END, END]].concat()
    }

    fn refused(bytes: &[u8]) -> String {
        broken(bytes, SevenZip::new)
    }

    #[test]
    fn an_archive_ends_with_its_header() {
        for header in [vec![HEADER, 0], encoded(&[3, 1, 1], 4), vec![HEADER; 3 << 20]] {
            let bytes = archive(b"packed", &header);
            let (_, whole) = walked(&[&bytes[..], b"behind"].concat(), SevenZip::new);
            assert_eq!(whole.map(|whole| (whole.end, whole.open)), Ok((bytes.len() as u64, None)));
        }
        let (_, whole) = walked(&archive(b"", b""), SevenZip::new);
        assert_eq!(whole.map(|whole| (whole.end, whole.entries)), Ok((32, Some(0))));
    }

    #[test]
    fn every_cut_and_every_flipped_bit_of_a_header_is_an_error() {
        let bytes = archive(b"packed", &encoded(&[3, 1, 1], 4));
        for length in 0..bytes.len() {
            assert!(walked(&bytes[..length], SevenZip::new).1.is_err(), "{length}");
        }
        for place in (0..bytes.len()).filter(|place| ![6, 7].contains(place)) {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let is_packed = (32..38).contains(&place);
            assert_eq!(walked(&changed, SevenZip::new).1.is_ok(), is_packed, "{place}");
        }
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        let mut bytes = archive(b"packed", &[HEADER]);
        bytes[8..32].fill(0);
        assert_eq!(refused(&bytes), "was never finished: its first header is empty");
        let bytes = archive(b"packed", &encoded(AES, 4));
        assert_eq!(refused(&bytes), "is encrypted, with its headers");
        let bytes = archive(b"packed", &encoded(&[3, 1, 1], 7));
        assert!(refused(&bytes).contains("makes no sense"), "more is packed than there is");
        let bytes = archive(b"packed", &[9]);
        assert!(refused(&bytes).contains("unknown type"));
    }

    #[test]
    fn a_program_may_stand_in_front_and_have_the_mark_in_it() {
        let bytes = archive(b"packed", &[HEADER]);
        let front = [b"MZ", MARK, &vec![1; 70_000][..]].concat();
        let (_, whole) = walked(&[&front[..], &bytes].concat(), SevenZip::new);
        assert_eq!(whole.map(|whole| whole.end), Ok((front.len() + bytes.len()) as u64));
    }

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
}
