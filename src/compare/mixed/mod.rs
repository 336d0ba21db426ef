//! An archive against a tree whose entries are opened by name: a directory, or a map of sources.
//!
//! The archive is read once, in its own order. While a file passes, it is compared with what the other tree has at
//! its path; what cannot be opened there is passed over. When all entries have passed, it is known what each name
//! stands for, and both trees are walked side by side, as two directories are. Links and several names of one
//! content are decided then: the file of one name is compared with that of the other, or, where the content
//! itself differs from the file of its own name, with the digests of a second pass.

mod archive_tree;
mod drive;
mod known;
mod places;

use std::sync::Mutex;

use self::archive_tree::ArchiveTree;
use self::drive::{Driven, drive};
use self::known::KnownEntries;
use self::places::Unplaced;
use super::archives::again::add_digests;
use super::archives::passes::THREAD;
use super::archives::{Archive, GivenArchive, channel, decide, direct, lockstep, send};
use super::manifests::digests::Names;
use super::moves;
use super::moves::{ArchivedFiles, TreeFiles};
use super::trees::task::Known;
use super::trees::walk;
use crate::archive::chosen::Chosen;
use crate::archive::entries::{Entries, Index};
use crate::archive::input::Origin;
use crate::archive::unpack::{ContentUse, Unpacker};
use crate::engine;
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::outcome::{Finding, Side};
use crate::run::context::{Context, Steps};
use crate::run::for_each::{AfterFailure, Verdict, each};
use crate::run::sink::{Report, Sink, report};
use crate::run::threads;
use crate::sys::lock::{ignore_poison, lock};
use crate::tree::Tree;
use crate::tree::empty::EmptyTree;
use crate::tree::manifest::hasher::Computed;
use crate::tree::manifest::write::DigestedFile;

/// How the content of files is compared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reading {
    /// As it is unpacked, with what the other tree has at its path.
    Driving,
    /// By digests, so many at a time, when the archive has been read. A source of a map may need a server for as
    /// long as its first byte takes, and that server may be the archive's.
    Digesting(usize),
}

/// Compares the entries of an archive, which is on this side, with those of a tree, and says to the sink what it
/// finds. False where that ended with the last of the findings that were to be found.
///
/// # Errors
/// When the archive is none, damaged, encrypted, or passes a limit; when the tree's root cannot be read; when the
/// context says stop.
pub(crate) fn report_archive_and_tree<T: Tree>(
    (archive, side): (GivenArchive<'_>, Side),
    (tree, tree_name): (&T, &Name),
    reading: Reading,
    options: &Options,
    sink: &dyn Sink,
    context: &Context<'_>,
) -> Result<bool> {
    options.refuse_ignore_case()?;
    context.checkpoint()?;
    // A root that cannot be entered is said before an archive is read.
    drop(tree.enter(b"", None)?);
    report(sink, options.early_end(), context, |report, context| {
        let (archive, driven) = engine::until_quiet(options.retries(), context, || {
            let archive = Archive::look(archive, options)?;
            let driven = match reading {
                Reading::Driving => read(&archive, tree, options, context)?,
                Reading::Digesting(_) => {
                    let digests = ContentUse::DigestAll;
                    let unpacker = Unpacker::open(&archive, digests, options, context)?;
                    let archive = direct::Direct::new(unpacker.with_directories());
                    let entries = lockstep::read_one(archive, true, context)?;
                    Driven { entries, ..Driven::default() }
                }
            };
            Ok((archive, driven))
        })?;
        let found = Found { archive: &archive, side, tree, tree_name, reading, options };
        found.report(driven, report, context)
    })
}

/// The digests of all files of an archive, which is read once, beside a tree that has no entries; `names` notes
/// the paths.
///
/// # Errors
/// When the archive is none, damaged, encrypted, or passes a limit; when not all of it is known; when the context
/// says stop.
pub(super) fn digested(
    archive: GivenArchive<'_>,
    nothing: &EmptyTree,
    names: Names,
    options: &Options,
    report: &Report<'_>,
    context: &Context<'_>,
) -> Result<Vec<DigestedFile>> {
    let (archive, driven) = engine::until_quiet(options.retries(), context, || {
        let archive = Archive::look(archive, options)?;
        let driven = read(&archive, nothing, options, context)?;
        Ok((archive, driven))
    })?;
    let (name, tree_name) = (archive.name(), &Name::new(b"nothing"));
    let (side, reading) = (Side::Left, Reading::Driving);
    let found = Found { archive: &archive, side, tree: nothing, tree_name, reading, options };
    found.besides(&driven.entries, report, context)?;
    let tree = ArchiveTree::new(name, &driven.entries, nothing, options, context)?;
    if let Some(path) = tree.files_with_entries.first() {
        let cause = "is a file and a directory in the archive";
        return Err(Error::archive(&Name::new(path), cause));
    }
    let uncounted = context.call().uncounted_part();
    let quiet = &context.within(&uncounted);
    walk::compare_within(&tree, nothing, options, Some(&names), report, quiet)?;
    let (mut files, mut steps) = (Vec::new(), Steps::new(context));
    for path in names.found() {
        steps.step()?;
        if path.is_empty() {
            return Err(Error::archive(name, "is a compressed file, which has no name to list"));
        }
        if let Some(error) = tree.broken.get(&path) {
            return Err(error.clone());
        }
        let digested = tree.content(&path).and_then(|index| driven.digests.get(&index));
        let no_file = || Error::archive(&Name::new(&path), "is no file of the archive");
        let Computed { count, digests } = digested.ok_or_else(no_file)?;
        let digest = digests.first().map(|(_, digest)| digest.clone()).unwrap_or_default();
        files.push(DigestedFile { path, size: Some(*count), digest });
    }
    Ok(files)
}

/// Reads the archive, unpacked by a thread of its own where the system has one.
fn read<T: Tree>(
    archive: &Archive<'_>,
    tree: &T,
    options: &Options,
    context: &Context<'_>,
) -> Result<Driven> {
    if options.max_workers != 1 {
        let part = &context.call().part();
        let driven = std::thread::scope(|scope| {
            let (sender, receiver) = channel::channel(archive.name(), false, context);
            let unpack = move || send::unpack(archive, true, options, &Context::new(part), sender);
            let spawned = threads::named(THREAD).spawn_scoped(scope, unpack).is_ok();
            let driven = spawned.then(|| drive(receiver, tree, options, context));
            part.cancel();
            driven
        });
        if let Some(driven) = driven {
            return driven;
        }
    }
    let unpacker = Unpacker::open(archive, ContentUse::Send, options, context)?;
    let unpacker = unpacker.with_directories();
    drive(direct::Direct::new(unpacker), tree, options, context)
}

/// An archive that has been read, and the tree that it is compared with.
struct Found<'f, 's, T> {
    archive: &'f Archive<'s>,
    side: Side,
    tree: &'f T,
    tree_name: &'f Name,
    reading: Reading,
    options: &'f Options,
}

impl<T: Tree> Found<'_, '_, T> {
    fn report(&self, mut driven: Driven, report: &Report<'_>, context: &Context<'_>) -> Result<()> {
        self.besides(&driven.entries, report, context)?;
        let name = self.archive.name();
        let pending = {
            let archive_tree =
                ArchiveTree::new(name, &driven.entries, self.tree, self.options, context)?;
            for path in &archive_tree.files_with_entries {
                let error = Error::archive(name, "is a file and a directory in the archive");
                report.failed(path.clone(), error, context)?;
            }
            let (tree, options) = (self.tree, self.options);
            let (driven, side) = (&driven, self.side);
            let archive = &archive_tree;
            let pending = Mutex::default();
            let known = KnownEntries { name, side, archive, driven, tree, options, pending };
            let known_to: Option<&dyn Known> = Some(&known);
            match side {
                Side::Left => {
                    walk::compare_within(archive, tree, options, known_to, report, context)?;
                }
                Side::Right => {
                    walk::compare_within(tree, archive, options, known_to, report, context)?;
                }
            }
            let pending = ignore_poison(known.pending.into_inner());
            if options.moves && pending.is_empty() {
                return self.settle_moves(driven, archive, report, context);
            }
            pending
        };
        if pending.is_empty() {
            return Ok(());
        }
        let mut needed = Chosen::default();
        let has_digest = |index| driven.entries.body(index).digest.is_some();
        let without = pending.iter().filter(|(index, _)| !has_digest(*index));
        without.for_each(|&(index, _)| needed.insert(index));
        if !needed.is_empty() {
            add_digests(self.archive, &needed, &mut driven.entries, self.options, context)?;
        }
        let (tree, options, side) = (self.tree, self.options, self.side);
        let archive = &ArchiveTree::new(name, &driven.entries, tree, options, context)?;
        let driven = &driven;
        let known =
            KnownEntries { name, side, archive, driven, tree, options, pending: Mutex::default() };
        let at_a_time = self.at_a_time();
        let unplaced = Mutex::new(Vec::new());
        let by_digest = |(index, path): &(Index, Vec<u8>), context: &Context<'_>| {
            match engine::until_quiet(options.retries(), context, || {
                known.by_digest(*index, path, context)
            }) {
                Ok((Finding::Differs(mismatch), length)) if options.r#where => {
                    let (index, path) = (*index, path.clone());
                    lock(&unplaced).push(Unplaced { index, path, size: length, mismatch });
                }
                Ok((finding, _)) => report.found(path.clone(), finding, context)?,
                Err(error) => report.failed(path.clone(), error, context)?,
            }
            Ok(Verdict::Undecided)
        };
        each(&pending, at_a_time, AfterFailure::Stop, context, by_digest)?;
        let unplaced = ignore_poison(unplaced.into_inner());
        let origin = (self.archive as &dyn Origin, &driven.entries);
        for (path, finding) in places::found(origin, tree, unplaced, options, context)? {
            report.found(path, known.seen(finding), context)?;
        }
        if options.moves { self.settle_moves(driven, archive, report, context) } else { Ok(()) }
    }

    /// How many files of the tree are read at a time.
    fn at_a_time(&self) -> usize {
        match self.reading {
            Reading::Driving => self.options.workers(),
            Reading::Digesting(at_a_time) => at_a_time,
        }
    }

    /// Finds out which of the files moved that only one of the two has.
    fn settle_moves(
        &self,
        driven: &Driven,
        archive: &ArchiveTree<'_, T>,
        report: &Report<'_>,
        context: &Context<'_>,
    ) -> Result<()> {
        let entry = |path: &[u8]| archive.content(path);
        let computed = self.tree.listed_digests().map(|_| &driven.digests);
        let entries = (self.archive as &dyn Origin, &driven.entries);
        let archived = ArchivedFiles::new(entries, &entry, computed, self.options);
        let (at_a_time, retries) = (self.at_a_time(), self.options.retries());
        let tree = TreeFiles { tree: self.tree, at_a_time, retries };
        match self.side {
            Side::Left => moves::settle([&archived, &tree], report, context),
            Side::Right => moves::settle([&tree, &archived], report, context),
        }
    }

    /// Reports the names that are matched with nothing, and what is not known of the archive as a whole.
    fn besides(&self, entries: &Entries, report: &Report<'_>, context: &Context<'_>) -> Result<()> {
        let (name, nothing) = (self.archive.name(), Entries::default());
        let (archives, both) = match self.side {
            Side::Left => ([name, self.tree_name], [entries, &nothing]),
            Side::Right => ([self.tree_name, name], [&nothing, entries]),
        };
        let mut whole = decide::container(archives, both);
        let (mut told, mut steps) = (std::collections::HashSet::new(), Steps::new(context));
        for (path, why) in &entries.besides.refused {
            steps.step()?;
            if path.is_empty() && whole.is_some() {
                continue;
            }
            if told.insert(path) {
                let error = Error::archive(name, format!("the name {why}"));
                report.failed(path.clone(), error, context)?;
            }
        }
        match whole.take() {
            Some(error) => report.found(Vec::new(), Finding::failed(error), context),
            None => Ok(()),
        }
    }
}
