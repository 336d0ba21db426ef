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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::run::context::Call;

    /// Line ends, one hole of zeros behind the first 100 bytes, and line ends again.
    struct Lines {
        size: u64,
        hole_end: u64,
        failing: Option<u64>,
    }

    impl ReadAt for Lines {
        fn size(&self) -> u64 {
            self.size
        }
        fn extent(&self, offset: u64) -> Result<Extent> {
            Ok(match offset {
                ..100 => Extent::Data { end: 100 },
                _ if offset < self.hole_end => Extent::Hole { end: self.hole_end },
                _ => Extent::Data { end: self.size },
            })
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
            let end = offset + buffer.len() as u64;
            assert!(end <= 100 || offset >= self.hole_end, "the hole is read");
            if self.failing.is_some_and(|failing| (offset..end).contains(&failing)) {
                return Err(Error::read(&"lines".into(), "failed"));
            }
            buffer.fill(b'\n');
            Ok(())
        }
    }

    fn count(lines: &Lines, end: u64, workers: usize, call: &Call) -> Result<u64> {
        line_ends_before(lines, end, workers, &Context::new(call))
    }

    #[test]
    fn lines_are_counted_by_any_number_of_threads_and_holes_have_none() {
        let lines = Lines { size: 1 << 43, hole_end: (1 << 43) - (9 << 20), failing: None };
        let call = Call::new(None);
        for workers in [1, 2, 8] {
            for (end, expected) in [
                (0, 0),
                (1, 1),
                (100, 100),
                (101, 100),
                (lines.hole_end, 100),
                (lines.hole_end + 1, 101),
                (lines.size, 100 + (9 << 20)),
            ] {
                assert_eq!(count(&lines, end, workers, &call), Ok(expected), "before {end}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_every_piece_a_checkpoint() {
        let mut lines = Lines { size: 12 << 20, hole_end: 100, failing: None };
        let call = Call::new(None);
        assert_eq!(count(&lines, lines.size, 1, &call), Ok(12 << 20));
        assert!(call.checkpoints() >= (12 << 20) / BUFFER, "{}", call.checkpoints());
        lines.failing = Some(7 << 20);
        for workers in [1, 3] {
            let failed = Err(Error::read(&"lines".into(), "failed"));
            assert_eq!(count(&lines, lines.size, workers, &call), failed);
            let cancelled = Err(Error::Cancelled);
            assert_eq!(count(&lines, lines.size, workers, &Call::until_checkpoint(5)), cancelled);
        }
    }
}
