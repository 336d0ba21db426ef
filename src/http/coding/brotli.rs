//! br, by Brotli's decoder in Rust, which has no unsafe code. The format has no checksum, but it has
//! an end.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::decode::{Decode, Decoded, goes_on};

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// A body in br.
pub(super) struct Brotli {
    state: Box<State>,
    ended: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        // Strict: windows of 16 MiB at most, as RFC 7932 has them.
        let state = Box::new(State::new_strict(alloc(), alloc(), alloc()));
        Self { state, ended: false }
    }
}

impl Decode for Brotli {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Decoded, String> {
        if self.ended {
            return if input.is_empty() {
                Ok(Decoded { taken: 0, given: 0 })
            } else {
                Err(goes_on())
            };
        }
        let (mut left, mut taken) = (input.len(), 0);
        let (mut room, mut given, mut total) = (output.len(), 0, 0);
        match BrotliDecompressStream(
            &mut left,
            &mut taken,
            input,
            &mut room,
            &mut given,
            output,
            &mut total,
            &mut self.state,
        ) {
            BrotliResult::ResultSuccess => self.ended = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultFailure => return Err("is damaged".to_owned()),
        }
        Ok(Decoded { taken, given })
    }

    fn has_ended(&self) -> bool {
        self.ended
    }
}
