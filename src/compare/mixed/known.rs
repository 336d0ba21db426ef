//! What is known of an archive and another tree when the archive has been read.

use std::sync::Mutex;

use super::archive_tree::ArchiveTree;
use super::drive::Driven;
use crate::archive::Account;
use crate::archive::entries::{Body, Index};
use crate::compare::trees::task::{Absent, Known};
use crate::content::sizes_differ;
use crate::engine;
use crate::engine::digest::digest_of;
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::outcome::{DiffReason, Finding, Mismatch, Proof, Side};
use crate::run::context::Context;
use crate::sys::lock::lock;
use crate::tree::opened::Opened;
use crate::tree::{Tree, names};

/// The outcome of reading the archive.
pub(super) struct KnownEntries<'t, T> {
    pub(super) name: &'t Name,
    /// Which of the two the archive is.
    pub(super) side: Side,
    pub(super) archive: &'t ArchiveTree<'t, T>,
    pub(super) driven: &'t Driven,
    pub(super) tree: &'t T,
    pub(super) options: &'t Options,
    /// Entries that the other tree has under other paths, too: only their digests can tell.
    pub(super) pending: Mutex<Vec<(Index, Vec<u8>)>>,
}

impl<T: Tree> KnownEntries<'_, T> {
    fn account(&self) -> &Account {
        &self.driven.entries.besides.account
    }

    /// Why it is not known what the archive has at a path, if that is so.
    fn broken(&self, path: &[u8]) -> Option<Error> {
        let broken = &self.archive.broken;
        if broken.is_empty() {
            return None;
        }
        broken.get(&names::composed(path.to_vec())).cloned()
    }

    /// A finding of the archive against the other tree, seen from the left.
    pub(super) fn seen(&self, finding: Finding) -> Finding {
        match (self.side, finding) {
            (Side::Right, Finding::Differs(mismatch)) => {
                let difference = mismatch.difference;
                let difference = difference.map(|it| Box::new(it.with_sides_exchanged()));
                Finding::Differs(Mismatch { difference, ..mismatch })
            }
            (_, finding) => finding,
        }
    }

    /// Compares a file with another one of its tree, of which it is known that an entry has the same content.
    fn within_tree(&self, path: &[u8], known: &[u8], context: &Context<'_>) -> Result<Finding> {
        let options = Options { max_workers: 1, ..self.options.clone() };
        let (tree, directory) = (self.tree, None);
        let (mut left, mut right) = (Opened { tree, directory }, Opened { tree, directory: None });
        let ((mut left, left_size), (mut right, right_size)) =
            (left.open(known)?, right.open(path)?);
        let found = if options.r#where {
            let shown = options.context;
            engine::first_difference(&mut *left, &mut *right, shown, &options, context)?
        } else {
            if engine::compare(&mut *left, &mut *right, &options, context)?.is_none() {
                return Ok(Finding::Equal(Some(Proof::Bytes)));
            }
            None
        };
        let sizes = (left_size.or(left.size()), right_size.or(right.size()));
        let reason = if sizes_differ(sizes.0, sizes.1) {
            DiffReason::SizeMismatch
        } else {
            DiffReason::ContentMismatch
        };
        if !options.r#where {
            return Ok(Finding::differs(reason));
        }
        Ok(match found {
            None => Finding::Equal(Some(Proof::Bytes)),
            found => Finding::differs_at(reason, found),
        })
    }

    /// Compares the file at a path with an entry by their digests. Says the size of the file, too.
    ///
    /// # Errors
    /// When the file cannot be read; when the context says stop.
    pub(super) fn by_digest(
        &self,
        index: Index,
        path: &[u8],
        context: &Context<'_>,
    ) -> Result<(Finding, u64)> {
        let &Body { size, digest, .. } = self.driven.entries.body(index);
        let why = "the content of an entry was not compared";
        let digest = digest.ok_or_else(|| Error::archive(self.name, why))?;
        let mut opened = Opened { tree: self.tree, directory: None };
        let (mut reader, known_size) = opened.open(path)?;
        let other_size = |known: Option<u64>| known.filter(|&other| other != size);
        if let Some(other) = other_size(known_size.or(reader.early_size())) {
            reader.verify()?;
            return Ok((Finding::differs(DiffReason::SizeMismatch), other));
        }
        engine::wait_for(&mut *reader, context)?;
        if let Some(other) = other_size(known_size.or(reader.size())) {
            return Ok((Finding::differs(DiffReason::SizeMismatch), other));
        }
        let (length, found) = digest_of(&mut *reader, context)?;
        reader.verify()?;
        let finding = if length == size && digest == found {
            Finding::Equal(Some(Proof::Digest))
        } else {
            let (reason, proof) = (DiffReason::ContentMismatch, Some(Proof::Digest));
            Finding::Differs(Mismatch { reason, proof, difference: None })
        };
        Ok((finding, length))
    }
}

impl<T: Tree> Known for KnownEntries<'_, T> {
    fn content(&self, path: &[u8], context: &Context<'_>) -> Result<Option<Finding>> {
        if let Some(error) = self.broken(path) {
            return Err(error);
        }
        let changed = || Error::archive(self.name, "has no content for this path");
        let index = self.archive.content(path).ok_or_else(changed)?;
        if let Some(digests) = self.driven.digests.get(&index) {
            let mut opened = Opened { tree: self.tree, directory: None };
            return opened.listed(path)?.compare_computed(digests).map(Some);
        }
        let (entries, composed) = (&self.driven.entries, names::composed(path.to_vec()));
        let own = entries.path(index);
        let is_equal = self.driven.equal.contains(index);
        if own == path {
            if is_equal {
                return Ok(Some(Finding::Equal(Some(Proof::Bytes))));
            }
            if let Some(finding) = self.driven.different.get(&index) {
                return Ok(Some(self.seen(finding.clone())));
            }
        } else if is_equal && own != composed {
            let finding = engine::until_quiet(self.options.retries(), context, || {
                self.within_tree(path, own, context)
            })?;
            return Ok(Some(self.seen(finding)));
        }
        lock(&self.pending).push((index, path.to_vec()));
        Ok(None)
    }

    fn absent(&self, side: Side, path: &[u8]) -> Absent {
        if let Some(error) = self.broken(path) {
            return Absent::Unknown(error);
        }
        if side == self.side {
            return Absent::OnlyOne;
        }
        if !path.is_ascii() && self.archive.has(path) {
            let why = "several names that differ only in how Unicode spells them";
            return Absent::Unknown(Error::archive(self.name, why));
        }
        let account = self.account();
        let unmarked = account.is_unmarked.then_some("nothing marks its end");
        match account.open_against(&Account::default()).or(unmarked) {
            Some(why) => Absent::Unknown(Error::archive(self.name, format!("may have it: {why}"))),
            None => Absent::OnlyOne,
        }
    }

    fn unknown_kind(&self, path: &[u8]) -> Option<Error> {
        self.broken(path).or_else(|| {
            let target = self.archive.leads_out(path)?;
            let why = format!("a link to '{target}', which leads out of the archive");
            Some(Error::archive(self.name, why))
        })
    }
}
