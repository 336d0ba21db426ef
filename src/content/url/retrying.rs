//! How often a content was asked for again, and whether it is just now.

use std::time::Instant;

use crate::error::Error;

#[derive(Default)]
pub(super) struct Retrying {
    /// How often it was asked for again.
    pub(super) tried: usize,
    /// It has failed: when it is asked for again.
    pub(super) due: Option<Instant>,
    /// Why its transfer broke off, while it is not known whether it can go on.
    pub(super) broke: Option<Error>,
}

impl Retrying {
    /// Is an answer waited for that is to go on with the content?
    pub(super) fn is_pending(&self) -> bool {
        self.due.is_some() || self.broke.is_some()
    }
}
