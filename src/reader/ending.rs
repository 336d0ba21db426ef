//! Is that really the end of the archive? libarchive takes some that are cut short, or whose index is
//! damaged, for whole ones with fewer entries.

use crate::sys::libarchive::{End, Format};

/// Why the end that libarchive came to is not that of the archive; `None` if it may well be. The
/// archive has shown that many `entries`; `size` is that of what libarchive was given, and the end of a
/// zip counts `counted`.
pub(super) fn doubt(end: &End, entries: u64, size: u64, counted: u64) -> Option<String> {
    let cut_short = || Some("ends without an end-of-archive mark: cut short".to_owned());
    match end.format {
        // Writers leave the mark out rarely; whoever cuts a file short does it always.
        Format::Tar if end.stopped_at == end.looked_from => cut_short(),
        // A header that is not all there is passed over.
        Format::Ar if end.is_unfiltered && end.stopped_at < size => cut_short(),
        Format::Zip if entries < counted => {
            Some(format!("has {entries} entries where its index counts {counted}: damaged"))
        }
        _ => None,
    }
}
