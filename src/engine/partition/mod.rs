//! Many contents, sorted into groups of identical ones, by partition refinement.
//!
//! A class is a set of contents that are the same up to an offset. One stretch of each member is read at a
//! time, and the class is split where they differ; a class of one member needs no more reading. So, however
//! many there are, no content is read twice, and the memory used at a time has a fixed limit.

pub(crate) mod stretch;

use std::collections::{BTreeMap, VecDeque};

use self::stretch::{Classes, Reopenable, Stretch, read_all, read_stream};
use crate::content::{Extent, Reader, Reopen};
use crate::error::{Error, Result};
use crate::options::Options;
use crate::outcome::GroupOutcome;
use crate::run::context::{Context, Steps};
use crate::run::sort;

/// Bytes that all buffers of a class may have together.
const BUDGET: usize = 32 << 20;

/// The longest stretch. Longer ones save no time, and fall out of the caches between reading and
/// comparing.
const LONGEST: usize = 1 << 20;

/// The shortest: a hundred thousand members that all differ keep within the budget.
const SHORTEST: usize = 256;

/// Stretches are multiples of this, as long as they can: a page.
const PAGE: usize = 4 << 10;

/// One of many contents.
pub enum Member {
    /// It can be opened at any time, and read at any offset.
    Reopenable(Box<dyn Reopen>),
    /// It can be read once, from its start, and is ready.
    Stream(Box<dyn Reader>),
}

/// When to stop, and how many files to keep open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionLimits {
    /// How many members may be open at once, streams not counted.
    pub open: usize,
    /// Stop as soon as not all are the same, without finding out which of them are.
    pub stop_at_difference: bool,
}

/// Sorts `members` into groups of identical ones. Where it stops at a difference, there are several
/// groups, and which members they have means nothing.
///
/// # Errors
/// When one cannot be read (of several, the first in the list) or has changed meanwhile; when the
/// context says stop.
pub fn partition(
    members: Vec<Member>,
    limits: PartitionLimits,
    options: &Options,
    context: &Context<'_>,
) -> Result<GroupOutcome> {
    let all = (0..members.len()).collect();
    let mut partition = Partition::new(members, options, context);
    partition.add(Class { members: all, offset: 0 })?;
    loop {
        if limits.stop_at_difference && partition.classes() > 1 {
            break;
        }
        let Some(class) = partition.streaming.pop_front().or_else(|| partition.waiting.pop())
        else {
            break;
        };
        partition.advance(class, limits.open)?;
    }
    let mut groups = partition.groups;
    if limits.stop_at_difference {
        let undecided = partition.streaming.into_iter().chain(partition.waiting);
        groups.extend(undecided.map(|class| class.members));
    }
    sort::sort_by(&mut groups, context, Ord::cmp)?;
    Ok(GroupOutcome { groups })
}

/// Members that are the same up to an offset; in the order of the list.
struct Class {
    members: Vec<usize>,
    offset: u64,
}

struct Partition<'s> {
    // Each member has one of these two, until its group is known.
    reopenable: Vec<Option<Reopenable>>,
    streams: Vec<Option<Box<dyn Reader>>>,
    options: &'s Options,
    context: &'s Context<'s>,
    /// Classes with streams take turns, so that none stands still for long: its server would close the
    /// connection.
    streaming: VecDeque<Class>,
    /// Those without streams are done one after another, which keeps few files open.
    waiting: Vec<Class>,
    groups: Vec<Vec<usize>>,
}

impl<'s> Partition<'s> {
    fn new(members: Vec<Member>, options: &'s Options, context: &'s Context<'s>) -> Self {
        let (reopenable, streams) = members
            .into_iter()
            .map(|member| match member {
                Member::Reopenable(file) => (Some(Reopenable::new(file)), None),
                Member::Stream(reader) => (None, Some(reader)),
            })
            .unzip();
        let (streaming, waiting, groups) = (VecDeque::new(), Vec::new(), Vec::new());
        Self { reopenable, streams, options, context, streaming, waiting, groups }
    }

    /// How many classes there are, finished or not.
    fn classes(&self) -> usize {
        self.groups.len() + self.streaming.len() + self.waiting.len()
    }

    fn size(&self, member: usize) -> Option<u64> {
        match (&self.reopenable[member], &self.streams[member]) {
            (Some(content), _) => Some(content.size()),
            (None, Some(stream)) => stream.size(),
            (None, None) => None,
        }
    }

    fn has_streams(&self, class: &Class) -> bool {
        class.members.iter().any(|&member| self.streams[member].is_some())
    }

    /// Adds a class for further reading, unless it needs none.
    fn add(&mut self, class: Class) -> Result<()> {
        if class.members.len() < 2 {
            return self.close(class.members);
        }
        let mut steps = Steps::new(self.context);
        let mut sizes = Vec::with_capacity(class.members.len());
        for &member in &class.members {
            steps.step()?;
            sizes.push(self.size(member));
        }
        let known = sizes.iter().all(Option::is_some);
        let alike = sizes.windows(2).all(|pair| pair[0] == pair[1]);
        // A size that is not known may be any of the others.
        if known && !alike && self.options.size_precheck {
            let mut by_size: BTreeMap<_, Vec<usize>> = BTreeMap::new();
            for (size, member) in sizes.into_iter().zip(class.members) {
                steps.step()?;
                by_size.entry(size).or_default().push(member);
            }
            let mut classes: Vec<_> = by_size.into_values().collect();
            // The last one that is added is the first one to be taken.
            sort::sort_by(&mut classes, self.context, |one, two| two.cmp(one))?;
            return classes
                .into_iter()
                .try_for_each(|members| self.add(Class { members, offset: class.offset }));
        }
        if self.has_streams(&class) {
            self.streaming.push_back(class);
        } else if sizes.iter().all(|&size| size <= Some(class.offset)) {
            return self.close(class.members);
        } else {
            self.waiting.push(class);
        }
        Ok(())
    }

    /// Verifies and closes a group's members: they are the same, or there is only one.
    fn close(&mut self, members: Vec<usize>) -> Result<()> {
        for &member in &members {
            self.context.checkpoint()?;
            if let Some(content) = self.reopenable[member].take() {
                content.close()?;
            }
            if let Some(stream) = self.streams[member].take() {
                stream.verify()?;
            }
        }
        if !members.is_empty() {
            self.groups.push(members);
        }
        Ok(())
    }

    /// Reads a class a stretch further.
    fn advance(&mut self, class: Class, affordable: usize) -> Result<()> {
        self.context.checkpoint()?;
        let mut steps = Steps::new(self.context);
        let mut contents: Vec<(usize, &Reopenable)> = Vec::with_capacity(class.members.len());
        for &member in &class.members {
            steps.step()?;
            contents.extend(self.reopenable[member].as_ref().map(|content| (member, content)));
        }
        let has_streams = contents.len() < class.members.len();
        if let (&[(one, a), (two, b)], 0, false) = (&*contents, class.offset, has_streams) {
            let same = self.pair(a, b)?;
            let groups = if same { vec![vec![one, two]] } else { vec![vec![one], vec![two]] };
            return groups.into_iter().try_for_each(|group| self.close(group));
        }
        let mut open = 0;
        for content in &self.reopenable {
            steps.step()?;
            open += usize::from(content.as_ref().is_some_and(Reopenable::is_open));
        }
        let mut closed = 0;
        for (_, content) in &contents {
            steps.step()?;
            closed += usize::from(!content.is_open());
        }
        let keep_open = closed == 0 || open + closed <= affordable;
        if keep_open
            && !has_streams
            && let Some(end) = common_hole(&contents, class.offset, &mut steps)?
        {
            return self.add(Class { offset: end, ..class });
        }
        let workers = self.options.workers();
        let length = stretch_length(class.members.len() + workers);
        let classes = Classes::default();
        let mut buffer = Vec::new();
        for &member in &class.members {
            if let Some(stream) = &mut self.streams[member]
                && !classes.failed_before(member)
            {
                let read = read_stream(&mut **stream, length, &mut buffer, self.context);
                classes.note(member, read, &mut buffer);
            }
        }
        let stretch = Stretch { offset: class.offset, length, keep_open, workers };
        read_all(&contents, stretch, &classes, self.context);
        drop(contents);
        let parts = classes
            .finish(self.context)
            .map_err(|(member, error)| self.first_failure(member, error))?;
        // Backwards: the last one that is added is the first one to be taken.
        for (members, read) in parts.into_iter().rev() {
            self.context.counters().add_bytes(members.len() as u64 * read as u64);
            // A stream that has ended gave less than was asked for.
            if has_streams && read < length {
                self.close(members)?;
            } else {
                self.add(Class { members, offset: class.offset + length as u64 })?;
            }
        }
        Ok(())
    }

    /// Compares two contents that nothing has been read of: two are compared faster by the engine.
    fn pair(&self, a: &Reopenable, b: &Reopenable) -> Result<bool> {
        let (mut a, mut b) = (a.reader()?, b.reader()?);
        // A sample would be read twice.
        let options = Options { quick_check: false, ..self.options.clone() };
        super::compare(&mut *a, &mut *b, &options, self.context).map(|outcome| outcome.is_none())
    }

    /// The error to report when `member` has failed: that of the first in the list that cannot be opened,
    /// whichever was tried first.
    fn first_failure(&self, member: usize, error: Error) -> Error {
        let earlier = self.reopenable[..member].iter().flatten();
        let open =
            |content: &Reopenable| self.context.checkpoint().and_then(|()| content.try_open());
        earlier.map(open).find_map(Result::err).unwrap_or(error)
    }
}

/// How long a stretch may be where `buffers` of them are in memory.
fn stretch_length(buffers: usize) -> usize {
    let length = (BUDGET / buffers.max(1)).clamp(SHORTEST, LONGEST);
    if length > PAGE { length / PAGE * PAGE } else { length }
}

/// Where the hole ends that all of these are in, if they are in one.
fn common_hole(
    contents: &[(usize, &Reopenable)],
    offset: u64,
    steps: &mut Steps<'_, '_>,
) -> Result<Option<u64>> {
    let mut common = u64::MAX;
    for (_, content) in contents {
        steps.step()?;
        if content.size() != contents[0].1.size() {
            return Ok(None);
        }
        let extent = content.with(true, |reader| {
            reader.as_random().map(|content| content.extent(offset)).transpose()
        })?;
        match extent {
            Some(Extent::Hole { end }) => common = common.min(end),
            _ => return Ok(None),
        }
    }
    Ok(Some(common))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_stretches_together_stay_within_the_budget() {
        for members in [2, 3, 33, 200, 1000, 100_000] {
            assert!(stretch_length(members) * members <= BUDGET);
        }
        assert_eq!(stretch_length(2), LONGEST);
        assert_eq!(stretch_length(200) % PAGE, 0);
        assert_eq!(stretch_length(usize::MAX), SHORTEST);
    }
}
