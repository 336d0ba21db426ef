//! gzip and deflate, by zlib-rs: the decoder that gzip around archives is undone with.

use flate2::{Decompress, FlushDecompress, Status};

use super::decode::{Decode, Decoded, goes_on};

/// Bits of the window: all that the format has.
const WINDOW: u8 = 15;

/// One step of a stream. True: it has come to its end, with its checksum.
fn step(
    stream: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
) -> Result<(Decoded, bool), flate2::DecompressError> {
    let before = (stream.total_in(), stream.total_out());
    let status = stream.decompress(input, output, FlushDecompress::None)?;
    let size = |after: u64, before| usize::try_from(after - before).expect("no more than a buffer");
    let taken = size(stream.total_in(), before.0);
    let given = size(stream.total_out(), before.1);
    Ok((Decoded { taken, given }, status == Status::StreamEnd))
}

/// How the stream is damaged, in zlib's words.
fn damaged(error: &flate2::DecompressError) -> String {
    format!("is damaged ({})", error.message().unwrap_or("invalid data"))
}

/// gzip: one member after another, each with the checksum and the length of its content.
pub(super) struct Gzip {
    member: Decompress,
    /// Has anything of the member come?
    begun: bool,
    /// Members that came whole.
    members: u64,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { member: Decompress::new_gzip(WINDOW), begun: false, members: 0 }
    }
}

impl Decode for Gzip {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Decoded, String> {
        // Only another member may follow a member's end.
        let is_another = |first: u8| first == 0x1f;
        if !self.begun && self.members > 0 && !input.first().copied().is_none_or(is_another) {
            return Err(goes_on());
        }
        let (step, ended) =
            step(&mut self.member, input, output).map_err(|error| damaged(&error))?;
        self.begun |= step.taken > 0;
        if ended {
            self.members += 1;
            (self.member, self.begun) = (Decompress::new_gzip(WINDOW), false);
        }
        Ok(step)
    }

    fn has_ended(&self) -> bool {
        self.members > 0 && !self.begun
    }
}

/// deflate: inside a zlib stream, as RFC 9110 has it, or raw, as some servers have it.
pub(super) enum Deflate {
    /// The first two bytes say which of both it is; this is the first.
    Begins(Option<u8>),
    Running(Decompress),
    Ended,
}

impl Deflate {
    pub(super) fn new() -> Self {
        Self::Begins(None)
    }
}

/// Do these begin a zlib stream (RFC 1950, section 2.2)? Raw deflate would have to begin with a block
/// that is stored and not the last, with bits set that mean nothing: no encoder makes that.
fn is_zlib(first: u8, second: u8) -> bool {
    let check = u16::from_be_bytes([first, second]).is_multiple_of(31);
    first & 0x0f == 8 && first >> 4 <= 7 && check
}

impl Decode for Deflate {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Decoded, String> {
        let damaged = |error| damaged(&error);
        let stream = match (&mut *self, input) {
            (Self::Begins(first @ None), [byte]) => {
                *first = Some(*byte);
                return Ok(Decoded { taken: 1, given: 0 });
            }
            (Self::Begins(first), [.., _]) => {
                let (one, two) = first.map_or_else(|| (input[0], input[1]), |one| (one, input[0]));
                let mut stream = Decompress::new(is_zlib(one, two));
                if first.is_some() {
                    // A single byte gives nothing.
                    step(&mut stream, &[one], output).map_err(damaged)?;
                }
                *self = Self::Running(stream);
                return self.step(input, output);
            }
            (Self::Running(stream), _) => stream,
            (Self::Ended, [.., _]) => return Err(goes_on()),
            (Self::Begins(_) | Self::Ended, []) => return Ok(Decoded { taken: 0, given: 0 }),
        };
        let (step, ended) = step(stream, input, output).map_err(damaged)?;
        if ended {
            *self = Self::Ended;
        }
        Ok(step)
    }

    fn has_ended(&self) -> bool {
        matches!(self, Self::Ended)
    }
}
