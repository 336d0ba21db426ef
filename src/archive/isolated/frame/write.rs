//! Frames, written.

use super::shape::{Access, Counted, Failed, Frame, HEAD, Opening};
use crate::sys::libarchive::ShownKind;

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
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
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
            Self::GiveUp => 11,
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
        fields.flag(self.password.is_some()).text(self.password.as_deref().unwrap_or_default());
        fields.maybe(limits.max_decompressed_size);
        fields.maybe(limits.max_compression_ratio.map(f64::to_bits));
        fields.maybe(limits.max_archive_entries).maybe(limits.max_entry_name_length);
        fields.maybe(limits.max_archive_memory);
    }
}
