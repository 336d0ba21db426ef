//! The content of a coded body.

use std::time::Duration;

use crate::error::{Error, Name, Result};
use crate::http::channel::Received;
use crate::http::client::Response;
use crate::http::coding::Decoding;

/// Bytes of a coded body that are decoded without yielding any content, before the engine may check its
/// context: decoding them takes a few milliseconds.
const MAX_WITHOUT_CONTENT: usize = 128 << 10;

/// The next content of a coded body.
pub(super) fn decode(
    decoding: &mut Decoding,
    response: &mut Response,
    name: &Name,
    patience: Duration,
) -> Result<Received> {
    let (mut taken, mut ended) = (0, false);
    while decoding.content().is_empty() && !decoding.has_ended() {
        let body = match (decoding.needs_input(), ended) {
            (true, false) if taken >= MAX_WITHOUT_CONTENT => return Ok(Received::Waiting),
            (true, false) => match response.receive(patience)? {
                Received::Bytes => response.bytes(),
                Received::Waiting => return Ok(Received::Waiting),
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
    Ok(if decoding.content().is_empty() { Received::End } else { Received::Bytes })
}

pub(super) fn undecoded(name: &Name, cause: &str) -> Error {
    Error::read(name, format!("cannot be decoded: {cause}"))
}
