//! Holes as the tar of Solaris has them: `SUN.holesdata` in a pax header says where they are, and their bytes
//! are in the archive all the same.
//!
//! libarchive passes over these bytes, and readers that do not know the record have them as content: they must
//! be zeros.

use std::collections::VecDeque;
use std::ops::Range;

use super::decimal::decimal;
use crate::archive::structure::Broken;

/// Holes that have not been looked at yet.
#[derive(Debug)]
pub(super) struct Holes {
    holes: VecDeque<Range<u64>>,
    size: u64,
}

impl Holes {
    /// Reads the record: offsets, each behind a blank. At the first one content begins, at the next one a hole,
    /// and so on; the last one is the size of the file.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn read(value: &[u8]) -> Result<Self, Broken> {
        let damaged = || Broken("has a sparse file with a damaged map".to_owned());
        let offsets = value.strip_prefix(b" ").ok_or_else(damaged)?;
        let (mut holes, mut end, mut is_hole) = (VecDeque::new(), 0, true);
        for offset in offsets.split(|&byte| byte == b' ') {
            let start = std::mem::replace(&mut end, decimal(offset)?);
            if end < start {
                return Err(damaged());
            }
            if is_hole && start < end {
                holes.push_back(start..end);
            }
            is_hole = !is_hole;
        }
        Ok(Self { holes, size: end })
    }

    /// Is this the size that the record says?
    pub(super) fn is_of(&self, size: u64) -> bool {
        self.size == size
    }

    /// Where the next bytes are that must be zeros, and how many of at most so many; `None`: there are none.
    pub(super) fn next(&mut self, most: usize) -> Option<(u64, usize)> {
        let hole = self.holes.front_mut()?;
        let (start, left) = (hole.start, hole.end - hole.start);
        let length = usize::try_from(left).unwrap_or(most).min(most);
        hole.start += length as u64;
        if hole.is_empty() {
            self.holes.pop_front();
        }
        Some((start, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_holes_take_turns() {
        for (value, expected) in [
            (" 0 512 1024 1536", vec![(512, 500), (1012, 12)]),
            (" 0 0 700 1536", vec![(0, 500), (500, 200)]),
            (" 100 1536", vec![(0, 100)]),
            (" 0 1536", vec![]),
            (" 1536", vec![(0, 500), (500, 500), (1000, 500), (1500, 36)]),
        ] {
            let mut holes = Holes::read(value.as_bytes()).expect("good");
            assert!(holes.is_of(1536) && !holes.is_of(1535));
            let all: Vec<_> = std::iter::from_fn(|| holes.next(500)).collect();
            assert_eq!(all, expected, "{value}");
        }
        for value in ["", " ", "0 512", " 0  512", " 512 0", " 0 x", " 0 512 "] {
            assert!(Holes::read(value.as_bytes()).is_err(), "{value}");
        }
    }
}
