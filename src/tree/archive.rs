//! Two archives, compared.
//!
//! An archive is a tree that can only be read in its own order, and whose content costs something to
//! come by. Two threads unpack the two archives, and the calling one compares. A second pass over one
//! or both settles what the first could not: an entry that was compared with another than the one
//! it has to be compared with, because its name came again or because it has several.

use std::collections::HashSet;

use super::entries::{Entries, Index};
use super::handover::{Feed, handover};
use super::ordered;
use super::settle::{Settled, outcome, unknown};
use super::unpack::{Plan, unpack};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::options::{ArchiveLimits, Options};
use crate::outcome::TreeOutcome;
use crate::reader::supply::Origin;

/// Compares every entry of two archives.
///
/// # Errors
/// When one of them is damaged, encrypted, too much or no archive; when the context says stop.
pub(crate) fn compare(
    left: &dyn Origin,
    right: &dyn Origin,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    let plan = || if options.hash_compare { Plan::Digest } else { Plan::Send };
    let sides = [(left, plan()), (right, plan())];
    let mut entries = unpacking(sides, &options.limits, context, |[one, other]| {
        ordered::read(one, other, options.chunk_size, context)
    })?;
    let settled = [Settled::new(left.name(), &entries[0]), Settled::new(right.name(), &entries[1])];
    let needed = unknown(&settled[0], &settled[1]);
    for ((origin, needed), entries) in [left, right].into_iter().zip(needed).zip(&mut entries) {
        if !needed.is_empty() {
            add_digests(origin, needed, entries, &options.limits, context)?;
        }
    }
    let [lefts, rights] = &entries;
    let (one, other) = (Settled::new(left.name(), lefts), Settled::new(right.name(), rights));
    Ok(outcome(&one, &other, options.list_equal))
}

/// Reads one of two archives that are known to have the same bytes.
///
/// # Errors
/// Those of [`compare`].
pub(crate) fn examine(
    archive: &dyn Origin,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    let nothing = Plan::DigestOnly(HashSet::new());
    let entries = unpacking([(archive, nothing)], &options.limits, context, |[feed]| {
        ordered::read_one(feed, context)
    })?;
    let settled = Settled::new(archive.name(), &entries);
    Ok(outcome(&settled, &settled, options.list_equal))
}

/// Reads an archive once more, for these digests.
fn add_digests(
    archive: &dyn Origin,
    needed: HashSet<Index>,
    entries: &mut Entries,
    limits: &ArchiveLimits,
    context: &Context<'_>,
) -> Result<()> {
    let plan = [(archive, Plan::DigestOnly(needed.clone()))];
    let again = unpacking(plan, limits, context, |[feed]| ordered::read_one(feed, context))?;
    let is_the_same = again.all.len() == entries.all.len()
        && needed.iter().all(|&index| {
            again.header(index) == entries.header(index)
                && again.body(index).size == entries.body(index).size
        });
    if !is_the_same {
        return Err(Error::read(archive.name(), "changed between two passes over it"));
    }
    for index in needed {
        entries.all[index as usize].1.digest = again.body(index).digest;
    }
    Ok(())
}

/// Unpacks archives, each on a thread of its own, while `work` takes what comes.
fn unpacking<const N: usize, T>(
    archives: [(&dyn Origin, Plan); N],
    limits: &ArchiveLimits,
    context: &Context<'_>,
    work: impl FnOnce([Feed<'_>; N]) -> Result<T>,
) -> Result<T> {
    let part = &context.call().part();
    std::thread::scope(|scope| {
        let mut failure = None;
        let feeds = archives.map(|(origin, plan)| {
            let (outlet, feed) = handover(origin.name(), context);
            let unpack = move || unpack(origin, &plan, limits, &Context::new(part), outlet);
            let builder = std::thread::Builder::new().name("komparu-unpack".to_owned());
            if let Err(error) = builder.spawn_scoped(scope, unpack) {
                failure = Some(Error::system(origin.name(), &error));
            }
            feed
        });
        let outcome = failure.map_or_else(|| work(feeds), Err);
        part.cancel();
        outcome
    })
}
