//! Sets of named entries.
//!
//! A [`Tree`] whose entries can be opened at any time is walked a directory at a time, as filesystems store
//! names.

pub(crate) mod ancestors;
pub(crate) mod dangling;
pub mod directory;
pub(crate) mod empty;
pub mod listing;
pub mod manifest;
pub mod manifest_tree;
pub(crate) mod names;
pub(crate) mod opened;
pub(crate) mod spellings;
pub mod store;
pub mod url_map;

use crate::content::Reader;
use crate::content::file::FileReader;
pub use crate::content::file::identity::Identity;
use crate::content::file::start::FileStart;
use crate::error::{Error, Name, Result, join};
use crate::ignore::Selection;
use crate::run::context::Context;
use listing::{EntryKind, Listing};
use manifest::algorithm::Algorithm;
use manifest::listed::Listed;

/// Directories that can be entered by their path, and entries with content in them.
pub trait Tree: Sync {
    /// A directory that has been entered.
    type Directory: Send + Sync;

    /// Files that a thread takes at a time: 16 small files keep it busy for about 100 µs, many times what
    /// taking them costs.
    const BATCH: usize = 16;

    /// Enters the directory at `path`, relative to the root and empty for the root itself. `parent` is
    /// the directory that it lies in, if that is still open: then the cost does not depend on the depth.
    ///
    /// # Errors
    /// If that is not possible, with a message that names the path.
    fn enter(&self, path: &[u8], parent: Option<&Self::Directory>) -> Result<Self::Directory>;

    /// The directory's identity: two directories can be the same only if theirs are equal. `None`: it
    /// differs from every other directory.
    fn identity(&self, directory: &Self::Directory) -> Option<Identity>;

    /// The directory's path with all links resolved; `None` where that is not known. Two directories with
    /// the same identity and resolved path are the same.
    fn resolved(&self, directory: &Self::Directory) -> Option<Vec<u8>>;

    /// Is this the directory at `path`? Device and inode of both are known to be the same.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn is_at(&self, directory: &Self::Directory, path: &[u8]) -> Result<bool>;

    /// Does listing the directory probably take longer than spawning a thread?
    fn is_large(&self, directory: &Self::Directory) -> bool;

    /// All entries of a directory that are not ignored, in any order. `path` is the directory's path.
    ///
    /// # Errors
    /// When not all can be listed; when the context says stop.
    fn list(
        &self,
        directory: &Self::Directory,
        path: &[u8],
        context: &Context<'_>,
    ) -> Result<Listing>;

    /// Opens the content of the file `name` in a directory.
    ///
    /// # Errors
    /// If that is not possible, or it is no file any more.
    fn open<'d>(&self, directory: &'d Self::Directory, name: &'d [u8]) -> Result<EntryContent<'d>>;

    /// How many bytes the file `name` in a directory has, where that is known without asking a server.
    ///
    /// # Errors
    /// If that cannot be found out, or it is no file any more.
    fn size(&self, directory: &Self::Directory, name: &[u8]) -> Result<Option<u64>> {
        let _ = (directory, name);
        Ok(None)
    }

    /// What is listed of the file at `path`, in a tree whose entries have digests and no content.
    ///
    /// # Errors
    /// If there is none, or the tree's entries have content.
    fn listed(&self, path: &[u8]) -> Result<Listed<'_>> {
        Err(Error::Internal(format!("'{}' is in no manifest", self.display(path))))
    }

    /// The target of the link `name` in a directory, as it is written.
    ///
    /// # Errors
    /// If it cannot be read, or is no link any more.
    fn link(&self, directory: &Self::Directory, name: &[u8]) -> Result<Vec<u8>>;

    /// What messages call the entry at `path`.
    fn display(&self, path: &[u8]) -> Name;

    /// Where its entries have digests and no content: the algorithms, and how long their digests are.
    fn listed_digests(&self) -> Option<Vec<(Algorithm, usize)>> {
        None
    }

    /// Names that cannot be in a tree, and are matched with nothing, each with the reason.
    fn unmatched(&self) -> Vec<(Vec<u8>, Error)> {
        Vec::new()
    }
}

/// Is this entry of the directory at `path` left out?
pub(crate) fn leaves_out(selection: &Selection, path: &[u8], name: &[u8], kind: EntryKind) -> bool {
    let may_have_entries = kind.is_directory() || matches!(kind, EntryKind::Unknown(_));
    !selection.is_all()
        && selection.leaves_out(&join(path, name), kind.is_directory(), may_have_entries)
}

/// The last name of a path.
fn last_name(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&byte| byte == b'/').map_or(path, |slash| &path[slash + 1..])
}

/// The content of an entry.
pub enum EntryContent<'d> {
    /// A file of this machine whose start has been read, in a directory that is open.
    Start(FileStart<'d>),
    /// A file of this machine.
    File(FileReader),
    /// Any other content.
    Stream(Box<dyn Reader>),
    /// None, but what a manifest lists of it.
    Listed(Listed<'d>),
}

impl EntryContent<'_> {
    /// All of it, if it has been read beyond doubt.
    pub(crate) fn all(&self) -> Option<&[u8]> {
        match self {
            Self::Start(start) => start.all(),
            Self::File(_) | Self::Stream(_) | Self::Listed(_) => None,
        }
    }
}
