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
