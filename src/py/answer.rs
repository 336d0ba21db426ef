//! What a call found, before it is made a Python object.

use crate::outcome::{Difference, GroupOutcome, TreeOutcome};
use crate::run::context::Call;
use crate::source::Source;

/// What a call found, and its limits: they hold until the Python object is made.
pub(super) struct Answered {
    pub(super) answer: Answer,
    /// A part of the call. `None`: the Python object is made at once.
    pub(super) call: Option<Call>,
}

impl Answered {
    /// What was found within a call.
    pub(super) fn within(call: &Call, answer: Answer) -> Self {
        let call = match answer {
            Answer::Same(_) | Answer::Count(_) | Answer::Difference(_) => None,
            Answer::Tree(..) | Answer::Groups(..) => Some(call.part()),
        };
        Self { answer, call }
    }
}

/// What the crate found.
pub(super) enum Answer {
    Same(bool),
    Count(u64),
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
