//! What several threads find in one list, reduced to what stands first in it.
//!
//! So the outcome is the one that a single thread would have come to that goes through the list from its
//! start, however the threads were scheduled.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sys::lock::{ignore_poison, lock};

/// The finding with the lowest position so far.
#[derive(Debug)]
pub(crate) struct Earliest<T> {
    /// Its position, for threads that only ask how far there is work left.
    position: AtomicU64,
    found: Mutex<Option<(u64, T)>>,
}

impl<T> Default for Earliest<T> {
    fn default() -> Self {
        Self { position: AtomicU64::new(u64::MAX), found: Mutex::new(None) }
    }
}

impl<T> Earliest<T> {
    /// Keeps `found` if nothing at this position or before it has been found yet.
    pub(crate) fn note(&self, position: u64, found: T) {
        self.position.fetch_min(position, Ordering::Relaxed);
        let mut earliest = lock(&self.found);
        if earliest.as_ref().is_none_or(|&(before, _)| position < before) {
            *earliest = Some((position, found));
        }
    }

    /// Has anything been found before `position`? Then nothing at this position counts any more.
    pub(crate) fn is_before(&self, position: u64) -> bool {
        self.position.load(Ordering::Relaxed) < position
    }

    /// Takes out what was found first in the list, and its position.
    pub(crate) fn into_inner(self) -> Option<(u64, T)> {
        ignore_poison(self.found.into_inner())
    }

    /// The same without giving up the rest.
    pub(crate) fn take(&self) -> Option<(u64, T)> {
        lock(&self.found).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_position_wins_whichever_came_first() {
        let earliest = Earliest::default();
        assert!(!earliest.is_before(u64::MAX));
        for (position, found) in [(5, "a"), (3, "b"), (4, "c"), (3, "d")] {
            earliest.note(position, found);
        }
        assert!(earliest.is_before(4));
        assert!(!earliest.is_before(3));
        assert_eq!(earliest.into_inner(), Some((3, "b")));
    }
}
