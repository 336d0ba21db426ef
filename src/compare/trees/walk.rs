//! Two trees, walked side by side.
//!
//! A directory that both trees have is listed on both sides, the names are matched, and the files that both
//! have are compared. A directory that only one tree has is only listed. What cannot be compared is a
//! finding; only a deadline or a cancel ends the walk.

use std::cell::OnceCell;
use std::sync::Arc;

use super::common_files::CommonFiles;
use super::files;
use super::task::{Absent, Entered, Known, OpenParentsLimit, Task, Visit, Walk};
use crate::compare::moves;
use crate::compare::moves::TreeFiles;
use crate::error::{Error, Name, Result, join};
use crate::options::Options;
use crate::outcome::{DiffReason, Finding, Proof, Side};
use crate::run::context::Context;
use crate::run::sink::{Report, Sink, report};
use crate::run::threads;
use crate::run::workers;
use crate::run::workers::Workers;
use crate::sys::descriptors::descriptor_limit;
use crate::tree::ancestors::{Ancestors, DirectoryIdentity};
use crate::tree::listing::{CHECKED, EntryKind, Listing, Match, merge};
use crate::tree::spellings::Spellings;
use crate::tree::{Tree, names};

/// Compares every entry of both trees, and says to the sink what it finds. False where that ended with the last
/// of the findings that were to be found.
///
/// # Errors
/// When a root cannot be entered or listed; when the context says stop.
pub fn compare<A: Tree, B: Tree>(
    a: &A,
    b: &B,
    options: &Options,
    sink: &dyn Sink,
    context: &Context<'_>,
) -> Result<bool> {
    report(sink, options.early_end(), context, |report, context| {
        compare_within(a, b, options, None, report, context)?;
        if !options.moves {
            return Ok(());
        }
        let (at_a_time, retries) = (options.workers(), options.retries());
        let lefts = TreeFiles { tree: a, at_a_time, retries };
        let rights = TreeFiles { tree: b, at_a_time, retries };
        moves::settle([&lefts, &rights], report, context)
    })
}

/// The same within a call that reports other findings, too; of what is `known` already nothing is compared.
///
/// # Errors
/// Those of [`compare`].
pub(crate) fn compare_within<A: Tree, B: Tree>(
    a: &A,
    b: &B,
    options: &Options,
    known: Option<&dyn Known>,
    report: &Report<'_>,
    context: &Context<'_>,
) -> Result<()> {
    // The walk has all the threads: the engine must spawn none for a file.
    let one_by_one = Options { max_workers: 1, ..options.clone() };
    // A pair of directories takes two descriptors; these are a sixteenth of all, the rest is for files.
    let open = OpenParentsLimit::new(descriptor_limit() / 32);
    for (path, error) in a.unmatched().into_iter().chain(b.unmatched()) {
        report.failed(path, error, context)?;
    }
    let walk = Walk { a, b, options: &one_by_one, report, open, known };
    let root = Task::Both(Visit::root());
    context.counters().found_directory();
    workers::run(most_workers(options), root, context, |task, workers, context| {
        walk.work(task, workers, context)
    })
}

/// How many threads may walk. Each has two directories and two files open, and the directories of files that
/// wait to be compared stay open too. Some of the process's descriptors must be left over: with 64 and 8
/// threads, at most 35 were open.
fn most_workers(options: &Options) -> usize {
    options.workers().min(descriptor_limit() / 8).max(1)
}

/// A directory of one tree, and `None` for the other.
type Sides<A, B> = (Option<Arc<<A as Tree>::Directory>>, Option<Arc<<B as Tree>::Directory>>);

impl<A: Tree, B: Tree> Walk<'_, A, B> {
    fn work(
        &self,
        task: Task<A, B>,
        workers: &Workers<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        context.checkpoint()?;
        match task {
            Task::Both(visit) => self.both(visit, workers, context),
            Task::One(side, visit) => self.alone(side, visit, workers, context),
            Task::Files(files) => files::compare(&files, self, workers, context),
            Task::Content(comparison) => {
                if let Some(comparison) = comparison.upgrade() {
                    comparison.run(context);
                }
                Ok(())
            }
        }
    }

    /// Compares a directory that both trees have.
    fn both(
        &self,
        mut visit: Visit<A, B>,
        workers: &Workers<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        let parents = visit.parents.take();
        let (in_left, in_right) = match &parents {
            Some(parents) => (parents.left.as_deref(), parents.right.as_deref()),
            None => (None, None),
        };
        let entered = (
            self.a.enter(&visit.path, in_left),
            self.b.enter(visit.path_of(Side::Right), in_right),
        );
        drop(parents);
        let visit = &visit;
        let (left, right) = match entered {
            (Ok(left), Ok(right)) => (Arc::new(left), Arc::new(right)),
            (Err(error), _) | (_, Err(error)) => return self.fail_directory(visit, error, context),
        };
        let (left_id, right_id) = (self.a.identity(&left), self.b.identity(&right));
        if left_id.is_some()
            && left_id == right_id
            && self.a.resolved(&left).is_some_and(|path| self.b.resolved(&right) == Some(path))
        {
            context.counters().listed_directory(1);
            return self.report.equal(|| visit.path.clone(), Some(Proof::SameFile), context);
        }
        let pair = [left_id.into(), right_id.into()];
        let is_same = |levels_up| {
            let [of_left, of_right] =
                [Side::Left, Side::Right].map(|it| visit.ancestor(it, levels_up));
            Ok(self.a.is_at(&left, of_left)? && self.b.is_at(&right, of_right)?)
        };
        let ancestors =
            match Ancestors::below(visit.ancestors.as_ref(), pair, visit.through_link, is_same) {
                Ok(Some(ancestors)) => ancestors,
                Ok(None) => {
                    context.counters().listed_directory(0);
                    return Ok(());
                }
                Err(error) => return self.fail_directory(visit, error, context),
            };
        let (mut left_list, mut right_list) =
            match self.list(&left, &right, visit, workers.most(), context) {
                (Ok(left), Ok(right)) => (left, right),
                (Err(error), _) | (_, Err(error)) => {
                    return self.fail_directory(visit, error, context);
                }
            };
        let entered = Entered {
            ancestors,
            left: Some(Arc::clone(&left)),
            right: Some(Arc::clone(&right)),
            open: &self.open,
            parents: OnceCell::new(),
        };
        let spellings = match self.known {
            None => {
                Spellings::pair(&mut left_list, &mut right_list, self.options.ignore_case, context)?
            }
            // One of the two has taken over the other's spelling.
            Some(_) => Spellings::default(),
        };
        let mut files = CommonFiles::new(visit.path.clone(), Arc::clone(&left), Arc::clone(&right));
        let mut entries = 0;
        merge(&mut left_list, &mut right_list, context, |left, right, entry| {
            let is_entry = match entry {
                Match::Left(index) => {
                    let place = (Side::Left, visit, &entered);
                    self.unmatched(place, left, index, workers, context)
                }
                Match::Right(index) => {
                    let place = (Side::Right, visit, &entered);
                    self.unmatched(place, right, index, workers, context)
                }
                Match::Both(l, r) => {
                    let kinds = (left.kind(l), right.kind(r));
                    self.matched(
                        (visit, &entered),
                        &mut files,
                        (left.name(l), spellings.own(left.name(l))),
                        kinds,
                        workers,
                        context,
                    )
                }
            };
            entries += u64::from(is_entry?);
            Ok(())
        })?;
        context.counters().listed_directory(entries);
        drop(entered);
        drop((left, right));
        files::share(files, self, workers, context)
    }

    /// Compares two entries of one name, or notes them to be compared. False if they are directories.
    fn matched(
        &self,
        (visit, entered): (&Visit<A, B>, &Entered<'_, A, B>),
        files: &mut CommonFiles<A, B>,
        (name, other): (&[u8], &[u8]),
        kinds: (EntryKind, EntryKind),
        workers: &Workers<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<bool> {
        let path = || join(&visit.path, name);
        match kinds {
            (EntryKind::File, EntryKind::File) => files.push(name, other),
            (EntryKind::Link, EntryKind::Link) => {
                self.links(files, path(), (name, other), context)?;
            }
            (one, two) if one.is_directory() && two.is_directory() => {
                let through_link = one.is_link() || two.is_link();
                context.counters().found_directory();
                workers.push(Task::Both(visit.child((name, other), through_link, entered)));
                return Ok(false);
            }
            (EntryKind::Ambiguous, _) | (_, EntryKind::Ambiguous) => {
                self.ambiguous(path(), context)?;
            }
            (EntryKind::Unknown(errno), _) => self.unknown(self.a, path(), errno, context)?,
            (_, EntryKind::Unknown(errno)) => self.unknown(self.b, path(), errno, context)?,
            // Of a pipe, a socket or a device only the kind can be compared.
            (one, two) if one == two => self.report.equal(path, None, context)?,
            (one, two) => {
                if let Some(error) = self.known.and_then(|known| known.unknown_kind(&path())) {
                    self.report.failed(path(), error, context)?;
                    return Ok(true);
                }
                let finding = Finding::differs(DiffReason::TypeMismatch);
                self.report.found(path(), finding, context)?;
                for (side, kind) in [(Side::Left, one), (Side::Right, two)] {
                    if kind.is_directory() && !self.leaves_out(side) {
                        let own = if matches!(side, Side::Left) { name } else { other };
                        let child = visit.child_of_one(side, own, kind.is_link(), entered);
                        self.report.only_directory(child.path.clone());
                        context.counters().found_directory();
                        workers.push(Task::One(side, Visit { mismatched: true, ..child }));
                    }
                }
            }
        }
        Ok(true)
    }

    /// Lists both sides of a directory, at the same time if that pays off.
    fn list(
        &self,
        left: &A::Directory,
        right: &B::Directory,
        visit: &Visit<A, B>,
        most_threads: usize,
        context: &Context<'_>,
    ) -> (Result<Listing>, Result<Listing>) {
        let list_left = |context: &Context<'_>| self.a.list(left, &visit.path, context);
        let list_right =
            |context: &Context<'_>| self.b.list(right, visit.path_of(Side::Right), context);
        if most_threads == 1 || !self.a.is_large(left) || !self.b.is_large(right) {
            return (list_left(context), list_right(context));
        }
        threads::both("komparu-list", context, list_left, list_right)
    }

    /// Compares two links by their targets.
    fn links(
        &self,
        files: &CommonFiles<A, B>,
        path: Vec<u8>,
        (name, other): (&[u8], &[u8]),
        context: &Context<'_>,
    ) -> Result<()> {
        match (self.a.link(&files.left, name), self.b.link(&files.right, other)) {
            (Ok(left), Ok(right)) if left == right || self.are_composed_the_same(&left, &right) => {
                self.report.equal(|| path, Some(Proof::Bytes), context)
            }
            (Ok(_), Ok(_)) => {
                self.report.found(path, Finding::differs(DiffReason::ContentMismatch), context)
            }
            (Err(error), _) | (_, Err(error)) => {
                self.report.found(path, Finding::failed(error), context)
            }
        }
    }

    /// Are these two targets the same but for their spelling, where that does not count? Those of an archive
    /// are composed.
    fn are_composed_the_same(&self, left: &[u8], right: &[u8]) -> bool {
        self.known.is_some() && names::composed(left.to_vec()) == names::composed(right.to_vec())
    }

    /// Lists a directory that only one tree has.
    fn alone(
        &self,
        side: Side,
        mut visit: Visit<A, B>,
        workers: &Workers<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        let parents = visit.parents.take();
        let parents = parents.as_deref();
        match side {
            Side::Left => {
                let parent = parents.and_then(|parents| parents.left.as_deref());
                let entered = self.a.enter(&visit.path, parent);
                self.list_one(
                    self.a,
                    side,
                    (&visit, entered),
                    |it| (Some(it), None),
                    workers,
                    context,
                )
            }
            Side::Right => {
                let parent = parents.and_then(|parents| parents.right.as_deref());
                let entered = self.b.enter(&visit.path, parent);
                self.list_one(
                    self.b,
                    side,
                    (&visit, entered),
                    |it| (None, Some(it)),
                    workers,
                    context,
                )
            }
        }
    }

    fn list_one<T: Tree>(
        &self,
        tree: &T,
        side: Side,
        (visit, directory): (&Visit<A, B>, Result<T::Directory>),
        sides: impl Fn(Arc<T::Directory>) -> Sides<A, B>,
        workers: &Workers<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        let directory = match directory {
            Ok(directory) => Arc::new(directory),
            Err(error) => return self.fail_directory(visit, error, context),
        };
        let identity = DirectoryIdentity::from(tree.identity(&directory));
        let pair = match side {
            Side::Left => [identity, DirectoryIdentity::Absent],
            Side::Right => [DirectoryIdentity::Absent, identity],
        };
        let is_same = |levels_up| tree.is_at(&directory, visit.ancestor(side, levels_up));
        let ancestors =
            match Ancestors::below(visit.ancestors.as_ref(), pair, visit.through_link, is_same) {
                Ok(Some(ancestors)) => ancestors,
                Ok(None) => {
                    // What lies below has been listed under shorter paths; the link itself may not have been.
                    context.counters().listed_directory(u64::from(!visit.mismatched));
                    if visit.mismatched {
                        return Ok(());
                    }
                    return self.report.found(visit.path.clone(), side.only(), context);
                }
                Err(error) => return self.fail_directory(visit, error, context),
            };
        let mut listing = match tree.list(&directory, &visit.path, context) {
            Ok(listing) => listing,
            Err(error) => return self.fail_directory(visit, error, context),
        };
        listing.make_unique(context)?;
        if self.options.ignore_case {
            let mut nothing = Listing::default();
            match side {
                Side::Left => Spellings::pair(&mut listing, &mut nothing, true, context)?,
                Side::Right => Spellings::pair(&mut nothing, &mut listing, true, context)?,
            };
        }
        let (left, right) = sides(directory);
        let entered =
            Entered { ancestors, left, right, open: &self.open, parents: OnceCell::new() };
        let mut entries = 0;
        for index in 0..listing.len() {
            let place = (side, visit, &entered);
            let is_entry = self.unmatched(place, &listing, index, workers, context)?;
            entries += u64::from(is_entry);
            if index.is_multiple_of(CHECKED) {
                context.checkpoint()?;
            }
        }
        context.counters().listed_directory(entries);
        Ok(())
    }

    /// Notes an entry that only one tree has. False if it is a directory, which is to be listed.
    fn unmatched(
        &self,
        (side, visit, entered): (Side, &Visit<A, B>, &Entered<'_, A, B>),
        listing: &Listing,
        index: usize,
        workers: &Workers<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<bool> {
        let name = listing.name(index);
        let path = || join(visit.path_of(side), name);
        match listing.kind(index) {
            _ if self.leaves_out(side) => return Ok(false),
            EntryKind::Ambiguous => self.ambiguous(path(), context)?,
            EntryKind::Unknown(errno) => match side {
                Side::Left => self.unknown(self.a, path(), errno, context)?,
                Side::Right => self.unknown(self.b, path(), errno, context)?,
            },
            kind if kind.is_directory() => {
                if entered.left.is_some() && entered.right.is_some() {
                    self.report.only_directory(path());
                }
                context.counters().found_directory();
                workers
                    .push(Task::One(side, visit.child_of_one(side, name, kind.is_link(), entered)));
                return Ok(false);
            }
            kind => {
                let absent = self.known.map(|known| known.absent(side, &path()));
                match absent.unwrap_or(Absent::OnlyOne) {
                    Absent::OnlyOne => {
                        let is_file = kind == EntryKind::File;
                        self.report.only(side, path(), is_file, context)?;
                    }
                    Absent::Unknown(error) => self.report.failed(path(), error, context)?,
                }
            }
        }
        Ok(true)
    }

    /// Is what only this side has left out unseen? Not where it may be that the other has it, unknown to us, or where
    /// it may have moved.
    fn leaves_out(&self, side: Side) -> bool {
        let Options { one_way, moves, .. } = self.options;
        *one_way && !moves && self.known.is_none() && matches!(side, Side::Right)
    }

    /// Notes an entry whose name may be that of another one.
    fn ambiguous(&self, path: Vec<u8>, context: &Context<'_>) -> Result<()> {
        let why = if self.options.ignore_case {
            "several names that differ only in case"
        } else {
            "several names that differ only in how Unicode spells them"
        };
        let error = Error::read(&Name::new(&path), why);
        self.report.failed(path, error, context)
    }

    fn unknown<T: Tree>(
        &self,
        tree: &T,
        path: Vec<u8>,
        errno: i32,
        context: &Context<'_>,
    ) -> Result<()> {
        let error = std::io::Error::from_raw_os_error(errno);
        let error = Error::system(&tree.display(&path), &error);
        self.report.found(path, Finding::failed(error), context)
    }

    /// Notes that a directory could not be compared. Of a root, that is the error of the whole call.
    fn fail_directory(
        &self,
        visit: &Visit<A, B>,
        error: Error,
        context: &Context<'_>,
    ) -> Result<()> {
        if visit.path.is_empty() {
            return Err(error);
        }
        context.counters().listed_directory(1);
        self.report.failed(visit.path.clone(), error, context)
    }
}
