//! How much libarchive is given at a time.
//!
//! Whether the work may go on is asked whenever libarchive wants more bytes, or hands some out. Most
//! content comes out a block at a time; but a few bytes that become a great many, none of which is
//! content, would keep it busy for long. So it gets little at first, and less where it was busy.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::shared_buffer::LENGTH;

/// The first piece. From here it takes five pieces to come to whole buffers.
const FIRST: usize = 4 << 10;

/// Zeros come out of the fewest bytes in bzip2: 900,000 out of 45, some 5 ms of work.
const LEAST: usize = 256;

/// A call may come this late. Half of a pulse, so that there is time to stop.
const LATE: Duration = Duration::from_millis(25);

/// As long as calls come this soon, pieces may be larger.
const SOON: Duration = Duration::from_millis(5);

/// How long libarchive is busy, and how much it gets.
pub(crate) struct FeedSize {
    piece: usize,
    /// `None`: it is never busy for long.
    busy_since: Option<Cell<Instant>>,
}

impl FeedSize {
    pub(crate) fn new() -> Self {
        Self { piece: FIRST, busy_since: Some(Cell::new(Instant::now())) }
    }

    /// Libarchive begins to work.
    pub(crate) fn begin(&self) {
        if let Some(busy_since) = &self.busy_since {
            busy_since.set(Instant::now());
        }
    }

    /// The format packs nothing, so that libarchive has no more to do than there are bytes: it is not watched
    /// from now on, which would take a tenth of all time for files of a few bytes.
    pub(crate) fn stop_watching(&mut self) {
        self.busy_since = None;
    }

    /// How many bytes libarchive shall get, now that it wants some.
    pub(crate) fn piece(&mut self) -> usize {
        let busy = self.busy_since.as_ref().map(|busy_since| busy_since.get().elapsed());
        self.adapt(busy.unwrap_or_default())
    }

    fn adapt(&mut self, busy: Duration) -> usize {
        if busy > LATE {
            self.piece = (self.piece / 8).max(LEAST);
        } else if busy < SOON {
            self.piece = (self.piece * 2).min(LENGTH);
        }
        self.piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_grow_while_all_goes_well_and_shrink_when_it_does_not() {
        let mut pace = FeedSize::new();
        let grown: Vec<_> = (0..6).map(|_| pace.adapt(Duration::ZERO)).collect();
        assert_eq!(grown, [8 << 10, 16 << 10, 32 << 10, 64 << 10, LENGTH, LENGTH]);
        assert_eq!(pace.adapt(SOON), LENGTH);
        assert_eq!(pace.adapt(LATE * 2), LENGTH / 8);
        let shrunk = (0..6).map(|_| pace.adapt(LATE * 2)).last();
        assert_eq!(shrunk, Some(LEAST));
    }
}
