//! The content of a URL.
//!
//! The request is sent when the reader is made, so that several can be under way before the caller waits for
//! one of them. The body is read as it arrives. Samples from further ahead come by requests of their own,
//! beside it.

mod decode;
mod part;
pub(crate) mod ranges;
mod resume;
mod retrying;
mod sample;
pub(crate) mod unasked;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::part::RequestedPart;
use self::retrying::Retrying;
use self::sample::HttpSample;
use super::{Chunk, Reader, SampleRequest};
use crate::error::{Error, Name, Result};
use crate::http::channel::{Received, ReceivedHead};
use crate::http::client::{Response, fetch};
use crate::http::coding::Decoding;
use crate::http::redirect::Hop;
use crate::http::request::Request;
use crate::options::{HttpOptions, Retries};
use crate::run::context::PULSE;
use crate::web::url::Url;

/// The longest that a reader waits before the engine checks its context: half a pulse, so that a signal which
/// just missed one is seen within a pulse and a half.
const SLICE: Duration = PULSE.checked_div(2).expect("two is not zero");

/// Samples are asked for from this size on: below it, the second connection that a sample needs is hardly
/// made before the whole body has come, even where a round trip takes 20 ms.
const SAMPLED_FROM: u64 = 4 << 20;

/// How long an answer may take before another transfer may be what keeps its server from answering. Most
/// answers take far less; where one does not, two bodies are compared by their digests.
const SILENT_AFTER: Duration = Duration::from_secs(1);

/// The most bytes that one sample has.
const MAX_SAMPLE: usize = 128 << 10;

/// Content that comes from a server.
pub(crate) struct HttpReader {
    request: Arc<Request>,
    /// Where the request was sent first.
    hop: Hop,
    response: Response,
    /// When the request was sent.
    sent: Instant,
    head: Option<Arc<ReceivedHead>>,
    /// Undoes the codings of the body, if it has any.
    decoding: Option<Decoding>,
    /// Which part of the content was asked for, if not all of it.
    part: Option<RequestedPart>,
    /// How many bytes of the content, or of that part, have been taken.
    position: u64,
    retrying: Retrying,
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
        retries: Retries,
        concurrent: usize,
    ) -> Result<Self> {
        let request = Request::new(url, name.clone(), options, retries)?.concurrent(concurrent);
        Self::ask(Arc::new(request), Hop::first(url.clone()), None)
    }

    /// Sends a request, and does not wait for the answer.
    fn ask(request: Arc<Request>, hop: Hop, part: Option<RequestedPart>) -> Result<Self> {
        let response = fetch(Arc::clone(&request), hop.clone())?;
        let (sent, retrying) = (Instant::now(), Retrying::default());
        let (head, decoding, position) = (None, None, 0);
        Ok(Self { request, hop, response, sent, head, decoding, part, position, retrying })
    }

    /// The `ETag` of the answer, once the reader is prepared.
    pub(crate) fn etag(&self) -> Option<&[u8]> {
        self.head.as_ref()?.head.etag()
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
            self.await_answer()?;
            self.check_process()?;
        }
        Ok(self.head.is_some())
    }

    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if self.response.is_parents() {
            self.check_process()?;
        }
        if self.retrying.is_pending() && !self.await_answer()? {
            return Ok(Chunk::Waiting);
        }
        let received = match &mut self.decoding {
            Some(decoding) => {
                decode::decode(decoding, &mut self.response, &self.request.name, SLICE)
            }
            None => self.response.receive(SLICE),
        };
        match received {
            Ok(Received::Bytes) => Ok(Chunk::Bytes(match &self.decoding {
                Some(decoding) => decoding.content(),
                None => self.response.bytes(),
            })),
            Ok(Received::Waiting) => Ok(Chunk::Waiting),
            Ok(Received::End) => Ok(Chunk::End),
            Err(error) => self.failed(error).map(|()| Chunk::Waiting),
        }
    }

    fn consume(&mut self, length: u64) {
        self.position += length;
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
        let (stream, length) = (Arc::clone(received), length as u64);
        let part = RequestedPart { stream, offset, length, size };
        Some(Box::new(HttpSample::new(part, self.name().clone(), response)))
    }

    fn silent_server(&self) -> Option<&str> {
        let patience = SILENT_AFTER.min(self.request.timeout() / 4);
        let asked = self.head.is_none() && !self.retrying.is_pending();
        let silent = asked && self.sent.elapsed() >= patience;
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
        let stream = Arc::clone(&self.stream);
        let part = RequestedPart { stream, offset, length, size: self.size };
        HttpReader::ask(request, self.stream.hop.clone(), Some(part))
    }
}
