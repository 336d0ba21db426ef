//! Sets of named entries, and their comparison.
//!
//! A [`Tree`] whose entries can be opened at any time is walked a directory at a time, which is how
//! both directories and their names are stored. [`compare`](compare::compare) walks two of them side
//! by side and knows nothing of what is behind them.

pub(crate) mod archive;
mod chosen;
mod common_files;
pub mod compare;
mod course;
mod direct;
pub(crate) mod directories;
pub mod directory;
mod entries;
mod files;
mod findings;
mod handover;
mod lineage;
pub mod listing;
mod name_table;
mod names;
mod nowhere;
mod occurrences;
mod ordered;
mod resolve;
mod settle;
mod task;
mod unpack;
pub mod urls;

use crate::context::Context;
use crate::error::{Name, Result};
use crate::reader::Reader;
use crate::reader::file::FileReader;
pub use crate::reader::identity::Identity;
use crate::reader::start::FileStart;
use listing::Listing;

/// Entries with content, in directories that can be entered by their path.
pub trait Tree: Sync {
    /// A directory that has been entered.
    type Directory: Send + Sync;

    /// Files that a thread takes at a time: 16 small ones keep it busy for about 100 µs, many times
    /// what taking them costs.
    const BATCH: usize = 16;

    /// Enters the directory at `path`, relative to the root and empty for the root itself. `parent` is
    /// the directory that it lies in, if that is still open: then entering it costs the same however deep
    /// it lies.
    ///
    /// # Errors
    /// When that is not possible, with a cause that needs no path beside it.
    fn enter(&self, path: &[u8], parent: Option<&Self::Directory>) -> Result<Self::Directory>;

    /// What makes the directory the one it is: only two with the same identity may be the same
    /// directory. `None`: it is different from any other.
    fn identity(&self, directory: &Self::Directory) -> Option<Identity>;

    /// The one path that the directory has, whichever it was entered by; `None` where that is not known.
    /// Two of the same identity and path are the same directory.
    fn resolved(&self, directory: &Self::Directory) -> Option<Vec<u8>>;

    /// Is the directory, whose device and inode are those of the one at `path`, really that one?
    ///
    /// # Errors
    /// When there is no telling.
    fn is_at(&self, directory: &Self::Directory, path: &[u8]) -> Result<bool>;

    /// Does listing the directory probably take longer than starting a thread?
    fn is_large(&self, directory: &Self::Directory) -> bool;

    /// All entries of a directory that are not left out, in any order. `path` is where it is.
    ///
    /// # Errors
    /// When they cannot be listed completely; when the context, asked now and then, says stop.
    fn list(
        &self,
        directory: &Self::Directory,
        path: &[u8],
        context: &Context<'_>,
    ) -> Result<Listing>;

    /// Opens the content of the file `name` in a directory.
    ///
    /// # Errors
    /// When that is not possible, or it is no file any more.
    fn open<'d>(&self, directory: &'d Self::Directory, name: &'d [u8]) -> Result<Content<'d>>;

    /// Where the link `name` in a directory leads to, unresolved.
    ///
    /// # Errors
    /// When it cannot be read, or is no link any more.
    fn link(&self, directory: &Self::Directory, name: &[u8]) -> Result<Vec<u8>>;

    /// What messages call the entry at `path`.
    fn display(&self, path: &[u8]) -> Name;
}

/// The last name of a path.
fn last_name(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&byte| byte == b'/').map_or(path, |slash| &path[slash + 1..])
}

/// The content of an entry.
pub enum Content<'d> {
    /// A file of this machine whose start has been read, in a directory that is open.
    Start(FileStart<'d>),
    /// A file of this machine.
    File(FileReader),
    /// Anything else.
    Stream(Box<dyn Reader>),
}

impl Content<'_> {
    /// All of it, if it is at hand and beyond doubt.
    fn all(&self) -> Option<&[u8]> {
        match self {
            Self::Start(start) => start.all(),
            Self::File(_) | Self::Stream(_) => None,
        }
    }
}
