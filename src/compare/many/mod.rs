//! Several sources at once: are all the same, and which of them are?
//!
//! A file with several names, and a source that is named twice, is read once.

pub(crate) mod digests;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::run::context::{Context, Steps};

use super::pair::compare_contents;
use crate::content::file::FileReader;
use crate::content::file::identity::Identity;
use crate::content::file::located::Located;
use crate::content::{Chunk, Content, Reader, is_silenced};
use crate::engine::partition;
use crate::engine::partition::{Member, PartitionLimits};
use crate::engine::{until_quiet, wait_for};
use crate::error::{Error, Result};
use crate::options::Options;
use crate::outcome::{DiffReason, Finding, GroupOutcome, PairOutcome};
use crate::run::for_each::{AfterFailure, Verdict, each};
use crate::run::sort;
use crate::source::Source;
use crate::sys::descriptors::descriptor_limit;

/// Are all sources the same? Fewer than two are.
///
/// The others are compared with one of them, several at a time; the first difference ends the call.
///
/// # Errors
/// When one cannot be read or changes meanwhile, unless there is a difference elsewhere: of several
/// failures, the first in the list. When the context says stop.
pub fn compare_all(sources: &[Source], options: &Options, context: &Context<'_>) -> Result<bool> {
    context.counters().set_entries_total(sources.len() as u64);
    let same = all_same(sources, options, context)?;
    if same {
        context.counters().count_rest_as_equal();
    } else {
        context.counters().count(&Finding::differs(DiffReason::ContentMismatch));
    }
    Ok(same)
}

fn all_same(sources: &[Source], options: &Options, context: &Context<'_>) -> Result<bool> {
    context.checkpoint()?;
    if sources.len() < 2 {
        return Ok(true);
    }
    let distinct = Distinct::of(sources, options, context)?;
    if let Some(error) = distinct.failure {
        return Err(error);
    }
    let many_urls = distinct.members.len() > 2;
    // All are the same if all are the same as one of them: a file, since it is read again for each of the
    // others. If all are URLs, they are read at the same time, or one after another and compared by digests.
    match distinct.members.iter().position(|found| found.content.file().is_some()) {
        None if !fit(&distinct.members, options) => {
            let open = |found: &Found<'_>| open_one(found, options);
            digests::all_same(&distinct.members, options, context, open)
        }
        None if many_urls => {
            let Some(members) = open(&distinct.members, context)? else {
                let open = |found: &Found<'_>| open_one(found, options);
                return digests::all_same(&distinct.members, options, context, open);
            };
            let limits = PartitionLimits { open: affordable_files(), stop_at_difference: true };
            partition::partition(members, limits, options, context).map(|groups| groups.is_equal())
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
    context.counters().set_entries_total(sources.len() as u64);
    // Where nothing of a file but its inode has changed meanwhile, all are compared once more.
    let outcome = until_quiet(context, || groups(sources, options, context))?;
    context.counters().count_rest_as_equal();
    Ok(outcome)
}

fn groups(sources: &[Source], options: &Options, context: &Context<'_>) -> Result<GroupOutcome> {
    context.checkpoint()?;
    let Distinct { members, same, failure } = Distinct::of(sources, options, context)?;
    if let Some(error) = failure {
        return Err(first_failure(&members, error, options, context));
    }
    let ready = if fit(&members, options) { open(&members, context)? } else { None };
    let outcome = match ready {
        Some(ready) => partition(ready, options, context)?,
        None => by_digests(&members, options, context)?,
    };
    let mut groups: Vec<Vec<usize>> = Vec::with_capacity(outcome.len());
    let mut steps = Steps::new(context);
    for members in outcome {
        let mut group = Vec::with_capacity(members.len());
        for member in members {
            steps.step()?;
            group.extend_from_slice(&same[member]);
        }
        sort::sort_by(&mut group, context, Ord::cmp)?;
        groups.push(group);
    }
    sort::sort_by(&mut groups, context, Ord::cmp)?;
    Ok(GroupOutcome { groups })
}

fn partition(
    members: Vec<Member>,
    options: &Options,
    context: &Context<'_>,
) -> Result<Vec<Vec<usize>>> {
    let limits = PartitionLimits { open: affordable_files(), stop_at_difference: false };
    partition::partition(members, limits, options, context).map(|outcome| outcome.groups)
}

/// May all URLs of these be open at once? They must be, to be compared byte for byte and read only once.
fn fit(members: &[Found<'_>], options: &Options) -> bool {
    count_urls(members) <= options.transfers().max(2)
}

/// The groups of members of which not all can be open at once, found by digests; files that can equal none of
/// the URLs are compared byte for byte.
fn by_digests(
    members: &[Found<'_>],
    options: &Options,
    context: &Context<'_>,
) -> Result<Vec<Vec<usize>>> {
    let mut steps = Steps::new(context);
    let size = |&place: &usize| members[place].content.size();
    let (mut sized, mut streams) = (Vec::new(), Vec::new());
    for place in 0..members.len() {
        steps.step()?;
        if size(&place).is_some() { sized.push(place) } else { streams.push(place) }
    }
    let open = |&place: &usize| open_one(&members[place], options);
    let mut classes = digests::classes(&streams, options, context, open)?;
    let lengths: HashSet<u64> = classes.keys().map(|digest| digest.0).collect();
    let (mut candidates, mut others) = (Vec::new(), Vec::new());
    for place in sized {
        steps.step()?;
        let may_be_same =
            !options.size_precheck || size(&place).is_some_and(|size| lengths.contains(&size));
        if may_be_same { candidates.push(place) } else { others.push(place) }
    }
    for (digest, places) in digests::classes(&candidates, options, context, open)? {
        classes.entry(digest).or_default().extend(places);
    }
    let mut files = Vec::with_capacity(others.len());
    for &place in &others {
        steps.step()?;
        files.extend(members[place].content.reopenable().map(Member::Reopenable));
    }
    let mut groups: Vec<Vec<usize>> = classes.into_values().collect();
    for group in partition(files, options, context)? {
        steps.step()?;
        groups.push(group.iter().map(|&place| others[place]).collect());
    }
    Ok(groups)
}

/// Opens one of many.
fn open_one(found: &Found<'_>, options: &Options) -> Result<Box<dyn Reader>> {
    found.content.open(options.transfers())
}

/// A source by its index in the list, and its content.
struct Found<'s> {
    index: usize,
    content: Box<dyn Content + 's>,
}

/// How many of them come from servers?
fn count_urls(members: &[Found<'_>]) -> usize {
    members.iter().filter(|found| found.content.file().is_none()).count()
}

/// The sources that are known to be different ones, in the order of the list.
struct Distinct<'s> {
    members: Vec<Found<'s>>,
    /// For each of them: itself, and all that are known to be the same unread.
    same: Vec<Vec<usize>>,
    /// Why it ends before the end of the list: the next path leads to no file. (URLs that lead to nothing
    /// show that later.)
    failure: Option<Error>,
}

impl<'s> Distinct<'s> {
    /// # Errors
    /// When the context says stop.
    fn of(sources: &'s [Source], options: &Options, context: &Context<'_>) -> Result<Self> {
        let (mut members, mut same) = (Vec::<Found<'_>>::new(), Vec::<Vec<usize>>::new());
        let mut failure = None;
        let mut files = Files::default();
        let mut urls: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, source) in sources.iter().enumerate() {
            context.checkpoint()?;
            let looked_at = match source.content(options) {
                Ok(looked_at) => looked_at,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            let known = match looked_at.file() {
                Some(file) => files.find_or_add(file, &members),
                None => {
                    let named = urls.entry(source.name().bytes()).or_default();
                    // The same URL may have other settings.
                    let is_same = |&known: &usize| sources[members[known].index] == *source;
                    let known = named.iter().copied().find(is_same);
                    if known.is_none() {
                        named.push(members.len());
                    }
                    known
                }
            };
            match known {
                Some(known) => same[known].push(index),
                None => {
                    members.push(Found { index, content: looked_at });
                    same.push(vec![index]);
                }
            }
        }
        Ok(Self { members, same, failure })
    }
}

/// The files found so far, to find those that come again.
#[derive(Default)]
struct Files(HashMap<Identity, SameNumber>);

/// Members that have one device, inode, size and times. Usually they are one file.
struct SameNumber {
    /// The first of them.
    first: usize,
    /// All of them by their paths, links resolved, as soon as there is a second one.
    by_path: HashMap<Vec<u8>, usize>,
}

impl Files {
    /// The member that is the same file; if there is none, this file becomes the next member.
    fn find_or_add(&mut self, located: &Located, members: &[Found<'_>]) -> Option<usize> {
        let next = members.len();
        let known = match self.0.entry(located.identity()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                free.insert(SameNumber { first: next, by_path: HashMap::new() });
                return None;
            }
        };
        let first = members[known.first].content.file()?;
        if first.is_same_file(located) {
            return Some(known.first);
        }
        // Some filesystems give one number to several files: then their paths tell them apart.
        if known.by_path.is_empty() {
            known.by_path.insert(first.resolved()?, known.first);
        }
        match known.by_path.entry(located.resolved()?) {
            Entry::Occupied(same) => Some(*same.get()),
            Entry::Vacant(free) => {
                free.insert(next);
                None
            }
        }
    }
}

/// The error to report when the source after these has failed with `error`: that of the first of these that
/// fails too, if any.
fn first_failure(
    found: &[Found<'_>],
    error: Error,
    options: &Options,
    context: &Context<'_>,
) -> Error {
    let opens = |found: &Found<'_>, context: &Context<'_>| {
        wait_for(&mut *open_one(found, options)?, context).map(|()| Verdict::Undecided)
    };
    let opened = each(found, options.transfers(), AfterFailure::Stop, context, opens);
    opened.err().unwrap_or(error)
}

/// Three eighths of the files that the process may have open: connections take up to a quarter, and the
/// program itself has some open.
fn affordable_files() -> usize {
    descriptor_limit() / 8 * 3
}

/// Makes everything ready to be read: requests all URLs, then waits for their answers. `None` where a server
/// answers one of them and not another: they have to be read one after another.
fn open(found: &[Found<'_>], context: &Context<'_>) -> Result<Option<Vec<Member>>> {
    let mut members = Vec::with_capacity(found.len());
    let urls = count_urls(found);
    for Found { content, .. } in found {
        context.checkpoint()?;
        members.push(match (content.file(), content.reopenable()) {
            (Some(file), _) if file.size().is_none() => unsized_file(file.clone())?,
            (_, Some(reopenable)) => Member::Reopenable(reopenable),
            (_, None) => Member::Stream(content.open(urls)?),
        });
    }
    for index in 0..members.len() {
        while let Member::Stream(reader) = &mut members[index] {
            if reader.prepare()? {
                break;
            }
            context.checkpoint()?;
            if is_blocked(&members, index) {
                return Ok(None);
            }
        }
    }
    Ok(Some(members))
}

/// Does this member's server wait until another member is read?
fn is_blocked(members: &[Member], index: usize) -> bool {
    let Member::Stream(silent) = &members[index] else { return false };
    members.iter().any(|other| match other {
        Member::Stream(other) => is_silenced(&**silent, &**other),
        Member::Reopenable(_) => false,
    })
}

/// A file that reports no size: it is empty, as most are, or it can be read only once.
fn unsized_file(located: Located) -> Result<Member> {
    let mut reader = FileReader::open_located(located.clone())?;
    if reader.chunk()? == Chunk::End {
        reader.verify()?;
        return Ok(Member::Reopenable(Box::new(located)));
    }
    Ok(Member::Stream(Box::new(reader)))
}

/// One source, and others to compare with it.
struct Pairs<'s> {
    sources: &'s [Source],
    first: Found<'s>,
    others: Vec<Found<'s>>,
}

impl Pairs<'_> {
    fn compare(&self, options: &Options, context: &Context<'_>) -> Result<bool> {
        let has_urls = self.first.content.file().is_none() || count_urls(&self.others) > 0;
        let workers = if has_urls { options.transfers() } else { options.workers() };
        let at_a_time = workers.min(self.others.len()).max(1);
        // Threads that are left over are divided among the comparisons.
        let options =
            &Options { max_workers: (options.workers() / at_a_time).max(1), ..options.clone() };
        // All are compared even after a failure: a difference wins over it.
        let outcome =
            each(&self.others, at_a_time, AfterFailure::Continue, context, |other, context| {
                context.counters().begin_source(self.sources[other.index].name());
                let difference = self.pair(other, options, context)?;
                if difference.is_none() {
                    context.counters().count_equal(None, 1);
                }
                Ok(if difference.is_some() { Verdict::Decided } else { Verdict::Undecided })
            })?;
        Ok(outcome == Verdict::Undecided)
    }

    fn pair(
        &self,
        other: &Found<'_>,
        options: &Options,
        context: &Context<'_>,
    ) -> Result<PairOutcome> {
        let mut is_known = true;
        until_quiet(context, || {
            if std::mem::take(&mut is_known) {
                return compare_contents(&*self.first.content, &*other.content, options, context);
            }
            // Both are looked at again when they are compared again.
            let look = |found: &Found<'_>| self.sources[found.index].content(options);
            compare_contents(&*look(&self.first)?, &*look(other)?, options, context)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;

    #[test]
    fn every_source_is_a_checkpoint_before_any_is_read() {
        const COUNT: usize = 2000;
        let directory = tempfile::tempdir().expect("a directory");
        let sources: Vec<Source> = (0..COUNT)
            .map(|size| {
                let path = directory.path().join(size.to_string());
                let file = std::fs::File::create(&path).expect("made");
                file.set_len(size as u64).expect("sizes that all differ");
                Source::from(path.as_path())
            })
            .collect();
        let groups = |call: &Call| compare_many(&sources, &Options::default(), &Context::new(call));
        let call = Call::new(None);
        let outcome = groups(&call).expect("no limit");
        assert_eq!(outcome.groups.len(), COUNT);
        // Each is looked at, made ready, and closed as a group of its own.
        assert!(call.checkpoints() >= 3 * COUNT, "{}", call.checkpoints());
        for last in [1, COUNT / 2, COUNT + COUNT / 2, 2 * COUNT + COUNT / 2] {
            assert_eq!(groups(&Call::until_checkpoint(last)), Err(Error::Cancelled), "{last}");
        }
    }
}
