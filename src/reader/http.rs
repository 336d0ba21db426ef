//! URLs.
//!
//! The request is sent when the reader is made, so that several can be under way before anybody
//! waits for one of them. The body is read as it arrives; samples of what is still far away come
//! by requests of their own, beside it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Chunk, Reader, SampleRequest, SampleState};
use crate::context::PULSE;
use crate::error::{Error, Name, Result};
use crate::http::channel::{Received, ReceivedHead};
use crate::http::client::{Response, fetch};
use crate::http::coding::Decoding;
use crate::http::redirect::Hop;
use crate::http::request::Request;
use crate::http::url::Url;
use crate::options::HttpOptions;

/// The longest that a reader waits before the engine looks at its context: half a pulse, so that a
/// signal which just missed one is seen within a pulse and a half.
const SLICE: Duration = PULSE.checked_div(2).expect("two is not zero");

/// Content from this size on is worth sampling: below it, the second connection that a sample needs is
/// hardly made before the stream has everything, even where a round trip takes 20 ms.
const PROBED_FROM: u64 = 4 << 20;

/// Bytes of a coded body that are taken without any content coming of them, before the engine may look
/// at its context: decoding them takes a few milliseconds.
const CODED: usize = 128 << 10;

/// How long an answer may take before it is asked whether its server is kept from it by another
/// transfer. Most answers take far less; where one does not, two bodies are compared by their digests.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most that one request for a sample asks for.
const MAX_PROBE: usize = 128 << 10;

/// Content that comes from a server.
pub struct HttpReader {
    request: Arc<Request>,
    response: Response,
    /// When the request was sent.
    sent: Instant,
    answer: Option<Arc<ReceivedHead>>,
    /// How its bytes become content, where they are not that.
    decoding: Option<Decoding>,
    /// If it is not all of the content: which part.
    part: Option<Part>,
}

impl HttpReader {
    /// Asks for `url`, and does not wait for the answer. `name` is what messages call it.
    /// `among` so many it is read side by side.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub(crate) fn start(
        url: &Url,
        name: &Name,
        options: HttpOptions,
        among: usize,
    ) -> Result<Self> {
        let request = Arc::new(Request::new(url, name.clone(), options).among(among));
        let response = fetch(Arc::clone(&request), Hop::first(url.clone()))?;
        let sent = Instant::now();
        Ok(Self { request, response, sent, answer: None, decoding: None, part: None })
    }

    /// The server or the proxy that it asks.
    pub(crate) fn server(&self) -> &str {
        &self.request.server
    }

    /// Once it is prepared: how parts of the content are asked for, if they can be.
    pub(crate) fn parts(&self) -> Option<Parts> {
        let stream = self.answer.as_ref().filter(|answer| answer.head.has_ranges())?;
        let size = stream.head.size()?;
        Some(Parts { request: Arc::clone(&self.request), stream: Arc::clone(stream), size })
    }

    /// A child of the process that sent the request would wait for ever.
    fn still_coming(&self) -> Result<()> {
        if self.response.is_parents() {
            return Err(Error::read(self.name(), "the process was forked during the transfer"));
        }
        Ok(())
    }
}

impl Reader for HttpReader {
    fn prepare(&mut self) -> Result<bool> {
        if self.answer.is_none() {
            self.answer = self.response.head(SLICE)?;
            if let (Some(part), Some(answer)) = (&self.part, &self.answer) {
                part.check(answer, self.name())?;
            }
            if let Some(answer) = &self.answer {
                let decoding = Decoding::new(&answer.head.codings);
                self.decoding = decoding.map_err(|cause| undecoded(&self.request.name, &cause))?;
            }
            self.still_coming()?;
        }
        Ok(self.answer.is_some())
    }

    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if self.response.is_parents() {
            self.still_coming()?;
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
        let length = usize::try_from(length).expect("no more than a chunk was shown");
        match &mut self.decoding {
            Some(decoding) => decoding.consume(length),
            None => self.response.consume(length),
        }
    }

    fn size(&self) -> Option<u64> {
        self.answer.as_ref()?.head.size()
    }

    fn name(&self) -> &Name {
        &self.request.name
    }

    fn request_sample(&self, offset: u64, length: usize) -> Option<Box<dyn SampleRequest>> {
        let answer = self.answer.as_ref()?;
        let size = answer.head.size().filter(|&size| size >= PROBED_FROM)?;
        if !answer.head.has_ranges() || length > MAX_PROBE {
            return None;
        }
        let request = Arc::new(self.request.for_part(offset, length as u64));
        let response = fetch(request, answer.hop.clone()).ok()?;
        Some(Box::new(HttpSample {
            part: Part { stream: Arc::clone(answer), offset, length: length as u64, size },
            name: self.name().clone(),
            response: Some(response),
            checked: false,
            bytes: Vec::with_capacity(length),
        }))
    }

    fn silent_server(&self) -> Option<&str> {
        let patience = PATIENCE.min(self.request.timeout() / 4);
        let silent = self.answer.is_none() && self.sent.elapsed() >= patience;
        silent.then_some(&*self.request.server)
    }

    fn held_server(&self) -> Option<&str> {
        self.response.is_held_up().then_some(&*self.request.server)
    }

    /// A body that came to its end came whole, and nothing after it matters.
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

/// What comes next of a coded body.
fn decoded<'d>(
    decoding: &'d mut Decoding,
    response: &mut Response,
    name: &Name,
) -> Result<Chunk<'d>> {
    let (mut taken, mut ended) = (0, false);
    while decoding.content().is_empty() && !decoding.has_ended() {
        let body = match (decoding.needs_input(), ended) {
            (true, false) if taken >= CODED => return Ok(Chunk::Waiting),
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
        let step = decoding.advance(body, ended).map_err(|cause| undecoded(name, &cause))?;
        response.consume(step);
        taken += step;
    }
    match decoding.content() {
        [] => Ok(Chunk::End),
        content => Ok(Chunk::Bytes(content)),
    }
}

fn undecoded(name: &Name, cause: &str) -> Error {
    Error::read(name, format!("cannot be decoded: {cause}"))
}

/// How parts of a content are asked for.
pub(crate) struct Parts {
    request: Arc<Request>,
    /// What the content itself was answered with.
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
        // From where the content came: the way there need not be gone again, and could end at
        // another server, with another copy.
        let response = fetch(Arc::clone(&request), self.stream.hop.clone())?;
        let part = Part { stream: Arc::clone(&self.stream), offset, length, size: self.size };
        let sent = Instant::now();
        Ok(HttpReader { request, response, sent, answer: None, decoding: None, part: Some(part) })
    }
}

/// A part of the content, as it is asked for.
struct Part {
    /// What the content itself was answered with.
    stream: Arc<ReceivedHead>,
    offset: u64,
    length: u64,
    /// The size of the whole content.
    size: u64,
}

impl Part {
    /// Is the answer this part of the very content that the stream is of?
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

/// A part of the content, on its way.
struct HttpSample {
    part: Part,
    name: Name,
    /// `None` once the part is of no use.
    response: Option<Response>,
    checked: bool,
    bytes: Vec<u8>,
}

impl HttpSample {
    /// Takes what has come; `None`: nothing of use will.
    fn advance(&mut self) -> Option<SampleState> {
        let response = self.response.as_mut()?;
        if !self.checked {
            // One that fails settles nothing, nor does one of another content, as another node of the
            // server may have it: the stream will.
            let Ok(answer) = response.head(Duration::ZERO) else { return None };
            let Some(answer) = answer else { return Some(SampleState::Pending) };
            if self.part.check(&answer, &self.name).is_err() {
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
