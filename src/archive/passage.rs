//! Shows a structure the bytes that are on their way to libarchive.

use super::account::{Behind, Tail};
use super::structure::{Broken, Details, Listed, Structure, Walk, Whole};
use crate::content::ReadAt;
use crate::error::Result;
use crate::run::context::Context;

/// What has passed before the format is known, at most: libarchive tells it with the first entry, before
/// which a tar may have several headers of 1 MiB each.
const BEFORE: usize = 8 << 20;

/// What has become of the bytes that passed.
pub(crate) enum Passage {
    /// They are kept until the format is known: where each piece lies, and how much there is.
    Kept(Vec<(u64, Vec<u8>)>, usize),
    /// A structure sees them.
    Seen(Box<Seen>),
    /// They are of no importance.
    Unseen,
}

/// What a structure came to, and what lies behind its end.
pub(crate) type Finished = std::result::Result<(Whole, Option<Behind>), Broken>;

/// A structure, and what comes behind its end.
pub(crate) struct Seen {
    walk: Walk,
    tail: Tail,
    /// Where what has not been seen begins.
    position: u64,
}

impl Passage {
    pub(crate) fn new() -> Self {
        Self::Kept(Vec::new(), 0)
    }

    /// The format is known: these are the bytes of this structure.
    ///
    /// # Errors
    /// Those of [`see`](Self::see).
    pub(crate) fn begin(
        &mut self,
        structure: Box<dyn Structure>,
        anywhere: Option<&dyn ReadAt>,
        context: &Context<'_>,
    ) -> Result<std::result::Result<(), Broken>> {
        let seen = Seen { walk: Walk::new(structure), tail: Tail::default(), position: 0 };
        let before = std::mem::replace(self, Self::Seen(Box::new(seen)));
        if let Self::Kept(pieces, _) = before {
            for (at, bytes) in pieces {
                if let Err(broken) = self.see(at, &bytes, anywhere, context)? {
                    return Ok(Err(broken));
                }
            }
        }
        Ok(Ok(()))
    }

    /// The bytes are of no importance.
    pub(crate) fn end(&mut self) {
        *self = Self::Unseen;
    }

    /// Does a structure see them?
    pub(crate) fn is_seen(&self) -> bool {
        matches!(self, Self::Seen(_))
    }

    /// Bytes pass by, which begin at `at`. What was passed over before is read.
    ///
    /// # Errors
    /// When it cannot be read; when the context says stop. Within: when the container is broken.
    pub(crate) fn see(
        &mut self,
        at: u64,
        bytes: &[u8],
        anywhere: Option<&dyn ReadAt>,
        context: &Context<'_>,
    ) -> Result<std::result::Result<(), Broken>> {
        match self {
            Self::Unseen => Ok(Ok(())),
            Self::Kept(pieces, length) => {
                *length += bytes.len();
                if *length > BEFORE {
                    return Ok(Broken::because("shows no entry before more than 8 MiB of headers"));
                }
                pieces.push((at, bytes.to_vec()));
                Ok(Ok(()))
            }
            Self::Seen(seen) => seen.see(at, bytes, anywhere, context),
        }
    }

    /// What the structure has come to, as soon as it has come to its end.
    pub(crate) fn seen(&self) -> Option<Whole> {
        let Self::Seen(seen) = self else { return None };
        seen.walk.outcome()?.as_ref().ok().cloned()
    }

    /// Where the structure ends, as soon as that is known.
    pub(crate) fn end_of_structure(&self) -> Option<u64> {
        self.seen().map(|whole| whole.end)
    }

    /// The next entry that the structure has come to.
    pub(crate) fn entry(&mut self) -> Option<(Listed, Details)> {
        match self {
            Self::Seen(seen) => seen.walk.detailed(),
            _ => None,
        }
    }

    /// All bytes have passed: what the structure came to, and what lies behind its end.
    ///
    /// # Errors
    /// When the context says stop. Within: when the container is broken.
    pub(crate) fn finish(&mut self, context: &Context<'_>) -> Result<Option<Finished>> {
        let Self::Seen(seen) = self else { return Ok(None) };
        let whole = match seen.walk.finish() {
            Ok(whole) => whole,
            Err(broken) => return Ok(Some(Err(broken))),
        };
        seen.tail.add(seen.walk.rest(), context)?;
        Ok(Some(Ok((whole, seen.tail.finish()))))
    }
}

impl Seen {
    fn see(
        &mut self,
        at: u64,
        bytes: &[u8],
        anywhere: Option<&dyn ReadAt>,
        context: &Context<'_>,
    ) -> Result<std::result::Result<(), Broken>> {
        while let (Some((from, length)), Some(anywhere)) = (self.walk.missed(at), anywhere) {
            context.checkpoint()?;
            let mut missed = vec![0; length];
            anywhere.read_at(from, &mut missed)?;
            self.walk.pass(from, &missed);
        }
        self.walk.pass(at, bytes);
        let end = match self.walk.outcome() {
            Some(Ok(whole)) => whole.end,
            Some(Err(broken)) => return Ok(Err(broken.clone())),
            None => return Ok(Ok(())),
        };
        let from = self.position.max(end);
        if from < at {
            return Ok(Broken::because("has bytes behind its end that were not read"));
        }
        let behind = usize::try_from(from - at).ok().and_then(|start| bytes.get(start..));
        if let Some(behind) = behind {
            self.tail.add(behind, context)?;
            self.position = at + bytes.len() as u64;
        }
        Ok(Ok(()))
    }
}
