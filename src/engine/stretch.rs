//! One stretch of many contents, read once each and sorted by what is in it.
//!
//! The first content of its kind leads: its bytes are kept, and all others are held against the
//! leaders that there are so far. Who is alike does not depend on who came first.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::order;
use crate::reader::{Chunk, OpenReader, Reader, Reopen};
use crate::sys::lock::lock;
use crate::threads;

/// A second thread pays off from this many bytes on: starting and joining one takes 40 µs, in which
/// another reads and compares a quarter of it.
const WORTH_A_THREAD: usize = 1 << 20;

/// Bytes that are looked at, in [`PLACES`] places, to tell which leaders a stretch may follow at all.
const GLANCE: usize = 64;
const PLACES: usize = 4;

/// A content that can be read anywhere, open or not.
pub(super) struct Anywhere {
    content: Box<dyn Reopen>,
    open: Mutex<Option<Box<dyn OpenReader>>>,
}

impl Anywhere {
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

    /// A reader of its own, from the start.
    pub(super) fn reader(&self) -> Result<Box<dyn OpenReader>> {
        self.content.reopen()
    }

    /// Asks something of the content while it is open.
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

    /// Closes it, if what was read of it can be trusted.
    pub(super) fn finish(&self) -> Result<()> {
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

/// What of the contents is read, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) offset: u64,
    pub(super) length: usize,
    pub(super) keep_open: bool,
    pub(super) workers: usize,
}

/// Reads a stretch of all `members`, with several threads if that pays.
pub(super) fn read_all(
    members: &[(usize, &Anywhere)],
    stretch: Stretch,
    sorted: &Sorted,
    context: &Context<'_>,
) {
    let next = AtomicUsize::new(0);
    let work = |context: &Context<'_>| {
        let mut buffer = Vec::new();
        while let Some(&(index, member)) = members.get(next.fetch_add(1, Ordering::Relaxed)) {
            if sorted.is_past_failure(index) {
                continue;
            }
            let Stretch { offset, length, keep_open, .. } = stretch;
            let read = context
                .checkpoint()
                .and_then(|()| member.read(offset, length, keep_open, &mut buffer));
            sorted.note(index, read, &mut buffer);
        }
    };
    let bytes = members.len().saturating_mul(stretch.length);
    let workers = stretch.workers.min(members.len()).min(bytes / WORTH_A_THREAD);
    let call = context.call();
    std::thread::scope(|scope| {
        for _ in 1..workers {
            let builder = threads::named("komparu-compare");
            // Where no more threads can be had, those that there are do all the work.
            if builder.spawn_scoped(scope, || work(&Context::new(call))).is_err() {
                break;
            }
        }
        work(context);
    });
}

/// Members that are alike in a stretch, in the order of the list, and how long it is.
pub(super) type Part = (Vec<usize>, usize);

/// Members that are alike in a stretch, while there may be more of them.
struct Alike {
    content: Vec<u8>,
    members: Mutex<Vec<usize>>,
}

/// The members of a class, sorted by a stretch, and the failure of the first that has failed.
#[derive(Default)]
pub(super) struct Sorted {
    alike: Mutex<HashMap<u64, Vec<Arc<Alike>>>>,
    failure: Mutex<Option<(usize, Error)>>,
}

impl Sorted {
    /// Has a member failed that comes before this one in the list?
    pub(super) fn is_past_failure(&self, member: usize) -> bool {
        lock(&self.failure).as_ref().is_some_and(|&(failed, _)| failed <= member)
    }

    /// Notes what has come of reading the stretch of `member` into `buffer`, which may be taken.
    pub(super) fn note(&self, member: usize, read: Result<()>, buffer: &mut Vec<u8>) {
        match read {
            Ok(()) => self.sort(member, buffer),
            Err(error) => {
                let stops = matches!(error, Error::Cancelled | Error::TimedOut(_));
                let place = if stops { 0 } else { member };
                let mut failure = lock(&self.failure);
                if failure.as_ref().is_none_or(|&(failed, _)| place < failed || stops) {
                    *failure = Some((place, error));
                }
            }
        }
    }

    fn sort(&self, member: usize, buffer: &mut Vec<u8>) {
        let key = glance(buffer);
        let mut seen = 0;
        loop {
            let candidates: Vec<Arc<Alike>> = {
                let mut alike = lock(&self.alike);
                let leaders = alike.entry(key).or_default();
                if leaders.len() == seen {
                    let (content, members) = (std::mem::take(buffer), Mutex::new(vec![member]));
                    leaders.push(Arc::new(Alike { content, members }));
                    return;
                }
                leaders[seen..].to_vec()
            };
            if let Some(found) = candidates.iter().find(|leader| leader.content == *buffer) {
                lock(&found.members).push(member);
                return;
            }
            seen += candidates.len();
        }
    }

    /// All of them, by their first members.
    ///
    /// # Errors
    /// The failure, and the member that failed; when the context says stop.
    pub(super) fn finish(
        self,
        context: &Context<'_>,
    ) -> std::result::Result<Vec<Part>, (usize, Error)> {
        if let Some(failure) = lock(&self.failure).take() {
            return Err(failure);
        }
        let all = lock(&self.alike);
        let class = |alike: &Arc<Alike>| {
            let mut members = std::mem::take(&mut *lock(&alike.members));
            order::sort_by(&mut members, context, Ord::cmp)?;
            Ok((members, alike.content.len()))
        };
        let mut classes: Vec<_> =
            all.values().flatten().map(class).collect::<Result<_>>().map_err(stopped)?;
        drop(all);
        order::sort_by(&mut classes, context, Ord::cmp).map_err(stopped)?;
        Ok(classes)
    }
}

/// What the context says is told before any member's failure.
fn stopped(error: Error) -> (usize, Error) {
    (0, error)
}

/// A number that two stretches have in common if they are alike, and hardly ever otherwise.
fn glance(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_usize(bytes.len());
    let last = bytes.len().saturating_sub(GLANCE);
    for place in 0..PLACES {
        let start = last / (PLACES - 1) * place;
        hasher.write(&bytes[start..bytes.len().min(start + GLANCE)]);
    }
    hasher.finish()
}
