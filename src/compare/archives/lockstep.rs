//! Two archives, side by side, each in its own order.
//!
//! While both stand at the same name, their contents are compared as they come. Where they do not, one
//! of the two goes on alone, and of what passes the digest is kept: by turns, for most often an entry
//! or a few are missing, and after those the two meet again. While one goes on, the other waits. Where that
//! comes to much, their orders differ, and each goes on to its end by itself.

use super::cursor::{Course, Unpacked, together};
use crate::archive::entries::{Body, Entries};
use crate::engine::lockstep;
use crate::error::Result;
use crate::run::context::Context;

/// What going on alone may come to, in bytes, before the two part. Time for 16 MiB is some 50 ms where
/// it has to be decompressed.
const ASTRAY: u64 = 16 << 20;

/// What an entry counts for besides its content: unpacking an empty one takes as long as so many bytes.
const ENTRY: u64 = 8 << 10;

/// How two archives are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// How many bytes are compared between two looks at the context.
    pub(crate) step: usize,
    /// Compare nothing as it comes, but every entry by its digest.
    pub(crate) by_digest: bool,
}

/// Reads both to their ends.
pub(crate) fn read(
    left: impl Unpacked,
    right: impl Unpacked,
    manner: Manner,
    context: &Context<'_>,
) -> Result<[Entries; 2]> {
    let (mut left, mut right) = (Course::new(left, true), Course::new(right, false));
    if manner.by_digest {
        // What cannot be opened is told of before the other is read to its end.
        left.here()?;
        right.here()?;
    } else {
        in_step(&mut left, &mut right, manner.step, context)?;
    }
    apart(&mut left, &mut right, context)?;
    Ok([left.into_entries(), right.into_entries()])
}

/// Reads one to its end, without any use for content. `counts`: do its bytes count? Those of a pair count once.
pub(crate) fn read_one(
    mut archive: impl Unpacked,
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
        entries.push(&header, Body { size, digest, twin: None });
    }
    entries.besides = archive.besides();
    Ok(entries)
}

/// Reads both until they are at their ends, or too far from each other.
fn in_step<A: Unpacked, B: Unpacked>(
    left: &mut Course<A>,
    right: &mut Course<B>,
    step: usize,
    context: &Context<'_>,
) -> Result<()> {
    let (mut astray, mut lefts_turn) = (0_u64, false);
    while astray < ASTRAY {
        context.checkpoint()?;
        let go_left = match (left.here()?, right.here()?) {
            (None, None) => break,
            (Some(one), Some(other)) if one.path == other.path => {
                let compare = |left: &mut A, right: &mut B| {
                    let first = lockstep::compare(left, right, step, context)?;
                    Ok(first.is_none())
                };
                let size = together(left, right, context, compare)?;
                astray = astray.saturating_sub(size.saturating_add(2 * ENTRY));
                continue;
            }
            (_, None) => true,
            (None, _) => false,
            (Some(one), Some(other)) => {
                let (one, other) = (one.path.clone(), other.path.clone());
                if left.has_passed(&other, context)? {
                    // One whose partner has passed already holds nobody up.
                    false
                } else if right.has_passed(&one, context)? {
                    true
                } else {
                    // Either may be the one that the other archive lacks. By turns, they meet again
                    // after as many entries as are missing.
                    lefts_turn = !lefts_turn;
                    lefts_turn
                }
            }
        };
        let most = ASTRAY - astray;
        let taken = if go_left { left.pass(most, context)? } else { right.pass(most, context)? };
        astray = astray.saturating_add(taken + ENTRY);
    }
    Ok(())
}

/// Reads both to their ends, neither waiting for the other.
fn apart(
    left: &mut Course<impl Unpacked>,
    right: &mut Course<impl Unpacked>,
    context: &Context<'_>,
) -> Result<()> {
    left.go_apart();
    right.go_apart();
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
    use crate::archive::entries::{Besides, Header, Kind, Spelling};
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

    impl Unpacked for Opened {
        fn entry(&mut self) -> Result<Option<Header>> {
            self.1.take().map(Some).ok_or_else(|| Error::archive(&self.0, "cannot be read"))
        }

        fn finish(&mut self) -> Result<(u64, Option<Hash>)> {
            Ok((0, None))
        }

        fn besides(self) -> Besides {
            Besides::default()
        }
    }

    #[test]
    fn what_cannot_be_opened_is_told_of_before_the_other_is_read() {
        let call = Call::new(None);
        let context = Context::new(&call);
        for by_digest in [false, true] {
            let manner = Manner { step: 1, by_digest };
            for (left, right) in
                [(Opened::endless(), Opened::broken()), (Opened::broken(), Opened::endless())]
            {
                let error = read(left, right, manner, &context).expect_err("one is broken");
                assert_eq!(error, Error::archive(&"broken".into(), "cannot be read"));
            }
        }
    }
}
