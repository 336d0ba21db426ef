//! Archives against an oracle: what compress-tools reads out of them, entry by entry.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use compress_tools::{ArchiveContents, ArchiveIterator};
use komparu::{
    Call, Collector, Context, DiffReason, Difference, Finding, Mismatch, Options, Source,
    TreeOutcome,
};
use proptest::prelude::*;
use proptest::test_runner::Config;

type Contents = BTreeMap<String, Vec<u8>>;

/// The entries of an archive, by the oracle.
fn oracle(archive: &Path) -> Contents {
    let bytes = std::fs::read(archive).expect("an archive");
    let (mut contents, mut name) = (Contents::new(), String::new());
    for part in ArchiveIterator::from_read(Cursor::new(bytes)).expect("an archive") {
        match part {
            ArchiveContents::StartOfEntry(path, _) => {
                path.trim_start_matches("./").clone_into(&mut name);
                contents.insert(name.clone(), Vec::new());
            }
            ArchiveContents::DataChunk(chunk) => {
                contents.get_mut(&name).expect("begun").extend(chunk);
            }
            ArchiveContents::EndOfEntry => {}
            ArchiveContents::Err(error) => panic!("{error}"),
        }
    }
    // The directory that all is packed from.
    contents.retain(|name, _| !["", "."].contains(&name.as_str()));
    contents
}

/// The findings on two archives, by the oracle.
fn expected(a: &Contents, b: &Contents) -> Vec<(Vec<u8>, Finding)> {
    let names: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let finding = |name: &&String| match (a.get(*name), b.get(*name)) {
        (Some(one), Some(other)) if one == other => None,
        (Some(one), Some(other)) if one.len() == other.len() => {
            Some(Finding::differs(DiffReason::ContentMismatch))
        }
        (Some(_), Some(_)) => Some(Finding::differs(DiffReason::SizeMismatch)),
        (Some(_), None) => Some(Finding::OnlyLeft),
        (None, _) => Some(Finding::OnlyRight),
    };
    let found = names.iter().filter_map(|name| Some((name.as_bytes().to_vec(), finding(name)?)));
    found.collect()
}

fn compare(a: &Path, b: &Path, hash_compare: bool) -> komparu::Result<TreeOutcome> {
    let mut options = Options { hash_compare, ..Options::default() };
    options.limits.max_compression_ratio = None;
    let call = Call::new(None);
    komparu::compare_archive(&a.into(), &b.into(), &options, &Context::new(&call))
}

/// Packs files into an archive of the kind that its extension says, in this order.
fn pack(directory: &Path, archive: &str, files: &[(String, Vec<u8>)]) -> PathBuf {
    let tree = tempfile::tempdir_in(directory).expect("a directory");
    for (name, content) in files {
        std::fs::write(tree.path().join(name), content).expect("written");
    }
    let archive = directory.join(archive);
    let mut command = Command::new("bsdtar");
    command.arg("-a").arg("-cf").arg(&archive).arg("-C").arg(tree.path());
    // Without a name there would be nothing to pack; a directory is no entry.
    command.arg("--no-recursion").arg(".").args(files.iter().map(|(name, _)| name));
    assert!(command.status().expect("bsdtar, which scripts/prepare.sh installs").success());
    archive
}

/// A few files with few names and few contents, so that many are the same.
fn some_files() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let content = (prop_oneof![Just(0_usize), Just(1), Just(70_000), Just(300_000)], 0..2_u8)
        .prop_map(|(length, last)| {
            let mut content: Vec<u8> = (0..=250).cycle().take(length).collect();
            if let Some(byte) = content.last_mut() {
                *byte = last;
            }
            content
        });
    proptest::collection::btree_map("[a-f]", content, 0..6)
        .prop_map(|files| files.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

const KINDS: [&str; 6] = ["tar", "tar.gz", "tar.xz", "zip", "7z", "cpio"];

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn findings_agree_with_what_the_oracle_reads(
        left in some_files(),
        right in some_files(),
        kinds in (0..KINDS.len(), 0..KINDS.len()),
        hash_compare: bool,
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        let a = pack(directory.path(), &format!("a.{}", KINDS[kinds.0]), &left);
        let b = pack(directory.path(), &format!("b.{}", KINDS[kinds.1]), &right);
        let outcome = compare(&a, &b, hash_compare).expect("compared");
        // Whether by bytes or by digests depends on how the entries are ordered.
        let findings = outcome.findings.into_iter().map(|(path, finding)| match finding {
            Finding::Differs(Mismatch { reason, .. }) => (path, Finding::differs(reason)),
            finding => (path, finding),
        });
        prop_assert_eq!(findings.collect::<Vec<_>>(), expected(&oracle(&a), &oracle(&b)));
        let reversed: Vec<_> = left.iter().rev().cloned().collect();
        let again = pack(directory.path(), &format!("c.{}", KINDS[kinds.1]), &reversed);
        prop_assert!(compare(&a, &again, hash_compare).expect("compared").is_equal());
    }
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

/// A few files, larger and smaller than a block of 64 KiB, that differ in a place or two.
fn files_with_places() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let size = prop::sample::select(vec![0, 1, 3000, 65_535, 65_536, 65_537, 131_072, 200_000]);
    let places = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    let content = (size, places).prop_map(|(size, places)| {
        let mut content: Vec<u8> = (0..=250).cycle().take(size).collect();
        for place in places.iter().filter(|_| size > 0) {
            content[place.index(size)] = b'\n';
        }
        content
    });
    proptest::collection::btree_map("[a-e]", content, 1..6)
        .prop_map(|files| files.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

proptest! {
    #![proptest_config(Config { cases: 32, failure_persistence: None, ..Config::default() })]

    /// Whether two entries stand side by side depends on the orders of the archives; what is found does not.
    #[test]
    fn the_first_difference_of_entries_in_any_order_is_the_oracles(
        left in files_with_places(),
        right in files_with_places(),
        kinds in (0..2_usize, 0..2_usize),
        hash_compare: bool,
        shown in prop::sample::select(vec![0, 1, 16, 70_000]),
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        let a = pack(directory.path(), ["a.tar", "a.zip"][kinds.0], &left);
        let b = pack(directory.path(), ["b.tar.gz", "b.zip"][kinds.1], &right);
        check_first_differences(&a, &b, left, right, hash_compare, shown);
    }
}

/// Compares two archives of these files, and each first difference with the oracle's.
fn check_first_differences(
    a: &Path,
    b: &Path,
    left: Vec<(String, Vec<u8>)>,
    right: Vec<(String, Vec<u8>)>,
    hash_compare: bool,
    shown: usize,
) {
    let mut options = Options { hash_compare, r#where: true, context: shown, ..Options::default() };
    options.limits.max_compression_ratio = None;
    let call = Call::new(None);
    let outcome = komparu::compare_archive(&a.into(), &b.into(), &options, &Context::new(&call));
    let (left, right): (Contents, Contents) =
        (left.into_iter().collect(), right.into_iter().collect());
    let mut differing = 0;
    for (path, finding) in outcome.expect("compared").findings {
        let name = String::from_utf8(path).expect("a letter");
        if let Finding::Differs(Mismatch { difference, .. }) = finding {
            let expected = first_difference(&left[&name], &right[&name], shown);
            assert_eq!(difference.as_deref(), Some(&expected), "{name}, {shown}");
            differing += 1;
        }
    }
    let common = left.iter().filter_map(|(name, one)| Some((one, right.get(name)?)));
    assert_eq!(differing, common.filter(|(one, other)| one != other).count());
}

/// One ends where the other goes on, before, at and behind the ends of blocks.
#[test]
fn the_first_difference_of_a_beginning_is_its_end() {
    let sizes = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073];
    let content: Vec<u8> = (0..=250).cycle().take(131_073).collect();
    let mut pairs = Vec::new();
    for one in sizes {
        for other in sizes {
            pairs.push((one, other));
        }
    }
    let files = |side: fn(&(usize, usize)) -> usize| {
        let file = |pair: &(usize, usize)| {
            (format!("{}-{}", pair.0, pair.1), content[..side(pair)].to_vec())
        };
        pairs.iter().map(file).collect::<Vec<_>>()
    };
    let (left, right) = (files(|pair| pair.0), files(|pair| pair.1));
    let directory = tempfile::tempdir().expect("a directory");
    let a = pack(directory.path(), "a.tar", &left);
    let b = pack(directory.path(), "b.zip", &right);
    for hash_compare in [false, true] {
        for shown in [0, 1, 70_000] {
            check_first_differences(&a, &b, left.clone(), right.clone(), hash_compare, shown);
        }
    }
}

#[test]
fn equal_entries_are_listed_on_request() {
    let directory = tempfile::tempdir().expect("a directory");
    let files = [("b".to_owned(), vec![1]), ("a".to_owned(), vec![])];
    let a = pack(directory.path(), "a.tar", &files);
    let b = pack(directory.path(), "b.zip", &files);
    let call = Call::new(None);
    for b in [&a, &b] {
        let (a, b) = (Source::from(a.as_path()), Source::from(b.as_path()));
        let (sink, context) = (Collector::of_equal_paths_too(), Context::new(&call));
        let complete = komparu::report_archive(&a, &b, &Options::default(), &sink, &context);
        let outcome = sink.outcome(complete.expect("compared"), &context).expect("no limit");
        assert_eq!(outcome.equal, [b"a", b"b"]);
    }
}

#[test]
fn a_cancelled_call_ends() {
    let directory = tempfile::tempdir().expect("a directory");
    let a = pack(directory.path(), "a.tar", &[]);
    let b = pack(directory.path(), "b.zip", &[]);
    let call = Call::new(None);
    call.cancel();
    let (a, b) = (Source::from(a.as_path()), Source::from(b.as_path()));
    let outcome = komparu::compare_archive(&a, &b, &Options::default(), &Context::new(&call));
    assert_eq!(outcome, Err(komparu::Error::Cancelled));
}
