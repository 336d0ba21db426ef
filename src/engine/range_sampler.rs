//! The quick check of streams: samples that are fetched while the streams are read.
//!
//! It starts with the streams and ends with them, so two contents that are the same take no longer. One
//! sample is fetched at a time: a second connection to a server is no burden, a fifth may be.

use super::sample;
use super::sample::QUARTERS;
use crate::content::{Reader, SampleRequest, SampleState};
use crate::error::Result;

/// Where the sample of one of the two contents comes from.
enum SampleSource {
    /// The content can be read at any offset at any time.
    RandomAccess,
    Requested(Box<dyn SampleRequest>),
    Received(Vec<u8>),
}

/// Compares samples of two streams of one size.
pub(crate) struct RangeSampler {
    size: u64,
    length: usize,
    /// How far the streams have been read.
    position: u64,
    /// Where the samples lie that have not been requested, the last one first.
    ahead: Vec<u64>,
    /// The offset of the sample that is being fetched.
    current: Option<(u64, [SampleSource; 2])>,
}

impl RangeSampler {
    /// `None` if sampling does not pay off.
    pub(crate) fn new(size: u64, length: usize) -> Option<Self> {
        if !sample::is_worthwhile(size, length) {
            return None;
        }
        let offset = |quarter| sample::offset(size, length, quarter);
        // Not the first sample: the streams begin with it.
        let ahead = QUARTERS.into_iter().skip(1).map(offset).rev().collect();
        Some(Self { size, length, position: 0, ahead, current: None })
    }

    /// Compares what has arrived, without waiting. The streams have advanced by `taken`.
    ///
    /// # Errors
    /// When a sample shows that a source has changed, or cannot be read.
    pub(crate) fn finds_difference(
        &mut self,
        a: &dyn Reader,
        b: &dyn Reader,
        taken: u64,
    ) -> Result<bool> {
        self.position += taken;
        loop {
            let Some((offset, sides)) = &mut self.current else {
                if !self.request_next(a, b) {
                    return Ok(false);
                }
                continue;
            };
            let mut complete = true;
            for side in sides.iter_mut() {
                if let SampleSource::Requested(request) = side {
                    match request.poll()? {
                        SampleState::Pending => complete = false,
                        SampleState::Ready(bytes) => *side = SampleSource::Received(bytes),
                        SampleState::Unavailable => {
                            self.current = None;
                            self.ahead.clear();
                            return Ok(false);
                        }
                    }
                }
            }
            if !complete {
                return Ok(false);
            }
            let (offset, length) = (*offset, self.length);
            let bytes = |side: &mut SampleSource, reader: &dyn Reader| match side {
                SampleSource::Received(bytes) => Ok(std::mem::take(bytes)),
                _ => {
                    let mut bytes = vec![0; length];
                    let content = reader.as_random().map(|at| at.read_at(offset, &mut bytes));
                    content.unwrap_or(Ok(())).map(|()| bytes)
                }
            };
            let [in_a, in_b] = sides;
            if bytes(in_a, a)? != bytes(in_b, b)? {
                return Ok(true);
            }
            self.current = None;
        }
    }

    /// Requests the next sample that the streams have not reached. False if there is none.
    fn request_next(&mut self, a: &dyn Reader, b: &dyn Reader) -> bool {
        while let Some(offset) = self.ahead.pop() {
            debug_assert!(offset + self.length as u64 <= self.size, "a sample lies within");
            if offset < self.position {
                continue;
            }
            let side = |reader: &dyn Reader| match reader.as_random() {
                Some(_) => Some(SampleSource::RandomAccess),
                None => reader.request_sample(offset, self.length).map(SampleSource::Requested),
            };
            // The second content is asked only where the first has a sample to compare with.
            if let Some(in_a) = side(a)
                && let Some(in_b) = side(b)
            {
                self.current = Some((offset, [in_a, in_b]));
                return true;
            }
            self.ahead.clear();
        }
        false
    }
}
