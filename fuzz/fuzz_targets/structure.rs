//! Containers, walked in both ways: what can be read anywhere and what passes by in pieces come to the same,
//! no walk goes on without end, and nothing that a whole container is cut to is whole. Where another reader
//! lists a tar or a 7z, too, it lists the same.
#![no_main]

use komparu::internals::fuzzing::structures::{FORMATS, has_end, name, passed, walked};
use libfuzzer_sys::fuzz_target;

#[path = "../made/readers.rs"]
mod readers;

/// What a walk says of a container whose parts are in another order than they pass by.
const LEADS_BACK: [&str; 2] = ["parts that lead back", "do not come in an order"];

// The number of a format, the lengths of two pieces, where to cut, and a container: seeds.sh writes the same.
fuzz_target!(|input: &[u8]| {
    let [format, one, other, cut, far, bytes @ ..] = input else { return };
    let format = usize::from(*format) % FORMATS.len();
    let whole = walked(format, bytes);
    let by_pieces = passed(format, bytes, &[usize::from(*one), usize::from(*other)]);
    let leads_back = |why: &String| LEADS_BACK.iter().any(|back| why.contains(back));
    // Of what is broken, more may be known where it can be read anywhere.
    let are_broken = whole.outcome.is_err() && by_pieces.outcome.is_err();
    if !are_broken && !by_pieces.outcome.as_ref().is_err_and(leads_back) {
        assert_eq!(whole, by_pieces, "{}", name(format));
    }
    match &whole.outcome {
        Err(why) => assert!(!why.contains(['\n', '\r']), "{why}"),
        Ok((end, is_proven)) => {
            assert!(*end <= bytes.len() as u64, "{}: it ends behind the last byte", name(format));
            let end = usize::try_from(*end).expect("in memory");
            let cut = usize::from(u16::from_le_bytes([*cut, *far])) % end.max(1);
            if *is_proven && let Some(entries) = readers::entries(name(format), &bytes[..end]) {
                assert_same(name(format), &whole.entries, &entries);
            }
            // Zeros are padding.
            let is_missed = bytes[cut..end].iter().any(|&byte| byte != 0);
            if *is_proven && has_end(format) && is_missed {
                let part = walked(format, &bytes[..cut]);
                assert!(!matches!(part.outcome, Ok((_, true))), "{}: {part:?}", name(format));
            }
        }
    }
});

/// Holds what a walk lists against what another reader does: names, if the walk knows them, and sizes.
fn assert_same(format: &str, walked: &[(Option<Vec<u8>>, Option<u64>)], read: &readers::Entries) {
    assert_eq!(walked.len(), read.len(), "{format}: {walked:?}, but {read:?}");
    for ((name, size), (other_name, other_size)) in walked.iter().zip(read) {
        let name = name.as_deref().map(without_slashes);
        let is_named = name.is_none_or(|name| name == without_slashes(other_name));
        let is_sized = size.is_none() || other_size.is_none() || size == other_size;
        assert!(is_named && is_sized, "{format}: {walked:?}, but {read:?}");
    }
}

fn without_slashes(mut name: &[u8]) -> &[u8] {
    while let Some(shorter) = name.strip_suffix(b"/") {
        name = shorter;
    }
    name
}
