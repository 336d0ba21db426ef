//! Members of one name, where all of them count: in an ar archive, of which a linker uses every one.
//!
//! Within a comparison each has a name of its own, so that they are paired in their order. At the end
//! they are one path, which differs if any of them does, or their number.

use std::collections::{BTreeMap, HashMap};

use crate::outcome::{DiffReason, Finding, TreeOutcome};

/// What comes between a name and a number. No name contains a NUL byte.
const MARK: &[u8] = b"\0/\0";

/// How often each name has come.
#[derive(Default)]
pub(crate) struct Occurrences(HashMap<Vec<u8>, u32>);

impl Occurrences {
    /// A name of its own for a member of this name; its own for the first.
    pub(crate) fn number(&mut self, name: Vec<u8>) -> Vec<u8> {
        match self.0.get_mut(&name) {
            None => {
                self.0.insert(name.clone(), 1);
                name
            }
            Some(count) => {
                *count += 1;
                // Digits of one width are in the order of their numbers.
                [&name, MARK, format!("{count:010}").as_bytes()].concat()
            }
        }
    }
}

/// Is it one of several of its name, and not the first?
pub(crate) fn is_numbered(path: &[u8]) -> bool {
    base(path).is_some()
}

/// The name that several members have, of one that is numbered.
fn base(path: &[u8]) -> Option<&[u8]> {
    let at = path.windows(MARK.len()).position(|part| part == MARK)?;
    Some(&path[..at])
}

/// Makes one path of all members of one name.
pub(crate) fn merge(outcome: TreeOutcome) -> TreeOutcome {
    let TreeOutcome { findings, equal } = outcome;
    if !findings.iter().any(|(path, _)| is_numbered(path))
        && !equal.iter().any(|it| is_numbered(it))
    {
        return TreeOutcome { findings, equal };
    }
    let mut merged = BTreeMap::<Vec<u8>, Finding>::new();
    // The first of a name comes before the others.
    for (path, finding) in findings {
        let Some(name) = base(&path).map(<[u8]>::to_vec) else {
            merged.insert(path, finding);
            continue;
        };
        let joined = match (merged.remove(&name), finding) {
            (Some(Finding::Differs(reason)), _) | (_, Finding::Differs(reason)) => {
                Finding::Differs(reason)
            }
            (Some(before @ Finding::OnlyLeft), Finding::OnlyLeft)
            | (Some(before @ Finding::OnlyRight), Finding::OnlyRight)
            | (Some(before @ Finding::Failed(_)), _) => before,
            (None, failed @ Finding::Failed(_)) => failed,
            // One archive has more of them.
            _ => Finding::Differs(DiffReason::ContentMismatch),
        };
        merged.insert(name, joined);
    }
    let equal = equal.into_iter().filter(|path| !is_numbered(path) && !merged.contains_key(path));
    TreeOutcome { equal: equal.collect(), findings: merged.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(name: &str, count: u32) -> Vec<u8> {
        let mut occurrences = Occurrences::default();
        let names = (0..count).map(|_| occurrences.number(name.into()));
        names.last().expect("one at least")
    }

    fn merged(findings: &[(Vec<u8>, Finding)], equal: &[Vec<u8>]) -> TreeOutcome {
        merge(TreeOutcome { findings: findings.to_vec(), equal: equal.to_vec() })
    }

    #[test]
    fn members_of_one_name_have_names_of_their_own_in_their_order() {
        let mut occurrences = Occurrences::default();
        let mut number = |name: &str| occurrences.number(name.into());
        let names = [number("a"), number("b"), number("a"), number("a")];
        assert_eq!((&*names[0], &*names[1]), (&b"a"[..], &b"b"[..]));
        assert!(names[0] < names[2] && names[2] < names[3] && names[3] < names[1]);
        assert!(numbered("a", 9) < numbered("a", 10));
    }

    #[test]
    fn one_path_differs_if_any_of_its_members_does_or_their_number() {
        use Finding::{Differs, Failed, OnlyLeft, OnlyRight};
        let differs = || Differs(DiffReason::ContentMismatch);
        let failed = || Failed("it failed".to_owned());
        let [one, two] = [1, 2].map(|count| numbered("a", count));
        for (findings, wanted) in [
            (vec![(two.clone(), differs())], differs()),
            (vec![(one.clone(), differs())], differs()),
            (vec![(one.clone(), failed()), (two.clone(), differs())], differs()),
            (vec![(two.clone(), OnlyLeft)], differs()),
            (vec![(two.clone(), OnlyRight)], differs()),
            (vec![(one.clone(), failed()), (two.clone(), OnlyLeft)], failed()),
            (vec![(one.clone(), OnlyLeft), (two.clone(), OnlyLeft)], OnlyLeft),
            (vec![(two.clone(), failed())], failed()),
            (vec![(one.clone(), failed()), (two.clone(), failed())], failed()),
        ] {
            let outcome = merged(&findings, &[one.clone(), two.clone(), b"b".to_vec()]);
            assert_eq!(outcome.findings, [(b"a".to_vec(), wanted)]);
            assert_eq!(outcome.equal, [b"b"]);
        }
    }

    #[test]
    fn one_path_is_equal_once() {
        let equal = [1, 2, 3].map(|count| numbered("a", count));
        assert_eq!(merged(&[], &equal).equal, [b"a"]);
    }
}
