//! A directory of this machine as a tree.
//!
//! Directories are opened relative to the root and files relative to their directory, so that a
//! file costs one short look-up, and a path may be longer than the system takes in one piece.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
#[cfg(target_os = "linux")]
use rustix::fs::{RawDir, ResolveFlags};
use rustix::io::Errno;

use super::listing::{CHECKED, Kind, Listing};
use super::{Content, Identity, Tree};
use crate::context::Context;
use crate::error::{Error, Name, Result, join};
use crate::ignore::Ignore;
use crate::options::Options;
use crate::reader::start::{Base, Start};

/// Bytes of names and kinds that one system call may return. Measured on 10,000 files in one
/// directory: 32 KiB, the usual size, takes 11 calls, this takes 6, and larger ones gain nothing.
const ENTRIES: usize = 64 << 10;

/// Directories whose own size is beyond this have some thousand entries on ext4, xfs, btrfs and tmpfs
/// alike, and take about a millisecond to list.
const LARGE: i64 = 64 << 10;

/// The longest path that is given to the system in one piece; Linux takes 4095 bytes.
const PIECE: usize = if cfg!(target_os = "linux") { 4000 } else { 1000 };

/// A directory, and all that is below it.
pub struct DirectoryTree {
    /// What its user calls it.
    name: Name,
    path: Arc<[u8]>,
    root: OwnedFd,
    follow_links: bool,
    ignore: Option<Ignore>,
}

/// A directory that is open.
pub struct OpenDirectory {
    base: Base,
    identity: Identity,
    size: i64,
}

impl DirectoryTree {
    /// Opens the directory at `path`, itself found through any links; `name` is what messages about
    /// it as a whole call it. Of the options, those about links and about what to leave out hold.
    ///
    /// # Errors
    /// When there is no directory, or none that can be opened.
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
            ignore: options.ignore.clone(),
        })
    }

    /// The kind of an entry that the directory itself does not tell, or that is a link to follow.
    fn kind(&self, directory: BorrowedFd<'_>, name: &[u8], told: FileType) -> Kind {
        let is_link = told == FileType::Symlink;
        if is_link && !self.follow_links {
            return Kind::Link;
        }
        let flags = if self.follow_links { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
        let kind = match told {
            FileType::Symlink | FileType::Unknown => rustix::fs::statat(directory, name, flags)
                .map(|stat| FileType::from_raw_mode(stat.st_mode)),
            known => Ok(known),
        };
        match kind {
            Ok(FileType::RegularFile) => Kind::File,
            // Where the directory does not tell links from directories, any of them may be one.
            Ok(FileType::Directory) if told == FileType::Directory => Kind::Directory,
            Ok(FileType::Directory) => Kind::LinkedDirectory,
            Ok(FileType::Symlink) => Kind::Link,
            Ok(FileType::Fifo) => Kind::Fifo,
            Ok(FileType::Socket) => Kind::Socket,
            Ok(FileType::CharacterDevice) => Kind::CharacterDevice,
            Ok(FileType::BlockDevice) => Kind::BlockDevice,
            Ok(FileType::Unknown) => Kind::Unknown(Errno::NOTSUP.raw_os_error()),
            Err(errno) => Kind::Unknown(errno.raw_os_error()),
        }
    }
}

/// Opens a directory for listing it and for opening what is in it.
fn open_directory(
    base: BorrowedFd<'_>,
    path: &[u8],
    follow_links: bool,
) -> rustix::io::Result<OwnedFd> {
    let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    if !follow_links {
        #[cfg(target_os = "linux")]
        match rustix::fs::openat2(base, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            // Before Linux 5.6, and in some sandboxes.
            Err(Errno::NOSYS | Errno::PERM) => {}
            opened => return opened,
        }
        // The last name at least: a directory that was none when it was listed is not followed.
        flags |= OFlags::NOFOLLOW;
    }
    rustix::fs::openat(base, path, flags, Mode::empty())
}

/// Calls `found` with the name of every entry, and with what the directory tells of it.
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

/// The same, where system calls are not for programs to make.
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

/// Opens a directory at a path of any length, through any number of links.
fn open_deep(root: &OwnedFd, path: &[u8], follow_links: bool) -> rustix::io::Result<OwnedFd> {
    match open_in_pieces(root, path, follow_links, PIECE) {
        // The system follows 40 links in one piece (32 on macOS), and lineages know every loop.
        Err(Errno::LOOP) if follow_links => open_in_pieces(root, path, true, 0),
        opened => opened,
    }
}

/// The same in pieces of at most `most` bytes, or of one name where that is longer.
fn open_in_pieces(
    root: &OwnedFd,
    mut path: &[u8],
    follow_links: bool,
    most: usize,
) -> rustix::io::Result<OwnedFd> {
    let is_slash = |&byte: &u8| byte == b'/';
    let mut base: Option<OwnedFd> = None;
    loop {
        let from = base.as_ref().map_or(root.as_fd(), AsFd::as_fd);
        let cut = |path: &[u8]| {
            path[..most].iter().rposition(is_slash).or_else(|| path.iter().position(is_slash))
        };
        let Some(slash) = (path.len() > most).then(|| cut(path)).flatten() else {
            let path = if path.is_empty() { b"." } else { path };
            return open_directory(from, path, follow_links);
        };
        base = Some(open_directory(from, &path[..slash], follow_links)?);
        path = &path[slash + 1..];
    }
}

impl Tree for DirectoryTree {
    type Directory = OpenDirectory;

    fn enter(&self, path: &[u8]) -> Result<OpenDirectory> {
        let system = |errno: Errno| Error::system(&self.display(path), &errno.into());
        // The root as well: what is listed twice through one descriptor is empty the second time.
        let descriptor = Arc::new(open_deep(&self.root, path, self.follow_links).map_err(system)?);
        let stat = rustix::fs::fstat(&descriptor).map_err(system)?;
        // The fields have other widths and signs on other platforms.
        #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, clippy::allow_attributes)]
        let identity = (stat.st_dev as u64, stat.st_ino as u64);
        let path = join(&self.path, path).into();
        Ok(OpenDirectory { base: Base { path, descriptor }, identity, size: stat.st_size })
    }

    fn identity(&self, directory: &OpenDirectory) -> Option<Identity> {
        Some(directory.identity)
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
        let mut listing = Listing::default();
        let mut add = |name: &[u8], told: FileType| -> Result<()> {
            let kind = self.kind(descriptor, name, told);
            let left_out = self
                .ignore
                .as_ref()
                .is_some_and(|ignore| ignore.leaves_out(&join(path, name), kind.is_directory()));
            if !left_out {
                listing.push(name, kind);
            }
            if listing.len().is_multiple_of(CHECKED) {
                context.checkpoint()?;
            }
            Ok(())
        };
        let broken = |errno: Errno| Error::system(&self.display(path), &errno.into());
        each_entry(descriptor, &broken, &mut add)?;
        Ok(listing)
    }

    fn open<'d>(&self, directory: &'d OpenDirectory, name: &'d [u8]) -> Result<Content<'d>> {
        let flags = if self.follow_links { OFlags::empty() } else { OFlags::NOFOLLOW };
        Start::read(&directory.base, name, flags).map(Content::Start)
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
