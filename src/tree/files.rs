//! The files that two directories have in common.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::compare::Walk;
use super::task::{SharedWork, Task};
use super::{Content, Tree};
use crate::context::Context;
use crate::crew::Crew;
use crate::engine::{self, parallel};
use crate::error::{Result, join};
use crate::outcome::{DiffReason, Finding, PairOutcome};
use crate::reader::file::FileReader;
use crate::reader::{ReadAt, Reader};

/// Pairs of files, for any number of threads to compare.
pub(super) struct Files<A: Tree, B: Tree> {
    path: Vec<u8>,
    pub(super) left: Arc<A::Directory>,
    pub(super) right: Arc<B::Directory>,
    names: Vec<u8>,
    /// Where each name lies.
    ranges: Vec<Range<usize>>,
    /// The first that nobody has taken.
    next: AtomicUsize,
}

impl<A: Tree, B: Tree> Files<A, B> {
    const BATCH: usize = if A::BATCH < B::BATCH { A::BATCH } else { B::BATCH };

    /// No files yet, of two directories that both are at `path`.
    pub(super) fn new(path: Vec<u8>, left: Arc<A::Directory>, right: Arc<B::Directory>) -> Self {
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
        let outcome = engine::until_quiet(context, || {
            let left = walk.a.open(&self.left, name)?;
            let right = walk.b.open(&self.right, name)?;
            contents(left, right, walk, crew, context)
        });
        match outcome {
            Ok(None) => walk.findings.same(path),
            Ok(Some(reason)) => walk.findings.add(path(), Finding::Differs(reason)),
            Err(error) => walk.findings.failed(path(), error)?,
        }
        Ok(())
    }
}

/// A content that takes more than one look.
enum Opened {
    File(FileReader),
    Stream(Box<dyn Reader>),
}

impl Opened {
    fn of(content: Content<'_>) -> Result<Self> {
        Ok(match content {
            Content::Start(start) => Self::File(start.into_reader()?),
            Content::File(file) => Self::File(file),
            Content::Stream(reader) => Self::Stream(reader),
        })
    }

    fn reader(&mut self) -> &mut dyn Reader {
        match self {
            Self::File(file) => file,
            Self::Stream(reader) => &mut **reader,
        }
    }
}

/// Compares two contents.
fn contents<A: Tree, B: Tree>(
    left: Content<'_>,
    right: Content<'_>,
    walk: &Walk<'_, A, B>,
    crew: &Crew<'_, Task<A, B>>,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    if let (Some(left), Some(right)) = (left.all(), right.all()) {
        return Ok(if left == right {
            None
        } else if left.len() == right.len() {
            Some(DiffReason::ContentMismatch)
        } else {
            Some(DiffReason::SizeMismatch)
        });
    }
    let (mut left, mut right) = match (Opened::of(left)?, Opened::of(right)?) {
        (Opened::File(left), Opened::File(right)) => {
            if left.is_same_file(&right) {
                return Ok(None);
            }
            if crew.size() > 1 && engine::is_worth_sharing(&left, &right) {
                return big_files(left, right, walk, crew, context);
            }
            (Opened::File(left), Opened::File(right))
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
