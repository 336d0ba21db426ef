//! The directories above a directory, to find out when a link leads back to one of them.

use std::sync::Arc;

use super::Identity;
use crate::error::Result;

/// Which directory a walk has entered in one of its two trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DirectoryIdentity {
    /// None: only the other tree has this directory.
    Absent,
    /// One that no other path leads to.
    Unique,
    /// The one with this identity.
    Known(Identity),
}

impl From<Option<Identity>> for DirectoryIdentity {
    fn from(identity: Option<Identity>) -> Self {
        identity.map_or(Self::Unique, Self::Known)
    }
}

impl DirectoryIdentity {
    /// May this be the same directory as `earlier`?
    fn may_be(self, earlier: Self) -> bool {
        match (self, earlier) {
            (Self::Absent, _) => true,
            (Self::Known(now), Self::Known(earlier)) => now.has_number_of(&earlier),
            _ => false,
        }
    }
}

/// The directories that a walk has entered in both trees.
pub(crate) type Pair = [DirectoryIdentity; 2];

/// A pair of directories that has been entered, and the pairs above it.
#[derive(Debug)]
pub(crate) struct Ancestors {
    pair: Pair,
    parent: Option<Arc<Ancestors>>,
    /// Has a symbolic link been followed on the way here? If not, no directory can come twice.
    linked: bool,
}

impl Ancestors {
    /// `pair`, below `parent`; `None` if that closes a loop.
    ///
    /// Two trees close a loop when both come back, at the same time, to directories that they were in at the
    /// same time: everything below has been compared then, under shorter paths. A tree that is walked alone
    /// closes a loop when it comes back to a directory of its own.
    ///
    /// Some filesystems give one inode number to several directories. So `is_same` is asked about each
    /// directory with the same numbers, by how many levels up it lies.
    ///
    /// # Errors
    /// Those of `is_same`.
    pub(crate) fn below(
        parent: Option<&Arc<Self>>,
        pair: Pair,
        through_link: bool,
        mut is_same: impl FnMut(usize) -> Result<bool>,
    ) -> Result<Option<Arc<Self>>> {
        let linked = through_link || parent.is_some_and(|parent| parent.linked);
        let mut ancestor = parent.filter(|_| linked);
        let mut levels_up = 1;
        while let Some(here) = ancestor {
            let again = pair[0].may_be(here.pair[0]) && pair[1].may_be(here.pair[1]);
            if again && is_same(levels_up)? {
                return Ok(None);
            }
            ancestor = here.parent.as_ref();
            levels_up += 1;
        }
        Ok(Some(Arc::new(Self { pair, parent: parent.cloned(), linked })))
    }
}

impl Drop for Ancestors {
    // In a loop: by default each level is dropped within the one below it, and 100,000 levels need more stack
    // than a thread has.
    fn drop(&mut self) {
        let mut parent = self.parent.take();
        while let Some(mut last) = parent.and_then(Arc::into_inner) {
            parent = last.parent.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(inode: u64) -> DirectoryIdentity {
        DirectoryIdentity::Known(Identity::numbered(1, inode))
    }

    fn below(parent: Option<&Arc<Ancestors>>, pair: Pair) -> Option<Arc<Ancestors>> {
        Ancestors::below(parent, pair, true, |_| Ok(true)).expect("it can be told")
    }

    const ABSENT: DirectoryIdentity = DirectoryIdentity::Absent;

    #[test]
    fn a_loop_is_where_both_trees_were_at_the_same_time() {
        let (a, b) = (directory(1), directory(2));
        let root = below(None, [a, b]).expect("nothing above");
        assert!(below(Some(&root), [a, b]).is_none());
        assert!(below(Some(&root), [b, a]).is_some());
        assert!(below(Some(&root), [a, a]).is_some());
    }

    #[test]
    fn a_tree_that_is_walked_alone_closes_a_loop_of_its_own() {
        let (a, b) = (directory(1), directory(2));
        let root = below(None, [a, b]).expect("nothing above");
        assert!(below(Some(&root), [a, ABSENT]).is_none());
        assert!(below(Some(&root), [ABSENT, b]).is_none());
        assert!(below(Some(&root), [ABSENT, a]).is_some());
    }

    #[test]
    fn a_unique_directory_closes_no_loop() {
        let a = directory(1);
        let root = below(None, [a, DirectoryIdentity::Unique]).expect("nothing above");
        assert!(below(Some(&root), [a, DirectoryIdentity::Unique]).is_some());
    }

    #[test]
    fn another_directory_of_the_same_number_closes_no_loop() {
        let (a, b) = (directory(1), directory(2));
        let root = below(None, [a, b]).expect("nothing above");
        let middle = below(Some(&root), [b, b]).expect("another");
        let mut asked = Vec::new();
        let mut answers = [Ok(false), Ok(true), Err(crate::Error::Cancelled)].into_iter();
        let mut ask = |above: &Arc<Ancestors>, pair| {
            Ancestors::below(Some(above), pair, true, |levels_up| {
                asked.push(levels_up);
                answers.next().expect("not asked more often")
            })
        };
        let last = ask(&middle, [a, b]).expect("it can be told").expect("no loop");
        assert!(ask(&last, [b, b]).expect("it can be told").is_none());
        assert!(ask(&last, [a, b]).is_err());
        assert_eq!(asked, [2, 2, 1]);
    }

    #[test]
    fn a_million_ancestors_are_dropped_without_recursion() {
        let a = directory(1);
        let mut last = Ancestors::below(None, [a, a], false, |_| Ok(true)).expect("told");
        for depth in 0..1_000_000 {
            let pair = [DirectoryIdentity::Known(Identity::numbered(2, depth)), a];
            last = Ancestors::below(last.as_ref(), pair, false, |_| Ok(true)).expect("told");
        }
        drop(last);
    }
}
