//! What every decoder offers.

/// How far one step of a decoder came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Bytes of the input that were used.
    pub(super) taken: usize,
    /// Bytes of content that were written.
    pub(super) given: usize,
}

/// Undoes one coding.
pub(super) trait Decode {
    /// Decodes as much of `input` as it can into `output`, which is not empty.
    ///
    /// # Errors
    /// With the cause, when the input is no such coding.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Decoded, String>;

    /// Has the coding come to an end, so that the input may end here?
    fn has_ended(&self) -> bool;
}

/// What a decoder reports when more input follows the end of its coding.
pub(super) fn goes_on() -> String {
    "is followed by other bytes".to_owned()
}
