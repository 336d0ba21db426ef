//! Files of this machine.
//!
//! They are read into buffers of the thread. Before a verdict the file is looked at once more: if it
//! is not the one first looked at, or has changed, or has lost its place, there is no verdict.
//!
//! No file is mapped. On one machine mapping saves a tenth of what reading costs; on another it costs
//! twice as much, and three times for files of 10 MiB on two threads, which wait for each other to
//! change the page tables. What is read cannot raise SIGBUS, either.

use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;

use super::extent::trusted_extent_at;
use super::located::{Located, Place};
use super::stash::{BUFFER, Buffer};
use super::{Chunk, Extent, ReadAt, Reader};
use crate::error::{Error, Name, Result};
use crate::options::FileOptions;

/// Bytes of a file that are read first. Most files that differ do so early, and most files have no
/// more: one read gets all of them, and for those that have more it costs one call.
const FIRST: usize = 16 << 10;

/// A file that is open.
pub struct FileReader {
    located: Located,
    file: OwnedFd,
    position: u64,
    view: View,
    /// Is what came into view first all there is, and beyond doubt?
    settled: bool,
    /// Has reading shown that nothing follows the reported size?
    end_seen: bool,
    /// Has what was called a hole been found to hold something? Then all of the file is read.
    has_lied: AtomicBool,
}

/// What of the file is at hand.
enum View {
    Nothing,
    Buffer { start: u64, length: usize, buffer: Buffer },
    Hole { end: u64 },
}

impl View {
    /// The bytes at hand from `position` on.
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
    /// Those of [`Located::at`] and [`Located::open`].
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = path.as_os_str().as_bytes();
        Located::at(Place::new(bytes.into()), path.into(), FileOptions::default())?.open()
    }

    /// A reader of `file`, which was opened where `located` is.
    pub(super) fn new(located: Located, file: OwnedFd) -> Self {
        let (view, has_lied) = (View::Nothing, AtomicBool::new(false));
        Self { located, file, position: 0, view, settled: false, end_seen: false, has_lied }
    }

    /// The same for a file whose first bytes have been read, before `located` was looked at. Are they
    /// those of the file that was looked at?
    pub(super) fn with_start(
        located: Located,
        file: OwnedFd,
        (buffer, length): (Buffer, usize),
        trusted: bool,
    ) -> Self {
        let mut reader = Self::new(located, file);
        let reported = reader.located.reported_size();
        // Fewer than were asked for: nothing follows.
        reader.settled = trusted && reported == length as u64 && length < buffer.len();
        // What has no known size cannot be read a second time.
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

    /// Closes it, and forgets what has been read.
    #[must_use]
    pub fn into_located(self) -> Located {
        self.located
    }

    /// Brings something into view at the position, which is not the end.
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
            // One byte more than there should be: that costs nothing, and shows whether that is the end.
            let read = retry(|| rustix::io::pread(&self.file, &mut buffer[..=length], position));
            let read = read.map_err(|errno| self.located.system(errno))?;
            if read > length {
                return Err(self.goes_on());
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

    /// Why there is no verdict where reading gives more than the size that is reported.
    fn goes_on(&self) -> Error {
        let changed = self.located.verify(self.file.as_fd()).err();
        changed.unwrap_or_else(|| {
            let cause = format!("goes on after the {} bytes that it reports", ReadAt::size(self));
            Error::read(self.located.name(), cause)
        })
    }

    /// Looks whether anything follows the reported size.
    fn check_end(&self) -> Result<()> {
        let Some(size) = self.located.size().filter(|_| !self.end_seen) else { return Ok(()) };
        let mut byte = [0];
        match retry(|| rustix::io::pread(&self.file, &mut byte, size)) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.goes_on()),
            Err(errno) => Err(self.located.system(errno)),
        }
    }

    /// The same for a file whose size is unknown; no bytes come into view at its end.
    fn advance_blindly(&mut self) -> Result<()> {
        let mut buffer = self.take_buffer();
        let length = retry(|| rustix::io::read(&self.file, &mut *buffer));
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

/// Calls again while a signal interrupts: whoever wants the work to stop says so at a checkpoint.
pub(super) fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
}

impl Reader for FileReader {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        let at_end = self.located.size() == Some(self.position);
        if at_end || (self.settled && self.position == self.located.reported_size()) {
            return Ok(Chunk::End);
        }
        let in_hole = matches!(self.view, View::Hole { end } if end > self.position);
        if !in_hole && self.view.from(self.position).is_empty() {
            match self.located.size() {
                Some(_) => self.advance()?,
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
        self.located.size()
    }

    fn name(&self) -> &Name {
        self.located.name()
    }

    fn as_random(&self) -> Option<&dyn ReadAt> {
        self.located.size().is_some_and(|size| size > 0).then_some(self)
    }

    fn verify(&self) -> Result<()> {
        if self.settled {
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
        if !self.located.is_sparse() || self.has_lied.load(Ordering::Relaxed) {
            return Ok(Extent::Data { end: size });
        }
        Ok(trusted_extent_at(self.file.as_fd(), offset, size).unwrap_or_else(|| {
            self.has_lied.store(true, Ordering::Relaxed);
            Extent::Data { end: size }
        }))
    }

    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        while !buffer.is_empty() {
            let read = retry(|| rustix::io::pread(&self.file, &mut *buffer, offset));
            match read.map_err(|errno| self.located.system(errno))? {
                0 => {
                    // Usually it shrank, which is worded better there.
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
}
