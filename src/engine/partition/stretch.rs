//! One stretch of many contents, read once each and grouped by its bytes.
//!
//! The first content with new bytes keeps them; every other one is compared with the bytes kept so far. The
//! groups do not depend on the order in which the contents are read.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, Hasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::content::{Chunk, OpenReader, Reader, Reopen};
use crate::error::{Error, Result};
use crate::run::context::Context;
use crate::run::earliest::Earliest;
use crate::run::sort;
use crate::run::threads;
use crate::sys::lock::{ignore_poison, lock};

/// A second thread pays off from this many bytes on: starting and joining one takes 40 µs, in which
/// the first reads and compares a quarter of them.
const WORTH_A_THREAD: usize = 1 << 20;

/// Bytes of each of [`HASHED_PLACES`] places of a stretch that are hashed, to find groups that it may belong
/// to.
const HASHED: usize = 64;
const HASHED_PLACES: usize = 4;

/// Classes with one partial hash that each content is compared with. More have it in common only where they
/// differ in no place that is hashed, as contents do that are made for it: compared each with each other, they
/// would take time that grows with the square of their number.
const MOST_PER_HASH: usize = 8;

/// A content that can be opened again and read at any offset, open or not.
pub(crate) struct Reopenable {
    content: Box<dyn Reopen>,
    open: Mutex<Option<Box<dyn OpenReader>>>,
}

impl Reopenable {
    pub(crate) fn new(content: Box<dyn Reopen>) -> Self {
        Self { content, open: Mutex::new(None) }
    }

    pub(crate) fn size(&self) -> u64 {
        self.content.size()
    }

    pub(crate) fn is_open(&self) -> bool {
        lock(&self.open).is_some()
    }

    /// Can it be opened?
    pub(crate) fn try_open(&self) -> Result<()> {
        if self.is_open() { Ok(()) } else { self.content.reopen().map(drop) }
    }

    /// A separate reader, from the start.
    pub(crate) fn reader(&self) -> Result<Box<dyn OpenReader>> {
        self.content.reopen()
    }

    /// Calls `ask` with the content, which is opened for it if need be.
    pub(crate) fn with<T>(
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
    pub(crate) fn close(&self) -> Result<()> {
        lock(&self.open).take().map_or(Ok(()), |reader| reader.verify())
    }
}

/// Fills `buffer` with the next `length` bytes of a stream, or all that are left.
pub(crate) fn read_stream(
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
pub(crate) struct Stretch {
    pub(crate) offset: u64,
    pub(crate) length: usize,
    pub(crate) keep_open: bool,
    pub(crate) workers: usize,
}

/// Reads a stretch of all `members`, with several threads if that pays off.
pub(crate) fn read_all(
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
pub(crate) type Part = (Vec<usize>, usize);

/// Members with the same bytes in a stretch, while others may be added.
struct StretchClass {
    content: Vec<u8>,
    members: Mutex<Vec<usize>>,
}

/// Classes by what tells most of them apart.
type ClassesBy<K> = Mutex<HashMap<K, Vec<Arc<StretchClass>>>>;

/// The members of a class, grouped by the bytes of one stretch.
#[derive(Default)]
pub(crate) struct Classes {
    /// The key of the partial hash: another one each time, so that no contents can be made for it.
    key: RandomState,
    by_hash: ClassesBy<u64>,
    /// Those beyond [`MOST_PER_HASH`] with the same partial hash, by their BLAKE3-256 digests.
    by_digest: ClassesBy<[u8; 32]>,
    /// By the place in the list of the member that failed; what ends the call comes before all.
    failure: Earliest<(usize, Error)>,
}

impl Classes {
    /// Has a member failed that comes before this one in the list?
    pub(crate) fn failed_before(&self, member: usize) -> bool {
        self.failure.is_before(member as u64 + 1)
    }

    /// Notes that the stretch of `member` has been read into `buffer`, which may be taken, or why it has not.
    pub(crate) fn note(&self, member: usize, read: Result<()>, buffer: &mut Vec<u8>) {
        match read {
            Ok(()) => self.add(member, buffer),
            Err(error) if error.ends_call() => self.failure.note(0, (0, error)),
            Err(error) => self.failure.note(member as u64 + 1, (member, error)),
        }
    }

    fn add(&self, member: usize, buffer: &mut Vec<u8>) {
        let hash = partial_hash(&self.key, buffer);
        if add_to(&self.by_hash, hash, MOST_PER_HASH, member, buffer) {
            return;
        }
        let digest = *blake3::hash(buffer).as_bytes();
        add_to(&self.by_digest, digest, usize::MAX, member, buffer);
    }

    /// All classes, by their first members.
    ///
    /// # Errors
    /// The failure, and the member that failed; when the context says stop.
    pub(crate) fn finish(
        self,
        context: &Context<'_>,
    ) -> std::result::Result<Vec<Part>, (usize, Error)> {
        if let Some((_, failure)) = self.failure.into_inner() {
            return Err(failure);
        }
        let by_hash = ignore_poison(self.by_hash.into_inner());
        let by_digest = ignore_poison(self.by_digest.into_inner());
        let part = |class: &Arc<StretchClass>| {
            let mut members = std::mem::take(&mut *lock(&class.members));
            sort::sort_by(&mut members, context, Ord::cmp)?;
            Ok((members, class.content.len()))
        };
        let all = by_hash.values().chain(by_digest.values()).flatten();
        let mut parts: Vec<_> = all.map(part).collect::<Result<_>>().map_err(stopped)?;
        sort::sort_by(&mut parts, context, Ord::cmp).map_err(stopped)?;
        Ok(parts)
    }
}

/// Adds `member` to the class with its bytes, or to a new one, unless `most` others have this key. False where
/// they do, and none of them has its bytes.
fn add_to<K: Copy + Eq + Hash>(
    classes: &ClassesBy<K>,
    key: K,
    most: usize,
    member: usize,
    buffer: &mut Vec<u8>,
) -> bool {
    let mut compared = 0;
    loop {
        let candidates: Vec<Arc<StretchClass>> = {
            let mut classes = lock(classes);
            let classes = classes.entry(key).or_default();
            if classes.len() == compared {
                if compared < most {
                    let (content, members) = (std::mem::take(buffer), Mutex::new(vec![member]));
                    classes.push(Arc::new(StretchClass { content, members }));
                }
                return compared < most;
            }
            classes[compared..].to_vec()
        };
        if let Some(found) = candidates.iter().find(|class| class.content == *buffer) {
            lock(&found.members).push(member);
            return true;
        }
        compared += candidates.len();
    }
}

/// What the context says is reported before any member's failure.
fn stopped(error: Error) -> (usize, Error) {
    (0, error)
}

/// A number that two stretches have in common if they are the same, and hardly ever otherwise.
fn partial_hash(key: &RandomState, bytes: &[u8]) -> u64 {
    let mut hasher = key.build_hasher();
    hasher.write_usize(bytes.len());
    let last = bytes.len().saturating_sub(HASHED);
    for place in 0..HASHED_PLACES {
        let start = last / (HASHED_PLACES - 1) * place;
        hasher.write(&bytes[start..bytes.len().min(start + HASHED)]);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;

    /// Contents that differ in no place that is hashed.
    fn made_for_it(number: u32) -> Vec<u8> {
        let mut content = vec![0; 4096];
        // Between the first and the second of four places.
        content[100..104].copy_from_slice(&number.to_ne_bytes());
        content
    }

    #[test]
    fn the_partial_hash_has_another_key_each_time() {
        let of = |classes: &Classes| partial_hash(&classes.key, b"the same");
        let (one, two) = (Classes::default(), Classes::default());
        assert_eq!(of(&one), of(&one));
        assert_ne!(of(&one), of(&two));
    }

    #[test]
    fn contents_with_one_partial_hash_are_not_compared_each_with_each() {
        let classes = Classes::default();
        for member in 0..200 {
            let number = u32::try_from(member / 2).expect("small");
            classes.note(member, Ok(()), &mut made_for_it(number));
        }
        let with_a_hash: Vec<_> = lock(&classes.by_hash).values().map(Vec::len).collect();
        assert_eq!(with_a_hash, [MOST_PER_HASH]);
        let with_a_digest: Vec<_> = lock(&classes.by_digest).values().map(Vec::len).collect();
        assert_eq!(with_a_digest, vec![1; 100 - MOST_PER_HASH]);
        let call = Call::new(None);
        let parts = classes.finish(&Context::new(&call)).expect("no failure");
        let pairs: Vec<Part> = (0..100).map(|pair| (vec![2 * pair, 2 * pair + 1], 4096)).collect();
        assert_eq!(parts, pairs);
    }
}
