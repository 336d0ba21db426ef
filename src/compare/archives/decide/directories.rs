//! The directories that only one of two archives has: those that its names lie in, and none of the other's does.

use std::collections::HashSet;

use crate::compare::archives::resolve::{Both, Meaning, Names, Resolved};
use crate::error::Result;
use crate::outcome::{Finding, Side};
use crate::run::context::{Context, Steps};

/// Finds them, but none that is within another one. `findings` are in the order of their paths.
///
/// # Errors
/// When the context says stop.
pub(super) fn only_directories(
    findings: &[(Vec<u8>, Finding)],
    (names, resolved): (&Names, &[Resolved; 2]),
    both: Both<'_>,
    context: &Context<'_>,
) -> Result<Vec<Vec<u8>>> {
    let (mut found, mut steps) = (Vec::new(), Steps::new(context));
    for side in [Side::Left, Side::Right] {
        let only = side.only();
        let mut paths = findings
            .iter()
            .filter_map(|(path, finding)| {
                (*finding == only && path.contains(&b'/')).then_some(path)
            })
            .peekable();
        if paths.peek().is_none() {
            continue;
        }
        let of_other = side.other().of(resolved.each_ref());
        let mut known = HashSet::new();
        for id in names.ids() {
            steps.step()?;
            if of_other.meaning(id) == Meaning::Nothing {
                continue;
            }
            for directory in parents(names.name(id, both)).rev() {
                if !known.insert(directory) {
                    break;
                }
            }
        }
        let mut last: Option<&[u8]> = None;
        for path in paths {
            steps.step()?;
            let lacking = parents(path).find(|directory| !known.contains(directory));
            if let Some(directory) = lacking
                && last != Some(directory)
            {
                found.push(directory.to_vec());
                last = Some(directory);
            }
        }
    }
    Ok(found)
}

/// The directories that a path lies in, from the topmost to the last.
fn parents(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|&(_, &byte)| byte == b'/');
    slashes.map(|(at, _)| &path[..at])
}
