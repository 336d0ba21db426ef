//! One entry of a zip, as its record in the index has it.

use super::super::contract::Sort;
use super::fields::HEADER_LENGTH;

/// An entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) kind: MemberKind,
    /// Is all said of it in its record, so that any reader understands it alike?
    pub(crate) is_plain: bool,
    pub(super) flags: u16,
    pub(crate) method: u16,
    pub(crate) checksum: u32,
    /// Where its header is.
    pub(crate) offset: u64,
    /// How many bytes are stored.
    pub(crate) packed: u64,
    /// How many bytes the content has.
    pub(crate) size: u64,
    /// Where its name begins among all names.
    pub(super) name: u32,
    pub(super) name_length: u16,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemberKind {
    File,
    Directory,
    Link,
    /// A device, for example.
    Other,
}

impl From<MemberKind> for Sort {
    fn from(kind: MemberKind) -> Self {
        match kind {
            MemberKind::File => Self::File,
            MemberKind::Link => Self::Link,
            MemberKind::Directory | MemberKind::Other => Self::Other,
        }
    }
}

impl Member {
    pub(super) fn new(
        kind: MemberKind,
        is_plain: bool,
        [flags, method]: [u16; 2],
        checksum: u32,
        [offset, packed, size]: [u64; 3],
        name_length: u16,
    ) -> Self {
        Self { kind, is_plain, flags, method, checksum, offset, packed, size, name: 0, name_length }
    }

    /// Where what belongs to it ends, if its header has no extra fields.
    pub(super) fn end(&self) -> u64 {
        let header = HEADER_LENGTH as u64 + u64::from(self.name_length);
        self.offset.saturating_add(header).saturating_add(self.packed)
    }
}
