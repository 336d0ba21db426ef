use super::header::SIZES;
use super::*;
use crate::archive::structure::Walk;

fn walked(bytes: &[u8]) -> (Vec<Option<u64>>, Result<Whole, Broken>) {
    let mut walk = Walk::new(Box::<Lha>::default());
    for (index, piece) in bytes.chunks(16).enumerate() {
        walk.pass((index * 16) as u64, piece);
    }
    let outcome = walk.finish();
    (std::iter::from_fn(|| walk.entry()).map(|entry| entry.size).collect(), outcome)
}

/// An extended header of each kind that is of importance here.
fn extended(width: usize, packed: u64, size: u64) -> Vec<Vec<u8>> {
    let part = |kind: u8, content: &[u8]| {
        let length = width + 1 + content.len();
        [&length.to_le_bytes()[..width], &[kind], content].concat()
    };
    let sizes = [packed.to_le_bytes(), size.to_le_bytes()].concat();
    vec![part(1, b"name"), part(SIZES, &sizes), vec![0; width]]
}

/// One entry, as header.doc.md has it; sums, which are not looked at, are zero.
fn entry(level: u8, method: &[u8], content: &[u8], size: u32) -> Vec<u8> {
    let packed = u32::try_from(content.len()).expect("small");
    let start = |first: [u8; 2], packed: u32| {
        let (packed, size) = (packed.to_le_bytes(), size.to_le_bytes());
        [&first[..], method, &packed, &size, &[0; 4], &[0x20, level]].concat()
    };
    let header = match level {
        0 => [&start([22 + 4, 0], packed)[..], b"\x04name", &[0; 2]].concat(),
        1 => {
            // The sizes of a large file count the extended headers, too.
            let length = u32::try_from(extended(2, 0, 0).concat().len() - 2).expect("small");
            let parts = extended(2, (packed + length).into(), size.into()).concat();
            [&start([25 + 4, 0], packed + length)[..], b"\x04name", &[0; 3], &parts].concat()
        }
        2 => {
            let parts = extended(2, packed.into(), size.into()).concat();
            // With a byte that fills up.
            let length = u16::try_from(24 + parts.len() + 1).expect("small");
            [&start(length.to_le_bytes(), packed)[..], &[0; 3], &parts, &[0]].concat()
        }
        _ => {
            let parts = extended(4, packed.into(), size.into()).concat();
            let length = u32::try_from(28 + parts.len()).expect("small").to_le_bytes();
            [&start([4, 0], packed)[..], &[0; 3], &length, &parts].concat()
        }
    };
    [&header, content].concat()
}

#[test]
fn every_level_lists_its_entries_and_ends_with_its_mark() {
    for level in 0..=3 {
        let bytes = [
            entry(level, b"-lhd-", b"", 0),
            entry(level, b"-lh5-", b"packed", 100),
            entry(level, b"-lh0-", b"stored", 6),
            vec![0],
        ]
        .concat();
        let whole = Whole { end: bytes.len() as u64, ..Whole::default() };
        let listed = vec![None, Some(100), Some(6)];
        assert_eq!(walked(&[&bytes[..], b"more"].concat()), (listed, Ok(whole)), "{level}");
    }
}

#[test]
fn cut_anywhere_it_is_broken_or_has_no_end_mark() {
    for level in 0..=3 {
        let (one, other) = (entry(level, b"-lh0-", b"1", 1), entry(level, b"-lh5-", b"22", 9));
        let bytes = [&one[..], &other, &[0]].concat();
        for length in 0..bytes.len() {
            let (_, outcome) = walked(&bytes[..length]);
            let is_open = outcome.as_ref().is_ok_and(|whole| whole.open.is_some());
            let is_between = [0, one.len(), one.len() + other.len()].contains(&length);
            assert_eq!(outcome.is_err(), !is_between, "{level} {length} {outcome:?}");
            assert_eq!(is_open, is_between);
        }
    }
}

#[test]
fn a_header_that_is_cut_is_broken_though_nothing_would_follow_it() {
    for level in 0..=3 {
        let empty = entry(level, b"-lh0-", b"", 0);
        for length in 1..empty.len() {
            assert!(walked(&empty[..length]).1.is_err(), "{level} {length}");
        }
    }
}

#[test]
fn what_a_reader_would_not_show_is_broken() {
    for level in 0..=3 {
        let directory = entry(level, b"-lhd-", b"content", 7);
        assert!(walked(&[&directory[..], &[0]].concat()).1.is_err(), "{level}");
    }
    // At level 3 nothing fills up.
    let mut longer = entry(3, b"-lh0-", b"1", 1);
    longer[24] += 1;
    assert!(walked(&[&longer[..], &[0, 0]].concat()).1.is_err());
    assert!(walked(b"MZ and a program of some length").1.is_err());
}
