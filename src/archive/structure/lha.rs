//! lha, with headers of levels 0 to 3: a header and packed content for each entry, until a zero byte.
//!
//! The format is described in header.doc.md of "`LHa` for UNIX". libarchive checks the sums of headers and
//! contents; here is looked at what it takes for an end that is none.

mod header;

use self::header::{Fixed, Level};
use super::{Broken, LONGEST, Listed, Structure, Want, Whole};

/// The walk over one lha archive.
#[derive(Debug, Default)]
pub(crate) struct Lha {
    at: u64,
    /// Behind the last byte that was asked for.
    seen: u64,
    next: LhaPart,
    header: Fixed,
    /// Where the header at hand began, and where the next one does.
    start: u64,
    behind: u64,
}

/// The part of the file that is read next.
#[derive(Debug, Default)]
enum LhaPart {
    #[default]
    Header,
    /// What may be the end mark, after so many bytes of what comes before it.
    Mark {
        back: usize,
    },
    /// The start of a header, behind its first byte.
    Fixed {
        first: u8,
    },
    /// How long the whole of it is, where that stands behind the start.
    Long,
    /// The length of an extended header, and what it holds.
    Length,
    Extended,
}

impl Lha {
    fn want(&mut self, next: LhaPart, length: usize) -> Result<Want, Broken> {
        let (at, end) = (self.at, self.at.checked_add(length as u64));
        self.next = next;
        self.at = end.ok_or_else(|| Broken("has parts at an impossible place".to_owned()))?;
        self.seen = self.at;
        Ok(Want::Bytes { at, length })
    }

    /// Sees what comes where a header would begin. What is behind an end mark is not asked for.
    fn mark(&mut self, first: Option<u8>) -> Result<Want, Broken> {
        self.start = self.behind;
        match first {
            None => {
                let open = Some("has no end mark");
                Ok(Want::End(Whole { end: self.start, open, ..Whole::default() }))
            }
            Some(0) => Ok(Want::End(Whole { end: self.start + 1, ..Whole::default() })),
            Some(first) => self.want(LhaPart::Fixed { first }, header::FIXED - 1),
        }
    }

    fn fixed(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        self.header = Fixed::read(bytes)?;
        match self.header.level {
            Level::Zero => self.entry(),
            // The first length is the last thing in the header's base, which is longer than its start.
            Level::One => self.ask(self.header.base - 2, LhaPart::Length, 2),
            Level::Two => self.ask(24, LhaPart::Length, 2),
            Level::Three => self.ask(24, LhaPart::Long, 4),
        }
    }

    /// Asks for something that is so far behind the start of the header.
    fn ask(&mut self, distance: u64, next: LhaPart, length: usize) -> Result<Want, Broken> {
        self.at = self.start + distance;
        self.want(next, length)
    }

    fn length(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        let width = self.header.level.width();
        if bytes.len() < width {
            return Broken::because("is cut short: within a header");
        }
        let length = bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte));
        if length == 0 {
            return self.entry();
        }
        let end = self.at + length as u64 - width as u64;
        if length <= width
            || length > LONGEST
            || self.header.level != Level::One && end > self.start + self.header.base
        {
            return Broken::because("has an extended header of impossible size: damaged");
        }
        self.header.extended += length as u64;
        self.want(LhaPart::Extended, length - width)
    }

    /// All of the header has been seen.
    fn entry(&mut self) -> Result<Want, Broken> {
        let Fixed { level, base, extended, .. } = self.header;
        // libarchive goes on where the extended headers end.
        if level == Level::Three && self.at != self.start + base {
            return Broken::because("has a header that is longer than its parts");
        }
        let (header, packed) = match level {
            // Extended headers count as content there.
            Level::One => (base + extended, self.header.packed.checked_sub(extended)),
            _ => (base, Some(self.header.packed)),
        };
        self.at = self.start + header;
        let behind = packed.and_then(|packed| self.at.checked_add(packed));
        self.behind = behind.ok_or_else(|| Broken("has an entry of impossible size".to_owned()))?;
        if self.header.is_directory && self.behind > self.at {
            return Broken::because("has a directory with content");
        }
        self.next = LhaPart::Header;
        let size = (!self.header.is_directory).then_some(self.header.size);
        Ok(Want::Entry(Listed { name: None, size }))
    }
}

impl Structure for Lha {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match self.next {
            LhaPart::Header => {
                // The byte before it says that what comes before is all there.
                let back = usize::from(self.behind > self.seen);
                self.at = self.behind - back as u64;
                self.want(LhaPart::Mark { back }, 1 + back)
            }
            LhaPart::Mark { back } => match bytes.get(back..) {
                Some(bytes) => self.mark(bytes.first().copied()),
                None => Broken::because("is cut short: within the content of an entry"),
            },
            LhaPart::Fixed { first } => self.fixed(&[&[first], bytes].concat()),
            LhaPart::Long => {
                let Some(&length) = bytes.first_chunk() else {
                    return Broken::because("is cut short: within a header");
                };
                self.header.base = u32::from_le_bytes(length).into();
                if self.header.base < 32 {
                    return Broken::because("has a header of impossible size: damaged");
                }
                self.want(LhaPart::Length, 4)
            }
            LhaPart::Length => self.length(bytes),
            LhaPart::Extended => {
                if let [header::SIZES, sizes @ ..] = bytes {
                    self.header.resize(sizes);
                }
                self.want(LhaPart::Length, self.header.level.width())
            }
        }
    }
}

#[cfg(test)]
mod tests;
