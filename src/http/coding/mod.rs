//! Content codings: undoing what a server did to the content although it was asked not to.
//!
//! libcurl can undo them, but reports neither a coding that never ends nor a checksum that is missing, and
//! refuses a gzip of several members. Here every coding must come to its end. A reader decodes in its own
//! thread, not in the network thread, so that several bodies are decoded at once. It decodes a buffer at a time:
//! a small body that becomes very much content can be given up at any moment.
//!
//! RFC 9110, section 8.4, has the names; RFC 1952 gzip, RFC 1950 and 1951 deflate, RFC 7932 br,
//! RFC 8878 and 9659 zstd.

mod brotli;
mod decode;
mod inflate;
mod zstd;

use std::ops::Range;

use self::decode::{Decode, Decoded};
use crate::error::Name;

/// Bytes of content that one coding yields at a time. As large as the buffers of local files, for the same reason.
const OUTPUT: usize = 128 << 10;

/// The most codings that are undone one after another: what libcurl and the browsers take.
const MOST: usize = 5;

/// A coding that can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding of this name, which is in lower case.
    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"gzip" | b"x-gzip" => Some(Self::Gzip),
            b"deflate" => Some(Self::Deflate),
            b"br" => Some(Self::Brotli),
            b"zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// As messages call it.
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    fn decoder(self) -> Result<Box<dyn Decode + Send>, String> {
        Ok(match self {
            Self::Gzip => Box::new(inflate::Gzip::new()),
            Self::Deflate => Box::new(inflate::Deflate::new()),
            Self::Brotli => Box::new(brotli::Brotli::new()),
            Self::Zstd => Box::new(zstd::Zstd::new()?),
        })
    }
}

/// One coding of a body, and the content that was decoded last.
struct Stage {
    coding: Coding,
    decoder: Box<dyn Decode + Send>,
    output: Box<[u8]>,
    /// The part of the output that has not been read.
    ready: Range<usize>,
    /// The output was filled: there may be more without further input.
    filled: bool,
    ended: bool,
}

impl Stage {
    fn new(coding: Coding) -> Result<Self, String> {
        let decoder = coding.decoder()?;
        let output = vec![0; OUTPUT].into_boxed_slice();
        Ok(Self { coding, decoder, output, ready: 0..0, filled: false, ended: false })
    }

    fn bytes(&self) -> &[u8] {
        &self.output[self.ready.clone()]
    }

    /// Decodes more if its output has been read. `last`: no input comes after this. Returns how much was taken.
    fn advance(&mut self, input: &[u8], last: bool) -> Result<usize, String> {
        let failure = |coding: Coding, cause: &str| format!("its {} coding {cause}", coding.name());
        if !self.ready.is_empty() || self.ended {
            return Ok(0);
        }
        if input.is_empty() && !self.filled {
            self.ended = last && self.decoder.has_ended();
            return if last && !self.ended {
                Err(failure(self.coding, "does not come to its end"))
            } else {
                Ok(0)
            };
        }
        let step = self.decoder.step(input, &mut self.output);
        let step = step.map_err(|cause| failure(self.coding, &cause))?;
        if !input.is_empty() && step == (Decoded { taken: 0, given: 0 }) {
            return Err(failure(self.coding, "is damaged"));
        }
        self.ready = 0..step.given;
        self.filled = step.given == self.output.len();
        Ok(step.taken)
    }
}

/// The codings of one body, the last applied first.
pub(crate) struct Decoding(Box<[Stage]>);

impl Decoding {
    /// Can all of these be undone, as a `Content-Encoding` names them?
    ///
    /// # Errors
    /// With the cause, when not.
    pub(crate) fn check(names: &[Vec<u8>]) -> Result<(), String> {
        if let Some(name) = names.iter().find(|name| Coding::named(name).is_none()) {
            let name = Name::new(&name[..name.len().min(60)]);
            return Err(format!(
                "the server sent the content coding '{name}', which cannot be undone \
                 (decode_content=False compares the bytes as they are sent)"
            ));
        }
        if names.len() > MOST {
            let number = names.len();
            return Err(format!("the server sent {number} content codings, {MOST} are undone"));
        }
        Ok(())
    }

    /// Undoes these, which have been checked; `None` where there are none.
    ///
    /// # Errors
    /// With the cause, when there is no memory for it.
    pub(crate) fn new(names: &[Vec<u8>]) -> Result<Option<Self>, String> {
        let codings = names.iter().rev().filter_map(|name| Coding::named(name));
        let stages = codings.map(Stage::new).collect::<Result<Box<[_]>, _>>()?;
        Ok((!stages.is_empty()).then_some(Self(stages)))
    }

    /// Content that has been decoded, and not been consumed.
    pub(crate) fn content(&self) -> &[u8] {
        self.0.last().map_or(&[], Stage::bytes)
    }

    /// Takes `length` bytes of the content.
    pub(crate) fn consume(&mut self, length: usize) {
        assert!(length <= self.content().len(), "more than was decoded");
        if let Some(stage) = self.0.last_mut() {
            stage.ready.start += length;
        }
    }

    /// Can nothing be done without more of the body?
    pub(crate) fn needs_input(&self) -> bool {
        self.0.iter().all(|stage| stage.ready.is_empty() && !stage.filled)
    }

    /// Has everything been decoded, and come to its end?
    pub(crate) fn has_ended(&self) -> bool {
        self.0.last().is_none_or(|stage| stage.ended && stage.ready.is_empty())
    }

    /// Decodes a step further in every coding. `last`: `body` is the end of it. Returns how much of it was
    /// taken.
    ///
    /// # Errors
    /// With the cause, when it is damaged, or ends too early.
    pub(crate) fn advance(&mut self, body: &[u8], last: bool) -> Result<usize, String> {
        let Some((first, others)) = self.0.split_first_mut() else { return Ok(0) };
        let taken = first.advance(body, last && body.is_empty())?;
        let mut before = first;
        for stage in others {
            let input = before.bytes();
            let last = before.ended && input.is_empty();
            before.ready.start += stage.advance(input, last)?;
            before = stage;
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests;
