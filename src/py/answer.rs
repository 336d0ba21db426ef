//! What a call found, before it is made a Python object.

use crate::outcome::{Difference, GroupOutcome, TreeOutcome};
use crate::run::context::Call;
use crate::source::Source;

/// What a call found, and its limits: they hold until the Python object is made.
pub(super) struct Answered {
    pub(super) answer: Answer,
    /// A part of the call.
    pub(super) call: Call,
}

/// What the crate found.
pub(super) enum Answer {
    Same(bool),
    Difference(Option<Box<Difference>>),
    Tree(TreeOutcome, Names),
    Groups(Vec<Source>, GroupOutcome),
}

/// What the names in a result are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Paths of this machine.
    Paths,
    /// Names of an archive's entries.
    Entries,
}
