//! Two trees, walked side by side.
//!
//! A task is a directory that both have (list both, sort out who has what, compare the files), or
//! one that only one side has (list what the other lacks). What could not be compared becomes a
//! finding; only a deadline or a cancel ends the walk.

use std::cell::OnceCell;
use std::sync::Arc;

use super::Tree;
use super::files::Files;
use super::findings::Findings;
use super::lineage::{Lineage, Place};
use super::listing::{CHECKED, Kind, Listing, Match, merge};
use super::task::{Here, KeptOpen, Side, Step, Task};
use crate::context::Context;
use crate::crew::{self, Crew};
use crate::error::{Error, Result, join};
use crate::options::{Options, descriptor_limit};
use crate::outcome::{DiffReason, Finding, TreeOutcome};
use crate::threads;

/// Compares every entry of both trees.
///
/// # Errors
/// When a root cannot be entered or listed; when the context says stop.
pub fn compare<A: Tree, B: Tree>(
    a: &A,
    b: &B,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    // Threads are shared out here, to files; engines get none of their own.
    let one_by_one = Options { max_workers: 1, ..options.clone() };
    let findings = Findings::new(options.list_equal);
    // A pair of directories takes two descriptors; a sixteenth of all leaves room for what is compared.
    let open = KeptOpen::new(descriptor_limit() / 32);
    let walk = Walk { a, b, options: &one_by_one, findings, open };
    crew::run(members(options), Task::Both(Step::root()), context, |task, crew, context| {
        walk.work(task, crew, context)
    })?;
    walk.findings.into_outcome(context)
}

/// How many threads may walk: each has two directories and two files open, and a directory or two may
/// wait with files that others have begun. All together shall leave some of the descriptors that the
/// process may have: with 64 and 8 threads, 35 were open at most.
fn members(options: &Options) -> usize {
    options.workers().min(descriptor_limit() / 8).max(1)
}

/// A directory that one side has, as that of either.
type Sides<A, B> = (Option<Arc<<A as Tree>::Directory>>, Option<Arc<<B as Tree>::Directory>>);

/// What all members of the crew share.
pub(super) struct Walk<'w, A, B> {
    pub(super) a: &'w A,
    pub(super) b: &'w B,
    pub(super) options: &'w Options,
    pub(super) findings: Findings,
    open: Arc<KeptOpen>,
}

impl<A: Tree, B: Tree> Walk<'_, A, B> {
    fn work(
        &self,
        task: Task<A, B>,
        crew: &Crew<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        context.checkpoint()?;
        match task {
            Task::Both(step) => self.both(step, crew, context),
            Task::One(side, step) => self.alone(side, step, crew, context),
            Task::Files(files) => files.compare(self, crew, context),
            Task::Content(work) => {
                if let Some(work) = work.upgrade() {
                    work.run(context);
                }
                Ok(())
            }
        }
    }

    /// Compares a directory that both trees have.
    fn both(
        &self,
        mut step: Step<A, B>,
        crew: &Crew<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        let parents = step.parents.take();
        let (in_left, in_right) = match &parents {
            Some(parents) => (parents.left.as_deref(), parents.right.as_deref()),
            None => (None, None),
        };
        let entered = (self.a.enter(&step.path, in_left), self.b.enter(&step.path, in_right));
        drop(parents);
        let step = &step;
        let (left, right) = match entered {
            (Ok(left), Ok(right)) => (Arc::new(left), Arc::new(right)),
            (Err(error), _) | (_, Err(error)) => return self.fail_directory(step, error),
        };
        let (left_id, right_id) = (self.a.identity(&left), self.b.identity(&right));
        if left_id.is_some()
            && left_id == right_id
            && self.a.resolved(&left).is_some_and(|path| self.b.resolved(&right) == Some(path))
        {
            self.findings.same(|| step.path.clone());
            return Ok(());
        }
        let pair = [left_id.into(), right_id.into()];
        let is_same = |levels_up| {
            let path = step.ancestor(levels_up);
            Ok(self.a.is_at(&left, path)? && self.b.is_at(&right, path)?)
        };
        let lineage = match Lineage::below(step.above.as_ref(), pair, step.through_link, is_same) {
            Ok(Some(lineage)) => lineage,
            Ok(None) => return Ok(()),
            Err(error) => return self.fail_directory(step, error),
        };
        let (mut left_list, mut right_list) =
            match self.list(&left, &right, step, crew.size(), context) {
                (Ok(left), Ok(right)) => (left, right),
                (Err(error), _) | (_, Err(error)) => return self.fail_directory(step, error),
            };
        let here = Here {
            lineage,
            left: Some(Arc::clone(&left)),
            right: Some(Arc::clone(&right)),
            open: &self.open,
            parents: OnceCell::new(),
        };
        let mut files = Files::new(step.path.clone(), Arc::clone(&left), Arc::clone(&right));
        merge(&mut left_list, &mut right_list, context, |left, right, entry| match entry {
            Match::Left(index) => self.unmatched(Side::Left, left, index, step, &here, crew),
            Match::Right(index) => self.unmatched(Side::Right, right, index, step, &here, crew),
            Match::Both(l, r) => {
                let name = left.name(l);
                match (left.kind(l), right.kind(r)) {
                    (Kind::File, Kind::File) => files.push(name),
                    (Kind::Link, Kind::Link) => self.links(&files, step, name),
                    (one, two) if one.is_directory() && two.is_directory() => {
                        let through_link = one.is_link() || two.is_link();
                        crew.push(Task::Both(step.into(name, through_link, &here)));
                    }
                    (Kind::Unknown(errno), _) => self.unknown(self.a, step, name, errno),
                    (_, Kind::Unknown(errno)) => self.unknown(self.b, step, name, errno),
                    // Nothing of a pipe, a socket or a device can be compared but its kind.
                    (one, two) if one == two => self.findings.same(|| join(&step.path, name)),
                    (one, two) => {
                        let path = join(&step.path, name);
                        self.findings.add(path, Finding::Differs(DiffReason::TypeMismatch));
                        for (side, kind) in [(Side::Left, one), (Side::Right, two)] {
                            if kind.is_directory() {
                                let step = step.into(name, kind.is_link(), &here);
                                crew.push(Task::One(side, Step { mismatched: true, ..step }));
                            }
                        }
                    }
                }
            }
        })?;
        drop(here);
        drop((left, right));
        Files::share(files, self, crew, context)
    }

    /// Lists both sides of a directory, at once if that pays.
    fn list(
        &self,
        left: &A::Directory,
        right: &B::Directory,
        step: &Step<A, B>,
        threads: usize,
        context: &Context<'_>,
    ) -> (Result<Listing>, Result<Listing>) {
        let call = context.call();
        let list_right = || self.b.list(right, &step.path, &Context::new(call));
        if threads == 1 || !self.a.is_large(left) || !self.b.is_large(right) {
            return (
                self.a.list(left, &step.path, context),
                self.b.list(right, &step.path, context),
            );
        }
        std::thread::scope(|scope| {
            let other = threads::named("komparu-list").spawn_scoped(scope, list_right);
            let left = self.a.list(left, &step.path, context);
            let right =
                other.map_or_else(|_| list_right(), |other| other.join().expect("no panic"));
            (left, right)
        })
    }

    /// Compares two links by their targets.
    fn links(&self, files: &Files<A, B>, step: &Step<A, B>, name: &[u8]) {
        match (self.a.link(&files.left, name), self.b.link(&files.right, name)) {
            (Ok(left), Ok(right)) if left == right => self.findings.same(|| join(&step.path, name)),
            (Ok(_), Ok(_)) => {
                let finding = Finding::Differs(DiffReason::ContentMismatch);
                self.findings.add(join(&step.path, name), finding);
            }
            (Err(error), _) | (_, Err(error)) => {
                self.findings.add(join(&step.path, name), Finding::Failed(error.to_string()));
            }
        }
    }

    /// Lists a directory that only one tree has.
    fn alone(
        &self,
        side: Side,
        mut step: Step<A, B>,
        crew: &Crew<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        let parents = step.parents.take();
        let parents = parents.as_deref();
        match side {
            Side::Left => {
                let parent = parents.and_then(|parents| parents.left.as_deref());
                let entered = self.a.enter(&step.path, parent);
                self.list_one(self.a, side, (&step, entered), |it| (Some(it), None), crew, context)
            }
            Side::Right => {
                let parent = parents.and_then(|parents| parents.right.as_deref());
                let entered = self.b.enter(&step.path, parent);
                self.list_one(self.b, side, (&step, entered), |it| (None, Some(it)), crew, context)
            }
        }
    }

    fn list_one<T: Tree>(
        &self,
        tree: &T,
        side: Side,
        (step, entered): (&Step<A, B>, Result<T::Directory>),
        sides: impl Fn(Arc<T::Directory>) -> Sides<A, B>,
        crew: &Crew<'_, Task<A, B>>,
        context: &Context<'_>,
    ) -> Result<()> {
        let directory = match entered {
            Ok(directory) => Arc::new(directory),
            Err(error) => return self.fail_directory(step, error),
        };
        let place = Place::from(tree.identity(&directory));
        let pair = match side {
            Side::Left => [place, Place::Nowhere],
            Side::Right => [Place::Nowhere, place],
        };
        let is_same = |levels_up| tree.is_at(&directory, step.ancestor(levels_up));
        let lineage = match Lineage::below(step.above.as_ref(), pair, step.through_link, is_same) {
            Ok(Some(lineage)) => lineage,
            Ok(None) => {
                // What is below has been listed under shorter names; the link itself may not have.
                if !step.mismatched {
                    self.findings.add(step.path.clone(), side.only());
                }
                return Ok(());
            }
            Err(error) => return self.fail_directory(step, error),
        };
        let mut listing = match tree.list(&directory, &step.path, context) {
            Ok(listing) => listing,
            Err(error) => return self.fail_directory(step, error),
        };
        listing.make_unique(context)?;
        let (left, right) = sides(directory);
        let here = Here { lineage, left, right, open: &self.open, parents: OnceCell::new() };
        for index in 0..listing.len() {
            self.unmatched(side, &listing, index, step, &here, crew);
            if index.is_multiple_of(CHECKED) {
                context.checkpoint()?;
            }
        }
        Ok(())
    }

    /// Notes an entry that only one side has.
    fn unmatched(
        &self,
        side: Side,
        listing: &Listing,
        index: usize,
        step: &Step<A, B>,
        here: &Here<'_, A, B>,
        crew: &Crew<'_, Task<A, B>>,
    ) {
        let name = listing.name(index);
        match listing.kind(index) {
            Kind::Unknown(errno) => match side {
                Side::Left => self.unknown(self.a, step, name, errno),
                Side::Right => self.unknown(self.b, step, name, errno),
            },
            kind if kind.is_directory() => {
                crew.push(Task::One(side, step.into(name, kind.is_link(), here)));
            }
            _ => self.findings.add(join(&step.path, name), side.only()),
        }
    }

    fn unknown<T: Tree>(&self, tree: &T, step: &Step<A, B>, name: &[u8], errno: i32) {
        let path = join(&step.path, name);
        let error = std::io::Error::from_raw_os_error(errno);
        let error = Error::system(&tree.display(&path), &error);
        self.findings.add(path, Finding::Failed(error.to_string()));
    }

    /// Notes that a directory could not be compared. Without its root, a tree cannot be compared at
    /// all.
    fn fail_directory(&self, step: &Step<A, B>, error: Error) -> Result<()> {
        if step.path.is_empty() {
            return Err(error);
        }
        self.findings.failed(step.path.clone(), error)
    }
}
