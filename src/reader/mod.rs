//! A source's content as a stream of chunks that are borrowed, not copied.
//!
//! A read buffer or a network block each lend a slice; the engine compares two
//! slices and tells both readers how far it came. Nothing is copied between the two, and a run of
//! zeros costs nothing, however long.

pub(crate) mod archive;
mod ending;
mod extent;
pub mod file;
pub(crate) mod filesystem;
mod gzip;
pub mod http;
pub mod identity;
mod limits;
pub mod located;
mod pace;
pub(crate) mod path;
pub(crate) mod remote;
pub(crate) mod slab;
pub mod start;
pub(crate) mod stash;
mod stored;
pub(crate) mod supply;
mod undo;
mod zip;

use crate::error::{Name, Result};

/// What comes next in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// These bytes; never none.
    Bytes(&'a [u8]),
    /// That many zero bytes, which nobody had to read; never none.
    Zeros(u64),
    /// Nothing yet, after a short wait: ask again, once it is clear that the work may go on.
    Waiting,
    /// Nothing: the stream has been consumed to its end.
    End,
}

/// What has become of a [`Probe`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sample {
    /// It is on its way.
    Coming,
    /// These bytes, all that were asked for.
    Here(Vec<u8>),
    /// It will not come; which says nothing about the content.
    Never,
}

/// Bytes from elsewhere in a stream, on their way while the stream goes on.
pub trait Probe {
    /// Looks without waiting. Asked no more after [`Sample::Here`] and [`Sample::Never`].
    ///
    /// # Errors
    /// When what came shows that the source has changed, or cannot be trusted.
    fn poll(&mut self) -> Result<Sample>;
}

/// A stream of bytes that can be looked at before it is taken.
pub trait Reader {
    /// Waits a moment for what must be known before the stream begins. True once it is: before that
    /// nothing else may be asked.
    ///
    /// # Errors
    /// When the source cannot be opened.
    fn prepare(&mut self) -> Result<bool> {
        Ok(true)
    }

    /// What comes next, without taking it. Fetches only when nothing fetched is left.
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

    /// The source, as its user wrote it.
    fn name(&self) -> &Name;

    /// The same content at any offset, for sampling and for comparing with several threads.
    fn as_random(&self) -> Option<&dyn ReadAt> {
        None
    }

    /// Begins to fetch `length` bytes at `offset`, which must lie within the size, beside the stream;
    /// `None` where that is impossible, or not worth it.
    fn probe(&self, offset: u64, length: usize) -> Option<Box<dyn Probe>> {
        let _ = (offset, length);
        None
    }

    /// The server that has not answered for so long that something else may be in its way.
    fn silent_server(&self) -> Option<&str> {
        None
    }

    /// The server that cannot go on until more of this is taken.
    fn held_server(&self) -> Option<&str> {
        None
    }

    /// Asked once before a verdict: are the bytes that were read really those of the source, and
    /// is the source still what it was when reading began?
    ///
    /// # Errors
    /// When not: no verdict may be given then.
    fn verify(&self) -> Result<()>;
}

/// Is one of them silent because its server cannot go on with the other?
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

/// Content that can be opened again and again, and is known to stay the same or to say so.
pub trait Reopen: Send + Sync {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// Opens it. Its [`verify`](Reader::verify) holds it against what it was when it was first
    /// looked at, however often it has been opened since.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn reopen(&self) -> Result<Box<dyn OpenReader>>;
}

/// A reader that may be handed to other threads.
pub trait OpenReader: Reader + Send + Sync {}

impl<R: Reader + Send + Sync> OpenReader for R {}

/// Content of known size that can be read anywhere, by several threads at once.
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
}
