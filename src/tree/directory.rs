//! A local directory as a tree.
//!
//! Directories are opened relative to the root and files relative to their directory, so that a
//! file costs one short lookup, and a path may be longer than the system takes at once.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;

#[cfg(target_os = "linux")]
use rustix::fs::RawDir;
use rustix::fs::{AtFlags, CWD, FileType, OFlags};
use rustix::io::Errno;

use super::dangling::Links;
use super::listing::{CHECKED, EntryKind, Listing};
use super::{EntryContent, Tree, last_name, leaves_out};
use crate::content::file::filesystem::may_repeat_numbers;
use crate::content::file::identity::Identity;
use crate::content::file::path::{open_directory, resolved};
use crate::content::file::start::{FileStart, OpenBase};
use crate::error::{Error, Name, Result, join};
use crate::ignore::Selection;
use crate::options::{FileOptions, Options};
use crate::run::context::Context;

/// Bytes of names and kinds that one system call may return. Measured on 10,000 files in one
/// directory: 32 KiB, the usual size, takes 11 calls, this takes 6, and larger ones gain nothing.
const ENTRIES: usize = 64 << 10;

/// A directory whose own size is larger than this has some thousand entries on ext4, xfs, btrfs and tmpfs
/// alike, and takes about a millisecond to list.
const LARGE: i64 = 64 << 10;

/// A directory with everything below it.
pub struct DirectoryTree {
    /// The user's name for it.
    name: Name,
    path: Arc<[u8]>,
    root: OwnedFd,
    follow_links: bool,
    selection: Selection,
    files: FileOptions,
    links: Links,
}

/// An open directory.
pub struct OpenDirectory {
    base: OpenBase,
    identity: Identity,
    size: i64,
}

impl DirectoryTree {
    /// Opens the directory at `path`, following all links in `path` itself; `name` is what messages call
    /// the root. Of the options, those about links, `ignore` and those about files are used.
    ///
    /// # Errors
    /// If there is no directory, or it cannot be opened.
    pub fn open(path: &[u8], name: Name, options: &Options) -> Result<Self> {
        let root = open_directory(CWD, path, true).map_err(|errno| {
            if errno == Errno::NOTDIR && rustix::fs::stat(path).is_ok() {
                let errno = Some(errno.raw_os_error());
                let (name, cause) = (name.clone(), "is not a directory".to_owned());
                return Error::Read { name, cause, errno, status: None };
            }
            Error::system(&name, &errno.into())
        })?;
        Ok(Self {
            name,
            path: path.into(),
            root,
            follow_links: options.follow_symlinks,
            selection: options.selection(),
            files: options.files,
            links: Links::default(),
        })
    }

    /// The kind of an entry that the directory lists as `listed`. Asks the system where the directory does
    /// not say it, and where it is a link to follow.
    ///
    /// # Errors
    /// When the context says stop: a link may lead through many others.
    fn kind(
        &self,
        directory: BorrowedFd<'_>,
        name: &[u8],
        listed: FileType,
        context: &Context<'_>,
    ) -> Result<EntryKind> {
        let is_link = listed == FileType::Symlink;
        if is_link && !self.follow_links {
            return Ok(EntryKind::Link);
        }
        let flags = if self.follow_links { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
        let kind = match listed {
            FileType::Symlink | FileType::Unknown => rustix::fs::statat(directory, name, flags)
                .map(|stat| FileType::from_raw_mode(stat.st_mode)),
            known => Ok(known),
        };
        Ok(match kind {
            Ok(FileType::RegularFile) => EntryKind::File,
            // Where the directory does not say the kind, this may be a link to a directory.
            Ok(FileType::Directory) if listed == FileType::Directory => EntryKind::Directory,
            Ok(FileType::Directory) => EntryKind::LinkedDirectory,
            Ok(FileType::Symlink) => EntryKind::Link,
            Ok(FileType::Fifo) => EntryKind::Fifo,
            Ok(FileType::Socket) => EntryKind::Socket,
            Ok(FileType::CharacterDevice) => EntryKind::CharacterDevice,
            Ok(FileType::BlockDevice) => EntryKind::BlockDevice,
            Ok(FileType::Unknown) => EntryKind::Unknown(Errno::NOTSUP.raw_os_error()),
            Err(errno)
                if self.follow_links
                    && self.is_broken_link(directory, name, listed, errno, context)? =>
            {
                EntryKind::Link
            }
            Err(errno) => EntryKind::Unknown(errno.raw_os_error()),
        })
    }

    /// Is the entry a link to nothing, where following it gave this error?
    fn is_broken_link(
        &self,
        directory: BorrowedFd<'_>,
        name: &[u8],
        listed: FileType,
        errno: Errno,
        context: &Context<'_>,
    ) -> Result<bool> {
        let is_link = || {
            rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_symlink())
        };
        if listed != FileType::Symlink && !is_link() {
            return Ok(false);
        }
        self.links.lead_nowhere(directory, name, errno, context)
    }
}

/// Calls `found` with the name of every entry, and with its type as the directory lists it.
#[cfg(target_os = "linux")]
fn each_entry(
    directory: BorrowedFd<'_>,
    broken: &dyn Fn(Errno) -> Error,
    found: &mut dyn FnMut(&[u8], FileType) -> Result<()>,
) -> Result<()> {
    let mut buffer: Vec<u8> = Vec::with_capacity(ENTRIES);
    let mut entries = RawDir::new(directory, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(broken)?;
        match entry.file_name().to_bytes() {
            b"." | b".." => {}
            name => found(name, entry.file_type())?,
        }
    }
    Ok(())
}

/// The same on other systems.
#[cfg(not(target_os = "linux"))]
fn each_entry(
    directory: BorrowedFd<'_>,
    broken: &dyn Fn(Errno) -> Error,
    found: &mut dyn FnMut(&[u8], FileType) -> Result<()>,
) -> Result<()> {
    for entry in rustix::fs::Dir::read_from(directory).map_err(broken)? {
        let entry = entry.map_err(broken)?;
        match entry.file_name().to_bytes() {
            b"." | b".." => {}
            name => found(name, entry.file_type())?,
        }
    }
    Ok(())
}

impl Tree for DirectoryTree {
    type Directory = OpenDirectory;

    fn enter(&self, path: &[u8], parent: Option<&OpenDirectory>) -> Result<OpenDirectory> {
        let system = |errno: Errno| Error::system(&self.display(path), &errno.into());
        // The root is opened again, too: listed a second time through one descriptor, a directory is empty.
        let (from, way) = match parent {
            Some(parent) => (&*parent.base.descriptor, last_name(path)),
            None => (&self.root, path),
        };
        let descriptor = open_directory(from.as_fd(), way, self.follow_links);
        let descriptor = Arc::new(descriptor.map_err(system)?);
        let stat = rustix::fs::fstat(&descriptor).map_err(system)?;
        let identity = Identity::of(&stat);
        let path = join(&self.path, path).into();
        Ok(OpenDirectory { base: OpenBase { path, descriptor }, identity, size: stat.st_size })
    }

    fn identity(&self, directory: &OpenDirectory) -> Option<Identity> {
        Some(directory.identity)
    }

    fn resolved(&self, directory: &OpenDirectory) -> Option<Vec<u8>> {
        resolved(directory.base.descriptor.as_fd())
    }

    fn is_at(&self, directory: &OpenDirectory, path: &[u8]) -> Result<bool> {
        let there = self.enter(path, None)?;
        if !there.identity.has_number_of(&directory.identity) {
            return Ok(false);
        }
        match (self.resolved(directory), self.resolved(&there)) {
            (Some(one), Some(other)) => Ok(one == other),
            _ if may_repeat_numbers(directory.base.descriptor.as_fd()) => {
                let name = Name::new(&directory.base.path);
                Err(Error::read(&name, "there is no telling whether a link closes a loop here"))
            }
            _ => Ok(true),
        }
    }

    fn is_large(&self, directory: &OpenDirectory) -> bool {
        directory.size > LARGE
    }

    fn list(
        &self,
        directory: &OpenDirectory,
        path: &[u8],
        context: &Context<'_>,
    ) -> Result<Listing> {
        let descriptor = directory.base.descriptor.as_fd();
        let (mut listing, mut seen) = (Listing::default(), 0_usize);
        let mut add = |name: &[u8], listed: FileType| -> Result<()> {
            // Ignored entries take time, too.
            if seen.is_multiple_of(CHECKED) {
                context.checkpoint()?;
            }
            seen += 1;
            let kind = self.kind(descriptor, name, listed, context)?;
            if !leaves_out(&self.selection, path, name, kind) {
                listing.push(name, kind);
            }
            Ok(())
        };
        let broken = |errno: Errno| Error::system(&self.display(path), &errno.into());
        each_entry(descriptor, &broken, &mut add)?;
        Ok(listing)
    }

    fn open<'d>(&self, directory: &'d OpenDirectory, name: &'d [u8]) -> Result<EntryContent<'d>> {
        let flags = if self.follow_links { OFlags::empty() } else { OFlags::NOFOLLOW };
        FileStart::read(&directory.base, name, flags, self.files).map(EntryContent::Start)
    }

    fn size(&self, directory: &OpenDirectory, name: &[u8]) -> Result<Option<u64>> {
        let flags = if self.follow_links { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
        let shown = || Name::within(&directory.base.path, &name.into());
        let stat = rustix::fs::statat(&directory.base.descriptor, name, flags)
            .map_err(|errno| Error::system(&shown(), &errno.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Error::read(&shown(), "is no file any more"));
        }
        Ok(u64::try_from(stat.st_size).ok())
    }

    fn link(&self, directory: &OpenDirectory, name: &[u8]) -> Result<Vec<u8>> {
        let target = rustix::fs::readlinkat(&directory.base.descriptor, name, Vec::new()).map_err(
            |errno| {
                let name = Name::within(&directory.base.path, &name.into());
                Error::system(&name, &errno.into())
            },
        )?;
        Ok(target.into_bytes())
    }

    fn display(&self, path: &[u8]) -> Name {
        if path.is_empty() {
            return self.name.clone();
        }
        Name::within(&self.path, &path.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ignore::Ignore;
    use crate::run::context::Call;

    #[test]
    fn ignored_entries_have_checkpoints_too() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in 0..8 * CHECKED {
            std::fs::write(directory.path().join(format!("{name}.pyc")), "").expect("written");
        }
        std::fs::write(directory.path().join("kept"), "").expect("written");
        let ignore = Ignore::new(vec!["*.pyc".to_owned()]).expect("a pattern");
        let options = Options { ignore: Some(ignore), ..Options::default() };
        let path = directory.path().as_os_str().as_encoded_bytes();
        let tree = DirectoryTree::open(path, "tree".into(), &options).expect("a directory");
        let (root, call) = (tree.enter(b"", None).expect("the root"), Call::new(None));
        let listing = tree.list(&root, b"", &Context::new(&call)).expect("listed");
        assert_eq!((listing.len(), listing.name(0)), (1, &b"kept"[..]));
        // One every 256 entries.
        assert_eq!(call.checkpoints(), 9);
    }
}
