//! The files that two directories have in common, for any number of threads to compare.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::tree::Tree;

/// Names of files that both directories have.
pub(crate) struct CommonFiles<A: Tree, B: Tree> {
    pub(crate) path: Vec<u8>,
    pub(crate) left: Arc<A::Directory>,
    pub(crate) right: Arc<B::Directory>,
    names: Vec<u8>,
    /// Where each name lies.
    ranges: Vec<Range<usize>>,
    /// The first file that no thread has taken.
    next: AtomicUsize,
}

impl<A: Tree, B: Tree> CommonFiles<A, B> {
    const BATCH: usize = if A::BATCH < B::BATCH { A::BATCH } else { B::BATCH };

    /// No files yet, of two directories that both are at `path`.
    pub(crate) fn new(path: Vec<u8>, left: Arc<A::Directory>, right: Arc<B::Directory>) -> Self {
        let (names, ranges) = (Vec::new(), Vec::new());
        Self { path, left, right, names, ranges, next: AtomicUsize::new(0) }
    }

    /// Adds a file that both have.
    pub(crate) fn push(&mut self, name: &[u8]) {
        let start = self.names.len();
        self.names.extend_from_slice(name);
        self.ranges.push(start..self.names.len());
    }

    /// How many batches there are.
    pub(crate) fn batches(&self) -> usize {
        self.ranges.len().div_ceil(Self::BATCH)
    }

    /// Takes the next batch of names; `None` if no file is left.
    pub(crate) fn take_batch(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let first = self.next.fetch_add(Self::BATCH, Ordering::Relaxed);
        let batch = first..self.ranges.len().min(first.saturating_add(Self::BATCH));
        let ranges = self.ranges.get(batch).filter(|ranges| !ranges.is_empty())?;
        Some(ranges.iter().map(|range| &self.names[range.clone()]))
    }
}
