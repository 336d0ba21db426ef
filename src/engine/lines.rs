//! Counting lines.

use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memchr_iter;

use crate::content::file::buffers::{BUFFER, Buffer};
use crate::content::{Extent, ReadAt};
use crate::error::Result;
use crate::run::context::Context;
use crate::run::earliest::Earliest;
use crate::run::threads;

/// Bytes that a thread takes at a time: about a quarter of a millisecond's work.
const STRETCH: u64 = 1 << 20;

/// From this size on several threads count: below it, starting and joining them (40 µs each) takes more than a
/// tenth of the time that counting takes.
const WORTHWHILE: u64 = 4 << 20;

/// How many line ends there are in these bytes.
pub(crate) fn line_ends(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// How many line ends the left content has before `end`, which must lie within the size. Up to `workers` threads read.
///
/// # Errors
/// When the content cannot be read; when the context says stop.
pub(super) fn line_ends_before(
    left: &dyn ReadAt,
    end: u64,
    workers: usize,
    context: &Context<'_>,
) -> Result<u64> {
    let (next, count, failure) = (AtomicU64::new(0), AtomicU64::new(0), Earliest::default());
    let work = |context: &Context<'_>| {
        loop {
            let start = next.fetch_add(STRETCH, Ordering::Relaxed);
            if start >= end || failure.is_before(start) {
                return;
            }
            match in_stretch(left, start, end, &next, context) {
                Ok(found) => {
                    count.fetch_add(found, Ordering::Relaxed);
                }
                Err(error) => failure.note(start, error),
            }
        }
    };
    let stretches = usize::try_from(end.div_ceil(STRETCH)).unwrap_or(usize::MAX);
    let workers = if end < WORTHWHILE { 1 } else { workers.min(stretches) };
    threads::share(workers, "komparu-lines", context, work);
    failure.into_inner().map_or(Ok(count.into_inner()), |(_, error)| Err(error))
}

/// How many line ends there are in the stretch that begins at `start`. Stretches that lie wholly in a hole are
/// skipped: `next` is where the next one begins.
fn in_stretch(
    left: &dyn ReadAt,
    start: u64,
    end: u64,
    next: &AtomicU64,
    context: &Context<'_>,
) -> Result<u64> {
    let end = end.min(start + STRETCH);
    let (mut offset, mut count, mut buffer) = (start, 0, Buffer::take());
    while offset < end {
        context.checkpoint()?;
        let extent = left.extent(offset)?;
        if let Extent::Hole { end } = extent {
            next.fetch_max(end / STRETCH * STRETCH, Ordering::Relaxed);
            offset = end;
            continue;
        }
        let end = extent.end().min(end);
        while offset < end {
            context.checkpoint()?;
            let piece = usize::try_from(end - offset).unwrap_or(BUFFER).min(BUFFER);
            left.read_at(offset, &mut buffer[..piece])?;
            count += line_ends(&buffer[..piece]);
            offset += piece as u64;
        }
    }
    Ok(count)
}
