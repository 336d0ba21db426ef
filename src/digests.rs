//! Sources that cannot all be open at once: more URLs than a call may have transfers.
//!
//! Each is read through in its turn, once. What is kept of it is its length and its BLAKE3-256
//! digest, and those tell which are the same. Nobody knows two contents with the same digest, and
//! nobody is expected to find them: it is meant to be impossible even for who tries.

use std::collections::HashMap;
use std::sync::Mutex;

use blake3::{Hash, Hasher};

use crate::context::Context;
use crate::each::{AfterFailure, Next, each};
use crate::engine::{sizes_differ, wait_for};
use crate::error::Result;
use crate::options::Options;
use crate::order;
use crate::reader::{Chunk, Reader};
use crate::sys::lock::{ignore_poison, lock};

/// Where two contents of the same beginning are looked at first; then at twice that, and so on. So
/// a difference is found before twice as much has been read as there is before it.
const FIRST_RUNG: u64 = 64 << 10;

/// Zeros to digest at a time, where there is a hole.
const ZEROS: &[u8] = &[0; 64 << 10];

/// What is kept of a content.
pub(crate) type Digest = (u64, Hash);

/// Sorts these by their digests; the members of each class in order.
///
/// # Errors
/// When one cannot be read: of several, the first in the list. When the context says stop.
pub(crate) fn classes<T: Clone + Ord + Send + Sync>(
    members: &[T],
    options: &Options,
    context: &Context<'_>,
    open: impl Fn(&T) -> Result<Box<dyn Reader>> + Sync,
) -> Result<HashMap<Digest, Vec<T>>> {
    let found = Mutex::new(HashMap::<_, Vec<T>>::new());
    each(members, options.transfers(), AfterFailure::Stop, context, |member, context| {
        let mut reader = open(member)?;
        wait_for(&mut *reader, context)?;
        let digest = digest(&mut *reader, context, |_, _| Next::GoOn)?;
        if let Some(digest) = digest {
            let mut found = lock(&found);
            found.entry(digest).or_default().push(member.clone());
        }
        Ok(Next::GoOn)
    })?;
    let mut found = ignore_poison(found.into_inner());
    for members in found.values_mut() {
        order::sort_by(members, context, Ord::cmp)?;
    }
    Ok(found)
}

/// Are all of these the same? The first difference ends it.
///
/// # Errors
/// When one cannot be read, unless there is a difference elsewhere; when the context says stop.
pub(crate) fn all_same<T: Sync>(
    members: &[T],
    options: &Options,
    context: &Context<'_>,
    open: impl Fn(&T) -> Result<Box<dyn Reader>> + Sync,
) -> Result<bool> {
    let common = Mutex::new(Common::default());
    let differs = |same: bool| if same { Next::GoOn } else { Next::Enough };
    each(members, options.transfers(), AfterFailure::GoOn, context, |member, context| {
        let mut reader = open(member)?;
        wait_for(&mut *reader, context)?;
        if options.size_precheck && lock(&common).differs_in_size(reader.size()) {
            return Ok(Next::Enough);
        }
        let digest =
            digest(&mut *reader, context, |rung, hash| differs(lock(&common).has(rung, hash)))?;
        Ok(digest.map_or(Next::Enough, |digest| differs(lock(&common).ends_with(digest))))
    })
    .map(|outcome| outcome == Next::GoOn)
}

/// What all contents have in common, by those that came first.
#[derive(Default)]
struct Common {
    size: Option<u64>,
    rungs: Vec<Hash>,
    end: Option<Digest>,
}

impl Common {
    fn differs_in_size(&mut self, size: Option<u64>) -> bool {
        let differs = sizes_differ(self.size, size);
        self.size = self.size.or(size);
        differs
    }

    /// Is that what the others have up to this rung? Rungs are climbed one after another.
    fn has(&mut self, rung: usize, hash: Hash) -> bool {
        if rung == self.rungs.len() {
            self.rungs.push(hash);
        }
        self.rungs[rung] == hash
    }

    fn ends_with(&mut self, digest: Digest) -> bool {
        *self.end.get_or_insert(digest) == digest
    }
}

/// Reads a content through. `climbed` is told the digest of what has been read at each rung, and
/// may say that it is enough: `None` then.
fn digest(
    reader: &mut dyn Reader,
    context: &Context<'_>,
    climbed: impl Fn(usize, Hash) -> Next,
) -> Result<Option<Digest>> {
    let (mut hasher, mut rung) = (Hasher::new(), 0);
    loop {
        let before_rung = (FIRST_RUNG << rung) - hasher.count();
        let most = usize::try_from(before_rung).unwrap_or(usize::MAX);
        let taken = match reader.chunk()? {
            Chunk::Bytes(bytes) => {
                let bytes = &bytes[..bytes.len().min(most)];
                hasher.update(bytes);
                bytes.len() as u64
            }
            Chunk::Zeros(zeros) => {
                let zeros = zeros.min(before_rung).min(ZEROS.len() as u64);
                hasher.update(&ZEROS[..usize::try_from(zeros).unwrap_or(ZEROS.len())]);
                zeros
            }
            Chunk::Waiting => 0,
            Chunk::End => break,
        };
        if taken > 0 {
            reader.consume(taken);
        }
        if hasher.count() == FIRST_RUNG << rung {
            if climbed(rung, hasher.finalize()) == Next::Enough {
                return Ok(None);
            }
            rung += 1;
        }
        context.checkpoint()?;
    }
    reader.verify()?;
    Ok(Some((hasher.count(), hasher.finalize())))
}
