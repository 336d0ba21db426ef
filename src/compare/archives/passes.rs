//! Two archives, compared.
//!
//! An archive is a tree that can only be read in its own order, and whose content costs something to
//! come by. The calling thread unpacks one of the two and compares it with what another thread unpacks of
//! the other, so that two cores are busy and half of the content is never copied. A second pass over one
//! or both settles what the first could not: an entry that was compared with another than the one
//! it has to be compared with, because its name came again or because it has several.

use std::collections::BTreeSet;

use super::again::{add_digests, read_one};
use super::channel::channel;
use super::decide::ResolvedPair;
use super::differences;
use super::differences::Differences;
use super::differences::scan::ReadAgain;
use super::direct::Direct;
use super::lockstep;
use super::lockstep::LockstepOptions;
use super::send::unpack;
use crate::archive::chosen::Chosen;
use crate::archive::entries::{Entries, Index};
use crate::archive::input::Origin;
use crate::archive::unpack::{ContentUse, Unpacker};
use crate::compare::moves;
use crate::compare::moves::ArchivedFiles;
use crate::error::Result;
use crate::options::Options;
use crate::outcome::{Proof, Side};
use crate::run::context::Context;
use crate::run::sink::Report;
use crate::run::threads;

/// What the thread is called that unpacks the other archive.
pub(crate) const THREAD: &str = "komparu-unpack";

/// Compares every entry of two archives, one of them unpacked on a thread of its own, or one after the other
/// where the system has no more threads. What is found is known, and reported, when all entries of both have
/// passed: of several entries of one name the last counts.
///
/// # Errors
/// When one of them is damaged, encrypted, too much or no archive; when the context says stop.
pub(crate) fn compare(
    left: &dyn Origin,
    right: &dyn Origin,
    options: &Options,
    report: &Report<'_>,
    context: &Context<'_>,
) -> Result<()> {
    let shown = options.r#where.then_some(options.context);
    let lockstep_options =
        LockstepOptions { step: options.chunk_size, by_digest: options.hash_compare, shown };
    let part = &context.call().part();
    let together = std::thread::scope(|scope| {
        let (sender, receiver) = channel(right.name(), lockstep_options.by_digest, context);
        let other = move || unpack(right, false, options, &Context::new(part), sender);
        let outcome = threads::named(THREAD).spawn_scoped(scope, other).ok().map(|_| {
            Unpacker::open(left, ContentUse::Send, options, context)
                .map(Direct::new)
                .and_then(|direct| lockstep::read(direct, receiver, lockstep_options, context))
        });
        part.cancel();
        outcome
    });
    let Some(together) = together else {
        return compare_in_turn(left, right, options, report, context);
    };
    let (mut entries, mut differences) = together?;
    let mut resolved_pair = ResolvedPair::new(entries.each_ref(), Proof::Bytes, context)?;
    let needed = resolved_pair.unknown(entries.each_ref(), context)?;
    for ((origin, needed), entries) in [left, right].into_iter().zip(needed).zip(&mut entries) {
        if !needed.is_empty() {
            add_digests(origin, &needed, entries, options, context)?;
        }
    }
    if options.r#where {
        let pairs = resolved_pair.without_place(entries.each_ref(), &differences, context)?;
        add_differences(
            [left, right],
            entries.each_ref(),
            &pairs,
            &mut differences,
            options,
            context,
        )?;
        resolved_pair.set_differences(differences);
    }
    report_all(resolved_pair, [left, right], entries.each_ref(), options, report, context)
}

/// Reads one of two archives that are known by `same` to have the same bytes.
///
/// # Errors
/// Those of [`compare`].
pub(crate) fn examine(
    archive: &dyn Origin,
    same: Proof,
    options: &Options,
    report: &Report<'_>,
    context: &Context<'_>,
) -> Result<()> {
    let nothing = ContentUse::DigestOnly(Chosen::default());
    let entries = read_one(archive, nothing, true, options, context)?;
    let both = [&entries, &entries];
    let names = [archive.name(), archive.name()];
    let resolved_pair = ResolvedPair::new(both, same, context)?;
    resolved_pair.report(names, both, options, report, context).map(drop)
}

/// Compares two archives of which only one can be read at a time, by the digests of their entries.
///
/// # Errors
/// Those of [`compare`].
pub(crate) fn compare_in_turn(
    left: &dyn Origin,
    right: &dyn Origin,
    options: &Options,
    report: &Report<'_>,
    context: &Context<'_>,
) -> Result<()> {
    let read = |archive, counts| read_one(archive, ContentUse::DigestAll, counts, options, context);
    let (lefts, rights) = (read(left, true)?, read(right, false)?);
    let both = [&lefts, &rights];
    let mut resolved_pair = ResolvedPair::new(both, Proof::Digest, context)?;
    if options.r#where {
        let mut differences = Differences::new();
        let pairs = resolved_pair.without_place(both, &differences, context)?;
        add_differences([left, right], both, &pairs, &mut differences, options, context)?;
        resolved_pair.set_differences(differences);
    }
    report_all(resolved_pair, [left, right], both, options, report, context)
}

/// Adds where these pairs of entries differ.
fn add_differences(
    [left, right]: [&dyn Origin; 2],
    [lefts, rights]: [&Entries; 2],
    pairs: &BTreeSet<(Index, Index)>,
    differences: &mut Differences,
    options: &Options,
    context: &Context<'_>,
) -> Result<()> {
    let left = ReadAgain { origin: left, entries: lefts, options, context };
    let right = ReadAgain { origin: right, entries: rights, options, context };
    differences::add(&left, &right, pairs, options.context, differences)
}

/// Reports the verdict on every name, and which files moved.
fn report_all(
    resolved_pair: ResolvedPair,
    [left, right]: [&dyn Origin; 2],
    both: [&Entries; 2],
    options: &Options,
    report: &Report<'_>,
    context: &Context<'_>,
) -> Result<()> {
    let resolved_pair =
        resolved_pair.report([left.name(), right.name()], both, options, report, context)?;
    if !options.moves {
        return Ok(());
    }
    let of_left = |path: &[u8]| resolved_pair.file(Side::Left, path, both);
    let of_right = |path: &[u8]| resolved_pair.file(Side::Right, path, both);
    let lefts = ArchivedFiles::new((left, both[0]), &of_left, None, options);
    let rights = ArchivedFiles::new((right, both[1]), &of_right, None, options);
    moves::settle([&lefts, &rights], report, context)
}
