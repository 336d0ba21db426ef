//! Doors into the crate's private rooms for fuzz targets: nothing else may use them, nothing of it
//! is part of what the crate promises. They exist with the feature `fuzzing` only.

pub(crate) mod archives;
pub mod structures;

use std::fmt;

use crate::http;

pub use self::archives::{SeenEntry, Stored, entries, entries_by_libarchive, supplied};

/// The head of a response, as it is read line by line.
#[derive(Debug, Default)]
pub struct Head(http::head::Head);

impl Head {
    /// Takes the next line.
    ///
    /// # Errors
    /// With the cause, when the head contradicts itself.
    pub fn line(&mut self, line: &[u8]) -> Result<(), String> {
        self.0.line(line).map(drop)
    }

    /// Are the body's bytes other than the content's?
    #[must_use]
    pub fn is_coded(&self) -> bool {
        !self.0.codings.is_empty()
    }

    /// The content's size.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.0.size()
    }

    /// Can parts of the content be asked for?
    #[must_use]
    pub fn has_ranges(&self) -> bool {
        self.0.has_ranges()
    }

    /// Is this the part that was asked for?
    #[must_use]
    pub fn is_part(&self, offset: u64, length: u64, whole: u64) -> bool {
        self.0.is_part(offset, length, whole)
    }
}

impl fmt::Display for Head {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A URL, taken apart.
#[derive(Debug)]
pub struct Url(crate::web::url::Url);

impl Url {
    /// Reads an absolute URL.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        crate::web::url::Url::parse(text).map(Self)
    }

    /// Follows a reference.
    #[must_use]
    pub fn join(&self, reference: &[u8]) -> Option<Self> {
        self.0.join(reference).map(Self)
    }

    /// What is requested.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.text()
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port()
    }

    /// User and password.
    #[must_use]
    pub fn credentials(&self) -> Option<&(String, String)> {
        self.0.credentials()
    }

    /// Do both lead to the same scheme, host and port?
    #[must_use]
    pub fn has_origin_of(&self, other: &Self) -> bool {
        self.0.has_origin_of(&other.0)
    }
}

/// What comes of a body in these content codings, `piece` bytes of it at a time and no more than `most`;
/// `None` where there would be more.
///
/// # Errors
/// With the cause, when it cannot be decoded.
pub fn decoded(
    codings: &[&str],
    body: &[u8],
    piece: usize,
    most: usize,
) -> Result<Option<Vec<u8>>, String> {
    let names: Vec<_> = codings.iter().map(|name| name.as_bytes().to_vec()).collect();
    http::coding::Decoding::check(&names)?;
    let Some(mut decoding) = http::coding::Decoding::new(&names)? else {
        return Ok(Some(body.to_vec()));
    };
    let (mut content, mut pieces, mut rest, mut last) =
        (Vec::new(), body.chunks(piece), &[][..], false);
    while !decoding.has_ended() {
        if rest.is_empty() && decoding.needs_input() {
            rest = pieces.next().unwrap_or_default();
            last = rest.is_empty();
        }
        let taken = decoding.advance(rest, last)?;
        rest = &rest[taken..];
        content.extend_from_slice(decoding.content());
        if content.len() > most {
            return Ok(None);
        }
        decoding.consume(decoding.content().len());
    }
    Ok(Some(content))
}
