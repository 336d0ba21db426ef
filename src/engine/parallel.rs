//! Two contents that can be read at any offset, compared by several threads.
//!
//! The content is divided into stretches; each thread takes the next one. What counts in the end is the event
//! (a difference, an error) in the earliest stretch: stretches before an event are finished, those after it
//! are given up. So the outcome is the one that a single thread reading from the start would have come to,
//! however the threads were scheduled.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};

use super::mismatch::{first_mismatch, first_nonzero};
use crate::content::file::buffers::{BUFFER, Buffer};
use crate::content::{Extent, ReadAt};
use crate::error::{Error, Result};
use crate::options::Options;
use crate::outcome::Side;
use crate::run::context::Context;
use crate::run::earliest::Earliest;
use crate::run::threads;
use crate::sys::lock::{ignore_poison, lock};
use crate::sys::schedule::LongSlices;

/// Content of at least this size is compared by several threads: below it, starting and joining them (40 µs
/// each) takes more than a tenth of the time that comparing takes.
pub const WORTHWHILE: u64 = 4 << 20;

/// Bytes that a thread takes at a time: about a millisecond's work. With larger stretches, threads have
/// nothing left to do at the end.
const STRETCH: u64 = 4 << 20;

/// The offset of the first byte that differs; `None` if both contents are the same.
///
/// # Errors
/// When either cannot be read, or the context says stop.
pub fn compare(
    a: &dyn ReadAt,
    b: &dyn ReadAt,
    options: &Options,
    context: &Context<'_>,
) -> Result<Option<u64>> {
    let mismatch = find(a, b, 0, options, context)?;
    Ok(mismatch.map(|mismatch| mismatch.offset))
}

/// The same, with up to `shown` bytes of either content from the first byte that differs on.
pub(super) fn find(
    a: &dyn ReadAt,
    b: &dyn ReadAt,
    shown: usize,
    options: &Options,
    context: &Context<'_>,
) -> Result<Option<DifferenceAt>> {
    let comparison = ParallelComparison::new(a, b, options.chunk_size).showing(shown);
    let stretches = comparison.end.div_ceil(STRETCH);
    let workers = options.workers().min(usize::try_from(stretches).unwrap_or(usize::MAX));
    let _slices = LongSlices::begin();
    threads::share(workers, "komparu-compare", context, |context| comparison.run(context));
    comparison.finish()
}

/// The first byte that differs, and what follows it in either content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DifferenceAt {
    pub(crate) offset: u64,
    pub(crate) left: Vec<u8>,
    pub(crate) right: Vec<u8>,
}

/// What ends a comparison before the end of the content.
enum Event {
    Difference(DifferenceAt),
    Error(Error),
}

/// The comparison of two contents, which any number of threads may help with.
pub struct ParallelComparison<R> {
    a: R,
    b: R,
    step: usize,
    /// How many bytes are compared: where the sizes differ, those of the shorter content.
    end: u64,
    /// How many bytes a [`DifferenceAt`] shows of either content.
    shown: usize,
    /// Where the next stretch begins.
    next: AtomicU64,
    /// What was found, by the offset of its stretch.
    event: Earliest<Event>,
    /// How many threads are at it.
    running: Mutex<usize>,
    /// Notified when the last of them leaves.
    all_left: Condvar,
}

impl<'a, R> ParallelComparison<R>
where
    R: Deref<Target = dyn ReadAt + 'a> + Sync,
{
    /// A comparison that has not begun. Each thread has a checkpoint every `step` bytes.
    #[must_use]
    pub fn new(a: R, b: R, step: usize) -> Self {
        let end = a.size().min(b.size());
        Self {
            a,
            b,
            step,
            end,
            shown: 0,
            next: AtomicU64::new(0),
            event: Earliest::default(),
            running: Mutex::new(0),
            all_left: Condvar::new(),
        }
    }

    /// The same, of which a [`DifferenceAt`] shows up to `shown` bytes of either content.
    #[must_use]
    pub(crate) fn showing(self, shown: usize) -> Self {
        Self { shown, ..self }
    }

    /// Compares stretches until none is left.
    pub fn run(&self, context: &Context<'_>) {
        let _running = Running::new(&self.running, &self.all_left);
        loop {
            let start = self.next.fetch_add(STRETCH, Ordering::Relaxed);
            if start >= self.end || self.event.is_before(start) {
                return;
            }
            match self.stretch(start, context) {
                Ok(None) => {}
                Ok(Some(mismatch)) => self.event.note(start, Event::Difference(mismatch)),
                Err(error) => self.event.note(start, Event::Error(error)),
            }
        }
    }

    /// Waits until all threads have left, and says what differs first. To be called by a thread that has called
    /// [`run`](Self::run) itself.
    ///
    /// # Errors
    /// The error that any of the threads met.
    pub(crate) fn finish(&self) -> Result<Option<DifferenceAt>> {
        let running = self.all_left.wait_while(lock(&self.running), |running| *running > 0);
        drop(ignore_poison(running));
        match self.event.take() {
            None if self.a.size() == self.b.size() => Ok(None),
            None => self.place(self.end, None).map(Some),
            Some((_, Event::Difference(mismatch))) => Ok(Some(mismatch)),
            Some((_, Event::Error(error))) => Err(error),
        }
    }

    /// The place at `offset`, where these two bytes were compared; `None` where one content ends.
    fn place(&self, offset: u64, differing: Option<(u8, u8)>) -> Result<DifferenceAt> {
        let show = |content: &dyn ReadAt, compared: Option<u8>| {
            let rest = usize::try_from(content.size() - offset).unwrap_or(usize::MAX);
            let mut bytes = vec![0; rest.min(self.shown)];
            content.read_at(offset, &mut bytes)?;
            // The byte that was compared is shown, though another may have been written there since.
            if let (Some(first), Some(compared)) = (bytes.first_mut(), compared) {
                *first = compared;
            }
            Ok(bytes)
        };
        let left = show(&*self.a, differing.map(|differing| differing.0))?;
        let right = show(&*self.b, differing.map(|differing| differing.1))?;
        Ok(DifferenceAt { offset, left, right })
    }

    /// What differs first in the stretch that begins at `start`. `None` also where that does not count any more.
    fn stretch(&self, start: u64, context: &Context<'_>) -> Result<Option<DifferenceAt>> {
        let end = self.end.min(start + STRETCH);
        let mut offset = start;
        while offset < end {
            context.checkpoint()?;
            let (a, b) = (self.a.extent(offset)?, self.b.extent(offset)?);
            let both_end = a.end().min(b.end());
            let length = usize::try_from(both_end.min(end) - offset).unwrap_or(usize::MAX);
            let mismatch = match (a, b) {
                (Extent::Hole { .. }, Extent::Hole { .. }) => {
                    let skipped = self.skip_to(both_end);
                    context.counters().add_bytes(skipped + both_end.min(end) - offset);
                    None
                }
                (Extent::Data { .. }, Extent::Data { .. }) => {
                    self.compare_bytes(start, offset, length, context)?
                }
                (Extent::Data { .. }, Extent::Hole { .. }) => {
                    self.compare_with_zeros(Side::Right, start, offset, length, context)?
                }
                (Extent::Hole { .. }, Extent::Data { .. }) => {
                    self.compare_with_zeros(Side::Left, start, offset, length, context)?
                }
            };
            if mismatch.is_some() {
                return Ok(mismatch);
            }
            offset = both_end;
        }
        Ok(None)
    }

    /// Skips the stretches that lie wholly before `offset`: a hole in both covers what is left of them. (A
    /// hole of a terabyte has 262,144 stretches.) Says how many bytes that are.
    fn skip_to(&self, offset: u64) -> u64 {
        let next = offset / STRETCH * STRETCH;
        next.saturating_sub(self.next.fetch_max(next, Ordering::Relaxed))
    }

    fn compare_bytes(
        &self,
        stretch: u64,
        offset: u64,
        length: usize,
        context: &Context<'_>,
    ) -> Result<Option<DifferenceAt>> {
        let mut buffers = (Buffer::take(), Buffer::take());
        let mut done = 0;
        while done < length {
            let piece = (length - done).min(BUFFER);
            let at = offset + done as u64;
            let a = bytes_at(&*self.a, at, &mut buffers.0[..piece])?;
            let b = bytes_at(&*self.b, at, &mut buffers.1[..piece])?;
            for (a, b) in a.chunks(self.step).zip(b.chunks(self.step)) {
                if let Some(index) = first_mismatch(a, b) {
                    let offset = offset + (done + index) as u64;
                    return self.place(offset, Some((a[index], b[index]))).map(Some);
                }
                if !self.still_counts(stretch, context)? {
                    return Ok(None);
                }
                done += a.len();
            }
            context.counters().add_bytes(piece as u64);
        }
        Ok(None)
    }

    fn compare_with_zeros(
        &self,
        zeros: Side,
        stretch: u64,
        offset: u64,
        length: usize,
        context: &Context<'_>,
    ) -> Result<Option<DifferenceAt>> {
        let data: &dyn ReadAt = match zeros {
            Side::Left => &*self.b,
            Side::Right => &*self.a,
        };
        let mut buffer = Buffer::take();
        let mut done = 0;
        while done < length {
            let piece = (length - done).min(BUFFER);
            data.read_at(offset + done as u64, &mut buffer[..piece])?;
            for bytes in buffer[..piece].chunks(self.step) {
                if let Some(index) = first_nonzero(bytes) {
                    let (offset, byte) = (offset + (done + index) as u64, bytes[index]);
                    let differing = match zeros {
                        Side::Left => (0, byte),
                        Side::Right => (byte, 0),
                    };
                    return self.place(offset, Some(differing)).map(Some);
                }
                if !self.still_counts(stretch, context)? {
                    return Ok(None);
                }
                done += bytes.len();
            }
            context.counters().add_bytes(piece as u64);
        }
        Ok(None)
    }

    /// Is there no event before this stretch, so that it still counts?
    fn still_counts(&self, stretch: u64, context: &Context<'_>) -> Result<bool> {
        context.checkpoint()?;
        Ok(!self.event.is_before(stretch))
    }
}

/// As many bytes as the buffer has, at an offset: in memory, or read into the buffer.
fn bytes_at<'b>(content: &'b dyn ReadAt, offset: u64, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
    match content.lend(offset, buffer.len()) {
        Some(lent) => Ok(lent),
        None => content.read_at(offset, buffer).map(|()| &*buffer),
    }
}

/// Counts a thread for as long as it runs.
struct Running<'a> {
    count: &'a Mutex<usize>,
    all_left: &'a Condvar,
}

impl<'a> Running<'a> {
    fn new(count: &'a Mutex<usize>, all_left: &'a Condvar) -> Self {
        *lock(count) += 1;
        Self { count, all_left }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut count = lock(self.count);
        *count -= 1;
        if *count == 0 {
            self.all_left.notify_all();
        }
    }
}
