//! A sample of a content that is read as a stream meanwhile.

use std::time::Duration;

use super::part::RequestedPart;
use crate::content::{SampleRequest, SampleState};
use crate::error::{Name, Result};
use crate::http::channel::Received;
use crate::http::client::Response;

/// A sample of the content, on its way.
pub(super) struct HttpSample {
    part: RequestedPart,
    name: Name,
    /// `None` once the sample will not come.
    response: Option<Response>,
    checked: bool,
    bytes: Vec<u8>,
}

impl HttpSample {
    /// A sample that has been asked for.
    pub(super) fn new(part: RequestedPart, name: Name, response: Response) -> Self {
        let bytes = Vec::with_capacity(usize::try_from(part.length).unwrap_or_default());
        Self { part, name, response: Some(response), checked: false, bytes }
    }

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
                Ok(Received::Bytes) => {
                    self.bytes.extend_from_slice(response.bytes());
                    response.bytes().len()
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
