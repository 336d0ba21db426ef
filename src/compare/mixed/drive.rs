//! An archive that is read, while each of its files is compared with what another tree has at its path.

use std::collections::HashMap;

use crate::archive::chosen::Chosen;
use crate::archive::entries::{Body, Entries, Header, Index, Kind};
use crate::archive::occurrences;
use crate::compare::archives::cursor::EntryStream;
use crate::content::{Chunk, Reader, sizes_differ};
use crate::engine;
use crate::engine::digest::digest_of;
use crate::engine::first::side_by_side;
use crate::engine::lockstep;
use crate::error::Result;
use crate::options::Options;
use crate::outcome::{DiffReason, Difference, Finding};
use crate::run::context::Context;
use crate::tree::Tree;
use crate::tree::manifest::hasher::{Computed, Hashers};
use crate::tree::opened::Opened;

/// What came of the entries of an archive, each compared with the file at its path.
#[derive(Default)]
pub(super) struct Driven {
    pub(super) entries: Entries,
    /// Those that are identical.
    pub(super) equal: Chosen,
    /// Those that differ, and how.
    pub(super) different: HashMap<Index, Finding>,
    /// The digests of each file, where the other tree has digests and no content.
    pub(super) digests: HashMap<Index, Computed>,
}

/// Reads the archive to its end. What cannot be opened or read in the other tree has no outcome here.
///
/// # Errors
/// When the archive cannot be read; when the context says stop.
pub(super) fn drive<T: Tree>(
    mut archive: impl EntryStream,
    tree: &T,
    options: &Options,
    context: &Context<'_>,
) -> Result<Driven> {
    let (mut driven, mut opened) = (Driven::default(), Opened { tree, directory: None });
    let listed_digests = tree.listed_digests();
    let selection = options.selection();
    while let Some(header) = archive.entry()? {
        context.checkpoint()?;
        context.counters().begin(&[&header.path]);
        let is_compared = listed_digests.is_none()
            && header.kind == Kind::File
            // No other tree has anything without a name.
            && !header.path.is_empty()
            && !occurrences::is_numbered(&header.path)
            && !selection.leaves_out_file(&header.path);
        let mut unpacked =
            ArchiveSide { archive: &mut archive, has_failed: false, has_begun: false };
        let compared = if is_compared {
            let compared = compare(&mut unpacked, &header, &mut opened, options, context);
            match compared {
                Err(error) if unpacked.has_failed || error.ends_call() => return Err(error),
                compared => compared.ok(),
            }
        } else {
            None
        };
        // Of what the other tree does not have under this name, it may have the content under another one.
        let may_move = options.moves && is_compared && compared.is_none() && !unpacked.has_begun;
        let index = driven.entries.count();
        if let Some(wanted) = &listed_digests
            && header.kind == Kind::File
        {
            let mut hashers = Hashers::new(wanted.iter().copied());
            hashers.add_all(&mut archive, context)?;
            driven.digests.insert(index, hashers.finish());
        }
        let digest = if may_move { Some(digest_of(&mut archive, context)?.1) } else { None };
        let (size, _) = archive.finish()?;
        match compared {
            None => {}
            Some(Compared { same: true, .. }) => driven.equal.insert(index),
            Some(Compared { difference, other_size, .. }) => {
                let reason = if sizes_differ(Some(size), other_size) {
                    DiffReason::SizeMismatch
                } else {
                    DiffReason::ContentMismatch
                };
                let sized =
                    |place| Difference { left_size: Some(size), right_size: other_size, ..place };
                let finding = Finding::differs_at(reason, difference.map(sized));
                driven.different.insert(index, finding);
            }
        }
        driven.entries.push(&header, Body { size, digest, counterpart: None });
    }
    driven.entries.besides = archive.besides();
    Ok(driven)
}

/// What came of one entry.
struct Compared {
    same: bool,
    difference: Option<Difference>,
    other_size: Option<u64>,
}

fn compare<T: Tree>(
    unpacked: &mut dyn Reader,
    header: &Header,
    opened: &mut Opened<'_, T>,
    options: &Options,
    context: &Context<'_>,
) -> Result<Compared> {
    let (mut other, known_size) = opened.open(&header.path)?;
    engine::wait_for(&mut *other, context)?;
    let (same, difference) = if options.r#where {
        let (shown, step) = (options.context, options.chunk_size);
        let difference = side_by_side(unpacked, &mut *other, shown, step, context)?;
        (difference.is_none(), difference)
    } else {
        (lockstep::compare(unpacked, &mut *other, options.chunk_size, context)?.is_none(), None)
    };
    other.verify()?;
    Ok(Compared { same, difference, other_size: known_size.or(other.size()) })
}

/// The content of an entry, which tells whether an error was the archive's.
struct ArchiveSide<'a, A> {
    archive: &'a mut A,
    has_failed: bool,
    /// Has any of it been read?
    has_begun: bool,
}

impl<A: EntryStream> Reader for ArchiveSide<'_, A> {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        let (archive, has_failed) = (&mut *self.archive, &mut self.has_failed);
        archive.chunk().inspect_err(|_| *has_failed = true)
    }

    fn consume(&mut self, length: u64) {
        self.has_begun |= length > 0;
        self.archive.consume(length);
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn verify(&self) -> Result<()> {
        self.archive.verify()
    }
}
