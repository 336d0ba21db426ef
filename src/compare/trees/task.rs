//! What the threads that walk two trees share, and the tasks that they hand each other.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use super::common_files::CommonFiles;
use crate::content::ReadAt;
use crate::engine::parallel::ParallelComparison;
use crate::error::{Error, Result, join};
use crate::options::Options;
use crate::outcome::{Finding, Side};
use crate::run::context::Context;
use crate::run::sink::Report;
use crate::tree::Tree;
use crate::tree::ancestors::Ancestors;

/// What all threads of a walk share.
pub(crate) struct Walk<'w, A, B> {
    pub(crate) a: &'w A,
    pub(crate) b: &'w B,
    pub(crate) options: &'w Options,
    pub(crate) report: &'w Report<'w>,
    pub(crate) open: Arc<OpenParentsLimit>,
    /// What is known before the walk, if anything is.
    pub(crate) known: Option<&'w dyn Known>,
}

/// What is known of two trees before they are walked, because one of them can be read only in its own order.
pub(crate) trait Known: Sync {
    /// What a file comes to that both trees have; `None`: that will be told after the walk.
    ///
    /// # Errors
    /// When it cannot be compared; when the context says stop.
    fn content(&self, path: &[u8], context: &Context<'_>) -> Result<Option<Finding>>;

    /// What it means that only one tree has an entry.
    fn absent(&self, side: Side, path: &[u8]) -> Absent;

    /// Why it is not known what the entry at a path is, where its kinds seem to differ.
    fn unknown_kind(&self, path: &[u8]) -> Option<Error>;
}

/// What it means that only one tree has an entry.
pub(crate) enum Absent {
    /// That it is there in one only.
    OnlyOne,
    /// That it cannot be told whether the other one has it.
    Unknown(Error),
}

/// What a thread can do next.
pub(crate) enum Task<A: Tree, B: Tree> {
    /// Compare a directory that both trees have.
    Both(Visit<A, B>),
    /// List a directory that only one tree has.
    One(Side, Visit<A, B>),
    /// Help to compare the files of a directory.
    Files(Arc<CommonFiles<A, B>>),
    /// Help to compare a large file, if that still goes on.
    Content(Weak<SharedComparison>),
}

/// The comparison of a large file, which any thread of the walk may help with.
pub(crate) type SharedComparison = ParallelComparison<Arc<dyn ReadAt>>;

/// A directory to enter.
pub(crate) struct Visit<A: Tree, B: Tree> {
    /// The path of the left directory, or of the only one.
    pub(crate) path: Vec<u8>,
    /// That of the right directory, where it is spelled differently.
    pub(crate) right_path: Option<Vec<u8>>,
    pub(crate) ancestors: Option<Arc<Ancestors>>,
    pub(crate) through_link: bool,
    /// Has it been found to be of another kind than what the other tree has at this path?
    pub(crate) mismatched: bool,
    /// The directories that it lies in, if they are still open.
    pub(crate) parents: Option<Arc<OpenParents<A, B>>>,
}

impl<A: Tree, B: Tree> Visit<A, B> {
    /// A visit to the root.
    pub(crate) fn root() -> Self {
        let (path, right_path, ancestors, parents) = (Vec::new(), None, None, None);
        Self { path, right_path, ancestors, through_link: false, mismatched: false, parents }
    }

    /// The directory's path in the tree of this side.
    pub(crate) fn path_of(&self, side: Side) -> &[u8] {
        match (side, &self.right_path) {
            (Side::Right, Some(path)) => path,
            _ => &self.path,
        }
    }

    /// The path of the directory so many levels above this one, in the tree of this side.
    pub(crate) fn ancestor(&self, side: Side, levels_up: usize) -> &[u8] {
        let slash = |path: &[u8]| path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        (0..levels_up).fold(self.path_of(side), |path, _| &path[..slash(path)])
    }

    /// A visit to the directory `name` in this one, which has been entered as `entered`; `other` is how the right
    /// tree spells its name.
    pub(crate) fn child(
        &self,
        (name, other): (&[u8], &[u8]),
        through_link: bool,
        entered: &Entered<'_, A, B>,
    ) -> Self {
        let is_respelled = self.right_path.is_some() || name != other;
        let right_path = is_respelled.then(|| join(self.path_of(Side::Right), other));
        Self { right_path, ..Self::at(join(&self.path, name), through_link, entered) }
    }

    /// A visit to the directory `name` in this one, which only the tree of this side has.
    pub(crate) fn child_of_one(
        &self,
        side: Side,
        name: &[u8],
        through_link: bool,
        entered: &Entered<'_, A, B>,
    ) -> Self {
        Self::at(join(self.path_of(side), name), through_link, entered)
    }

    fn at(path: Vec<u8>, through_link: bool, entered: &Entered<'_, A, B>) -> Self {
        let ancestors = Some(Arc::clone(&entered.ancestors));
        let parents = entered
            .parents
            .get_or_init(|| entered.open.keep(entered.left.as_ref(), entered.right.as_ref()));
        let (right_path, parents) = (None, parents.clone());
        Self { path, right_path, ancestors, through_link, mismatched: false, parents }
    }
}

/// A directory that has been entered, in one tree or both.
pub(crate) struct Entered<'h, A: Tree, B: Tree> {
    pub(crate) ancestors: Arc<Ancestors>,
    pub(crate) left: Option<Arc<A::Directory>>,
    pub(crate) right: Option<Arc<B::Directory>>,
    pub(crate) open: &'h Arc<OpenParentsLimit>,
    /// Made when the first directory is found in it.
    pub(crate) parents: OnceCell<Option<Arc<OpenParents<A, B>>>>,
}

/// Directories that stay open until all directories in them have been entered.
pub(crate) struct OpenParents<A: Tree, B: Tree> {
    pub(crate) left: Option<Arc<A::Directory>>,
    pub(crate) right: Option<Arc<B::Directory>>,
    open: Arc<OpenParentsLimit>,
}

impl<A: Tree, B: Tree> Drop for OpenParents<A, B> {
    fn drop(&mut self) {
        self.open.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many pairs of directories are kept open for the directories in them. Beyond the limit, directories are
/// entered by their whole path.
pub(crate) struct OpenParentsLimit {
    count: AtomicUsize,
    most: usize,
}

impl OpenParentsLimit {
    /// No pair yet, and never more than `most`.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { count: AtomicUsize::new(0), most })
    }

    /// Keeps these open, unless the limit is reached.
    fn keep<A: Tree, B: Tree>(
        self: &Arc<Self>,
        left: Option<&Arc<A::Directory>>,
        right: Option<&Arc<B::Directory>>,
    ) -> Option<Arc<OpenParents<A, B>>> {
        let one_more = |count| (count < self.most).then_some(count + 1);
        self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Arc::new(OpenParents {
            left: left.cloned(),
            right: right.cloned(),
            open: Arc::clone(self),
        }))
    }
}
