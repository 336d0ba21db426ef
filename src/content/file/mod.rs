//! Files of this machine.
//!
//! They are read into buffers of the thread. Before a verdict the file is looked at once more: if it
//! is not the file first looked at, or has changed, or its path leads elsewhere, there is no verdict.
//!
//! No file is mapped. On one machine mapping saves a tenth of what reading costs; on another it costs
//! twice as much, and three times for files of 10 MiB on two threads, which wait for each other to
//! change the page tables. And reading cannot raise SIGBUS.

pub(crate) mod buffers;
pub(crate) mod extent;
pub(crate) mod filesystem;
pub mod identity;
pub(crate) mod located;
pub(crate) mod path;
pub(crate) mod start;

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::retry_on_intr;

use self::buffers::{BUFFER, Buffer};
use self::extent::checked_extent_at;
use self::located::{Located, Location};
use super::{Chunk, Content, Extent, OpenReader, ReadAt, Reader, Reopen};
use crate::error::{Error, Result};
use crate::options::FileOptions;

/// Bytes of a file that are read first. Most files that differ do so early, and most files are no larger:
/// one read gets all of them. A larger file costs one call more.
const FIRST: usize = 16 << 10;

/// A file that is open.
pub struct FileReader {
    located: Located,
    file: OwnedFd,
    position: u64,
    view: View,
    /// Did the first read give the whole content, beyond doubt?
    is_complete: bool,
    /// Has a read shown that nothing follows the reported size?
    end_seen: bool,
    /// Has the filesystem reported a hole where there is data? Then all of the file is read.
    holes_are_wrong: AtomicBool,
}

/// The part of the file that has been read.
enum View {
    Nothing,
    Buffer { start: u64, length: usize, buffer: Buffer },
    Hole { end: u64 },
}

impl View {
    /// What of it lies from `position` on.
    fn from(&self, position: u64) -> &[u8] {
        let (start, bytes): (u64, &[u8]) = match self {
            Self::Nothing | Self::Hole { .. } => return &[],
            Self::Buffer { start, length, buffer } => (*start, &buffer[..*length]),
        };
        usize::try_from(position - start).ok().and_then(|skip| bytes.get(skip..)).unwrap_or(&[])
    }
}

impl FileReader {
    /// Looks at `path` and opens it.
    ///
    /// # Errors
    /// Those of [`Located::at`] and [`open_located`](Self::open_located).
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = path.as_os_str().as_bytes();
        let location = Location::new(bytes.into());
        Self::open_located(Located::at(location, path.into(), FileOptions::default())?)
    }

    /// Opens a file that has been looked at. Whether it is still the same file,
    /// [`verify`](Reader::verify) says when it has been read.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open_located(located: Located) -> Result<Self> {
        let file = located.open()?;
        Ok(Self::new(located, file))
    }

    /// A reader of `file`, which was opened where `located` is.
    fn new(located: Located, file: OwnedFd) -> Self {
        let (view, holes_are_wrong) = (View::Nothing, AtomicBool::new(false));
        let (is_complete, end_seen) = (false, false);
        Self { located, file, position: 0, view, is_complete, end_seen, holes_are_wrong }
    }

    /// The same for a file whose first bytes were read before `located` was looked at. `trusted`: nothing has
    /// changed the file in between.
    pub(crate) fn with_start(
        located: Located,
        file: OwnedFd,
        (buffer, length): (Buffer, usize),
        trusted: bool,
    ) -> Self {
        let mut reader = Self::new(located, file);
        let reported = reader.located.reported_size();
        // Fewer than were asked for: nothing follows.
        reader.is_complete = trusted && reported == length as u64 && length < buffer.len();
        // A file of unknown size cannot be read a second time.
        if (trusted && length as u64 <= reported) || reader.located.size().is_none() {
            reader.view = View::Buffer { start: 0, length, buffer };
        }
        reader
    }

    /// Is this the very file that `other` reads?
    #[must_use]
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.located.is_same_open_file(self.file.as_fd(), &other.located, other.file.as_fd())
    }

    /// Closes the file.
    #[must_use]
    pub fn into_located(self) -> Located {
        self.located
    }

    /// Reads at the position, which is not the end.
    fn advance(&mut self) -> Result<()> {
        let position = self.position;
        let end = match self.extent(position)? {
            Extent::Hole { end } => {
                self.view = View::Hole { end };
                return Ok(());
            }
            Extent::Data { end } => end,
        };
        let ahead = usize::try_from(end - position).unwrap_or(usize::MAX);
        let mut buffer = self.take_buffer();
        let room = if position == 0 { FIRST } else { BUFFER };
        let length = ahead.min(room);
        if length < room && end == ReadAt::size(self) {
            // One byte more than there should be: that costs nothing, and shows whether the file ends there.
            let read =
                retry_on_intr(|| rustix::io::pread(&self.file, &mut buffer[..=length], position));
            let read = read.map_err(|errno| self.located.system(errno))?;
            if read > length {
                return Err(self.longer_than_reported());
            }
            self.end_seen = read == length;
            if read < length {
                self.read_at(position + read as u64, &mut buffer[read..length])?;
            }
        } else {
            self.read_at(position, &mut buffer[..length])?;
        }
        self.view = View::Buffer { start: position, length, buffer };
        Ok(())
    }

    /// Why there is no verdict on a file that holds more than it reports.
    fn longer_than_reported(&self) -> Error {
        let changed = self.located.verify(self.file.as_fd()).err();
        changed.unwrap_or_else(|| {
            let cause = format!("goes on after the {} bytes that it reports", ReadAt::size(self));
            Error::read(self.located.name(), cause)
        })
    }

    /// Checks that nothing follows the reported size.
    fn check_end(&self) -> Result<()> {
        let Some(size) = self.located.size().filter(|_| !self.end_seen) else { return Ok(()) };
        let mut byte = [0];
        match retry_on_intr(|| rustix::io::pread(&self.file, &mut byte, size)) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.longer_than_reported()),
            Err(errno) => Err(self.located.system(errno)),
        }
    }

    /// Reads on in a file of unknown size; at its end there are no bytes.
    fn advance_without_size(&mut self) -> Result<()> {
        let mut buffer = self.take_buffer();
        let length = retry_on_intr(|| rustix::io::read(&self.file, &mut *buffer));
        let length = length.map_err(|errno| self.located.system(errno))?;
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

impl Reader for FileReader {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        let at_end = self.located.size() == Some(self.position);
        if at_end || (self.is_complete && self.position == self.located.reported_size()) {
            return Ok(Chunk::End);
        }
        let in_hole = matches!(self.view, View::Hole { end } if end > self.position);
        if !in_hole && self.view.from(self.position).is_empty() {
            match self.located.size() {
                Some(_) => self.advance()?,
                None => self.advance_without_size()?,
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

    fn early_size(&self) -> Option<u64> {
        self.located.size()
    }

    fn size(&self) -> Option<u64> {
        self.located.size()
    }

    fn as_random(&self) -> Option<&dyn ReadAt> {
        self.located.size().is_some_and(|size| size > 0).then_some(self)
    }

    fn verify(&self) -> Result<()> {
        if self.is_complete {
            return Ok(());
        }
        self.located.verify(self.file.as_fd())?;
        self.check_end()
    }
}

impl ReadAt for FileReader {
    fn size(&self) -> u64 {
        self.located.size().unwrap_or(0)
    }

    fn extent(&self, offset: u64) -> Result<Extent> {
        let size = ReadAt::size(self);
        if !self.located.is_sparse() || self.holes_are_wrong.load(Ordering::Relaxed) {
            return Ok(Extent::Data { end: size });
        }
        Ok(checked_extent_at(self.file.as_fd(), offset, size).unwrap_or_else(|| {
            self.holes_are_wrong.store(true, Ordering::Relaxed);
            Extent::Data { end: size }
        }))
    }

    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        while !buffer.is_empty() {
            let read = retry_on_intr(|| rustix::io::pread(&self.file, &mut *buffer, offset));
            match read.map_err(|errno| self.located.system(errno))? {
                0 => {
                    // Usually it shrank: then `verify` has the better message.
                    self.located.verify(self.file.as_fd())?;
                    let cause = format!("ended after {offset} of {} bytes", ReadAt::size(self));
                    return Err(Error::read(self.located.name(), cause));
                }
                read => {
                    offset += read as u64;
                    buffer = &mut buffer[read..];
                }
            }
        }
        Ok(())
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.file.as_fd())
    }
}

impl Content for Located {
    fn size(&self) -> Option<u64> {
        Self::size(self)
    }

    fn file(&self) -> Option<&Located> {
        Some(self)
    }

    fn reopenable(&self) -> Option<Box<dyn Reopen>> {
        Some(Box::new(self.clone()))
    }

    fn open(&self, _: usize) -> Result<Box<dyn Reader>> {
        Ok(Box::new(FileReader::open_located(self.clone())?))
    }
}

impl Reopen for Located {
    /// A file of unknown size counts as empty here.
    fn size(&self) -> u64 {
        Self::size(self).unwrap_or(0)
    }

    fn reopen(&self) -> Result<Box<dyn OpenReader>> {
        Ok(Box::new(FileReader::open_located(self.clone())?))
    }
}
