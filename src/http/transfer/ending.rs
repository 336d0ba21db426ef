//! How a transfer ends: with its content, with an error, or with another attempt.

use std::sync::Arc;

use super::{Attempt, Body, Next, Transfer, explanation};
use crate::error::{Error, Result};
use crate::http::channel::Again;
use crate::http::failure::{self, Circumstances};

impl Transfer {
    /// Ends the response.
    pub(super) fn end(&mut self, end: Result<()>) {
        if let Some(mut sender) = self.sender.take() {
            sender.end(end);
        }
    }

    /// Ends the response with an error that is likely to pass.
    fn end_for_now(&mut self, error: Error) {
        if let Some(mut sender) = self.sender.take() {
            sender.end_for_now(Err(error), Some(Again { after: None }));
        }
    }

    /// Ends a transfer whose deadline has passed.
    pub(crate) fn give_up(&mut self) -> Option<Attempt> {
        if matches!(self.body, Body::Unwanted { .. }) && self.next != Next::Refuse {
            return self.go_on();
        }
        let cause =
            self.located(failure::no_data(self.request.options.timeout, self.proxy.as_deref()));
        self.end_for_now(Error::read(&self.request.name, cause));
        None
    }

    /// Ends the transfer with libcurl's result.
    pub(crate) fn finish(
        &mut self,
        result: std::result::Result<(), curl::Error>,
        errno: Option<i32>,
    ) -> Option<Attempt> {
        if self.asks_again {
            return self.repeat(false, false);
        }
        if self.fault.is_none() && matches!(self.body, Body::Unwanted { .. }) {
            return self.go_on();
        }
        if self.got_only_closed_connections() || (self.lacks_socket && !self.again) {
            return self.repeat(true, self.lacks_socket);
        }
        let fault = self.fault.take();
        let may_pass = fault.is_none() && result.as_ref().err().is_none_or(failure::may_pass);
        let name = &self.request.name;
        let known = Circumstances {
            connected: self.connected,
            answered: !matches!(self.body, Body::Unknown),
            received: self.received,
            size: self.head.length(),
            timeout: self.request.options.timeout,
            errno,
            proxy: self.proxy.as_deref(),
        };
        let read = |cause: String| Err(Error::read(name, self.located(cause)));
        let end = match (fault, result) {
            (Some(fault), _) => Err(fault),
            (None, Err(error)) => {
                let (cause, errno) = failure::cause(&error, &known);
                let cause = self.located(cause);
                Err(Error::Read { name: name.clone(), cause, errno, status: None })
            }
            (None, Ok(())) if matches!(self.body, Body::Unknown) => {
                read("the connection was closed without an answer".to_owned())
            }
            (None, Ok(())) if known.size.is_some_and(|size| size != self.received) => {
                read(failure::ended_early(&known))
            }
            (None, Ok(())) => match self.tls.doubt().filter(|_| self.head.ends_with_connection()) {
                Some(cause) => read(cause.to_owned()),
                None => Ok(()),
            },
        };
        match end {
            Err(error) if may_pass => self.end_for_now(error),
            end => self.end(end),
        }
        None
    }

    /// Did it only get kept connections that the server had closed? A server may close them at any time, and a GET
    /// may be sent again then (RFC 9112, section 9.3.1). libcurl does so by itself on another kept connection, but
    /// only a few times.
    fn got_only_closed_connections(&self) -> bool {
        let kept = self.connected && !self.opened;
        kept && !self.again && self.answered.is_none() && self.fault.is_none()
    }

    /// What follows an answer that is no content.
    fn go_on(&mut self) -> Option<Attempt> {
        match self.next {
            Next::Nothing => None,
            Next::Follow => self.follow(),
            Next::Digest => self.repeat_with_digest(),
            Next::Refuse => {
                self.refuse_answer(self.refusal());
                None
            }
            Next::Explain => {
                let (mut cause, status) = (self.refusal(), self.head.to_string());
                if let Some(line) = explanation::of(&self.said, &status, &self.request) {
                    cause = format!("{cause}: {line}");
                }
                self.refuse_answer(cause);
                None
            }
        }
    }

    /// The attempt at the next hop, after a redirect.
    fn follow(&mut self) -> Option<Attempt> {
        let sender = self.sender.take()?;
        let location = self.head.location.as_deref().unwrap_or_default();
        match self.hop.follow(location) {
            Ok(hop) => {
                let request = Arc::clone(&self.request);
                Some(Attempt::first(request, hop, sender))
            }
            Err(cause) => {
                self.sender = Some(sender);
                self.end(Err(Error::answered(&self.request.name, cause, self.head.status)));
                None
            }
        }
    }
}
