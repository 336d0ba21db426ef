//! The files of a tree that opens them by their paths, or lists their digests.

use super::files::{Files, FilesInTurn};
use crate::engine;
use crate::error::{Error, Result};
use crate::options::Retries;
use crate::run::context::Context;
use crate::tree::manifest::algorithm::Algorithm;
use crate::tree::manifest::hasher::{Computed, Hashers};
use crate::tree::manifest::listed::Listed;
use crate::tree::opened::Opened;
use crate::tree::{EntryContent, Tree};

/// The files of a tree, read by so many threads.
pub(crate) struct TreeFiles<'t, T> {
    pub(crate) tree: &'t T,
    pub(crate) at_a_time: usize,
    pub(crate) retries: Retries,
}

/// The same for one thread.
struct InTurn<'t, T: Tree> {
    opened: Opened<'t, T>,
    retries: Retries,
}

impl<T: Tree> Files for TreeFiles<'_, T> {
    fn batches(&self) -> (usize, usize) {
        (T::BATCH, self.at_a_time)
    }

    fn listed_digests(&self) -> Option<Vec<(Algorithm, usize)>> {
        self.tree.listed_digests()
    }

    fn listed(&self, path: &[u8]) -> Result<Listed<'_>> {
        self.tree.listed(path)
    }

    fn in_turn(&self) -> Box<dyn FilesInTurn + '_> {
        Box::new(InTurn { opened: Opened::new(self.tree), retries: self.retries })
    }
}

impl<T: Tree> FilesInTurn for InTurn<'_, T> {
    fn size(&mut self, path: &[u8]) -> Result<Option<u64>> {
        self.opened.size(path)
    }

    fn digests(
        &mut self,
        path: &[u8],
        wanted: &[(Algorithm, usize)],
        counts: &dyn Fn(u64) -> bool,
        context: &Context<'_>,
    ) -> Result<Option<Computed>> {
        engine::until_quiet(self.retries, context, || {
            let mut hashers = Hashers::new(wanted.iter().copied());
            let opened = self.opened.content(path)?;
            if let Some(bytes) = opened.all() {
                hashers.add(bytes);
                return Ok(Some(hashers.finish()));
            }
            match opened {
                EntryContent::Start(start) => {
                    hashers.add_all(&mut start.into_reader()?, context)?;
                }
                EntryContent::File(mut file) => hashers.add_all(&mut file, context)?,
                EntryContent::Stream(mut reader) => {
                    engine::wait_for(&mut *reader, context)?;
                    // What is behind the head of an answer need not be sent.
                    if reader.size().is_some_and(|size| !counts(size)) {
                        return Ok(None);
                    }
                    hashers.add_all(&mut *reader, context)?;
                }
                EntryContent::Listed(_) => {
                    return Err(Error::Internal("a manifest's entry has no content".to_owned()));
                }
            }
            Ok(Some(hashers.finish()))
        })
    }
}
