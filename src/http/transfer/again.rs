//! Another attempt, by what the last one has shown.

use std::sync::Arc;

use super::{Attempt, Transfer};

impl Transfer {
    /// Another attempt after one that got no connection.
    pub(crate) fn connect_again(&mut self) -> Option<Attempt> {
        self.repeat(self.again, false)
    }

    /// Another attempt after one that was not answered, by a connection that its server keeps.
    pub(crate) fn ask_in_line(&mut self) -> Option<Attempt> {
        self.repeat(false, false).map(|attempt| Attempt { in_line: true, ..attempt })
    }

    /// One more attempt at the same hop.
    pub(super) fn repeat(&mut self, again: bool, lacks_socket: bool) -> Option<Attempt> {
        let (request, hop) = (Arc::clone(&self.request), self.hop.clone());
        let by_http_1 = self.by_http_1 || self.asks_again;
        let in_line = false;
        let attempt =
            |sender| Attempt { request, hop, sender, again, lacks_socket, in_line, by_http_1 };
        self.sender.take().map(attempt)
    }

    /// One more attempt at the same hop, with the password as Digest.
    pub(super) fn repeat_with_digest(&mut self) -> Option<Attempt> {
        let attempt = self.repeat(false, false)?;
        Some(Attempt { hop: attempt.hop.with_digest(), ..attempt })
    }
}
