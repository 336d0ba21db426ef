//! The quick check of streams: samples that are fetched while the streams run.
//!
//! It starts with them and ends with them, so two contents that are the same cost no time more. One
//! sample is under way at a time: a second connection to a server is no burden, a fifth may be.

use super::sample::{self, QUARTERS};
use crate::error::Result;
use crate::reader::{Probe, Reader, Sample};

/// What a sample is expected from.
enum Side {
    /// Content that can be read anywhere at any time.
    AtHand,
    Coming(Box<dyn Probe>),
    Here(Vec<u8>),
}

/// Goes ahead of two streams of one size.
pub(super) struct Scout {
    size: u64,
    length: usize,
    /// How far the streams are.
    position: u64,
    /// Where the samples lie that have not been taken, the last one first.
    ahead: Vec<u64>,
    /// The sample that is under way.
    current: Option<(u64, [Side; 2])>,
}

impl Scout {
    /// `None` if sampling is not worth it.
    pub(super) fn new(size: u64, length: usize) -> Option<Self> {
        if !sample::is_worthwhile(size, length) {
            return None;
        }
        let offset = |quarter| sample::offset(size, length, quarter);
        // The start is what the streams begin with.
        let ahead = QUARTERS.into_iter().skip(1).map(offset).rev().collect();
        Some(Self { size, length, position: 0, ahead, current: None })
    }

    /// Looks at what has come, without waiting. The streams have gone on by `taken`.
    ///
    /// # Errors
    /// When a sample shows that a source has changed, or cannot be read.
    pub(super) fn finds_difference(
        &mut self,
        a: &dyn Reader,
        b: &dyn Reader,
        taken: u64,
    ) -> Result<bool> {
        self.position += taken;
        loop {
            let Some((offset, sides)) = &mut self.current else {
                if !self.send(a, b) {
                    return Ok(false);
                }
                continue;
            };
            let mut complete = true;
            for side in sides.iter_mut() {
                if let Side::Coming(probe) = side {
                    match probe.poll()? {
                        Sample::Coming => complete = false,
                        Sample::Here(bytes) => *side = Side::Here(bytes),
                        Sample::Never => {
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
            let bytes = |side: &mut Side, reader: &dyn Reader| match side {
                Side::Here(bytes) => Ok(std::mem::take(bytes)),
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

    /// Asks for the next sample that the streams have not passed. False if there is none.
    fn send(&mut self, a: &dyn Reader, b: &dyn Reader) -> bool {
        while let Some(offset) = self.ahead.pop() {
            debug_assert!(offset + self.length as u64 <= self.size, "a sample lies within");
            if offset < self.position {
                continue;
            }
            let side = |reader: &dyn Reader| match reader.as_random() {
                Some(_) => Some(Side::AtHand),
                None => reader.probe(offset, self.length).map(Side::Coming),
            };
            // The second side is only asked where the first has something to compare with.
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
