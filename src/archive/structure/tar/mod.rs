//! tar, of every kind: headers of 512 bytes, each followed by a body that is filled up to whole blocks, and
//! two blocks of zeros at the end.
//!
//! POSIX.1-2017, pax, "ustar Interchange Format" and "pax Interchange Format"; the manual of GNU tar,
//! chapter "Tar Internals". Where readers differ in how long a body is (that of a hard link, say), this goes
//! by libarchive, whose entries it is held against.

mod decimal;
mod header;
mod holes;
mod pax;
mod sparse;

use self::header::{BLOCK, Dialect, Header, is_zero, until_nul};
use self::holes::Holes;
use self::pax::{Records, Sparse};
use self::sparse::{Map, MapInBody};
use super::{Broken, LONGEST, Listed, Structure, Want, Whole};

/// Headers before an entry that say more of it, at most: as many as libarchive reads.
const MOST_BEFORE: u32 = 32;

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

/// What headers have said of the entry to come.
#[derive(Default)]
struct Before {
    headers: u32,
    /// Is there a header that has to be followed by an entry?
    needs_entry: bool,
    long_name: Option<Vec<u8>>,
    has_long_link: bool,
    records: Option<Records>,
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

    /// A header whose body says more of the entry to come, or of all.
    fn more(&mut self, header: &Header<'_>, kind: u8) -> Result<Want, Broken> {
        self.before.headers += 1;
        if self.before.headers > MOST_BEFORE {
            return Broken::because(format!("has more than {MOST_BEFORE} headers for one entry"));
        }
        if kind != b'L' && kind != b'K' {
            self.dialect = HeaderKind::Pax;
        }
        self.before.needs_entry |= kind != b'g';
        let size = usize::try_from(header.size()?).unwrap_or(usize::MAX);
        if size > LONGEST {
            return Broken::because("has a header of more than 1 MiB");
        }
        if size == 0 {
            self.take(kind, &[])?;
            return self.header_after(0);
        }
        self.reads = Reads::More(kind, size);
        Ok(Want::Bytes { at: self.at, length: size.next_multiple_of(BLOCK) })
    }

    fn body_of_more(&mut self, bytes: &[u8], kind: u8, size: usize) -> Result<Want, Broken> {
        let filled = size.next_multiple_of(BLOCK);
        if bytes.len() < filled {
            return Broken::because("is cut short: a header is not all there");
        }
        self.take(kind, &bytes[..size])?;
        self.at += filled as u64;
        self.header_after(0)
    }

    fn take(&mut self, kind: u8, body: &[u8]) -> Result<(), Broken> {
        let is_second = match kind {
            b'L' => self.before.long_name.replace(until_nul(body).to_vec()).is_some(),
            b'K' => std::mem::replace(&mut self.before.has_long_link, true),
            b'x' | b'X' => self.before.records.replace(Records::read(body)?).is_some(),
            b'g' if Records::read(body)?.is_too_much_for_all() => {
                let why = "has a pax header that names every entry, which readers do not agree on";
                return Broken::because(why);
            }
            _ => false,
        };
        if is_second {
            return Broken::because("has an entry with two headers that say the same of it");
        }
        Ok(())
    }

    fn entry(&mut self, header: &Header<'_>) -> Result<Want, Broken> {
        let dialect = header.dialect();
        self.dialect = match (dialect, self.dialect) {
            (Dialect::Ustar, HeaderKind::Pax) => HeaderKind::Pax,
            (Dialect::Ustar, _) => HeaderKind::Ustar,
            _ => HeaderKind::Other,
        };
        let before = std::mem::take(&mut self.before);
        let records = before.records.unwrap_or_default();
        let kind = header.kind();
        let is_link = matches!(kind, b'1' | b'2');
        if !is_link && (records.has_link || before.has_long_link) {
            return Broken::because("has a header that gives an entry a target which is no link");
        }
        if records.has_link && before.has_long_link {
            return Broken::because("has an entry with two headers that say the same of it");
        }
        let in_header = header.size()?;
        let has_body = match kind {
            b'2'..=b'6' => false,
            b'1' => self.dialect != HeaderKind::Other,
            _ => true,
        };
        let size = records.size.unwrap_or(if has_body { in_header } else { 0 });
        if matches!(kind, b'2'..=b'6') && size > 0 {
            return Broken::because("has an entry with content that can have none");
        }
        let sparse = records.sparse.as_ref();
        let path = sparse.and_then(|sparse| sparse.name.as_ref()).or(records.path.as_ref());
        let name = match (path, before.long_name) {
            (Some(_), Some(_)) => {
                return Broken::because("has an entry with two headers that say the same of it");
            }
            // libarchive composes what is not ASCII.
            (Some(path), None) => {
                // tar ends it at a NUL byte.
                let path = until_nul(path);
                (path.is_ascii() || records.is_binary).then(|| path.to_vec())
            }
            (None, Some(long_name)) => Some(long_name),
            (None, None) => Some(header.name()),
        };
        let is_file = !matches!(kind, b'1'..=b'6' | b'D');
        if is_file && size > 0 && name.as_ref().is_some_and(|name| name.ends_with(b"/")) {
            return Broken::because("has a directory with content");
        }
        let mut listed = Listed { name, size: is_file.then_some(size) };
        let asks_link = kind == b'1' && self.dialect == HeaderKind::Ustar;
        if asks_link && size > 0 && records.size.is_none() {
            self.reads = Reads::AfterLink { listed, size };
            return Ok(Want::Bytes { at: self.at, length: BLOCK });
        }
        if kind == b'S' || (dialect == Dialect::Gnu && header.has_holes()) {
            return self.old_sparse(header, listed, size);
        }
        match (sparse, records.holes) {
            (None, None) => Ok(self.listed(listed, size)),
            (None, Some(holes)) if is_file && holes.is_of(size) => {
                // Told of before its content is looked at, which libarchive shows meanwhile.
                self.reads = Reads::Zeros { holes, size, length: 0 };
                Ok(Want::Entry(listed))
            }
            (_, Some(_)) => {
                Broken::because("has a sparse file whose map is not that of its content")
            }
            (Some(sparse), None) => {
                if is_file {
                    listed.size = sparse.real_size.or(listed.size);
                }
                self.pax_sparse(sparse, listed, size)
            }
        }
    }

    /// A hard link has a size, and what follows is a header, or else its body.
    fn after_link(&mut self, bytes: &[u8], listed: Listed, size: u64) -> Result<Want, Broken> {
        let Some(block) = bytes.first_chunk::<BLOCK>() else {
            return Broken::because("is cut short: the content of an entry is not all there");
        };
        if Header::new(block).is_some_and(|header| header.is_recognized()) {
            self.reads = Reads::Again(Box::new(*block));
            return Ok(Want::Entry(listed));
        }
        let is_one_block = size <= BLOCK as u64;
        if is_one_block {
            self.at += BLOCK as u64;
        }
        Ok(self.listed(listed, if is_one_block { 0 } else { size }))
    }

    /// A sparse file as GNU tar has them in its own format.
    fn old_sparse(
        &mut self,
        header: &Header<'_>,
        mut listed: Listed,
        size: u64,
    ) -> Result<Want, Broken> {
        if header.kind() != b'S' || header.dialect() != Dialect::Gnu {
            return Broken::because("has a sparse file of an unknown kind");
        }
        let (stretches, is_extended) = header.stretches()?;
        if stretches.is_empty() && (is_extended || size > 0) {
            return Broken::because("has a sparse file without a map");
        }
        let real_size = header.real_size()?;
        listed.size = Some(real_size);
        let mut map = Map::default();
        for stretch in stretches {
            map.add(stretch.offset, stretch.length)?;
        }
        self.stretches(listed, map, size, real_size, is_extended)
    }

    fn stretches(
        &mut self,
        listed: Listed,
        map: Map,
        size: u64,
        real_size: u64,
        is_extended: bool,
    ) -> Result<Want, Broken> {
        if !is_extended {
            map.check(size, real_size)?;
            return Ok(self.listed(listed, size));
        }
        self.reads = Reads::Stretches { listed, map, size, real_size };
        Ok(Want::Bytes { at: self.at, length: BLOCK })
    }

    /// A sparse file as pax headers have them.
    fn pax_sparse(&mut self, sparse: &Sparse, listed: Listed, size: u64) -> Result<Want, Broken> {
        let real_size = sparse.real_size.unwrap_or(size);
        if sparse.has_map_in_body()? {
            let map = MapInBody::default();
            self.reads = Reads::MapInBody { listed, map, size, real_size };
            return Ok(Want::Bytes { at: self.at, length: BLOCK });
        }
        // star has files with a real size and without a map.
        if !sparse.map.is_empty() {
            sparse.map.check(size, real_size)?;
        } else if size != real_size {
            return Broken::because("has a sparse file without a map");
        }
        Ok(self.listed(listed, size))
    }

    /// A sparse file as the tar of Solaris has them.
    fn holes(&mut self, mut holes: Holes, size: u64) -> Result<Want, Broken> {
        let Some((start, length)) = holes.next(LONGEST) else { return self.header_after(size) };
        let at = self.at.checked_add(start).filter(|&at| at < i64::MAX as u64);
        let Some(at) = at else { return Broken::because("has an entry of impossible size") };
        self.seen = at + length as u64;
        self.reads = Reads::Zeros { holes, size, length };
        Ok(Want::Bytes { at, length })
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
