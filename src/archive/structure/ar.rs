//! ar, of GNU, BSD and System V, and with it static libraries and Debian packages: members one after
//! another, each behind a header of 60 characters, until the end of the file.
//!
//! ar(5) of FreeBSD has all variants, deb(5) what a Debian package consists of. Nothing marks the end. A
//! table of symbols at the start names the members that have some, and a Debian package has a member
//! with its data: these must not be missing. Of other members a cut right between two leaves no trace.

mod header;

use self::header::{Header, Name};
use super::{Broken, Listed, Structure, Want, Whole};

/// What every ar archive begins with, and those whose members are files elsewhere.
const MAGIC: &[u8] = b"!<arch>\n";
const THIN: &[u8] = b"!<thin>\n";

/// How many bytes of a table of symbols are looked at in one step: a multiple of 8.
const PIECE: usize = 64 << 10;

/// The walk over one ar archive.
#[derive(Debug, Default)]
pub(crate) struct Ar {
    at: u64,
    next: ArPart,
    /// Where the member behind the one at hand begins.
    behind: u64,
    members: u64,
    /// Where the last member begins that has symbols.
    last_of_symbols: u64,
    is_deb: bool,
    has_data: bool,
}

/// The part of the file that is read next.
#[derive(Debug, Default)]
enum ArPart {
    #[default]
    First,
    Magic,
    Member,
    Header {
        back: usize,
    },
    /// A name that stands before the content.
    Name {
        size: u64,
    },
    /// How many members have symbols, in a number of so many bytes; the table may have so many.
    Symbols {
        width: usize,
        size: u64,
    },
    /// Where they begin. So many are left.
    Offsets {
        width: usize,
        left: u64,
    },
}

impl Ar {
    fn want(&mut self, next: ArPart, length: usize) -> Result<Want, Broken> {
        let (at, end) = (self.at, self.at.checked_add(length as u64));
        self.next = next;
        self.at = end.ok_or_else(|| Broken("has parts at an impossible place".to_owned()))?;
        Ok(Want::Bytes { at, length })
    }

    fn member(&mut self) -> Result<Want, Broken> {
        // The byte before it says that what comes before is all there.
        let back = usize::from(self.at < self.behind);
        self.at = self.behind - back as u64;
        self.want(ArPart::Header { back }, header::LENGTH + back)
    }

    fn header(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        if bytes.len() < header::LENGTH {
            return self.end(bytes);
        }
        let header = Header::read(bytes)?;
        self.behind = self
            .at
            .checked_add(header.size)
            .and_then(|end| end.checked_add(header.size % 2))
            .ok_or_else(|| Broken("has a member of impossible size".to_owned()))?;
        let is_first = self.members == 0;
        self.members += 1;
        self.next = ArPart::Member;
        match header.name {
            Name::Before { length } => {
                let Some(size) = header.size.checked_sub(length as u64) else {
                    return Broken::because("has a member that is shorter than its name: damaged");
                };
                if length == 0 {
                    return Broken::because("has a member without a name: damaged");
                }
                self.want(ArPart::Name { size }, length)
            }
            Name::Here(name) => {
                self.is_deb |= is_first && name == b"debian-binary";
                self.has_data |= name.starts_with(b"data.tar");
                Ok(Want::Entry(Listed { name: Some(name), size: Some(header.size) }))
            }
            Name::InTable => Ok(Want::Entry(Listed { name: None, size: Some(header.size) })),
            // Some tools write a second one, which is of another make.
            Name::Symbols { width } if is_first && header.size >= width as u64 => {
                self.next = ArPart::Symbols { width, size: header.size };
                Ok(Want::Entry(Listed::default()))
            }
            Name::Symbols { .. } | Name::Table => Ok(Want::Entry(Listed::default())),
        }
    }

    /// `rest` is what comes where a member would begin.
    fn end(&self, rest: &[u8]) -> Result<Want, Broken> {
        let end = self.behind;
        if rest.iter().any(|&byte| byte != 0) {
            return Broken::because("is cut short: within the header of a member");
        }
        if self.last_of_symbols >= end {
            let why = "is cut short: its table of symbols leads to members behind its end";
            return Broken::because(why);
        }
        if self.is_deb && !self.has_data {
            return Broken::because("is cut short: a Debian package without its data");
        }
        Ok(Want::End(Whole { end, is_unmarked: true, ..Whole::default() }))
    }

    fn offsets(&mut self, width: usize, left: u64) -> Result<Want, Broken> {
        if left == 0 {
            return self.member();
        }
        let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE / width) * width;
        self.want(ArPart::Offsets { width, left }, length)
    }
}

/// A number with its highest byte first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

impl Structure for Ar {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match self.next {
            ArPart::First => self.want(ArPart::Magic, MAGIC.len()),
            ArPart::Magic => match bytes {
                MAGIC => {
                    self.behind = self.at;
                    self.member()
                }
                THIN => Broken::because("is a thin archive: its members are files elsewhere"),
                _ => Broken::because("does not begin as an ar archive does"),
            },
            ArPart::Member => self.member(),
            ArPart::Header { back } => match bytes.get(back..) {
                Some(bytes) => self.header(bytes),
                None => Broken::because("is cut short: within the content of a member"),
            },
            ArPart::Name { size } => {
                if self.at > self.behind || bytes.is_empty() {
                    return Broken::because("is cut short: within the name of a member");
                }
                self.next = ArPart::Member;
                let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
                let (name, rest) = bytes.split_at(length);
                if rest.iter().any(|&byte| byte != 0) {
                    return Broken::because("has a member whose name goes on after a NUL byte");
                }
                Ok(Want::Entry(Listed { name: Some(name.to_vec()), size: Some(size) }))
            }
            ArPart::Symbols { width, size } => match bytes {
                [] => self.want(ArPart::Symbols { width, size }, width),
                _ if bytes.len() < width => {
                    Broken::because("is cut short: within its table of symbols")
                }
                _ => {
                    let count = number(bytes);
                    // A table of another make.
                    let fits = count.checked_mul(width as u64).is_some_and(|all| all < size);
                    self.offsets(width, if fits { count } else { 0 })
                }
            },
            ArPart::Offsets { width, left } => {
                if !bytes.len().is_multiple_of(width) || bytes.is_empty() {
                    return Broken::because("is cut short: within its table of symbols");
                }
                let last = bytes.chunks_exact(width).map(number).max().unwrap_or(0);
                self.last_of_symbols = self.last_of_symbols.max(last);
                self.offsets(width, left - (bytes.len() / width) as u64)
            }
        }
    }
}

#[cfg(test)]
mod tests;
