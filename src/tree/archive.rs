//! Two archives, compared.
//!
//! An archive is a tree that can only be read in its own order, and whose content costs something to
//! come by. The calling thread unpacks one of the two and compares it with what another thread unpacks of
//! the other, so that two cores are busy and half of the content is never copied. A second pass over one
//! or both settles what the first could not: an entry that was compared with another than the one
//! it has to be compared with, because its name came again or because it has several.

use std::collections::HashSet;

use super::direct::Direct;
use super::entries::{Entries, Index};
use super::handover::handover;
use super::ordered::{self, Manner};
use super::settle::{Settled, in_step, outcome, unknown};
use super::unpack::{Plan, Unpacker, unpack};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::options::{ArchiveLimits, Options};
use crate::outcome::TreeOutcome;
use crate::reader::supply::Origin;
use crate::threads;

/// What the thread is called that unpacks the other archive.
const THREAD: &str = "komparu-unpack";

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
    let manner = Manner { step: options.chunk_size, by_digest: options.hash_compare };
    let part = &context.call().part();
    let mut entries = std::thread::scope(|scope| {
        let (outlet, feed) = handover(right.name(), manner.by_digest, context);
        let limits = &options.limits;
        let other = move || unpack(right, limits, &Context::new(part), outlet);
        let started = threads::named(THREAD).spawn_scoped(scope, other);
        let outcome = match started {
            Err(error) => Err(Error::system(right.name(), &error)),
            Ok(_) => Unpacker::open(left, Plan::Send, limits, context)
                .map(|unpacker| Direct::new(left.name(), unpacker))
                .and_then(|direct| ordered::read(direct, feed, manner, context)),
        };
        part.cancel();
        outcome
    })?;
    if let Some(outcome) = in_step(&entries, [left.name(), right.name()], options.list_equal) {
        return Ok(outcome);
    }
    let settled = [Settled::new(left.name(), &entries[0]), Settled::new(right.name(), &entries[1])];
    let needed = unknown(&settled[0], &settled[1]);
    if needed.iter().all(HashSet::is_empty) {
        return Ok(outcome(&settled[0], &settled[1], options.list_equal));
    }
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
    let entries = read_one(archive, nothing, &options.limits, context)?;
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
    let again = read_one(archive, Plan::DigestOnly(needed.clone()), limits, context)?;
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

/// Reads one archive to its end, on this thread.
fn read_one(
    archive: &dyn Origin,
    plan: Plan,
    limits: &ArchiveLimits,
    context: &Context<'_>,
) -> Result<Entries> {
    let unpacker = Unpacker::open(archive, plan, limits, context)?;
    ordered::read_one(Direct::new(archive.name(), unpacker), context)
}
