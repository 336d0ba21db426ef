//! RAR 5: "RAR 5.0 archive format", <https://www.rarlab.com/technote.htm>.
//!
//! libarchive ends quietly where a header is cut, passes over entries that are copies of others as if they
//! were empty, and knows nothing of the end block.

use flate2::Crc;

use super::super::front::Front;
use super::super::{Broken, Details, Instead, LONGEST, Listed, Sort, Structure, Want, Whole};
use super::reasons::{A_VOLUME, CUT, ENCRYPTED, ENCRYPTED_HEADERS};
use super::vint::Fields;
use crate::error::Name;
use crate::sys::libarchive::ShownKind;

pub(super) const MARK: &[u8] = b"Rar!\x1a\x07\x01\x00";

/// The checksum of a header, and the number that is its length, of three bytes at most.
pub(super) const START: usize = 4 + 3;
/// The longest header that there is.
const LONGEST_HEADER: u64 = 2 << 20;

/// The types of blocks.
const MAIN: u64 = 1;
const FILE: u64 = 2;
const SERVICE: u64 = 3;
const ENCRYPTION: u64 = 4;
pub(super) const END: u64 = 5;

/// Flags of any header: something follows the fields of its type, data follows the header, a block that one
/// does not know may be passed over, and the data goes on in another volume, or comes from one.
pub(super) const HAS_EXTRA: u64 = 1;
pub(super) const HAS_DATA: u64 = 2;
const MAY_BE_SKIPPED: u64 = 4;
const IS_SPLIT: u64 = 8 | 16;

/// Flags of the main header: it is a volume, and has a number, which the first one has not.
const IS_VOLUME: u64 = 1;
const HAS_VOLUME_NUMBER: u64 = 2;
/// A flag of the end block: another volume follows.
const GOES_ON: u64 = 1;

/// Flags of a file's header.
const IS_DIRECTORY: u64 = 1;
const HAS_TIME: u64 = 2;
const HAS_CHECKSUM: u64 = 4;
const SIZE_IS_UNKNOWN: u64 = 8;

/// Records behind the fields of a file's header: how it is encrypted, the digest of its content, which of
/// several versions it is, and what it refers to.
const ENCRYPTION_RECORD: u64 = 1;
const DIGEST_RECORD: u64 = 2;
const VERSION_RECORD: u64 = 4;
const REDIRECTION_RECORD: u64 = 5;

/// The only kind of digest that there is.
const BLAKE2SP: u64 = 0;

/// What an entry is that refers to something: links, and two ways to have the content of an entry before.
const UNIX_LINK: u64 = 1;
const WINDOWS_LINK: u64 = 2;
const JUNCTION: u64 = 3;
const HARD_LINK: u64 = 4;
const COPY: u64 = 5;

/// Walks an archive.
pub(crate) struct Rar5 {
    state: State,
    has_main: bool,
}

enum State {
    Front(Front),
    /// Behind an entry; the next block begins there.
    Next(u64),
    /// At the beginning of the block that begins there.
    Start(u64),
    /// At the rest of a header that is so long, of which this much has been seen, without the checksum.
    Header {
        at: u64,
        checksum: u32,
        header: Vec<u8>,
        length: usize,
    },
}

/// What a block comes to.
enum Block {
    Entry(Listed, Details),
    /// A directory without a data area, of which libarchive sees nothing.
    Directory,
    Other,
    End,
}

impl Rar5 {
    pub(crate) fn new() -> Self {
        Self { state: State::Front(Front::new(MARK)), has_main: false }
    }

    /// Is this the header of a directory, without a data area? It is without its checksum.
    pub(super) fn is_bare_directory(header: &[u8]) -> bool {
        let read = Self { state: State::Next(0), has_main: true }.read(header);
        matches!(read, Some(Ok((_, Block::Directory))))
    }

    fn start(&mut self, at: u64) -> Want {
        self.state = State::Start(at);
        Want::Bytes { at, length: START }
    }

    /// What is missing of the header at hand.
    fn rest(&self) -> Want {
        let State::Header { at, header, length, .. } = &self.state else {
            return Want::End(Whole::default());
        };
        let length = (length - header.len()).min(LONGEST);
        Want::Bytes { at: at + 4 + header.len() as u64, length }
    }

    /// Goes on from a header that is whole, of the block that begins `at`.
    fn block(&mut self, at: u64, checksum: u32, header: &[u8]) -> Result<Want, Broken> {
        let mut computed = Crc::new();
        computed.update(header);
        if computed.sum() != checksum {
            return Broken::because(format!("is damaged: the checksum of the header at byte {at}"));
        }
        let end = at + 4 + header.len() as u64;
        let wrong = || Broken(format!("is damaged: the header at byte {at} makes no sense"));
        let (data, block) = self.read(header).ok_or_else(wrong)??;
        let end = end.checked_add(data).ok_or_else(wrong)?;
        match block {
            Block::End => Ok(Want::End(Whole { end, ..Whole::default() })),
            Block::Entry(listed, details) => {
                self.state = State::Next(end);
                Ok(Want::Detailed(listed, details))
            }
            Block::Directory | Block::Other => Ok(self.start(end)),
        }
    }

    /// Reads a header: how much data follows it, and what the block is. `None`: it makes no sense.
    fn read(&mut self, header: &[u8]) -> Option<Result<(u64, Block), Broken>> {
        let mut fields = Fields(header);
        fields.number()?;
        let (kind, flags) = (fields.number()?, fields.number()?);
        let extra = if flags & HAS_EXTRA != 0 { fields.number()? } else { 0 };
        let data = if flags & HAS_DATA != 0 { fields.number()? } else { 0 };
        let rest = fields.0.len().checked_sub(usize::try_from(extra).ok()?)?;
        let (rest, extra) = fields.0.split_at(rest);
        let mut fields = Fields(rest);
        if !self.has_main && kind != MAIN && kind != ENCRYPTION {
            return None;
        }
        if matches!(kind, FILE | SERVICE) && flags & IS_SPLIT != 0 {
            return Some(Broken::because(A_VOLUME));
        }
        let block = match kind {
            MAIN => {
                self.has_main = true;
                let archive = fields.number()?;
                // A first volume without a next one is all there is: the end block says so.
                if archive & IS_VOLUME != 0
                    && archive & HAS_VOLUME_NUMBER != 0
                    && fields.number()? > 0
                {
                    return Some(Broken::because(A_VOLUME));
                }
                Block::Other
            }
            FILE => match file(&mut fields, Fields(extra))? {
                Ok((_, details))
                    if flags & HAS_DATA == 0
                        && details.instead.kind == Some(ShownKind::Directory) =>
                {
                    Block::Directory
                }
                Ok((listed, _)) if flags & HAS_DATA == 0 => {
                    let name = Name::new(&listed.name.unwrap_or_default());
                    let why = format!("has an entry without a data area, '{name}'");
                    return Some(Broken::because(why));
                }
                Ok((listed, details)) => Block::Entry(listed, details),
                Err(broken) => return Some(Err(broken)),
            },
            SERVICE => Block::Other,
            ENCRYPTION => return Some(Broken::because(ENCRYPTED_HEADERS)),
            END if fields.number()? & GOES_ON != 0 => return Some(Broken::because(A_VOLUME)),
            END => Block::End,
            _ if flags & MAY_BE_SKIPPED != 0 => Block::Other,
            _ => return Some(Broken::because(format!("has a block of the unknown type {kind}"))),
        };
        Some(Ok((data, block)))
    }
}

impl Structure for Rar5 {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match &mut self.state {
            State::Front(front) => match front.look(bytes)? {
                Ok(end) => Ok(self.start(end)),
                Err(want) => Ok(want),
            },
            State::Next(at) => {
                let at = *at;
                Ok(self.start(at))
            }
            State::Start(at) => {
                let at = *at;
                let Some((checksum, start)) =
                    bytes.split_first_chunk().filter(|_| bytes.len() == START)
                else {
                    return Broken::because(CUT);
                };
                let mut fields = Fields(start);
                let rest = fields.number().filter(|&rest| rest > 0 && rest <= LONGEST_HEADER);
                let (Some(rest), size) = (rest, start.len() - fields.0.len()) else {
                    return Broken::because(format!(
                        "is damaged: the header at byte {at} makes no sense"
                    ));
                };
                // No more than fits into memory.
                let length = size + usize::try_from(rest).unwrap_or(usize::MAX);
                let (checksum, header) = (u32::from_le_bytes(*checksum), start.to_vec());
                if length <= header.len() {
                    return self.block(at, checksum, &header[..length]);
                }
                self.state = State::Header { at, checksum, header, length };
                Ok(self.rest())
            }
            State::Header { at, checksum, header, length } => {
                if bytes.len() < (*length - header.len()).min(LONGEST) {
                    return Broken::because(CUT);
                }
                header.extend_from_slice(bytes);
                if header.len() < *length {
                    return Ok(self.rest());
                }
                let (at, checksum, header) = (*at, *checksum, std::mem::take(header));
                self.block(at, checksum, &header)
            }
        }
    }
}

/// Reads what a file's header says, behind what every header does. `None`: it makes no sense.
fn file(
    fields: &mut Fields<'_>,
    mut extra: Fields<'_>,
) -> Option<Result<(Listed, Details), Broken>> {
    let (flags, size) = (fields.number()?, fields.number()?);
    fields.number()?;
    if flags & HAS_TIME != 0 {
        fields.bytes(4)?;
    }
    let checksum = match flags & HAS_CHECKSUM {
        0 => None,
        _ => Some(u32::from_le_bytes(*fields.bytes(4)?.first_chunk()?)),
    };
    // How it is packed, and on which system.
    fields.number()?;
    fields.number()?;
    let length = fields.number()?;
    let mut name = fields.bytes(length)?.to_vec();
    let (mut refers, mut blake2sp) = (None, None);
    while !extra.0.is_empty() {
        let length = extra.number()?;
        let mut record = Fields(extra.bytes(length)?);
        match record.number()? {
            ENCRYPTION_RECORD => return Some(Broken::because(ENCRYPTED)),
            DIGEST_RECORD => {
                if record.number()? != BLAKE2SP {
                    let shown = Name::new(&name);
                    let why = format!("has an entry with a digest of an unknown kind, '{shown}'");
                    return Some(Broken::because(why));
                }
                blake2sp = Some(Box::new(*record.bytes(32)?.first_chunk()?));
            }
            // One that a newer one has taken the place of.
            VERSION_RECORD => {
                let (_, version) = (record.number()?, record.number()?);
                name.extend(format!(";{version}").bytes());
            }
            REDIRECTION_RECORD => {
                let (kind, _) = (record.number()?, record.number()?);
                let length = record.number()?;
                refers = Some((kind, record.bytes(length)?));
            }
            _ => {}
        }
    }
    let is_directory = flags & IS_DIRECTORY != 0;
    let shown = Name::new(&name);
    let kind = match refers {
        None if flags & SIZE_IS_UNKNOWN != 0 => {
            return Some(Broken::because(format!("has an entry of unknown size, '{shown}'")));
        }
        // Its content must not be asked for.
        None if is_directory => Some(ShownKind::Directory),
        None => None,
        Some((UNIX_LINK | WINDOWS_LINK | JUNCTION, target)) => {
            Some(ShownKind::Symlink(target.to_vec()))
        }
        Some((HARD_LINK | COPY, target)) => Some(ShownKind::HardLink(target.to_vec())),
        Some((kind, _)) => {
            return Some(Broken::because(format!(
                "has an entry of an unknown kind, '{shown}', a reference of type {kind}"
            )));
        }
    };
    let is_file = kind.is_none();
    let listed = Listed { name: Some(name), size: is_file.then_some(size) };
    let details = Details {
        sort: is_file.then_some(Sort::File),
        checksum: checksum.filter(|_| is_file),
        blake2sp: blake2sp.filter(|_| is_file),
        instead: Instead { name: None, kind },
    };
    Some(Ok((listed, details)))
}

#[cfg(test)]
pub(super) mod tests;
