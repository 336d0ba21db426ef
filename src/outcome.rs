//! What a comparison found.

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
}

/// The verdict on one pair: `None` if every byte is identical, else why not.
pub type PairOutcome = Option<DiffReason>;

/// What was found at one path of two trees, where it is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Both trees have it, and it differs.
    Differs(DiffReason),
    /// Only the left tree has it.
    OnlyLeft,
    /// Only the right tree has it.
    OnlyRight,
    /// It could not be compared, for this reason.
    Failed(String),
}

/// How two trees differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeOutcome {
    /// Every path of either tree that is not identical in both, in the order of the paths' bytes. If there is
    /// none, every entry was compared and found identical.
    pub findings: Vec<(Vec<u8>, Finding)>,
    /// Every path that is identical, in the order of the paths' bytes; empty unless
    /// [`list_equal`](crate::Options::list_equal) is set. Where both trees contain one and the same
    /// directory, its path stands for everything in it.
    pub equal: Vec<Vec<u8>>,
}

impl TreeOutcome {
    /// Was everything compared, and is all of it identical?
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.findings.is_empty()
    }
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
