//! The directories above a directory, to tell when a link leads back to one of them.

use std::sync::Arc;

use super::Identity;

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
    pub(super) fn below(
        parent: Option<&Arc<Self>>,
        pair: Pair,
        through_link: bool,
    ) -> Option<Arc<Self>> {
        let linked = through_link || parent.is_some_and(|parent| parent.linked);
        if linked && Self::contains(parent, pair) {
            return None;
        }
        Some(Arc::new(Self { pair, parent: parent.cloned(), linked }))
    }

    fn contains(mut ancestor: Option<&Arc<Self>>, pair: Pair) -> bool {
        let again = |now: Place, before: Place| match now {
            Place::Nowhere => true,
            Place::Unique => false,
            Place::Known(_) => now == before,
        };
        while let Some(here) = ancestor {
            if again(pair[0], here.pair[0]) && again(pair[1], here.pair[1]) {
                return true;
            }
            ancestor = here.parent.as_ref();
        }
        false
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

    const A: Place = Place::Known((1, 1));
    const B: Place = Place::Known((1, 2));
    const NOWHERE: Place = Place::Nowhere;

    #[test]
    fn a_loop_is_where_both_sides_were_together() {
        let root = Lineage::below(None, [A, B], false).expect("nothing above");
        assert!(Lineage::below(Some(&root), [A, B], true).is_none());
        assert!(Lineage::below(Some(&root), [B, A], true).is_some());
        assert!(Lineage::below(Some(&root), [A, A], true).is_some());
    }

    #[test]
    fn a_side_alone_closes_a_loop_of_its_own() {
        let root = Lineage::below(None, [A, B], false).expect("nothing above");
        assert!(Lineage::below(Some(&root), [A, NOWHERE], true).is_none());
        assert!(Lineage::below(Some(&root), [NOWHERE, B], true).is_none());
        assert!(Lineage::below(Some(&root), [NOWHERE, A], true).is_some());
    }

    #[test]
    fn what_is_unique_closes_no_loop() {
        let root = Lineage::below(None, [A, Place::Unique], false).expect("nothing above");
        assert!(Lineage::below(Some(&root), [A, Place::Unique], true).is_some());
    }

    #[test]
    fn a_deep_lineage_is_dropped_without_recursion() {
        let mut last = Lineage::below(None, [A, A], false);
        for depth in 0..1_000_000 {
            last = Lineage::below(last.as_ref(), [Place::Known((2, depth)), B], false);
        }
        drop(last);
    }
}
