//! What a side must know of its files, so that it can be found out which of them moved.

use crate::error::Result;
use crate::run::context::Context;
use crate::tree::manifest::algorithm::Algorithm;
use crate::tree::manifest::hasher::Computed;
use crate::tree::manifest::listed::Listed;

/// The files of one side.
pub(crate) trait Files: Sync {
    /// How many files a thread takes at a time, and how many threads do.
    fn batches(&self) -> (usize, usize);

    /// Where they have digests and no content: the algorithms, and how long their digests are.
    fn listed_digests(&self) -> Option<Vec<(Algorithm, usize)>>;

    /// What is listed of a file that has digests and no content.
    ///
    /// # Errors
    /// If there is no such file.
    fn listed(&self, path: &[u8]) -> Result<Listed<'_>>;

    /// Says which files will be read, before any is.
    ///
    /// # Errors
    /// When the context says stop.
    fn prepare(&self, paths: &[&[u8]], context: &Context<'_>) -> Result<()> {
        let _ = (paths, context);
        Ok(())
    }

    /// The files for one thread, which takes them in the order of their paths.
    fn in_turn(&self) -> Box<dyn FilesInTurn + '_>;
}

/// Files that are looked at and read by one thread.
pub(crate) trait FilesInTurn {
    /// How many bytes a file has, where that is known without asking a server.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn size(&mut self, path: &[u8]) -> Result<Option<u64>>;

    /// The digests of a file; `None` if its size, which had not been known before, is not among those that count.
    ///
    /// # Errors
    /// When it cannot be read; when the context says stop.
    fn digests(
        &mut self,
        path: &[u8],
        wanted: &[(Algorithm, usize)],
        counts: &dyn Fn(u64) -> bool,
        context: &Context<'_>,
    ) -> Result<Option<Computed>>;
}
