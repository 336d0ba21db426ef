//! One stretch of many contents, read once each and grouped by its bytes.
//!
//! The first content with new bytes keeps them; every other one is compared with the bytes kept so far. The
//! groups do not depend on the order in which the contents are read.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::context::Context;
use crate::earliest::Earliest;
use crate::error::{Error, Result};
use crate::order;
use crate::reader::{Chunk, OpenReader, Reader, Reopen};
use crate::sys::lock::{ignore_poison, lock};
use crate::threads;

/// A second thread pays off from this many bytes on: starting and joining one takes 40 µs, in which
/// the first reads and compares a quarter of them.
const WORTH_A_THREAD: usize = 1 << 20;

/// Bytes of each of [`HASHED_PLACES`] places of a stretch that are hashed, to find groups that it may belong
/// to.
const HASHED: usize = 64;
const HASHED_PLACES: usize = 4;

/// A content that can be opened again and read at any offset, open or not.
pub(super) struct Reopenable {
    content: Box<dyn Reopen>,
    open: Mutex<Option<Box<dyn OpenReader>>>,
}

impl Reopenable {
    pub(super) fn new(content: Box<dyn Reopen>) -> Self {
        Self { content, open: Mutex::new(None) }
    }

    pub(super) fn size(&self) -> u64 {
        self.content.size()
    }

    pub(super) fn is_open(&self) -> bool {
        lock(&self.open).is_some()
    }

    /// Can it be opened?
    pub(super) fn try_open(&self) -> Result<()> {
        if self.is_open() { Ok(()) } else { self.content.reopen().map(drop) }
    }

    /// A separate reader, from the start.
    pub(super) fn reader(&self) -> Result<Box<dyn OpenReader>> {
        self.content.reopen()
    }

    /// Calls `ask` with the content, which is opened for it if need be.
    pub(super) fn with<T>(
        &self,
        keep_open: bool,
        ask: impl FnOnce(&dyn OpenReader) -> Result<T>,
    ) -> Result<T> {
        let mut open = lock(&self.open);
        let reader = match open.take() {
            Some(reader) => reader,
            None => self.content.reopen()?,
        };
        let answer = ask(&*reader)?;
        if keep_open {
            *open = Some(reader);
        } else {
            reader.verify()?;
        }
        Ok(answer)
    }

    /// Fills `buffer` with up to `length` bytes from `offset` on.
    fn read(&self, offset: u64, length: usize, keep: bool, buffer: &mut Vec<u8>) -> Result<()> {
        let ahead = self.size().saturating_sub(offset);
        buffer.resize(usize::try_from(ahead).unwrap_or(usize::MAX).min(length), 0);
        if buffer.is_empty() {
            return Ok(());
        }
        self.with(keep, |reader| {
            reader.as_random().map_or(Ok(()), |content| content.read_at(offset, buffer))
        })
    }

    /// Verifies and closes it.
    pub(super) fn close(&self) -> Result<()> {
        lock(&self.open).take().map_or(Ok(()), |reader| reader.verify())
    }
}

/// Fills `buffer` with the next `length` bytes of a stream, or all that are left.
pub(super) fn read_stream(
    reader: &mut dyn Reader,
    length: usize,
    buffer: &mut Vec<u8>,
    context: &Context<'_>,
) -> Result<()> {
    buffer.clear();
    while buffer.len() < length {
        let room = length - buffer.len();
        let taken = match reader.chunk()? {
            Chunk::Bytes(bytes) => {
                let taken = bytes.len().min(room);
                buffer.extend_from_slice(&bytes[..taken]);
                taken
            }
            Chunk::Zeros(zeros) => {
                let taken = usize::try_from(zeros).unwrap_or(usize::MAX).min(room);
                buffer.resize(buffer.len() + taken, 0);
                taken
            }
            Chunk::Waiting => 0,
            Chunk::End => return Ok(()),
        };
        if taken > 0 {
            reader.consume(taken as u64);
        }
        context.checkpoint()?;
    }
    Ok(())
}

/// Which part of the contents is read, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) offset: u64,
    pub(super) length: usize,
    pub(super) keep_open: bool,
    pub(super) workers: usize,
}

/// Reads a stretch of all `members`, with several threads if that pays off.
pub(super) fn read_all(
    members: &[(usize, &Reopenable)],
    stretch: Stretch,
    classes: &Classes,
    context: &Context<'_>,
) {
    let next = AtomicUsize::new(0);
    let work = |context: &Context<'_>| {
        let mut buffer = Vec::new();
        while let Some(&(index, member)) = members.get(next.fetch_add(1, Ordering::Relaxed)) {
            if classes.failed_before(index) {
                continue;
            }
            let Stretch { offset, length, keep_open, .. } = stretch;
            let read = context
                .checkpoint()
                .and_then(|()| member.read(offset, length, keep_open, &mut buffer));
            classes.note(index, read, &mut buffer);
        }
    };
    let bytes = members.len().saturating_mul(stretch.length);
    let workers = stretch.workers.min(members.len()).min(bytes / WORTH_A_THREAD);
    threads::share(workers, "komparu-compare", context, work);
}

/// Members with the same bytes in a stretch, in the order of the list, and how long it is.
pub(super) type Part = (Vec<usize>, usize);

/// Members with the same bytes in a stretch, while others may be added.
struct StretchClass {
    content: Vec<u8>,
    members: Mutex<Vec<usize>>,
}

/// The members of a class, grouped by the bytes of one stretch.
#[derive(Default)]
pub(super) struct Classes {
    by_hash: Mutex<HashMap<u64, Vec<Arc<StretchClass>>>>,
    /// By the place in the list of the member that failed; what ends the call comes before all.
    failure: Earliest<(usize, Error)>,
}

impl Classes {
    /// Has a member failed that comes before this one in the list?
    pub(super) fn failed_before(&self, member: usize) -> bool {
        self.failure.is_before(member as u64 + 1)
    }

    /// Notes that the stretch of `member` has been read into `buffer`, which may be taken, or why it has not.
    pub(super) fn note(&self, member: usize, read: Result<()>, buffer: &mut Vec<u8>) {
        match read {
            Ok(()) => self.add(member, buffer),
            Err(error) if error.ends_call() => self.failure.note(0, (0, error)),
            Err(error) => self.failure.note(member as u64 + 1, (member, error)),
        }
    }

    fn add(&self, member: usize, buffer: &mut Vec<u8>) {
        let hash = partial_hash(buffer);
        let mut compared = 0;
        loop {
            let candidates: Vec<Arc<StretchClass>> = {
                let mut by_hash = lock(&self.by_hash);
                let classes = by_hash.entry(hash).or_default();
                if classes.len() == compared {
                    let (content, members) = (std::mem::take(buffer), Mutex::new(vec![member]));
                    classes.push(Arc::new(StretchClass { content, members }));
                    return;
                }
                classes[compared..].to_vec()
            };
            if let Some(found) = candidates.iter().find(|class| class.content == *buffer) {
                lock(&found.members).push(member);
                return;
            }
            compared += candidates.len();
        }
    }

    /// All classes, by their first members.
    ///
    /// # Errors
    /// The failure, and the member that failed; when the context says stop.
    pub(super) fn finish(
        self,
        context: &Context<'_>,
    ) -> std::result::Result<Vec<Part>, (usize, Error)> {
        if let Some((_, failure)) = self.failure.into_inner() {
            return Err(failure);
        }
        let all = ignore_poison(self.by_hash.into_inner());
        let part = |class: &Arc<StretchClass>| {
            let mut members = std::mem::take(&mut *lock(&class.members));
            order::sort_by(&mut members, context, Ord::cmp)?;
            Ok((members, class.content.len()))
        };
        let mut parts: Vec<_> =
            all.values().flatten().map(part).collect::<Result<_>>().map_err(stopped)?;
        drop(all);
        order::sort_by(&mut parts, context, Ord::cmp).map_err(stopped)?;
        Ok(parts)
    }
}

/// What the context says is reported before any member's failure.
fn stopped(error: Error) -> (usize, Error) {
    (0, error)
}

/// A number that two stretches have in common if they are the same, and hardly ever otherwise.
fn partial_hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_usize(bytes.len());
    let last = bytes.len().saturating_sub(HASHED);
    for place in 0..HASHED_PLACES {
        let start = last / (HASHED_PLACES - 1) * place;
        hasher.write(&bytes[start..bytes.len().min(start + HASHED)]);
    }
    hasher.finish()
}
