//! Is that really the end of the archive? libarchive takes some that are cut short for whole ones with fewer
//! entries.

use crate::sys::libarchive::{End, Format};

/// Why the end that libarchive came to is not that of the archive; `None` if it may well be. `size` is
/// that of what libarchive was given.
pub(super) fn doubt(end: &End, size: u64) -> Option<String> {
    let cut_short = || Some("ends without an end-of-archive mark: cut short".to_owned());
    match end.format {
        // Writers leave the mark out rarely; whoever cuts a file short does it always.
        Format::Tar if end.stopped_at == end.looked_from => cut_short(),
        // A header that is not all there is passed over.
        Format::Ar if end.is_unfiltered && end.stopped_at < size => cut_short(),
        _ => None,
    }
}
