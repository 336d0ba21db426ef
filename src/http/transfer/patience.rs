//! How long a transfer is waited for.

use std::time::{Duration, Instant};

use super::{Body, Next, Transfer};

/// How long an unwanted body is waited for.
const UNWANTED_TIME: Duration = Duration::from_secs(1);

impl Transfer {
    /// The longest wait for the next byte.
    pub(crate) fn timeout(&self) -> Duration {
        self.request.options.timeout
    }

    /// When to give up, if no byte arrives until then. Connecting has libcurl's own limit, and a transfer that is
    /// paused waits for its reader, not for the server.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.body {
            // After a 401 that libcurl answers by itself, another answer comes.
            Body::Unwanted { since, .. } if self.next != Next::Refuse => {
                Some(since + UNWANTED_TIME)
            }
            _ if !self.connected || self.paused => None,
            _ => self.last_arrival.checked_add(self.request.options.timeout),
        }
    }

    /// When to check the deadline again: it may move, but not to before this.
    pub(crate) fn next_check(&self, now: Instant) -> Instant {
        let soonest = now + self.request.options.timeout.min(UNWANTED_TIME);
        self.deadline().map_or(soonest, |deadline| deadline.min(soonest))
    }

    /// Its server was busy with another request of this process until `busy`, and perhaps answers one at a time.
    /// The timeout of this one counts only from then on.
    pub(crate) fn excuse(&mut self, busy: Instant) {
        if self.answered.is_none() {
            self.last_arrival = self.last_arrival.max(busy);
        }
    }

    /// The reader has made room.
    pub(crate) fn resumed(&mut self) {
        self.paused = false;
        self.last_arrival = Instant::now();
    }
}
