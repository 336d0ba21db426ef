//! The engine against the oracle `a == b`, with readers that serve contents in every possible way.

mod scripted;

use komparu::internals::engine::{self, lockstep, parallel};
use komparu::{Call, Context, DiffReason, Error, Options};
use proptest::prelude::*;
use proptest::sample::Index;
use scripted::{Scripted, Serving};

/// Bytes that a thread takes at a time: its borders must make no difference.
const STRETCH: usize = 4 << 20;

fn serving() -> impl Strategy<Value = Serving> {
    let length = prop_oneof![1..9_usize, 100..5000_usize, 60_000..140_000_usize];
    let borders = prop::collection::vec(length, 1..5);
    let holes = prop::collection::vec(any::<bool>(), 1..4);
    (borders, holes, any::<bool>(), any::<bool>())
        .prop_map(|(borders, holes, sized, random)| Serving { borders, holes, sized, random })
}

/// Runs of zeros and of data, about `length` bytes in all.
fn content(length: impl Strategy<Value = usize>) -> impl Strategy<Value = Vec<u8>> {
    let runs = prop::collection::vec((any::<bool>(), 1..40_usize, any::<u8>()), 1..6);
    (length, runs).prop_map(|(length, runs)| {
        let mut content = Vec::with_capacity(length);
        let whole: usize = runs.iter().map(|&(_, share, _)| share).sum();
        for (zeros, share, seed) in runs {
            let run = length * share / whole;
            let byte = |byte: u8| if zeros { 0 } else { byte ^ seed };
            content.extend((0..=250).cycle().map(byte).take(run));
        }
        content.resize(length, 7);
        content
    })
}

/// How a copy is changed.
#[derive(Debug, Clone)]
enum Edit {
    Nothing,
    Flip(Index),
    Clear(Index),
    Shorten(Index),
    Lengthen(usize, u8),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        3 => Just(Edit::Nothing),
        4 => any::<Index>().prop_map(Edit::Flip),
        1 => any::<Index>().prop_map(Edit::Clear),
        1 => any::<Index>().prop_map(Edit::Shorten),
        1 => (1..5000_usize, 0..2_u8).prop_map(|(more, byte)| Edit::Lengthen(more, byte)),
    ]
}

fn edited(content: &[u8], edit: &Edit) -> Vec<u8> {
    let mut content = content.to_vec();
    if content.is_empty() {
        return content;
    }
    match edit {
        Edit::Nothing => {}
        Edit::Flip(index) => {
            let index = index.index(content.len());
            content[index] ^= 1;
        }
        Edit::Clear(index) => {
            let index = index.index(content.len());
            content[index..].fill(0);
        }
        Edit::Shorten(index) => content.truncate(index.index(content.len())),
        Edit::Lengthen(more, byte) => content.resize(content.len() + more, *byte),
    }
    content
}

/// Sizes around the limits of the engine and of readers, and any others.
fn size() -> impl Strategy<Value = usize> {
    let around = |limit: usize| limit.saturating_sub(2)..limit + 3;
    prop_oneof![
        around(0),
        around(4096),
        around(65_536),
        around(128 << 10),
        around(5 * 8 * 4096),
        0..300_000_usize
    ]
}

fn chunk_size() -> impl Strategy<Value = usize> {
    prop_oneof![1..64_usize, Just(4096), Just(65_536), Just(1 << 30)]
}

fn options(chunk_size: usize, workers: usize, precheck: bool, quick: bool) -> Options {
    Options {
        chunk_size,
        max_workers: workers,
        size_precheck: precheck,
        quick_check: quick,
        ..Options::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn lockstep_agrees_with_the_oracle(
        content in content(size()), edit in edit(), a in serving(), b in serving(), step in chunk_size(),
    ) {
        let other = edited(&content, &edit);
        let (mut a, mut b) = (Scripted::new(&content, &a), Scripted::new(&other, &b));
        let call = Call::new(None);
        let same = lockstep::compare(&mut a, &mut b, step, &Context::new(&call));
        prop_assert_eq!(same, Ok(content == other));
    }

    #[test]
    fn the_engine_agrees_with_the_oracle(
        content in content(size()), edit in edit(), a in serving(), b in serving(),
        chunk_size in chunk_size(), precheck in any::<bool>(), quick in any::<bool>(),
    ) {
        let other = edited(&content, &edit);
        let known = a.sized && b.sized;
        let (mut a, mut b) = (Scripted::new(&content, &a), Scripted::new(&other, &b));
        let call = Call::new(None);
        let options = options(chunk_size, 2, precheck, quick);
        let outcome = engine::compare(&mut a, &mut b, &options, &Context::new(&call));
        let expected = if content == other {
            None
        } else if known && content.len() != other.len() {
            Some(DiffReason::SizeMismatch)
        } else {
            Some(DiffReason::ContentMismatch)
        };
        prop_assert_eq!(outcome, Ok(expected));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn several_threads_agree_with_the_oracle(
        content in content(prop_oneof![
            STRETCH - 2..STRETCH + 3, 2 * STRETCH - 2..2 * STRETCH + 3, 1..10_000_usize, 3 * STRETCH..3 * STRETCH + 9,
        ]),
        edit in edit(), borders in prop::collection::vec(30_000..5_000_000_usize, 1..4),
        holes in prop::collection::vec(any::<bool>(), 1..4),
        workers in 1..6_usize, step in prop_oneof![Just(999_usize), Just(65_536), Just(1 << 30)],
    ) {
        let mut other = edited(&content, &edit);
        other.resize(content.len(), 7);
        let a = Serving { borders, holes, sized: true, random: true };
        let b = Serving { holes: vec![true, false, false], ..a.clone() };
        let (mut a, mut b) = (Scripted::new(&content, &a), Scripted::new(&other, &b));
        let call = Call::new(None);
        let options = options(step, workers, true, true);
        let context = Context::new(&call);
        prop_assert_eq!(parallel::compare(&a, &b, &options, &context), Ok(content == other));
        let outcome = engine::compare(&mut a, &mut b, &options, &context);
        prop_assert_eq!(outcome.map(|outcome| outcome.is_none()), Ok(content == other));
    }
}

/// The order in which threads find them makes no difference: the earlier offset decides.
#[test]
fn the_earlier_of_an_error_and_a_difference_is_the_outcome() {
    let content = vec![1; 6 * STRETCH];
    let serving = Serving { borders: vec![1 << 20], holes: vec![false], sized: true, random: true };
    let places = [100, STRETCH + 5, 3 * STRETCH, 5 * STRETCH + 7];
    for (failing, different) in places.iter().flat_map(|a| places.iter().map(move |b| (*a, *b))) {
        if failing == different {
            continue;
        }
        let mut other = content.clone();
        other[different] = 2;
        for random in [false, true] {
            let serving = Serving { random, ..serving.clone() };
            for workers in [1, 2, 3, 8] {
                let mut a = Scripted::new(&content, &serving).failing_at("a", failing);
                let mut b = Scripted::new(&other, &serving);
                let call = Call::new(None);
                let options = options(65_536, workers, true, false);
                let outcome = engine::compare(&mut a, &mut b, &options, &Context::new(&call));
                if failing < different {
                    let error = Error::read(&"a".into(), format!("failed at {failing}"));
                    assert_eq!(outcome, Err(error));
                } else {
                    assert_eq!(outcome, Ok(Some(DiffReason::ContentMismatch)));
                }
            }
        }
    }
}

#[test]
fn where_both_sides_fail_at_one_offset_the_first_is_named() {
    let content = vec![1; 2 * STRETCH];
    for (random, workers) in [(false, 1), (true, 1), (true, 4)] {
        let serving = Serving { borders: vec![1 << 20], holes: vec![false], sized: true, random };
        let mut a = Scripted::new(&content, &serving).failing_at("a", STRETCH + 1);
        let mut b = Scripted::new(&content, &serving).failing_at("b", STRETCH + 1);
        let call = Call::new(None);
        let options = options(65_536, workers, true, false);
        let outcome = engine::compare(&mut a, &mut b, &options, &Context::new(&call));
        assert_eq!(outcome, Err(Error::read(&"a".into(), format!("failed at {}", STRETCH + 1))));
    }
}
