//! Is that really the end of the archive? libarchive takes some that are cut short for whole ones with fewer
//! entries.

use crate::sys::libarchive::{End, Format};

/// Why the end that libarchive came to is not that of the archive; `None` if it may well be. `size` is
/// that of what libarchive was given.
pub(crate) fn doubt(end: &End, size: u64) -> Option<String> {
    let cut_short = || Some("ends without an end-of-archive mark: cut short".to_owned());
    match end.format {
        // A header that is not all there is passed over.
        Format::Ar if end.stopped_at < size => cut_short(),
        _ => None,
    }
}
