//! What the threads that walk two trees hand to each other.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use super::Tree;
use super::files::Files;
use super::lineage::Lineage;
use crate::engine::parallel;
use crate::error::join;
use crate::outcome::Finding;
use crate::reader::ReadAt;

/// What a member of the crew can take.
pub(super) enum Task<A: Tree, B: Tree> {
    /// Compare a directory that both have.
    Both(Step<A, B>),
    /// List a directory that only one has.
    One(Side, Step<A, B>),
    /// Help to compare the files of a directory.
    Files(Arc<Files<A, B>>),
    /// Help to compare a big file, if that is still going on.
    Content(Weak<SharedWork>),
}

/// The comparison of a big file, open to the whole crew.
pub(super) type SharedWork = parallel::Work<Arc<dyn ReadAt>>;

/// A directory to enter.
pub(super) struct Step<A: Tree, B: Tree> {
    pub(super) path: Vec<u8>,
    pub(super) above: Option<Arc<Lineage>>,
    pub(super) through_link: bool,
    /// Has it been found to be of another kind than what the other tree has under this path?
    pub(super) mismatched: bool,
    /// The directories that it lies in, if they are still open.
    pub(super) parents: Option<Arc<Parents<A, B>>>,
}

impl<A: Tree, B: Tree> Step<A, B> {
    /// The step into the root.
    pub(super) fn root() -> Self {
        let (path, above, parents) = (Vec::new(), None, None);
        Self { path, above, through_link: false, mismatched: false, parents }
    }

    /// The path of the directory so many levels above this one.
    pub(super) fn ancestor(&self, levels_up: usize) -> &[u8] {
        let slash = |path: &[u8]| path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        (0..levels_up).fold(&self.path, |path, _| &path[..slash(path)])
    }

    /// The step into `name`, from this directory, which is `here`.
    pub(super) fn into(&self, name: &[u8], through_link: bool, here: &Here<'_, A, B>) -> Self {
        let (path, above) = (join(&self.path, name), Some(Arc::clone(&here.lineage)));
        let parents =
            here.parents.get_or_init(|| here.open.keep(here.left.as_ref(), here.right.as_ref()));
        Self { path, above, through_link, mismatched: false, parents: parents.clone() }
    }
}

/// A directory that has been entered, on one side or both.
pub(super) struct Here<'h, A: Tree, B: Tree> {
    pub(super) lineage: Arc<Lineage>,
    pub(super) left: Option<Arc<A::Directory>>,
    pub(super) right: Option<Arc<B::Directory>>,
    pub(super) open: &'h Arc<KeptOpen>,
    /// Made when the first directory is found in it.
    pub(super) parents: OnceCell<Option<Arc<Parents<A, B>>>>,
}

/// Directories that stay open until all that lie in them have been entered.
pub(super) struct Parents<A: Tree, B: Tree> {
    pub(super) left: Option<Arc<A::Directory>>,
    pub(super) right: Option<Arc<B::Directory>>,
    open: Arc<KeptOpen>,
}

impl<A: Tree, B: Tree> Drop for Parents<A, B> {
    fn drop(&mut self) {
        self.open.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many pairs of directories are kept open for what lies in them. Those that there is no room for are
/// entered by their whole path.
pub(super) struct KeptOpen {
    count: AtomicUsize,
    most: usize,
}

impl KeptOpen {
    /// None yet, and never more than so many.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { count: AtomicUsize::new(0), most })
    }

    /// Keeps these, if there is room.
    fn keep<A: Tree, B: Tree>(
        self: &Arc<Self>,
        left: Option<&Arc<A::Directory>>,
        right: Option<&Arc<B::Directory>>,
    ) -> Option<Arc<Parents<A, B>>> {
        let room = |count| (count < self.most).then_some(count + 1);
        self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok()?;
        Some(Arc::new(Parents {
            left: left.cloned(),
            right: right.cloned(),
            open: Arc::clone(self),
        }))
    }
}

/// One of the two trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    pub(super) fn only(self) -> Finding {
        match self {
            Self::Left => Finding::OnlyLeft,
            Self::Right => Finding::OnlyRight,
        }
    }
}
