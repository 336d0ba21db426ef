//! Frames, read.

use blake3::Hash;

use super::shape::{Access, Counted, Failed, Frame, HEAD, LONGEST, Opening};
use crate::archive::stream::Entry;
use crate::archive::{Account, Behind};
use crate::options::ArchiveLimits;
use crate::sys::libarchive::ShownKind;

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
        let (has_password, password) = (self.flag()?, self.text()?.to_vec());
        let password = has_password.then_some(password);
        let limits = ArchiveLimits {
            max_decompressed_size: self.maybe()?,
            max_compression_ratio: self.maybe()?.map(f64::from_bits),
            max_archive_entries: self.maybe()?,
            max_entry_name_length: self.maybe()?,
            max_archive_memory: self.maybe()?,
        };
        Some(Opening { name, access, size, is_promised, ignore_zeros, password, limits })
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
pub(crate) fn length(bytes: &[u8]) -> Option<Option<usize>> {
    let Some(length) = bytes.first_chunk() else { return Some(None) };
    let length = usize::try_from(u32::from_ne_bytes(*length)).ok()?;
    (1..=LONGEST).contains(&length).then_some(Some(length + 4))
}

/// The frame that these are all bytes of; `None` if they make no sense.
pub(crate) fn parse(bytes: &[u8]) -> Option<Frame<'_>> {
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
        11 => Frame::GiveUp,
        _ => return None,
    };
    rest.0.is_empty().then_some(frame)
}
