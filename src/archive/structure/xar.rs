//! xar, and with it the packages of macOS: a header, a table of contents in packed XML, and the heap, with
//! the content of all files.
//!
//! The format is described on the pages of the xar project. libarchive checks the sums of the table and of
//! all contents; here is looked at whether the heap is all there, and whether all files were shown.

mod toc;
mod xml;

use flate2::{Decompress, FlushDecompress, Status};

use self::toc::Toc;
use self::xml::Xml;
use super::{Broken, Structure, Want, Whole};

/// How many bytes of a header are looked at; it says itself how many there are.
const HEADER: usize = 28;

/// How much of the packed table is asked for at once. Zeros unpack to a thousand times as much.
const PIECE: usize = 16 << 10;

/// How much is kept of how it begins: as much as the longest sum has, of SHA-512.
const START: usize = 64;

/// The walk over one xar archive.
#[derive(Debug)]
pub(crate) struct Xar {
    at: u64,
    next: XarPart,
    /// Where the heap begins, and so the table ends.
    heap: u64,
    /// How many bytes of the table are to come out.
    unpacked: u64,
    inflater: Decompress,
    is_over: bool,
    xml: Xml,
    toc: Toc,
    end: u64,
    /// How the packed table begins.
    start: Vec<u8>,
}

/// The part of the file that is read next.
#[derive(Debug)]
enum XarPart {
    First,
    Header,
    Toc,
    /// Entries that were found.
    Entries,
    Last,
    /// What comes behind the heap.
    Again,
}

impl Default for Xar {
    fn default() -> Self {
        Self {
            at: 0,
            next: XarPart::First,
            heap: 0,
            unpacked: 0,
            inflater: Decompress::new(true),
            is_over: false,
            xml: Xml::default(),
            toc: Toc::default(),
            end: 0,
            start: Vec::new(),
        }
    }
}

impl Xar {
    fn want(&mut self, next: XarPart, length: usize) -> Result<Want, Broken> {
        let (at, end) = (self.at, self.at.checked_add(length as u64));
        self.next = next;
        self.at = end.ok_or_else(|| Broken("has parts at an impossible place".to_owned()))?;
        Ok(Want::Bytes { at, length })
    }

    fn header(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        let Some(bytes) = bytes.first_chunk::<HEADER>() else {
            return Broken::because("is cut short: within its header");
        };
        let number = |at: usize, length: usize| {
            bytes[at..at + length].iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
        };
        let (length, packed) = (number(4, 2), number(8, 8));
        let heap = length.checked_add(packed);
        self.unpacked = number(16, 8);
        match heap {
            Some(heap) if bytes.starts_with(b"xar!") && length >= HEADER as u64 && packed > 0 => {
                (self.at, self.heap) = (length, heap);
            }
            _ => return Broken::because("has a header that is no xar archive's: damaged"),
        }
        self.more()
    }

    /// Asks for more of the table, or for the last byte of the heap.
    fn more(&mut self) -> Result<Want, Broken> {
        let rest = self.heap.saturating_sub(self.at);
        if rest > 0 {
            let length = usize::try_from(rest).unwrap_or(PIECE).min(PIECE);
            return self.want(XarPart::Toc, length);
        }
        if !self.is_over || self.inflater.total_out() != self.unpacked {
            return Broken::because("has a table of contents of another length than it says");
        }
        self.xml.finish()?;
        let end = self.heap.checked_add(self.toc.finish()?);
        self.end = end.ok_or_else(|| Broken("has a file of impossible size".to_owned()))?;
        self.at = self.end - 1;
        self.want(XarPart::Last, 1)
    }

    fn toc(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        if bytes.is_empty() {
            return Broken::because("is cut short: within its table of contents");
        }
        if self.start.is_empty() {
            self.start = bytes[..bytes.len().min(START)].to_vec();
        }
        let mut buffer = vec![0; 64 << 10];
        while !self.is_over {
            let (before_in, before_out) = (self.inflater.total_in(), self.inflater.total_out());
            let status = self.inflater.decompress(bytes, &mut buffer, FlushDecompress::None);
            let taken = usize::try_from(self.inflater.total_in() - before_in).unwrap_or(0);
            let shown = usize::try_from(self.inflater.total_out() - before_out).unwrap_or(0);
            bytes = &bytes[taken..];
            match status {
                Err(_) => return Broken::because("has a table of contents that is damaged"),
                Ok(Status::StreamEnd) => self.is_over = true,
                Ok(_) if shown == 0 && taken == 0 => return Ok(()),
                Ok(_) => {}
            }
            if self.inflater.total_out() > self.unpacked {
                return Broken::because("has a table of contents that is longer than it says");
            }
            self.xml.see(&buffer[..shown], &mut self.toc)?;
        }
        if bytes.is_empty() {
            return Ok(());
        }
        Broken::because("has a table of contents that ends too early: damaged")
    }
}

impl Structure for Xar {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match self.next {
            XarPart::First => self.want(XarPart::Header, HEADER),
            XarPart::Header => self.header(bytes),
            XarPart::Toc => {
                self.toc(bytes)?;
                self.next = XarPart::Entries;
                self.step(&[])
            }
            XarPart::Entries => match self.toc.entry() {
                Some(entry) => Ok(Want::Entry(entry)),
                None => self.more(),
            },
            XarPart::Last if bytes.is_empty() => {
                Broken::because("is cut short: its table of contents leads behind its end")
            }
            XarPart::Last => self.want(XarPart::Again, START),
            XarPart::Again => {
                // libarchive writes the start of the table once more behind the heap, as much of it as
                // the sum of the table has bytes. Without it nothing is missing; a part of it is a cut.
                let sum = self.toc.sum().unwrap_or(0);
                let again = &bytes[..sum.min(bytes.len())];
                let is_again = self.start.starts_with(again);
                if is_again && !again.is_empty() && again.len() < sum {
                    return Broken::because("is cut short: within what follows its content");
                }
                let end = self.end + if is_again { again.len() as u64 } else { 0 };
                Ok(Want::End(Whole { end, ..Whole::default() }))
            }
        }
    }
}

#[cfg(test)]
mod tests;
