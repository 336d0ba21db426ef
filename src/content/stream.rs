//! Bytes that come once: a pipe, standard input, whatever else is open and can only be read on.
//!
//! What is open is waited for in short turns, so that a limit of time and Ctrl-C hold while a writer is silent.
//! It is never set to non-blocking: other processes may share it.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Mutex;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;
use rustix::io::Errno;

use super::file::buffers::Buffer;
use super::file::identity::Identity;
use super::{Chunk, Content, Reader};
use crate::error::{Error, Name, Result};
use crate::options::DetectChanges;
use crate::run::context::PULSE;
use crate::sys::lock::lock;

/// Something open that can be read once.
#[derive(Debug)]
pub struct Stream {
    /// `None` once it is being read.
    file: Mutex<Option<OwnedFd>>,
}

impl Stream {
    /// The stream that `file`, open for reading, gives from where it stands.
    #[must_use]
    pub fn new(file: OwnedFd) -> Self {
        Self { file: Mutex::new(Some(file)) }
    }
}

/// A stream is the same as itself only.
impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

/// A stream before it is read.
pub(crate) struct StreamContent<'s> {
    pub(crate) stream: &'s Stream,
    /// What messages call it.
    pub(crate) name: &'s Name,
    pub(crate) detect: DetectChanges,
}

impl Content for StreamContent<'_> {
    fn open(&self, _: usize) -> Result<Box<dyn Reader>> {
        let file = lock(&self.stream.file).take();
        let file = file.ok_or_else(|| {
            Error::read(self.name, "can be read only once, and would have to be read again")
        })?;
        let stat = rustix::fs::fstat(&file).map_err(|errno| system(self.name, errno))?;
        // Only a file can be looked at for changes.
        let identity = FileType::from_raw_mode(stat.st_mode).is_file().then(|| Identity::of(&stat));
        let (name, detect) = (self.name.clone(), self.detect);
        Ok(Box::new(StreamReader { file, name, identity, detect, view: View::Nothing }))
    }
}

/// A stream that is being read.
struct StreamReader {
    file: OwnedFd,
    name: Name,
    identity: Option<Identity>,
    detect: DetectChanges,
    view: View,
}

/// What has been read and not yet been taken.
enum View {
    Nothing,
    Bytes { start: usize, end: usize, buffer: Buffer },
    End,
}

impl StreamReader {
    /// Reads what has come. False: nothing has, for a moment.
    fn advance(&mut self) -> Result<bool> {
        // No longer than half a pulse, as for URLs: then the engine checks its context.
        let slice = Timespec::try_from(PULSE / 2).expect("a fraction of a second");
        let mut polled = [PollFd::new(&self.file, PollFlags::IN)];
        match poll(&mut polled, Some(&slice)) {
            Ok(0) | Err(Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(errno) => return Err(system(&self.name, errno)),
        }
        let mut buffer = Buffer::take();
        match rustix::io::read(&self.file, &mut *buffer) {
            // Another process may have set it to non-blocking, and have read what had come.
            Err(Errno::INTR | Errno::AGAIN) => Ok(false),
            Err(errno) => Err(system(&self.name, errno)),
            Ok(0) => {
                self.view = View::End;
                Ok(true)
            }
            Ok(end) => {
                self.view = View::Bytes { start: 0, end, buffer };
                Ok(true)
            }
        }
    }
}

impl Reader for StreamReader {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if matches!(self.view, View::Nothing) && !self.advance()? {
            return Ok(Chunk::Waiting);
        }
        Ok(match &self.view {
            View::Bytes { start, end, buffer } => Chunk::Bytes(&buffer[*start..*end]),
            View::Nothing | View::End => Chunk::End,
        })
    }

    fn consume(&mut self, length: u64) {
        let View::Bytes { start, end, .. } = &mut self.view else { return };
        *start += usize::try_from(length).expect("no more than a chunk was lent");
        if start >= end {
            self.view = View::Nothing;
        }
    }

    fn size(&self) -> Option<u64> {
        None
    }

    /// A pipe does not change. A file that standard input was redirected from may.
    fn verify(&self) -> Result<()> {
        let Some(was) = self.identity else { return Ok(()) };
        let stat =
            rustix::fs::fstat(self.file.as_fd()).map_err(|errno| system(&self.name, errno))?;
        let change = was.change_to(&Identity::of(&stat), self.detect);
        change.map_or(Ok(()), |cause| Err(Error::read(&self.name, cause)))
    }
}

fn system(name: &Name, errno: Errno) -> Error {
    Error::system(name, &errno.into())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Seek as _, Write as _};

    use super::*;

    fn opened(file: OwnedFd) -> (Stream, Result<Box<dyn Reader>>) {
        let stream = Stream::new(file);
        let name = Name::new(b"-");
        let content = StreamContent { stream: &stream, name: &name, detect: DetectChanges::Ctime };
        let reader = content.open(1);
        (stream, reader)
    }

    fn all(reader: &mut dyn Reader) -> Vec<u8> {
        let mut read = Vec::new();
        loop {
            let taken = match reader.chunk().expect("read") {
                Chunk::Bytes(bytes) => {
                    // Some of it at a time: what is left stays.
                    let part = &bytes[..bytes.len().min(1000)];
                    read.extend_from_slice(part);
                    part.len()
                }
                Chunk::Waiting => continue,
                Chunk::Zeros(_) => panic!("a stream has no holes"),
                Chunk::End => return read,
            };
            reader.consume(taken as u64);
        }
    }

    #[test]
    fn a_pipe_is_read_to_its_end_and_waits_for_its_writer() {
        let (from, to) = rustix::pipe::pipe().expect("a pipe");
        let (_stream, reader) = opened(from);
        let mut reader = reader.expect("opened");
        assert_eq!(reader.chunk().expect("read"), Chunk::Waiting);
        let content: Vec<u8> = (0..=250).cycle().take(1 << 20).collect();
        let expected = content.clone();
        let writing = std::thread::spawn(move || File::from(to).write_all(&content));
        assert!(all(&mut *reader) == expected);
        assert_eq!(reader.chunk().expect("the end stays"), Chunk::End);
        writing.join().expect("no panic").expect("written");
    }

    #[test]
    fn a_stream_is_opened_once() {
        let (from, _to) = rustix::pipe::pipe().expect("a pipe");
        let (stream, reader) = opened(from);
        assert!(reader.is_ok());
        let name = Name::new(b"-");
        let again = StreamContent { stream: &stream, name: &name, detect: DetectChanges::Ctime };
        let error = again.open(1).err().expect("it is open").to_string();
        assert_eq!(error, "-: can be read only once, and would have to be read again");
    }

    #[test]
    fn a_file_is_read_from_where_it_stands_and_its_change_is_an_error() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"skipped, read").expect("written");
        file.seek(std::io::SeekFrom::Start(9)).expect("sought");
        let (_stream, reader) = opened(file.try_clone().expect("another descriptor").into());
        let mut reader = reader.expect("opened");
        assert_eq!(all(&mut *reader), b"read");
        reader.verify().expect("unchanged");
        file.write_all(b"more").expect("written");
        let error = reader.verify().expect_err("changed").to_string();
        assert!(error.contains("grew from 13 to 17 bytes"), "{error}");
    }

    #[test]
    fn a_directory_cannot_be_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let (_stream, reader) = opened(File::open(directory.path()).expect("opened").into());
        let error = reader.expect("opened").chunk().expect_err("no bytes").to_string();
        assert_eq!(error, "-: Is a directory");
    }
}
