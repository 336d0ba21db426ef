//! Directories against an oracle that reads both into maps and compares the maps.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use komparu::internals::tree::Tree as _;
use komparu::internals::tree::compare;
use komparu::internals::tree::directory::DirectoryTree;
use komparu::{
    Call, Collector, Context, DiffReason, Difference, Error, Finding, Mismatch, Options, Source,
};
use proptest::prelude::*;

/// What a name stands for.
#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>),
    Link(Vec<u8>),
    Directory(BTreeMap<Vec<u8>, Node>),
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let names: [&[u8]; 7] = [b"a", b"b", b"c", b"\n", b"\xff", "\u{e9}".as_bytes(), b"-"];
    prop::sample::select(names.to_vec()).prop_map(<[u8]>::to_vec)
}

/// Few contents, so that many are the same; some around the size of a read buffer.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let sizes = prop::sample::select(vec![0, 1, 2, 4096, (128 << 10) - 1, 128 << 10, 200_000]);
    (sizes, 0..2_u8, any::<bool>()).prop_map(|(size, last, zeros)| {
        let mut content = vec![if zeros { 0 } else { 7 }; size];
        content.iter_mut().rev().take(1).for_each(|byte| *byte = last);
        content
    })
}

fn node() -> impl Strategy<Value = Node> {
    let target = prop::sample::select(vec!["a", "b", "nowhere"]);
    let leaf = prop_oneof![
        4 => content().prop_map(Node::File),
        1 => target.prop_map(|target| Node::Link(target.as_bytes().to_vec())),
    ];
    leaf.prop_recursive(4, 40, 7, |inner| {
        prop::collection::btree_map(name(), inner, 0..6).prop_map(Node::Directory)
    })
}

fn directory() -> impl Strategy<Value = Node> {
    prop::collection::btree_map(name(), node(), 0..7).prop_map(Node::Directory)
}

/// Two trees that share much.
fn pair() -> impl Strategy<Value = (Node, Node)> {
    (directory(), directory(), any::<u8>()).prop_map(|(one, two, choices)| {
        let other = mixed(&one, &two, &mut choices.into());
        (one, other)
    })
}

/// `one`, with some entries replaced by those of `two`.
fn mixed(one: &Node, two: &Node, choices: &mut u32) -> Node {
    *choices = choices.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    let (Node::Directory(ones), Node::Directory(twos)) = (one, two) else {
        return if *choices >> 30 == 0 { two.clone() } else { one.clone() };
    };
    let names: BTreeSet<_> = ones.keys().chain(twos.keys()).collect();
    let entry = |name: &Vec<u8>| match (ones.get(name), twos.get(name)) {
        (Some(one), Some(two)) => Some(mixed(one, two, choices)),
        (one, two) => one.or(two.filter(|_| *choices >> 31 == 0)).cloned(),
    };
    let mut entry = entry;
    Node::Directory(
        names.into_iter().filter_map(|name| Some((name.clone(), entry(name)?))).collect(),
    )
}

fn plant(path: &Path, node: &Node) {
    match node {
        Node::File(content) => fs::write(path, content).expect("written"),
        Node::Link(target) => symlink(OsStr::from_bytes(target), path).expect("linked"),
        Node::Directory(entries) => {
            fs::create_dir(path).expect("made");
            for (name, node) in entries {
                plant(&path.join(OsStr::from_bytes(name)), node);
            }
        }
    }
}

/// All entries that are no directories, and all directories, by their path.
fn flat<'n>(node: &'n Node, path: &[u8], into: &mut BTreeMap<Vec<u8>, &'n Node>) {
    into.insert(path.to_vec(), node);
    if let Node::Directory(entries) = node {
        for (name, node) in entries {
            flat(node, &komparu::error::join(path, name), into);
        }
    }
}

fn oracle(one: &Node, two: &Node) -> Vec<(Vec<u8>, Finding)> {
    let (mut ones, mut twos) = (BTreeMap::new(), BTreeMap::new());
    flat(one, b"", &mut ones);
    flat(two, b"", &mut twos);
    let paths: BTreeSet<_> = ones.keys().chain(twos.keys()).collect();
    let finding = |path: &Vec<u8>| match (ones.get(path), twos.get(path)) {
        (None | Some(Node::Directory(_)), None | Some(Node::Directory(_))) => None,
        (Some(_), None) => Some(Finding::OnlyLeft),
        (None, Some(_)) => Some(Finding::OnlyRight),
        (Some(Node::File(one)), Some(Node::File(two))) if one.len() != two.len() => {
            Some(Finding::differs(DiffReason::SizeMismatch))
        }
        (Some(Node::File(one)), Some(Node::File(two)))
        | (Some(Node::Link(one)), Some(Node::Link(two))) => {
            (one != two).then_some(Finding::differs(DiffReason::ContentMismatch))
        }
        (Some(_), Some(_)) => Some(Finding::differs(DiffReason::TypeMismatch)),
    };
    paths.into_iter().filter_map(|path| Some((path.clone(), finding(path)?))).collect()
}

/// Where two contents differ first, by looking at one byte after the other.
fn first_difference(a: &[u8], b: &[u8], shown: usize) -> Difference {
    let common = a.len().min(b.len());
    let first = (0..common).find(|&index| a[index] != b[index]).unwrap_or(common);
    let from_there = |content: &[u8]| content[first..content.len().min(first + shown)].to_vec();
    Difference {
        offset: first as u64,
        line: a[..first].split(|&byte| byte == b'\n').count() as u64,
        left: from_there(a),
        right: from_there(b),
        left_size: Some(a.len() as u64),
        right_size: Some(b.len() as u64),
    }
}

fn compared(a: &Path, b: &Path, options: &Options) -> Vec<(Vec<u8>, Finding)> {
    let call = Call::new(None);
    komparu::compare_dir(&Source::from(a), &Source::from(b), options, &Context::new(&call))
        .expect("both are directories")
        .findings
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn findings_agree_with_the_oracle_for_any_number_of_workers((one, two) in pair()) {
        let place = tempfile::tempdir().expect("a temporary directory");
        let (a, b) = (place.path().join("a"), place.path().join("b"));
        plant(&a, &one);
        plant(&b, &two);
        let expected = oracle(&one, &two);
        for max_workers in [1, 2, 7] {
            let options = Options { max_workers, follow_symlinks: false, ..Options::default() };
            prop_assert_eq!(&compared(&a, &b, &options), &expected);
            let options = Options { quick_check: false, chunk_size: 1000, ..options };
            prop_assert_eq!(&compared(&a, &b, &options), &expected);
        }
    }

    #[test]
    fn findings_with_followed_links_do_not_depend_on_the_number_of_workers((one, two) in pair()) {
        let place = tempfile::tempdir().expect("a temporary directory");
        let (a, b) = (place.path().join("a"), place.path().join("b"));
        plant(&a, &one);
        plant(&b, &two);
        let options = |max_workers| Options { max_workers, ..Options::default() };
        let expected = compared(&a, &b, &options(1));
        for max_workers in [2, 7] {
            prop_assert_eq!(&compared(&a, &b, &options(max_workers)), &expected);
        }
    }
}

#[test]
fn one_tree_can_be_compared_again_and_again() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let open = |name: &str, content: &str| {
        let path = place.path().join(name);
        fs::create_dir(&path).expect("made");
        fs::write(path.join("x"), content).expect("written");
        let bytes = path.as_os_str().as_bytes();
        DirectoryTree::open(bytes, path.as_path().into(), &Options::default()).expect("opened")
    };
    let (a, b) = (open("a", "1"), open("b", "2"));
    let expected = vec![(b"x".to_vec(), Finding::differs(DiffReason::ContentMismatch))];
    let call = Call::new(None);
    for _ in 0..3 {
        let (sink, context) = (Collector::default(), Context::new(&call));
        let complete = compare(&a, &b, &Options::default(), &sink, &context);
        let outcome = sink.outcome(complete.expect("compared"), &context);
        assert_eq!(outcome.expect("no limit").findings, expected);
    }
}

#[test]
fn a_cancelled_call_does_not_list_a_large_directory_to_its_end() {
    let place = tempfile::tempdir().expect("a temporary directory");
    for index in 0..1000 {
        fs::write(place.path().join(index.to_string()), "").expect("written");
    }
    let path = place.path().as_os_str().as_bytes();
    let tree = DirectoryTree::open(path, place.path().into(), &Options::default()).expect("opened");
    let call = Call::new(None);
    let list = || tree.list(&tree.enter(b"", None).expect("entered"), b"", &Context::new(&call));
    assert_eq!(list().expect("listed").len(), 1000);
    call.cancel();
    assert_eq!(list().expect_err("stopped"), Error::Cancelled);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_file_that_differs_has_its_first_difference_and_nothing_else_has((one, two) in pair()) {
        let place = tempfile::tempdir().expect("a temporary directory");
        let (a, b) = (place.path().join("a"), place.path().join("b"));
        plant(&a, &one);
        plant(&b, &two);
        let (mut ones, mut twos) = (BTreeMap::new(), BTreeMap::new());
        flat(&one, b"", &mut ones);
        flat(&two, b"", &mut twos);
        for max_workers in [1, 4] {
            let options = Options {
                max_workers,
                r#where: true,
                context: 3,
                follow_symlinks: false,
                ..Options::default()
            };
            let mut findings = compared(&a, &b, &options);
            for (path, finding) in &mut findings {
                let Finding::Differs(Mismatch { difference, .. }) = finding else { continue };
                let expected = match (ones[path], twos[path]) {
                    (Node::File(one), Node::File(two)) => Some(first_difference(one, two, 3)),
                    _ => None,
                };
                prop_assert_eq!(difference.take().map(|difference| *difference), expected);
            }
            prop_assert_eq!(findings, oracle(&one, &two));
        }
    }
}

/// Large files are compared by several threads, small ones are read when they are opened.
#[test]
fn the_first_difference_of_files_of_any_size_is_found_by_any_number_of_workers() {
    const MIB: usize = 1 << 20;
    let place = tempfile::tempdir().expect("a temporary directory");
    let (a, b) = (place.path().join("a"), place.path().join("b"));
    fs::create_dir(&a).and_then(|()| fs::create_dir(&b)).expect("made");
    let mut expected = Vec::new();
    for (size, other_size) in
        [(10, 10), (10, 12), (MIB, MIB), (5 * MIB, 5 * MIB), (9 * MIB, 9 * MIB), (9 * MIB, 5 * MIB)]
    {
        for first in [0, size / 2, size - 1] {
            let one: Vec<u8> = b"a line\n".iter().copied().cycle().take(size).collect();
            let mut two: Vec<u8> = one.iter().copied().cycle().take(other_size).collect();
            for place in [first, first + size / 4, size - 1] {
                if let Some(byte) = two.get_mut(place) {
                    *byte = b'!';
                }
            }
            let name = format!("{size}-{other_size}-{first}");
            fs::write(a.join(&name), &one)
                .and_then(|()| fs::write(b.join(&name), &two))
                .expect("written");
            expected.push((name.into_bytes(), first_difference(&one, &two, 16)));
        }
    }
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    for max_workers in [1, 2, 8] {
        let options = Options { max_workers, r#where: true, ..Options::default() };
        let found = compared(&a, &b, &options).into_iter().map(|(path, finding)| match finding {
            Finding::Differs(Mismatch { difference: Some(difference), .. }) => (path, *difference),
            other => panic!("{other:?}"),
        });
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }
}
