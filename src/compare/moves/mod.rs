//! Files that moved: a path that only the left tree has and one that only the right tree has, with the same content.
//!
//! When two trees have been compared, the files that only one of them has are held back (see `Report::only`). Of
//! these, only files whose size both sides have are read, each once, and paired by their digests; against a manifest,
//! by its digests. Empty files have no content that could be anywhere else.

mod archived;
mod contents;
mod files;
mod find;
mod pairs;
mod tree_files;

pub(crate) use self::archived::ArchivedFiles;
use self::files::Files;
use self::find::{Found, find};
pub(crate) use self::tree_files::TreeFiles;
use crate::error::{Error, Result};
use crate::outcome::{Finding, Moved, Side};
use crate::run::context::{Context, Steps};
use crate::run::sink::Report;
use crate::run::sort;

/// Why it is in question whether a file moved.
const IN_QUESTION: &str = "whether it was moved cannot be told";

/// Finds out which of the files moved that only one tree has, and reports all of them. One that cannot be read is
/// one that only its tree has, and a failure.
///
/// # Errors
/// When the context says stop, or the call is to end.
pub(crate) fn settle(
    [left, right]: [&dyn Files; 2],
    report: &Report<'_>,
    context: &Context<'_>,
) -> Result<()> {
    let mut held = report.take_held();
    for paths in &mut held {
        sort::sort_by(paths, context, Ord::cmp)?;
    }
    let Found { mut moved, mut failed } = if held.iter().any(Vec::is_empty) {
        Found::default()
    } else {
        match find([left, right], [&held[0], &held[1]], context) {
            Ok(found) => found,
            Err(error) => {
                report.hold(held);
                return Err(error);
            }
        }
    };
    let [lefts, mut rights] = held;
    let mut is_target = vec![false; rights.len()];
    let mut steps = Steps::new(context);
    for (index, path) in lefts.into_iter().enumerate() {
        steps.step()?;
        if let Some(one) = moved.remove(&index) {
            is_target[one.to] = true;
            context.counters().add_bytes(one.read);
            let to = std::mem::take(&mut rights[one.to]);
            let finding = Finding::Moved(Box::new(Moved { to, proof: one.proof }));
            report.found(path, finding, context)?;
            continue;
        }
        only(Side::Left, path, failed[0].remove(&index), report, context)?;
    }
    for (index, path) in rights.into_iter().enumerate() {
        steps.step()?;
        if !is_target[index] {
            only(Side::Right, path, failed[1].remove(&index), report, context)?;
        }
    }
    Ok(())
}

fn only(
    side: Side,
    path: Vec<u8>,
    failed: Option<Error>,
    report: &Report<'_>,
    context: &Context<'_>,
) -> Result<()> {
    report.found(path.clone(), side.only(), context)?;
    match failed {
        Some(error) => report.failed(path, error.because(IN_QUESTION), context),
        None => Ok(()),
    }
}
