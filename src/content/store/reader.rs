//! Reading an object of a store: its URL is asked for when it is about to be fetched.

use std::sync::Arc;

use super::stored::StoredObject;
use crate::content::url::HttpReader;
use crate::content::{Chunk, Reader, SampleRequest};
use crate::error::{Error, Name, Result};
use crate::options::{HttpOptions, Retries};

/// An object that is not read any further than it has to be: not at all, where its size decides.
pub(super) struct StoreReader {
    object: Arc<StoredObject>,
    name: Name,
    options: HttpOptions,
    retries: Retries,
    concurrent: usize,
    state: State,
}

enum State {
    /// Nothing has been asked for.
    Unasked,
    /// Its URL has.
    Signing,
    Fetching(HttpReader),
    /// The answer is the content that was listed.
    Begun(HttpReader),
}

impl StoreReader {
    pub(super) fn new(
        object: Arc<StoredObject>,
        name: Name,
        (options, retries): (&HttpOptions, Retries),
        concurrent: usize,
    ) -> Self {
        let mut options = options.clone();
        // A store keeps bytes; what they are called is no coding that a server applied.
        options.decode_content = false;
        // The URL says who asks: a server refuses to be told twice.
        (options.auth, options.netrc) = (None, false);
        if let Some(etag) = object.listed.strong_etag() {
            options.headers.push(("If-Match".to_owned(), etag));
        }
        Self { object, name, options, retries, concurrent, state: State::Unasked }
    }

    fn begun(&self) -> Option<&HttpReader> {
        match &self.state {
            State::Fetching(reader) | State::Begun(reader) => Some(reader),
            State::Unasked | State::Signing => None,
        }
    }

    fn changed(&self, what: &str) -> Error {
        Error::read(&self.name, format!("changed since it was listed ({what})"))
    }

    /// Is the answer the content that was listed?
    fn check(&self, reader: &HttpReader) -> Result<()> {
        let listed = &self.object.listed;
        if let Some((before, now)) = listed.size.zip(reader.size()).filter(|(one, two)| one != two)
        {
            return Err(self.changed(&format!("{before} bytes then, and {now} now")));
        }
        // A server may not know If-Match.
        let known = listed.strong_etag().zip(reader.etag());
        if known.is_some_and(|(listed, answered)| listed.as_bytes() != answered) {
            return Err(self.changed("another ETag"));
        }
        Ok(())
    }
}

impl Reader for StoreReader {
    fn begin(&mut self) -> Result<()> {
        if let State::Unasked = self.state {
            self.object.requests.want(self.object.index)?;
            self.state = State::Signing;
        }
        Ok(())
    }

    fn prepare(&mut self) -> Result<bool> {
        self.begin()?;
        if let State::Signing = self.state {
            let Some(url) = self.object.requests.url(self.object.index)? else { return Ok(false) };
            let options = self.options.clone();
            let reader =
                HttpReader::start(&url, &self.name, options, self.retries, self.concurrent)?;
            self.state = State::Fetching(reader);
        }
        if let State::Fetching(reader) = &mut self.state {
            match reader.prepare() {
                Ok(true) => {}
                // 412 Precondition Failed
                Err(Error::Read { status: Some(412), .. }) => {
                    return Err(self.changed("another ETag"));
                }
                other => return other,
            }
        }
        if let State::Fetching(reader) = &self.state {
            self.check(reader)?;
            if let State::Fetching(reader) = std::mem::replace(&mut self.state, State::Signing) {
                self.state = State::Begun(reader);
            }
        }
        Ok(true)
    }

    fn chunk(&mut self) -> Result<Chunk<'_>> {
        match &mut self.state {
            State::Begun(reader) => reader.chunk(),
            _ => Ok(Chunk::Waiting),
        }
    }

    fn consume(&mut self, length: u64) {
        if let State::Begun(reader) = &mut self.state {
            reader.consume(length);
        }
    }

    fn size(&self) -> Option<u64> {
        self.object.listed.size.or(self.begun()?.size())
    }

    fn early_size(&self) -> Option<u64> {
        self.object.listed.size
    }

    fn request_sample(&self, offset: u64, length: usize) -> Option<Box<dyn SampleRequest>> {
        self.begun()?.request_sample(offset, length)
    }

    fn silent_server(&self) -> Option<&str> {
        self.begun()?.silent_server()
    }

    fn held_server(&self) -> Option<&str> {
        self.begun()?.held_server()
    }

    fn verify(&self) -> Result<()> {
        self.begun().map_or(Ok(()), Reader::verify)
    }
}
