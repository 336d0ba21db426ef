//! Walks structures in tests: by pull, and by push in pieces of several lengths, which must come to the same.

use super::{Broken, Details, LONGEST, Listed, Structure, Walk, Want, Whole};

/// What a walk comes to, and the entries on the way.
pub(super) fn walked<S: Structure + 'static>(
    bytes: &[u8],
    structure: impl Fn() -> S,
) -> (Vec<(Listed, Details)>, Result<Whole, Broken>) {
    let (mut walker, mut listed, mut seen) = (structure(), Vec::new(), &[][..]);
    let outcome = loop {
        match walker.step(std::mem::take(&mut seen)) {
            Err(broken) => break Err(broken),
            Ok(Want::End(whole)) => break Ok(whole),
            Ok(Want::Entry(entry)) => listed.push((entry, Details::default())),
            Ok(Want::Detailed(entry, details)) => listed.push((entry, details)),
            Ok(Want::Bytes { at, length }) => {
                assert!((1..=LONGEST).contains(&length), "{length}");
                let rest = bytes.get(usize::try_from(at).expect("in memory")..);
                let rest = rest.unwrap_or_default();
                seen = &rest[..length.min(rest.len())];
            }
        }
    };
    for length in [1, 7, 500, 1 << 20] {
        let mut walk = Walk::new(Box::new(structure()));
        for (index, piece) in bytes.chunks(length).enumerate() {
            walk.pass((index * length) as u64, piece);
        }
        assert_eq!(walk.finish(), outcome, "in pieces of {length}");
        let pushed: Vec<_> = std::iter::from_fn(|| walk.detailed()).collect();
        assert_eq!(pushed, listed, "in pieces of {length}");
    }
    (listed, outcome)
}

/// Why a walk comes to nothing.
pub(super) fn broken<S: Structure + 'static>(bytes: &[u8], structure: impl Fn() -> S) -> String {
    let Broken(why) = walked(bytes, structure).1.expect_err("it is not whole");
    why
}

/// The names of all entries.
pub(super) fn names(listed: &[(Listed, Details)]) -> Vec<String> {
    let name = |(entry, _): &(Listed, Details)| {
        let name = entry.name.as_deref().unwrap_or_default();
        String::from_utf8_lossy(name).into_owned()
    };
    listed.iter().map(name).collect()
}
