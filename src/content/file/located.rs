//! A path that leads to a file, before the file is opened.
//!
//! One `stat` refuses what is not a file before it is opened (opening a FIFO wakes its writer, opening a
//! watchdog device starts it), often decides a comparison by itself, and is what the file is compared with
//! when it has been read.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::buffers::BUFFER;
use super::filesystem::{makes_up_sizes, may_repeat_numbers};
use super::identity::Identity;
use super::path;
use crate::error::{Error, Name, Result};
use crate::http::client::with_descriptor;
use crate::options::{DetectChanges, FileOptions};

/// Where a file is: a path, relative to an open directory or to the process's own.
#[derive(Debug, Clone)]
pub struct Location {
    base: Option<Arc<OwnedFd>>,
    path: Arc<[u8]>,
}

impl Location {
    /// The location that `path` names to this process.
    #[must_use]
    pub fn new(path: Arc<[u8]>) -> Self {
        Self { base: None, path }
    }

    /// The location that `path` names relative to `base`, a directory.
    #[must_use]
    pub fn within(base: &Arc<OwnedFd>, path: Arc<[u8]>) -> Self {
        Self { base: Some(Arc::clone(base)), path }
    }

    fn base(&self) -> BorrowedFd<'_> {
        self.base.as_ref().map_or(CWD, |base| base.as_fd())
    }

    fn stat(&self) -> rustix::io::Result<Stat> {
        path::at(self.base(), &self.path, |base, path| {
            rustix::fs::statat(base, path, AtFlags::empty())
        })
    }

    fn open(&self) -> rustix::io::Result<OwnedFd> {
        path::at(self.base(), &self.path, |base, path| open(base, path, OFlags::empty()))
    }

    /// Opens it for `fstat` and the like, whatever it is, and without the right to read it.
    #[cfg(target_os = "linux")]
    fn open_path(&self) -> rustix::io::Result<OwnedFd> {
        path::at(self.base(), &self.path, |base, path| {
            rustix::fs::openat(base, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
        })
    }

    /// The same on systems without `O_PATH`.
    #[cfg(not(target_os = "linux"))]
    fn open_path(&self) -> rustix::io::Result<OwnedFd> {
        self.open()
    }

    /// Do both consist of the same text?
    fn is_spelled_as(&self, other: &Self) -> bool {
        self.base.is_none() && other.base.is_none() && self.path == other.path
    }
}

/// Opens the file at `path`, relative to `base`, without waiting for anything. `more` is added to the flags.
pub(crate) fn open(base: BorrowedFd<'_>, path: &[u8], more: OFlags) -> rustix::io::Result<OwnedFd> {
    // Never waits for a FIFO's writer, and never makes a terminal the controlling one, should either have
    // replaced the file in the meantime.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY | more;
    with_descriptor(|| rustix::fs::openat(base, path, flags, Mode::empty()))
}

/// Why the file `name` could not be opened.
pub(crate) fn not_opened(name: &Name, errno: Errno) -> Error {
    match errno {
        // Another program has a lease on it (Samba takes leases), and has been asked to give it up.
        Errno::AGAIN => Error::Busy { name: name.clone(), errno: errno.raw_os_error() },
        errno => Error::system(name, &errno.into()),
    }
}

/// A path that leads to a file and has been looked at.
#[derive(Debug, Clone)]
pub struct Located {
    name: Name,
    location: Location,
    identity: Identity,
    has_other_names: bool,
    size: Option<u64>,
    sparse: bool,
    detect: DetectChanges,
}

impl Located {
    /// Looks at `location`, following symbolic links. `name` is what messages call it.
    ///
    /// # Errors
    /// When there is nothing, or something that is neither a regular file nor the null device.
    pub fn at(location: Location, name: Name, options: FileOptions) -> Result<Self> {
        let stat = location.stat().map_err(|errno| Error::system(&name, &errno.into()))?;
        let has_no_blocks = has_no_blocks(&stat);
        let mut located = Self::new(location, name, &stat, options)?;
        if has_no_blocks
            && located.location.open_path().is_ok_and(|file| makes_up_sizes(file.as_fd()))
        {
            located.size = None;
        }
        Ok(located)
    }

    /// The same for a file at `location` that is open, and has been looked at.
    pub(crate) fn of_open(
        file: BorrowedFd<'_>,
        location: Location,
        name: Name,
        stat: &Stat,
        options: FileOptions,
    ) -> Result<Self> {
        let mut located = Self::new(location, name, stat, options)?;
        if has_no_blocks(stat) && makes_up_sizes(file) {
            located.size = None;
        }
        Ok(located)
    }

    fn new(location: Location, name: Name, stat: &Stat, options: FileOptions) -> Result<Self> {
        let identity = Identity::of(stat);
        let size = match FileType::from_raw_mode(stat.st_mode) {
            // Files of /proc report size 0 and have content: theirs is not known.
            FileType::RegularFile => (identity.size > 0).then_some(identity.size),
            FileType::CharacterDevice if is_null_device(stat) => Some(0),
            other => return Err(refused(&name, other)),
        };
        // A block of `st_blocks` has 512 bytes on every filesystem. Fewer of them than the size
        // needs: perhaps there are holes.
        let has_holes =
            || u64::try_from(stat.st_blocks).is_ok_and(|blocks| blocks * 512 < identity.size);
        let sparse = !options.read_holes && has_holes();
        let (has_other_names, detect) = (stat.st_nlink > 1, options.detect_changes);
        Ok(Self { name, location, identity, has_other_names, size, sparse, detect })
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

    /// Do both lead to one and the same file? Device, inode, size and times must be the same. Since
    /// some filesystems give one inode number to several files, the file must also have more than one
    /// name in a filesystem that numbers its files itself, or both paths must be the same with their links
    /// resolved.
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.identity == other.identity
            && (self.location.is_spelled_as(&other.location)
                || (self.has_other_names
                    && other.has_other_names
                    && self
                        .location
                        .open_path()
                        .is_ok_and(|file| !may_repeat_numbers(file.as_fd())))
                || self.resolved().is_some_and(|path| other.resolved() == Some(path)))
    }

    /// The same, where both are open.
    pub(crate) fn is_same_open_file(
        &self,
        file: BorrowedFd<'_>,
        other: &Self,
        other_file: BorrowedFd<'_>,
    ) -> bool {
        self.identity == other.identity
            && ((self.has_other_names && other.has_other_names && !may_repeat_numbers(file))
                || path::resolved(file)
                    .is_some_and(|path| path::resolved(other_file) == Some(path)))
    }

    /// Device, inode, size and times; [`is_same_file`](Self::is_same_file) says what they prove.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The path to the file with all links resolved, if the system tells it and the file is still there.
    #[must_use]
    pub fn resolved(&self) -> Option<Vec<u8>> {
        let file = self.location.open_path().ok()?;
        let now = Identity::of(&rustix::fs::fstat(&file).ok()?);
        path::resolved(file.as_fd()).filter(|_| now == self.identity)
    }

    /// Opens the file, which may have been replaced since it was looked at: [`verify`](Self::verify) says so
    /// when it has been read.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(&self) -> Result<OwnedFd> {
        let file = self.location.open().map_err(|errno| not_opened(&self.name, errno))?;
        if self.size.is_none() {
            // It is read until there is no more: a device that has replaced it may never end.
            let now = rustix::fs::fstat(&file).map_err(|errno| self.system(errno))?;
            if !FileType::from_raw_mode(now.st_mode).is_file() {
                return Err(self.changed("was replaced while it was compared"));
            }
        }
        Ok(file)
    }

    /// Notes that reading gave nothing at the start: a file of unknown size is empty then.
    pub(crate) fn set_empty_if_unknown(&mut self) {
        self.size = self.size.or(Some(0));
    }

    /// Is `file`, opened at this location and read since, the file that was looked at, is it unchanged, and
    /// does the path still lead to it?
    ///
    /// # Errors
    /// If not, with what happened.
    pub(crate) fn verify(&self, file: BorrowedFd<'_>) -> Result<()> {
        let now = rustix::fs::fstat(file).map_err(|errno| self.system(errno))?;
        let now = Identity::of(&now);
        self.unchanged(&now)?;
        // The path may lead elsewhere by now. That is checked, at the cost of opening a file, where reading
        // took a while, and where something was done to the file.
        let was_touched = now.changed != self.identity.changed;
        if was_touched || now.size > BUFFER as u64 {
            let named = self.location.stat().map_err(|errno| match errno {
                Errno::NOENT => self.changed("was deleted while it was compared"),
                _ => self.system(errno),
            })?;
            self.unchanged(&Identity::of(&named))?;
        }
        if was_touched && self.detect == DetectChanges::Ctime {
            // Perhaps its mode was changed, or a name added. But it may also have been written to, and its
            // date set back.
            return Err(Error::Touched { name: self.name.clone() });
        }
        Ok(())
    }

    /// The size that the system reports.
    pub(crate) fn reported_size(&self) -> u64 {
        self.identity.size
    }

    fn unchanged(&self, now: &Identity) -> Result<()> {
        let change = self.identity.change_to(now, self.detect);
        change.map_or(Ok(()), |cause| Err(self.changed(cause)))
    }

    fn changed(&self, cause: impl Into<String>) -> Error {
        Error::Changed { name: self.name.clone(), cause: cause.into() }
    }

    pub(crate) fn system(&self, errno: Errno) -> Error {
        Error::system(&self.name, &errno.into())
    }
}

/// Does the file report a size, and no stored blocks? All of it may be a hole; or its content is made up by
/// the kernel, and so is its size.
pub(crate) fn has_no_blocks(stat: &Stat) -> bool {
    stat.st_blocks == 0 && stat.st_size > 0
}

/// Is this the null device, which reads as an empty file? Its device number differs between systems, so it is
/// compared with that of `/dev/null`.
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
