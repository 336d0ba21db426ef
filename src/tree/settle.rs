//! What the entries of two archives come to, name by name.
//!
//! What a name stands for is what unpacking would leave there: its last entry, and for a hard link what
//! its target stood for at that moment. A target that only comes later is taken from the end.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::entries::{Entries, Header, Index, Kind};
use crate::error::Name;
use crate::outcome::{DiffReason, Finding, TreeOutcome};

/// An archive with what its names stand for.
pub(super) struct Settled<'e> {
    archive: &'e Name,
    entries: &'e Entries,
    names: HashMap<&'e [u8], usize>,
    /// What is called by one or more names: the entry whose content it has, or the hard link that
    /// leads there if that is not known yet.
    things: Vec<Thing>,
    /// Names that may be those of two, and hard links to them.
    doubtful: HashSet<&'e [u8]>,
}

#[derive(Clone, Copy)]
enum Thing {
    Content(Index),
    Link(Index),
}

impl<'e> Settled<'e> {
    /// Goes through the entries of `archive` in their order.
    pub(super) fn new(archive: &'e Name, entries: &'e Entries) -> Self {
        let doubtful = doubtful(entries);
        let (names, things) = (HashMap::with_capacity(entries.all.len()), Vec::new());
        let mut settled = Self { archive, entries, names, things, doubtful };
        for (index, (header, body)) in (0..).zip(&entries.all) {
            let has_content = body.size > 0;
            if matches!(&header.kind, Kind::HardLink(target) if settled.doubtful.contains(&**target))
            {
                settled.doubtful.insert(&header.path);
            }
            let thing = match &header.kind {
                Kind::File | Kind::Symlink(_) => settled.add(Thing::Content(index)),
                Kind::HardLink(target) => match settled.names.get(&**target) {
                    Some(&thing) => {
                        // Content under a later name is content of all names: where cpio keeps it.
                        if has_content {
                            settled.things[thing] = Thing::Content(index);
                        }
                        thing
                    }
                    None if has_content => settled.add(Thing::Content(index)),
                    None => settled.add(Thing::Link(index)),
                },
            };
            settled.names.insert(&header.path, thing);
        }
        settled
    }

    fn add(&mut self, thing: Thing) -> usize {
        self.things.push(thing);
        self.things.len() - 1
    }

    /// The entry whose content a thing has, or the target that there is not.
    fn content(&self, thing: usize) -> Result<Index, &'e [u8]> {
        let (mut thing, mut seen) = (thing, HashSet::new());
        loop {
            match self.things[thing] {
                Thing::Content(index) => return Ok(index),
                Thing::Link(index) => {
                    let Kind::HardLink(target) = &self.entries.header(index).kind else {
                        return Ok(index);
                    };
                    // Links that lead to each other lead nowhere.
                    match self.names.get(&**target) {
                        Some(&next) if seen.insert(thing) => thing = next,
                        _ => return Err(target),
                    }
                }
            }
        }
    }

    fn dangling(&self, target: &[u8]) -> Finding {
        let (archive, target) = (self.archive, Name::new(target));
        Finding::Failed(format!(
            "{archive}: a hard link to '{target}', which is not in the archive"
        ))
    }

    /// A name that may be that of two.
    fn doubtful(&self, name: &[u8]) -> Option<Finding> {
        self.doubtful.contains(name).then(|| {
            let why = "several entries whose names may be spelled differently in Unicode";
            Finding::Failed(format!("{}: {why}", self.archive))
        })
    }
}

/// The names that are not matched.
fn refused<'e>(
    entries: &'e Entries,
    archive: &'e Name,
) -> impl Iterator<Item = (Vec<u8>, Finding)> + 'e {
    entries.refused.iter().map(move |(name, why)| {
        (name.clone(), Finding::Failed(format!("{archive}: the name {why}")))
    })
}

/// Names that are composed of two, or may be.
fn doubtful(entries: &Entries) -> HashSet<&[u8]> {
    let (mut last, mut doubtful) = (HashMap::with_capacity(entries.all.len()), HashSet::new());
    for (header, _) in &entries.all {
        if let Some(before) = last.insert(&*header.path, &header.spelling)
            && header.spelling.may_differ(before, &header.path)
        {
            doubtful.insert(&*header.path);
        }
    }
    doubtful
}

/// What two archives come to that have kept step from the first entry to the last, each name once, and
/// no hard links: what most do. `None`: they have not.
pub(super) fn in_step(
    [left, right]: &[Entries; 2],
    [left_name, right_name]: [&Name; 2],
    list_equal: bool,
) -> Option<TreeOutcome> {
    let mut names = HashSet::with_capacity(left.all.len());
    let (mut findings, mut equal) = (BTreeMap::new(), Vec::new());
    if left.all.len() != right.all.len() {
        return None;
    }
    for (index, ((one, _), (other, _))) in (0..).zip(left.all.iter().zip(&right.all)) {
        let is_link = |header: &Header| matches!(header.kind, Kind::HardLink(_));
        if one.path != other.path || is_link(one) || is_link(other) || !names.insert(&one.path) {
            return None;
        }
        match compare(left, index, right, index) {
            Comparison::Same if list_equal => equal.push(one.path.to_vec()),
            Comparison::Same => {}
            Comparison::Differs(reason) => {
                findings.insert(one.path.to_vec(), Finding::Differs(reason));
            }
            Comparison::Unknown => return None,
        }
    }
    findings.extend(refused(right, right_name));
    findings.extend(refused(left, left_name));
    equal.sort_unstable();
    Some(TreeOutcome { findings: findings.into_iter().collect(), equal })
}

/// What the comparison of two contents comes to.
enum Comparison {
    Same,
    Differs(DiffReason),
    /// Only their digests can tell.
    Unknown,
}

/// Compares what two entries have. `same_archive`: they are entries of one archive.
fn compare(left: &Entries, one: Index, right: &Entries, other: Index) -> Comparison {
    use Comparison::{Differs, Same, Unknown};
    if std::ptr::eq(left, right) && one == other {
        return Same;
    }
    match (&left.header(one).kind, &right.header(other).kind) {
        (Kind::Symlink(one), Kind::Symlink(other)) if one == other => return Same,
        (Kind::Symlink(_), Kind::Symlink(_)) => return Differs(DiffReason::ContentMismatch),
        (Kind::Symlink(_), _) | (_, Kind::Symlink(_)) => {
            return Differs(DiffReason::TypeMismatch);
        }
        _ => {}
    }
    let (one, twin) = (left.body(one), right.body(other));
    if one.size != twin.size {
        return Differs(DiffReason::SizeMismatch);
    }
    let same = match (one.twin, one.digest, twin.digest) {
        _ if one.size == 0 => true,
        (Some((index, same)), _, _) if index == other => same,
        (_, Some(one), Some(twin)) => one == twin,
        _ => return Unknown,
    };
    if same { Same } else { Differs(DiffReason::ContentMismatch) }
}

/// The entries of both whose digests are needed, and not known.
pub(super) fn unknown(left: &Settled<'_>, right: &Settled<'_>) -> [HashSet<Index>; 2] {
    let mut needed = [HashSet::new(), HashSet::new()];
    for (name, &thing) in &left.names {
        let Some(&other) = right.names.get(name) else { continue };
        if let (Ok(one), Ok(other)) = (left.content(thing), right.content(other))
            && matches!(compare(left.entries, one, right.entries, other), Comparison::Unknown)
        {
            let sides = [(left, one), (right, other)];
            for (needed, (side, index)) in needed.iter_mut().zip(sides) {
                if side.entries.body(index).digest.is_none() {
                    needed.insert(index);
                }
            }
        }
    }
    needed
}

/// Every name of either. There must be no unknown content left.
pub(super) fn outcome(left: &Settled<'_>, right: &Settled<'_>, list_equal: bool) -> TreeOutcome {
    let mut findings: BTreeMap<Vec<u8>, Finding> =
        refused(right.entries, right.archive).chain(refused(left.entries, left.archive)).collect();
    let mut equal = Vec::new();
    let only_right = right.names.keys().filter(|name| !left.names.contains_key(*name));
    for &name in left.names.keys().chain(only_right) {
        let one = left.names.get(name).map(|&thing| left.content(thing));
        let other = right.names.get(name).map(|&thing| right.content(thing));
        if findings.contains_key(name) {
            continue;
        }
        if let Some(doubt) = left.doubtful(name).or_else(|| right.doubtful(name)) {
            findings.insert(name.to_vec(), doubt);
            continue;
        }
        let finding = match (one, other) {
            (Some(Err(target)), _) => left.dangling(target),
            (_, Some(Err(target))) => right.dangling(target),
            (Some(Ok(_)), None) => Finding::OnlyLeft,
            (None, _) => Finding::OnlyRight,
            (Some(Ok(one)), Some(Ok(other))) => {
                match compare(left.entries, one, right.entries, other) {
                    Comparison::Same => {
                        if list_equal {
                            equal.push(name.to_vec());
                        }
                        continue;
                    }
                    Comparison::Differs(reason) => Finding::Differs(reason),
                    Comparison::Unknown => {
                        Finding::Failed("its content was not compared".to_owned())
                    }
                }
            }
        };
        findings.insert(name.to_vec(), finding);
    }
    equal.sort_unstable();
    TreeOutcome { findings: findings.into_iter().collect(), equal }
}
