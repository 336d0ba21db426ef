//! A part of a content, and what has to be true of the answer that brings it.

use std::sync::Arc;

use crate::error::{Error, Name, Result};
use crate::http::channel::ReceivedHead;

/// A part of the content that was asked for.
pub(super) struct RequestedPart {
    /// The head of the response that has the whole content.
    pub(super) stream: Arc<ReceivedHead>,
    pub(super) offset: u64,
    pub(super) length: u64,
    /// The size of the whole content.
    pub(super) size: u64,
}

impl RequestedPart {
    /// Is the answer this part of the same content as the stream?
    ///
    /// # Errors
    /// When not, saying what it is.
    pub(super) fn check(&self, answer: &ReceivedHead, name: &Name) -> Result<()> {
        let (head, stream) = (&answer.head, &self.stream.head);
        let cause = if head.status != 206 || !head.codings.is_empty() {
            "has Range requests by what the server says, and has none"
        } else if !head.may_be_of(stream) {
            "changed while it was compared (another ETag)"
        } else if !head.is_part(self.offset, self.length, self.size) {
            "the server sent another part (206) than it was asked for"
        } else {
            return Ok(());
        };
        Err(Error::answered(name, cause, head.status))
    }
}
