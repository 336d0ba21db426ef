//! Trees without any filesystem: the comparison needs only entries and readers.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use komparu::error::join;
use komparu::internals::content::{Chunk, Reader};
use komparu::internals::tree::compare;
use komparu::internals::tree::directory::DirectoryTree;
use komparu::internals::tree::listing::{EntryKind, Listing};
use komparu::internals::tree::{EntryContent, Identity, Tree};
use komparu::{Call, Collector, Context, DiffReason, Error, Finding, Name, Options, Result};

/// Files by their path; every parent of a file is a directory.
#[derive(Default)]
struct Memory {
    files: BTreeMap<&'static str, &'static str>,
    /// Paths that fail when they are entered, listed or opened.
    failing: Vec<&'static str>,
    /// Identities that directories report.
    identities: BTreeMap<&'static str, Identity>,
    paths: BTreeMap<&'static str, &'static str>,
    entered: Mutex<Vec<String>>,
    opened: AtomicUsize,
    entered_by_path: AtomicUsize,
}

impl Memory {
    fn new(files: &[(&'static str, &'static str)]) -> Self {
        Self { files: files.iter().copied().collect(), ..Self::default() }
    }

    fn check(&self, path: &[u8]) -> Result<()> {
        let failing = self.failing.iter().any(|failing| failing.as_bytes() == path);
        if failing { Err(Error::read(&self.display(path), "is out of order")) } else { Ok(()) }
    }
}

/// Serves a byte at a time.
struct Bytes {
    content: &'static str,
    position: usize,
}

impl Reader for Bytes {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        match self.content.as_bytes().get(self.position..=self.position) {
            Some(byte) => Ok(Chunk::Bytes(byte)),
            None => Ok(Chunk::End),
        }
    }

    fn consume(&mut self, length: u64) {
        self.position += usize::try_from(length).expect("one byte was shown");
    }

    fn size(&self) -> Option<u64> {
        None
    }

    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

impl Tree for Memory {
    type Directory = String;

    fn enter(&self, path: &[u8], parent: Option<&String>) -> Result<String> {
        let above = path.iter().rposition(|&byte| byte == b'/').map_or(&b""[..], |at| &path[..at]);
        match parent {
            Some(parent) => assert_eq!(parent.as_bytes(), above),
            None => _ = self.entered_by_path.fetch_add(1, Ordering::Relaxed),
        }
        let path = String::from_utf8(path.to_vec()).expect("paths of this tree are text");
        self.entered.lock().expect("no panic").push(path.clone());
        if path.starts_with("no entry") {
            self.check(path.as_bytes())?;
        }
        Ok(path)
    }

    fn identity(&self, directory: &String) -> Option<Identity> {
        self.identities.get(directory.as_str()).copied()
    }

    fn resolved(&self, directory: &String) -> Option<Vec<u8>> {
        self.paths.get(directory.as_str()).map(|path| path.as_bytes().to_vec())
    }

    fn is_at(&self, directory: &String, path: &[u8]) -> Result<bool> {
        Ok(directory.as_bytes() == path)
    }

    fn is_large(&self, _: &String) -> bool {
        true // so that both sides are listed at once
    }

    fn list(&self, directory: &String, path: &[u8], _: &Context<'_>) -> Result<Listing> {
        assert_eq!(directory.as_bytes(), path);
        self.check(path)?;
        let prefix = if path.is_empty() { String::new() } else { format!("{directory}/") };
        let below = self.files.keys().filter_map(|file| file.strip_prefix(&prefix));
        let mut names: BTreeMap<&str, EntryKind> = BTreeMap::new();
        for rest in below {
            match rest.split_once('/') {
                Some((name, _)) => names.insert(name, EntryKind::Directory),
                None => names.insert(rest, EntryKind::File),
            };
        }
        let mut listing = Listing::default();
        names.iter().rev().for_each(|(name, &kind)| listing.push(name.as_bytes(), kind));
        Ok(listing)
    }

    fn open<'d>(&self, directory: &'d String, name: &'d [u8]) -> Result<EntryContent<'d>> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let path = join(directory.as_bytes(), name);
        self.check(&path)?;
        let content = self.files[str::from_utf8(&path).expect("text")];
        Ok(EntryContent::Stream(Box::new(Bytes { content, position: 0 })))
    }

    fn link(&self, _: &String, _: &[u8]) -> Result<Vec<u8>> {
        unreachable!("there are no links in this tree")
    }

    fn display(&self, path: &[u8]) -> Name {
        Name::new(&[b"memory:", path].concat())
    }
}

fn compared<A: Tree, B: Tree>(a: &A, b: &B, max_workers: usize) -> Result<Vec<(String, Finding)>> {
    let call = Call::new(None);
    let options = Options { max_workers, ..Options::default() };
    let (sink, context) = (Collector::default(), Context::new(&call));
    let complete = compare(a, b, &options, &sink, &context)?;
    let outcome = sink.outcome(complete, &context)?;
    let text = |path: Vec<u8>| String::from_utf8(path).expect("text");
    Ok(outcome.findings.into_iter().map(|(path, finding)| (text(path), finding)).collect())
}

fn named(findings: &[(&str, Finding)]) -> Vec<(String, Finding)> {
    findings.iter().map(|(path, finding)| ((*path).to_owned(), finding.clone())).collect()
}

#[test]
fn trees_without_a_filesystem_are_compared_entry_by_entry() {
    let a = Memory::new(&[("d/same", "1"), ("d/x", "12"), ("d/e/l", ""), ("f", ""), ("g/h", "")]);
    let b = Memory::new(&[("d/same", "1"), ("d/x", "13"), ("d/e/r", ""), ("f/k", ""), ("g/h", "")]);
    let expected = named(&[
        ("d/e/l", Finding::OnlyLeft),
        ("d/e/r", Finding::OnlyRight),
        ("d/x", Finding::differs(DiffReason::ContentMismatch)),
        ("f", Finding::differs(DiffReason::TypeMismatch)),
        ("f/k", Finding::OnlyRight),
    ]);
    for max_workers in [1, 2, 7] {
        assert_eq!(compared(&a, &b, max_workers).as_ref(), Ok(&expected));
    }
}

#[test]
fn a_directory_is_compared_with_a_tree_in_memory() {
    let place = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(place.path().join("d")).expect("made");
    std::fs::write(place.path().join("d/x"), "1").expect("written");
    std::fs::write(place.path().join("y"), "").expect("written");
    let path = place.path().to_str().expect("text").as_bytes();
    let a = DirectoryTree::open(path, place.path().into(), &Options::default()).expect("opened");
    let b = Memory::new(&[("d/x", "1"), ("y", "")]);
    assert_eq!(compared(&a, &b, 2), Ok(vec![]));
    let c = Memory::new(&[("d/x", "2"), ("z", "")]);
    let expected = named(&[
        ("d/x", Finding::differs(DiffReason::ContentMismatch)),
        ("y", Finding::OnlyLeft),
        ("z", Finding::OnlyRight),
    ]);
    assert_eq!(compared(&a, &c, 2), Ok(expected));
}

#[test]
fn a_failure_in_a_tree_is_a_finding_and_stops_nothing() {
    let files =
        [("a/x", "1"), ("no entry/x", "1"), ("no list/x", "1"), ("z/bad", "1"), ("z/good", "1")];
    let mut a = Memory::new(&files);
    a.failing = vec!["no entry", "no list", "z/bad"];
    let b = Memory::new(&[("a/x", "2"), ("no list/y", ""), ("z/bad", "1"), ("z/good", "2")]);
    let failed = |path: &str| {
        let name = Name::new(format!("memory:{path}").as_bytes());
        Finding::failed(Error::read(&name, "is out of order"))
    };
    let expected = named(&[
        ("a/x", Finding::differs(DiffReason::ContentMismatch)),
        ("no entry", failed("no entry")),
        ("no list", failed("no list")),
        ("z/bad", failed("z/bad")),
        ("z/good", Finding::differs(DiffReason::ContentMismatch)),
    ]);
    for max_workers in [1, 2, 7] {
        assert_eq!(compared(&a, &b, max_workers).as_ref(), Ok(&expected));
        assert_eq!(compared(&b, &a, max_workers).map(|found| found.len()), Ok(5));
    }
}

#[test]
fn a_root_that_cannot_be_listed_is_an_error() {
    let (mut a, b) = (Memory::new(&[("x", "")]), Memory::new(&[("x", "")]));
    a.failing = vec![""];
    let error = Err(Error::read(&"memory:".into(), "is out of order"));
    assert_eq!(compared(&a, &b, 2), error);
    assert_eq!(compared(&b, &a, 2), error);
}

#[test]
fn directories_of_one_identity_and_path_are_equal_and_not_read() {
    for (paths, is_read) in [(["same", "same"], false), (["one", "other"], true)] {
        let mut a = Memory::new(&[("d/x", "1"), ("y", "")]);
        let mut b = Memory::new(&[("d/x", "2"), ("y", "")]);
        for (tree, path) in [&mut a, &mut b].into_iter().zip(paths) {
            tree.identities.insert("d", Identity::numbered(7, 7));
            tree.paths.insert("d", path);
        }
        let differs = ("d/x".to_owned(), Finding::differs(DiffReason::ContentMismatch));
        assert_eq!(compared(&a, &b, 2), Ok(is_read.then_some(differs).into_iter().collect()));
        assert_eq!(a.opened.into_inner(), if is_read { 2 } else { 1 });
    }
}

#[test]
fn a_directory_is_entered_from_its_parent_however_deep_it_lies() {
    let deep: String = "d/".repeat(5000) + "x";
    let deep: &'static str = deep.leak();
    let wide: Vec<String> = (0..1000).map(|number| format!("w/{number}/x")).collect();
    let wide = wide.into_iter().map(|path| (&*path.leak(), "1"));
    let files: Vec<_> = wide.chain([(deep, "1")]).collect();
    for workers in [1, 4] {
        let (a, b) = (Memory::new(&files), Memory::new(&files));
        assert_eq!(compared(&a, &b, workers), Ok(vec![]));
        let only = compared(&a, &Memory::new(&[("x", "")]), workers).expect("compared");
        assert_eq!(only.len(), files.len() + 1);
        // Only the root has no parent.
        assert_eq!(a.entered_by_path.into_inner(), 2);
        assert_eq!(b.entered_by_path.into_inner(), 1);
    }
}

#[test]
fn a_directory_is_entered_once_on_each_side() {
    let files = [("a/b/c", ""), ("a/d", ""), ("e/f", "")];
    let (a, b) = (Memory::new(&files), Memory::new(&files));
    assert_eq!(compared(&a, &b, 3), Ok(vec![]));
    for tree in [a, b] {
        let mut entered = tree.entered.into_inner().expect("no panic");
        entered.sort();
        assert_eq!(entered, ["", "a", "a/b", "e"]);
    }
}
