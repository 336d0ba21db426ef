//! Which of many sources are known to be different ones, unread.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::found::Found;
use crate::content::file::identity::Identity;
use crate::content::file::located::Located;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::run::context::Context;
use crate::source::Source;

/// The sources that are known to be different ones, in the order of the list.
pub(super) struct Distinct<'s> {
    pub(super) members: Vec<Found<'s>>,
    /// For each of them: itself, and all that are known to be the same unread.
    pub(super) same: Vec<Vec<usize>>,
    /// Why it ends before the end of the list: the next path leads to no file. (URLs that lead to nothing
    /// show that later.)
    pub(super) failure: Option<Error>,
}

impl<'s> Distinct<'s> {
    /// # Errors
    /// When the context says stop.
    pub(super) fn of(
        sources: &'s [Source],
        options: &Options,
        context: &Context<'_>,
    ) -> Result<Self> {
        let (mut members, mut same) = (Vec::<Found<'_>>::new(), Vec::<Vec<usize>>::new());
        let mut failure = None;
        let mut files = Files::default();
        let mut urls: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, source) in sources.iter().enumerate() {
            context.checkpoint()?;
            let looked_at = match source.content(options) {
                Ok(looked_at) => looked_at,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            let known = match looked_at.file() {
                Some(file) => files.find_or_add(file, &members),
                None => {
                    let named = urls.entry(source.name().bytes()).or_default();
                    // The same URL may have other settings.
                    let is_same = |&known: &usize| sources[members[known].index] == *source;
                    let known = named.iter().copied().find(is_same);
                    if known.is_none() {
                        named.push(members.len());
                    }
                    known
                }
            };
            match known {
                Some(known) => same[known].push(index),
                None => {
                    members.push(Found { index, content: looked_at });
                    same.push(vec![index]);
                }
            }
        }
        Ok(Self { members, same, failure })
    }
}

/// The files found so far, to find those that come again.
#[derive(Default)]
pub(super) struct Files(HashMap<Identity, SameNumber>);

/// Members that have one device, inode, size and times. Usually they are one file.
pub(super) struct SameNumber {
    /// The first of them.
    pub(super) first: usize,
    /// All of them by their paths, links resolved, as soon as there is a second one.
    pub(super) by_path: HashMap<Vec<u8>, usize>,
}

impl Files {
    /// The member that is the same file; if there is none, this file becomes the next member.
    fn find_or_add(&mut self, located: &Located, members: &[Found<'_>]) -> Option<usize> {
        let next = members.len();
        let known = match self.0.entry(located.identity()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                free.insert(SameNumber { first: next, by_path: HashMap::new() });
                return None;
            }
        };
        let first = members[known.first].content.file()?;
        if first.is_same_file(located) {
            return Some(known.first);
        }
        // Some filesystems give one number to several files: then their paths tell them apart.
        if known.by_path.is_empty() {
            known.by_path.insert(first.resolved()?, known.first);
        }
        match known.by_path.entry(located.resolved()?) {
            Entry::Occupied(same) => Some(*same.get()),
            Entry::Vacant(free) => {
                free.insert(next);
                None
            }
        }
    }
}
