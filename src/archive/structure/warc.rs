//! WARC: records, each a header of lines, an empty line, content, and two empty lines; until the end of
//! the file.
//!
//! ISO 28500:2017 (WARC/1.1) and the drafts before it have the format. libarchive shows the records
//! `resource` and `response` as files, and passes over all others in silence: here they are found.

mod header;

use self::header::{Header, Record};
use super::{Broken, Listed, Structure, Want, Whole};

/// What ends a header, and comes after content.
const BLANK: &[u8; 4] = b"\r\n\r\n";

/// How many bytes a header may have: the longest lines are addresses, and browsers and servers take few
/// of more than 8 KiB.
const LONGEST_HEADER: usize = 64 << 10;

/// The walk over one WARC file.
#[derive(Debug, Default)]
pub(crate) struct Warc {
    at: u64,
    next: WarcPart,
    /// The header at hand, as far as it has been seen.
    header: Vec<u8>,
    /// Was there a record with content that is not shown?
    has_hidden: bool,
}

/// The part of the file that is read next.
#[derive(Debug, Default)]
enum WarcPart {
    #[default]
    Record,
    Header,
    /// What comes after content that ends here.
    Content {
        end: u64,
    },
    Blank,
}

impl Warc {
    fn want(&mut self, next: WarcPart, length: usize) -> Result<Want, Broken> {
        let (at, end) = (self.at, self.at.checked_add(length as u64));
        self.next = next;
        self.at = end.ok_or_else(|| Broken("has parts at an impossible place".to_owned()))?;
        Ok(Want::Bytes { at, length })
    }

    fn header(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        self.at = self.at - want_of(&self.header) as u64 + bytes.len() as u64;
        if bytes.is_empty() {
            return if self.header.is_empty() {
                let open = self.has_hidden.then_some("has records that are no files");
                Ok(Want::End(Whole { end: self.at, open, is_unmarked: true, ..Whole::default() }))
            } else {
                Broken::because("is cut short: within the header of a record")
            };
        }
        self.header.extend_from_slice(bytes);
        if self.header.len() > LONGEST_HEADER {
            return Broken::because("has a record whose header does not end: damaged");
        }
        if !self.header.ends_with(BLANK) {
            let length = want_of(&self.header);
            return self.want(WarcPart::Header, length);
        }
        let Header { record, size } = Header::read(&self.header)?;
        self.header.clear();
        let end = self.at.checked_add(size);
        let end = end.ok_or_else(|| Broken("has a record of impossible size".to_owned()))?;
        self.next = WarcPart::Content { end };
        match record {
            Record::File(name) => Ok(Want::Entry(Listed { name: Some(name), size: Some(size) })),
            Record::Info => self.content(end),
            Record::Hidden => {
                self.has_hidden = true;
                self.content(end)
            }
        }
    }

    fn content(&mut self, end: u64) -> Result<Want, Broken> {
        self.at = end;
        self.want(WarcPart::Blank, BLANK.len())
    }
}

/// How many bytes are missing of a header at least.
fn want_of(header: &[u8]) -> usize {
    let seen = (1..=BLANK.len()).rev().find(|&length| header.ends_with(&BLANK[..length]));
    match seen {
        // The end of one header is the start of nothing.
        Some(4) | None => 4,
        Some(seen) => 4 - seen,
    }
}

impl Structure for Warc {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match self.next {
            WarcPart::Record => self.want(WarcPart::Header, BLANK.len()),
            WarcPart::Header => self.header(bytes),
            WarcPart::Content { end } => self.content(end),
            WarcPart::Blank => match bytes {
                _ if bytes == BLANK => self.want(WarcPart::Header, BLANK.len()),
                _ if bytes.len() < BLANK.len() => {
                    Broken::because("is cut short: within the content of a record")
                }
                _ => Broken::because("has a record that is longer than it says: damaged"),
            },
        }
    }
}

#[cfg(test)]
mod tests;
