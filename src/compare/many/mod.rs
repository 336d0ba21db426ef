//! Several sources at once: are all the same, and which of them are?
//!
//! A file with several names, and a source that is named twice, is read once.

pub(crate) mod digests;
mod distinct;
mod found;
mod with_first;

use std::collections::HashSet;

use self::distinct::Distinct;
use self::found::{Found, affordable_files, count_urls, first_failure, open, open_one};
use self::with_first::Pairs;
use crate::engine::partition;
use crate::engine::partition::{Member, PartitionLimits};
use crate::engine::until_quiet;
use crate::error::Result;
use crate::options::Options;
use crate::outcome::{DiffReason, Finding, GroupOutcome};
use crate::run::context::{Context, Steps};
use crate::run::sort;
use crate::source::Source;

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
    let outcome = until_quiet(options.retries(), context, || groups(sources, options, context))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
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
