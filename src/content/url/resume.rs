//! Going on with a content whose transfer has failed: where it broke off, if its server can show that the content is
//! still the same.
//!
//! Until anything of the content has been taken it is asked for anew. From then on only its rest is, by a request
//! that the server refuses where the content has changed; and the answer has to say by itself that it is the rest of the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::decode::undecoded;
use super::{HttpReader, SLICE};
use crate::error::{Error, Result};
use crate::http::channel::ReceivedHead;
use crate::http::client::fetch;
use crate::http::coding::Decoding;
use crate::http::head::validator::Validator;
use crate::options::LONGEST;
use crate::run::retried;

/// What is as good as never: a year.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

impl HttpReader {
    /// Waits for an answer that can be read, for a short time. False if there is none yet.
    pub(super) fn await_answer(&mut self) -> Result<bool> {
        if let Some(due) = self.retrying.due {
            let left = due.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                std::thread::sleep(left.min(SLICE));
                return Ok(false);
            }
            self.retrying.due = None;
            self.ask_again()?;
        }
        match self.response.head(SLICE) {
            Ok(None) => Ok(false),
            Ok(Some(received)) => self.answered(received).map(|()| true),
            Err(error) => self.failed(error).map(|()| false),
        }
    }

    /// Notes that it has failed, and that it is to be asked for again.
    ///
    /// # Errors
    /// The error itself, where it is not likely to pass, or where nothing can be done about it.
    pub(super) fn failed(&mut self, error: Error) -> Result<()> {
        if let (Some(broke), Some(status)) = (&self.retrying.broke, error.status()) {
            match status {
                // Precondition Failed: that is what the request was for.
                412 => return Err(self.changed("its server says so")),
                // Range Not Satisfiable.
                416 => return Err(broke.clone()),
                _ => {}
            }
        }
        let (retries, tried) = (self.request.retries, self.retrying.tried);
        let again = self.response.again().filter(|_| tried < retries.number && self.can_go_on());
        let Some(again) = again else { return Err(error) };
        let delay = again.after.map_or_else(|| retries.delay(tried), |after| after.min(LONGEST));
        retried::note(&error, delay, tried + 1, retries.number);
        self.retrying.tried += 1;
        let now = Instant::now();
        // Too far away for the clock is far enough.
        self.retrying.due = Some(now.checked_add(delay).unwrap_or(now + FAR));
        if self.head.is_some() {
            self.retrying.broke.get_or_insert(error);
        }
        Ok(())
    }

    /// What would show that the rest is of the same content. A coded body cannot be read on from its middle.
    fn validator(&self) -> Option<(Validator, String)> {
        let head = &self.head.as_ref().filter(|_| self.decoding.is_none())?.head;
        let validator = head.validator()?;
        let header = validator.header()?;
        Some((validator, header))
    }

    fn can_go_on(&self) -> bool {
        self.position == 0 || self.validator().is_some()
    }

    fn ask_again(&mut self) -> Result<()> {
        let (request, hop) = match (&self.head, self.validator()) {
            (Some(first), Some((_, header))) if self.position > 0 => {
                let (offset, end) = self.rest();
                (Arc::new(self.request.for_rest(offset, end, header)), first.hop.clone())
            }
            _ => (Arc::clone(&self.request), self.hop.clone()),
        };
        self.response = fetch(request, hop)?;
        self.sent = Instant::now();
        Ok(())
    }

    /// Where the rest of what was asked for begins and ends in the content, as far as that is known.
    fn rest(&self) -> (u64, Option<u64>) {
        match &self.part {
            Some(part) => (part.offset + self.position, Some(part.offset + part.length)),
            None => (self.position, self.head.as_ref().and_then(|first| first.head.size())),
        }
    }

    fn answered(&mut self, received: Arc<ReceivedHead>) -> Result<()> {
        if self.position > 0 {
            self.check_rest(&received)?;
        } else {
            if let Some(first) = &self.head
                && !received.head.is_same_as(&first.head)
            {
                return Err(self.changed("another size, coding or ETag"));
            }
            if let Some(part) = &self.part {
                part.check(&received, self.name())?;
            }
            let decoding = Decoding::new(&received.head.codings);
            self.decoding = decoding.map_err(|cause| undecoded(&self.request.name, &cause))?;
            self.head = Some(received);
        }
        self.retrying.broke = None;
        Ok(())
    }

    /// Is an answer the rest of the content whose beginning was taken?
    ///
    /// # Errors
    /// When not: the one that broke it off, where the server just does not do that.
    fn check_rest(&self, received: &ReceivedHead) -> Result<()> {
        let (head, broke) = (&received.head, self.retrying.broke.as_ref());
        let broke = || broke.cloned().unwrap_or_else(|| self.changed("it broke off"));
        let Some((validator, _)) = self.validator() else { return Err(broke()) };
        if validator.is_refuted_by(head) {
            return Err(self.changed("another ETag or date"));
        }
        if head.status != 206 || !head.codings.is_empty() || !validator.is_of(head) {
            return Err(broke());
        }
        let (offset, end) = self.rest();
        let whole = match &self.part {
            Some(part) => Some(part.size),
            None => end,
        };
        if !head.is_rest(offset, end, whole) {
            let cause = "the server sent another part (206) than it was asked for";
            return Err(Error::answered(self.name(), cause, head.status));
        }
        Ok(())
    }

    fn changed(&self, how: &str) -> Error {
        Error::read(self.name(), format!("changed while it was compared ({how})"))
    }
}
