//! An archive that is read, while each of its files is compared with what another tree has at its path.

use std::collections::HashMap;

use crate::archive::chosen::Chosen;
use crate::archive::entries::{Body, Entries, Header, Index, Kind};
use crate::archive::occurrences;
use crate::compare::archives::cursor::EntryStream;
use crate::content::{Chunk, Reader, sizes_differ};
use crate::engine;
use crate::engine::first::side_by_side;
use crate::engine::lockstep;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::outcome::{DiffReason, Difference, Finding};
use crate::run::context::Context;
use crate::tree::manifest::hasher::{Computed, Hashers};
use crate::tree::manifest::listed::Listed;
use crate::tree::{EntryContent, Tree};

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
        let mut unpacked = ArchiveSide { archive: &mut archive, has_failed: false };
        let compared = if is_compared {
            let compared = compare(&mut unpacked, &header, &mut opened, options, context);
            match compared {
                Err(error) if unpacked.has_failed || error.ends_call() => return Err(error),
                compared => compared.ok(),
            }
        } else {
            None
        };
        let index = driven.entries.count();
        if let Some(wanted) = &listed_digests
            && header.kind == Kind::File
        {
            let mut hashers = Hashers::new(wanted.iter().copied());
            hashers.add_all(&mut archive, context)?;
            driven.digests.insert(index, hashers.finish());
        }
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
        driven.entries.push(&header, Body { size, digest: None, counterpart: None });
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

/// A tree, and the directory in it that was entered last.
pub(crate) struct Opened<'t, T: Tree> {
    pub(crate) tree: &'t T,
    pub(crate) directory: Option<(Vec<u8>, T::Directory)>,
}

impl<T: Tree> Opened<'_, T> {
    /// Opens the content of the file at a path; of a small file its size is known beyond doubt.
    pub(super) fn open(&mut self, path: &[u8]) -> Result<(Box<dyn Reader + '_>, Option<u64>)> {
        let content = self.content(path)?;
        let size = content.all().map(|bytes| bytes.len() as u64);
        let reader: Box<dyn Reader + '_> = match content {
            EntryContent::Start(start) => Box::new(start.into_reader()?),
            EntryContent::File(file) => Box::new(file),
            EntryContent::Stream(reader) => reader,
            EntryContent::Listed(_) => {
                return Err(Error::Internal("a manifest's entry has no content".to_owned()));
            }
        };
        Ok((reader, size))
    }

    /// What is listed of the file at a path in a tree that has digests and no content.
    pub(super) fn listed<'o>(&'o mut self, path: &'o [u8]) -> Result<Listed<'o>> {
        match self.content(path)? {
            EntryContent::Listed(listed) => Ok(listed),
            _ => Err(Error::Internal("an entry has content beside a manifest".to_owned())),
        }
    }

    /// Opens what is at a path.
    pub(crate) fn content<'o>(&'o mut self, path: &'o [u8]) -> Result<EntryContent<'o>> {
        let (parent, name) = match path.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => (&path[..slash], &path[slash + 1..]),
            None => (&b""[..], path),
        };
        let is_open = self.directory.as_ref().is_some_and(|(open, _)| open == parent);
        if !is_open {
            self.directory = Some((parent.to_vec(), self.tree.enter(parent, None)?));
        }
        let Some((_, directory)) = &self.directory else { unreachable!("just entered") };
        self.tree.open(directory, name)
    }
}

/// The content of an entry, which tells whether an error was the archive's.
struct ArchiveSide<'a, A> {
    archive: &'a mut A,
    has_failed: bool,
}

impl<A: EntryStream> Reader for ArchiveSide<'_, A> {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        let (archive, has_failed) = (&mut *self.archive, &mut self.has_failed);
        archive.chunk().inspect_err(|_| *has_failed = true)
    }

    fn consume(&mut self, length: u64) {
        self.archive.consume(length);
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn verify(&self) -> Result<()> {
        self.archive.verify()
    }
}
