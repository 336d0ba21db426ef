//! An archive read once more, for digests that the first pass did not make.

use blake3::Hash;

use super::direct::Direct;
use super::lockstep;
use crate::archive::chosen::Chosen;
use crate::archive::entries::{Entries, Index};
use crate::archive::input::Origin;
use crate::archive::unpack::{ContentUse, Unpacker};
use crate::error::{Error, Result};
use crate::options::Options;
use crate::run::context::{Context, Steps};

/// Reads an archive once more, and adds these digests.
///
/// # Errors
/// Those of [`digests_again`].
pub(crate) fn add_digests(
    archive: &dyn Origin,
    needed: &Chosen,
    entries: &mut Entries,
    options: &Options,
    context: &Context<'_>,
) -> Result<()> {
    for (index, digest) in digests_again(archive, needed, entries, options, context)? {
        entries.set_digest(index, Some(digest));
    }
    Ok(())
}

/// Reads an archive once more, for these digests of its entries.
///
/// # Errors
/// When it cannot be read again, or has changed; when the context says stop.
pub(crate) fn digests_again(
    archive: &dyn Origin,
    needed: &Chosen,
    entries: &Entries,
    options: &Options,
    context: &Context<'_>,
) -> Result<Vec<(Index, Hash)>> {
    let again = read_one(archive, ContentUse::DigestOnly(needed.clone()), false, options, context)?;
    let (mut digests, mut steps) = (Vec::new(), Steps::new(context));
    for index in needed.iter() {
        steps.step()?;
        let is_the_same = again.count() == entries.count()
            && again.path(index) == entries.path(index)
            && again.spelling(index) == entries.spelling(index)
            && again.kind(index) == entries.kind(index)
            && again.body(index).size == entries.body(index).size;
        if !is_the_same {
            return Err(Error::read(archive.name(), "changed between two passes over it"));
        }
        digests.extend(again.body(index).digest.map(|digest| (index, digest)));
    }
    Ok(digests)
}

/// Reads one archive to its end, on this thread.
///
/// # Errors
/// When it is damaged, encrypted, too much or no archive; when the context says stop.
pub(crate) fn read_one(
    archive: &dyn Origin,
    content_use: ContentUse,
    counts: bool,
    options: &Options,
    context: &Context<'_>,
) -> Result<Entries> {
    let unpacker = Unpacker::open(archive, content_use, options, context)?;
    lockstep::read_one(Direct::new(unpacker), counts, context)
}
