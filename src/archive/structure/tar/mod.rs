//! tar, of every kind: headers of 512 bytes, each followed by a body that is filled up to whole blocks, and
//! two blocks of zeros at the end.
//!
//! POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format"; the manual of GNU tar,
//! chapter "Tar Internals". Where readers differ in how long a body is (that of a hard link, say), this goes
//! by libarchive, whose entries it is held against.

mod before;
mod decimal;
mod entry;
mod header;
mod holes;
mod pax;
mod sparse;
mod sparse_files;

use self::before::Before;
use self::header::{BLOCK, Header, is_zero};
use self::holes::Holes;
use self::sparse::{Map, MapInBody};
use super::{Broken, Listed, Structure, Want, Whole};

const NO_MARK: &str = "ends without an end mark, so that entries may be missing";
const HALF_A_MARK: &str = "ends with half an end mark, so that entries may be missing";

/// A walk through a tar.
pub(super) struct Tar {
    ignore_zeros: bool,
    reads: Reads,
    /// Where the next block begins.
    at: u64,
    /// Where ends what has been asked for of a body.
    seen: u64,
    /// How many blocks of zeros there were just before.
    zeros: u64,
    /// Which kind of header there was last, if that matters: after a pax header the bodies of hard links
    /// count.
    dialect: HeaderKind,
    before: Before,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeaderKind {
    Pax,
    Ustar,
    Other,
}

/// What the bytes are that were asked for.
enum Reads {
    Nothing,
    /// A header; behind the last byte of a body, if there was one.
    Header {
        is_after_body: bool,
    },
    /// The second block of an end mark.
    EndMark,
    /// The body of a header of this type that says more of the entry to come, so long without its filling.
    More(u8, usize),
    /// What follows a hard link whose body may not be there.
    AfterLink {
        listed: Listed,
        size: u64,
    },
    /// Nothing: this is the next header.
    Again(Box<[u8; BLOCK]>),
    /// More of a sparse file's map.
    Stretches {
        listed: Listed,
        map: Map,
        size: u64,
        real_size: u64,
    },
    MapInBody {
        listed: Listed,
        map: MapInBody,
        size: u64,
        real_size: u64,
    },
    /// What must be zeros in a body of this size, behind `at`: so many bytes at first, which were asked for.
    Zeros {
        holes: Holes,
        size: u64,
        length: usize,
    },
    /// Nothing, now that this entry has been told of, with so long a body behind `at`.
    Entry {
        body: u64,
    },
}

impl Tar {
    /// `ignore_zeros`: it goes on behind end marks.
    pub(super) fn new(ignore_zeros: bool) -> Self {
        let (reads, dialect, before) = (Reads::Nothing, HeaderKind::Other, Before::default());
        Self { ignore_zeros, reads, at: 0, seen: 0, zeros: 0, dialect, before }
    }

    /// Asks for the next header, behind a body of so many bytes.
    fn header_after(&mut self, body: u64) -> Result<Want, Broken> {
        let filled = body.checked_next_multiple_of(BLOCK as u64);
        let next = filled.and_then(|filled| self.at.checked_add(filled));
        let Some(next) = next.filter(|&next| next < i64::MAX as u64) else {
            return Broken::because("has an entry of impossible size");
        };
        self.at = next;
        // The last byte of the body is asked for as well: a cut before it is no end between two entries.
        let is_after_body = body > 0 && self.seen < next;
        self.reads = Reads::Header { is_after_body };
        let extra = usize::from(is_after_body);
        Ok(Want::Bytes { at: next - extra as u64, length: BLOCK + extra })
    }

    fn header(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        let Some(block) = bytes.first_chunk::<BLOCK>() else {
            return if bytes.is_empty() { self.end_of_file() } else { self.rest(bytes) };
        };
        let start = self.at;
        self.at += BLOCK as u64;
        if is_zero(block) {
            return self.zero_block();
        }
        self.zeros = 0;
        let Some(header) = Header::new(block) else {
            return Broken::because(format!(
                "is damaged: no header where one has to be, at {start}"
            ));
        };
        match header.kind() {
            kind @ (b'g' | b'x' | b'X' | b'L' | b'K' | b'A') => self.more(&header, kind),
            b'V' if header.size()? > 0 => Broken::because("has a volume's name with content"),
            b'V' => self.header_after(0),
            b'M' => Broken::because("is a part of a set of volumes, and not the first"),
            _ => self.entry(&header),
        }
    }

    /// The bytes are at their end, between two entries.
    fn end_of_file(&self) -> Result<Want, Broken> {
        if self.before.needs_entry {
            return Broken::because("is cut short: a header announces an entry that is not there");
        }
        let open = match self.zeros {
            0 => Some(NO_MARK),
            1 => Some(HALF_A_MARK),
            _ => None,
        };
        Ok(Want::End(Whole { end: self.at, open, ..Whole::default() }))
    }

    /// Less than a block.
    fn rest(&self, bytes: &[u8]) -> Result<Want, Broken> {
        if self.zeros > 1 && is_zero(bytes) {
            return self.end_of_file();
        }
        Broken::because("is cut short: a header is not all there")
    }

    fn zero_block(&mut self) -> Result<Want, Broken> {
        if self.before.needs_entry {
            return Broken::because("is damaged: a header announces an entry that is not there");
        }
        self.before = Before::default();
        self.zeros += 1;
        if self.ignore_zeros {
            return self.header_after(0);
        }
        self.reads = Reads::EndMark;
        Ok(Want::Bytes { at: self.at, length: BLOCK })
    }

    fn end_mark(&self, bytes: &[u8]) -> Want {
        let is_whole = bytes.len() == BLOCK && is_zero(bytes);
        let end = self.at + if is_whole { BLOCK as u64 } else { 0 };
        Want::End(Whole { end, open: (!is_whole).then_some(HALF_A_MARK), ..Whole::default() })
    }

    /// An entry, with so long a body behind `at`.
    fn listed(&mut self, listed: Listed, body: u64) -> Want {
        self.reads = Reads::Entry { body };
        Want::Entry(listed)
    }
}

impl Structure for Tar {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match std::mem::replace(&mut self.reads, Reads::Nothing) {
            Reads::Nothing => self.header_after(0),
            Reads::Entry { body } => self.header_after(body),
            Reads::Header { is_after_body: false } => self.header(bytes),
            Reads::Header { is_after_body: true } => match bytes.split_first() {
                Some((_, header)) => self.header(header),
                None => Broken::because("is cut short: the content of an entry is not all there"),
            },
            Reads::EndMark => Ok(self.end_mark(bytes)),
            Reads::More(kind, size) => self.body_of_more(bytes, kind, size),
            Reads::AfterLink { listed, size } => self.after_link(bytes, listed, size),
            Reads::Again(block) => self.header(&*block),
            Reads::Stretches { listed, mut map, size, real_size } => {
                let Some(block) = bytes.first_chunk() else {
                    return Broken::because(
                        "is cut short: the map of a sparse file is not all there",
                    );
                };
                self.at += BLOCK as u64;
                let (stretches, is_extended) = header::more_stretches(block)?;
                for stretch in stretches {
                    map.add(stretch.offset, stretch.length)?;
                }
                self.stretches(listed, map, size, real_size, is_extended)
            }
            Reads::Zeros { length, .. } if bytes.len() < length => {
                Broken::because("is cut short: the content of an entry is not all there")
            }
            Reads::Zeros { .. } if !is_zero(bytes) => {
                Broken::because("has a sparse file with content where it says that there is none")
            }
            Reads::Zeros { holes, size, .. } => self.holes(holes, size),
            Reads::MapInBody { listed, mut map, size, real_size } => {
                if bytes.len() < BLOCK {
                    return Broken::because(
                        "is cut short: the map of a sparse file is not all there",
                    );
                }
                match map.take(bytes)? {
                    Some((map, length)) => {
                        let Some(stored) = size.checked_sub(length) else {
                            return Broken::because(
                                "has a sparse file that is shorter than its map",
                            );
                        };
                        map.check(stored, real_size)?;
                        self.at += length;
                        Ok(self.listed(listed, stored))
                    }
                    None if map.length() >= size => {
                        Broken::because("has a sparse file that is shorter than its map")
                    }
                    None => {
                        let at = self.at + map.length();
                        self.reads = Reads::MapInBody { listed, map, size, real_size };
                        Ok(Want::Bytes { at, length: BLOCK })
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
