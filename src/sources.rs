//! Several sources at once: are all the same, and which of them are?
//!
//! What is one file under several names, and what is named twice, is read once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::context::Context;
use crate::crew;
use crate::engine::group::{self, Extremes, Member};
use crate::error::{Error, Result};
use crate::options::{Options, descriptor_limit};
use crate::outcome::{GroupOutcome, PairOutcome};
use crate::reader::located::Located;
use crate::reader::{Chunk, Reader};
use crate::source::{Source, compare_located};

/// Are all sources the same? Fewer than two are.
///
/// The others are compared with one of them, several at once; the first difference ends it all.
///
/// # Errors
/// When one cannot be read or changes meanwhile, unless there is a difference elsewhere: of several
/// failures, the first in the list. When the context says stop.
pub fn compare_all(sources: &[Source], options: &Options, context: &Context<'_>) -> Result<bool> {
    context.checkpoint()?;
    if sources.len() < 2 {
        return Ok(true);
    }
    let distinct = Distinct::of(sources);
    if let Some(error) = distinct.failure {
        return Err(error);
    }
    let many_urls = distinct.members.len() > 2;
    // All are the same if all are the same as any one of them: a file, since that is read again for
    // each of the others. Where there is none, all are read side by side.
    match distinct.members.iter().position(|(_, located)| located.is_some()) {
        None if many_urls => {
            let members = open(sources, distinct.members, options, context)?;
            let extremes = Extremes { open: affordable_files(), stop_at_difference: true };
            group::partition(members, extremes, options, context).map(|groups| groups.is_equal())
        }
        first => {
            let mut others = distinct.members;
            let first = others.remove(first.unwrap_or(0));
            Pairs { sources, first, others }.compare(options, context)
        }
    }
}

/// Which of the sources are the same? Each is read at most once.
///
/// # Errors
/// When one cannot be read or changes meanwhile: of several, the first in the list. When the context
/// says stop.
pub fn compare_many(
    sources: &[Source],
    options: &Options,
    context: &Context<'_>,
) -> Result<GroupOutcome> {
    context.checkpoint()?;
    let Distinct { members, same, failure } = Distinct::of(sources);
    if let Some(error) = failure {
        return Err(first_failure(sources, members, error, options, context));
    }
    let members = open(sources, members, options, context)?;
    let extremes = Extremes { open: affordable_files(), stop_at_difference: false };
    let outcome = group::partition(members, extremes, options, context)?;
    let mut groups: Vec<Vec<usize>> = Vec::with_capacity(outcome.groups.len());
    for group in outcome.groups {
        let mut group: Vec<usize> = group.iter().flat_map(|&one| &same[one]).copied().collect();
        group.sort_unstable();
        groups.push(group);
    }
    groups.sort_unstable();
    Ok(GroupOutcome { groups })
}

/// A source by its index in the list; where it leads to, if it is a path.
type Found = (usize, Option<Located>);

/// The sources that are known to be different ones, in the order of the list.
struct Distinct {
    members: Vec<Found>,
    /// For each of them: itself, and all that are the same without looking.
    same: Vec<Vec<usize>>,
    /// Why it ends before the end of the list: the next path leads to no file. (Which URLs lead to
    /// nothing is known later.)
    failure: Option<Error>,
}

impl Distinct {
    fn of(sources: &[Source]) -> Self {
        let (mut members, mut same) = (Vec::new(), Vec::<Vec<usize>>::new());
        let mut failure = None;
        let mut files: HashMap<(u64, u64), usize> = HashMap::new();
        let mut urls: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, source) in sources.iter().enumerate() {
            let located = match source.locate() {
                Ok(located) => located,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            let known = match &located {
                Some(located) => match files.entry(located.file()) {
                    Entry::Occupied(known) => Some(*known.get()),
                    Entry::Vacant(free) => {
                        free.insert(members.len());
                        None
                    }
                },
                None => {
                    let named = urls.entry(source.name().bytes()).or_default();
                    // The same text may come with other settings.
                    let known = named.iter().copied().find(|&known| {
                        let (known, _): &Found = &members[known];
                        sources[*known] == *source
                    });
                    if known.is_none() {
                        named.push(members.len());
                    }
                    known
                }
            };
            match known {
                Some(known) => same[known].push(index),
                None => {
                    members.push((index, located));
                    same.push(vec![index]);
                }
            }
        }
        Self { members, same, failure }
    }
}

/// The error to tell when the source after these has failed with `error`: if one of them fails too,
/// it goes first.
fn first_failure(
    sources: &[Source],
    found: Vec<Found>,
    error: Error,
    options: &Options,
    context: &Context<'_>,
) -> Error {
    let files: Vec<_> = found.iter().filter_map(|(_, located)| located.clone()).collect();
    match open(sources, found, options, context) {
        Err(earlier) => earlier,
        Ok(_) => files.into_iter().find_map(|file| file.open().err()).unwrap_or(error),
    }
}

/// Half of the files that the process may have open.
fn affordable_files() -> usize {
    descriptor_limit() / 2
}

/// Makes everything ready to be read: asks for all URLs, then waits for their answers.
fn open(
    sources: &[Source],
    found: Vec<Found>,
    options: &Options,
    context: &Context<'_>,
) -> Result<Vec<Member>> {
    let mut members = Vec::with_capacity(found.len());
    let urls = found.iter().filter(|(_, located)| located.is_none()).count();
    for (index, located) in found {
        members.push(match located {
            Some(located) if located.size().is_some() => Member::Anywhere(Box::new(located)),
            Some(located) => unsized_file(located)?,
            None => Member::Stream(sources[index].open(None, options, urls)?),
        });
    }
    for member in &mut members {
        if let Member::Stream(reader) = member {
            while !reader.prepare()? {
                context.checkpoint()?;
            }
        }
    }
    Ok(members)
}

/// A file that reports no size: it is empty, as most are, or it can be read only once.
fn unsized_file(located: Located) -> Result<Member> {
    let mut reader = located.clone().open()?;
    if reader.chunk()? == Chunk::End {
        reader.verify()?;
        return Ok(Member::Anywhere(Box::new(located)));
    }
    Ok(Member::Stream(Box::new(reader)))
}

/// One source, and others to compare with it.
struct Pairs<'s> {
    sources: &'s [Source],
    first: Found,
    others: Vec<Found>,
}

impl Pairs<'_> {
    fn compare(&self, options: &Options, context: &Context<'_>) -> Result<bool> {
        let has_urls = self.first.1.is_none() || self.others.iter().any(|(_, file)| file.is_none());
        let workers = if has_urls { options.transfers() } else { options.workers() };
        let members = workers.min(self.others.len()).max(1);
        // What the crew does not need is left to each comparison.
        let options =
            &Options { max_workers: (options.workers() / members).max(1), ..options.clone() };
        let (next, differs) = (AtomicUsize::new(0), AtomicBool::new(false));
        let failure: Mutex<Option<(usize, Error)>> = Mutex::default();
        let part = context.call().part();
        let done = crew::run(members, true, &context.within(&part), |is_first, crew, context| {
            if is_first {
                (1..members).for_each(|_| crew.push(false));
            }
            while let Some(other) = self.others.get(next.fetch_add(1, Ordering::Relaxed)) {
                context.checkpoint()?;
                match self.pair(other, options, context) {
                    Ok(None) => {}
                    Ok(Some(_)) => {
                        differs.store(true, Ordering::Relaxed);
                        part.cancel();
                        return Err(Error::Cancelled);
                    }
                    Err(stop @ (Error::Cancelled | Error::TimedOut(_))) => return Err(stop),
                    // There may be a difference yet, which counts for more.
                    Err(error) => {
                        let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
                        if first.as_ref().is_none_or(|&(index, _)| other.0 < index) {
                            *first = Some((other.0, error));
                        }
                    }
                }
            }
            Ok(())
        });
        if differs.into_inner() {
            return Ok(false);
        }
        done?;
        let failure = failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        failure.map_or(Ok(true), |(_, error)| Err(error))
    }

    fn pair(&self, other: &Found, options: &Options, context: &Context<'_>) -> Result<PairOutcome> {
        let (first, file) = &self.first;
        let a = (&self.sources[*first], file.clone());
        let b = (&self.sources[other.0], other.1.clone());
        compare_located(a, b, options, context)
    }
}
