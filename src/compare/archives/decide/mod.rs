//! The verdict on every name of two archives, once all of their entries have passed.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::resolve::{Both, Meaning, NameId, Names, Place, Resolved, Side};
use crate::archive::chosen::Chosen;
use crate::archive::entries::{Entries, Index, Kind};
use crate::archive::occurrences;
use crate::error::{Name, Result};
use crate::outcome::{DiffReason, Finding, TreeOutcome};
use crate::run::context::{Context, Steps};
use crate::run::sort;

/// Two archives, with what each name stands for in either.
pub(crate) struct Settled {
    names: Names,
    resolved: [Resolved; 2],
}

impl Settled {
    /// Goes through the entries of both.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn new(both: Both<'_>, context: &Context<'_>) -> Result<Self> {
        let (names, ids) = Names::of(both, context)?;
        let has_links = both.iter().any(|entries| entries.have_hard_links());
        if !has_links && names.are_in_step(&ids, context)? {
            return Ok(Self { names, resolved: [Resolved::default(), Resolved::default()] });
        }
        let left = Resolved::new(Side::Left, both, &names, &ids[0], context)?;
        let right = Resolved::new(Side::Right, both, &names, &ids[1], context)?;
        Ok(Self { names, resolved: [left, right] })
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
                && matches!(compare(both, one, other), Comparison::Unknown)
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

    /// What there is to say about every name of either. There must be no unknown content left.
    /// `archives` is what messages call the two.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn outcome(
        mut self,
        archives: [&Name; 2],
        both: Both<'_>,
        list_equal: bool,
        context: &Context<'_>,
    ) -> Result<TreeOutcome> {
        let (mut findings, mut equal) = (Vec::new(), Vec::new());
        let passed_over = self.refused(archives, both, &mut findings, context)?;
        let mut steps = Steps::new(context);
        for id in self.names.ids() {
            steps.step()?;
            if passed_over.contains(&id) {
                continue;
            }
            let name = || self.names.name(id, both).to_vec();
            match self.finding(id, archives, both) {
                Some(finding) => findings.push((name(), finding)),
                None if list_equal => equal.push(name()),
                None => {}
            }
        }
        if let Some(reasons) = container(archives, both) {
            add(&mut findings, reasons);
        }
        sort::sort_by(&mut findings, context, |one, two| one.0.cmp(&two.0))?;
        sort::sort_by(&mut equal, context, Ord::cmp)?;
        Ok(TreeOutcome { findings, equal })
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
                    let archive = side.of(archives);
                    let finding = Finding::Failed(format!("{archive}: the name {why}"));
                    findings.push((name.clone(), finding));
                }
            }
        }
        Ok(passed_over)
    }

    /// What there is to say about a name; `None`: it is the same in both.
    fn finding(&self, id: NameId, archives: [&Name; 2], both: Both<'_>) -> Option<Finding> {
        for (resolved, archive) in self.resolved.iter().zip(archives) {
            if resolved.is_ambiguous(id) {
                let why = "several entries whose names may be spelled differently in Unicode";
                return Some(Finding::Failed(format!("{archive}: {why}")));
            }
        }
        let dangling = |side: Side, link| {
            let archive = side.of(archives);
            let target = match side.of(both).kind(link) {
                Kind::HardLink(target) => Name::new(target),
                Kind::File | Kind::Symlink(_) => Name::new(side.of(both).path(link)),
            };
            Finding::Failed(format!(
                "{archive}: a hard link to '{target}', which is not in the archive"
            ))
        };
        // Why it is not known what an archive has whose end was not seen.
        let may_have = |side: Side| {
            let [account, other] = [side, side.other()].map(|side| &side.of(both).besides.account);
            // Of several members of one name, their number counts.
            let is_one = !occurrences::is_numbered(self.names.name(id, both));
            let unmarked = (account.is_unmarked && is_one).then_some("nothing marks its end");
            let open = account.open_against(other).or(unmarked)?;
            Some(Finding::Failed(format!("{}: may have it: {open}", side.of(archives))))
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
            (Meaning::Content(one), Meaning::Content(other)) => match compare(both, one, other) {
                Comparison::Same => return None,
                // It may have a later entry of the name, as the other one has.
                Comparison::Differs(reason) => {
                    let not_seen = |changes: bool, side| changes.then(|| may_have(side)).flatten();
                    not_seen(left.is_changed(id), Side::Right)
                        .or_else(|| not_seen(right.is_changed(id), Side::Left))
                        .unwrap_or(Finding::Differs(reason))
                }
                Comparison::Unknown => Finding::Failed("its content was not compared".to_owned()),
            },
        })
    }
}

/// The path of the archives themselves, for what could not be compared of them as a whole.
const CONTAINER: &[u8] = b"";

/// Why the archives could not be compared as a whole, if that is so: where an end was not seen, and where
/// what is behind the ends is not the same.
fn container([left_name, right_name]: [&Name; 2], [left, right]: Both<'_>) -> Option<String> {
    let mut reasons = Vec::new();
    let of = |archive: &Name, entries: &Entries, other: &Entries| {
        let open = entries.besides.account.open_against(&other.besides.account);
        open.map(|why| format!("{archive}: {why}"))
    };
    reasons.extend(of(left_name, left, right));
    if !std::ptr::eq(left, right) {
        reasons.extend(of(right_name, right, left));
    }
    let [one, other] = [left, right].map(|entries| &entries.besides.account.behind);
    if one != other {
        let [one, other] =
            [one, other].map(|behind| behind.iter().map(|behind| behind.length).sum::<u64>());
        reasons.push(format!(
            "{left_name}: has {one} bytes behind its end, {right_name} has {other}, and they are not \
             the same"
        ));
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// Adds why the archives could not be compared as a whole; an entry without a name may stand there.
fn add(findings: &mut Vec<(Vec<u8>, Finding)>, reasons: String) {
    match findings.iter_mut().find(|(path, _)| path == CONTAINER) {
        Some((_, Finding::Failed(before))) => *before = format!("{reasons}; {before}"),
        Some((_, finding)) => *finding = Finding::Failed(reasons),
        None => findings.push((CONTAINER.to_vec(), Finding::Failed(reasons))),
    }
}

/// What the comparison of two contents comes to.
enum Comparison {
    Same,
    Differs(DiffReason),
    /// Only their digests can tell.
    Unknown,
}

/// Compares what an entry of either archive has.
fn compare([left, right]: Both<'_>, one: Index, other: Index) -> Comparison {
    use Comparison::{Differs, Same, Unknown};
    if std::ptr::eq(left, right) && one == other {
        return Same;
    }
    match (left.kind(one), right.kind(other)) {
        (Kind::Symlink(one), Kind::Symlink(other)) if one == other => return Same,
        (Kind::Symlink(_), Kind::Symlink(_)) => return Differs(DiffReason::ContentMismatch),
        (Kind::Symlink(_), _) | (_, Kind::Symlink(_)) => {
            return Differs(DiffReason::TypeMismatch);
        }
        _ => {}
    }
    let (one, counterpart) = (left.body(one), right.body(other));
    if one.size != counterpart.size {
        return Differs(DiffReason::SizeMismatch);
    }
    let same = match (one.twin, one.digest, counterpart.digest) {
        _ if one.size == 0 => true,
        (Some((index, same)), _, _) if index == other => same,
        (_, Some(one), Some(other)) => one == other,
        _ => return Unknown,
    };
    if same { Same } else { Differs(DiffReason::ContentMismatch) }
}
