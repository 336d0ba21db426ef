//! Two contents that can be read at any offset, compared by several threads.
//!
//! The content is divided into stretches; each thread takes the next one. What counts in the end is the event
//! (a difference, an error) in the earliest stretch: stretches before an event are finished, those after it
//! are given up. So the outcome is the one that a single thread reading from the start would have come to,
//! however the threads were scheduled.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};

use crate::content::file::buffers::{BUFFER, Buffer};
use crate::content::{Extent, ReadAt, is_zero};
use crate::error::{Error, Result};
use crate::options::Options;
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

/// Are both contents the same? They must have the same size.
///
/// # Errors
/// When either cannot be read, or the context says stop.
pub fn compare(
    a: &dyn ReadAt,
    b: &dyn ReadAt,
    options: &Options,
    context: &Context<'_>,
) -> Result<bool> {
    let comparison = ParallelComparison::new(a, b, options.chunk_size);
    let stretches = a.size().div_ceil(STRETCH);
    let workers = options.workers().min(usize::try_from(stretches).unwrap_or(usize::MAX));
    let _slices = LongSlices::begin();
    threads::share(workers, "komparu-compare", context, |context| comparison.run(context));
    comparison.finish()
}

/// What ends a comparison before the end of the content.
enum Event {
    Difference,
    Error(Error),
}

/// The comparison of two contents, which any number of threads may help with.
pub struct ParallelComparison<R> {
    a: R,
    b: R,
    step: usize,
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
    /// A comparison of two contents of the same size that has not begun. Each thread has a checkpoint every
    /// `step` bytes.
    #[must_use]
    pub fn new(a: R, b: R, step: usize) -> Self {
        Self {
            a,
            b,
            step,
            next: AtomicU64::new(0),
            event: Earliest::default(),
            running: Mutex::new(0),
            all_left: Condvar::new(),
        }
    }

    /// Compares stretches until none is left.
    pub fn run(&self, context: &Context<'_>) {
        let _running = Running::new(&self.running, &self.all_left);
        loop {
            let start = self.next.fetch_add(STRETCH, Ordering::Relaxed);
            if start >= self.a.size() || self.event.is_before(start) {
                return;
            }
            match self.stretch(start, context) {
                Ok(true) => {}
                Ok(false) => self.event.note(start, Event::Difference),
                Err(error) => self.event.note(start, Event::Error(error)),
            }
        }
    }

    /// Waits until all threads have left, and says whether both contents are the same. To be called by a
    /// thread that has called [`run`](Self::run) itself.
    ///
    /// # Errors
    /// The error that any of the threads met.
    pub fn finish(&self) -> Result<bool> {
        let running = self.all_left.wait_while(lock(&self.running), |running| *running > 0);
        drop(ignore_poison(running));
        match self.event.take() {
            None => Ok(true),
            Some((_, Event::Difference)) => Ok(false),
            Some((_, Event::Error(error))) => Err(error),
        }
    }

    /// Is the stretch that begins at `start` the same in both? Also true where that does not count any more.
    fn stretch(&self, start: u64, context: &Context<'_>) -> Result<bool> {
        let end = self.a.size().min(start + STRETCH);
        let mut offset = start;
        while offset < end {
            context.checkpoint()?;
            let (a, b) = (self.a.extent(offset)?, self.b.extent(offset)?);
            let both_end = a.end().min(b.end());
            let length = usize::try_from(both_end.min(end) - offset).unwrap_or(usize::MAX);
            let same = match (a, b) {
                (Extent::Hole { .. }, Extent::Hole { .. }) => {
                    self.skip_to(both_end);
                    true
                }
                (Extent::Data { .. }, Extent::Data { .. }) => {
                    self.same_bytes(start, offset, length, context)?
                }
                (Extent::Data { .. }, Extent::Hole { .. }) => {
                    self.all_zero(&*self.a, start, offset, length, context)?
                }
                (Extent::Hole { .. }, Extent::Data { .. }) => {
                    self.all_zero(&*self.b, start, offset, length, context)?
                }
            };
            if !same {
                return Ok(false);
            }
            offset = both_end;
        }
        Ok(true)
    }

    /// Skips the stretches that lie wholly before `offset`: a hole in both covers what is left of them. (A
    /// hole of a terabyte has 262,144 stretches.)
    fn skip_to(&self, offset: u64) {
        self.next.fetch_max(offset / STRETCH * STRETCH, Ordering::Relaxed);
    }

    fn same_bytes(
        &self,
        stretch: u64,
        offset: u64,
        length: usize,
        context: &Context<'_>,
    ) -> Result<bool> {
        let mut buffers = (Buffer::take(), Buffer::take());
        let mut done = 0;
        while done < length {
            let piece = (length - done).min(BUFFER);
            let (a, b) = (&mut buffers.0[..piece], &mut buffers.1[..piece]);
            self.a.read_at(offset + done as u64, a)?;
            self.b.read_at(offset + done as u64, b)?;
            for (a, b) in a.chunks(self.step).zip(b.chunks(self.step)) {
                if a != b {
                    return Ok(false);
                }
                if !self.still_counts(stretch, context)? {
                    return Ok(true);
                }
            }
            done += piece;
        }
        Ok(true)
    }

    fn all_zero(
        &self,
        data: &dyn ReadAt,
        stretch: u64,
        offset: u64,
        length: usize,
        context: &Context<'_>,
    ) -> Result<bool> {
        let mut buffer = Buffer::take();
        let mut done = 0;
        while done < length {
            let piece = (length - done).min(BUFFER);
            data.read_at(offset + done as u64, &mut buffer[..piece])?;
            for bytes in buffer[..piece].chunks(self.step) {
                if !is_zero(bytes) {
                    return Ok(false);
                }
                if !self.still_counts(stretch, context)? {
                    return Ok(true);
                }
            }
            done += piece;
        }
        Ok(true)
    }

    /// Is there no event before this stretch, so that it still counts?
    fn still_counts(&self, stretch: u64, context: &Context<'_>) -> Result<bool> {
        context.checkpoint()?;
        Ok(!self.event.is_before(stretch))
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
