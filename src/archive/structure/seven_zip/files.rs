//! Which files an archive has: names, sizes, and what they are.

use super::fields::{Fields, Flags, number};
use super::streams::{END, MOST, Streams};
use crate::archive::structure::{Broken, Details, Listed, Sort};

/// Properties.
const ARCHIVE_PROPERTIES: u8 = 0x02;
const MAIN_STREAMS: u8 = 0x04;
const FILES: u8 = 0x05;
const EMPTY_STREAM: u8 = 0x0e;
const EMPTY_FILE: u8 = 0x0f;
const ANTI: u8 = 0x10;
const NAMES: u8 = 0x11;
const ATTRIBUTES: u8 = 0x15;

/// In attributes: a link or a mount of Windows. The upper half is the mode of a Unix file, of which these bits
/// say what it is.
const REPARSE_POINT: u32 = 0x400;
const TYPE_OF_FILE: u32 = 0o170_000;
const SYMLINK: u32 = 0o120_000;

/// The files that a header lists, one after the other.
pub(super) struct Files {
    header: Vec<u8>,
    count: u64,
    next: u64,
    /// Where what is said of them begins in the header, if it is.
    empty_streams: Option<usize>,
    of_no_bytes: Option<usize>,
    names: Option<usize>,
    attributes: Option<Attributes>,
    /// How many files without content there were so far.
    empty: u64,
    /// What comes out of the streams, and how much of it belongs to the files so far.
    unpacked: Vec<(u64, Option<u32>)>,
    used: usize,
}

struct Attributes {
    /// Where the flags are that say which files have any; `None`: all have.
    flags: Option<usize>,
    next: usize,
}

impl Files {
    /// Reads a header, behind its first byte, which is its type. All that is packed must lie within the first `length` bytes behind the
    /// first header.
    ///
    /// # Errors
    /// When it makes no sense, or has what cannot be read.
    pub(super) fn read(header: Vec<u8>, length: u64) -> Result<Self, Broken> {
        let damaged = || Broken("is damaged: its header makes no sense".to_owned());
        let mut files = Self {
            header: Vec::new(),
            count: 0,
            next: 0,
            empty_streams: None,
            of_no_bytes: None,
            names: None,
            attributes: None,
            empty: 0,
            unpacked: Vec::new(),
            used: 0,
        };
        let is_known = files.take(&header, length).ok_or_else(damaged)?;
        if !is_known {
            return Broken::because("has a header with parts that are not known");
        }
        files.header = header;
        let empty = Flags(files.empty_streams.map_or(&[], |at| &files.header[at..]));
        if files.count - empty.count(files.count) != files.unpacked.len() as u64 {
            return Broken::because("is damaged: it has more or less content than files");
        }
        Ok(files)
    }

    /// `None`: it makes no sense. `Some(false)`: it has parts that are not known.
    fn take(&mut self, header: &[u8], length: u64) -> Option<bool> {
        let mut fields = Fields(header);
        fields.byte()?;
        loop {
            match fields.byte()? {
                END => break,
                ARCHIVE_PROPERTIES => {
                    while fields.byte()? != END {
                        let length = fields.number()?;
                        fields.bytes(length)?;
                    }
                }
                MAIN_STREAMS if self.unpacked.is_empty() => {
                    let streams = Streams::read(&mut fields)?;
                    (streams.end()? <= length).then_some(())?;
                    self.unpacked = streams.unpacked;
                }
                FILES if self.count == 0 => {
                    if !self.take_files(&mut fields, header.len())? {
                        return Some(false);
                    }
                }
                _ => return Some(false),
            }
        }
        fields.0.is_empty().then_some(true)
    }

    fn take_files(&mut self, fields: &mut Fields<'_>, length: usize) -> Option<bool> {
        self.count = fields.number().filter(|&count| count <= MOST)?;
        let mut empty = 0;
        loop {
            let kind = fields.byte()?;
            if kind == END {
                return Some(true);
            }
            let size = fields.number()?;
            let mut property = Fields(fields.bytes(size)?);
            let at = |property: &Fields<'_>| length - fields.0.len() - property.0.len();
            match kind {
                EMPTY_STREAM => {
                    self.empty_streams = Some(at(&property));
                    let flags = property.flags(self.count)?;
                    empty = flags.count(self.count);
                }
                EMPTY_FILE => {
                    self.of_no_bytes = Some(at(&property));
                    property.flags(empty)?;
                }
                // A file that is to be removed when the archive is unpacked.
                ANTI if property.flags(empty)?.count(empty) > 0 => return Some(false),
                NAMES => {
                    // Not in a stream of their own.
                    if property.byte()? != 0 {
                        return Some(false);
                    }
                    self.names = Some(at(&property));
                    let (units, rest) = property.0.as_chunks::<2>();
                    let names = units.iter().filter(|&&unit| unit == [0, 0]).count() as u64;
                    (rest.is_empty() && names == self.count).then_some(())?;
                }
                ATTRIBUTES => {
                    let (mut count, mut flags) = (self.count, None);
                    if property.byte()? == 0 {
                        flags = Some(at(&property));
                        count = property.flags(self.count)?.count(self.count);
                    }
                    if property.byte()? != 0 {
                        return Some(false);
                    }
                    let next = at(&property);
                    property.bytes(count.checked_mul(4)?)?;
                    self.attributes = Some(Attributes { flags, next });
                }
                // Dates, and what fills a gap.
                _ => {}
            }
        }
    }

    fn flag(&self, at: Option<usize>, index: u64) -> bool {
        at.is_some_and(|at| Flags(&self.header[at..]).get(index))
    }

    /// The next file.
    pub(super) fn next(&mut self) -> Option<(Listed, Details)> {
        if self.next == self.count {
            return None;
        }
        let index = self.next;
        self.next += 1;
        let name = self.name();
        let attributes = self.attributes(index);
        let is_link =
            attributes & REPARSE_POINT != 0 || (attributes >> 16) & TYPE_OF_FILE == SYMLINK;
        let content = if self.flag(self.empty_streams, index) {
            let is_file = self.flag(self.of_no_bytes, self.empty);
            self.empty += 1;
            is_file.then_some((0, None))
        } else {
            self.used += 1;
            Some(self.unpacked[self.used - 1])
        };
        let (size, checksum, sort) = match content {
            // Of a link, versions of libarchive show different things.
            _ if is_link => (None, None, None),
            Some((size, checksum)) => (Some(size), checksum, Some(Sort::File)),
            None => (None, None, Some(Sort::Other)),
        };
        Some((Listed { name, size }, Details { sort, checksum, ..Details::default() }))
    }

    /// The next name, if it is one in Unicode.
    fn name(&mut self) -> Option<Vec<u8>> {
        let at = self.names?;
        let (units, _) = self.header[at..].as_chunks::<2>();
        let length = units.iter().position(|&unit| unit == [0, 0])?;
        self.names = Some(at + 2 * (length + 1));
        let units = units[..length].iter().map(|&unit| u16::from_le_bytes(unit));
        let name: Result<String, _> = char::decode_utf16(units).collect();
        name.ok().map(String::into_bytes)
    }

    fn attributes(&mut self, index: u64) -> u32 {
        let Some(Attributes { flags, next }) = self.attributes else { return 0 };
        if flags.is_some() && !self.flag(flags, index) {
            return 0;
        }
        self.attributes = Some(Attributes { flags, next: next + 4 });
        let bytes = self.header.get(next..next + 4).unwrap_or_default();
        u32::try_from(number(bytes)).unwrap_or(0)
    }
}
