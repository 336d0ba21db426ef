//! What a comparison found.

use std::time::Duration;

use crate::error::Error;

/// Why two contents or two entries differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DiffReason {
    /// They have different bytes; their sizes are the same, or not known.
    ContentMismatch,
    /// They have different sizes.
    SizeMismatch,
    /// They are of different kinds, a file and a directory for example.
    TypeMismatch,
}

/// The first byte in which two contents differ, and what each has from there on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it is, counted from 0. Where one content is the beginning of the other, its length.
    pub offset: u64,
    /// The line that it is in, counted from 1. `b"\n"` ends a line.
    pub line: u64,
    /// The first bytes of the left content from there on, as many as were asked for; empty at its end.
    pub left: Vec<u8>,
    /// The same of the right content.
    pub right: Vec<u8>,
    /// The size of the left content, where it is known.
    pub left_size: Option<u64>,
    /// The size of the right content, where it is known.
    pub right_size: Option<u64>,
}

impl Difference {
    /// The same difference, seen from the other side. What lies before it is the same, its lines too.
    #[must_use]
    pub(crate) fn with_sides_exchanged(self) -> Self {
        Self {
            left: self.right,
            right: self.left,
            left_size: self.right_size,
            right_size: self.left_size,
            ..self
        }
    }
}

/// How it is known that two contents are identical, or that they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Proof {
    /// Their bytes were compared.
    Bytes,
    /// Both names lead to one and the same file or directory.
    SameFile,
    /// Their sizes were compared.
    Size,
    /// Cryptographic digests of all their bytes were compared.
    Digest,
    /// A server's digests of the whole contents were compared.
    Server,
    /// A manifest's digest of all bytes was compared, of this algorithm and those that follow.
    Md5,
    /// By SHA-1.
    Sha1,
    /// By SHA-224.
    Sha224,
    /// By SHA-256.
    Sha256,
    /// By SHA-384.
    Sha384,
    /// By SHA-512.
    Sha512,
    /// By `BLAKE2b`.
    Blake2b,
    /// By BLAKE3.
    Blake3,
}

impl Proof {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Bytes,
        Self::SameFile,
        Self::Size,
        Self::Digest,
        Self::Server,
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Blake2b,
        Self::Blake3,
    ];

    /// The algorithm of a manifest's digest.
    #[must_use]
    pub fn algorithm(self) -> Option<&'static str> {
        Some(match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Blake2b => "blake2b",
            Self::Blake3 => "blake3",
            Self::Bytes | Self::SameFile | Self::Size | Self::Digest | Self::Server => return None,
        })
    }
}

/// How two contents differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unequal {
    /// Why they are not the same.
    pub reason: DiffReason,
    /// The offset of the first byte that differs, where that is what was found. Sizes, digests and samples from
    /// further on do not show it.
    pub offset: Option<u64>,
}

impl Unequal {
    /// Their sizes differ.
    pub(crate) const SIZES: Self = Self { reason: DiffReason::SizeMismatch, offset: None };

    /// They differ somewhere.
    pub(crate) const SOMEWHERE: Self = Self { reason: DiffReason::ContentMismatch, offset: None };

    /// Here they differ first.
    pub(crate) fn at(offset: u64) -> Self {
        Self { reason: DiffReason::ContentMismatch, offset: Some(offset) }
    }
}

/// The verdict on one pair: `None` if every byte is identical, else how they differ.
pub type PairOutcome = Option<Unequal>;

/// What was found at one path of two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is identical in both; how that is known, where content was to be compared. Where both trees contain
    /// one and the same directory, its path stands for everything in it.
    Equal(Option<Proof>),
    /// Both trees have it, and it differs.
    Differs(Mismatch),
    /// Only the left tree has it.
    OnlyLeft,
    /// Only the right tree has it.
    OnlyRight,
    /// Only the left tree has the path, and only the right one has another path with the same content.
    Moved(Box<Moved>),
    /// It could not be compared, for this reason.
    Failed(Box<Error>),
}

/// Where the content of a path has moved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The path that the right tree has it under.
    pub to: Vec<u8>,
    /// How it is known that the two contents are identical.
    pub proof: Proof,
}

/// How something differs that two trees have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Why it is not the same.
    pub reason: DiffReason,
    /// How that is known, where content was compared.
    pub proof: Option<Proof>,
    /// Where it differs, if that was asked for.
    pub difference: Option<Box<Difference>>,
}

impl Finding {
    /// Both trees have it, and it differs; which is known by the size if that is what differs, and by the
    /// bytes if they do.
    #[must_use]
    pub fn differs(reason: DiffReason) -> Self {
        let proof = match reason {
            DiffReason::ContentMismatch => Some(Proof::Bytes),
            DiffReason::SizeMismatch => Some(Proof::Size),
            DiffReason::TypeMismatch => None,
        };
        Self::Differs(Mismatch { reason, proof, difference: None })
    }

    /// Both trees have it, and it differs here, if that was asked for.
    #[must_use]
    pub(crate) fn differs_at(reason: DiffReason, difference: Option<Difference>) -> Self {
        match Self::differs(reason) {
            Self::Differs(mismatch) => {
                Self::Differs(Mismatch { difference: difference.map(Box::new), ..mismatch })
            }
            other => other,
        }
    }

    /// It could not be compared.
    #[must_use]
    pub fn failed(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }

    /// How it is known, where content was compared.
    #[must_use]
    pub fn proof(&self) -> Option<Proof> {
        match self {
            Self::Equal(proof) => *proof,
            Self::Differs(mismatch) => mismatch.proof,
            Self::Moved(moved) => Some(moved.proof),
            Self::OnlyLeft | Self::OnlyRight | Self::Failed(_) => None,
        }
    }
}

/// How two trees differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeOutcome {
    /// Every path of either tree that is not identical in both, in the order of the paths' bytes.
    pub findings: Vec<(Vec<u8>, Finding)>,
    /// Every path that is identical, in the order of the paths' bytes; empty unless they were asked for.
    pub equal: Vec<Vec<u8>>,
    /// Directories that only one tree has, but none within another, in the order of the paths' bytes.
    pub directories: Vec<Vec<u8>>,
    /// Was everything compared? Not where the call ended with the last of the findings it was to find.
    pub complete: bool,
}

impl TreeOutcome {
    /// Was everything compared, and is all of it identical?
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.complete && self.findings.is_empty()
    }
}

/// How much was compared, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Entries whose verdict is known: all that follow.
    pub entries: u64,
    /// Those that are identical.
    pub equal: u64,
    /// Those that both sides have, and that differ.
    pub differing: u64,
    /// Those that only the left side has.
    pub only_left: u64,
    /// Those that only the right side has.
    pub only_right: u64,
    /// Those that only the left side has, and whose content only the right side has under another path: each
    /// is one entry with two paths.
    pub moved: u64,
    /// Those that could not be compared.
    pub failed: u64,
    /// Bytes of content that were compared; those of a pair count once.
    pub bytes: u64,
    /// How many verdicts are known by each proof, in the order of [`Proof::ALL`].
    pub proofs: [u64; Proof::ALL.len()],
    /// How long it took.
    pub elapsed: Duration,
}

/// Which of several sources are identical.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupOutcome {
    /// The sources by their index in the list: those of one group have the same content. A group's
    /// members are in the order of the list, and so are the groups by their first members.
    pub groups: Vec<Vec<usize>>,
}

impl GroupOutcome {
    /// Do all sources have the same content?
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.groups.len() < 2
    }
}

/// One of the two sides of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

impl Side {
    /// This side's of two things.
    pub(crate) fn of<T>(self, [left, right]: [&T; 2]) -> &T {
        match self {
            Self::Left => left,
            Self::Right => right,
        }
    }

    /// The same, to be changed.
    pub(crate) fn of_mut<T>(self, [left, right]: &mut [T; 2]) -> &mut T {
        match self {
            Self::Left => left,
            Self::Right => right,
        }
    }

    /// The side that this one is compared with.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }

    /// What is found where only this side has an entry.
    pub(crate) fn only(self) -> Finding {
        match self {
            Self::Left => Finding::OnlyLeft,
            Self::Right => Finding::OnlyRight,
        }
    }
}
