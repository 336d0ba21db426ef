//! Where the files of the trees of an image lie.
//!
//! libarchive shows one tree, and of files that it takes for links to one the content of one. So a tree
//! that is not shown must have no other files, and what has one number must be one file.

use std::collections::{HashMap, HashSet};

use super::super::contract::Broken;
use super::record::Record;

/// Which tree libarchive shows: the one of the highest rank, and of several the first.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    #[default]
    Never,
    Primary,
    Joliet,
    RockRidge,
}

/// What one tree has.
#[derive(Debug, Default)]
struct Found {
    rank: Rank,
    /// Where each file with content begins, and how long it is.
    files: HashSet<(u64, u64)>,
    directories: HashSet<u64>,
    /// The file that has a number. libarchive takes the place for it where there is none.
    numbers: HashMap<(bool, u64), (u64, u64)>,
    /// The file that the next record goes on with.
    goes_on: Option<Vec<u8>>,
}

/// All trees.
#[derive(Debug, Default)]
pub(super) struct Extents {
    trees: Vec<Found>,
}

impl Extents {
    /// There is a tree.
    pub(super) fn begin(&mut self, tree: usize, rank: Rank) {
        self.trees.resize_with(self.trees.len().max(tree + 1), Found::default);
        self.trees[tree].rank = rank;
    }

    /// There is a directory, which may be empty only without a place.
    pub(super) fn directory(&mut self, tree: usize, at: u64) -> Result<(), Broken> {
        if at == 0 || self.trees[tree].directories.insert(at) {
            return Ok(());
        }
        Broken::because("has a directory in two places, or within itself")
    }

    /// There is a record. Is it the first of its file?
    pub(super) fn part(&mut self, tree: usize, record: &Record) -> Result<bool, Broken> {
        let before = self.trees[tree].goes_on.take();
        let is_one = before.as_ref().is_none_or(|name| *name == record.name);
        if !is_one || record.is_directory && (record.goes_on || before.is_some()) {
            return Broken::because("has a file of several parts that are not together");
        }
        if record.goes_on {
            self.trees[tree].goes_on = Some(record.name.clone());
        }
        Ok(before.is_none())
    }

    /// There is a file, or a part of one.
    pub(super) fn file(
        &mut self,
        tree: usize,
        record: &Record,
        number: Option<u64>,
    ) -> Result<(), Broken> {
        let (found, place) = (&mut self.trees[tree], (record.at, record.size));
        if record.size > 0 {
            found.files.insert(place);
        } else if number.is_none() {
            return Ok(());
        }
        // Of a file of several parts, all have its number: the last one stands for it.
        if !record.goes_on {
            let key = (number.is_some(), number.unwrap_or(record.at));
            if *found.numbers.entry(key).or_insert(place) != place {
                return Broken::because("has several files of one number, of which one is shown");
            }
        }
        Ok(())
    }

    /// All trees have been seen. Which one is shown?
    pub(super) fn outcome(&self) -> Result<Option<usize>, Broken> {
        if self.trees.iter().any(|tree| tree.goes_on.is_some()) {
            return Broken::because("has a file of several parts whose last is missing");
        }
        let ranks = self.trees.iter().map(|tree| tree.rank).enumerate();
        let shown = ranks.rev().max_by_key(|&(_, rank)| rank).map(|(index, _)| index);
        if let Some(shown) = shown {
            let files = &self.trees[shown].files;
            if self.trees.iter().any(|tree| !tree.files.is_subset(files)) {
                return Broken::because("has a second tree with other files, which is not read");
            }
        }
        Ok(shown)
    }
}
