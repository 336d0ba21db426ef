//! A URL whose server has Range requests, read anywhere.
//!
//! Reads in order come from one transfer. It waits while other places are read, as for formats that have their
//! index at the end. A place that is not near any transfer is asked for by a request of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{HttpReader, Parts};
use crate::content::{Chunk, Extent, ReadAt, Reader, is_silenced};
use crate::error::{Error, Result};
use crate::run::context::{Call, Context};
use crate::sys::lock::lock;

/// Bytes at the end that are kept once they have been asked for: indices are there, and libarchive looks for
/// the index of a zip in several places.
const TAIL: u64 = 80 << 10;

/// A place so far ahead is reached by skipping bytes of a transfer, not by a new request.
const NEAR: u64 = 256 << 10;

/// Transfers that are kept while other places are read: the one from the start, and one other.
const TRANSFERS: usize = 2;

/// Content that comes from a server, readable anywhere.
pub(crate) struct Remote<'c> {
    call: &'c Call,
    size: u64,
    state: Mutex<RemoteState<'c>>,
}

struct RemoteState<'c> {
    parts: Parts,
    /// Transfers, and how far they have been read.
    transfers: Vec<(u64, HttpReader)>,
    tail: Option<Vec<u8>>,
    /// The server is known to answer one request at a time: a transfer that waits would block every other.
    one_at_a_time: bool,
    /// Set when the server is silent while another archive of it is read concurrently: a transfer of the other
    /// archive that waits may block this one.
    passed_over: Option<&'c AtomicBool>,
}

impl<'c> Remote<'c> {
    /// Takes a request that has been answered, and not been read. Gives it back if its server has no Range
    /// requests.
    pub(crate) fn new(
        first: Box<HttpReader>,
        call: &'c Call,
        passed_over: Option<&'c AtomicBool>,
    ) -> std::result::Result<Self, Box<HttpReader>> {
        let Some(parts) = first.parts() else { return Err(first) };
        let size = parts.size();
        let (transfers, tail, one_at_a_time) = (vec![(0, *first)], None, false);
        let state = RemoteState { parts, transfers, tail, one_at_a_time, passed_over };
        Ok(Self { call, size, state: Mutex::new(state) })
    }
}

impl RemoteState<'_> {
    fn read(
        &mut self,
        offset: u64,
        buffer: &mut [u8],
        size: u64,
        context: &Context<'_>,
    ) -> Result<()> {
        let tail = size.saturating_sub(TAIL);
        if buffer.is_empty() {
            return Ok(());
        }
        if offset < tail {
            let before = usize::try_from(tail - offset).unwrap_or(usize::MAX).min(buffer.len());
            let (before, rest) = buffer.split_at_mut(before);
            self.stream(offset, before, size, context)?;
            return if rest.is_empty() { Ok(()) } else { self.read(tail, rest, size, context) };
        }
        // A transfer that is near the end already is read on.
        if self.tail.is_none() && self.nearest(offset).is_some() {
            return self.stream(offset, buffer, size, context);
        }
        if self.tail.is_none() {
            let length = usize::try_from(size - tail).expect("no more than is kept of the end");
            let mut bytes = vec![0; length];
            let mut part = self.ask(tail, size - tail, context)?;
            copy(&mut part, &mut 0, 0, &mut bytes, context)?;
            self.tail = Some(bytes);
        }
        let bytes = self.tail.as_deref().expect("just fetched");
        let start = usize::try_from(offset - tail).expect("no more than is kept of the end");
        buffer.copy_from_slice(&bytes[start..][..buffer.len()]);
        Ok(())
    }

    /// Asks for a part, and waits for the answer. Other transfers that block it are given up, and asked for again
    /// when they are needed.
    fn ask(&mut self, offset: u64, length: u64, context: &Context<'_>) -> Result<HttpReader> {
        if self.one_at_a_time {
            self.transfers.clear();
        }
        let mut part = self.parts.ask(offset, length)?;
        while !part.prepare()? {
            context.checkpoint()?;
            if self.transfers.iter().any(|(_, held)| is_silenced(&part, held)) {
                self.one_at_a_time = true;
                self.transfers.clear();
                part = self.parts.ask(offset, length)?;
            } else if let Some(passed_over) = self.passed_over
                && part.silent_server().is_some()
            {
                passed_over.store(true, Ordering::Relaxed);
                return Err(Error::read(part.name(), "its server answers one request at a time"));
            }
        }
        Ok(part)
    }

    /// The transfer that is at `offset` or a little before it.
    fn nearest(&self, offset: u64) -> Option<usize> {
        self.transfers
            .iter()
            .rposition(|&(position, _)| offset.checked_sub(position).is_some_and(|gap| gap <= NEAR))
    }

    fn stream(
        &mut self,
        offset: u64,
        buffer: &mut [u8],
        size: u64,
        context: &Context<'_>,
    ) -> Result<()> {
        let index = match self.nearest(offset) {
            Some(index) => index,
            None => {
                let part = self.ask(offset, size - offset, context)?;
                self.transfers.truncate(TRANSFERS - 1);
                self.transfers.push((offset, part));
                self.transfers.len() - 1
            }
        };
        let (position, reader) = &mut self.transfers[index];
        copy(reader, position, offset, buffer, context)
    }
}

/// Reads at `offset` from a transfer that is at `position`. The last chunk that was read is not consumed, so
/// that it can be read again.
fn copy(
    reader: &mut HttpReader,
    position: &mut u64,
    mut offset: u64,
    mut buffer: &mut [u8],
    context: &Context<'_>,
) -> Result<()> {
    while !buffer.is_empty() {
        context.checkpoint()?;
        let bytes = match reader.chunk()? {
            Chunk::Bytes(bytes) => bytes,
            Chunk::Waiting => continue,
            Chunk::Zeros(_) | Chunk::End => {
                let cause = format!("the server sent less than it was asked for, up to {position}");
                return Err(Error::read(reader.name(), cause));
            }
        };
        let skipped = usize::try_from(offset - *position).unwrap_or(usize::MAX).min(bytes.len());
        let taken = (bytes.len() - skipped).min(buffer.len());
        let length = bytes.len() as u64;
        buffer[..taken].copy_from_slice(&bytes[skipped..][..taken]);
        buffer = &mut buffer[taken..];
        offset += taken as u64;
        if !buffer.is_empty() {
            reader.consume(length);
            *position += length;
        }
    }
    Ok(())
}

impl ReadAt for Remote<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn extent(&self, _: u64) -> Result<Extent> {
        Ok(Extent::Data { end: self.size })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let mut state = lock(&self.state);
        state.read(offset, buffer, self.size, &Context::new(self.call))
    }

    fn is_promised(&self) -> bool {
        true
    }
}
