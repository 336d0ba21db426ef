//! What the threads that walk two trees hand to each other.

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
    Both(Step),
    /// List a directory that only one has.
    One(Side, Step),
    /// Help to compare the files of a directory.
    Files(Arc<Files<A, B>>),
    /// Help to compare a big file, if that is still going on.
    Content(Weak<SharedWork>),
}

/// The comparison of a big file, open to the whole crew.
pub(super) type SharedWork = parallel::Work<Arc<dyn ReadAt>>;

/// A directory to enter.
pub(super) struct Step {
    pub(super) path: Vec<u8>,
    pub(super) above: Option<Arc<Lineage>>,
    pub(super) through_link: bool,
    /// Has it been found to be of another kind than what the other tree has under this path?
    pub(super) mismatched: bool,
}

impl Step {
    /// The step into the root.
    pub(super) fn root() -> Self {
        Self { path: Vec::new(), above: None, through_link: false, mismatched: false }
    }

    /// The path of the directory so many levels above this one.
    pub(super) fn ancestor(&self, levels_up: usize) -> &[u8] {
        let slash = |path: &[u8]| path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
        (0..levels_up).fold(&self.path, |path, _| &path[..slash(path)])
    }

    /// The step into `name`, from this directory, which is `here`.
    pub(super) fn into(&self, name: &[u8], through_link: bool, here: &Arc<Lineage>) -> Self {
        let (path, above) = (join(&self.path, name), Some(Arc::clone(here)));
        Self { path, above, through_link, mismatched: false }
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
