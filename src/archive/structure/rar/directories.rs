//! RAR 5 without the entries of directories that have no data area.
//!
//! The flag for a data area "is set for file and service headers typically", says the format, and a directory
//! has no data. libarchive refuses an archive with a header of a file or directory that lacks it. Directories
//! count as no entries, so libarchive is given the archive without those blocks; a
//! [`Rar5`](super::five::Rar5) that walks it passes over them.

use flate2::Crc;

use super::five::{END, HAS_DATA, HAS_EXTRA, MARK, Rar5, START};
use super::vint::Fields;
use crate::archive::structure::seven_zip::MARK as SEVEN_ZIP;

/// Takes them out of the bytes of an archive, which come in their order.
pub(crate) struct WithoutDirectories {
    /// The beginning of a header that is not all there.
    held: Vec<u8>,
    /// How much is kept before the next header.
    keeps: u64,
    /// How many bytes have come.
    came: u64,
}

/// The longest header that is looked into: one with a name as long as any, and dates.
const LONGEST_HEADER: usize = 64 << 10;

/// What becomes of what begins with a header.
enum Fate {
    /// More bytes have to be seen first.
    Open,
    /// So much is kept, up to the next header.
    Kept(u64),
    /// So many bytes are left out.
    LeftOut(usize),
}

impl WithoutDirectories {
    /// For an archive that begins with these bytes, of which [`BEGINNING`](Self::BEGINNING) suffice; `None` if
    /// that is no RAR 5.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        start.starts_with(MARK).then(|| Self::behind(MARK.len()))
    }

    /// For an archive behind a program that begins with these bytes, of which as many as
    /// [`FRONT`](super::super::front::FRONT) suffice; `None` if there is no RAR 5, or it is
    /// stored in a 7z.
    pub(crate) fn behind_program(start: &[u8]) -> Option<Self> {
        let at = start.windows(MARK.len()).position(|bytes| bytes == MARK)?;
        let is_in_7z = start[..at].windows(SEVEN_ZIP.len()).any(|bytes| bytes == SEVEN_ZIP);
        if is_in_7z {
            return None;
        }
        Some(Self::behind(at + MARK.len()))
    }

    /// Does a program begin like this, of Windows or of Linux?
    pub(crate) fn is_program(start: &[u8]) -> bool {
        start.starts_with(b"MZ") || start.starts_with(b"\x7fELF")
    }

    fn behind(mark: usize) -> Self {
        Self { held: Vec::new(), keeps: mark as u64, came: 0 }
    }

    /// How many bytes show that an archive is one of RAR 5.
    pub(crate) const BEGINNING: usize = MARK.len();

    /// Are so many bytes that come next kept as they are? Then they have passed.
    pub(crate) fn passes(&mut self, length: u64) -> bool {
        let is_kept = self.held.is_empty() && length <= self.keeps;
        if is_kept {
            self.keeps -= length;
            self.came += length;
        }
        is_kept
    }

    /// Where what comes next lies in the whole archive.
    pub(crate) fn came(&self) -> u64 {
        self.came
    }

    /// What the next bytes have to begin with, before those that come next: at most 64 KiB.
    pub(crate) fn held(&self) -> &[u8] {
        &self.held
    }

    /// Takes out of `bytes`, which begin with what was [`held`](Self::held), and says how many are left; they
    /// come to stand at the beginning. Nothing follows if `is_end`.
    pub(crate) fn take_out(&mut self, bytes: &mut [u8], is_end: bool) -> usize {
        self.came += (bytes.len() - self.held.len()) as u64;
        self.held.clear();
        let (mut seen, mut kept) = (0, 0);
        while seen < bytes.len() {
            let rest = bytes.len() - seen;
            if self.keeps > 0 {
                let length = usize::try_from(self.keeps).unwrap_or(rest).min(rest);
                if seen > kept {
                    bytes.copy_within(seen..seen + length, kept);
                }
                (seen, kept) = (seen + length, kept + length);
                self.keeps -= length as u64;
                continue;
            }
            match fate(&bytes[seen..]) {
                Fate::Open if is_end => self.keeps = u64::MAX,
                Fate::Open => {
                    self.held.extend_from_slice(&bytes[seen..]);
                    break;
                }
                Fate::Kept(length) => self.keeps = length,
                Fate::LeftOut(length) => seen += length,
            }
        }
        kept
    }
}

/// What becomes of what begins with these bytes of a header. What makes no sense is kept as it is, with all
/// that follows.
fn fate(bytes: &[u8]) -> Fate {
    let all = Fate::Kept(u64::MAX);
    let Some(start) = bytes.get(4..START) else { return Fate::Open };
    let mut fields = Fields(start);
    let Some(size) = fields.number().and_then(|size| usize::try_from(size).ok()) else {
        return all;
    };
    let length = START - fields.0.len() + size;
    // The numbers at the beginning: size, type, flags, and two more sizes.
    let enough = length.min(4 + 5 * 10);
    let Some(beginning) = bytes.get(4..enough) else { return Fate::Open };
    let mut fields = Fields(beginning);
    let mut number = || fields.number();
    let Some((kind, flags)) = number().and(number()).zip(number()) else { return all };
    let extra = if flags & HAS_EXTRA == 0 { Some(0) } else { number() };
    let data = if flags & HAS_DATA == 0 { Some(0) } else { number() };
    let (Some(_), Some(data)) = (extra, data) else { return all };
    let kept = match kind {
        END => all,
        _ => (length as u64).checked_add(data).map_or(all, Fate::Kept),
    };
    if flags & HAS_DATA != 0 || length > LONGEST_HEADER {
        return kept;
    }
    let Some((checksum, header)) = bytes.get(..length).and_then(<[u8]>::split_first_chunk) else {
        return Fate::Open;
    };
    let mut computed = Crc::new();
    computed.update(header);
    let is_whole = computed.sum() == u32::from_le_bytes(*checksum);
    if is_whole && Rar5::is_bare_directory(header) { Fate::LeftOut(length) } else { kept }
}

#[cfg(test)]
mod tests {
    use super::super::five::tests::{archive, directory, file, link_to_directory};
    use super::*;

    fn without(bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut filter = WithoutDirectories::of(bytes).expect("RAR 5");
        let (mut left, mut pieces) = (Vec::new(), bytes.chunks(piece).peekable());
        while let Some(piece) = pieces.next() {
            if filter.passes(piece.len() as u64) {
                left.extend_from_slice(piece);
                continue;
            }
            let mut shown = [filter.held(), piece].concat();
            let kept = filter.take_out(&mut shown, pieces.peek().is_none());
            left.extend_from_slice(&shown[..kept]);
        }
        assert_eq!(filter.came(), bytes.len() as u64);
        left
    }

    #[test]
    fn directories_without_a_data_area_are_left_out_however_the_bytes_come() {
        let (a, b, bare) = (file("a", b"one"), file("b", &[7; 300]), directory("d", 0));
        let bytes = archive(&[bare.clone(), a.clone(), bare.clone(), bare, b.clone()]);
        for piece in 1..=bytes.len() {
            assert_eq!(without(&bytes, piece), archive(&[a.clone(), b.clone()]), "{piece}");
        }
    }

    #[test]
    fn a_program_may_stand_in_front() {
        let (bare, a) = (directory("d", 0), file("a", b"one"));
        let program = [b"MZ\x90Rar!\x1a\x07".to_vec(), vec![0; 70_000]].concat();
        let bytes = [&program[..], &archive(&[bare, a.clone()])].concat();
        let mut filter = WithoutDirectories::behind_program(&bytes).expect("RAR 5");
        let mut shown = bytes.clone();
        let kept = filter.take_out(&mut shown, true);
        assert_eq!(shown[..kept], [&program[..], &archive(&[a])].concat());
        assert!(WithoutDirectories::behind_program(&program).is_none());
    }

    #[test]
    fn all_else_stays_as_it_is() {
        let stored = [&directory("d", 0)[..], &directory("e", 0)].concat();
        let behind = [&archive(&[])[..], &stored].concat();
        let mut damaged = archive(&[directory("d", 0), file("a", b"")]);
        *damaged.last_mut().expect("not empty") ^= 1;
        let at = MARK.len() + 14;
        damaged[at] ^= 0x20;
        for bytes in [
            archive(&[]),
            archive(&[directory("d", HAS_DATA), file("a", &stored)]),
            archive(&[link_to_directory("d")]),
            behind,
            damaged,
            archive(&[directory("d", HAS_DATA)])[..30].to_vec(),
        ] {
            for piece in 1..=bytes.len() {
                assert_eq!(without(&bytes, piece), bytes, "{piece}");
            }
        }
        assert!(WithoutDirectories::of(b"Rar!\x1a\x07\0").is_none());
    }
}
