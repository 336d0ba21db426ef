//! The files of an archive whose entries have passed, with their digests.

use std::collections::HashMap;
use std::sync::Mutex;

use blake3::Hash;

use super::files::{Files, FilesInTurn};
use crate::archive::chosen::Chosen;
use crate::archive::entries::{Entries, Index};
use crate::archive::input::Origin;
use crate::compare::archives::again::digests_again;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::run::context::Context;
use crate::sys::lock::lock;
use crate::tree::manifest::algorithm::Algorithm;
use crate::tree::manifest::hasher::Computed;
use crate::tree::manifest::listed::Listed;

/// The files of an archive. Digests that were not made when their entries passed take a second pass.
pub(crate) struct ArchivedFiles<'a> {
    archive: &'a dyn Origin,
    entries: &'a Entries,
    /// Which entry has the content of the file at a path.
    entry: &'a (dyn Fn(&[u8]) -> Option<Index> + Sync),
    /// Digests in the algorithms of a manifest.
    computed: Option<&'a HashMap<Index, Computed>>,
    options: &'a Options,
    again: Mutex<Again>,
}

/// What came of a second pass.
#[derive(Default)]
struct Again {
    digests: HashMap<Index, Hash>,
    failed: Option<Error>,
}

impl<'a> ArchivedFiles<'a> {
    /// The files of an archive with these entries.
    pub(crate) fn new(
        (archive, entries): (&'a dyn Origin, &'a Entries),
        entry: &'a (dyn Fn(&[u8]) -> Option<Index> + Sync),
        computed: Option<&'a HashMap<Index, Computed>>,
        options: &'a Options,
    ) -> Self {
        Self { archive, entries, entry, computed, options, again: Mutex::default() }
    }

    fn index(&self, path: &[u8]) -> Result<Index> {
        let missing = || Error::archive(self.archive.name(), "has no content for this path");
        (self.entry)(path).ok_or_else(missing)
    }
}

impl Files for ArchivedFiles<'_> {
    fn batches(&self) -> (usize, usize) {
        // Everything is known.
        (usize::MAX, 1)
    }

    fn listed_digests(&self) -> Option<Vec<(Algorithm, usize)>> {
        None
    }

    fn listed(&self, _: &[u8]) -> Result<Listed<'_>> {
        Err(Error::Internal("an archive is no manifest".to_owned()))
    }

    fn prepare(&self, paths: &[&[u8]], context: &Context<'_>) -> Result<()> {
        let mut needed = Chosen::default();
        if self.computed.is_none() {
            for index in paths.iter().filter_map(|path| (self.entry)(path)) {
                if self.entries.body(index).digest.is_none() {
                    needed.insert(index);
                }
            }
        }
        if needed.is_empty() {
            return Ok(());
        }
        let found = digests_again(self.archive, &needed, self.entries, self.options, context);
        let mut again = lock(&self.again);
        match found {
            Ok(digests) => again.digests.extend(digests),
            Err(error) if error.ends_call() => return Err(error),
            // An archive may be one that can be read only once.
            Err(error) => again.failed = Some(error),
        }
        Ok(())
    }

    fn in_turn(&self) -> Box<dyn FilesInTurn + '_> {
        Box::new(self)
    }
}

impl FilesInTurn for &ArchivedFiles<'_> {
    fn size(&mut self, path: &[u8]) -> Result<Option<u64>> {
        Ok(Some(self.entries.body(self.index(path)?).size))
    }

    fn digests(
        &mut self,
        path: &[u8],
        _: &[(Algorithm, usize)],
        _: &dyn Fn(u64) -> bool,
        _: &Context<'_>,
    ) -> Result<Option<Computed>> {
        let index = self.index(path)?;
        if let Some(computed) = self.computed.and_then(|computed| computed.get(&index)) {
            return Ok(Some(computed.clone()));
        }
        let (body, again) = (self.entries.body(index), lock(&self.again));
        let Some(digest) = body.digest.or_else(|| again.digests.get(&index).copied()) else {
            let why = "the content of an entry was not read";
            let unread = || Error::archive(self.archive.name(), why);
            return Err(again.failed.clone().unwrap_or_else(unread));
        };
        let digests = vec![(Algorithm::Blake3, digest.as_bytes().to_vec())];
        Ok(Some(Computed { count: body.size, digests }))
    }
}
