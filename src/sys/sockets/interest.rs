//! What a socket is watched for.

/// What a socket is watched for, or is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interest {
    pub(super) input: bool,
    pub(super) output: bool,
}

impl Interest {
    pub(super) fn is_none(self) -> bool {
        !self.input && !self.output
    }
}
