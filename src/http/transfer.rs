//! One request under way: the callbacks of libcurl.

mod gate;
mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use curl::easy::{Easy2, Handler, HttpVersion, InfoType, WriteError};

use super::channel::{ReceivedHead, Sender};
use super::coding::Decoding;
use super::failure::{self, Circumstances};
use super::head::{Head, HeadProgress};
use super::redirect::Hop;
use super::request::Request;
use crate::error::{Error, Result};
use crate::web::address::Rule;
use tls::Tls;

/// The most bytes of the head of one response, with interim responses and trailers. The largest limit of
/// browsers and servers.
const MAX_HEADERS: usize = 256 << 10;

/// The most bytes of an unwanted body (a redirect's, an error's) that are read, so that the connection can be
/// used again.
const MAX_UNWANTED: usize = 64 << 10;

/// How long an unwanted body is waited for.
const UNWANTED_TIME: Duration = Duration::from_secs(1);

/// The state of libcurl's callbacks.
pub(crate) struct Transfer {
    request: Arc<Request>,
    hop: Hop,
    /// The server that this hop leads to, or the proxy.
    server: Arc<str>,
    /// `None` once the transfer has ended.
    sender: Option<Sender>,
    rule: Rule,
    proxied: bool,
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

/// One attempt to get an answer: the request, and the hop that it goes to.
pub(crate) struct Attempt {
    pub(crate) request: Arc<Request>,
    pub(crate) hop: Hop,
    pub(crate) sender: Sender,
    /// A kept connection had been closed by the server, or there was no descriptor for one: this attempt is to
    /// have a new one.
    pub(crate) again: bool,
    /// There was no descriptor for its connection.
    pub(crate) lacks_socket: bool,
    /// It was made before by a connection of its own, which its server did not look at.
    pub(crate) in_line: bool,
    /// By HTTP/1.1, whose bodies have an end that can be told from a cut. A stream of HTTP/2 ends with a frame
    /// that says so. But libcurl (8.22, and others) takes one that the server gives up with the error
    /// number 0 for one that has come to its end, so that a body without a length may have been cut.
    pub(crate) by_http_1: bool,
}

impl Attempt {
    /// The first one.
    pub(crate) fn first(request: Arc<Request>, hop: Hop, sender: Sender) -> Self {
        let (again, lacks_socket, in_line, by_http_1) = (false, false, false, false);
        Self { request, hop, sender, again, lacks_socket, in_line, by_http_1 }
    }
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
        let proxied = proxy.is_some();
        let secure_proxy = proxy.is_some_and(|proxy| proxy.starts_with("https"));
        let tls = Tls::new(hop.url().is_secure(), secure_proxy);
        let now = Instant::now();
        let mut easy = Easy2::new(Self {
            request: Arc::clone(&request),
            server: request.server_of(&hop),
            hop: hop.clone(),
            sender: Some(sender),
            rule,
            proxied,
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
            easy.get_mut().end(Err(Error::read(&request.name, cause)));
            return None;
        }
        Some(easy)
    }

    /// Ends the response.
    fn end(&mut self, end: Result<()>) {
        if let Some(mut sender) = self.sender.take() {
            sender.end(end);
        }
    }

    /// The reader has made room.
    pub(crate) fn resumed(&mut self) {
        self.paused = false;
        self.last_arrival = Instant::now();
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

    /// Its server was busy with another request of this process until `busy`, and perhaps answers one at a time.
    /// The timeout of this one counts only from then on.
    pub(crate) fn excuse(&mut self, busy: Instant) {
        if self.answered.is_none() {
            self.last_arrival = self.last_arrival.max(busy);
        }
    }

    /// Another attempt after one that got no connection.
    pub(crate) fn connect_again(&mut self) -> Option<Attempt> {
        self.repeat(self.again, false)
    }

    /// Another attempt after one that was not answered, by a connection that its server keeps.
    pub(crate) fn ask_in_line(&mut self) -> Option<Attempt> {
        self.repeat(false, false).map(|attempt| Attempt { in_line: true, ..attempt })
    }

    /// One more attempt at the same hop.
    fn repeat(&mut self, again: bool, lacks_socket: bool) -> Option<Attempt> {
        let (request, hop) = (Arc::clone(&self.request), self.hop.clone());
        let by_http_1 = self.by_http_1 || self.asks_again;
        let in_line = false;
        let attempt =
            |sender| Attempt { request, hop, sender, again, lacks_socket, in_line, by_http_1 };
        self.sender.take().map(attempt)
    }

    /// Does it wait for its reader?
    pub(crate) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Has it no connection yet?
    pub(crate) fn is_connecting(&self) -> bool {
        !self.connected
    }

    /// The longest wait for the next byte.
    pub(crate) fn timeout(&self) -> Duration {
        self.request.options.timeout
    }

    /// When to give up, if no byte arrives until then. Connecting has libcurl's own limit, and a transfer that is
    /// paused waits for its reader, not for the server.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.body {
            Body::Unwanted { since, .. } => Some(since + UNWANTED_TIME),
            _ if !self.connected || self.paused => None,
            _ => self.last_arrival.checked_add(self.request.options.timeout),
        }
    }

    /// When to check the deadline again: it may move, but not to before this.
    pub(crate) fn next_check(&self, now: Instant) -> Instant {
        let soonest = now + self.request.options.timeout.min(UNWANTED_TIME);
        self.deadline().map_or(soonest, |deadline| deadline.min(soonest))
    }

    /// Ends a transfer whose deadline has passed.
    pub(crate) fn give_up(&mut self) -> Option<Attempt> {
        if let Body::Unwanted { .. } = self.body {
            return self.follow();
        }
        let cause = failure::no_data(self.request.options.timeout);
        self.end(Err(Error::read(&self.request.name, cause)));
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
            return self.follow();
        }
        if self.got_only_closed_connections() || (self.lacks_socket && !self.again) {
            return self.repeat(true, self.lacks_socket);
        }
        let name = &self.request.name;
        let known = Circumstances {
            connected: self.connected,
            answered: !matches!(self.body, Body::Unknown),
            received: self.received,
            size: self.head.length(),
            timeout: self.request.options.timeout,
            errno,
        };
        let end = match (self.fault.take(), result) {
            (Some(fault), _) => Err(fault),
            (None, Err(error)) => {
                let (cause, errno) = failure::cause(&error, &known);
                Err(Error::Read { name: name.clone(), cause, errno, status: None })
            }
            (None, Ok(())) if matches!(self.body, Body::Unknown) => {
                Err(Error::read(name, "the connection was closed without an answer"))
            }
            (None, Ok(())) if known.size.is_some_and(|size| size != self.received) => {
                Err(Error::read(name, failure::ended_early(&known)))
            }
            (None, Ok(())) => match self.tls.doubt().filter(|_| self.head.ends_with_connection()) {
                Some(cause) => Err(Error::read(name, cause)),
                None => Ok(()),
            },
        };
        self.end(end);
        None
    }

    /// Did it only get kept connections that the server had closed? A server may close them at any time, and a GET
    /// may be sent again then (RFC 9112, section 9.3.1). libcurl does so by itself on another kept connection, but
    /// only a few times.
    fn got_only_closed_connections(&self) -> bool {
        let kept = self.connected && !self.opened;
        kept && !self.again && self.answered.is_none() && self.fault.is_none()
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

    /// The head is complete: checks whether the body is the content that was asked for.
    fn answered(&mut self) {
        if !self.request.options.decode_content {
            self.head.codings.clear();
        }
        let (head, name) = (&self.head, &self.request.name);
        let follows = self.request.options.follow_redirects && head.is_redirect();
        self.body = Body::Unwanted { seen: 0, since: Instant::now() };
        if follows {
            return;
        }
        let fault = match head.status {
            206 if self.request.part.is_none() => {
                Some("the server sent a part (206), asked for the whole".to_owned())
            }
            200..=299 if head.ends_with_stream() && self.by_http_1 => Some(
                "has no length, and the server has no HTTP/1.1, which would show its end"
                    .to_owned(),
            ),
            200..=299 => Decoding::check(&head.codings).err(),
            _ => Some(format!("the server answered {head}")),
        };
        match fault {
            // The reader need not wait for the body of an error.
            Some(cause) => self.end(Err(Error::answered(name, cause, head.status))),
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
        let cause = if self.header_bytes > MAX_HEADERS {
            format!("the server sent more than {} KiB of headers", MAX_HEADERS >> 10)
        } else if !matches!(self.body, Body::Unknown) {
            // Trailers are not used.
            return true;
        } else {
            match self.head.line(line) {
                Ok(HeadProgress::More) => return true,
                Ok(HeadProgress::Complete) => {
                    self.answered();
                    return !self.asks_again;
                }
                Err(cause) => format!("the server {cause}"),
            }
        };
        self.fault = Some(Error::read(&self.request.name, cause));
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
                Ok(if *seen > MAX_UNWANTED { 0 } else { bytes.len() })
            }
            Body::Unknown => Ok(0),
        }
    }
}
