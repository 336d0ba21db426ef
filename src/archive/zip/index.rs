//! The index at the end of a zip.
//!
//! It is read for what libarchive does not tell of it, which takes the whole index in before it shows
//! the first entry, so that a limit on entries would come too late, and ends every name at its first
//! NUL. And where all of a zip is plain, as most are, it is read from here on without libarchive. The
//! records are those of APPNOTE.TXT, section 4.3.12.

use std::collections::HashSet;
use std::ops::Range;

use crate::archive::limits::Meter;
use crate::archive::structure::Broken;
use crate::archive::structure::zip::{End, Members, Record, TAIL};
use crate::content::ReadAt;
use crate::error::Result;
use crate::run::context::Context;

/// How files begin that are or may be zips: with an entry, with an end where there is none, with the mark of a
/// part, and with a program that unpacks itself. Others that libarchive takes for zips are looked at then.
const STARTS: [&[u8]; 4] = [b"PK", b"MZ", b"\x7fELF", b"#!"];
/// How a file begins that is a zip, or a part of one.
const MARKS: [&[u8]; 4] = [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK"];

/// A tar has the sum of its header, which is so long, in octal digits here. libarchive takes such a file for
/// a tar, whatever its end may be.
const SUM_OF_TAR: Range<usize> = 148..156;
const HEADER_OF_TAR: usize = 512;
/// Where an ISO image begins, and how.
const ISO: u64 = 32_769;
const ISO_MARK: &[u8] = b"CD001";

/// How much of the index is read at a time; a record is shorter than that.
const PIECE: usize = 256 << 10;

/// How a file begins that is a RAR archive. One that ends with a zip is no zip, but has one stored in it.
const RAR: &[u8] = b"Rar!\x1a\x07";

/// What a zip says at its end.
pub(crate) struct ZipIndex {
    /// What libarchive makes of those names that contain a NUL byte.
    pub(crate) cut: HashSet<Vec<u8>>,
    /// All of its entries.
    pub(crate) members: Members,
    /// Where the zip ends.
    pub(crate) end: u64,
    /// Would every reader find the same in it?
    pub(crate) is_plain: bool,
}

/// What a file may be, by how it begins.
pub(crate) enum Begins {
    /// A zip with this index, unless it is something else as well.
    Zip(Box<ZipIndex>),
    /// A zip whose index makes no sense.
    Broken(Broken),
    /// A RAR archive.
    Rar,
    /// Something else, or a zip that begins like no other.
    Otherwise,
}

impl Begins {
    /// Looks at the beginning, and reads the index if it is that of a zip.
    ///
    /// # Errors
    /// When the bytes cannot be read; when there are too many entries, or a name is too long; when the
    /// context says stop.
    pub(crate) fn look(bytes: &dyn ReadAt, meter: &Meter, context: &Context<'_>) -> Result<Self> {
        let mut start = [0; BEGINNING];
        let length = usize::try_from(bytes.size()).unwrap_or(start.len()).min(start.len());
        let start = &mut start[..length];
        bytes.read_at(0, start)?;
        if start.starts_with(RAR) {
            return Ok(Self::Rar);
        }
        if !STARTS.iter().any(|mark| start.starts_with(mark)) {
            return Ok(Self::Otherwise);
        }
        let may_be_more = may_be_more(start, bytes)?;
        // Whatever has no index may be no zip at all.
        let is_zip = begins_as_zip(start) && !may_be_more;
        Ok(match ZipIndex::read(bytes, meter, context)? {
            Ok(mut index) => {
                index.is_plain &= !may_be_more;
                Self::Zip(Box::new(index))
            }
            Err(_) if !is_zip => Self::Otherwise,
            Err(_) if is_encrypted(start) => Self::Broken(Broken(ENCRYPTED.to_owned())),
            Err(broken) => Self::Broken(broken),
        })
    }
}

/// Is the first entry encrypted? Then the index may be, too.
fn is_encrypted(start: &[u8]) -> bool {
    start.starts_with(MARKS[0]) && start.get(6).is_some_and(|flags| flags & 1 != 0)
}

const ENCRYPTED: &str = "is encrypted";

impl ZipIndex {
    /// Reads the index of a zip.
    ///
    /// # Errors
    /// Those of [`Begins::look`].
    pub(crate) fn read(
        bytes: &dyn ReadAt,
        meter: &Meter,
        context: &Context<'_>,
    ) -> Result<std::result::Result<Self, Broken>> {
        let length = usize::try_from(bytes.size()).unwrap_or(TAIL).min(TAIL);
        let from = bytes.size() - length as u64;
        let mut tail = vec![0; length];
        bytes.read_at(from, &mut tail)?;
        let end = match End::find(&tail, from) {
            Some(Ok(end)) => end,
            Some(Err(broken)) => return Ok(Err(broken)),
            None => return Ok(Broken::because(NO_END)),
        };
        drop(tail);
        let (mut members, mut cut) = (Members::default(), HashSet::new());
        let mut reading = Reading::new(bytes, end.index.clone());
        while let Some(record) = reading.next(context)? {
            meter.entries_to_come(members.count() + 1)?;
            meter.name(record.name().len())?;
            if let Some(nul) = record.name().iter().position(|&byte| byte == 0) {
                cut.insert(record.name()[..nul].to_vec());
            }
            if let Err(broken) = members.add(record, end.front) {
                return Ok(Err(broken));
            }
        }
        let count = members.count();
        // The record of a zip with more entries than it can count counts from zero again.
        let is_counted = end.counted == count || (count > 0xffff && end.counted == count & 0xffff);
        if is_counted && !reading.is_over() {
            let at = reading.place();
            let why = format!("has an index that holds something else than entries at byte {at}");
            return Ok(Broken::because(why));
        }
        if !is_counted {
            return Ok(Broken::because(format!(
                "has {count} entries where its index counts {}: damaged",
                end.counted
            )));
        }
        Ok(members.in_order(end.index.start, context)?.map(|members| Self {
            cut,
            is_plain: end.is_plain && members.are_plain() && members.start_of(0) == end.front,
            members,
            end: end.until,
        }))
    }
}

const NO_END: &str = "is a zip without an index at its end: cut short, or a part of a zip of several \
                      parts, or something follows it";

/// Goes through the records of an index.
struct Reading<'b> {
    bytes: &'b dyn ReadAt,
    at: u64,
    until: u64,
    piece: Vec<u8>,
    /// How far the piece has been read.
    position: usize,
}

impl<'b> Reading<'b> {
    fn new(bytes: &'b dyn ReadAt, range: Range<u64>) -> Self {
        Self { bytes, at: range.start, until: range.end, piece: Vec::new(), position: 0 }
    }

    /// The next record, as long as there are any.
    fn next(&mut self, context: &Context<'_>) -> Result<Option<Record<'_>>> {
        if Record::at_start(&self.piece[self.position..]).is_none() {
            context.checkpoint()?;
            self.at += self.position as u64;
            self.position = 0;
            let ahead = usize::try_from(self.until.saturating_sub(self.at)).unwrap_or(PIECE);
            self.piece.resize(ahead.min(PIECE), 0);
            if self.piece.is_empty() {
                return Ok(None);
            }
            self.bytes.read_at(self.at, &mut self.piece)?;
        }
        let record = Record::at_start(&self.piece[self.position..]);
        self.position += record.map_or(0, Record::length);
        Ok(record)
    }

    /// How far it has come.
    fn place(&self) -> u64 {
        self.at + self.position as u64
    }

    /// Is the index at its end? A signature of all of it may follow the records: APPNOTE.TXT, section 4.3.13.
    fn is_over(&self) -> bool {
        let rest = &self.piece[self.position..];
        let signed = rest.strip_prefix(SIGNATURE).and_then(|rest| rest.split_first_chunk::<2>());
        match signed {
            None => rest.is_empty() && self.place() == self.until,
            Some((length, rest)) => usize::from(u16::from_le_bytes(*length)) == rest.len(),
        }
    }
}

const SIGNATURE: &[u8] = b"PK\x05\x05";

/// How many of the first bytes tell whether they are those of a zip.
pub(crate) const BEGINNING: usize = HEADER_OF_TAR;

/// Does a zip begin with `start`, and nothing that libarchive knows besides?
pub(crate) fn is_zip(start: &[u8]) -> bool {
    begins_as_zip(start) && !may_be_tar(start)
}

fn begins_as_zip(start: &[u8]) -> bool {
    MARKS.iter().any(|mark| start.starts_with(mark))
}

/// Is the sum that a tar's header has right? Itself it counts as spaces. Some take the bytes for signed ones.
fn may_be_tar(start: &[u8]) -> bool {
    let Some(header) = start.first_chunk::<HEADER_OF_TAR>() else { return false };
    let said = &header[SUM_OF_TAR];
    if !said.iter().all(|byte| matches!(byte, b'0'..=b'7' | b' ' | 0)) {
        return false;
    }
    let digits =
        said.iter().skip_while(|&&byte| byte == b' ').take_while(|byte| byte.is_ascii_digit());
    let said = digits.fold(0, |sum, digit| sum * 8 + i32::from(digit - b'0'));
    let counted = || {
        header.iter().enumerate().map(
            |(place, &byte)| {
                if SUM_OF_TAR.contains(&place) { b' ' } else { byte }
            },
        )
    };
    let signed = counted().map(|byte| i32::from(byte.cast_signed())).sum::<i32>();
    said == counted().map(i32::from).sum::<i32>() || said == signed
}

/// Might libarchive take a file that begins with `start`, and ends like a zip, for something else?
fn may_be_more(start: &[u8], bytes: &dyn ReadAt) -> Result<bool> {
    if may_be_tar(start) {
        return Ok(true);
    }
    let mut mark = [0; ISO_MARK.len()];
    if bytes.size() >= ISO + mark.len() as u64 {
        bytes.read_at(ISO, &mut mark)?;
    }
    Ok(mark == ISO_MARK)
}
