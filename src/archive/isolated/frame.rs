//! What a worker and its parent say to each other, as bytes.
//!
//! A frame is the length of the rest (4 bytes), what it is (1 byte), and its fields: numbers of 8 bytes, texts
//! with their length in front. Both ends are the same program on one machine: numbers are in its order. The parent
//! believes nothing of it: what makes no sense is an error.

use blake3::Hash;

use crate::archive::stream::Entry;
use crate::archive::{Account, Behind};
use crate::options::ArchiveLimits;
use crate::sys::libarchive::ShownKind;

/// The longest frame that is accepted: names and targets are the longest texts, and libarchive has none that
/// come near it.
pub(super) const LONGEST: usize = 64 << 20;

/// How many bytes of content one frame has at most: libarchive's blocks have 64 KiB most often.
pub(super) const PIECE: usize = 256 << 10;

/// What is in front of a frame's fields.
pub(super) const HEAD: usize = 5;

/// How the bytes of an archive come to the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// It has the descriptor of the file.
    Descriptor,
    /// It asks for those at a place.
    Anywhere,
    /// It asks for the next ones; and why only those.
    InOrder(Vec<u8>),
}

/// An archive that a worker is to read.
#[derive(Clone, PartialEq)]
pub(super) struct Opening {
    pub(super) name: Vec<u8>,
    pub(super) access: Access,
    pub(super) size: Option<u64>,
    pub(super) is_promised: bool,
    pub(super) ignore_zeros: bool,
    pub(super) limits: ArchiveLimits,
}

/// What was counted by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) undone: u64,
    pub(super) compressed: u64,
}

/// Why an archive cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failed {
    Archive(Vec<u8>, Option<u64>),
    Bomb(Vec<u8>),
    Read(Vec<u8>, Option<u64>),
    Internal(Vec<u8>),
}

/// One thing that is said.
#[derive(Clone, PartialEq)]
pub(super) enum Frame<'f> {
    /// To the worker: read this.
    Open(Opening),
    /// To the worker: what it asked for. Nothing: the end.
    Data(&'f [u8]),
    /// The worker is there, and has so many bytes of memory more than it began with.
    Ready { grown: u64 },
    /// It asks for so many bytes at this place, or from where it is.
    Wants { at: u64, length: u64 },
    /// The archive is open.
    Opened,
    /// The next entry; is its name spelled exactly, and do all of one name count?
    Entry { entry: Entry, is_exact: bool, counts_all: bool },
    /// More of its content; is it stored as it is?
    Bytes { bytes: &'f [u8], is_stored: bool, counted: Counted },
    /// A hole in it.
    Zeros { length: u64, counted: Counted },
    /// Its end.
    End(Counted),
    /// All entries have been shown.
    Done { open: Option<Vec<u8>>, account: Account },
    /// It cannot be read.
    Failed(Failed),
}

/// Writes the fields of a frame.
struct Fields<'o>(&'o mut Vec<u8>);

impl Fields<'_> {
    fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_ne_bytes());
        self
    }

    fn flag(&mut self, flag: bool) -> &mut Self {
        self.0.push(u8::from(flag));
        self
    }

    fn text(&mut self, text: &[u8]) -> &mut Self {
        self.number(text.len() as u64).0.extend_from_slice(text);
        self
    }

    fn maybe(&mut self, number: Option<u64>) -> &mut Self {
        self.flag(number.is_some()).number(number.unwrap_or(0))
    }

    fn counted(&mut self, counted: Counted) -> &mut Self {
        self.number(counted.undone).number(counted.compressed)
    }
}

impl Frame<'_> {
    /// Appends the frame to `out`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([0; HEAD]);
        let mut fields = Fields(out);
        let code = match self {
            Self::Open(opening) => {
                opening.write(&mut fields);
                0
            }
            Self::Data(bytes) => {
                fields.text(bytes);
                1
            }
            Self::Ready { grown } => {
                fields.number(*grown);
                2
            }
            Self::Wants { at, length } => {
                fields.number(*at).number(*length);
                3
            }
            Self::Opened => 4,
            Self::Entry { entry, is_exact, counts_all } => {
                let (kind, target): (u64, &[u8]) = match &entry.kind {
                    ShownKind::File => (0, &[]),
                    ShownKind::Symlink(target) => (1, target),
                    ShownKind::HardLink(target) => (2, target),
                    ShownKind::Directory => (3, &[]),
                    ShownKind::Fifo => (4, &[]),
                    ShownKind::Socket => (5, &[]),
                    ShownKind::CharacterDevice => (6, &[]),
                    ShownKind::BlockDevice => (7, &[]),
                    ShownKind::Other => (8, &[]),
                };
                fields.text(&entry.name).number(kind).text(target);
                fields.flag(entry.is_cut).flag(entry.is_single);
                fields.flag(*is_exact).flag(*counts_all);
                5
            }
            Self::Bytes { bytes, is_stored, counted } => {
                fields.flag(*is_stored).counted(*counted).text(bytes);
                6
            }
            Self::Zeros { length, counted } => {
                fields.counted(*counted).number(*length);
                7
            }
            Self::End(counted) => {
                fields.counted(*counted);
                8
            }
            Self::Done { open, account } => {
                fields.flag(open.is_some()).text(open.as_deref().unwrap_or_default());
                fields.flag(account.is_unmarked).flag(account.is_only_zeros);
                fields.flag(account.is_image).number(account.behind.len() as u64);
                for behind in &account.behind {
                    fields.text(behind.digest.as_bytes()).number(behind.length);
                }
                9
            }
            Self::Failed(failed) => {
                let (kind, cause, errno): (u64, &[u8], _) = match failed {
                    Failed::Archive(cause, errno) => (0, cause, *errno),
                    Failed::Bomb(cause) => (1, cause, None),
                    Failed::Read(cause, errno) => (2, cause, *errno),
                    Failed::Internal(cause) => (3, cause, None),
                };
                fields.number(kind).text(cause).maybe(errno);
                10
            }
        };
        // No frame is that long: content comes in pieces, and a longer one would be refused.
        let length = u32::try_from(out.len() - start - 4).unwrap_or(u32::MAX);
        out[start..start + 4].copy_from_slice(&length.to_ne_bytes());
        out[start + 4] = code;
    }
}

impl Opening {
    fn write(&self, fields: &mut Fields<'_>) {
        let (access, why): (u64, &[u8]) = match &self.access {
            Access::Descriptor => (0, &[]),
            Access::Anywhere => (1, &[]),
            Access::InOrder(why) => (2, why),
        };
        let limits = &self.limits;
        fields.text(&self.name).number(access).text(why).maybe(self.size);
        fields.flag(self.is_promised).flag(self.ignore_zeros);
        fields.maybe(limits.max_decompressed_size);
        fields.maybe(limits.max_compression_ratio.map(f64::to_bits));
        fields.maybe(limits.max_archive_entries).maybe(limits.max_entry_name_length);
        fields.maybe(limits.max_archive_memory);
    }
}

/// The fields of a frame that are yet to be read.
struct Rest<'f>(&'f [u8]);

impl<'f> Rest<'f> {
    fn flag(&mut self) -> Option<bool> {
        let (&flag, rest) = self.0.split_first()?;
        self.0 = rest;
        (flag < 2).then_some(flag == 1)
    }

    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_ne_bytes(*number))
    }

    fn text(&mut self) -> Option<&'f [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    #[expect(clippy::option_option, reason = "the outer one says whether it can be read")]
    fn maybe(&mut self) -> Option<Option<u64>> {
        let is_set = self.flag()?;
        let number = self.number()?;
        Some(is_set.then_some(number))
    }

    fn counted(&mut self) -> Option<Counted> {
        Some(Counted { undone: self.number()?, compressed: self.number()? })
    }

    fn opening(&mut self) -> Option<Opening> {
        let name = self.text()?.to_vec();
        let access = self.number()?;
        let why = self.text()?.to_vec();
        let access = match access {
            0 => Access::Descriptor,
            1 => Access::Anywhere,
            2 => Access::InOrder(why),
            _ => return None,
        };
        let (size, is_promised, ignore_zeros) = (self.maybe()?, self.flag()?, self.flag()?);
        let limits = ArchiveLimits {
            max_decompressed_size: self.maybe()?,
            max_compression_ratio: self.maybe()?.map(f64::from_bits),
            max_archive_entries: self.maybe()?,
            max_entry_name_length: self.maybe()?,
            max_archive_memory: self.maybe()?,
        };
        Some(Opening { name, access, size, is_promised, ignore_zeros, limits })
    }

    fn entry(&mut self) -> Option<Frame<'f>> {
        let name = self.text()?.to_vec();
        let kind = self.number()?;
        let target = self.text()?.to_vec();
        let kind = match kind {
            0 => ShownKind::File,
            1 => ShownKind::Symlink(target),
            2 => ShownKind::HardLink(target),
            3 => ShownKind::Directory,
            4 => ShownKind::Fifo,
            5 => ShownKind::Socket,
            6 => ShownKind::CharacterDevice,
            7 => ShownKind::BlockDevice,
            8 => ShownKind::Other,
            _ => return None,
        };
        let (is_cut, is_single) = (self.flag()?, self.flag()?);
        let entry = Entry { name, kind, is_cut, is_single };
        Some(Frame::Entry { entry, is_exact: self.flag()?, counts_all: self.flag()? })
    }

    fn done(&mut self) -> Option<Frame<'f>> {
        let is_open = self.flag()?;
        let open = self.text()?.to_vec();
        let mut account = Account {
            is_unmarked: self.flag()?,
            is_only_zeros: self.flag()?,
            is_image: self.flag()?,
            ..Account::default()
        };
        for _ in 0..self.number()? {
            let digest = Hash::from_slice(self.text()?).ok()?;
            account.behind.push(Behind { digest, length: self.number()? });
        }
        Some(Frame::Done { open: is_open.then_some(open), account })
    }

    fn failed(&mut self) -> Option<Failed> {
        let kind = self.number()?;
        let (cause, errno) = (self.text()?.to_vec(), self.maybe()?);
        Some(match kind {
            0 => Failed::Archive(cause, errno),
            1 => Failed::Bomb(cause),
            2 => Failed::Read(cause, errno),
            3 => Failed::Internal(cause),
            _ => return None,
        })
    }
}

/// How long the frame is that `bytes` begin with, once its head is there; `None`: it is longer than any.
#[expect(clippy::option_option, reason = "too long, not known yet, and known are three cases")]
pub(super) fn length(bytes: &[u8]) -> Option<Option<usize>> {
    let Some(length) = bytes.first_chunk() else { return Some(None) };
    let length = usize::try_from(u32::from_ne_bytes(*length)).ok()?;
    (1..=LONGEST).contains(&length).then_some(Some(length + 4))
}

/// The frame that these are all bytes of; `None` if they make no sense.
pub(super) fn parse(bytes: &[u8]) -> Option<Frame<'_>> {
    let (head, fields) = bytes.split_at_checked(HEAD)?;
    let mut rest = Rest(fields);
    let frame = match head[HEAD - 1] {
        0 => Frame::Open(rest.opening()?),
        1 => Frame::Data(rest.text()?),
        2 => Frame::Ready { grown: rest.number()? },
        3 => Frame::Wants { at: rest.number()?, length: rest.number()? },
        4 => Frame::Opened,
        5 => rest.entry()?,
        6 => {
            let (is_stored, counted) = (rest.flag()?, rest.counted()?);
            Frame::Bytes { is_stored, counted, bytes: rest.text()? }
        }
        7 => Frame::Zeros { counted: rest.counted()?, length: rest.number()? },
        8 => Frame::End(rest.counted()?),
        9 => rest.done()?,
        10 => Frame::Failed(rest.failed()?),
        _ => return None,
    };
    rest.0.is_empty().then_some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<Frame<'static>> {
        let counted = Counted { undone: 1, compressed: u64::MAX };
        let behind = vec![Behind { digest: blake3::hash(b"x"), length: 3 }];
        let kinds = [
            ShownKind::File,
            ShownKind::Symlink(b"t".to_vec()),
            ShownKind::HardLink(vec![]),
            ShownKind::Directory,
            ShownKind::Fifo,
            ShownKind::Socket,
            ShownKind::CharacterDevice,
            ShownKind::BlockDevice,
            ShownKind::Other,
        ];
        let entries = kinds.into_iter().map(|kind| Frame::Entry {
            entry: Entry { name: b"n\xff\0".to_vec(), kind, is_cut: true, is_single: false },
            is_exact: false,
            counts_all: true,
        });
        let accesses = [Access::Descriptor, Access::Anywhere, Access::InOrder(b"why".to_vec())];
        let openings = accesses.into_iter().map(|access| {
            Frame::Open(Opening {
                name: b"a.7z".to_vec(),
                access,
                size: Some(7),
                is_promised: true,
                ignore_zeros: false,
                limits: ArchiveLimits::default(),
            })
        });
        let failures = [
            Failed::Archive(b"why".to_vec(), Some(2)),
            Failed::Bomb(b"why".to_vec()),
            Failed::Read(vec![], None),
            Failed::Internal(b"x".to_vec()),
        ];
        let account = Account { is_unmarked: true, is_image: true, behind, ..Account::default() };
        let mut all = vec![
            Frame::Data(b"data"),
            Frame::Ready { grown: 5 },
            Frame::Wants { at: 1, length: 2 },
            Frame::Opened,
            Frame::Bytes { bytes: b"content", is_stored: true, counted },
            Frame::Zeros { length: 9, counted },
            Frame::End(counted),
            Frame::Done { open: Some(b"has no end".to_vec()), account },
        ];
        all.extend(entries.chain(openings).chain(failures.map(Frame::Failed)));
        all
    }

    #[test]
    fn what_is_said_is_understood_and_nothing_else_is() {
        for frame in frames() {
            let mut bytes = Vec::new();
            frame.write(&mut bytes);
            assert_eq!(length(&bytes), Some(Some(bytes.len())));
            assert!(parse(&bytes) == Some(frame));
            for cut in 0..bytes.len() {
                assert!(parse(&bytes[..cut]).is_none(), "{cut}");
            }
            bytes.push(0);
            assert!(parse(&bytes).is_none());
        }
        assert!(parse(&[1, 0, 0, 0, 99]).is_none());
        assert_eq!(
            (length(&[0; 4]), length(&[0xff; 4]), length(&[0; 3])),
            (None, None, Some(None))
        );
    }
}
