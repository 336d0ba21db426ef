//! Two archives, read side by side, each in its own order.
//!
//! While both are at the same name, their contents are compared as they come. Where the names differ, one
//! archive advances and the other waits; the digests of the entries it passes are kept. They advance by
//! turns, since most often a few entries are missing and the two archives meet again after them. Where one
//! advances too far, the orders differ, and both are digested to their ends without waiting for each other.

use super::cursor::{ArchiveCursor, Compared, EntryStream, together};
use super::differences::Differences;
use crate::archive::entries::{Body, Entries};
use crate::engine::first::side_by_side;
use crate::engine::lockstep;
use crate::error::Result;
use crate::run::context::Context;

/// How many bytes may pass without a counterpart before lockstep is given up. Decompressing 16 MiB takes
/// some 50 ms.
const REORDER_BUDGET: u64 = 16 << 20;

/// How many bytes an entry counts for besides its content: unpacking an empty one takes as long as so many bytes.
const ENTRY: u64 = 8 << 10;

/// How two archives are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LockstepOptions {
    /// How many bytes are compared between two looks at the context.
    pub(crate) step: usize,
    /// Compare nothing as it comes, but every entry by its digest.
    pub(crate) by_digest: bool,
    /// How many bytes are shown of where two entries differ, if that is asked for.
    pub(crate) shown: Option<usize>,
}

/// Reads both to their ends. Says where entries differ that were compared side by side, if that is asked for.
pub(crate) fn read(
    left: impl EntryStream,
    right: impl EntryStream,
    lockstep_options: LockstepOptions,
    context: &Context<'_>,
) -> Result<([Entries; 2], Differences)> {
    let mut differences = Differences::new();
    let (mut left, mut right) = (ArchiveCursor::new(left, true), ArchiveCursor::new(right, false));
    if lockstep_options.by_digest {
        // An archive that cannot be opened is reported before the other is read to its end.
        left.current()?;
        right.current()?;
    } else {
        compare_in_lockstep(&mut left, &mut right, lockstep_options, &mut differences, context)?;
    }
    digest_separately(&mut left, &mut right, context)?;
    Ok(([left.into_entries(), right.into_entries()], differences))
}

/// Reads one to its end, and compares no content. `counts`: do its bytes count? Those of a pair count once.
pub(crate) fn read_one(
    mut archive: impl EntryStream,
    counts: bool,
    context: &Context<'_>,
) -> Result<Entries> {
    let mut entries = Entries::default();
    while let Some(header) = archive.entry()? {
        context.checkpoint()?;
        let (size, digest) = archive.finish()?;
        if counts {
            context.counters().add_bytes(size);
        }
        entries.push(&header, Body { size, digest, counterpart: None });
    }
    entries.besides = archive.besides();
    Ok(entries)
}

/// Reads both until they are at their ends, or the reorder budget is spent.
fn compare_in_lockstep<A: EntryStream, B: EntryStream>(
    left: &mut ArchiveCursor<A>,
    right: &mut ArchiveCursor<B>,
    LockstepOptions { step, shown, .. }: LockstepOptions,
    differences: &mut Differences,
    context: &Context<'_>,
) -> Result<()> {
    let (mut reordered, mut is_lefts_turn) = (0_u64, false);
    while reordered < REORDER_BUDGET {
        context.checkpoint()?;
        let left_advances = match (left.current()?, right.current()?) {
            (None, None) => break,
            (Some(one), Some(other)) if one.path == other.path => {
                let compare = |left: &mut A, right: &mut B| {
                    let Some(shown) = shown else {
                        let same = lockstep::compare(left, right, step, context)?.is_none();
                        return Ok(Compared { same, difference: None });
                    };
                    let difference = side_by_side(left, right, shown, step, context)?;
                    Ok(Compared { same: difference.is_none(), difference })
                };
                let size = together(left, right, context, differences, compare)?;
                reordered = reordered.saturating_sub(size.saturating_add(2 * ENTRY));
                continue;
            }
            (_, None) => true,
            (None, _) => false,
            (Some(one), Some(other)) => {
                let (one, other) = (one.path.clone(), other.path.clone());
                if left.has_passed(&other, context)? {
                    // Its counterpart has passed already: taking it delays no other pair.
                    false
                } else if right.has_passed(&one, context)? {
                    true
                } else {
                    // Either may be the one that the other archive lacks. By turns, they meet again
                    // after as many entries as are missing.
                    is_lefts_turn = !is_lefts_turn;
                    is_lefts_turn
                }
            }
        };
        let most = REORDER_BUDGET - reordered;
        let taken =
            if left_advances { left.pass(most, context)? } else { right.pass(most, context)? };
        reordered = reordered.saturating_add(taken + ENTRY);
    }
    Ok(())
}

/// Reads both to their ends, neither waiting for the other.
fn digest_separately(
    left: &mut ArchiveCursor<impl EntryStream>,
    right: &mut ArchiveCursor<impl EntryStream>,
    context: &Context<'_>,
) -> Result<()> {
    left.want_digests_only();
    right.want_digests_only();
    let mut outcome = Ok(());
    loop {
        context.checkpoint()?;
        // What the other thread has is taken first, so that it does not pile up; content is taken by
        // turns.
        while outcome.is_ok() && !right.is_over() && (left.is_over() || right.is_ready()) {
            context.checkpoint()?;
            match right.step(u64::MAX, context) {
                Ok(0) => {}
                Ok(_) => break,
                // If both fail, it is the left one that is told of, whichever was the first to.
                Err(error) => outcome = Err(error),
            }
        }
        if !left.is_over() {
            left.step(u64::MAX, context)?;
        } else if right.is_over() || outcome.is_err() {
            return outcome;
        }
    }
}

#[cfg(test)]
mod tests {
    use blake3::Hash;

    use super::*;
    use crate::archive::entries::{BesideEntries, Header, Kind, Spelling};
    use crate::content::{Chunk, Reader};
    use crate::error::{Error, Name};
    use crate::run::context::Call;

    /// An archive that has an entry without end, or cannot be opened.
    struct Opened(Name, Option<Header>);

    impl Opened {
        fn endless() -> Self {
            let (spelling, kind) = (Spelling::Composed, Kind::File);
            Self("endless".into(), Some(Header { path: b"x"[..].into(), spelling, kind }))
        }

        fn broken() -> Self {
            Self("broken".into(), None)
        }
    }

    impl Reader for Opened {
        fn chunk(&mut self) -> Result<Chunk<'_>> {
            panic!("{} is read before the other is open", self.0);
        }

        fn consume(&mut self, _: u64) {}

        fn size(&self) -> Option<u64> {
            None
        }

        fn verify(&self) -> Result<()> {
            Ok(())
        }
    }

    impl EntryStream for Opened {
        fn entry(&mut self) -> Result<Option<Header>> {
            self.1.take().map(Some).ok_or_else(|| Error::archive(&self.0, "cannot be read"))
        }

        fn finish(&mut self) -> Result<(u64, Option<Hash>)> {
            Ok((0, None))
        }

        fn besides(self) -> BesideEntries {
            BesideEntries::default()
        }
    }

    #[test]
    fn what_cannot_be_opened_is_told_of_before_the_other_is_read() {
        let call = Call::new(None);
        let context = Context::new(&call);
        for by_digest in [false, true] {
            let lockstep_options = LockstepOptions { step: 1, by_digest, shown: None };
            for (left, right) in
                [(Opened::endless(), Opened::broken()), (Opened::broken(), Opened::endless())]
            {
                let error =
                    read(left, right, lockstep_options, &context).expect_err("one is broken");
                assert_eq!(error, Error::archive(&"broken".into(), "cannot be read"));
            }
        }
    }
}
