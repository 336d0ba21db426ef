//! What the names of an archive stand for.
//!
//! That is what unpacking would leave there: a name's last entry, and for a hard link what its target
//! stood for at that moment. A target that only comes later is taken from the end.
//!
//! Names have numbers here, the same ones in both archives, and what is known of each is found in
//! vectors. A name is looked for once an entry, and not at all where the second archive goes through
//! the names in the order of the first, or backwards.

use std::collections::HashSet;

use crate::archive::entries::{Entries, Index, Kind};
use crate::archive::name_table::NameTable;
use crate::error::Result;
use crate::outcome::Side;
use crate::run::context::{Context, Steps};

/// The entries of the left archive and of the right one, which may be the same.
pub(crate) type Both<'e> = [&'e Entries; 2];

/// A name, by its number.
pub(crate) type NameId = u32;

/// In place of a number where there is none.
const NONE: u32 = u32::MAX;

/// Where a name stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Entry(Side, Index),
    /// Among those that are not matched.
    Refused(Side, Index),
}

/// Every name of two archives, by number.
pub(crate) struct Names {
    places: Vec<Place>,
    table: NameTable,
}

impl Names {
    /// The names of these entries, and what number each entry's has.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn of(both: Both<'_>, context: &Context<'_>) -> Result<(Self, [Vec<NameId>; 2])> {
        let [left, right] = both;
        let count = left.count().max(right.count()) as usize;
        let (table, places) = (NameTable::with_room_for(count), Vec::with_capacity(count));
        let mut names = Self { places, table };
        let lefts = names.add(Side::Left, both, context)?;
        let rights = names.add(Side::Right, both, context)?;
        Ok((names, [lefts, rights]))
    }

    fn add(&mut self, side: Side, both: Both<'_>, context: &Context<'_>) -> Result<Vec<NameId>> {
        let (entries, mut steps) = (side.of(both), Steps::new(context));
        let mut ids = Vec::with_capacity(entries.count() as usize);
        // From one name to the next it is often as far as it was the last time.
        let (mut last, mut stride): (NameId, NameId) = (NONE, 1);
        for index in entries.indices() {
            steps.step()?;
            let path = entries.path(index);
            let guess = last.wrapping_add(stride);
            let id = match self.places.get(guess as usize) {
                Some(&place) if name(place, both) == path => guess,
                _ => self.number(path, Place::Entry(side, index), both, context)?,
            };
            (last, stride) = (id, id.wrapping_sub(last));
            ids.push(id);
        }
        Ok(ids)
    }

    /// The number of a name, which stands here if it has none yet.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn number(
        &mut self,
        path: &[u8],
        place: Place,
        both: Both<'_>,
        context: &Context<'_>,
    ) -> Result<NameId> {
        let Self { places, table } = self;
        let next = NameId::try_from(places.len()).expect("no more names than entries");
        let known = |id: NameId| name(places[id as usize], both);
        let id = table.insert(path, next, known, context)?;
        if id == next {
            places.push(place);
        }
        Ok(id)
    }

    /// Has each entry of both archives a name of its own, in the same order? So it is where they have
    /// kept step to their ends. `ids` are the numbers of the names of their entries.
    pub(crate) fn are_in_step(
        &self,
        [lefts, rights]: &[Vec<NameId>; 2],
        context: &Context<'_>,
    ) -> Result<bool> {
        if lefts.len() != self.places.len() || rights.len() != self.places.len() {
            return Ok(false);
        }
        let mut steps = Steps::new(context);
        for (index, (&left, &right)) in (0..).zip(lefts.iter().zip(rights)) {
            steps.step()?;
            if left != index || right != index {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The number of a name, if one of the two archives has it.
    pub(crate) fn find(&self, path: &[u8], both: Both<'_>) -> Option<NameId> {
        self.table.find(path, |id| self.name(id, both))
    }

    pub(crate) fn name<'e>(&self, id: NameId, both: Both<'e>) -> &'e [u8] {
        name(self.places[id as usize], both)
    }

    /// All numbers, in the order in which the names came.
    pub(crate) fn ids(&self) -> std::ops::Range<NameId> {
        0..NameId::try_from(self.places.len()).expect("no more names than entries")
    }
}

fn name(place: Place, both: Both<'_>) -> &[u8] {
    match place {
        Place::Entry(side, index) => side.of(both).path(index),
        Place::Refused(side, index) => &side.of(both).besides.refused[index as usize].0,
    }
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The archive does not have the name.
    Nothing,
    /// The content of this entry.
    Content(Index),
    /// What the target of this entry, a hard link, stands for; but there is no such name.
    Dangling(Index),
}

/// What the names of one archive stand for, by number.
#[derive(Default)]
pub(crate) struct Resolved {
    /// `None`: each entry has a name of its own, with the number of the entry.
    meanings: Option<Vec<Meaning>>,
    /// Names that may be those of two, and hard links to them; empty: there are none.
    ambiguous: Vec<bool>,
    /// Names that came again, or whose content came later, and so stood for something else before the end;
    /// empty: there are none.
    changed: Vec<bool>,
}

impl Resolved {
    /// Goes through the entries of one side in their order. `ids` are the numbers of their names.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn new(
        side: Side,
        both: Both<'_>,
        names: &Names,
        ids: &[NameId],
        context: &Context<'_>,
    ) -> Result<Self> {
        let (entries, mut steps) = (side.of(both), Steps::new(context));
        let count = names.places.len();
        let (mut meanings, mut ambiguous) = (vec![Meaning::Nothing; count], Vec::new());
        let mut changed = Vec::new();
        for (index, &id) in (0..).zip(ids) {
            steps.step()?;
            let meaning = &mut meanings[id as usize];
            if let Meaning::Content(before) = *meaning {
                changed.resize(count, false);
                changed[id as usize] = true;
                let spelling = entries.spelling(index);
                if spelling.may_differ(&entries.spelling(before), entries.path(index)) {
                    ambiguous.resize(count, false);
                    ambiguous[id as usize] = true;
                }
            }
            *meaning = Meaning::Content(index);
        }
        if entries.have_hard_links() {
            let links = Links::follow(entries, ids, &mut ambiguous, context, |target| {
                names.find(target, both)
            })?;
            links.add_changed(&mut changed, count, context)?;
            links.into_meanings(&mut meanings, context)?;
        }
        Ok(Self { meanings: Some(meanings), ambiguous, changed })
    }

    pub(crate) fn meaning(&self, id: NameId) -> Meaning {
        match &self.meanings {
            None => Meaning::Content(id),
            Some(meanings) => meanings.get(id as usize).copied().unwrap_or(Meaning::Nothing),
        }
    }

    /// Did the name stand for something else before the archive's end?
    pub(crate) fn is_changed(&self, id: NameId) -> bool {
        self.changed.get(id as usize).copied().unwrap_or(false)
    }

    /// May the name be that of two?
    pub(crate) fn is_ambiguous(&self, id: NameId) -> bool {
        self.ambiguous.get(id as usize).copied().unwrap_or(false)
    }
}

/// What is called by one or more names.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// An entry's content.
    Content(Index),
    /// What this hard link leads to: its own target had not come yet.
    Link(Index, NameId),
    Dangling(Index),
    /// A link that is being followed: a path that leads here again is a circle.
    Followed(Index),
}

/// Hard links, followed as far as the entries before them go.
struct Links {
    targets: Vec<Target>,
    /// By the number of a name: its target.
    named: Vec<u32>,
    /// Targets whose content came with a later name.
    changed: HashSet<u32>,
}

impl Links {
    fn follow(
        entries: &Entries,
        ids: &[NameId],
        ambiguous: &mut [bool],
        context: &Context<'_>,
        find: impl Fn(&[u8]) -> Option<NameId>,
    ) -> Result<Self> {
        let count = ids.iter().max().map_or(0, |&last| last as usize + 1);
        let (targets, named) = (Vec::with_capacity(ids.len()), vec![NONE; count]);
        let mut links = Self { targets, named, changed: HashSet::new() };
        let mut steps = Steps::new(context);
        for (index, &id) in (0..).zip(ids) {
            steps.step()?;
            let has_content = entries.body(index).size > 0;
            let target = match entries.kind(index) {
                Kind::File | Kind::Symlink(_) => links.add(Target::Content(index)),
                Kind::HardLink(path) => {
                    let target = find(path).unwrap_or(NONE);
                    if ambiguous.get(target as usize) == Some(&true) {
                        ambiguous[id as usize] = true;
                    }
                    match links.named.get(target as usize) {
                        Some(&known) if known != NONE => {
                            // Content under a later name is content of all names: where cpio keeps it.
                            if has_content {
                                links.targets[known as usize] = Target::Content(index);
                                links.changed.insert(known);
                            }
                            known
                        }
                        _ if has_content => links.add(Target::Content(index)),
                        _ => links.add(Target::Link(index, target)),
                    }
                }
            };
            links.named[id as usize] = target;
        }
        Ok(links)
    }

    fn add(&mut self, target: Target) -> u32 {
        self.targets.push(target);
        u32::try_from(self.targets.len() - 1).expect("no more targets than entries")
    }

    /// Adds the names whose content came with a later one, of `count` names.
    fn add_changed(
        &self,
        changed: &mut Vec<bool>,
        count: usize,
        context: &Context<'_>,
    ) -> Result<()> {
        if self.changed.is_empty() {
            return Ok(());
        }
        changed.resize(count, false);
        let mut steps = Steps::new(context);
        for (target, changed) in self.named.iter().zip(changed) {
            steps.step()?;
            *changed |= self.changed.contains(target);
        }
        Ok(())
    }

    /// Puts down what each name stands for in the end.
    fn into_meanings(mut self, meanings: &mut [Meaning], context: &Context<'_>) -> Result<()> {
        let mut steps = Steps::new(context);
        let (mut path, named) = (Vec::new(), std::mem::take(&mut self.named));
        for (&target, meaning) in named.iter().zip(meanings) {
            steps.step()?;
            if target == NONE {
                continue;
            }
            *meaning = self.end(target, &named, &mut path, &mut steps)?;
        }
        Ok(())
    }

    /// Follows a target to its end, which all links on the way then lead to at once: so all links
    /// together take as many steps as there are entries, however long their chains are.
    fn end(
        &mut self,
        target: u32,
        named: &[u32],
        path: &mut Vec<u32>,
        steps: &mut Steps<'_, '_>,
    ) -> Result<Meaning> {
        let mut at = target;
        let (mut end, is_circle) = loop {
            match self.targets[at as usize] {
                Target::Content(index) => break (Target::Content(index), false),
                Target::Dangling(index) => break (Target::Dangling(index), false),
                Target::Followed(index) => break (Target::Dangling(index), true),
                Target::Link(index, name) => {
                    steps.step()?;
                    match named.get(name as usize) {
                        Some(&next) if next != NONE => {
                            self.targets[at as usize] = Target::Followed(index);
                            path.push(at);
                            at = next;
                        }
                        _ => {
                            self.targets[at as usize] = Target::Dangling(index);
                            break (Target::Dangling(index), false);
                        }
                    }
                }
            }
        };
        let mut is_within = is_circle;
        while let Some(link) = path.pop() {
            steps.step()?;
            // Links that lead to each other lead nowhere, each of them by itself.
            if is_within && let Target::Followed(index) = self.targets[link as usize] {
                end = Target::Dangling(index);
                is_within = link != at;
            }
            self.targets[link as usize] = end;
        }
        Ok(match self.targets[target as usize] {
            Target::Content(index) => Meaning::Content(index),
            Target::Dangling(index) | Target::Link(index, _) | Target::Followed(index) => {
                Meaning::Dangling(index)
            }
        })
    }
}
