//! Two contents that can be read anywhere, compared by several threads.
//!
//! The content is cut into stretches; each thread takes the next one that nobody has taken. What
//! counts in the end is the event (a difference, an error) at the lowest stretch: stretches below an
//! event are finished, those above are given up. So the outcome is the one that a single thread
//! reading from the start would have come to, however the threads were scheduled.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};

use super::is_zero;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::reader::stash::{BUFFER, Buffer};
use crate::reader::{Extent, ReadAt};
use crate::sys::lock::{ignore_poison, lock};
use crate::sys::schedule::LongTurns;
use crate::threads;

/// Content from this size on is worth several threads: below it, starting and joining them (40 µs
/// each) costs more than a tenth of what comparing takes.
pub const WORTHWHILE: u64 = 4 << 20;

/// Bytes that a thread takes at a time: about a millisecond's work. Larger stretches leave threads
/// without work at the end.
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
    let work = Work::new(a, b, options.chunk_size);
    let stretches = a.size().div_ceil(STRETCH);
    let workers = options.workers().min(usize::try_from(stretches).unwrap_or(usize::MAX));
    let call = context.call();
    let _turns = LongTurns::begin();
    std::thread::scope(|scope| {
        for _ in 1..workers {
            let help = || work.run(&Context::new(call));
            let builder = threads::named("komparu-compare");
            // Where no more threads can be had, those that there are do all the work.
            if builder.spawn_scoped(scope, help).is_err() {
                break;
            }
        }
        work.run(context);
    });
    work.finish()
}

/// What ends a comparison before the end of the content.
enum Event {
    Difference,
    Error(Error),
}

/// The comparison of two contents, open to any thread that wants to help.
pub struct Work<R> {
    a: R,
    b: R,
    step: usize,
    /// Where the next stretch begins that nobody has taken.
    next: AtomicU64,
    /// Nothing from here on matters any more: there was an event at this offset.
    limit: AtomicU64,
    /// The event at the lowest offset.
    event: Mutex<Option<(u64, Event)>>,
    helpers: Mutex<usize>,
    /// Notified when the last helper leaves.
    deserted: Condvar,
}

impl<'a, R> Work<R>
where
    R: Deref<Target = dyn ReadAt + 'a> + Sync,
{
    /// The comparison of two contents of the same size, nothing of which is done yet. Whoever does
    /// some of it looks up every `step` bytes.
    #[must_use]
    pub fn new(a: R, b: R, step: usize) -> Self {
        Self {
            a,
            b,
            step,
            next: AtomicU64::new(0),
            limit: AtomicU64::new(u64::MAX),
            event: Mutex::new(None),
            helpers: Mutex::new(0),
            deserted: Condvar::new(),
        }
    }

    /// Takes stretches until none is left.
    pub fn run(&self, context: &Context<'_>) {
        let _helper = Helper::new(&self.helpers, &self.deserted);
        loop {
            let start = self.next.fetch_add(STRETCH, Ordering::Relaxed);
            if start >= self.a.size().min(self.limit.load(Ordering::Relaxed)) {
                return;
            }
            let event = match self.stretch(start, context) {
                Ok(true) => continue,
                Ok(false) => Event::Difference,
                Err(error) => Event::Error(error),
            };
            self.limit.fetch_min(start, Ordering::Relaxed);
            let mut lowest = lock(&self.event);
            if lowest.as_ref().is_none_or(|&(offset, _)| start < offset) {
                *lowest = Some((start, event));
            }
        }
    }

    /// Waits for whoever is still helping, and says whether both contents are the same. To be
    /// called by a thread that has [`run`](Self::run) itself.
    ///
    /// # Errors
    /// What any of the threads ran into.
    pub fn finish(&self) -> Result<bool> {
        let helpers = lock(&self.helpers);
        let none_left = self.deserted.wait_while(helpers, |helpers| *helpers > 0);
        drop(ignore_poison(none_left));
        match lock(&self.event).take() {
            None => Ok(true),
            Some((_, Event::Difference)) => Ok(false),
            Some((_, Event::Error(error))) => Err(error),
        }
    }

    /// Is the stretch that begins at `start` the same in both, or is there no need to know?
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

    /// Nobody need take the stretches that lie wholly before `offset`: a hole in both covers what
    /// is left of them. (A terabyte of hole has 262,144 stretches.)
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
                if !self.goes_on(stretch, context)? {
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
                if !self.goes_on(stretch, context)? {
                    return Ok(true);
                }
            }
            done += piece;
        }
        Ok(true)
    }

    /// Does this stretch still matter?
    fn goes_on(&self, stretch: u64, context: &Context<'_>) -> Result<bool> {
        context.checkpoint()?;
        Ok(stretch < self.limit.load(Ordering::Relaxed))
    }
}

/// A thread that is at the work, counted as long as it lives.
struct Helper<'a> {
    helpers: &'a Mutex<usize>,
    deserted: &'a Condvar,
}

impl<'a> Helper<'a> {
    fn new(helpers: &'a Mutex<usize>, deserted: &'a Condvar) -> Self {
        *lock(helpers) += 1;
        Self { helpers, deserted }
    }
}

impl Drop for Helper<'_> {
    fn drop(&mut self) {
        let mut helpers = lock(self.helpers);
        *helpers -= 1;
        if *helpers == 0 {
            self.deserted.notify_all();
        }
    }
}
