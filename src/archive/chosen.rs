//! Some of an archive's entries: those whose digests a second pass is for.

use super::entries::Index;

/// Entries of one archive, by their index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chosen {
    is_chosen: Vec<bool>,
    count: usize,
}

impl Chosen {
    pub(crate) fn insert(&mut self, index: Index) {
        let index = index as usize;
        if index >= self.is_chosen.len() {
            self.is_chosen.resize(index + 1, false);
        }
        self.count += usize::from(!std::mem::replace(&mut self.is_chosen[index], true));
    }

    pub(crate) fn contains(&self, index: Index) -> bool {
        self.is_chosen.get(index as usize) == Some(&true)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Index> {
        (0..).zip(&self.is_chosen).filter(|(_, is_chosen)| **is_chosen).map(|(index, _)| index)
    }
}
