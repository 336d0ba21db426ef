//! The start of a file, read as it is opened: most files are no longer than that.
//!
//! A tree has such files by the ten thousand. Each is opened, read and looked at, in this order; nothing is
//! allocated for it, and no counter is touched that threads share.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;

use rustix::fs::{FileType, OFlags, Stat};
use rustix::io::{Result as SystemResult, retry_on_intr};
use rustix::time::{ClockId, clock_gettime};

use super::FileReader;
use super::buffers::Buffer;
use super::identity::Identity;
use super::located::{Located, Location, has_no_blocks, not_opened, open};
use crate::error::{Error, Name, Result};
use crate::options::FileOptions;

/// The clock that the system stamps changes with. Its ticks are as coarse as those of the stamps; a finer
/// clock would be ahead of both.
#[cfg(target_os = "linux")]
const WALL_CLOCK: ClockId = ClockId::RealtimeCoarse;
#[cfg(not(target_os = "linux"))]
const WALL_CLOCK: ClockId = ClockId::Realtime;

/// Seconds by which a stamp may be behind the clock: vfat keeps every second second, ext2 and ext3 each.
const COARSEST_STAMP: i64 = 2;

/// An open directory that files are opened in.
#[derive(Debug)]
pub(crate) struct OpenBase {
    /// Where it is, for messages.
    pub(crate) path: Arc<[u8]>,
    pub(crate) descriptor: Arc<OwnedFd>,
}

/// A file in a directory, open, with what its first read gave.
pub struct FileStart<'d> {
    base: &'d OpenBase,
    name: &'d [u8],
    file: OwnedFd,
    buffer: Buffer,
    read: SystemResult<usize>,
    stat: Stat,
    /// Is it certain that the file has not been changed since it was read?
    trusted: bool,
    options: FileOptions,
}

impl<'d> FileStart<'d> {
    /// Opens and reads `name`, listed as a file and probably small. `more` is added to the flags of opening.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn read(
        base: &'d OpenBase,
        name: &'d [u8],
        more: OFlags,
        options: FileOptions,
    ) -> Result<Self> {
        let system = |errno: rustix::io::Errno| Error::system(&named(base, name), &errno.into());
        let before = clock_gettime(WALL_CLOCK);
        let file = open(base.descriptor.as_fd(), name, more)
            .map_err(|errno| not_opened(&named(base, name), errno))?;
        let mut buffer = Buffer::take();
        let read = retry_on_intr(|| rustix::io::read(&file, &mut *buffer));
        let stat = rustix::fs::fstat(&file).map_err(system)?;
        // The system stamps a change with this clock. A stamp from well before the file was opened
        // shows that nothing has changed the file or its names since: what was read is its content.
        // A later stamp may be newer than the read, which then proves nothing.
        let trusted =
            Identity::of(&stat).changed < (before.tv_sec - COARSEST_STAMP, before.tv_nsec);
        Ok(Self { base, name, file, buffer, read, stat, trusted, options })
    }

    /// The whole content, if it was read beyond doubt.
    #[must_use]
    pub fn all(&self) -> Option<&[u8]> {
        let length = self.read.ok().filter(|_| self.trusted)?;
        let is_file = FileType::from_raw_mode(self.stat.st_mode).is_file();
        // Fewer bytes than were asked for, so that nothing follows them.
        let is_all = u64::try_from(self.stat.st_size) == Ok(length as u64)
            && length < self.buffer.len()
            && !has_no_blocks(&self.stat);
        (is_file && is_all).then(|| &self.buffer[..length])
    }

    /// A reader of the file, which begins with the bytes that were read.
    ///
    /// # Errors
    /// When it is no file, or could not be read.
    pub fn into_reader(self) -> Result<FileReader> {
        let location = Location::within(&self.base.descriptor, self.name.into());
        // What is no file is refused here, with a better message than that of reading it.
        let name = named(self.base, self.name);
        let mut located =
            Located::of_open(self.file.as_fd(), location, name, &self.stat, self.options)?;
        let length = self.read.map_err(|errno| located.system(errno))?;
        if length == 0 {
            located.set_empty_if_unknown();
        }
        Ok(FileReader::with_start(located, self.file, (self.buffer, length), self.trusted))
    }
}

/// What messages call a file.
fn named(base: &OpenBase, name: &[u8]) -> Name {
    Name::within(&base.path, &name.into())
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, Mode, mknodat};

    use super::*;
    use crate::content::file::buffers::BUFFER;

    fn base(path: &str) -> OpenBase {
        let descriptor = rustix::fs::open(path, OFlags::DIRECTORY, Mode::empty()).expect("opened");
        OpenBase { path: path.as_bytes().into(), descriptor: Arc::new(descriptor) }
    }

    /// Reads a file and asks for all of it, as if it were old.
    fn all(base: &OpenBase, name: &str) -> Option<Vec<u8>> {
        let mut start =
            FileStart::read(base, name.as_bytes(), OFlags::empty(), FileOptions::default())
                .expect("read");
        start.trusted = true;
        start.all().map(<[u8]>::to_vec)
    }

    #[test]
    fn a_file_that_one_read_got_is_complete() {
        let directory = tempfile::tempdir().expect("a directory");
        let base = base(directory.path().to_str().expect("text"));
        for size in [0, 1, 4096, BUFFER - 1] {
            let content: Vec<u8> = (1..=251).cycle().take(size).collect();
            std::fs::write(directory.path().join("file"), &content).expect("written");
            assert!(all(&base, "file") == Some(content), "{size} bytes");
        }
        std::fs::write(directory.path().join("file"), vec![1; BUFFER]).expect("written");
        assert_eq!(all(&base, "file"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_reports_no_size_is_not_taken_for_empty() {
        assert_eq!(all(&base("/proc/self"), "stat"), None);
    }

    #[test]
    fn a_file_that_was_just_written_is_not_trusted() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("file"), "new").expect("written");
        let base = base(directory.path().to_str().expect("text"));
        let start =
            FileStart::read(&base, b"file", OFlags::empty(), FileOptions::default()).expect("read");
        assert_eq!(start.all(), None);
    }

    #[test]
    fn a_fifo_is_refused_as_no_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let fifo = directory.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR, 0).expect("made");
        let base = base(directory.path().to_str().expect("text"));
        assert_eq!(all(&base, "fifo"), None);
        let start =
            FileStart::read(&base, b"fifo", OFlags::empty(), FileOptions::default()).expect("read");
        let error = start.into_reader().err().expect("no reader of a FIFO").to_string();
        assert_eq!(error, format!("{}: is a FIFO, not a file", fifo.display()));
    }
}
