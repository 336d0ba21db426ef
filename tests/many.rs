//! Many sources: which of them are the same, and whether all are.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use komparu::internals::content::FileReader;
use komparu::internals::engine::partition::{Member, PartitionLimits, partition};
use komparu::{Call, Context, Error, GroupOutcome, Options, Source, compare_all, compare_many};
use proptest::prelude::*;

mod scripted;
use scripted::{Scripted, Serving};

fn write(directory: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, content).expect("written");
    path
}

fn sources(paths: &[PathBuf]) -> Vec<Source> {
    paths.iter().map(|path| Source::from(path.as_path())).collect()
}

fn grouped(paths: &[PathBuf]) -> Result<Vec<Vec<usize>>, Error> {
    let call = Call::new(None);
    let outcome = compare_many(&sources(paths), &Options::default(), &Context::new(&call))?;
    Ok(outcome.groups)
}

fn all_same(paths: &[PathBuf]) -> Result<bool, Error> {
    let call = Call::new(None);
    compare_all(&sources(paths), &Options::default(), &Context::new(&call))
}

/// Compares every content with the first of every group.
fn naive(contents: &[Vec<u8>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, content) in contents.iter().enumerate() {
        match groups.iter_mut().find(|group| contents[group[0]] == *content) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

/// Contents of few lengths and few letters, so that many are the same or nearly so; some longer than
/// a stretch.
fn contents() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let lengths =
        prop::sample::select(vec![0, 1, 300, 4096, (1 << 20) - 1, 1 << 20, (2 << 20) + 7]);
    let content = (lengths, 0..3_usize, 0..4_u8).prop_map(|(length, place, letter)| {
        let mut content = vec![0; length];
        let place = length.saturating_sub(1) * place / 2;
        if let Some(byte) = content.get_mut(place) {
            *byte = letter;
        }
        content
    });
    prop::collection::vec(content, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn groups_are_those_of_comparing_each_pair(contents in contents()) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |(index, content): (usize, &Vec<u8>)| {
            write(directory.path(), &index.to_string(), content)
        };
        let paths: Vec<_> = contents.iter().enumerate().map(path).collect();
        let expected = naive(&contents);
        prop_assert_eq!(all_same(&paths), Ok(expected.len() < 2));
        prop_assert_eq!(grouped(&paths), Ok(expected));
    }

    #[test]
    fn streams_files_and_contents_of_unknown_size_are_grouped_alike(
        contents in contents(),
        kinds in prop::collection::vec(0..4_u8, 12),
        borders in prop::collection::vec(1..100_000_usize, 1..5),
        open in 0..4_usize,
        size_precheck: bool,
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        let contents: &'static Vec<Vec<u8>> = Box::leak(Box::new(contents));
        let members = contents.iter().enumerate().map(|(index, content)| {
            let serving = Serving {
                borders: borders.clone(),
                holes: vec![true, false],
                sized: kinds[index] == 1,
                random: false,
            };
            if kinds[index] < 2 {
                return Member::Stream(Box::new(Scripted::new(content, &serving)));
            }
            let path = write(directory.path(), &index.to_string(), content);
            let file = FileReader::open(&path).expect("a file");
            if kinds[index] == 2 || content.is_empty() {
                Member::Stream(Box::new(file))
            } else {
                Member::Reopenable(Box::new(file.into_located()))
            }
        });
        let options = Options { size_precheck, ..Options::default() };
        let limits = PartitionLimits { open, stop_at_difference: false };
        let call = Call::new(None);
        let members: Vec<_> = members.collect();
        let outcome = partition(members, limits, &options, &Context::new(&call));
        prop_assert_eq!(outcome, Ok(GroupOutcome { groups: naive(contents) }));
    }
}

#[test]
fn no_source_and_one_source_are_all_the_same() {
    assert_eq!(all_same(&[]), Ok(true));
    assert_eq!(grouped(&[]), Ok(vec![]));
    let directory = tempfile::tempdir().expect("a directory");
    let one = write(directory.path(), "one", b"1");
    assert_eq!(all_same(std::slice::from_ref(&one)), Ok(true));
    assert_eq!(grouped(&[one]), Ok(vec![vec![0]]));
}

#[test]
fn names_of_one_file_are_one_source() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = write(directory.path(), "file", b"content");
    let other = write(directory.path(), "other", b"another");
    let (hard, soft) = (directory.path().join("hard"), directory.path().join("soft"));
    std::fs::hard_link(&file, &hard).expect("linked");
    std::os::unix::fs::symlink(&hard, &soft).expect("linked");
    let paths = [file.clone(), other, hard, file, soft];
    assert_eq!(grouped(&paths), Ok(vec![vec![0, 2, 3, 4], vec![1]]));
}

#[test]
fn the_first_failure_in_the_list_is_reported() {
    let directory = tempfile::tempdir().expect("a directory");
    let here = write(directory.path(), "here", b"1");
    let (lost, gone) = (directory.path().join("lost"), directory.path().join("gone"));
    let told = |paths: &[PathBuf]| {
        let errors = [grouped(paths).expect_err("lost"), all_same(paths).expect_err("lost")];
        assert_eq!(errors[0], errors[1]);
        errors[0].to_string()
    };
    let message = |path: &Path| format!("{}: No such file or directory", path.display());
    assert_eq!(told(&[here.clone(), lost.clone(), gone.clone()]), message(&lost));
    assert_eq!(told(&[gone.clone(), here.clone(), lost]), message(&gone));
    assert!(told(&[here, directory.path().to_owned(), gone]).ends_with("is a directory"));
}

#[test]
fn a_failure_while_reading_names_the_first_source_that_fails() {
    let content = vec![7; 3 << 20];
    let serving = Serving { borders: vec![50_000], holes: vec![false], sized: true, random: false };
    let content: &'static Vec<u8> = Box::leak(Box::new(content));
    let member = |name: &str, at: usize| {
        Member::Stream(Box::new(Scripted::new(content, &serving).failing_at(name, at)))
    };
    let sound = Member::Stream(Box::new(Scripted::new(content, &serving)));
    let members = vec![sound, member("b", 2_500_000), member("c", 2_500_000)];
    let limits = PartitionLimits { open: 9, stop_at_difference: false };
    let (call, options) = (Call::new(None), Options::default());
    let outcome = partition(members, limits, &options, &Context::new(&call));
    assert_eq!(outcome, Err(Error::read(&"b".into(), "failed at 2500000")));
}

#[test]
fn a_difference_wins_over_a_failure_and_does_not_cancel_the_call() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut paths: Vec<_> = (0..20)
        .map(|index| write(directory.path(), &index.to_string(), &vec![1; 2 << 20]))
        .collect();
    assert_eq!(all_same(&paths), Ok(true));
    paths.push(write(directory.path(), "other", &vec![2; 2 << 20]));
    let call = Call::new(None);
    let context = Context::new(&call);
    for workers in [1, 2, 8] {
        let options = Options { max_workers: workers, ..Options::default() };
        assert_eq!(compare_all(&sources(&paths), &options, &context), Ok(false));
        assert_eq!(context.checkpoint(), Ok(()));
    }
}

#[test]
fn holes_are_not_read() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |index: i32| {
        let path = directory.path().join(index.to_string());
        let file = std::fs::File::create(&path).expect("created");
        file.set_len(1 << 40).expect("a hole");
        let byte = if index == 2 { b"y" } else { b"x" };
        std::os::unix::fs::FileExt::write_at(&file, byte, 1 << 39).expect("written");
        path
    };
    let paths: Vec<_> = (0..4).map(path).collect();
    assert_eq!(grouped(&paths), Ok(vec![vec![0, 1, 3], vec![2]]));
}

#[test]
fn an_interrupt_stops_compare_all_and_compare_many() {
    let directory = tempfile::tempdir().expect("a directory");
    let paths: Vec<_> = (0..3)
        .map(|index| write(directory.path(), &index.to_string(), &vec![0; 3 << 20]))
        .collect();
    for compare in [
        |sources: &[Source], options: &Options, context: &Context<'_>| {
            compare_all(sources, options, context).map(drop)
        },
        |sources: &[Source], options: &Options, context: &Context<'_>| {
            compare_many(sources, options, context).map(drop)
        },
    ] {
        let (call, asked) = (Call::new(None), Cell::new(false));
        let interrupt = || {
            asked.set(true);
            true
        };
        let context = Context::with_interrupt(&call, &interrupt);
        // Repeated until the interrupt is checked during one of the calls.
        let stopped = loop {
            if let Err(error) = compare(&sources(&paths), &Options::default(), &context) {
                break error;
            }
        };
        assert_eq!((stopped, asked.get(), call.is_cancelled()), (Error::Cancelled, true, true));
    }
}
