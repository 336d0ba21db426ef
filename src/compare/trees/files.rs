//! Comparing the files that two directories have in common.

use std::sync::Arc;

use super::common_files::CommonFiles;
use super::task::{SharedComparison, Task, Walk};
use crate::content::file::FileReader;
use crate::content::{ReadAt, Reader, sizes_differ};
use crate::engine;
use crate::engine::first::{in_memory, with_line};
use crate::engine::mismatch::first_mismatch;
use crate::error::{Error, Result, join};
use crate::outcome::{DiffReason, Difference, Finding, PairOutcome, Proof, Unequal};
use crate::run::context::Context;
use crate::run::workers::Workers;
use crate::tree::manifest::listed::Listed;
use crate::tree::{EntryContent, Tree};

/// Compares all of `files`; other workers help, as far as they are idle.
pub(crate) fn share<A: Tree, B: Tree>(
    files: CommonFiles<A, B>,
    walk: &Walk<'_, A, B>,
    workers: &Workers<'_, Task<A, B>>,
    context: &Context<'_>,
) -> Result<()> {
    let helpers = files.batches().min(workers.most()).saturating_sub(1);
    let files = Arc::new(files);
    for _ in 0..helpers {
        workers.push(Task::Files(Arc::clone(&files)));
    }
    compare(&files, walk, workers, context)
}

/// Compares files until none is left that no thread has taken.
pub(crate) fn compare<A: Tree, B: Tree>(
    files: &CommonFiles<A, B>,
    walk: &Walk<'_, A, B>,
    workers: &Workers<'_, Task<A, B>>,
    context: &Context<'_>,
) -> Result<()> {
    while let Some(batch) = files.take_batch() {
        for (name, other) in batch {
            context.checkpoint()?;
            context.counters().begin(&[&files.path, name]);
            let path = || join(&files.path, name);
            if let Some(known) = walk.known {
                match known.content(&path(), context) {
                    Ok(Some(finding)) => walk.report.found(path(), finding, context)?,
                    Ok(None) => {}
                    Err(error) => walk.report.failed(path(), error, context)?,
                }
                continue;
            }
            let found = engine::until_quiet(walk.options.retries(), context, || {
                let left = walk.a.open(&files.left, name)?;
                let right = walk.b.open(&files.right, other)?;
                contents(left, right, walk, workers, context)
            });
            match found {
                Ok(Finding::Equal(proof)) => walk.report.equal(path, proof, context)?,
                Ok(finding) => walk.report.found(path(), finding, context)?,
                Err(error) => walk.report.failed(path(), error, context)?,
            }
        }
    }
    Ok(())
}

/// A content that is read to its end.
enum Opened {
    File(FileReader),
    Stream(Box<dyn Reader>),
}

impl Opened {
    fn of(content: EntryContent<'_>) -> Result<Self> {
        Ok(match content {
            EntryContent::Start(start) => Self::File(start.into_reader()?),
            EntryContent::File(file) => Self::File(file),
            EntryContent::Stream(reader) => Self::Stream(reader),
            EntryContent::Listed(_) => {
                return Err(Error::Internal("a manifest's entry has no content".to_owned()));
            }
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
    left: EntryContent<'_>,
    right: EntryContent<'_>,
    walk: &Walk<'_, A, B>,
    workers: &Workers<'_, Task<A, B>>,
    context: &Context<'_>,
) -> Result<Finding> {
    let (left, right) = match (left, right) {
        (EntryContent::Listed(left), EntryContent::Listed(right)) => {
            return left.compare(&right, context);
        }
        (EntryContent::Listed(listed), read) | (read, EntryContent::Listed(listed)) => {
            return digests(&listed, read, context);
        }
        contents => contents,
    };
    if let (Some(left), Some(right)) = (left.all(), right.all()) {
        let place = |reason| {
            let wanted = walk.options.r#where.then_some(walk.options.context);
            Finding::differs_at(reason, wanted.and_then(|shown| in_memory(left, right, shown)))
        };
        if left.len() != right.len() {
            return Ok(place(DiffReason::SizeMismatch));
        }
        // As many as count where the two are read side by side: which of the two ways it is may depend on time.
        let mismatch = first_mismatch(left, right);
        context.counters().add_bytes(mismatch.unwrap_or(left.len()) as u64);
        if mismatch.is_some() {
            return Ok(place(DiffReason::ContentMismatch));
        }
        return Ok(Finding::Equal(Some(Proof::Bytes)));
    }
    let (mut left, mut right) = match (Opened::of(left)?, Opened::of(right)?) {
        (Opened::File(left), Opened::File(right)) => {
            if left.is_same_file(&right) {
                return Ok(Finding::Equal(Some(Proof::SameFile)));
            }
            if workers.most() > 1 && engine::is_worth_sharing(&left, &right) {
                return large_files(left, right, walk, workers, context);
            }
            (Opened::File(left), Opened::File(right))
        }
        other => other,
    };
    let (left, right) = (left.reader(), right.reader());
    if !walk.options.r#where {
        return engine::compare(left, right, walk.options, context).map(by_bytes);
    }
    let shown = walk.options.context;
    let difference = engine::first_difference(left, right, shown, walk.options, context)?;
    Ok(by_place(difference, sizes_differ(left.size(), right.size())))
}

/// Compares a content with what a manifest lists of it.
fn digests(listed: &Listed<'_>, read: EntryContent<'_>, context: &Context<'_>) -> Result<Finding> {
    if let Some(bytes) = read.all() {
        return listed.compare_bytes(bytes, context);
    }
    listed.compare_reader(Opened::of(read)?.reader(), context)
}

/// What two contents that were read come to.
fn by_bytes(outcome: PairOutcome) -> Finding {
    match outcome {
        None => Finding::Equal(Some(Proof::Bytes)),
        Some(unequal) => Finding::differs(unequal.reason),
    }
}

/// What two contents come to of which it was asked where they differ.
fn by_place(difference: Option<Difference>, sizes_differ: bool) -> Finding {
    match difference {
        None => Finding::Equal(Some(Proof::Bytes)),
        Some(_) if sizes_differ => Finding::differs_at(DiffReason::SizeMismatch, difference),
        Some(_) => Finding::differs_at(DiffReason::ContentMismatch, difference),
    }
}

/// Compares two files of one size; other workers help, as far as they are idle.
fn large_files<A: Tree, B: Tree>(
    left: FileReader,
    right: FileReader,
    walk: &Walk<'_, A, B>,
    workers: &Workers<'_, Task<A, B>>,
    context: &Context<'_>,
) -> Result<Finding> {
    // A sample that differs decides, unless the place is wanted.
    let is_where = walk.options.r#where;
    let sampled =
        if is_where { None } else { engine::quick_check(&left, &right, walk.options, context)? };
    let (left, right) = (Arc::new(left), Arc::new(right));
    let mut finding = by_bytes(sampled);
    if sampled.is_none() {
        let (a, b): (Arc<dyn ReadAt>, Arc<dyn ReadAt>) = (left.clone(), right.clone());
        let comparison = SharedComparison::new(a, b, walk.options.chunk_size);
        let comparison = Arc::new(comparison.showing(walk.options.context));
        for _ in 1..workers.most() {
            workers.push_idle(Task::Content(Arc::downgrade(&comparison)));
        }
        comparison.run(context);
        let place = comparison.finish()?;
        finding = if is_where {
            // The other workers have work of their own.
            let with_line = |place| with_line(place, &*left, &*right, 1, context);
            by_place(place.map(with_line).transpose()?, false)
        } else {
            by_bytes(place.map(|place| Unequal::at(place.offset)))
        };
    }
    left.verify()?;
    right.verify()?;
    Ok(finding)
}
