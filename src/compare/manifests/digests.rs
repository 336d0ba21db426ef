//! The files of a tree that opens them by name, and their digests.

use std::sync::Mutex;

use crate::compare::trees::task::{Absent, Known};
use crate::compare::trees::walk;
use crate::engine;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::outcome::{Finding, Side};
use crate::run::context::Context;
use crate::run::for_each::{AfterFailure, Verdict, each};
use crate::run::sink::{Sink, report};
use crate::run::sort;
use crate::sys::lock::lock;
use crate::tree::empty::EmptyTree;
use crate::tree::manifest::algorithm::Algorithm;
use crate::tree::manifest::hasher::Hashers;
use crate::tree::manifest::write::DigestedFile;
use crate::tree::opened::Opened;
use crate::tree::{EntryContent, Tree};

/// The digests of all files of a tree, but that of the file `left_out`.
///
/// # Errors
/// When one cannot be read, or is no file; when the context says stop.
pub(super) fn of<T: Tree>(
    tree: &T,
    algorithm: Algorithm,
    left_out: Option<&[u8]>,
    options: &Options,
    context: &Context<'_>,
) -> Result<Vec<DigestedFile>> {
    let mut paths = names(tree, options, context)?;
    paths.retain(|path| Some(&path[..]) != left_out);
    sort::sort_by(&mut paths, context, Ord::cmp)?;
    context.counters().set_entries_total(paths.len() as u64);
    let batches: Vec<&[Vec<u8>]> = paths.chunks(T::BATCH).collect();
    let digested = Mutex::new(Vec::with_capacity(paths.len()));
    each(&batches, options.workers(), AfterFailure::Stop, context, |batch, context| {
        let (mut opened, mut done) = (Opened { tree, directory: None }, Vec::new());
        for path in *batch {
            context.checkpoint()?;
            context.counters().begin(&[path]);
            let (size, digest) = engine::until_quiet(options.retries(), context, || {
                digest(opened.content(path)?, path, algorithm, context)
            })?;
            context.counters().count(&Finding::Equal(None));
            done.push(DigestedFile { path: path.clone(), size, digest });
        }
        lock(&digested).append(&mut done);
        Ok(Verdict::Undecided)
    })?;
    Ok(digested.into_inner().unwrap_or_default())
}

/// The size and the digest of a content.
fn digest(
    opened: EntryContent<'_>,
    path: &[u8],
    algorithm: Algorithm,
    context: &Context<'_>,
) -> Result<(Option<u64>, Vec<u8>)> {
    let mut hashers = Hashers::new([(algorithm, algorithm.length())]);
    if let Some(bytes) = opened.all() {
        hashers.add(bytes);
        context.counters().add_bytes(bytes.len() as u64);
    } else {
        match opened {
            EntryContent::Start(start) => hashers.add_all(&mut start.into_reader()?, context)?,
            EntryContent::File(mut file) => hashers.add_all(&mut file, context)?,
            EntryContent::Stream(mut reader) => hashers.add_all(&mut *reader, context)?,
            EntryContent::Listed(listed) => return listed.digest(algorithm),
        }
    }
    let computed = hashers.finish();
    let digest = computed.digests.into_iter().next().map(|(_, digest)| digest);
    let missing = || Error::Internal(format!("no digest of {}", path.escape_ascii()));
    Ok((Some(computed.count), digest.ok_or_else(missing)?))
}

/// The names of all entries that are no directories, in any order.
fn names<T: Tree>(tree: &T, options: &Options, context: &Context<'_>) -> Result<Vec<Vec<u8>>> {
    let names = Names::default();
    // They are counted when they have been read.
    let uncounted = context.call().uncounted_part();
    let context = &context.within(&uncounted);
    report(&Unheard, options.early_end(), context, |report, context| {
        let (nothing, known): (_, Option<&dyn Known>) = (EmptyTree::new(Vec::new()), Some(&names));
        walk::compare_within(tree, &nothing, options, known, report, context)
    })?;
    Ok(names.found())
}

/// Notes the names of a tree beside one that has none.
#[derive(Default)]
pub(crate) struct Names(Mutex<Vec<Vec<u8>>>);

impl Names {
    /// All that were found.
    pub(crate) fn found(self) -> Vec<Vec<u8>> {
        self.0.into_inner().unwrap_or_default()
    }
}

impl Known for Names {
    fn content(&self, path: &[u8], _: &Context<'_>) -> Result<Option<Finding>> {
        Err(Error::Internal(format!("{} in an empty tree", path.escape_ascii())))
    }

    fn absent(&self, _: Side, path: &[u8]) -> Absent {
        lock(&self.0).push(path.to_vec());
        Absent::OnlyOne
    }

    fn unknown_kind(&self, _: &[u8]) -> Option<Error> {
        None
    }
}

/// Takes findings for which there is no use: a link that closes a circle is one. Failures end the call.
pub(super) struct Unheard;

impl Sink for Unheard {
    fn take(&self, _: Vec<u8>, _: Finding, _: &Context<'_>) -> Result<()> {
        Ok(())
    }

    fn keep(&self, _: Vec<u8>, _: Finding) {}
}
