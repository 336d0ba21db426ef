//! Sources that cannot all be open at once: more URLs than a call may have transfers.
//!
//! Each is read through once, in its turn, and only its digest is kept (see `engine/digest.rs`): sources
//! with the same digest are the same.

use std::collections::HashMap;
use std::sync::Mutex;

use blake3::Hash;

use crate::content::sizes_differ;
use crate::content::{Chunk, Reader};
use crate::engine::digest::{Digest, StreamDigest};
use crate::engine::wait_for;
use crate::error::Result;
use crate::options::Options;
use crate::run::context::Context;
use crate::run::for_each::{AfterFailure, Verdict, each};
use crate::run::sort;
use crate::sys::lock::{ignore_poison, lock};

/// Groups `members` by their digests; those of each class in order.
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
        if let Some(digest) = digest(&mut *reader, context, |_, _| Verdict::Undecided)? {
            lock(&found).entry(digest).or_default().push(member.clone());
        }
        Ok(Verdict::Undecided)
    })?;
    let mut found = ignore_poison(found.into_inner());
    for members in found.values_mut() {
        sort::sort_by(members, context, Ord::cmp)?;
    }
    Ok(found)
}

/// Are all of these the same? The first difference ends the reading.
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
    let verdict = |same: bool| if same { Verdict::Undecided } else { Verdict::Decided };
    each(members, options.transfers(), AfterFailure::Continue, context, |member, context| {
        let mut reader = open(member)?;
        wait_for(&mut *reader, context)?;
        if options.size_precheck && lock(&common).differs_in_size(reader.size()) {
            return Ok(Verdict::Decided);
        }
        let digest = digest(&mut *reader, context, |checkpoint, hash| {
            verdict(lock(&common).has_checkpoint(checkpoint, hash))
        })?;
        Ok(digest.map_or(Verdict::Decided, |digest| verdict(lock(&common).ends_with(digest))))
    })
    .map(|outcome| outcome == Verdict::Undecided)
}

/// What all contents must have in common, taken from the first one that got so far.
#[derive(Default)]
struct Common {
    size: Option<u64>,
    checkpoints: Vec<Hash>,
    end: Option<Digest>,
}

impl Common {
    fn differs_in_size(&mut self, size: Option<u64>) -> bool {
        let differs = sizes_differ(self.size, size);
        self.size = self.size.or(size);
        differs
    }

    /// Do the others have the same digest at this checkpoint? Each content passes its checkpoints in order.
    fn has_checkpoint(&mut self, checkpoint: usize, hash: Hash) -> bool {
        if checkpoint == self.checkpoints.len() {
            self.checkpoints.push(hash);
        }
        self.checkpoints[checkpoint] == hash
    }

    fn ends_with(&mut self, digest: Digest) -> bool {
        *self.end.get_or_insert(digest) == digest
    }
}

/// Reads a content through. `at_checkpoint` gets the digest of what lies before each checkpoint; `None` if
/// it says that the answer is known.
fn digest(
    reader: &mut dyn Reader,
    context: &Context<'_>,
    at_checkpoint: impl Fn(usize, Hash) -> Verdict,
) -> Result<Option<Digest>> {
    let mut digest = StreamDigest::default();
    loop {
        let chunk = reader.chunk()?;
        if chunk == Chunk::End {
            break;
        }
        let (added, checkpoint) = digest.add(chunk, context)?;
        if added > 0 {
            context.counters().add_bytes(added);
            reader.consume(added);
        }
        if let Some((checkpoint, hash)) = checkpoint
            && at_checkpoint(checkpoint, hash) == Verdict::Decided
        {
            return Ok(None);
        }
        context.checkpoint()?;
    }
    reader.verify()?;
    Ok(Some(digest.finish()))
}
