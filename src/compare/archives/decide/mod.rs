//! The verdict on every name of two archives, once all of their entries have passed.

mod directories;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};

use directories::only_directories;

use super::differences::Differences;
use super::resolve::{Both, Meaning, NameId, Names, Place, Resolved};
use crate::archive::chosen::Chosen;
use crate::archive::entries::{Entries, Index, Kind};
use crate::archive::occurrences;
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::outcome::{DiffReason, Finding, Mismatch, Proof, Side};
use crate::run::collect::sort_findings;
use crate::run::context::{Context, Steps};
use crate::run::sink::Report;

/// Two archives, with what each name stands for in either.
pub(crate) struct ResolvedPair {
    names: Names,
    resolved: [Resolved; 2],
    /// How it is known that an entry is the same as itself, where both archives are the same.
    same: Proof,
    /// Where entries differ, as far as that was asked for.
    differences: Differences,
}

impl ResolvedPair {
    /// Goes through the entries of both. Where they are those of one archive, it is known by `same` that both
    /// archives are the same.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn new(both: Both<'_>, same: Proof, context: &Context<'_>) -> Result<Self> {
        let (names, ids) = Names::of(both, context)?;
        let has_links = both.iter().any(|entries| entries.have_hard_links());
        if !has_links && names.are_in_step(&ids, context)? {
            let (resolved, differences) = (Default::default(), Differences::new());
            return Ok(Self { names, resolved, same, differences });
        }
        let left = Resolved::new(Side::Left, both, &names, &ids[0], context)?;
        let right = Resolved::new(Side::Right, both, &names, &ids[1], context)?;
        let (resolved, differences) = ([left, right], Differences::new());
        Ok(Self { names, resolved, same, differences })
    }

    /// Takes where entries differ.
    pub(crate) fn set_differences(&mut self, differences: Differences) {
        self.differences = differences;
    }

    /// The pairs of entries, an index of either archive, whose contents differ, and of which `known` does not say
    /// where. There must be no unknown content left.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn without_place(
        &self,
        both: Both<'_>,
        known: &Differences,
        context: &Context<'_>,
    ) -> Result<BTreeSet<(Index, Index)>> {
        let (mut pairs, mut steps) = (BTreeSet::new(), Steps::new(context));
        for id in self.names.ids() {
            steps.step()?;
            if let (Meaning::Content(one), Meaning::Content(other)) = self.meanings(id)
                && !matches!(both[0].kind(one), Kind::Symlink(_))
                && !matches!(both[1].kind(other), Kind::Symlink(_))
                && !known.contains_key(&(one, other))
                && matches!(compare(both, one, other, self.same), Comparison::Differs(..))
            {
                pairs.insert((one, other));
            }
        }
        Ok(pairs)
    }

    fn meanings(&self, id: NameId) -> (Meaning, Meaning) {
        let [left, right] = &self.resolved;
        (left.meaning(id), right.meaning(id))
    }

    /// The entries of both whose digests are needed, and not known.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn unknown(&self, both: Both<'_>, context: &Context<'_>) -> Result<[Chosen; 2]> {
        let (mut needed, mut steps) = ([Chosen::default(), Chosen::default()], Steps::new(context));
        for id in self.names.ids() {
            steps.step()?;
            if let (Meaning::Content(one), Meaning::Content(other)) = self.meanings(id)
                && matches!(compare(both, one, other, self.same), Comparison::Unknown)
            {
                for ((needed, entries), index) in needed.iter_mut().zip(both).zip([one, other]) {
                    if entries.body(index).digest.is_none() {
                        needed.insert(index);
                    }
                }
            }
        }
        Ok(needed)
    }

    /// The entry that has the content of the file of this name, if that is a file. (Formats with several members of
    /// one name do not mark their end, so that nothing is known to be missing in them, and nothing moves.)
    pub(crate) fn file(&self, side: Side, path: &[u8], both: Both<'_>) -> Option<Index> {
        let id = self.names.find(path, both)?;
        let Meaning::Content(index) = side.of(self.resolved.each_ref()).meaning(id) else {
            return None;
        };
        let is_link = matches!(side.of(both).kind(index), Kind::Symlink(_));
        (!is_link).then_some(index)
    }

    /// Reports the verdict on every name of either, in the order of the names. There must be no unknown content
    /// left. `archives` is what messages call the two. Files that may have moved are held back.
    ///
    /// # Errors
    /// When the context says stop, or the call is to end.
    pub(crate) fn report(
        mut self,
        archives: [&Name; 2],
        both: Both<'_>,
        options: &Options,
        report: &Report<'_>,
        context: &Context<'_>,
    ) -> Result<Self> {
        let counters = context.counters();
        let verdicts = self.verdicts(archives, both, (options, report.wants_equal()), context)?;
        let unlisted: u64 = verdicts.unlisted.iter().map(|&(_, count)| count).sum();
        counters.set_entries_total(verdicts.findings.len() as u64 + unlisted);
        counters.set_bytes(verdicts.bytes);
        verdicts.directories.into_iter().for_each(|it| report.only_directory(it));
        for (proof, count) in verdicts.unlisted {
            counters.count_equal(proof, count);
        }
        let mut steps = Steps::new(context);
        for (path, finding) in verdicts.findings {
            steps.step()?;
            let side = match finding {
                Finding::OnlyLeft => Side::Left,
                Finding::OnlyRight => Side::Right,
                finding => {
                    report.found(path, finding, context)?;
                    continue;
                }
            };
            let may_move = options.moves && self.file(side, &path, both).is_some();
            report.only(side, path, may_move, context)?;
        }
        Ok(self)
    }

    /// The verdict on every name of either, in the order of the names; of those that are identical, only how
    /// many there are, unless `list_equal` is set. What the options leave out is not there.
    ///
    /// # Errors
    /// When the context says stop.
    pub(super) fn verdicts(
        &mut self,
        archives: [&Name; 2],
        both: Both<'_>,
        (options, list_equal): (&Options, bool),
        context: &Context<'_>,
    ) -> Result<Verdicts> {
        let selection = options.selection();
        let (mut findings, mut bytes) = (Vec::new(), 0);
        let passed_over = self.refused(archives, both, &mut findings, context)?;
        // Several members of one name are one path in the end: then all verdicts are needed.
        let are_numbered =
            self.names.ids().any(|id| occurrences::is_numbered(self.names.name(id, both)));
        let mut unlisted = [Some(Proof::Bytes), Some(Proof::Digest), Some(self.same), None]
            .map(|proof| (proof, 0));
        let mut steps = Steps::new(context);
        for id in self.names.ids() {
            steps.step()?;
            if passed_over.contains(&id) {
                continue;
            }
            if selection.leaves_out_file(occurrences::plain(self.names.name(id, both))) {
                continue;
            }
            let Some(finding) = self.finding(id, archives, both) else { continue };
            bytes += self.compared_bytes(id, both);
            let unlisted = unlisted.iter_mut().find(|(proof, _)| {
                !list_equal && !are_numbered && finding == Finding::Equal(*proof)
            });
            match unlisted {
                Some((_, count)) => *count += 1,
                None => findings.push((self.names.name(id, both).to_vec(), finding)),
            }
        }
        if let Some(error) = container(archives, both) {
            add(&mut findings, error);
        }
        if are_numbered {
            findings = occurrences::merge(findings);
        } else {
            sort_findings(&mut findings, context)?;
        }
        if options.one_way && !options.moves {
            findings.retain(|(_, finding)| *finding != Finding::OnlyRight);
        }
        let directories =
            only_directories(&findings, (&self.names, &self.resolved), both, context)?;
        Ok(Verdicts { findings, directories, unlisted, bytes })
    }

    /// How many bytes of the content of a name were compared.
    fn compared_bytes(&self, id: NameId, [left, right]: Both<'_>) -> u64 {
        match self.meanings(id) {
            (Meaning::Content(one), Meaning::Content(other)) => {
                let (size, other_size) = (left.body(one).size, right.body(other).size);
                if size == other_size { size } else { 0 }
            }
            _ => 0,
        }
    }

    /// Notes the names that are not matched, whatever else may have the same one: these names.
    fn refused(
        &mut self,
        archives: [&Name; 2],
        both: Both<'_>,
        findings: &mut Vec<(Vec<u8>, Finding)>,
        context: &Context<'_>,
    ) -> Result<HashSet<NameId>> {
        let (mut passed_over, mut steps) = (HashSet::new(), Steps::new(context));
        for side in [Side::Left, Side::Right] {
            for (index, (name, why)) in (0..).zip(&side.of(both).besides.refused) {
                steps.step()?;
                let place = Place::Refused(side, index);
                if passed_over.insert(self.names.number(name, place, both, context)?) {
                    let error = Error::archive(side.of(archives), format!("the name {why}"));
                    findings.push((name.clone(), Finding::failed(error)));
                }
            }
        }
        Ok(passed_over)
    }

    /// The verdict on a name; `None`: neither has it.
    fn finding(&self, id: NameId, archives: [&Name; 2], both: Both<'_>) -> Option<Finding> {
        for (resolved, archive) in self.resolved.iter().zip(archives) {
            if resolved.is_ambiguous(id) {
                let why = "several entries whose names may be spelled differently in Unicode";
                return Some(Finding::failed(Error::archive(archive, why)));
            }
        }
        let dangling = |side: Side, link| {
            let archive = side.of(archives);
            let target = match side.of(both).kind(link) {
                Kind::HardLink(target) => Name::new(target),
                Kind::File | Kind::Symlink(_) => Name::new(side.of(both).path(link)),
            };
            let why = format!("a hard link to '{target}', which is not in the archive");
            Finding::failed(Error::archive(archive, why))
        };
        // Why it is not known what an archive has whose end was not seen.
        let may_have = |side: Side| {
            let [account, other] = [side, side.other()].map(|side| &side.of(both).besides.account);
            // Of several members of one name, their number counts.
            let is_one = !occurrences::is_numbered(self.names.name(id, both));
            let unmarked = (account.is_unmarked && is_one).then_some("nothing marks its end");
            let open = account.open_against(other).or(unmarked)?;
            Some(Finding::failed(Error::archive(side.of(archives), format!("may have it: {open}"))))
        };
        let [left, right] = &self.resolved;
        Some(match self.meanings(id) {
            (Meaning::Dangling(link), _) => dangling(Side::Left, link),
            (_, Meaning::Dangling(link)) => dangling(Side::Right, link),
            (Meaning::Content(_), Meaning::Nothing) => {
                may_have(Side::Right).unwrap_or(Finding::OnlyLeft)
            }
            (Meaning::Nothing, Meaning::Content(_)) => {
                may_have(Side::Left).unwrap_or(Finding::OnlyRight)
            }
            (Meaning::Nothing, Meaning::Nothing) => return None,
            (Meaning::Content(one), Meaning::Content(other)) => {
                match compare(both, one, other, self.same) {
                    Comparison::Same(proof) => Finding::Equal(Some(proof)),
                    // It may have a later entry of the name, as the other one has.
                    Comparison::Differs(reason, proof) => {
                        let not_seen =
                            |changes: bool, side| changes.then(|| may_have(side)).flatten();
                        not_seen(left.is_changed(id), Side::Right)
                            .or_else(|| not_seen(right.is_changed(id), Side::Left))
                            .unwrap_or_else(|| {
                                let difference = self.differences.get(&(one, other)).cloned();
                                Finding::Differs(Mismatch { reason, proof, difference })
                            })
                    }
                    Comparison::Unknown => {
                        let why = "the content of an entry was not compared";
                        Finding::failed(Error::archive(archives[0], why))
                    }
                }
            }
        })
    }
}

/// What is known of every name of two archives.
pub(super) struct Verdicts {
    /// In the order of the names.
    pub(super) findings: Vec<(Vec<u8>, Finding)>,
    /// Directories that only one archive has.
    pub(super) directories: Vec<Vec<u8>>,
    /// How many names are identical that are not among the findings, and how that is known.
    pub(super) unlisted: [(Option<Proof>, u64); 4],
    /// How many bytes of content were compared.
    pub(super) bytes: u64,
}

/// The path of the archives themselves, for what could not be compared of them as a whole.
const CONTAINER: &[u8] = b"";

/// Why the archives could not be compared as a whole, if that is so: where an end was not seen, and where
/// what is behind the ends is not the same.
pub(crate) fn container(
    [left_name, right_name]: [&Name; 2],
    [left, right]: Both<'_>,
) -> Option<Error> {
    let mut reasons = Vec::new();
    let of = |archive: &Name, entries: &Entries, other: &Entries| {
        let open = entries.besides.account.open_against(&other.besides.account);
        open.map(|why| Error::archive(archive, why))
    };
    reasons.extend(of(left_name, left, right));
    if !std::ptr::eq(left, right) {
        reasons.extend(of(right_name, right, left));
    }
    let [one, other] = [left, right].map(|entries| &entries.besides.account.behind);
    if one != other {
        let [one, other] =
            [one, other].map(|behind| behind.iter().map(|behind| behind.length).sum::<u64>());
        let why = format!(
            "has {one} bytes behind its end, {right_name} has {other}, and they are not the same"
        );
        reasons.push(Error::archive(left_name, why));
    }
    reasons.into_iter().reduce(|one, other| followed_by(one, &other))
}

/// An error that says what both say.
fn followed_by(mut error: Error, other: &Error) -> Error {
    if let Error::Archive { cause, .. } = &mut error {
        *cause = format!("{cause}; {other}");
    }
    error
}

/// Adds why the archives could not be compared as a whole. An entry whose name is refused may stand there, and what a
/// compressed file has within: what is known of that stays, beside what is not. Only its size is not known: what
/// follows may be the beginning of more content, of which the rest was cut off.
fn add(findings: &mut Vec<(Vec<u8>, Finding)>, error: Error) {
    match findings.iter_mut().find(|(path, _)| path == CONTAINER) {
        Some((_, Finding::Failed(before))) => **before = followed_by(error, before),
        Some((
            _,
            finding @ Finding::Differs(Mismatch { reason: DiffReason::SizeMismatch, .. }),
        )) => {
            *finding = Finding::failed(error);
        }
        _ => findings.push((CONTAINER.to_vec(), Finding::failed(error))),
    }
}

/// What the comparison of two contents comes to, and how it is known.
enum Comparison {
    Same(Proof),
    Differs(DiffReason, Option<Proof>),
    /// Only their digests can tell.
    Unknown,
}

/// Compares what an entry of either archive has. `same`: how it is known that an entry is the same as itself.
fn compare([left, right]: Both<'_>, one: Index, other: Index, same: Proof) -> Comparison {
    use Comparison::{Differs, Same, Unknown};
    if std::ptr::eq(left, right) && one == other {
        return Same(same);
    }
    match (left.kind(one), right.kind(other)) {
        (Kind::Symlink(one), Kind::Symlink(other)) if one == other => return Same(Proof::Bytes),
        (Kind::Symlink(_), Kind::Symlink(_)) => {
            return Differs(DiffReason::ContentMismatch, Some(Proof::Bytes));
        }
        (Kind::Symlink(_), _) | (_, Kind::Symlink(_)) => {
            return Differs(DiffReason::TypeMismatch, None);
        }
        _ => {}
    }
    let (one, counterpart) = (left.body(one), right.body(other));
    if one.size != counterpart.size {
        return Differs(DiffReason::SizeMismatch, Some(Proof::Size));
    }
    let (same, proof) = match (one.counterpart, one.digest, counterpart.digest) {
        _ if one.size == 0 => (true, Proof::Bytes),
        (Some((index, same)), _, _) if index == other => (same, Proof::Bytes),
        (_, Some(one), Some(other)) => (one == other, Proof::Digest),
        _ => return Unknown,
    };
    if same { Same(proof) } else { Differs(DiffReason::ContentMismatch, Some(proof)) }
}
