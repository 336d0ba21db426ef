//! The engine against the oracle `a == b`, with readers that serve contents in every possible way.

mod scripted;

use komparu::internals::content::Reader;
use komparu::internals::engine::{self, in_turn, lockstep, parallel};
use komparu::{Call, Context, DiffReason, Difference, Error, Options, Unequal};
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

/// Where two contents differ first, by looking at one byte after the other.
fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let common = a.len().min(b.len());
    let first = (0..common).find(|&index| a[index] != b[index]);
    first.or((a.len() != b.len()).then_some(common))
}

/// All that there is to say of it, with `shown` bytes. The size of a stream is known where it is known before
/// reading, or where so few bytes were left that its end was seen.
fn difference(
    (a, a_sized): (&[u8], bool),
    (b, b_sized): (&[u8], bool),
    shown: usize,
) -> Option<Difference> {
    let first = first_difference(a, b)?;
    let size = |content: &[u8], sized: bool| {
        let left = content.len() - first;
        (sized || left == 0 || left < shown).then_some(content.len() as u64)
    };
    let from_there = |content: &[u8]| content[first..content.len().min(first + shown)].to_vec();
    Some(Difference {
        offset: first as u64,
        line: a[..first].split(|&byte| byte == b'\n').count() as u64,
        left: from_there(a),
        right: from_there(b),
        left_size: size(a, a_sized),
        right_size: size(b, b_sized),
    })
}

fn shown() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0_usize), Just(1_usize), Just(16_usize), 1000..200_000_usize]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn the_first_difference_is_the_oracles_with_its_line_and_what_follows(
        content in content(size()), edit in edit(), second in edit(), a in serving(), b in serving(),
        chunk_size in chunk_size(), shown in shown(),
    ) {
        // Two edits: samples and threads may find the later one first.
        let other = edited(&edited(&content, &edit), &second);
        let expected = difference((&content, a.sized), (&other, b.sized), shown);
        let (mut a, mut b) = (Scripted::new(&content, &a), Scripted::new(&other, &b));
        let call = Call::new(None);
        let options = options(chunk_size, 2, true, true);
        let context = Context::new(&call);
        let found = engine::first_difference(&mut a, &mut b, shown, &options, &context);
        prop_assert_eq!(found, Ok(expected));
    }

    #[test]
    fn streams_that_are_read_one_after_the_other_have_the_same_first_difference(
        content in content(prop_oneof![
            size(), (1 << 20) - 2..(1 << 20) + 3_usize, (2 << 20) - 2..(2 << 20) + 3_usize,
        ]),
        edit in edit(), second in edit(), a in serving(), b in serving(), shown in shown(),
    ) {
        let other = edited(&edited(&content, &edit), &second);
        let expected = difference((&content, true), (&other, true), shown);
        let open = |content, serving| Box::new(Scripted::new(content, serving)) as Box<dyn Reader>;
        let call = Call::new(None);
        let found = in_turn::first_difference(
            open(&content, &a),
            open(&other, &b),
            &|| Ok(open(&content, &a)),
            &"left".into(),
            shown,
            &Context::new(&call),
        );
        let mut found = found.expect("nothing fails");
        if let (Some(found), Some(expected)) = (&mut found, &expected) {
            // Whether the end of the second was seen depends on where its blocks end.
            prop_assert!(found.right_size.is_none() || found.right_size == expected.right_size);
            found.right_size = expected.right_size;
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn lockstep_agrees_with_the_oracle(
        content in content(size()), edit in edit(), a in serving(), b in serving(), step in chunk_size(),
    ) {
        let other = edited(&content, &edit);
        let (mut a, mut b) = (Scripted::new(&content, &a), Scripted::new(&other, &b));
        let call = Call::new(None);
        let same = lockstep::compare(&mut a, &mut b, step, &Context::new(&call));
        prop_assert_eq!(same, Ok(first_difference(&content, &other).map(|first| first as u64)));
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
        let outcome = outcome.expect("readable");
        let expected = if content == other {
            None
        } else if known && content.len() != other.len() {
            Some(DiffReason::SizeMismatch)
        } else {
            Some(DiffReason::ContentMismatch)
        };
        prop_assert_eq!(outcome.map(|unequal| unequal.reason), expected);
        // Where it says a place, that is the first one; it may not know one only where it looked elsewhere, too.
        let (place, first) = (outcome.and_then(|unequal| unequal.offset), first_difference(&content, &other));
        let is_precheck = precheck && expected == Some(DiffReason::SizeMismatch);
        if place.is_some() || !(quick || is_precheck) {
            prop_assert_eq!(place, first.map(|first| first as u64));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn several_threads_agree_with_the_oracle(
        content in content(prop_oneof![
            STRETCH - 2..STRETCH + 3, 2 * STRETCH - 2..2 * STRETCH + 3, 1..10_000_usize, 3 * STRETCH..3 * STRETCH + 9,
        ]),
        edit in edit(), second in edit(), same_size in any::<bool>(), shown in shown(),
        borders in prop::collection::vec(30_000..5_000_000_usize, 1..4),
        holes in prop::collection::vec(any::<bool>(), 1..4),
        workers in 1..6_usize, step in prop_oneof![Just(999_usize), Just(65_536), Just(1 << 30)],
    ) {
        let mut other = edited(&edited(&content, &edit), &second);
        if same_size {
            other.resize(content.len(), 7);
        }
        let a = Serving { borders, holes, sized: true, random: true };
        let b = Serving { holes: vec![true, false, false], ..a.clone() };
        let served = a.clone();
        let (mut a, mut b) = (Scripted::new(&content, &a), Scripted::new(&other, &b));
        let call = Call::new(None);
        let options = options(step, workers, true, true);
        let context = Context::new(&call);
        let first = first_difference(&content, &other).map(|first| first as u64);
        prop_assert_eq!(parallel::compare(&a, &b, &options, &context), Ok(first));
        let expected = difference((&content, true), (&other, true), shown);
        let (mut one, mut two) = (Scripted::new(&content, &served), Scripted::new(&other, &served));
        let found = engine::first_difference(&mut one, &mut two, shown, &options, &context);
        prop_assert_eq!(found, Ok(expected));
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
                let mut a = Scripted::new(&content, &serving).failing_at("a", failing);
                let mut b = Scripted::new(&other, &serving);
                let found =
                    engine::first_difference(&mut a, &mut b, 2, &options, &Context::new(&call));
                if failing < different {
                    let error = Error::read(&"a".into(), format!("failed at {failing}"));
                    assert_eq!((outcome, found), (Err(error.clone()), Err(error)));
                } else {
                    let (reason, offset) = (DiffReason::ContentMismatch, Some(different as u64));
                    assert_eq!(outcome, Ok(Some(Unequal { reason, offset })));
                    let expected = difference((&content, true), (&other, true), 2);
                    assert_eq!(found, Ok(expected));
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

/// The lines are counted after the comparison, and on several threads.
#[test]
fn lines_are_those_of_the_left_content_before_the_first_difference() {
    let mut content = vec![b'\n'; 3 * STRETCH + 100];
    content[STRETCH..2 * STRETCH].fill(0);
    let serving = Serving { borders: vec![1 << 20], holes: vec![true], sized: true, random: true };
    for different in [0, 1, STRETCH - 1, STRETCH, 2 * STRETCH - 1, 2 * STRETCH, 3 * STRETCH + 99] {
        let mut other = content.clone();
        other[different] = b'x';
        for workers in [1, 4] {
            let (mut a, mut b) =
                (Scripted::new(&content, &serving), Scripted::new(&other, &serving));
            let call = Call::new(None);
            let options = options(65_536, workers, true, true);
            let found = engine::first_difference(&mut a, &mut b, 1, &options, &Context::new(&call));
            let expected = difference((&content, true), (&other, true), 1);
            assert_eq!(found, Ok(expected), "at {different} with {workers} threads");
        }
    }
}

/// A stream that is opened again may have another content by then.
#[test]
fn a_stream_that_changed_before_it_was_read_again_is_an_error() {
    let content = vec![1; 3 << 20];
    let (mut other, mut changed) = (content.clone(), content.clone());
    other[2 << 20] = 2;
    let serving = Serving { borders: vec![70_000], holes: vec![false], sized: true, random: false };
    for place in [0, 1 << 20, (2 << 20) + 1] {
        changed[place] = 3;
        let open = |content| Box::new(Scripted::new(content, &serving)) as Box<dyn Reader>;
        let call = Call::new(None);
        let found = in_turn::first_difference(
            open(&content),
            open(&other),
            &|| Ok(open(&changed)),
            &"left".into(),
            1,
            &Context::new(&call),
        );
        assert_eq!(found, Err(Error::read(&"left".into(), "changed while it was compared")));
        changed[place] = 1;
    }
}
