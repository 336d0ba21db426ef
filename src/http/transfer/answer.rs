//! What a complete head means: content that was asked for, a place to look elsewhere, or a refusal.

use std::time::Instant;

use super::{Body, Next, Transfer};
use crate::error::Error;
use crate::http::channel::{Again, ReceivedHead};
use crate::http::coding::Decoding;
use crate::options::Auth;

/// The statuses whose bodies say why, in words: storages answer 400 where a signature has expired.
const EXPLAINED: [u16; 2] = [400, 403];

/// The statuses that are likely to pass: those that curl and others try again.
const PASSING: [u16; 6] = [408, 429, 500, 502, 503, 504];

impl Transfer {
    /// The head is complete: checks whether the body is the content that was asked for.
    pub(super) fn judge(&mut self) {
        if !self.request.options.decode_content {
            self.head.codings.clear();
        }
        self.body = Body::Unwanted { seen: 0, since: Instant::now() };
        let head = &self.head;
        if self.request.options.follow_redirects && head.is_redirect() {
            self.next = Next::Follow;
            return;
        }
        if head.status == 401
            && let Some(next) = self.next_scheme()
        {
            self.next = next;
            return;
        }
        let cause = match head.status {
            206 if self.request.part.is_none() => {
                Some("the server sent a part (206), asked for the whole".to_owned())
            }
            200..=299 if head.ends_with_stream() && self.by_http_1 => Some(
                "has no length, and the server has no HTTP/1.1, which would show its end"
                    .to_owned(),
            ),
            200..=299 => Decoding::check(&head.codings).err(),
            status if EXPLAINED.contains(&status) && head.codings.is_empty() => {
                self.next = Next::Explain;
                return;
            }
            _ => Some(self.refusal()),
        };
        match cause {
            // The reader need not wait for the body of an error.
            Some(cause) => self.refuse_answer(cause),
            None if head.ends_with_stream() => self.asks_again = true,
            None => {
                self.body = Body::Wanted;
                let received = ReceivedHead { head: head.clone(), hop: self.hop.clone() };
                if let Some(sender) = &mut self.sender {
                    sender.send_head(received);
                }
            }
        }
    }

    /// How the password is sent where Basic was refused, or is not sent at first.
    fn next_scheme(&self) -> Option<Next> {
        let has_password = matches!(self.request.auth, Some(Auth::Password(..)));
        if !self.hop.is_trusted() || !has_password {
            return None;
        }
        if self.hop.wants_digest() {
            // libcurl goes on by itself, unless this is the answer to what it sent then.
            return Some(Next::Refuse);
        }
        let only_digest = self.head.asks_for("Digest") && !self.head.asks_for("Basic");
        only_digest.then_some(Next::Digest)
    }

    /// Ends the response with an error for its head.
    pub(super) fn refuse_answer(&mut self, cause: String) {
        let status = self.head.status;
        let error = Error::answered(&self.request.name, self.located(cause), status);
        let after = self.head.retry_after();
        let again = PASSING.contains(&status).then_some(Again { after });
        if let Some(mut sender) = self.sender.take() {
            sender.end_for_now(Err(error), again);
        }
    }

    /// What an answer that is no content says.
    pub(super) fn refusal(&self) -> String {
        let (head, asked) = (&self.head, self.head.schemes());
        match (head.status, &self.proxy) {
            (401, _) => {
                let refused = self.hop.is_trusted() && self.request.sends_credentials();
                let refused = if refused { ", and refused what was sent" } else { "" };
                let asked = asked.map(|schemes| format!(", and asks for {schemes}"));
                format!("the server answered {head}{refused}{}", asked.unwrap_or_default())
            }
            (407, Some(proxy)) => {
                let asked = asked.map(|schemes| format!(", and asks for {schemes}"));
                format!("the proxy {proxy} answered {head}{}", asked.unwrap_or_default())
            }
            // It may be either's.
            (502..=504, Some(proxy)) => {
                format!("the server or the proxy {proxy} answered {head}")
            }
            _ => format!("the server answered {head}"),
        }
    }

    /// A cause, and where the redirects led.
    pub(super) fn located(&self, cause: String) -> String {
        if self.hop.is_first() { cause } else { self.hop.located(&cause) }
    }
}
