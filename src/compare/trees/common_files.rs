//! The files that two directories have in common, for any number of threads to compare.

use std::collections::HashMap;
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
    /// Names that the right directory spells differently, by their place.
    others: HashMap<usize, Vec<u8>>,
    /// The first file that no thread has taken.
    next: AtomicUsize,
}

impl<A: Tree, B: Tree> CommonFiles<A, B> {
    const BATCH: usize = if A::BATCH < B::BATCH { A::BATCH } else { B::BATCH };

    /// No files yet, of two directories that both are at `path`.
    pub(crate) fn new(path: Vec<u8>, left: Arc<A::Directory>, right: Arc<B::Directory>) -> Self {
        let (names, ranges, others) = (Vec::new(), Vec::new(), HashMap::new());
        Self { path, left, right, names, ranges, others, next: AtomicUsize::new(0) }
    }

    /// Adds a file that both have; `other` is how the right one spells its name.
    pub(crate) fn push(&mut self, name: &[u8], other: &[u8]) {
        if name != other {
            self.others.insert(self.ranges.len(), other.to_vec());
        }
        let start = self.names.len();
        self.names.extend_from_slice(name);
        self.ranges.push(start..self.names.len());
    }

    /// How many batches there are.
    pub(crate) fn batches(&self) -> usize {
        self.ranges.len().div_ceil(Self::BATCH)
    }

    /// Takes the next batch of names, each as both spell it; `None` if no file is left.
    pub(crate) fn take_batch(&self) -> Option<impl Iterator<Item = (&[u8], &[u8])>> {
        let first = self.next.fetch_add(Self::BATCH, Ordering::Relaxed);
        let batch = first..self.ranges.len().min(first.saturating_add(Self::BATCH));
        let ranges = self.ranges.get(batch).filter(|ranges| !ranges.is_empty())?;
        Some((first..).zip(ranges).map(|(index, range)| {
            let name = &self.names[range.clone()];
            // Nearly all directories have none.
            let other = if self.others.is_empty() { None } else { self.others.get(&index) };
            (name, other.map_or(name, Vec::as_slice))
        }))
    }
}
