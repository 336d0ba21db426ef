//! One archive, unpacked entry by entry.

use std::sync::Arc;

use blake3::{Hash, Hasher};

use super::chosen::Chosen;
use super::entries::{BesideEntries, Header, Index, Kind, Spelling};
use super::input::Origin;
use super::occurrences::Occurrences;
use super::opening::Rooted;
use super::reader::ArchiveReader;
use super::stream::{Piece, Step};
use crate::engine::digest::add_zeros;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::run::context::Context;
use crate::sys::libarchive;
use crate::tree::listing::EntryKind;
use crate::tree::names;

/// What becomes of the content of files.
pub(crate) enum ContentUse {
    /// It is sent, or its digest where that is enough.
    Send,
    /// The digests of these are, and of the others only how much there is.
    DigestOnly(Chosen),
    /// The digests of all are.
    DigestAll,
    /// The content of these is sent, whatever else has the name of a file; of the others only how much there is.
    SendOnly(Chosen),
}

/// What comes next in an archive.
pub(crate) enum Found {
    Entry(Header),
    /// A name that is not matched, and why.
    Refused(Vec<u8>, &'static str),
}

/// An archive that is being unpacked, on the thread that the context is of.
pub(crate) struct Unpacker<'a> {
    origin: &'a dyn Origin,
    archive: ArchiveReader<'a>,
    content_use: ContentUse,
    context: &'a Context<'a>,
    /// That of the next entry.
    index: Index,
    is_sent: bool,
    /// Where all members of one name count.
    occurrences: Occurrences,
    /// Names as they are seen from the root.
    rooted: Rooted<'a>,
    /// Directories, pipes and devices; `None`: they are passed over.
    without_content: Option<Vec<(Box<[u8]>, EntryKind)>>,
}

impl<'a> Unpacker<'a> {
    pub(crate) fn open(
        origin: &'a dyn Origin,
        content_use: ContentUse,
        options: &Options,
        context: &'a Context<'a>,
    ) -> Result<Self> {
        let opened = origin.open(context).and_then(|bytes| {
            let password = origin.opening().password();
            ArchiveReader::open(bytes, origin.name(), password, options, context)
        });
        let archive = unchanged(origin, opened)?;
        Ok(Self {
            origin,
            archive,
            content_use,
            context,
            index: 0,
            is_sent: false,
            occurrences: Occurrences::default(),
            rooted: Rooted::new(origin.opening()),
            without_content: None,
        })
    }

    /// Lists directories, pipes and devices, too.
    pub(crate) fn with_directories(mut self) -> Self {
        self.without_content = Some(Vec::new());
        self
    }

    /// What it has besides entries with content, apart from the names that were refused; asked after the last.
    pub(crate) fn besides(&mut self) -> BesideEntries {
        let without_content = self.without_content.take().unwrap_or_default();
        BesideEntries { without_content, account: self.archive.account(), ..Default::default() }
    }

    /// Notes an entry that has no content, if that is wanted. A name that leads nowhere within a tree names no
    /// directory of one.
    fn note(&mut self, name: &[u8], kind: EntryKind) -> Result<()> {
        let Ok(name) = names::normal(name) else { return Ok(()) };
        if !name.is_empty()
            && let Some(name) = self.place(name, kind.is_directory())?
            && let Some(noted) = &mut self.without_content
        {
            noted.push((names::composed(name).into(), kind));
        }
        Ok(())
    }

    /// What an entry is called, seen from the root; `None`: it does not lie there.
    fn place(&mut self, name: Vec<u8>, is_directory: bool) -> Result<Option<Vec<u8>>> {
        let placed = self.rooted.place(name, is_directory);
        placed.map_err(|why| Error::archive(self.origin.name(), why))
    }

    /// Goes on to the next entry that counts, past all that is left of the one at hand.
    pub(crate) fn next(&mut self) -> Result<Option<Found>> {
        let next = self.find();
        unchanged(self.origin, next)
    }

    fn find(&mut self) -> Result<Option<Found>> {
        loop {
            let Some(entry) = self.archive.next()? else {
                self.archive.verify()?;
                self.origin.verify()?;
                let finished = self.rooted.finish();
                finished.map_err(|why| Error::archive(self.origin.name(), why))?;
                return Ok(None);
            };
            let kind = match entry.kind {
                libarchive::ShownKind::File => Kind::File,
                libarchive::ShownKind::Symlink(target) => {
                    Kind::Symlink(names::composed(target).into())
                }
                // A target that cannot be matched is the target of nothing: it stays as it is.
                libarchive::ShownKind::HardLink(target) => {
                    let target = names::normal(&target).unwrap_or(target);
                    Kind::HardLink(names::composed(self.rooted.target(target)).into())
                }
                other => {
                    self.archive.content(|_| Ok(()))?;
                    if let Some(kind) = without_content(&other) {
                        self.note(&entry.name, kind)?;
                    }
                    continue;
                }
            };
            let name = match names::normal(&entry.name) {
                _ if entry.is_cut => Err("contains a NUL byte"),
                Ok(name) if name.is_empty() && !entry.is_single => Err("is empty"),
                name => name,
            };
            let name = match name {
                Ok(name) => name,
                Err(why) => {
                    self.archive.content(|_| Ok(()))?;
                    return Ok(Some(Found::Refused(entry.name, why)));
                }
            };
            let Some(name) = self.place(name, false)? else {
                self.archive.content(|_| Ok(()))?;
                continue;
            };
            self.is_sent = match &self.content_use {
                ContentUse::Send => kind == Kind::File,
                ContentUse::SendOnly(chosen) => chosen.contains(self.index),
                ContentUse::DigestOnly(_) | ContentUse::DigestAll => false,
            };
            let name = if self.archive.counts_all() { self.occurrences.number(name) } else { name };
            let (path, spelling) = spelled(name, self.archive.spells_exactly());
            self.index += 1;
            return Ok(Some(Found::Entry(Header { path, spelling, kind })));
        }
    }

    /// Is the content of the entry at hand wanted as it is?
    pub(crate) fn is_sent(&self) -> bool {
        self.is_sent
    }

    /// Where the content of the entry at hand is wanted.
    pub(crate) fn archive(&mut self) -> &mut ArchiveReader<'a> {
        &mut self.archive
    }

    /// Goes on within the content of the entry at hand.
    pub(crate) fn step(&mut self) -> Result<Step> {
        let step = self.archive.step();
        unchanged(self.origin, step)
    }

    /// Takes the content of an entry that is not wanted as it is: how much there is, and its digest,
    /// if that is.
    pub(crate) fn reduce(&mut self) -> Result<(u64, Option<Hash>)> {
        let is_digested = match &self.content_use {
            ContentUse::Send | ContentUse::DigestAll => true,
            ContentUse::DigestOnly(chosen) => chosen.contains(self.index - 1),
            ContentUse::SendOnly(_) => false,
        };
        let reduced = if is_digested {
            digest(&mut self.archive, self.context).map(|(size, digest)| (size, Some(digest)))
        } else {
            self.archive.content(|_| Ok(())).map(|size| (size, None))
        };
        unchanged(self.origin, reduced)
    }
}

/// What an entry is that has no content, if a tree can have such a thing.
fn without_content(kind: &libarchive::ShownKind) -> Option<EntryKind> {
    use libarchive::ShownKind;

    match kind {
        ShownKind::Directory => Some(EntryKind::Directory),
        ShownKind::Fifo => Some(EntryKind::Fifo),
        ShownKind::Socket => Some(EntryKind::Socket),
        ShownKind::CharacterDevice => Some(EntryKind::CharacterDevice),
        ShownKind::BlockDevice => Some(EntryKind::BlockDevice),
        ShownKind::File | ShownKind::Symlink(_) | ShownKind::HardLink(_) | ShownKind::Other => None,
    }
}

/// What has changed may well look damaged.
pub(crate) fn unchanged<T>(origin: &dyn Origin, result: Result<T>) -> Result<T> {
    if let Err(Error::Archive { .. } | Error::ArchiveBomb { .. }) = &result {
        origin.verify()?;
    }
    result
}

/// The name composed, and how it is spelled. `exactly`: as it is given here.
fn spelled(name: Vec<u8>, exactly: bool) -> (Arc<[u8]>, Spelling) {
    let written = if name.is_ascii() { None } else { Some(name.clone()) };
    let path = names::composed(name);
    let spelling = match written {
        Some(_) if !exactly => Spelling::Unknown,
        Some(written) if written != path => Spelling::Other(written.into()),
        _ => Spelling::Composed,
    };
    (path.into(), spelling)
}

fn digest(archive: &mut ArchiveReader<'_>, context: &Context<'_>) -> Result<(u64, Hash)> {
    let mut hasher = Hasher::new();
    let size = archive.content(|piece| {
        match piece {
            Piece::Bytes(bytes) => hasher.update(bytes),
            Piece::Shared(buffer, range) => hasher.update(&buffer[range]),
            Piece::Zeros(length) => return add_zeros(&mut hasher, length, context),
        };
        Ok(())
    })?;
    Ok((size, hasher.finalize()))
}
