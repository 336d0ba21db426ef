//! zstd, by its own library: it holds checksums against the content, and bounds its memory.

use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, get_error_name};

use super::decode::{Decode, Decoded};

/// The largest window that a body may need, as a power of two: 8 MiB, what RFC 9659 allows.
const WINDOW: u32 = 23;

/// A body in zstd: one frame after another, each with a checksum of its content if its server likes.
pub(super) struct Zstd {
    context: DCtx<'static>,
    /// Is everything that was taken within frames that came whole, and is there one?
    complete: bool,
}

impl Zstd {
    /// # Errors
    /// When there is no memory for it.
    pub(super) fn new() -> Result<Self, String> {
        let mut context = DCtx::try_create().ok_or("cannot be undone: no memory")?;
        let limited = context.set_parameter(DParameter::WindowLogMax(WINDOW));
        limited.map_err(|code| get_error_name(code).to_owned())?;
        Ok(Self { context, complete: false })
    }
}

impl Decode for Zstd {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Decoded, String> {
        let (mut input, mut output) = (InBuffer::around(input), OutBuffer::around(output));
        let left = self.context.decompress_stream(&mut output, &mut input);
        let left = left.map_err(|code| format!("is damaged ({})", get_error_name(code)))?;
        let step = Decoded { taken: input.pos(), given: output.pos() };
        // Without anything to do it names what it would take to begin the next frame.
        if step.taken > 0 || step.given > 0 {
            self.complete = left == 0;
        }
        Ok(step)
    }

    fn has_ended(&self) -> bool {
        self.complete
    }
}
