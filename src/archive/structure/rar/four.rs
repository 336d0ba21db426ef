//! RAR 1.5 to 4: `technote.txt` of RAR 3 and 4, and the headers of the source of `unrar`.
//!
//! Archives have an end block since RAR 3. An older one ends with its last block, so that nothing shows
//! whether there were more: it is compared, and never known to be whole. One that ends so although it has an
//! entry that needs RAR 2.9 or later is cut short.

use flate2::Crc;

use super::super::front::Front;
use super::super::{Broken, Details, Listed, Sort, Structure, Want, Whole};
use super::reasons::{A_VOLUME, CUT, ENCRYPTED, ENCRYPTED_HEADERS};

const MARK: &[u8] = b"Rar!\x1a\x07\x00";

/// What every header has: checksum, type, flags and length.
const START: usize = 7;

/// The types of blocks.
const MAIN: u8 = 0x73;
const FILE: u8 = 0x74;
const AUTHENTICITY: u8 = 0x76;
const SIGNATURE: u8 = 0x79;
const SERVICE: u8 = 0x7a;
const END: u8 = 0x7b;

/// A flag of any header: so many bytes follow it as its next field says.
const HAS_DATA: u16 = 0x8000;

/// Flags of the main header.
const IS_VOLUME: u16 = 1;
const IS_ENCRYPTED: u16 = 0x80;
const IS_FIRST_VOLUME: u16 = 0x100;
/// A flag of the end block: another volume follows.
const GOES_ON: u16 = 1;

/// Flags of a file's header: it comes from a volume or goes on in one, has a password, sizes of eight bytes,
/// a name that is also in Unicode; and those bits that are all set for a directory.
const IS_SPLIT: u16 = 3;
const HAS_PASSWORD: u16 = 4;
const IS_LARGE: u16 = 0x100;
const IS_UNICODE: u16 = 0x200;
const DIRECTORY: u16 = 0xe0;

/// The version of RAR that the first archives with an end block need.
const WITH_END: u8 = 29;

/// Systems whose attributes are those of Unix: Unix, that of Macintosh and `BeOS`.
const UNIX: [u8; 3] = [3, 4, 5];

/// Walks an archive.
pub(crate) struct Rar4 {
    state: State,
    has_main: bool,
    /// Is it a volume, or of a version that writes end blocks?
    needs_end: bool,
}

enum State {
    Front(Front),
    /// Behind an entry, whose data ends there.
    Next(u64, bool),
    /// At the last byte of data before there.
    Last(u64),
    /// At the beginning of the block that begins there.
    Start(u64),
    /// At the rest of its header.
    Header(u64, [u8; START]),
}

impl Rar4 {
    pub(crate) fn new() -> Self {
        Self { state: State::Front(Front::new(MARK)), has_main: false, needs_end: false }
    }

    fn start(&mut self, at: u64) -> Want {
        self.state = State::Start(at);
        Want::Bytes { at, length: START }
    }

    /// Goes on behind a block that ends there. That data is all there shows its last byte.
    fn next(&mut self, end: u64, has_data: bool) -> Want {
        if !has_data {
            return self.start(end);
        }
        self.state = State::Last(end);
        Want::Bytes { at: end - 1, length: 1 }
    }

    /// There are no more bytes behind a block that ends `at`.
    fn without_end(&self, at: u64) -> Result<Want, Broken> {
        if self.needs_end || !self.has_main {
            return Broken::because(CUT);
        }
        let open = Some("is of a version of RAR whose archives have no end block");
        Ok(Want::End(Whole { end: at, open, ..Whole::default() }))
    }

    /// Goes on from a header that is whole, of the block that begins `at`.
    fn block(&mut self, at: u64, header: &[u8]) -> Result<Want, Broken> {
        let wrong = || Broken(format!("is damaged: the header at byte {at} makes no sense"));
        let mut computed = Crc::new();
        computed.update(&header[2..]);
        let (kind, flags) = (header[2], short_number(header, 3).ok_or_else(wrong)?);
        let checksum = u32::from(short_number(header, 0).ok_or_else(wrong)?);
        // Old versions of RAR did not set the checksum in headers of these two types.
        if computed.sum() & 0xffff != checksum && ![AUTHENTICITY, SIGNATURE].contains(&kind) {
            return Broken::because(format!("is damaged: the checksum of the header at byte {at}"));
        }
        if !self.has_main && kind != MAIN {
            return Err(wrong());
        }
        let mut data = 0;
        let mut listed = None;
        match kind {
            MAIN => {
                self.has_main = true;
                if flags & IS_ENCRYPTED != 0 {
                    return Broken::because(ENCRYPTED_HEADERS);
                }
                // A first volume without a next one is all there is: its end block says so.
                if flags & (IS_VOLUME | IS_FIRST_VOLUME) == IS_VOLUME {
                    return Broken::because(A_VOLUME);
                }
                self.needs_end |= flags & IS_VOLUME != 0;
            }
            FILE | SERVICE => {
                if flags & IS_SPLIT != 0 {
                    return Broken::because(A_VOLUME);
                }
                let entry = file(header, flags).ok_or_else(wrong)?;
                data = entry.packed;
                if kind == FILE {
                    if flags & HAS_PASSWORD != 0 {
                        return Broken::because(ENCRYPTED);
                    }
                    self.needs_end |= entry.needs >= WITH_END;
                    listed = Some(entry);
                } else {
                    self.needs_end = true;
                }
            }
            END if flags & GOES_ON != 0 => return Broken::because(A_VOLUME),
            END => {}
            _ if flags & HAS_DATA != 0 => data = number(header, START).ok_or_else(wrong)?.into(),
            _ => {}
        }
        let end = at + header.len() as u64;
        let end = end.checked_add(data).ok_or_else(wrong)?;
        match listed {
            Some(entry) => {
                self.state = State::Next(end, data > 0);
                Ok(Want::Detailed(entry.listed, entry.details))
            }
            None if kind == END => Ok(Want::End(Whole { end, ..Whole::default() })),
            None => Ok(self.next(end, data > 0)),
        }
    }
}

impl Structure for Rar4 {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match &mut self.state {
            State::Front(front) => match front.look(bytes)? {
                Ok(end) => Ok(self.start(end)),
                Err(want) => Ok(want),
            },
            State::Next(at, has_data) => {
                let (at, has_data) = (*at, *has_data);
                Ok(self.next(at, has_data))
            }
            State::Last(_) if bytes.is_empty() => Broken::because(CUT),
            State::Last(at) => {
                let at = *at;
                Ok(self.start(at))
            }
            State::Start(at) => {
                let at = *at;
                if bytes.is_empty() {
                    return self.without_end(at);
                }
                let Some(&start) = bytes.first_chunk::<START>() else {
                    return Broken::because(CUT);
                };
                let length = usize::from(u16::from_le_bytes([start[5], start[6]]));
                match length.checked_sub(START) {
                    None => Broken::because(format!(
                        "is damaged: the header at byte {at} makes no sense"
                    )),
                    Some(0) => self.block(at, &start),
                    Some(length) => {
                        self.state = State::Header(at, start);
                        Ok(Want::Bytes { at: at + START as u64, length })
                    }
                }
            }
            State::Header(at, start) => {
                let (at, start) = (*at, *start);
                let header = [&start, bytes].concat();
                if header.len() < usize::from(u16::from_le_bytes([start[5], start[6]])) {
                    return Broken::because(CUT);
                }
                self.block(at, &header)
            }
        }
    }
}

/// What the header of a file, or of what RAR keeps in the form of one, says.
struct FileBlock {
    packed: u64,
    /// The version of RAR that unpacks it, ten times.
    needs: u8,
    listed: Listed,
    details: Details,
}

/// Reads the header of a file. `None`: it makes no sense.
fn file(header: &[u8], flags: u16) -> Option<FileBlock> {
    let [packed, size, attributes] = [7, 11, 28].map(|at| number(header, at));
    let (mut packed, mut size) = (u64::from(packed?), u64::from(size?));
    let (system, needs, name_length) = (header[15], header[24], short_number(header, 26)?);
    let mut start = 32;
    if flags & IS_LARGE != 0 {
        let [more_packed, more] = [32, 36].map(|at| number(header, at));
        packed |= u64::from(more_packed?) << 32;
        size |= u64::from(more?) << 32;
        start = 40;
    }
    let name = header.get(start..)?.get(..usize::from(name_length))?;
    // What is in Unicode is in a coding of its own, which libarchive undoes.
    let is_clear = flags & IS_UNICODE == 0 && name.is_ascii() && !name.contains(&0);
    let with_slashes =
        || name.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect();
    let sort = match attributes? >> 12 {
        _ if flags & DIRECTORY == DIRECTORY => Sort::Other,
        0o12 if UNIX.contains(&system) => Sort::Link,
        0o10 if UNIX.contains(&system) => Sort::File,
        _ if UNIX.contains(&system) => Sort::Other,
        _ if attributes? & 0x10 != 0 => Sort::Other,
        _ => Sort::File,
    };
    let is_file = sort == Sort::File;
    let listed = Listed { name: is_clear.then(with_slashes), size: is_file.then_some(size) };
    let checksum = number(header, 16).filter(|_| is_file);
    let details = Details { sort: Some(sort), checksum, ..Details::default() };
    Some(FileBlock { packed, needs, listed, details })
}

fn short_number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests;
