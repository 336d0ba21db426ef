//! A manifest as a tree: names with digests, and no content.

use std::ops::Range;
use std::sync::Arc;

use super::listing::{EntryKind, Listing};
use super::manifest::algorithm::Algorithm;
use super::manifest::listed::Listed;
use super::manifest::read::{self, Format};
use super::manifest::table::Table;
use super::{EntryContent, Identity, Tree, last_name, leaves_out};
use crate::error::{Error, Name, Result};
use crate::ignore::Selection;
use crate::options::Options;
use crate::run::context::Context;
use crate::source::Source;

/// What a manifest lists.
pub struct ManifestTree {
    table: Arc<Table>,
    selection: Selection,
}

/// A directory of it: the rows of all that lies below.
pub struct ManifestDirectory {
    table: Arc<Table>,
    rows: Range<usize>,
    /// Bytes of the names that are the directory's path, with the slash behind it.
    skip: usize,
}

impl ManifestTree {
    /// Reads a manifest. Of the options, those about files, about URLs, `ignore` and `only` are used.
    ///
    /// # Errors
    /// [`Error::Manifest`] for a line that is malformed; when it cannot be read; when the context says stop.
    pub fn read(
        source: &Source,
        format: Option<Format>,
        options: &Options,
        context: &Context<'_>,
    ) -> Result<Self> {
        let table = Arc::new(read::read(source, format, options, context)?);
        Ok(Self { table, selection: options.selection() })
    }

    fn missing(&self, path: &[u8]) -> Error {
        Error::read(&self.display(path), "is not in the manifest")
    }
}

impl Tree for ManifestTree {
    type Directory = ManifestDirectory;

    fn enter(&self, path: &[u8], parent: Option<&ManifestDirectory>) -> Result<ManifestDirectory> {
        let (mut rows, mut skip, rest) = match parent {
            Some(parent) => (parent.rows.clone(), parent.skip, last_name(path)),
            None => (self.table.all(), 0, path),
        };
        for part in rest.split(|&byte| byte == b'/').filter(|part| !part.is_empty()) {
            rows = self.table.below(rows, skip, part);
            skip += part.len() + 1;
            if rows.is_empty() || self.table.name(rows.start).len() < skip {
                return Err(self.missing(path));
            }
        }
        Ok(ManifestDirectory { table: Arc::clone(&self.table), rows, skip })
    }

    fn identity(&self, _: &ManifestDirectory) -> Option<Identity> {
        None
    }

    fn resolved(&self, _: &ManifestDirectory) -> Option<Vec<u8>> {
        None
    }

    fn is_at(&self, _: &ManifestDirectory, _: &[u8]) -> Result<bool> {
        Ok(false)
    }

    fn is_large(&self, _: &ManifestDirectory) -> bool {
        false
    }

    fn list(
        &self,
        directory: &ManifestDirectory,
        path: &[u8],
        context: &Context<'_>,
    ) -> Result<Listing> {
        let (mut listing, mut next) = (Listing::default(), directory.rows.start);
        while next < directory.rows.end {
            context.checkpoint()?;
            let rest = &self.table.name(next)[directory.skip..];
            let slash = memchr::memchr(b'/', rest);
            let part = &rest[..slash.unwrap_or(rest.len())];
            let kind = if slash.is_some() { EntryKind::Directory } else { EntryKind::File };
            if !leaves_out(&self.selection, path, part, kind) {
                listing.push(part, kind);
            }
            next = self.table.below(next..directory.rows.end, directory.skip, part).end;
        }
        Ok(listing)
    }

    fn open<'d>(
        &self,
        directory: &'d ManifestDirectory,
        name: &'d [u8],
    ) -> Result<EntryContent<'d>> {
        let rows = directory.table.below(directory.rows.clone(), directory.skip, name);
        if rows.is_empty() || directory.table.name(rows.start).len() != directory.skip + name.len()
        {
            return Err(self.missing(name));
        }
        Ok(EntryContent::Listed(Listed::new(&directory.table, rows)))
    }

    fn listed(&self, path: &[u8]) -> Result<Listed<'_>> {
        let (mut rows, mut skip) = (self.table.all(), 0);
        for part in path.split(|&byte| byte == b'/') {
            rows = self.table.below(rows, skip, part);
            skip += part.len() + 1;
        }
        if rows.is_empty() || self.table.name(rows.start).len() + 1 != skip {
            return Err(self.missing(path));
        }
        Ok(Listed::new(&self.table, rows))
    }

    fn link(&self, _: &ManifestDirectory, name: &[u8]) -> Result<Vec<u8>> {
        Err(Error::read(&self.display(name), "is no link"))
    }

    fn display(&self, path: &[u8]) -> Name {
        Name::new(path)
    }

    fn listed_digests(&self) -> Option<Vec<(Algorithm, usize)>> {
        Some(self.table.algorithms())
    }

    fn unmatched(&self) -> Vec<(Vec<u8>, Error)> {
        self.table.refused().to_vec()
    }
}
