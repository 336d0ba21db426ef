//! Files of this machine.
//!
//! A path is first looked at ([`Located`]): one `stat`, which refuses whatever is not a file before
//! it could be opened (opening a FIFO wakes its writer, opening a watchdog device starts it), and
//! which often settles a comparison by itself. Small files are then read into a buffer of the
//! thread, big ones mapped window by window. Before a verdict the file is looked at once more: if it
//! is not the one first looked at, or has changed, or has lost its place, there is no verdict.

use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::extent::extent_at;
use super::stash::{BUFFER, Buffer};
use super::{Chunk, Extent, ReadAt, Reader, Window};
use crate::error::{Error, Name, Result};
use crate::sys::mapping::Mapping;

/// Files from this size on are mapped, smaller ones read. Measured on pairs of identical files in
/// the page cache (`benches/engine.rs`, group `threshold`): mapping costs page table work that only
/// pays off once there is enough to compare, and two threads that map and unmap small files wait
/// for each other in the kernel.
pub const MAPPED_FROM: u64 = 1 << 20;

/// Bytes mapped at a time. Measured on two identical files of 1 GiB, two threads, ms: 256 KiB 195,
/// 1 MiB 151, 2 MiB 148, 4 MiB 144, 8 MiB 142, 16 MiB 143; so 4 MiB loses nothing, and from a cold
/// disk it keeps the time between two checkpoints short.
pub const WINDOW: usize = 4 << 20;

/// What makes a file the file it is, and what changes when something is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    /// When the content changed: seconds and nanoseconds.
    modified: (i64, i64),
    /// When anything changed, a name among it: what is renamed or unlinked is changed.
    changed: (i64, i64),
}

impl Identity {
    // The fields of `stat` have other widths and signs on other platforms.
    #[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::allow_attributes)]
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion, clippy::cast_lossless)]
    fn of(stat: &Stat) -> Self {
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

/// A path that leads to a file and has been looked at, but not opened.
#[derive(Debug)]
pub struct Located {
    name: Name,
    path: PathBuf,
    identity: Identity,
    size: Option<u64>,
    sparse: bool,
}

impl Located {
    /// Looks at `path`, following symbolic links. `name` is what messages call it.
    ///
    /// # Errors
    /// When there is nothing at `path`, or something that is neither a regular file nor the null
    /// device.
    pub fn at(path: PathBuf, name: Name) -> Result<Self> {
        let stat = rustix::fs::stat(&path).map_err(|errno| Error::system(&name, &errno.into()))?;
        let identity = Identity::of(&stat);
        let size = match FileType::from_raw_mode(stat.st_mode) {
            // Files of /proc report size 0 and have content: theirs is not known.
            FileType::RegularFile => (identity.size > 0).then_some(identity.size),
            FileType::CharacterDevice if is_null_device(&stat) => Some(0),
            other => return Err(refused(&name, other)),
        };
        // A block of `st_blocks` has 512 bytes on every filesystem. Fewer of them than the size
        // needs: perhaps there are holes.
        let sparse = u64::try_from(stat.st_blocks).is_ok_and(|blocks| blocks * 512 < identity.size);
        Ok(Self { name, path, identity, size, sparse })
    }

    /// How many bytes the file has, where that is known before reading it.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Do both paths lead to one and the same file (device and inode)?
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.identity.is_same_file(&other.identity)
    }

    /// Opens the file. Whether it is still the file that was looked at is for
    /// [`Reader::verify`] to say.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(self) -> Result<FileReader> {
        // Never wait for a FIFO's writer or become a terminal's owner, should one have taken the
        // file's place in the meantime.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = rustix::fs::open(&self.path, flags, Mode::empty())
            .map_err(|errno| Error::system(&self.name, &errno.into()))?;
        let (position, view) = (0, View::Nothing);
        Ok(FileReader { located: self, file, position, view, torn: Arc::default() })
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
    Error::Read { name: name.clone(), cause: cause.to_owned(), errno }
}

/// An error that says how `after` differs from `before`.
fn unchanged(name: &Name, before: &Identity, after: &Identity) -> Result<()> {
    let cause = if !before.is_same_file(after) {
        "was replaced while it was compared".to_owned()
    } else if before.size > after.size {
        format!("shrank from {} to {} bytes while it was compared", before.size, after.size)
    } else if before.size < after.size {
        format!("grew from {} to {} bytes while it was compared", before.size, after.size)
    } else if before.modified != after.modified {
        "was modified while it was compared".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::read(name, cause))
}

/// A file that is open.
pub struct FileReader {
    located: Located,
    file: OwnedFd,
    position: u64,
    view: View,
    /// Did a mapped window have a page that the file could not fill?
    torn: Arc<AtomicBool>,
}

/// What of the file is at hand.
enum View {
    Nothing,
    Buffer { start: u64, length: usize, buffer: Buffer },
    Window { start: u64, mapping: Mapping },
    Hole { end: u64 },
}

impl View {
    /// The bytes at hand from `position` on.
    fn from(&self, position: u64) -> &[u8] {
        let (start, bytes): (u64, &[u8]) = match self {
            Self::Nothing | Self::Hole { .. } => return &[],
            Self::Buffer { start, length, buffer } => (*start, &buffer[..*length]),
            Self::Window { start, mapping } => (*start, mapping),
        };
        usize::try_from(position - start).ok().and_then(|skip| bytes.get(skip..)).unwrap_or(&[])
    }
}

impl FileReader {
    /// Looks at `path` and opens it.
    ///
    /// # Errors
    /// Those of [`Located::at`] and [`Located::open`].
    pub fn open(path: &Path) -> Result<Self> {
        Located::at(path.to_owned(), path.into())?.open()
    }

    fn system(&self, errno: Errno) -> Error {
        Error::system(&self.located.name, &errno.into())
    }

    /// Maps a window, or says that there is none to be had.
    fn map(&self, offset: u64, length: usize) -> Option<Mapping> {
        Mapping::new(self.file.as_fd(), offset, length.min(WINDOW), &self.torn).ok()
    }

    /// Brings something into view at the position, of which `size` is known to lie ahead.
    fn advance(&mut self, size: u64) -> Result<()> {
        let position = self.position;
        let end = match self.extent(position)? {
            Extent::Hole { end } => {
                self.view = View::Hole { end };
                return Ok(());
            }
            Extent::Data { end } => end,
        };
        let ahead = usize::try_from(end - position).unwrap_or(usize::MAX);
        if size >= MAPPED_FROM
            && let Some(mapping) = self.map(position, ahead)
        {
            self.view = View::Window { start: position, mapping };
            return Ok(());
        }
        let mut buffer = self.take_buffer();
        let length = ahead.min(BUFFER);
        self.read_at(position, &mut buffer[..length])?;
        self.view = View::Buffer { start: position, length, buffer };
        Ok(())
    }

    /// The same for a file whose size is unknown; no bytes come into view at its end.
    fn advance_blindly(&mut self) -> Result<()> {
        let mut buffer = self.take_buffer();
        let length = retry(|| rustix::io::read(&self.file, &mut *buffer));
        let length = length.map_err(|errno| self.system(errno))?;
        self.view = View::Buffer { start: self.position, length, buffer };
        Ok(())
    }

    fn take_buffer(&mut self) -> Buffer {
        match std::mem::replace(&mut self.view, View::Nothing) {
            View::Buffer { buffer, .. } => buffer,
            _ => Buffer::take(),
        }
    }
}

/// Calls again while a signal interrupts: whoever wants the work to stop says so at a checkpoint.
fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
}

impl Reader for FileReader {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if self.located.size == Some(self.position) {
            return Ok(Chunk::End);
        }
        let in_hole = matches!(self.view, View::Hole { end } if end > self.position);
        if !in_hole && self.view.from(self.position).is_empty() {
            match self.located.size {
                Some(size) => self.advance(size)?,
                None => self.advance_blindly()?,
            }
        }
        if let View::Hole { end } = self.view {
            return Ok(Chunk::Zeros(end - self.position));
        }
        match self.view.from(self.position) {
            [] => Ok(Chunk::End),
            bytes => Ok(Chunk::Bytes(bytes)),
        }
    }

    fn consume(&mut self, length: u64) {
        self.position += length;
    }

    fn size(&self) -> Option<u64> {
        self.located.size
    }

    fn name(&self) -> &Name {
        &self.located.name
    }

    fn as_random(&self) -> Option<&dyn ReadAt> {
        self.located.size.is_some_and(|size| size > 0).then_some(self)
    }

    fn verify(&self) -> Result<()> {
        let Located { name, path, identity, .. } = &self.located;
        let opened = Identity::of(&rustix::fs::fstat(&self.file).map_err(|e| self.system(e))?);
        unchanged(name, identity, &opened)?;
        // What leads to the file may have changed too: always when the file itself lost a name,
        // and worth a look (it costs as much as opening) when reading took a while.
        if opened.changed != identity.changed || identity.size > BUFFER as u64 {
            let now = rustix::fs::stat(path).map_err(|errno| match errno {
                Errno::NOENT => Error::read(name, "was deleted while it was compared"),
                _ => self.system(errno),
            })?;
            unchanged(name, identity, &Identity::of(&now))?;
        }
        if self.torn.load(Ordering::Relaxed) {
            return Err(self.system(Errno::IO));
        }
        Ok(())
    }
}

impl ReadAt for FileReader {
    fn size(&self) -> u64 {
        self.located.size.unwrap_or(0)
    }

    fn extent(&self, offset: u64) -> Result<Extent> {
        let size = ReadAt::size(self);
        if self.located.sparse {
            return Ok(extent_at(self.file.as_fd(), offset, size));
        }
        Ok(Extent::Data { end: size })
    }

    fn window(&self, offset: u64, length: usize) -> Result<Window<'_>> {
        if let Some(mapping) = self.map(offset, length) {
            return Ok(Box::new(mapping));
        }
        let mut buffer = Buffer::take();
        let length = length.min(BUFFER);
        self.read_at(offset, &mut buffer[..length])?;
        Ok(Box::new(BufferWindow { buffer, length }))
    }

    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        while !buffer.is_empty() {
            let read = retry(|| rustix::io::pread(&self.file, &mut *buffer, offset));
            match read.map_err(|errno| self.system(errno))? {
                0 => {
                    // Usually it shrank, which verify() words better.
                    self.verify()?;
                    let cause = format!("ended after {offset} of {} bytes", ReadAt::size(self));
                    return Err(Error::read(&self.located.name, cause));
                }
                read => {
                    offset += read as u64;
                    buffer = &mut buffer[read..];
                }
            }
        }
        Ok(())
    }
}

/// What was read where mapping failed.
struct BufferWindow {
    buffer: Buffer,
    length: usize,
}

impl std::ops::Deref for BufferWindow {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}
