//! Where the files of a tree differ first from entries of an archive, where only their digests were compared.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use crate::archive::chosen::Chosen;
use crate::archive::entries::{Entries, Index};
use crate::archive::input::Origin;
use crate::compare::archives::differences;
use crate::compare::archives::differences::Differences;
use crate::compare::archives::differences::scan::{ContentsAgain, ReadAgain, Take};
use crate::content::{Chunk, some_zeros};
use crate::engine;
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::outcome::{Finding, Mismatch};
use crate::run::context::{Context, Steps};
use crate::tree::Tree;
use crate::tree::opened::Opened;

/// A file that differs from an entry.
pub(super) struct Unplaced {
    pub(super) index: Index,
    pub(super) path: Vec<u8>,
    pub(super) size: u64,
    pub(super) mismatch: Mismatch,
}

/// What is found of each of these files, with its place.
///
/// # Errors
/// When the archive cannot be read again; when the context says stop. A file that cannot be is a finding.
pub(super) fn found<T: Tree>(
    (origin, entries): (&dyn Origin, &Entries),
    tree: &T,
    unplaced: Vec<Unplaced>,
    options: &Options,
    context: &Context<'_>,
) -> Result<Vec<(Vec<u8>, Finding)>> {
    let (mut pairs, mut steps) = (BTreeSet::new(), Steps::new(context));
    for (file, it) in (0..).zip(&unplaced) {
        steps.step()?;
        pairs.insert((it.index, file));
    }
    let mut places = Differences::new();
    let archive = ReadAgain { origin, entries, options, context };
    let failed = RefCell::default();
    let files = Files { tree, all: &unplaced, failed, context };
    differences::add(&archive, &files, &pairs, options.context, &mut places)?;
    let mut failed = files.failed.into_inner();
    let mut found = Vec::with_capacity(unplaced.len());
    for (file, it) in (0..).zip(unplaced) {
        steps.step()?;
        let Unplaced { index, path, mismatch, .. } = it;
        let finding = match (failed.remove(&file), places.remove(&(index, file))) {
            (Some(error), _) => Finding::failed(error),
            (None, difference) => Finding::Differs(Mismatch { difference, ..mismatch }),
        };
        found.push((path, finding));
    }
    Ok(found)
}

/// The files that differ.
struct Files<'f, T> {
    tree: &'f T,
    all: &'f [Unplaced],
    failed: RefCell<HashMap<Index, Error>>,
    context: &'f Context<'f>,
}

impl<T: Tree> Files<'_, T> {
    fn file(&self, index: Index) -> &Unplaced {
        &self.all[index as usize]
    }

    fn read(&self, file: &Unplaced, target: &mut impl Take) -> Result<()> {
        let mut opened = Opened { tree: self.tree, directory: None };
        let (mut reader, _) = opened.open(&file.path)?;
        engine::wait_for(&mut *reader, self.context)?;
        let mut size = 0;
        loop {
            self.context.checkpoint()?;
            let taken = match reader.chunk()? {
                Chunk::End => break,
                Chunk::Waiting => 0,
                Chunk::Bytes(bytes) => {
                    target.take(bytes);
                    bytes.len() as u64
                }
                Chunk::Zeros(zeros) => {
                    let some = some_zeros(zeros);
                    target.take(some);
                    some.len() as u64
                }
            };
            size += taken;
            reader.consume(taken);
        }
        reader.verify()?;
        if size == file.size { Ok(()) } else { Err(self.changed_at(&file.path)) }
    }

    fn changed_at(&self, path: &[u8]) -> Error {
        Error::read(&self.tree.display(path), "changed while it was compared")
    }
}

impl<T: Tree> ContentsAgain for Files<'_, T> {
    fn size(&self, index: Index) -> u64 {
        self.file(index).size
    }

    fn changed(&self) -> Error {
        Error::read(&Name::new(b"a file"), "changed while it was compared")
    }

    fn scan<K: Take>(
        &self,
        chosen: Chosen,
        begin: impl Fn(Index) -> K,
        mut end: impl FnMut(Index, K) -> Result<()>,
    ) -> Result<()> {
        for index in chosen.iter() {
            self.context.checkpoint()?;
            if self.failed.borrow().contains_key(&index) {
                continue;
            }
            let (file, mut target) = (self.file(index), begin(index));
            let read = self.read(file, &mut target);
            let ended = match read {
                // What has no difference any more has changed.
                Ok(()) => end(index, target).map_err(|error| match error {
                    Error::Read { .. } => self.changed_at(&file.path),
                    error => error,
                }),
                Err(error) => Err(error),
            };
            match ended {
                Err(error) if error.ends_call() => return Err(error),
                Err(error) => {
                    self.failed.borrow_mut().insert(index, error);
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }
}
