//! Content that lies in memory.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{Chunk, Content, Extent, OpenReader, ReadAt, Reader, Reopen};
use crate::error::Result;

/// Bytes that do not change, wherever they are kept.
#[derive(Clone)]
pub struct Memory(Arc<dyn AsRef<[u8]> + Send + Sync>);

impl Memory {
    /// These bytes: what has them must always give the same.
    pub fn new(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self(Arc::new(bytes))
    }
}

impl Deref for Memory {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl PartialEq for Memory {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// Shows no content.
impl fmt::Debug for Memory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} bytes", self.len())
    }
}

/// Bytes in memory, of which `taken` have been consumed.
#[derive(Debug, Clone)]
pub(crate) struct MemoryReader {
    bytes: Memory,
    taken: usize,
}

impl MemoryReader {
    pub(crate) fn new(bytes: &Memory) -> Self {
        Self { bytes: bytes.clone(), taken: 0 }
    }
}

/// Of another size than memory has there is none.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Reader for MemoryReader {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        match &self.bytes[self.taken..] {
            [] => Ok(Chunk::End),
            bytes => Ok(Chunk::Bytes(bytes)),
        }
    }

    fn consume(&mut self, length: u64) {
        self.taken = self.taken.saturating_add(index(length)).min(self.bytes.len());
    }

    fn early_size(&self) -> Option<u64> {
        Some(self.bytes.len() as u64)
    }

    fn size(&self) -> Option<u64> {
        Some(self.bytes.len() as u64)
    }

    fn as_random(&self) -> Option<&dyn ReadAt> {
        Some(self)
    }

    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

impl ReadAt for MemoryReader {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn extent(&self, _: u64) -> Result<Extent> {
        Ok(Extent::Data { end: self.bytes.len() as u64 })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        buffer.copy_from_slice(&self.bytes[index(offset)..][..buffer.len()]);
        Ok(())
    }

    fn lend(&self, offset: u64, length: usize) -> Option<&[u8]> {
        self.bytes.get(index(offset)..)?.get(..length)
    }
}

impl Content for MemoryReader {
    fn size(&self) -> Option<u64> {
        Some(self.bytes.len() as u64)
    }

    fn reopenable(&self) -> Option<Box<dyn Reopen>> {
        Some(Box::new(Self::new(&self.bytes)))
    }

    fn open(&self, _: usize) -> Result<Box<dyn Reader>> {
        Ok(Box::new(Self::new(&self.bytes)))
    }
}

impl Reopen for MemoryReader {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn reopen(&self) -> Result<Box<dyn OpenReader>> {
        Ok(Box::new(Self::new(&self.bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_in_order_and_anywhere() {
        let bytes = Memory::new(b"content");
        let mut reader = MemoryReader::new(&bytes);
        assert_eq!(reader.chunk(), Ok(Chunk::Bytes(b"content")));
        reader.consume(3);
        assert_eq!(reader.chunk(), Ok(Chunk::Bytes(b"tent")));
        reader.consume(4);
        assert_eq!(reader.chunk(), Ok(Chunk::End));
        let mut part = [0; 2];
        reader.read_at(5, &mut part).expect("in memory");
        assert_eq!(&part, b"nt");
        assert_eq!(reader.lend(3, 4), Some(&b"tent"[..]));
        assert_eq!(reader.lend(3, 5), None);
        let again = Content::reopenable(&reader).expect("it can be").reopen();
        assert_eq!(again.expect("in memory").chunk(), Ok(Chunk::Bytes(b"content")));
    }
}
