//! Which files moved: sizes first, then digests of those whose size both sides have.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use super::contents::{Classes, Content};
use super::files::{Files, FilesInTurn};
use super::pairs::{Classed, pairs};
use crate::error::{Error, Name, Result};
use crate::outcome::Proof;
use crate::run::context::{Context, Steps};
use crate::run::for_each::{AfterFailure, Verdict, each};
use crate::sys::lock::{ignore_poison, lock};
use crate::tree::manifest::algorithm::Algorithm;

/// Which files moved, and of which that cannot be told. Files are numbered in the order of their paths.
#[derive(Default)]
pub(super) struct Found {
    /// By the number of the left file.
    pub(super) moved: HashMap<usize, MovedTo>,
    /// Of either side.
    pub(super) failed: [HashMap<usize, Error>; 2],
}

/// Where a file moved.
pub(super) struct MovedTo {
    /// The number of the right file.
    pub(super) to: usize,
    pub(super) proof: Proof,
    /// How many bytes were read of it, on one side.
    pub(super) read: u64,
}

/// Sizes that one side has.
#[derive(Default)]
struct Sizes {
    known: HashSet<u64>,
    /// Has it a file whose size is not known?
    has_unknown: bool,
}

impl Sizes {
    fn of(sizes: impl IntoIterator<Item = Option<u64>>) -> Self {
        let mut all = Self::default();
        for size in sizes {
            match size {
                Some(size) => {
                    all.known.insert(size);
                }
                None => all.has_unknown = true,
            }
        }
        all
    }

    /// May a file of this size have the content of one of them? An empty file moves nowhere.
    fn may_have(&self, size: Option<u64>) -> bool {
        match size {
            Some(0) => false,
            Some(size) => self.has_unknown || self.known.contains(&size),
            None => self.has_unknown || !self.known.is_empty(),
        }
    }
}

/// One side on its way.
struct Searched<'s> {
    files: &'s dyn Files,
    paths: &'s [Vec<u8>],
    /// Files that may have moved: their numbers, in their order, and their sizes.
    candidates: Vec<(usize, Option<u64>)>,
    failed: HashMap<usize, Error>,
    classes: Classes<'s>,
    /// The number of each file whose content is known, and that of the content.
    known: Vec<(usize, usize)>,
}

/// Finds out which of these files moved; the paths of either side are sorted.
///
/// # Errors
/// When the context says stop.
pub(super) fn find(
    [left, right]: [&dyn Files; 2],
    [lefts, rights]: [&[Vec<u8>]; 2],
    context: &Context<'_>,
) -> Result<Found> {
    let mut left = Searched::new(left, lefts, context)?;
    let mut right = Searched::new(right, rights, context)?;
    left.keep(&right.sizes());
    right.keep(&left.sizes());
    left.keep(&right.sizes());
    let listed = left.files.listed_digests().or_else(|| right.files.listed_digests());
    let algorithms =
        listed.unwrap_or_else(|| vec![(Algorithm::Blake3, Algorithm::Blake3.length())]);
    // What the side has of which less is known tells which sizes of the other one are to be read.
    let left_first = left.sizes().has_unknown || !right.sizes().has_unknown;
    let (first, second) =
        if left_first { (&mut left, &mut right) } else { (&mut right, &mut left) };
    first.learn(&algorithms, &second.sizes(), context)?;
    second.learn(&algorithms, &first.sizes(), context)?;
    left.fail_incomparable(&right, context)?;
    right.fail_incomparable(&left, context)?;
    let alike = left.classes.alike(&right.classes, context)?;
    let classes: Vec<Vec<usize>> =
        alike.iter().map(|those| those.iter().map(|it| it.0).collect()).collect();
    let mut moved = HashMap::new();
    for (one, other) in pairs(&left.classed(), &right.classed(), &classes, context)? {
        let ((from, class), (to, other)) = (left.known[one], right.known[other]);
        let proof = alike[class].iter().find(|it| it.0 == other).map_or(Proof::Digest, |it| it.1);
        let read = left.classes.contents[class].read().max(right.classes.contents[other].read());
        moved.insert(from, MovedTo { to, proof, read });
    }
    Ok(Found { moved, failed: [left.failed, right.failed] })
}

impl<'s> Searched<'s> {
    /// Looks at the sizes of all files.
    fn new(files: &'s dyn Files, paths: &'s [Vec<u8>], context: &Context<'_>) -> Result<Self> {
        let sizes =
            if files.listed_digests().is_some() {
                let (mut sizes, mut steps) = (Vec::with_capacity(paths.len()), Steps::new(context));
                for path in paths {
                    steps.step()?;
                    sizes.push(files.listed(path).map(|listed| listed.size()));
                }
                sizes
            } else {
                let numbers: Vec<usize> = (0..paths.len()).collect();
                in_batches(files, &numbers, context, |files, &number, _| {
                    Ok(files.size(&paths[number]))
                })?
            };
        let (mut candidates, mut failed) = (Vec::new(), HashMap::new());
        for (number, size) in sizes.into_iter().enumerate() {
            match size {
                Ok(size) => candidates.push((number, size)),
                Err(error) if error.ends_call() => return Err(error),
                Err(error) => {
                    failed.insert(number, error);
                }
            }
        }
        let (classes, known) = (Classes::default(), Vec::new());
        Ok(Self { files, paths, candidates, failed, classes, known })
    }

    /// The sizes that its files have; of those that have been read, the sizes that they turned out to have.
    fn sizes(&self) -> Sizes {
        Sizes::of(self.candidates.iter().map(|candidate| candidate.1))
    }

    /// Keeps the files that may have moved, as far as the sizes of the other side tell.
    fn keep(&mut self, others: &Sizes) {
        self.candidates.retain(|candidate| others.may_have(candidate.1));
    }

    /// Learns what the contents are of files that may have moved: reads them, if a manifest does not list them.
    fn learn(
        &mut self,
        algorithms: &[(Algorithm, usize)],
        others: &Sizes,
        context: &Context<'_>,
    ) -> Result<()> {
        self.keep(others);
        let candidates = std::mem::take(&mut self.candidates);
        if self.files.listed_digests().is_some() {
            let mut steps = Steps::new(context);
            for (number, size) in candidates {
                steps.step()?;
                let listed = self.files.listed(&self.paths[number]);
                let listed = listed.and_then(|listed| listed.wanted().map(|_| listed));
                self.take(number, size, listed.map(|listed| Some(Content::Listed(listed))))?;
            }
            return Ok(());
        }
        let (files, paths) = (self.files, self.paths);
        let chosen: Vec<&[u8]> = candidates.iter().map(|it| &paths[it.0][..]).collect();
        files.prepare(&chosen, context)?;
        // What counts are the bytes of the files that have moved.
        let uncounted = context.call().uncounted_part();
        let read = in_batches(files, &candidates, context, |files, (number, _), context| {
            let path = &paths[*number];
            context.counters().begin(&[path]);
            let quiet = context.within(&uncounted);
            Ok(files.digests(path, algorithms, &|size| others.may_have(Some(size)), &quiet))
        })?;
        for ((number, _), computed) in candidates.into_iter().zip(read) {
            let size = computed.as_ref().ok().and_then(Option::as_ref).map(|it| it.count);
            self.take(number, size, computed.map(|computed| computed.map(Content::Read)))?;
        }
        Ok(())
    }

    /// Takes what has become of a file.
    fn take(
        &mut self,
        number: usize,
        size: Option<u64>,
        content: Result<Option<Content<'s>>>,
    ) -> Result<()> {
        let known = content.and_then(|content| match content {
            Some(content) if content.is_empty()? => Ok(None),
            content => Ok(content),
        });
        match known {
            Ok(None) => {}
            Ok(Some(content)) => {
                self.candidates.push((number, size));
                self.known.push((number, self.classes.number(content)));
            }
            Err(error) if error.ends_call() => return Err(error),
            Err(error) => {
                self.failed.insert(number, error);
            }
        }
        Ok(())
    }

    /// Notes the files of which nothing can be told, because the other side has no digests of their algorithms.
    fn fail_incomparable(&mut self, other: &Searched<'_>, context: &Context<'_>) -> Result<()> {
        if self.files.listed_digests().is_none() || other.files.listed_digests().is_none() {
            return Ok(());
        }
        let why = self.classes.incomparable(&other.classes, context)?;
        for (number, class) in &self.known {
            if why.contains(class) {
                let name = Name::new(&self.paths[*number]);
                let error = Error::read(&name, "the two manifests have no digest in common");
                self.failed.insert(*number, error);
            }
        }
        Ok(())
    }

    fn classed(&self) -> Vec<Classed<'s>> {
        let classed = |&(number, class): &(usize, usize)| {
            let path: &[u8] = &self.paths[number];
            Classed { path, class }
        };
        self.known.iter().map(classed).collect()
    }
}

/// Does this for each of the items, whose outcomes are in their order.
fn in_batches<I: Sync, T: Send>(
    files: &dyn Files,
    items: &[I],
    context: &Context<'_>,
    work: impl Fn(&mut dyn FilesInTurn, &I, &Context<'_>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let (size, at_a_time) = files.batches();
    let batches: Vec<(usize, &[I])> = items.chunks(size).enumerate().collect();
    let done = Mutex::new(Vec::with_capacity(batches.len()));
    each(&batches, at_a_time, AfterFailure::Stop, context, |(number, batch), context| {
        let (mut files, mut outcomes) = (files.in_turn(), Vec::with_capacity(batch.len()));
        for item in *batch {
            context.checkpoint()?;
            outcomes.push(work(&mut *files, item, context)?);
        }
        lock(&done).push((*number, outcomes));
        Ok(Verdict::Undecided)
    })?;
    let mut done = ignore_poison(done.into_inner());
    done.sort_unstable_by_key(|it| it.0);
    Ok(done.into_iter().flat_map(|it| it.1).collect())
}
