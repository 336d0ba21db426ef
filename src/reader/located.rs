//! A path that leads to a file, before it is opened.
//!
//! One `stat` refuses whatever is not a file before it could be opened (opening a FIFO wakes its
//! writer, opening a watchdog device starts it), often settles a comparison by itself, and is what
//! the file is held against when it has been read.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::file::FileReader;
use super::stash::BUFFER;
use super::{OpenReader, Reopen};
use crate::error::{Error, Name, Result};

/// What makes a file the file it is, and what changes when something is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    /// When the content changed: seconds and nanoseconds.
    modified: (i64, i64),
    /// When anything changed, a name among it: what is renamed or unlinked is changed.
    pub(super) changed: (i64, i64),
}

impl Identity {
    // The fields of `stat` have other widths and signs on other platforms.
    #[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::allow_attributes)]
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion, clippy::cast_lossless)]
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }

    fn is_same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

/// Where a file is: a path, from a directory that is open or from the process's own.
#[derive(Debug, Clone)]
pub struct Place {
    base: Option<Arc<OwnedFd>>,
    path: Arc<[u8]>,
}

impl Place {
    /// The place that `path` names to this process.
    #[must_use]
    pub fn new(path: Arc<[u8]>) -> Self {
        Self { base: None, path }
    }

    /// The place that `path` names from `base` on, a directory.
    #[must_use]
    pub fn within(base: &Arc<OwnedFd>, path: Arc<[u8]>) -> Self {
        Self { base: Some(Arc::clone(base)), path }
    }

    fn base(&self) -> BorrowedFd<'_> {
        self.base.as_ref().map_or(CWD, |base| base.as_fd())
    }

    fn stat(&self) -> rustix::io::Result<Stat> {
        rustix::fs::statat(self.base(), &*self.path, AtFlags::empty())
    }
}

/// Opens the file at `path`, from `base` on. `more` is added to the flags.
pub(super) fn open(base: BorrowedFd<'_>, path: &[u8], more: OFlags) -> rustix::io::Result<OwnedFd> {
    // Never wait for a FIFO's writer or become a terminal's owner, should one have taken the file's
    // place in the meantime.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY | more;
    let open = |flags| rustix::fs::openat(base, path, flags, Mode::empty());
    let is_file = || {
        rustix::fs::statat(base, path, AtFlags::empty())
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file())
    };
    match open(flags) {
        // Somebody has a lease on the file (Samba does that) and is told to give it up. Waiting for
        // that is the system's part; it ends after 45 s by default.
        Err(Errno::AGAIN) if is_file() => open(flags - OFlags::NONBLOCK),
        opened => opened,
    }
}

/// A path that leads to a file and has been looked at.
#[derive(Debug, Clone)]
pub struct Located {
    name: Name,
    place: Place,
    identity: Identity,
    size: Option<u64>,
    sparse: bool,
}

impl Located {
    /// Looks at `place`, following symbolic links. `name` is what messages call it.
    ///
    /// # Errors
    /// When there is nothing, or something that is neither a regular file nor the null device.
    pub fn at(place: Place, name: Name) -> Result<Self> {
        let stat = place.stat().map_err(|errno| Error::system(&name, &errno.into()))?;
        Self::new(place, name, &stat)
    }

    pub(super) fn new(place: Place, name: Name, stat: &Stat) -> Result<Self> {
        let identity = Identity::of(stat);
        let size = match FileType::from_raw_mode(stat.st_mode) {
            // Files of /proc report size 0 and have content: theirs is not known.
            FileType::RegularFile => (identity.size > 0).then_some(identity.size),
            FileType::CharacterDevice if is_null_device(stat) => Some(0),
            other => return Err(refused(&name, other)),
        };
        // A block of `st_blocks` has 512 bytes on every filesystem. Fewer of them than the size
        // needs: perhaps there are holes.
        let sparse = u64::try_from(stat.st_blocks).is_ok_and(|blocks| blocks * 512 < identity.size);
        Ok(Self { name, place, identity, size, sparse })
    }

    /// The file, as its user named it.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// How many bytes the file has, where that is known before reading it.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// May the file have holes?
    #[must_use]
    pub fn is_sparse(&self) -> bool {
        self.sparse
    }

    /// Do both lead to one and the same file (device and inode)?
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.identity.is_same_file(&other.identity)
    }

    /// The file that it leads to: two with the same device and inode are one.
    #[must_use]
    pub fn file(&self) -> (u64, u64) {
        (self.identity.device, self.identity.inode)
    }

    /// Opens the file. Whether it is still the file that was looked at,
    /// [`Reader::verify`](super::Reader::verify) says when it has been read.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(self) -> Result<FileReader> {
        let file = open(self.place.base(), &self.place.path, OFlags::empty())
            .map_err(|errno| self.system(errno))?;
        Ok(FileReader::new(self, file))
    }

    /// What is there is as long as the system reports: it was read to its end.
    pub(super) fn end_at_reported_size(&mut self) {
        self.size = Some(self.identity.size);
    }

    /// Is `file`, opened at this place and read since, the file that was looked at, is it
    /// unchanged, and does the path still lead to it?
    ///
    /// # Errors
    /// When not, saying what happened.
    pub(super) fn verify(&self, file: BorrowedFd<'_>) -> Result<()> {
        let now = rustix::fs::fstat(file).map_err(|errno| self.system(errno))?;
        let now = Identity::of(&now);
        self.unchanged(&now)?;
        // The path may lead elsewhere by now. That is worth a look, which costs as much as opening,
        // when reading took a while, and when something was done to the file.
        let was_touched = now.changed != self.identity.changed;
        if was_touched || now.size > BUFFER as u64 {
            let named = self.place.stat().map_err(|errno| match errno {
                Errno::NOENT => Error::read(&self.name, "was deleted while it was compared"),
                _ => self.system(errno),
            })?;
            self.unchanged(&Identity::of(&named))?;
        }
        if was_touched {
            // Its mode, perhaps, or another name of it. But it may also have been written to, and its
            // date set back.
            return Err(Error::read(&self.name, "was touched while it was compared"));
        }
        Ok(())
    }

    /// How many bytes the system says that there are.
    pub(super) fn reported_size(&self) -> u64 {
        self.identity.size
    }

    fn unchanged(&self, now: &Identity) -> Result<()> {
        let before = &self.identity;
        let cause = if !before.is_same_file(now) {
            "was replaced while it was compared".to_owned()
        } else if before.size > now.size {
            format!("shrank from {} to {} bytes while it was compared", before.size, now.size)
        } else if before.size < now.size {
            format!("grew from {} to {} bytes while it was compared", before.size, now.size)
        } else if before.modified != now.modified {
            "was modified while it was compared".to_owned()
        } else {
            return Ok(());
        };
        Err(Error::read(&self.name, cause))
    }

    pub(super) fn system(&self, errno: Errno) -> Error {
        Error::system(&self.name, &errno.into())
    }
}

impl Reopen for Located {
    /// What has no known size counts as empty here.
    fn size(&self) -> u64 {
        self.size.unwrap_or(0)
    }

    fn reopen(&self) -> Result<Box<dyn OpenReader>> {
        Ok(Box::new(self.clone().open()?))
    }
}

/// Is this the null device, which reads as an empty file? Asked by identity, since its device
/// number differs between systems.
fn is_null_device(stat: &Stat) -> bool {
    rustix::fs::stat("/dev/null").is_ok_and(|null| {
        FileType::from_raw_mode(null.st_mode) == FileType::CharacterDevice
            && null.st_rdev == stat.st_rdev
    })
}

fn refused(name: &Name, kind: FileType) -> Error {
    let (cause, errno) = match kind {
        FileType::Directory => ("is a directory", Some(Errno::ISDIR)),
        FileType::Fifo => ("is a FIFO, not a file", None),
        FileType::Socket => ("is a socket, not a file", None),
        FileType::CharacterDevice | FileType::BlockDevice => ("is a device, not a file", None),
        _ => ("is not a regular file", None),
    };
    let errno = errno.map(Errno::raw_os_error);
    Error::Read { name: name.clone(), cause: cause.to_owned(), errno, status: None }
}
