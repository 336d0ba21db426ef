//! Verdicts against those of a plain model, and limits that hold within every step.

use std::collections::{BTreeMap, HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::archive::entries::{Body, Entries, Header, Spelling};
use crate::error::Error;
use crate::run::context::Call;

/// Verdicts by path.
type Findings = Vec<(Vec<u8>, Finding)>;

/// An entry as a test writes it: a name, what it is, its size, and what stands for its content.
#[derive(Debug, Clone)]
struct Written {
    name: String,
    kind: Kind<String>,
    spelling: Spelling<String>,
    size: u64,
    content: u8,
}

fn entries(written: &[Written]) -> Entries {
    let mut entries = Entries::default();
    for entry in written {
        let bytes = |text: &String| text.as_bytes().into();
        let kind = match &entry.kind {
            Kind::File => Kind::File,
            Kind::Symlink(target) => Kind::Symlink(bytes(target)),
            Kind::HardLink(target) => Kind::HardLink(bytes(target)),
        };
        let spelling = match &entry.spelling {
            Spelling::Composed => Spelling::Composed,
            Spelling::Other(text) => Spelling::Other(bytes(text)),
            Spelling::Unknown => Spelling::Unknown,
        };
        let header = Header { path: entry.name.as_bytes().into(), spelling, kind };
        let digest = Some(blake3::hash(&[entry.content]));
        entries.push(&header, Body { size: entry.size, digest, counterpart: None });
    }
    entries
}

/// What differs, and what is identical.
fn outcome(left: &Entries, right: &Entries, call: &Call) -> Result<(Findings, Vec<Vec<u8>>)> {
    let (both, context) = ([left, right], Context::new(call));
    let mut resolved_pair = ResolvedPair::new(both, Proof::Bytes, &context)?;
    assert!(resolved_pair.unknown(both, &context)?.iter().all(Chosen::is_empty));
    let verdicts = resolved_pair.verdicts(
        [&"left".into(), &"right".into()],
        both,
        (&Options::default(), true),
        &context,
    )?;
    let is_equal = |(_, finding): &(Vec<u8>, Finding)| matches!(finding, Finding::Equal(_));
    let (equal, findings): (Findings, Findings) = verdicts.findings.into_iter().partition(is_equal);
    Ok((findings, equal.into_iter().map(|(path, _)| path).collect()))
}

/// What a name stands for, found out the slow way: by unpacking into a map.
fn meaning(written: &[Written], name: &str) -> Option<std::result::Result<usize, String>> {
    #[derive(Clone)]
    enum Target {
        Content(usize),
        Link(String),
    }
    let (mut targets, mut names) = (Vec::new(), HashMap::new());
    for (index, entry) in written.iter().enumerate() {
        let target = match &entry.kind {
            Kind::HardLink(target) => match names.get(target).copied() {
                Some(known) => {
                    if entry.size > 0 {
                        targets[known] = Target::Content(index);
                    }
                    Some(known)
                }
                None if entry.size > 0 => None,
                None => {
                    targets.push(Target::Link(target.clone()));
                    Some(targets.len() - 1)
                }
            },
            _ => None,
        };
        let target = target.unwrap_or_else(|| {
            targets.push(Target::Content(index));
            targets.len() - 1
        });
        names.insert(entry.name.clone(), target);
    }
    let (mut target, mut seen) = (*names.get(name)?, HashSet::new());
    loop {
        match &targets[target] {
            Target::Content(index) => return Some(Ok(*index)),
            Target::Link(name) => match names.get(name) {
                Some(&next) if seen.insert(target) => target = next,
                _ => return Some(Err(name.clone())),
            },
        }
    }
}

/// The names that may be those of two.
fn ambiguous(written: &[Written]) -> HashSet<&str> {
    let (mut last, mut ambiguous) = (HashMap::<&str, &Spelling<String>>::new(), HashSet::new());
    for entry in written {
        if let Some(before) = last.insert(&entry.name, &entry.spelling)
            && entry.spelling.may_differ(before, entry.name.as_bytes())
        {
            ambiguous.insert(&*entry.name);
        }
    }
    for entry in written {
        if matches!(&entry.kind, Kind::HardLink(target) if ambiguous.contains(&**target)) {
            ambiguous.insert(&entry.name);
        }
    }
    ambiguous
}

/// The finding at a name; `None`: it is the same.
fn expected(left: &[Written], right: &[Written], name: &str) -> Option<Finding> {
    for (archive, written) in [("left", left), ("right", right)] {
        if ambiguous(written).contains(name) {
            let why = "several entries whose names may be spelled differently in Unicode";
            return Some(Finding::failed(Error::archive(&archive.into(), why)));
        }
    }
    let dangling = |archive: &str, target| {
        let why = format!("a hard link to '{target}', which is not in the archive");
        Some(Finding::failed(Error::archive(&archive.into(), why)))
    };
    match (meaning(left, name), meaning(right, name)) {
        (Some(Err(target)), _) => dangling("left", target),
        (_, Some(Err(target))) => dangling("right", target),
        (Some(Ok(_)), None) => Some(Finding::OnlyLeft),
        (None, _) => Some(Finding::OnlyRight),
        (Some(Ok(one)), Some(Ok(other))) => {
            let (one, other) = (&left[one], &right[other]);
            let mismatch = match (&one.kind, &other.kind) {
                (Kind::Symlink(one), Kind::Symlink(other)) => {
                    (one != other).then_some(DiffReason::ContentMismatch)
                }
                (Kind::Symlink(_), _) | (_, Kind::Symlink(_)) => Some(DiffReason::TypeMismatch),
                _ if one.size != other.size => Some(DiffReason::SizeMismatch),
                _ if one.size > 0 && one.content != other.content => {
                    Some(DiffReason::ContentMismatch)
                }
                _ => None,
            };
            // Contents of which only the digests are known are compared by these.
            let is_file = one.kind != Kind::Symlink(String::new())
                && !matches!((&one.kind, &other.kind), (Kind::Symlink(_), Kind::Symlink(_)));
            mismatch.map(|reason| match Finding::differs(reason) {
                Finding::Differs(by_bytes) if is_file && reason == DiffReason::ContentMismatch => {
                    Finding::Differs(Mismatch { proof: Some(Proof::Digest), ..by_bytes })
                }
                finding => finding,
            })
        }
    }
}

/// Names that come again, are linked to and may have spellings.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("b"), Just("c"), Just("d"), Just("\u{e9}")].prop_map(String::from)
}

fn written() -> impl Strategy<Value = Written> {
    let kind = prop_oneof![
        3 => Just(Kind::File),
        1 => name().prop_map(Kind::Symlink),
        4 => name().prop_map(Kind::HardLink),
    ];
    let spelling = prop_oneof![
        8 => Just(Spelling::Composed),
        1 => Just(Spelling::Other("e\u{301}".to_owned())),
        1 => Just(Spelling::Unknown),
    ];
    (name(), kind, spelling, 0..3_u64, 0..2_u8).prop_map(|(name, kind, spelling, size, content)| {
        Written { name, kind, spelling, size, content }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn verdicts_are_those_of_the_plain_model(
        left in proptest::collection::vec(written(), 0..9),
        right in proptest::collection::vec(written(), 0..9),
    ) {
        let call = Call::new(None);
        let (findings, identical) = outcome(&entries(&left), &entries(&right), &call).expect("no limit");
        let names: HashSet<_> = left.iter().chain(&right).map(|entry| &*entry.name).collect();
        let (mut known, mut equal) = (BTreeMap::new(), Vec::new());
        for name in names {
            match expected(&left, &right, name) {
                Some(finding) => drop(known.insert(name.as_bytes().to_vec(), finding)),
                None => equal.push(name.as_bytes().to_vec()),
            }
        }
        equal.sort();
        prop_assert_eq!(findings, known.into_iter().collect::<Findings>());
        prop_assert_eq!(identical, equal);
    }
}

fn link(name: usize, target: usize) -> Written {
    let (spelling, size, content) = (Spelling::Composed, 0, 0);
    let (name, target) = (name.to_string(), target.to_string());
    Written { name, kind: Kind::HardLink(target), spelling, size, content }
}

fn file(name: usize, content: u8) -> Written {
    let (kind, spelling, size) = (Kind::File, Spelling::Composed, 1);
    Written { name: name.to_string(), kind, spelling, size, content }
}

#[test]
fn a_chain_of_links_takes_as_many_steps_as_it_has_links() {
    // Each link comes before its target, so that none is known when it comes.
    const LINKS: usize = 20_000;
    let mut chain: Vec<_> = (0..LINKS).map(|name| link(name, name + 1)).collect();
    chain.push(file(LINKS, 1));
    let mut circle = chain.clone();
    circle[LINKS] = link(LINKS, LINKS / 2);
    let (chain, circle) = (entries(&chain), entries(&circle));
    let call = Call::new(None);
    let (findings, equal) = outcome(&chain, &chain, &call).expect("no limit");
    assert_eq!((findings.len(), equal.len()), (0, LINKS + 1));
    let (findings, equal) = outcome(&circle, &circle, &call).expect("no limit");
    assert_eq!((findings.len(), equal.len()), (LINKS + 1, 0));
    // A look every 1024 steps of a handful of loops; following each link by itself would take 200
    // million steps, and 390,000 looks.
    assert!(call.checkpoints() < 2000, "{}", call.checkpoints());
}

/// The checkpoints of every step of settling: as many as there are loops over all entries.
fn checkpoints(left: &Entries, right: &Entries) -> [usize; 3] {
    let call = Call::new(None);
    let (both, context) = ([left, right], Context::new(&call));
    let mut resolved_pair = ResolvedPair::new(both, Proof::Bytes, &context).expect("no limit");
    let resolved = call.checkpoints();
    let needed = resolved_pair.unknown(both, &context).expect("no limit");
    assert!(needed.iter().all(Chosen::is_empty));
    let asked = call.checkpoints();
    resolved_pair
        .verdicts([&"a".into(), &"b".into()], both, (&Options::default(), true), &context)
        .expect("no limit");
    [resolved, asked - resolved, call.checkpoints() - asked]
}

#[test]
fn every_step_looks_at_its_context() {
    const COUNT: usize = 20_000;
    let all = |content: u8| -> Vec<Written> {
        (0..COUNT)
            .map(|name| if name % 2 == 0 { file(name, content) } else { link(name, name - 1) })
            .collect()
    };
    let (one, mut other) = (all(1), all(2));
    other.reverse();
    let (mut one, other) = (entries(&one), entries(&other));
    one.besides.refused =
        (0..COUNT).map(|name| (format!("/{name}").into_bytes(), "is absolute")).collect();
    let [resolving, asking, deciding] = checkpoints(&one, &other);
    let loops = COUNT / 1024;
    // Two loops over all entries of both sides, and two more for the links of each.
    assert!(resolving >= 8 * loops, "{resolving}");
    assert!(asking >= loops, "{asking}");
    // The refused names, all names, and sorting the findings.
    assert!(deciding >= 3 * loops, "{deciding}");
    let all = resolving + asking + deciding;
    for last in (1..=all).step_by(all / 10) {
        let ended = outcome(&one, &other, &Call::until_checkpoint(last));
        assert_eq!(ended, Err(Error::Cancelled), "at checkpoint {last}");
    }
}

#[test]
fn a_name_that_one_archive_has_twice_does_not_hide_one_that_only_the_other_has() {
    let named = |name: &str| file(name.parse().expect("a number"), 1);
    let (twice, both) = ([named("1"), named("1")], [named("1"), named("2")]);
    let call = Call::new(None);
    for (left, right, only) in
        [(&twice, &both, Finding::OnlyRight), (&both, &twice, Finding::OnlyLeft)]
    {
        let (findings, _) = outcome(&entries(left), &entries(right), &call).expect("no limit");
        assert_eq!(findings, [(b"2".to_vec(), only)]);
    }
}
