//! The files that two directories have in common.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::compare::{SharedWork, Task, Walk};
use super::{Content, Tree};
use crate::context::Context;
use crate::crew::Crew;
use crate::engine::{self, parallel};
use crate::error::{Result, join};
use crate::outcome::{DiffReason, Finding, PairOutcome};
use crate::reader::file::FileReader;
use crate::reader::{ReadAt, Reader as _};

/// Pairs of files, for any number of threads to compare.
pub(super) struct Files<A: Tree, B: Tree> {
    path: Vec<u8>,
    pub(super) left: A::Directory,
    pub(super) right: B::Directory,
    names: Vec<u8>,
    /// Where each name lies.
    ranges: Vec<Range<usize>>,
    /// The first that nobody has taken.
    next: AtomicUsize,
}

impl<A: Tree, B: Tree> Files<A, B> {
    const BATCH: usize = if A::BATCH < B::BATCH { A::BATCH } else { B::BATCH };

    /// No files yet, of two directories that both are at `path`.
    pub(super) fn new(path: Vec<u8>, left: A::Directory, right: B::Directory) -> Self {
        let (names, ranges) = (Vec::new(), Vec::new());
        Self { path, left, right, names, ranges, next: AtomicUsize::new(0) }
    }

    /// Adds a file that both have.
    pub(super) fn push(&mut self, name: &[u8]) {
        let start = self.names.len();
        self.names.extend_from_slice(name);
        self.ranges.push(start..self.names.len());
    }

    /// Compares all of them, with the help of whoever in the crew has time.
    pub(super) fn share(
        self,
        walk: &Walk<'_, A, B>,
        crew: &Crew<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        let helpers = self.ranges.len().div_ceil(Self::BATCH).min(crew.size()).saturating_sub(1);
        let files = Arc::new(self);
        for _ in 0..helpers {
            crew.push(Task::Files(Arc::clone(&files)));
        }
        files.compare(walk, crew, context)
    }

    /// Compares files until none is left that nobody has taken.
    pub(super) fn compare(
        &self,
        walk: &Walk<'_, A, B>,
        crew: &Crew<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        loop {
            let first = self.next.fetch_add(Self::BATCH, Ordering::Relaxed);
            let batch = first..self.ranges.len().min(first.saturating_add(Self::BATCH));
            if batch.is_empty() {
                return Ok(());
            }
            for range in &self.ranges[batch] {
                context.checkpoint()?;
                self.pair(&self.names[range.clone()], walk, crew, context)?;
            }
        }
    }

    /// Compares one pair.
    fn pair(
        &self,
        name: &[u8],
        walk: &Walk<'_, A, B>,
        crew: &Crew<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        let path = || join(&self.path, name);
        let left = walk.a.open(&self.left, name);
        let outcome = left.and_then(|left| {
            let right = walk.b.open(&self.right, name)?;
            contents(left, right, walk, crew, context)
        });
        match outcome {
            Ok(None) => walk.same(path),
            Ok(Some(reason)) => walk.found(path(), Finding::Differs(reason)),
            Err(error) => walk.failed(path(), error)?,
        }
        Ok(())
    }
}

/// Compares two contents.
fn contents<A: Tree, B: Tree>(
    left: Content,
    right: Content,
    walk: &Walk<'_, A, B>,
    crew: &Crew<'_, Task<A, B>>,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    let (mut left, mut right) = match (left, right) {
        (Content::File(left), Content::File(right)) => {
            if left.is_same_file(&right) {
                return Ok(None);
            }
            if crew.size() > 1 && engine::is_worth_sharing(&left, &right) {
                return big_files(left, right, walk, crew, context);
            }
            (Content::File(left), Content::File(right))
        }
        other => other,
    };
    engine::compare(left.reader(), right.reader(), walk.options, context)
}

/// Compares two files with the help of whoever in the crew has nothing else to do.
fn big_files<A: Tree, B: Tree>(
    left: FileReader,
    right: FileReader,
    walk: &Walk<'_, A, B>,
    crew: &Crew<'_, Task<A, B>>,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    let mut outcome = engine::glance(&left, &right, walk.options, context)?;
    let (left, right) = (Arc::new(left), Arc::new(right));
    if outcome.is_none() {
        let (a, b): (Arc<dyn ReadAt>, Arc<dyn ReadAt>) = (left.clone(), right.clone());
        let work: Arc<SharedWork> = Arc::new(parallel::Work::new(a, b, walk.options.chunk_size));
        for _ in 1..crew.size() {
            crew.push_idle(Task::Content(Arc::downgrade(&work)));
        }
        work.run(context);
        let same = work.finish()?;
        outcome = (!same).then_some(DiffReason::ContentMismatch);
    }
    left.verify()?;
    right.verify()?;
    Ok(outcome)
}
