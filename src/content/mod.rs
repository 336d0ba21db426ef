//! A source's content as a stream of chunks that are borrowed, not copied.
//!
//! A reader lends a slice of its buffer or of a network block; the engine compares two slices and tells both
//! readers how many bytes it has taken. Nothing is copied in between, and a run of zeros costs nothing,
//! however long.

pub(crate) mod file;
pub(crate) mod memory;
pub(crate) mod object;
pub(crate) mod store;
pub(crate) mod stream;
pub(crate) mod url;

use std::os::fd::BorrowedFd;

use self::file::located::Located;
use crate::error::Result;

/// One content before it is read: what is known of it, and how it is opened.
///
/// Each kind of source has one of these: a file that has been looked at, a URL that has not been asked for yet.
pub(crate) trait Content: Send + Sync {
    /// How many bytes it has, where that is known.
    fn size(&self) -> Option<u64> {
        None
    }

    /// The file of this machine that it is: two of them may be known to be the same unread.
    fn file(&self) -> Option<&Located> {
        None
    }

    /// The same content, where it can be opened again and again without fetching it each time.
    fn reopenable(&self) -> Option<Box<dyn Reopen>> {
        None
    }

    /// Opens it, or asks for it without waiting for an answer. `concurrent`: how many contents are read at the
    /// same time, this one included.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&self, concurrent: usize) -> Result<Box<dyn Reader>>;

    /// Is it known to be the same as `other`, unread?
    fn is_same(&self, other: &dyn Content) -> bool {
        self.file().zip(other.file()).is_some_and(|(file, other)| file.is_same_file(other))
    }
}

/// What comes next in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// These bytes; never none.
    Bytes(&'a [u8]),
    /// That many zero bytes, which need not be read; never none.
    Zeros(u64),
    /// Nothing yet, after a short wait: ask again after a checkpoint.
    Waiting,
    /// Nothing: the stream has been consumed to its end.
    End,
}

/// How far a [`SampleRequest`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SampleState {
    /// It is being fetched.
    Pending,
    /// These bytes, all that were requested.
    Ready(Vec<u8>),
    /// It cannot be had; which says nothing about the content.
    Unavailable,
}

/// Bytes from further on in a stream, fetched while the stream is read.
pub trait SampleRequest {
    /// Looks without waiting. Not called again after [`SampleState::Ready`] or
    /// [`SampleState::Unavailable`].
    ///
    /// # Errors
    /// When the answer shows that the source has changed, or cannot be trusted.
    fn poll(&mut self) -> Result<SampleState>;
}

/// A stream of bytes that can be looked at before it is taken.
pub trait Reader {
    /// Begins to fetch it, if that has not begun when it was opened, and does not wait.
    ///
    /// # Errors
    /// When that is not possible.
    fn begin(&mut self) -> Result<()> {
        Ok(())
    }

    /// How many bytes it has, where that is known before anything is fetched.
    fn early_size(&self) -> Option<u64> {
        None
    }

    /// Waits a moment for what must be known before the stream begins. True once it is known: before that,
    /// no other method may be called, but the two above.
    ///
    /// # Errors
    /// When the source cannot be opened.
    fn prepare(&mut self) -> Result<bool> {
        Ok(true)
    }

    /// What comes next, without taking it. Fetches more only when all that was fetched has been taken.
    ///
    /// # Errors
    /// When the source cannot be read, or is found to have changed.
    fn chunk(&mut self) -> Result<Chunk<'_>>;

    /// Takes `length` bytes of what [`chunk`](Self::chunk) last showed.
    ///
    /// # Panics
    /// May panic if that is more than was shown.
    fn consume(&mut self, length: u64);

    /// How many bytes the whole stream has, where that is known before reading it.
    fn size(&self) -> Option<u64>;

    /// The same content at any offset, for sampling and for comparing with several threads.
    fn as_random(&self) -> Option<&dyn ReadAt> {
        None
    }

    /// Begins to fetch `length` bytes at `offset`, which must lie within the size, while the stream is read;
    /// `None` where that is impossible, or does not pay off.
    fn request_sample(&self, offset: u64, length: usize) -> Option<Box<dyn SampleRequest>> {
        let _ = (offset, length);
        None
    }

    /// The server that has not answered for so long that it may be busy with another request.
    fn silent_server(&self) -> Option<&str> {
        None
    }

    /// The server that cannot send more before some of this stream is taken.
    fn held_server(&self) -> Option<&str> {
        None
    }

    /// Called once before a verdict: were the bytes that were read those of the source, and is the source
    /// still what it was when reading began?
    ///
    /// # Errors
    /// If not: then there is no verdict.
    fn verify(&self) -> Result<()>;
}

/// Does one of them wait for a server that cannot answer before more of the other is taken?
pub(crate) fn is_silenced(silent: &dyn Reader, held: &dyn Reader) -> bool {
    silent.silent_server().is_some_and(|server| held.held_server() == Some(server))
}

/// A run of bytes that are all stored, or all not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Bytes that must be read, up to this offset.
    Data {
        /// The first offset past the run.
        end: u64,
    },
    /// Zeros that need not be read, up to this offset.
    Hole {
        /// The first offset past the run.
        end: u64,
    },
}

impl Extent {
    /// The first offset past the run.
    #[must_use]
    pub fn end(self) -> u64 {
        match self {
            Self::Data { end } | Self::Hole { end } => end,
        }
    }
}

/// Content that can be opened again and again; a change meanwhile is an error.
pub trait Reopen: Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Opens it. The reader's [`verify`](Reader::verify) compares the source with what it was when it was
    /// first looked at, however often it has been opened since.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn reopen(&self) -> Result<Box<dyn OpenReader>>;
}

/// A reader that may be handed to other threads.
pub trait OpenReader: Reader + Send + Sync {}

impl<R: Reader + Send + Sync> OpenReader for R {}

/// Content of known size that can be read at any offset, by several threads at once.
pub trait ReadAt: Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// The run of data or of zeros that `offset` (below the size) lies in.
    ///
    /// # Errors
    /// When the source cannot say.
    fn extent(&self, offset: u64) -> Result<Extent>;

    /// Fills `buffer` from `offset` on. All of it must lie within the size.
    ///
    /// # Errors
    /// When the source cannot be read there, or ends too early.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()>;

    /// So many bytes at `offset`, where they lie in memory. All of them must lie within the size.
    fn lend(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let _ = (offset, length);
        None
    }

    /// Is the size nothing but a server's word?
    fn is_promised(&self) -> bool {
        false
    }

    /// The file that has these very bytes, if one has.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn extent(&self, offset: u64) -> Result<Extent> {
        (**self).extent(offset)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        (**self).read_at(offset, buffer)
    }

    fn lend(&self, offset: u64, length: usize) -> Option<&[u8]> {
        (**self).lend(offset, length)
    }

    fn is_promised(&self) -> bool {
        (**self).is_promised()
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        (**self).descriptor()
    }
}

/// Are both sizes known, and not the same?
#[must_use]
pub(crate) fn sizes_differ(a: Option<u64>, b: Option<u64>) -> bool {
    a.zip(b).is_some_and(|(a, b)| a != b)
}

/// Zeros to add to a digest at a time, where there is a hole.
const ZEROS: &[u8] = &[0; 64 << 10];

/// Up to `count` zeros, as many as are added to a digest at a time.
pub(crate) fn some_zeros(count: u64) -> &'static [u8] {
    &ZEROS[..usize::try_from(count).unwrap_or(ZEROS.len()).min(ZEROS.len())]
}

/// Are all of these bytes zero?
#[must_use]
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    // Equal to itself shifted by one: every byte equals the first. One call of memcmp, which
    // compares 32 bytes at a time, where a loop with an early exit tests one.
    bytes.first().is_none_or(|&first| first == 0 && bytes[1..] == bytes[..bytes.len() - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_means_every_byte() {
        assert!(is_zero(&[]));
        assert!(is_zero(&[0]));
        assert!(is_zero(&[0; 4097]));
        assert!(!is_zero(&[1]));
        for length in [2, 31, 32, 33, 4096] {
            for position in [0, length / 2, length - 1] {
                let mut bytes = vec![0; length];
                bytes[position] = 1;
                assert!(!is_zero(&bytes), "{length} bytes, the one at {position} is not zero");
            }
            assert!(!is_zero(&vec![7; length]));
        }
    }
}
