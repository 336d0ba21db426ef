//! A tree with nothing in it: beside it, every name of another tree is found.

use super::listing::Listing;
use super::manifest::algorithm::Algorithm;
use super::{EntryContent, Identity, Tree};
use crate::error::{Error, Name, Result};
use crate::run::context::Context;

/// No entries. Where the entries of an archive pass beside it, these digests of them are computed.
pub(crate) struct EmptyTree {
    digests: Vec<(Algorithm, usize)>,
}

impl EmptyTree {
    /// A tree with nothing in it.
    pub(crate) fn new(digests: Vec<(Algorithm, usize)>) -> Self {
        Self { digests }
    }

    fn missing(&self, path: &[u8]) -> Error {
        Error::Internal(format!("'{}' was looked for in an empty tree", self.display(path)))
    }
}

impl Tree for EmptyTree {
    type Directory = ();

    fn enter(&self, path: &[u8], _: Option<&()>) -> Result<()> {
        if path.is_empty() { Ok(()) } else { Err(self.missing(path)) }
    }

    fn identity(&self, (): &()) -> Option<Identity> {
        None
    }

    fn resolved(&self, (): &()) -> Option<Vec<u8>> {
        None
    }

    fn is_at(&self, (): &(), _: &[u8]) -> Result<bool> {
        Ok(false)
    }

    fn is_large(&self, (): &()) -> bool {
        false
    }

    fn list(&self, (): &(), _: &[u8], _: &Context<'_>) -> Result<Listing> {
        Ok(Listing::default())
    }

    fn open<'d>(&self, (): &'d (), name: &'d [u8]) -> Result<EntryContent<'d>> {
        Err(self.missing(name))
    }

    fn link(&self, (): &(), name: &[u8]) -> Result<Vec<u8>> {
        Err(self.missing(name))
    }

    fn display(&self, path: &[u8]) -> Name {
        Name::new(path)
    }

    fn listed_digests(&self) -> Option<Vec<(Algorithm, usize)>> {
        Some(self.digests.clone())
    }
}
