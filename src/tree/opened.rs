//! A tree whose files are opened by their paths, one after the other.

use super::manifest::listed::Listed;
use super::{EntryContent, Tree};
use crate::content::Reader;
use crate::error::{Error, Result};

/// A tree, and the directory in it that was entered last.
pub(crate) struct Opened<'t, T: Tree> {
    pub(crate) tree: &'t T,
    pub(crate) directory: Option<(Vec<u8>, T::Directory)>,
}

impl<'t, T: Tree> Opened<'t, T> {
    /// A tree of which nothing has been entered yet.
    pub(crate) fn new(tree: &'t T) -> Self {
        Self { tree, directory: None }
    }

    /// Opens the content of the file at a path; of a small file its size is known beyond doubt.
    pub(crate) fn open(&mut self, path: &[u8]) -> Result<(Box<dyn Reader + '_>, Option<u64>)> {
        let content = self.content(path)?;
        let size = content.all().map(|bytes| bytes.len() as u64);
        let reader: Box<dyn Reader + '_> = match content {
            EntryContent::Start(start) => Box::new(start.into_reader()?),
            EntryContent::File(file) => Box::new(file),
            EntryContent::Stream(reader) => reader,
            EntryContent::Listed(_) => {
                return Err(Error::Internal("a manifest's entry has no content".to_owned()));
            }
        };
        Ok((reader, size))
    }

    /// What is listed of the file at a path in a tree that has digests and no content.
    pub(crate) fn listed<'o>(&'o mut self, path: &'o [u8]) -> Result<Listed<'o>> {
        match self.content(path)? {
            EntryContent::Listed(listed) => Ok(listed),
            _ => Err(Error::Internal("an entry has content beside a manifest".to_owned())),
        }
    }

    /// Opens what is at a path.
    pub(crate) fn content<'o>(&'o mut self, path: &'o [u8]) -> Result<EntryContent<'o>> {
        let tree = self.tree;
        let (directory, name) = self.enter(path)?;
        tree.open(directory, name)
    }

    /// How many bytes the file at a path has, where that is known without asking a server.
    pub(crate) fn size(&mut self, path: &[u8]) -> Result<Option<u64>> {
        let tree = self.tree;
        let (directory, name) = self.enter(path)?;
        tree.size(directory, name)
    }

    /// Enters the directory that a path lies in, and says what its last name is.
    fn enter<'o>(&'o mut self, path: &'o [u8]) -> Result<(&'o T::Directory, &'o [u8])> {
        let (parent, name) = match path.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&b""[..], path),
        };
        let is_open = self.directory.as_ref().is_some_and(|(open, _)| open == parent);
        if !is_open {
            self.directory = Some((parent.to_vec(), self.tree.enter(parent, None)?));
        }
        let Some((_, directory)) = &self.directory else { unreachable!("just entered") };
        Ok((directory, name))
    }
}
