//! What is within a compressed file, as a source: undone while it is read, by a thread of its own.
//!
//! A reader may wait for a moment only, so that its caller can look at the clock and at Ctrl-C, while what undoes a
//! compression works until it has something. So that is what another thread does, a few blocks ahead; it is stopped and
//! waited for when the reader is dropped.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::account::Behind;
use super::input::{self, Bytes};
use super::limits::Meter;
use crate::content::{Chunk, Content, Reader};
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::run::context::{Call, Context, PULSE};
use crate::run::threads;
use crate::source::Source;

/// How the thread is called.
const THREAD: &str = "komparu-undo";

/// Blocks that are undone ahead: as much as passes between two threads before one waits for the other.
const AHEAD: usize = 4;

/// What is within `source`, which is compressed by gzip, bzip2, xz, zstd or lz4.
#[must_use]
pub fn decompressed(source: Source) -> Source {
    Source::undone(source, |source, options| {
        // What is not there is told at once.
        drop(source.content(options)?);
        Ok(Box::new(Within { source, options: options.clone() }))
    })
}

/// The content before it is read.
struct Within<'s> {
    source: &'s Source,
    options: Options,
}

impl Content for Within<'_> {
    fn open(&self, concurrent: usize) -> Result<Box<dyn Reader>> {
        let (filled, blocks) = bounded(AHEAD);
        let (back, empty) = bounded(AHEAD + 2);
        let (source, options) = (self.source.clone(), self.options.clone());
        let (call, name) = (Arc::new(Call::new(None)), source.name().clone());
        let work = Work { source, options, concurrent, filled, empty };
        let thread = {
            let call = Arc::clone(&call);
            threads::named(THREAD).spawn(move || work.run(&Context::new(&call)))
        };
        let thread = thread.map_err(|error| Error::system(&name, &error))?;
        Ok(Box::new(Undoing {
            call,
            blocks: RefCell::new(Some(blocks)),
            back,
            thread: RefCell::new(Some(thread)),
            ended: RefCell::new(None),
            block: Vec::new(),
            taken: 0,
        }))
    }
}

/// What the thread does.
struct Work {
    source: Source,
    options: Options,
    concurrent: usize,
    filled: Sender<Vec<u8>>,
    /// Blocks that have been compared, to be filled again.
    empty: Receiver<Vec<u8>>,
}

impl Work {
    /// Undoes it to its end, or until the reader is dropped. It is an error if the compressed file changed meanwhile.
    fn run(self, context: &Context<'_>) -> Result<()> {
        let (source, options) = (&self.source, &self.options);
        let name = source.name();
        let mut reader = source.content(options)?.open(self.concurrent)?;
        while !reader.prepare()? {
            context.checkpoint()?;
        }
        let meter = Meter::new(name.clone(), options.limits.clone());
        let bytes = Bytes::Stream(reader, "it is undone as it is read");
        let mut input = input::open_layer(bytes, name, &meter, context)?;
        input.stop_watching();
        let undone = self.undo(&mut input, name);
        // What has changed may well look damaged.
        input.verify()?;
        match undone {
            Err(Error::Cancelled) => Ok(()),
            undone => undone,
        }
    }

    fn undo(&self, input: &mut input::ArchiveInput<'_>, name: &Name) -> Result<()> {
        loop {
            let length = input.advance()?;
            if length == 0 {
                break;
            }
            let mut block = self.empty.try_recv().unwrap_or_default();
            block.clear();
            block.extend_from_slice(input.at_hand(length));
            if self.filled.send(block).is_err() {
                return Ok(());
            }
        }
        let behind: u64 = input.behind_filters()?.iter().map(|behind: &Behind| behind.length).sum();
        if behind > 0 {
            let cause = format!("has {behind} bytes behind the end of what is compressed");
            return Err(Error::archive(name, cause));
        }
        Ok(())
    }
}

/// The content that is being read.
struct Undoing {
    call: Arc<Call>,
    /// `None` once nothing more is taken.
    blocks: RefCell<Option<Receiver<Vec<u8>>>>,
    back: Sender<Vec<u8>>,
    thread: RefCell<Option<JoinHandle<Result<()>>>>,
    /// What came of the thread, once that is known.
    ended: RefCell<Option<Result<()>>>,
    block: Vec<u8>,
    taken: usize,
}

impl Undoing {
    /// Waits until the thread has ended, which must not be waiting for this one. Says what came of it.
    fn end(&self) -> Result<()> {
        let thread = self.thread.borrow_mut().take();
        if let Some(thread) = thread {
            let lost =
                || Err(Error::Internal("a thread that undid a compression panicked".to_owned()));
            *self.ended.borrow_mut() = Some(thread.join().unwrap_or_else(|_| lost()));
        }
        self.ended.borrow().clone().unwrap_or(Ok(()))
    }

    /// Has the thread end: it is not to undo any more.
    fn stop(&self) -> Result<()> {
        self.call.cancel();
        drop(self.blocks.borrow_mut().take());
        self.end()
    }

    /// Fetches the next block. False: there is none yet.
    fn fetch(&mut self) -> Result<bool> {
        let blocks = self.blocks.borrow();
        let Some(blocks) = &*blocks else { return Ok(true) };
        // No longer than half a pulse, as for URLs: then the engine checks its context.
        match blocks.recv_timeout(PULSE / 2) {
            Ok(block) => {
                let before = std::mem::replace(&mut self.block, block);
                self.taken = 0;
                // There is room for all that can be under way.
                let _ = self.back.try_send(before);
                Ok(true)
            }
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => {
                self.block.clear();
                self.taken = 0;
                self.end().map(|()| true)
            }
        }
    }
}

impl Reader for Undoing {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if self.taken == self.block.len() && !self.fetch()? {
            return Ok(Chunk::Waiting);
        }
        Ok(match &self.block[self.taken..] {
            [] => Chunk::End,
            bytes => Chunk::Bytes(bytes),
        })
    }

    fn consume(&mut self, length: u64) {
        self.taken += usize::try_from(length).expect("no more than a chunk was lent");
    }

    fn size(&self) -> Option<u64> {
        None
    }

    /// Of what was not needed any more nothing is known but that it has not changed.
    fn verify(&self) -> Result<()> {
        self.stop()
    }
}

impl Drop for Undoing {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::content::stream::Stream;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).expect("in memory");
        encoder.finish().expect("in memory")
    }

    /// Opens what is within what a pipe gives.
    fn opened() -> (File, Box<dyn Reader>) {
        let (from, to) = rustix::pipe::pipe().expect("a pipe");
        let source = decompressed(Source::stream(Stream::new(from), b"-"));
        let content = source.content(&Options::default()).expect("a pipe");
        (File::from(to), content.open(1).expect("opened"))
    }

    fn next(reader: &mut dyn Reader) -> Result<Vec<u8>> {
        loop {
            let bytes = match reader.chunk()? {
                Chunk::Waiting => continue,
                Chunk::End => return Ok(Vec::new()),
                Chunk::Bytes(bytes) => bytes.to_vec(),
                Chunk::Zeros(_) => panic!("it has no holes"),
            };
            reader.consume(bytes.len() as u64);
            return Ok(bytes);
        }
    }

    #[test]
    fn it_is_undone_to_its_end() {
        let (mut to, mut reader) = opened();
        to.write_all(&packed(b"content")).expect("written");
        drop(to);
        assert_eq!(next(&mut *reader).expect("whole"), b"content");
        assert_eq!(next(&mut *reader), Ok(Vec::new()));
        assert_eq!(reader.chunk(), Ok(Chunk::End), "the end stays");
        reader.verify().expect("a pipe does not change");
    }

    #[test]
    fn what_is_cut_short_is_an_error_each_time() {
        let (mut to, mut reader) = opened();
        let packed = packed(b"content");
        to.write_all(&packed[..packed.len() - 1]).expect("written");
        drop(to);
        let mut error = || loop {
            match next(&mut *reader) {
                Ok(bytes) => assert!(!bytes.is_empty(), "it has no end"),
                Err(error) => return error.to_string(),
            }
        };
        assert_eq!(error(), "-: is cut short: its gzip has no end");
        assert_eq!(error(), "-: is cut short: its gzip has no end");
    }

    #[test]
    fn a_reader_that_is_dropped_stops_the_thread_whatever_it_waits_for() {
        // For a writer that is silent.
        let (to, mut reader) = opened();
        assert_eq!(reader.chunk(), Ok(Chunk::Waiting));
        drop(reader);
        drop(to);
        // For someone to take what it has undone: much more than is undone ahead.
        let (mut to, mut reader) = opened();
        to.write_all(&packed(&vec![7; 5 << 20])).expect("a pipe takes so much");
        assert!(!next(&mut *reader).expect("read").is_empty());
        reader.verify().expect("a pipe does not change");
        drop(reader);
    }
}
