//! 7z: `DOC/7zFormat.txt` of the LZMA SDK.
//!
//! A header of 32 bytes says where the header of the archive is, behind all content, and both have checksums.
//! The first is written last: where it is all zeros, the writer never came to its end. The archive ends with
//! its header, so that one that is cut short has none. The header lists all files; most often it is packed
//! itself, and what it is packed to stands before it.

mod fields;
mod files;
mod packed;
mod streams;

use flate2::Crc;

use self::fields::number;
use self::files::Files;
use self::packed::{Packed, Unpacking};
use self::streams::MOST_OF_HEADER;
use super::front::Front;
use super::{Broken, LONGEST, Structure, Want, Whole};

pub(crate) const MARK: &[u8] = b"7z\xbc\xaf\x27\x1c";

/// What follows the mark: two bytes of version, the checksum of what follows that, and where the header of
/// the archive is: its offset behind these bytes, its length, its checksum.
const START: usize = 26;

/// The types of headers: as it is, and packed itself.
const HEADER: u8 = 0x01;
const ENCODED: u8 = 0x17;

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
    /// At the bytes that a header is packed to, of which these have been seen.
    Packed(Header, Packed, Vec<u8>),
    /// With a header that is being unpacked, and its checksum, if it has one.
    Unpacking(Header, Option<u32>, Unpacking),
    Files(Header, Box<Files>),
    Over,
}

/// Where the header of the archive is, and what has been seen of it.
struct Header {
    /// Where what the archive packs begins, and where it ends and the header begins.
    base: u64,
    at: u64,
    end: u64,
    checksum: u32,
    bytes: Vec<u8>,
}

impl Header {
    /// What has not been seen of it yet: where it begins, and how much of it is looked at next.
    fn rest(&self) -> (u64, usize) {
        let at = self.at + self.bytes.len() as u64;
        (at, usize::try_from(self.end - at).unwrap_or(LONGEST).min(LONGEST))
    }

    /// How long is all that the archive packs?
    fn packed(&self) -> u64 {
        self.at - self.base
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
        if length > MOST_OF_HEADER as u64 {
            return Broken::because("has a header of more than 128 MiB, or is damaged");
        }
        let checksum = u32::try_from(number(&numbers[16..])).unwrap_or(0);
        self.header(Header { base, at, end, checksum, bytes: Vec::new() }, &[])
    }

    /// Goes on with more bytes of a header.
    fn header(&mut self, mut header: Header, bytes: &[u8]) -> Result<Want, Broken> {
        header.bytes.extend_from_slice(bytes);
        let (at, length) = header.rest();
        if length > 0 {
            self.state = State::Header(header);
            return Ok(Want::Bytes { at, length });
        }
        check(&header.bytes, header.checksum)?;
        let bytes = std::mem::take(&mut header.bytes);
        if bytes.first() != Some(&ENCODED) {
            return self.files(header, bytes);
        }
        let packed = Packed::read(&bytes[1..], header.packed())?;
        self.packed(header, packed, Vec::new(), &[])
    }

    /// Goes on with more bytes of what a header is packed to.
    fn packed(
        &mut self,
        header: Header,
        packed: Packed,
        mut seen: Vec<u8>,
        bytes: &[u8],
    ) -> Result<Want, Broken> {
        seen.extend_from_slice(bytes);
        let at = header.base + packed.position + seen.len() as u64;
        let left = usize::try_from(packed.length).unwrap_or(usize::MAX) - seen.len();
        if left == 0 {
            let (checksum, unpacking) = (packed.checksum, packed.unpack(seen)?);
            return self.unpack(header, checksum, unpacking);
        }
        self.state = State::Packed(header, packed, seen);
        Ok(Want::Bytes { at, length: left.min(LONGEST) })
    }

    /// Unpacks some of a header.
    fn unpack(
        &mut self,
        header: Header,
        checksum: Option<u32>,
        mut unpacking: Unpacking,
    ) -> Result<Want, Broken> {
        let Some(bytes) = unpacking.step()? else {
            // A byte that has been seen, so that the caller may look at the clock in between.
            let at = header.at;
            self.state = State::Unpacking(header, checksum, unpacking);
            return Ok(Want::Bytes { at, length: 1 });
        };
        checksum.map_or(Ok(()), |checksum| check(&bytes, checksum))?;
        self.files(header, bytes)
    }

    /// Goes on with a header that lists the files.
    fn files(&mut self, header: Header, bytes: Vec<u8>) -> Result<Want, Broken> {
        if bytes.first() != Some(&HEADER) {
            return Broken::because("is damaged: its header is of an unknown type");
        }
        let files = Files::read(bytes, header.packed())?;
        Ok(self.file(header, Box::new(files)))
    }

    /// Goes on to the next file.
    fn file(&mut self, header: Header, mut files: Box<Files>) -> Want {
        let Some((listed, details)) = files.next() else {
            return Want::End(Whole { end: header.end, ..Whole::default() });
        };
        self.state = State::Files(header, files);
        Want::Detailed(listed, details)
    }
}

/// Holds a header against its checksum.
fn check(header: &[u8], checksum: u32) -> Result<(), Broken> {
    let mut computed = Crc::new();
    computed.update(header);
    if computed.sum() == checksum {
        return Ok(());
    }
    Broken::because("is damaged: the checksum of its header is wrong")
}

impl Structure for SevenZip {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Front => match self.front.look(bytes)? {
                Ok(at) => {
                    self.state = State::Start(at);
                    Ok(Want::Bytes { at, length: START })
                }
                Err(want) => {
                    self.state = State::Front;
                    Ok(want)
                }
            },
            State::Start(at) => self.start(at, bytes),
            State::Header(header) if bytes.len() < header.rest().1 => {
                Broken::because("is cut short: it ends before its header, or within it")
            }
            State::Header(header) => self.header(header, bytes),
            // It lies before the header, which is all there.
            State::Packed(..) if bytes.is_empty() => Broken::because("is cut short"),
            State::Packed(header, packed, seen) => self.packed(header, packed, seen, bytes),
            State::Unpacking(header, checksum, unpacking) => {
                self.unpack(header, checksum, unpacking)
            }
            State::Files(header, files) => Ok(self.file(header, files)),
            State::Over => Broken::because("has no header"),
        }
    }
}

#[cfg(test)]
mod tests;
