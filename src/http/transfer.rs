//! One request under way: the callbacks of libcurl.

mod again;
mod answer;
mod attempt;
mod ending;
mod explanation;
mod gate;
mod patience;
mod tls;

use std::sync::Arc;
use std::time::Instant;

use curl::easy::{Easy2, Handler, HttpVersion, InfoType, WriteError};

use super::channel::Sender;
use super::head::{Head, HeadProgress};
use super::redirect::Hop;
use super::request::Request;
use crate::error::Error;
use crate::text::legible::Piece;
use crate::text::redact::redacted;
use crate::web::address::Rule;
pub(crate) use attempt::Attempt;
use explanation::MAX_BODY;
use tls::Tls;

/// The most bytes of the head of one response, with interim responses and trailers. The largest limit of
/// browsers and servers.
const MAX_HEADERS: usize = 256 << 10;

/// The most bytes of an unwanted body (a redirect's, an error's) that are read, so that the connection can be
/// used again.
const MAX_UNWANTED: usize = 64 << 10;

/// The state of libcurl's callbacks.
pub(crate) struct Transfer {
    request: Arc<Request>,
    hop: Hop,
    /// The server that this hop leads to, or the proxy.
    server: Arc<str>,
    /// `None` once the transfer has ended.
    sender: Option<Sender>,
    rule: Rule,
    /// The proxy, as messages call it.
    proxy: Option<String>,
    tls: Tls,
    /// On a new connection: a kept one was tried before.
    again: bool,
    /// The process had no descriptor for its connection.
    lacks_socket: bool,
    /// It is to be by HTTP/1.1.
    by_http_1: bool,
    /// It was not, and its body does not show its end: the request is made again.
    asks_again: bool,
    /// A connection was opened for it.
    opened: bool,
    connected: bool,
    paused: bool,
    /// It is made again, by a connection that its server kept.
    in_line: bool,
    started: Instant,
    /// When the first bytes arrived.
    answered: Option<Instant>,
    /// When bytes last arrived.
    last_arrival: Instant,
    head: Head,
    header_bytes: usize,
    body: Body,
    /// What follows a body that is unwanted.
    next: Next,
    /// The beginning of a body that says why there is no content.
    said: Vec<u8>,
    received: u64,
    /// Why we ended the transfer. It takes the place of libcurl's own error.
    fault: Option<Error>,
}

/// What the body is for.
enum Body {
    /// The head is not complete.
    Unknown,
    Wanted,
    Unwanted {
        seen: usize,
        since: Instant,
    },
}

/// What follows an answer that is no content, once its body has ended or was waited for long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The response has ended already.
    Nothing,
    /// The next hop.
    Follow,
    /// The same, with the password as Digest.
    Digest,
    /// The response ends with an error.
    Refuse,
    /// The same, with what the body says.
    Explain,
}

impl Transfer {
    /// The transfer of `request` at `hop`, ready for libcurl.
    ///
    /// `None` where the hop is refused; its reader gets the reason.
    pub(crate) fn new(next: Attempt) -> Option<Easy2<Self>> {
        let Attempt { request, hop, mut sender, again, lacks_socket: _, in_line, by_http_1 } = next;
        let proxy = request.proxies.proxy_for(hop.url());
        let rule = hop.rule(&request.options);
        if let Some(kind) = rule.refuses_host(hop.url().host()) {
            let cause = hop.refusal(hop.url().host(), kind);
            sender.end(Err(Error::read(&request.name, cause)));
            return None;
        }
        let secure_proxy = proxy.is_some_and(|proxy| proxy.starts_with("https"));
        let tls = Tls::new(hop.url().is_secure(), secure_proxy);
        let now = Instant::now();
        let mut easy = Easy2::new(Self {
            request: Arc::clone(&request),
            server: request.server_of(&hop),
            hop: hop.clone(),
            sender: Some(sender),
            rule,
            proxy: proxy.map(shown),
            tls,
            again,
            lacks_socket: false,
            by_http_1,
            asks_again: false,
            opened: false,
            connected: false,
            paused: false,
            in_line,
            started: now,
            answered: None,
            last_arrival: now,
            head: Head::default(),
            header_bytes: 0,
            body: Body::Unknown,
            next: Next::Nothing,
            said: Vec::new(),
            received: 0,
            fault: None,
        });
        let shown = easy.verbose(tls.is_used());
        let configured = shown.and_then(|()| request.configure(&mut easy, &hop, proxy));
        // Not set to false otherwise: where libcurl is old, every connection must be a new one.
        let anew = |()| if again { easy.fresh_connect(true) } else { Ok(()) };
        let prepared = configured
            .and_then(anew)
            .and_then(|()| if by_http_1 { easy.http_version(HttpVersion::V11) } else { Ok(()) });
        if let Err(error) = prepared {
            let cause = format!("libcurl refuses the request ({error})");
            let cause = easy.get_ref().located(cause);
            easy.get_mut().end(Err(Error::read(&request.name, cause)));
            return None;
        }
        Some(easy)
    }

    /// The server that it is for.
    pub(crate) fn server(&self) -> &Arc<str> {
        &self.server
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// When the first bytes of an answer arrived, if any have.
    pub(crate) fn first_received(&self) -> Option<Instant> {
        self.answered
    }

    /// When bytes of an answer last arrived, if any have.
    pub(crate) fn last_received(&self) -> Option<Instant> {
        self.answered.map(|_| self.last_arrival)
    }

    /// Has it no connection that was kept? Not yet any, or one that was opened for it.
    pub(crate) fn has_own_connection(&self) -> bool {
        self.opened || !self.connected
    }

    /// Was it made again by a connection that its server kept?
    pub(crate) fn is_in_line(&self) -> bool {
        self.in_line && !self.opened
    }

    /// Can its connection be used again once its answer has ended?
    pub(crate) fn keeps_connection(&self) -> bool {
        self.head.keeps_connection()
    }

    /// Does it wait for its reader?
    pub(crate) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Has it no connection yet?
    pub(crate) fn is_connecting(&self) -> bool {
        !self.connected
    }

    /// Are there cookies for the next hop?
    pub(crate) fn sets_cookies(&self) -> bool {
        matches!(self.next, Next::Follow) && self.head.sets_cookies
    }

    /// Takes all cookies that are known once it has been answered.
    pub(crate) fn keep_cookies(&mut self, cookies: Vec<String>) {
        self.hop.keep_cookies(cookies);
    }
}

/// A proxy without user and password. One of the environment's may have no scheme.
fn shown(proxy: &str) -> String {
    let url = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    Piece(&redacted(url.as_bytes())).to_string()
}

impl Handler for Transfer {
    fn debug(&mut self, kind: InfoType, data: &[u8]) {
        self.tls.look(kind, data);
    }

    fn header(&mut self, line: &[u8]) -> bool {
        self.last_arrival = Instant::now();
        self.answered.get_or_insert(self.last_arrival);
        self.connected = true;
        self.header_bytes += line.len();
        // The answer to what libcurl sent before it knew how a password is to be shown was not the last one.
        if self.hop.wants_digest() && line.starts_with(b"HTTP/") && self.next == Next::Refuse {
            (self.body, self.next) = (Body::Unknown, Next::Nothing);
        }
        let cause = if self.header_bytes > MAX_HEADERS {
            format!("the server sent more than {} KiB of headers", MAX_HEADERS >> 10)
        } else if !matches!(self.body, Body::Unknown) {
            // Trailers are not used.
            return true;
        } else {
            match self.head.line(line) {
                Ok(HeadProgress::More) => return true,
                Ok(HeadProgress::Complete) => {
                    self.judge();
                    return !self.asks_again;
                }
                Err(cause) => format!("the server {cause}"),
            }
        };
        self.fault = Some(Error::read(&self.request.name, self.located(cause)));
        false
    }

    fn write(&mut self, bytes: &[u8]) -> std::result::Result<usize, WriteError> {
        self.last_arrival = Instant::now();
        match &mut self.body {
            Body::Wanted => {
                if self.sender.as_mut().is_some_and(|sender| !sender.send(bytes)) {
                    self.paused = true;
                    return Err(WriteError::Pause);
                }
                self.received += bytes.len() as u64;
                Ok(bytes.len())
            }
            Body::Unwanted { seen, .. } => {
                *seen += bytes.len();
                if self.next == Next::Explain {
                    let room = MAX_BODY - self.said.len();
                    self.said.extend_from_slice(&bytes[..bytes.len().min(room)]);
                }
                Ok(if *seen > MAX_UNWANTED { 0 } else { bytes.len() })
            }
            Body::Unknown => Ok(0),
        }
    }
}
