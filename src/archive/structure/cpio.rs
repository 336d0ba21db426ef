//! cpio, of every kind: a header, a name and content for each entry, until the entry `TRAILER!!!`.
//!
//! The formats are those of cpio(5), of libarchive's manual (odc, newc, crc, old binary in both byte
//! orders), and of afio's source for its own large header. The sums of the crc kind are checked here,
//! since libarchive does not; they are those of GNU cpio and the Linux kernel, of regular files only.

mod header;

use self::header::{CpioFormat, Header};
use super::{Broken, Listed, Structure, Want, Whole};

/// The name of the entry that ends an archive.
const TRAILER: &[u8] = b"TRAILER!!!";

/// How many bytes of content are looked at in one step.
const PIECE: usize = 64 << 10;

/// The walk over one cpio archive.
#[derive(Debug, Default)]
pub(crate) struct Cpio {
    at: u64,
    next: CpioPart,
    /// The header at hand, as far as it has been seen.
    bytes: Vec<u8>,
    header: Header,
}

/// The part of the file that is read next.
#[derive(Debug, Default)]
enum CpioPart {
    #[default]
    First,
    Magic,
    Header(CpioFormat),
    Name,
    /// Content that is looked at, before any of it was.
    Begin,
    /// What is left of it, and what was seen: the sum of all bytes, and whether the last was a NUL.
    Content {
        left: u64,
        sum: u32,
        had_nul: bool,
    },
}

impl Cpio {
    fn want(&mut self, next: CpioPart, length: usize) -> Result<Want, Broken> {
        let (at, end) = (self.at, self.at.checked_add(length as u64));
        self.next = next;
        self.at = end.ok_or_else(|| Broken("has parts at an impossible place".to_owned()))?;
        Ok(Want::Bytes { at, length })
    }

    fn magic(&mut self) -> Result<Want, Broken> {
        self.bytes.clear();
        self.want(CpioPart::Magic, header::MAGIC)
    }

    fn named(&mut self, name: &[u8]) -> Result<Want, Broken> {
        if name.len() < self.header.name_size {
            return Broken::because("is cut short: within the name of an entry");
        }
        let length = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
        let (name, rest) = name.split_at(length);
        if rest.iter().any(|&byte| byte != 0) {
            return Broken::because("has an entry whose name goes on after a NUL byte");
        }
        self.at += self.header.name_padding;
        if name == TRAILER {
            // afio gives it content, of zeros, to fill up a block: it lies behind the end.
            return Ok(Want::End(Whole { end: self.at, ..Whole::default() }));
        }
        let is_file = self.header.is_file();
        if !is_file && !self.header.is_link() && self.header.size > 0 {
            return Broken::because("has a directory or a device with content: damaged");
        }
        let is_seen = self.header.is_link() || is_file && self.header.sum.is_some();
        if is_seen && self.header.size > 0 {
            self.next = CpioPart::Begin;
        } else {
            self.at = self.behind_content(self.header.size)?;
            self.next = CpioPart::First;
        }
        let size = is_file.then_some(self.header.size);
        Ok(Want::Entry(Listed { name: Some(name.to_vec()), size }))
    }

    /// Where the next header begins, if so much content comes from here on.
    fn behind_content(&self, content: u64) -> Result<u64, Broken> {
        self.at
            .checked_add(content)
            .and_then(|end| end.checked_add(self.header.padding()))
            .ok_or_else(|| Broken("has an entry of impossible size".to_owned()))
    }

    fn content(&mut self, left: u64, sum: u32, had_nul: bool) -> Result<Want, Broken> {
        if left > 0 {
            let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            return self.want(CpioPart::Content { left, sum, had_nul }, length);
        }
        if self.header.is_file() && self.header.sum.is_some_and(|wanted| wanted != sum) {
            return Broken::because("has an entry whose checksum is wrong: damaged");
        }
        self.at = self.behind_content(0)?;
        self.magic()
    }
}

impl Structure for Cpio {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match self.next {
            CpioPart::First => self.magic(),
            CpioPart::Magic => {
                if bytes.is_empty() {
                    return Broken::because("ends without its end mark: cut short");
                }
                let Some(kind) = CpioFormat::told(bytes) else {
                    return Broken::because(if bytes.len() < header::MAGIC {
                        "is cut short: within a header"
                    } else {
                        "has no header where the next entry begins: damaged"
                    });
                };
                self.bytes.extend_from_slice(bytes);
                self.want(CpioPart::Header(kind), kind.length() - header::MAGIC)
            }
            CpioPart::Header(kind) => {
                if bytes.len() < kind.length() - header::MAGIC {
                    return Broken::because("is cut short: within a header");
                }
                self.bytes.extend_from_slice(bytes);
                self.header = Header::read(kind, &self.bytes)?;
                self.want(CpioPart::Name, self.header.name_size)
            }
            CpioPart::Name => self.named(bytes),
            CpioPart::Begin => self.content(self.header.size, 0, false),
            CpioPart::Content { left, sum, mut had_nul } => {
                if bytes.is_empty() {
                    return Broken::because("is cut short: within the content of an entry");
                }
                let sum = bytes.iter().fold(sum, |sum, &byte| sum.wrapping_add(byte.into()));
                for &byte in bytes.iter().filter(|_| self.header.is_link()) {
                    if had_nul && byte != 0 {
                        let why = "has a symbolic link whose target goes on after a NUL byte";
                        return Broken::because(why);
                    }
                    had_nul = byte == 0;
                }
                self.content(left - bytes.len() as u64, sum, had_nul)
            }
        }
    }
}

#[cfg(test)]
mod tests;
