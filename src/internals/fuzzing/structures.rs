//! Doors into the structures of containers: each format's bytes, walked in both ways.

use std::ops::Range;

use crate::archive::structure::{Broken, Listed, Structure, Walk, Want, Whole, fuzzed};

/// Formats that [`walked`] knows, by number.
pub const FORMATS: Range<usize> = 0..fuzzed::NAMES.len();

/// What a format is called.
#[must_use]
pub fn name(format: usize) -> &'static str {
    fuzzed::NAMES[format]
}

/// Does a container of this format have an end that no part of it has? Others (`ar`, WARC and `LHa` without a
/// mark) may end behind any of their entries.
#[must_use]
pub fn has_end(format: usize) -> bool {
    fuzzed::HAVE_ENDS.contains(&name(format))
}

/// What a walk came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walked {
    /// Names of entries, where they are known, and their sizes.
    pub entries: Vec<(Option<Vec<u8>>, Option<u64>)>,
    /// Where the container ends, and whether that was its proven end; or why it is broken.
    pub outcome: Result<(u64, bool), String>,
}

impl Walked {
    fn new(entries: Vec<Listed>, outcome: Result<Whole, Broken>) -> Self {
        Self {
            entries: entries.into_iter().map(|listed| (listed.name, listed.size)).collect(),
            outcome: outcome
                .map(|whole| (whole.end, whole.open.is_none()))
                .map_err(|Broken(why)| why),
        }
    }
}

/// Walks bytes that can be read anywhere.
///
/// # Panics
/// When the structure goes on for longer than so many bytes allow, or wants what it must not.
#[must_use]
pub fn walked(format: usize, bytes: &[u8]) -> Walked {
    let mut structure: Box<dyn Structure> = fuzzed::structure(format);
    let (mut entries, mut seen) = (Vec::new(), &[][..]);
    for _ in 0..1_000_000 + 100 * bytes.len() {
        match structure.step(std::mem::take(&mut seen)) {
            Err(broken) => return Walked::new(entries, Err(broken)),
            Ok(Want::End(whole)) => return Walked::new(entries, Ok(whole)),
            Ok(Want::Entry(listed) | Want::Detailed(listed, _)) => entries.push(listed),
            Ok(Want::Bytes { at, length }) => {
                assert!(length > 0, "it wants nothing");
                let start = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                seen = &bytes[start..][..length.min(bytes.len() - start)];
            }
        }
    }
    panic!("it does not come to an end");
}

/// Walks bytes that pass by in pieces of these lengths, again and again.
#[must_use]
pub fn passed(format: usize, bytes: &[u8], pieces: &[usize]) -> Walked {
    let mut walk = Walk::new(fuzzed::structure(format));
    let (mut at, mut lengths) = (0, pieces.iter().cycle());
    let mut entries = Vec::new();
    while at < bytes.len() {
        let length = lengths.next().map_or(bytes.len(), |&length| length.max(1));
        let end = at.saturating_add(length).min(bytes.len());
        walk.pass(at as u64, &bytes[at..end]);
        entries.extend(std::iter::from_fn(|| walk.detailed().map(|(listed, _)| listed)));
        at = end;
    }
    let outcome = walk.finish();
    entries.extend(std::iter::from_fn(|| walk.detailed().map(|(listed, _)| listed)));
    Walked::new(entries, outcome)
}
