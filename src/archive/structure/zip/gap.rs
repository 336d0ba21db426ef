//! What lies between two entries of a zip, before the first or behind the last: a program that unpacks
//! itself, a data descriptor, the signatures of an APK, padding. Anything but one more entry.

use super::super::Broken;
use super::descriptor::{self, Descriptor};
use super::fields::{HEADER_LENGTH as LENGTH, short_number};
use super::header;
use super::member::Member;

/// How much is looked at at a time.
const PIECE: u64 = 32 << 10;

/// Bits of an entry's flags that no version of the format has given a meaning.
const UNUSED: u16 = 0b1101_0111_1000_0000;

/// The marks of a RAR archive, which may end with a zip that is stored in it, and be cut short there: libarchive
/// takes that for a zip.
const RAR: [&[u8]; 2] = [b"Rar!\x1a\x07\x00", b"Rar!\x1a\x07\x01"];

/// A run of bytes that belong to no entry of the index.
pub(crate) struct Gap {
    /// How far it has been looked at.
    at: u64,
    until: u64,
    /// The last bytes before: the beginning of a header may be among them.
    kept: Vec<u8>,
    /// How much was asked for last.
    wanted: usize,
    /// Is it what stands in front of a zip?
    is_first: bool,
    /// What it may begin with, and how long it is.
    descriptor: Option<(Descriptor, u64)>,
}

impl Gap {
    pub(crate) fn new(at: u64, until: u64) -> Self {
        Self { at, until, kept: Vec::new(), wanted: 0, is_first: at == 0, descriptor: None }
    }

    /// What follows the content of the `member` with this `header`.
    pub(crate) fn behind(header: &[u8], member: &Member, at: u64, until: u64) -> Self {
        let descriptor = Descriptor::of(header, member);
        let descriptor = descriptor.map(|descriptor| (descriptor, until.saturating_sub(at)));
        Self { descriptor, ..Self::new(at, until) }
    }

    /// The bytes that have to be looked at next; `None` at the end.
    pub(crate) fn wants(&mut self) -> Option<(u64, usize)> {
        let length = self.until.saturating_sub(self.at).min(PIECE);
        let length = usize::try_from(length).ok().filter(|&length| length > 0)?;
        self.wanted = length;
        Some((self.at, length))
    }

    /// Looks at the bytes that were wanted, if any were.
    pub(crate) fn look(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        if bytes.len() < std::mem::take(&mut self.wanted) {
            return Broken::because("is cut short");
        }
        if !bytes.is_empty()
            && let Some((descriptor, length)) = self.descriptor.take()
            && descriptor.is_contradicted(&bytes[..bytes.len().min(descriptor::LONGEST)], length)
        {
            let at = self.at;
            return Broken::because(format!(
                "is damaged: what follows the content of an entry, at byte {at}, is not what the index says"
            ));
        }
        let start = self.at - self.kept.len() as u64;
        self.at = self.at.saturating_add(bytes.len() as u64);
        self.kept.extend_from_slice(bytes);
        if let Some(place) = hidden(&self.kept) {
            let at = start + place as u64;
            return Broken::because(format!(
                "has an entry at byte {at} that its index does not list"
            ));
        }
        let is_rar = |window: &[u8]| RAR.contains(&window);
        if self.is_first && self.kept.windows(RAR[0].len()).any(is_rar) {
            return Broken::because("begins as a RAR archive, and ends as a zip");
        }
        let done = self.kept.len().saturating_sub(LENGTH - 1);
        self.kept.drain(..done);
        Ok(())
    }
}

/// Where a header begins in `bytes`. The four bytes of its mark are in many a program; what follows them is a
/// header only here. Its content need not be all there: what is found may be left of a zip that was cut short.
fn hidden(bytes: &[u8]) -> Option<usize> {
    let is_header = |header: &[u8]| {
        if !header.starts_with(header::MARK) {
            return false;
        }
        let [version, flags, method, name] = [4, 6, 8, 26].map(|at| short_number(header, at));
        let [system, version] = version.to_be_bytes();
        (version <= 100 && system <= 20)
            && flags & UNUSED == 0
            && matches!(method, 0..=20 | 93..=99)
            && (1..=4096).contains(&name)
    };
    bytes.windows(LENGTH).position(is_header)
}
