//! What a comparison found.

/// Why two things of the same name are not the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DiffReason {
    /// Of the same size, or of unknown size, with different bytes.
    ContentMismatch,
    /// Of known, different sizes.
    SizeMismatch,
}

/// The verdict on one pair: `None` if every byte is identical, else why not.
pub type PairOutcome = Option<DiffReason>;
