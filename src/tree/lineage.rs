//! The directories above a directory, to tell when a link leads back to one of them.

use std::sync::Arc;

use super::Identity;
use crate::error::Result;

/// Where a walk is on one of its two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere: only the other side has this directory.
    Nowhere,
    /// In a directory that cannot come again.
    Unique,
    /// In this directory.
    Known(Identity),
}

impl From<Option<Identity>> for Place {
    fn from(identity: Option<Identity>) -> Self {
        identity.map_or(Self::Unique, Self::Known)
    }
}

impl Place {
    /// May this be where the walk was `before`?
    fn may_be(self, before: Self) -> bool {
        match (self, before) {
            (Self::Nowhere, _) => true,
            (Self::Known(now), Self::Known(before)) => now.has_number_of(&before),
            _ => false,
        }
    }
}

/// Where a walk is on both sides.
pub(super) type Pair = [Place; 2];

/// A pair of directories that has been entered, below those it was reached through.
#[derive(Debug)]
pub(super) struct Lineage {
    pair: Pair,
    parent: Option<Arc<Lineage>>,
    /// Has a symbolic link been followed on the way here? Where not, no directory can come again.
    linked: bool,
}

impl Lineage {
    /// `pair`, below `parent`; `None` if that closes a loop.
    ///
    /// Two sides close a loop when both come to where both were before, together: everything below
    /// has been compared then, under shorter names. A side that walks alone closes it when it comes
    /// to where it was itself.
    ///
    /// Some filesystems give one number to several directories. `is_same` is asked about each directory so
    /// many levels up whose numbers are the same.
    ///
    /// # Errors
    /// Those of `is_same`.
    pub(super) fn below(
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

impl Drop for Lineage {
    // By hand: dropped the usual way, each level would be dropped within the one below it, and
    // 100,000 levels need more stack than a thread has.
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

    fn place(inode: u64) -> Place {
        Place::Known(Identity::numbered(1, inode))
    }

    fn below(parent: Option<&Arc<Lineage>>, pair: Pair) -> Option<Arc<Lineage>> {
        Lineage::below(parent, pair, true, |_| Ok(true)).expect("it can be told")
    }

    const NOWHERE: Place = Place::Nowhere;

    #[test]
    fn a_loop_is_where_both_sides_were_together() {
        let (a, b) = (place(1), place(2));
        let root = below(None, [a, b]).expect("nothing above");
        assert!(below(Some(&root), [a, b]).is_none());
        assert!(below(Some(&root), [b, a]).is_some());
        assert!(below(Some(&root), [a, a]).is_some());
    }

    #[test]
    fn a_side_alone_closes_a_loop_of_its_own() {
        let (a, b) = (place(1), place(2));
        let root = below(None, [a, b]).expect("nothing above");
        assert!(below(Some(&root), [a, NOWHERE]).is_none());
        assert!(below(Some(&root), [NOWHERE, b]).is_none());
        assert!(below(Some(&root), [NOWHERE, a]).is_some());
    }

    #[test]
    fn what_is_unique_closes_no_loop() {
        let a = place(1);
        let root = below(None, [a, Place::Unique]).expect("nothing above");
        assert!(below(Some(&root), [a, Place::Unique]).is_some());
    }

    #[test]
    fn a_number_that_comes_again_closes_no_loop_where_it_is_another_directory() {
        let (a, b) = (place(1), place(2));
        let root = below(None, [a, b]).expect("nothing above");
        let middle = below(Some(&root), [b, b]).expect("another");
        let mut asked = Vec::new();
        let mut answers = [Ok(false), Ok(true), Err(crate::Error::Cancelled)].into_iter();
        let mut ask = |above: &Arc<Lineage>, pair| {
            Lineage::below(Some(above), pair, true, |levels_up| {
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
    fn a_deep_lineage_is_dropped_without_recursion() {
        let a = place(1);
        let mut last = Lineage::below(None, [a, a], false, |_| Ok(true)).expect("told");
        for depth in 0..1_000_000 {
            let pair = [Place::Known(Identity::numbered(2, depth)), a];
            last = Lineage::below(last.as_ref(), pair, false, |_| Ok(true)).expect("told");
        }
        drop(last);
    }
}
