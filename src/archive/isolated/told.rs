//! What a worker says in words, as this process says it.

use std::sync::Mutex;

use super::ended::of_memory;
use super::frame::Failed;
use crate::archive::words::NEEDS_MEMORY;
use crate::error::{Error, Name};
use crate::options::ArchiveLimits;
use crate::sys::lock::lock;

/// Why the archive `name` cannot be read.
pub(super) fn failure(failed: Failed, name: &Name, limits: &ArchiveLimits) -> Error {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let number = |errno: Option<u64>| errno.and_then(|errno| i32::try_from(errno).ok());
    let name = name.clone();
    match failed {
        Failed::Archive(cause, errno) => {
            let (mut cause, errno) = (text(cause), number(errno));
            if cause.starts_with(NEEDS_MEMORY) {
                cause += &of_memory(limits.max_archive_memory);
            }
            Error::Archive { name, cause, errno }
        }
        Failed::Bomb(cause) => Error::ArchiveBomb { name, cause: text(cause) },
        Failed::Read(cause, errno) => {
            Error::Read { name, cause: text(cause), errno: number(errno), status: None }
        }
        Failed::Internal(report) => Error::Internal(text(report)),
    }
}

/// A reason as a text that lives as long as the process. There are few, all of them written in this library: from a
/// worker that was taken over there may be others, of which a few are kept.
pub(super) fn known(why: &[u8]) -> &'static str {
    static KNOWN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    const MOST: usize = 100;
    let why = String::from_utf8_lossy(why);
    crate::sys::fork::with_fork_lock(|| {
        let mut known = lock(&KNOWN);
        if let Some(same) = known.iter().find(|known| **known == why) {
            return *same;
        }
        if known.len() == MOST || why.len() > 1000 {
            return "may have more entries than were seen";
        }
        let kept: &'static str = Box::leak(why.into_owned().into_boxed_str());
        known.push(kept);
        kept
    })
}
