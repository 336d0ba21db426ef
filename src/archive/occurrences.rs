//! Members of one name, where all of them count: in an ar archive, of which a linker uses every one.
//!
//! Within a comparison each has a name of its own, so that they are paired in their order. At the end
//! they are one path, which differs if any of them does, or their number.

use std::collections::{BTreeMap, HashMap};

use crate::outcome::{DiffReason, Finding};

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
    // Hardly any name has a NUL byte, which is found much faster.
    path.contains(&0) && base(path).is_some()
}

/// The name of a member, numbered or not.
pub(crate) fn plain(path: &[u8]) -> &[u8] {
    if is_numbered(path) { base(path).unwrap_or(path) } else { path }
}

/// The name that several members have, of one that is numbered.
fn base(path: &[u8]) -> Option<&[u8]> {
    let at = path.windows(MARK.len()).position(|part| part == MARK)?;
    Some(&path[..at])
}

/// Makes one path of all members of one name. What is said of all paths, identical ones too, comes in any order,
/// and leaves in the order of the paths.
pub(crate) fn merge(findings: Vec<(Vec<u8>, Finding)>) -> Vec<(Vec<u8>, Finding)> {
    let mut merged = BTreeMap::<Vec<u8>, Finding>::new();
    for (path, finding) in findings {
        let name = base(&path).map(<[u8]>::to_vec).unwrap_or(path);
        let joined = match merged.remove(&name) {
            None => finding,
            Some(before) => join(before, finding),
        };
        merged.insert(name, joined);
    }
    merged.into_iter().collect()
}

/// What is said of two members of one name.
fn join(one: Finding, other: Finding) -> Finding {
    use Finding::{Differs, Equal, Failed, OnlyLeft, OnlyRight};
    match (one, other) {
        (differs @ Differs(_), _) | (_, differs @ Differs(_)) => differs,
        (OnlyLeft, OnlyLeft) => OnlyLeft,
        (OnlyRight, OnlyRight) => OnlyRight,
        (failed @ Failed(_), _) | (_, failed @ Failed(_)) => failed,
        (equal @ Equal(_), Equal(_)) => equal,
        // One archive has more of them.
        _ => Finding::differs(DiffReason::ContentMismatch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::outcome::Proof;

    fn numbered(name: &str, count: u32) -> Vec<u8> {
        let mut occurrences = Occurrences::default();
        let names = (0..count).map(|_| occurrences.number(name.into()));
        names.last().expect("one at least")
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
        use Finding::{OnlyLeft, OnlyRight};
        let differs = || Finding::differs(DiffReason::ContentMismatch);
        let failed = || Finding::failed(Error::read(&"a".into(), "it failed"));
        let equal = || Finding::Equal(Some(Proof::Bytes));
        for (first, second, wanted) in [
            (equal(), differs(), differs()),
            (differs(), equal(), differs()),
            (failed(), differs(), differs()),
            (equal(), OnlyLeft, differs()),
            (equal(), OnlyRight, differs()),
            (failed(), OnlyLeft, failed()),
            (OnlyLeft, OnlyLeft, OnlyLeft),
            (OnlyRight, OnlyRight, OnlyRight),
            (equal(), failed(), failed()),
            (failed(), failed(), failed()),
            (equal(), equal(), equal()),
        ] {
            let [one, two] = [1, 2].map(|count| numbered("a", count));
            for all in [[one.clone(), two.clone()], [two, one]] {
                let findings = all.into_iter().zip([first.clone(), second.clone()]);
                let findings = findings.chain([(b"b".to_vec(), equal())]).collect();
                let expected = [(b"a".to_vec(), wanted.clone()), (b"b".to_vec(), equal())];
                assert_eq!(merge(findings), expected);
            }
        }
    }
}
