//! A reader whose chunk borders, holes and failures are set by the test.

use komparu::internals::content::{Chunk, Extent, ReadAt, Reader};
use komparu::{Error, Name, Result};

/// How a content is served. The lists are repeated.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    /// Lengths of the chunks, one after another.
    pub(crate) borders: Vec<usize>,
    /// Which of the chunks are served as zeros, if they are zeros.
    pub(crate) holes: Vec<bool>,
    /// Is the size known before reading?
    pub(crate) sized: bool,
    /// Can it be read at any offset?
    pub(crate) random: bool,
}

pub(crate) struct Scripted<'c> {
    name: Name,
    content: &'c [u8],
    serving: Serving,
    /// Reading this offset fails.
    failing: Option<usize>,
    position: usize,
    /// How many chunks were fetched, and where the last of them ends.
    fetched: (usize, usize),
    /// Is the last of them served as zeros?
    in_hole: bool,
}

impl<'c> Scripted<'c> {
    pub(crate) fn new(content: &'c [u8], serving: &Serving) -> Self {
        let serving = serving.clone();
        let name = "scripted".into();
        Self { name, content, serving, failing: None, position: 0, fetched: (0, 0), in_hole: false }
    }

    pub(crate) fn failing_at(mut self, name: &str, offset: usize) -> Self {
        self.name = name.into();
        self.failing = Some(offset);
        self
    }

    fn border(&self, index: usize) -> usize {
        self.serving.borders[index % self.serving.borders.len()]
    }

    /// Is the chunk of this index one that may be served as zeros?
    fn is_hole(&self, index: usize) -> bool {
        self.serving.holes[index % self.serving.holes.len()]
    }

    fn check(&self, start: usize, end: usize) -> Result<()> {
        match self.failing {
            Some(offset) if (start..end).contains(&offset) => {
                Err(Error::read(&self.name, format!("failed at {offset}")))
            }
            _ => Ok(()),
        }
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.chunks(4096).all(|chunk| chunk == &[0; 4096][..chunk.len()])
}

impl Reader for Scripted<'_> {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        self.check(self.content.len(), self.content.len() + 1)?;
        if self.position == self.content.len() {
            return Ok(Chunk::End);
        }
        if self.position == self.fetched.1 {
            let (count, start) = self.fetched;
            let end = self.content.len().min(start + self.border(count));
            self.check(start, end)?;
            self.in_hole = self.is_hole(count) && is_zero(&self.content[start..end]);
            self.fetched = (count + 1, end);
        }
        let bytes = &self.content[self.position..self.fetched.1];
        if self.in_hole {
            return Ok(Chunk::Zeros(bytes.len() as u64));
        }
        Ok(Chunk::Bytes(bytes))
    }

    fn consume(&mut self, length: u64) {
        self.position += usize::try_from(length).expect("what was shown is in memory");
        assert!(self.position <= self.fetched.1, "more was taken than was shown");
    }

    fn size(&self) -> Option<u64> {
        self.serving.sized.then_some(self.content.len() as u64)
    }

    fn as_random(&self) -> Option<&dyn ReadAt> {
        (self.serving.sized && self.serving.random).then_some(self)
    }

    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

impl ReadAt for Scripted<'_> {
    fn size(&self) -> u64 {
        self.content.len() as u64
    }

    /// The content is divided into cells as long as the longest chunk; each is all data or all hole.
    fn extent(&self, offset: u64) -> Result<Extent> {
        let offset = usize::try_from(offset).expect("below the size");
        assert!(offset < self.content.len(), "asked for the extent at the end");
        let cell = self.serving.borders.iter().max().copied().unwrap_or(1).max(512);
        let end = self.content.len().min((offset / cell + 1) * cell);
        if self.is_hole(offset / cell) && is_zero(&self.content[offset..end]) {
            return Ok(Extent::Hole { end: end as u64 });
        }
        Ok(Extent::Data { end: end as u64 })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let start = usize::try_from(offset).expect("below the size");
        assert!(start + buffer.len() <= self.content.len(), "not within the size");
        self.check(start, start + buffer.len())?;
        buffer.copy_from_slice(&self.content[start..start + buffer.len()]);
        Ok(())
    }
}
