//! The content of a URL.
//!
//! The request is sent when the reader is made, so that several can be under way before the caller waits for
//! one of them. The body is read as it arrives. Samples from further ahead come by requests of their own,
//! beside it.

pub(crate) mod ranges;
pub(crate) mod unasked;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Chunk, Reader, SampleRequest, SampleState};
use crate::error::{Error, Name, Result};
use crate::http::channel::{Received, ReceivedHead};
use crate::http::client::{Response, fetch};
use crate::http::coding::Decoding;
use crate::http::redirect::Hop;
use crate::http::request::Request;
use crate::options::HttpOptions;
use crate::run::context::PULSE;
use crate::web::url::Url;

/// The longest that a reader waits before the engine checks its context: half a pulse, so that a signal which
/// just missed one is seen within a pulse and a half.
const SLICE: Duration = PULSE.checked_div(2).expect("two is not zero");

/// Samples are asked for from this size on: below it, the second connection that a sample needs is hardly
/// made before the whole body has come, even where a round trip takes 20 ms.
const SAMPLED_FROM: u64 = 4 << 20;

/// Bytes of a coded body that are decoded without yielding any content, before the engine may check its
/// context: decoding them takes a few milliseconds.
const MAX_WITHOUT_CONTENT: usize = 128 << 10;

/// How long an answer may take before another transfer may be what keeps its server from answering. Most
/// answers take far less; where one does not, two bodies are compared by their digests.
const SILENT_AFTER: Duration = Duration::from_secs(1);

/// The most bytes that one sample has.
const MAX_SAMPLE: usize = 128 << 10;

/// Content that comes from a server.
pub(crate) struct HttpReader {
    request: Arc<Request>,
    response: Response,
    /// When the request was sent.
    sent: Instant,
    head: Option<Arc<ReceivedHead>>,
    /// Undoes the codings of the body, if it has any.
    decoding: Option<Decoding>,
    /// Which part of the content was asked for, if not all of it.
    part: Option<RequestedPart>,
}

impl HttpReader {
    /// What messages call the URL.
    pub(crate) fn name(&self) -> &Name {
        &self.request.name
    }

    /// Asks for `url`, and does not wait for the answer. Messages call it `name`. So many are read
    /// concurrently.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub(crate) fn start(
        url: &Url,
        name: &Name,
        options: HttpOptions,
        concurrent: usize,
    ) -> Result<Self> {
        let request = Arc::new(Request::new(url, name.clone(), options)?.concurrent(concurrent));
        let response = fetch(Arc::clone(&request), Hop::first(url.clone()))?;
        let sent = Instant::now();
        Ok(Self { request, response, sent, head: None, decoding: None, part: None })
    }

    /// The server or the proxy that it asks.
    pub(crate) fn server(&self) -> &str {
        &self.request.server
    }

    /// Once the reader is prepared: a way to ask for parts of the content, if the server has Range requests.
    pub(crate) fn parts(&self) -> Option<Parts> {
        let stream = self.head.as_ref().filter(|received| received.head.has_ranges())?;
        let size = stream.head.size()?;
        Some(Parts { request: Arc::clone(&self.request), stream: Arc::clone(stream), size })
    }

    /// A forked child would wait for ever for a request that its parent sent.
    fn check_process(&self) -> Result<()> {
        if self.response.is_parents() {
            return Err(Error::read(self.name(), "the process was forked during the transfer"));
        }
        Ok(())
    }
}

impl Reader for HttpReader {
    fn prepare(&mut self) -> Result<bool> {
        if self.head.is_none() {
            self.head = self.response.head(SLICE)?;
            if let (Some(part), Some(received)) = (&self.part, &self.head) {
                part.check(received, self.name())?;
            }
            if let Some(received) = &self.head {
                let decoding = Decoding::new(&received.head.codings);
                self.decoding = decoding.map_err(|cause| undecoded(&self.request.name, &cause))?;
            }
            self.check_process()?;
        }
        Ok(self.head.is_some())
    }

    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if self.response.is_parents() {
            self.check_process()?;
        }
        if let Some(decoding) = &mut self.decoding {
            return decoded(decoding, &mut self.response, &self.request.name);
        }
        Ok(match self.response.receive(SLICE)? {
            Received::Bytes(bytes) => Chunk::Bytes(bytes),
            Received::Waiting => Chunk::Waiting,
            Received::End => Chunk::End,
        })
    }

    fn consume(&mut self, length: u64) {
        let length = usize::try_from(length).expect("no more than a chunk was lent");
        match &mut self.decoding {
            Some(decoding) => decoding.consume(length),
            None => self.response.consume(length),
        }
    }

    fn size(&self) -> Option<u64> {
        self.head.as_ref()?.head.size()
    }

    fn request_sample(&self, offset: u64, length: usize) -> Option<Box<dyn SampleRequest>> {
        let received = self.head.as_ref()?;
        let size = received.head.size().filter(|&size| size >= SAMPLED_FROM)?;
        if !received.head.has_ranges() || length > MAX_SAMPLE {
            return None;
        }
        let request = Arc::new(self.request.for_part(offset, length as u64));
        let response = fetch(request, received.hop.clone()).ok()?;
        Some(Box::new(HttpSample {
            part: RequestedPart {
                stream: Arc::clone(received),
                offset,
                length: length as u64,
                size,
            },
            name: self.name().clone(),
            response: Some(response),
            checked: false,
            bytes: Vec::with_capacity(length),
        }))
    }

    fn silent_server(&self) -> Option<&str> {
        let patience = SILENT_AFTER.min(self.request.timeout() / 4);
        let silent = self.head.is_none() && self.sent.elapsed() >= patience;
        silent.then_some(&*self.request.server)
    }

    fn held_server(&self) -> Option<&str> {
        self.response.is_paused().then_some(&*self.request.server)
    }

    /// A body that came to its end is whole, and does not change afterwards.
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

/// The next content of a coded body.
fn decoded<'d>(
    decoding: &'d mut Decoding,
    response: &mut Response,
    name: &Name,
) -> Result<Chunk<'d>> {
    let (mut taken, mut ended) = (0, false);
    while decoding.content().is_empty() && !decoding.has_ended() {
        let body = match (decoding.needs_input(), ended) {
            (true, false) if taken >= MAX_WITHOUT_CONTENT => return Ok(Chunk::Waiting),
            (true, false) => match response.receive(SLICE)? {
                Received::Bytes(bytes) => bytes,
                Received::Waiting => return Ok(Chunk::Waiting),
                Received::End => {
                    ended = true;
                    &[]
                }
            },
            _ => &[],
        };
        let used = decoding.advance(body, ended).map_err(|cause| undecoded(name, &cause))?;
        response.consume(used);
        taken += used;
    }
    match decoding.content() {
        [] => Ok(Chunk::End),
        content => Ok(Chunk::Bytes(content)),
    }
}

fn undecoded(name: &Name, cause: &str) -> Error {
    Error::read(name, format!("cannot be decoded: {cause}"))
}

/// Asks for parts of a content.
pub(crate) struct Parts {
    request: Arc<Request>,
    /// The head of the response that has the whole content.
    stream: Arc<ReceivedHead>,
    size: u64,
}

impl Parts {
    /// The size of the whole content.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Asks for a part, and does not wait for the answer. It must lie within the size.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub(crate) fn ask(&self, offset: u64, length: u64) -> Result<HttpReader> {
        let request = Arc::new(self.request.for_part(offset, length));
        // At the last hop: following the redirects again takes time, and could end at another server, with
        // another copy.
        let response = fetch(Arc::clone(&request), self.stream.hop.clone())?;
        let part =
            RequestedPart { stream: Arc::clone(&self.stream), offset, length, size: self.size };
        let sent = Instant::now();
        Ok(HttpReader { request, response, sent, head: None, decoding: None, part: Some(part) })
    }
}

/// A part of the content that was asked for.
struct RequestedPart {
    /// The head of the response that has the whole content.
    stream: Arc<ReceivedHead>,
    offset: u64,
    length: u64,
    /// The size of the whole content.
    size: u64,
}

impl RequestedPart {
    /// Is the answer this part of the same content as the stream?
    ///
    /// # Errors
    /// When not, saying what it is.
    fn check(&self, answer: &ReceivedHead, name: &Name) -> Result<()> {
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

/// A sample of the content, on its way.
struct HttpSample {
    part: RequestedPart,
    name: Name,
    /// `None` once the sample will not come.
    response: Option<Response>,
    checked: bool,
    bytes: Vec<u8>,
}

impl HttpSample {
    /// Takes the bytes that have come; `None` where the sample will not come.
    fn advance(&mut self) -> Option<SampleState> {
        let response = self.response.as_mut()?;
        if !self.checked {
            // A request that fails decides nothing, nor does a sample of another content, which another node of
            // the server may have: the stream decides.
            let Ok(received) = response.head(Duration::ZERO) else { return None };
            let Some(received) = received else { return Some(SampleState::Pending) };
            if self.part.check(&received, &self.name).is_err() {
                return None;
            }
            self.checked = true;
        }
        loop {
            let taken = match response.receive(Duration::ZERO) {
                Ok(Received::Bytes(bytes)) => {
                    self.bytes.extend_from_slice(bytes);
                    bytes.len()
                }
                Ok(Received::Waiting) => return Some(SampleState::Pending),
                Ok(Received::End) if self.bytes.len() as u64 == self.part.length => {
                    return Some(SampleState::Ready(std::mem::take(&mut self.bytes)));
                }
                Ok(Received::End) | Err(_) => return None,
            };
            response.consume(taken);
        }
    }
}

impl SampleRequest for HttpSample {
    fn poll(&mut self) -> Result<SampleState> {
        Ok(self.advance().unwrap_or_else(|| {
            self.response = None;
            SampleState::Unavailable
        }))
    }
}
