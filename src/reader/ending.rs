//! Is that really the end of the archive? libarchive takes some that are cut short, or whose index is
//! damaged, for whole ones with fewer entries.

use super::ReadAt;
use crate::error::Result;
use crate::sys::libarchive::{End, Format};

/// The record at the end of a zip, without its comment: APPNOTE.TXT, section 4.3.16.
const ZIP_END: usize = 22;
const ZIP_MARK: &[u8] = b"PK\x05\x06";

/// Why the end that libarchive came to is not that of the archive; `None` if it may well be. The
/// archive has shown that many `entries`; `size` is that of the archive, and `bytes` are its own, if
/// they can be read anywhere.
///
/// # Errors
/// When they cannot be read.
pub(super) fn doubt(
    end: &End,
    entries: u64,
    size: u64,
    bytes: Option<&dyn ReadAt>,
) -> Result<Option<String>> {
    let cut_short = || Ok(Some("ends without an end-of-archive mark: cut short".to_owned()));
    match (end.format, bytes) {
        // Writers leave the mark out rarely; whoever cuts a file short does it always.
        (Format::Tar, _) if end.stopped_at == end.looked_from => cut_short(),
        // A header that is not all there is passed over.
        (Format::Ar, _) if end.is_unfiltered && end.stopped_at < size => cut_short(),
        (Format::Zip, Some(bytes)) => Ok(zip_count(bytes)?.and_then(|count| {
            (entries < count)
                .then(|| format!("has {entries} entries where its index counts {count}: damaged"))
        })),
        _ => Ok(None),
    }
}

/// How many entries the end of a zip counts; `None` if it leaves that to another record, or is not
/// where it should be.
fn zip_count(bytes: &dyn ReadAt) -> Result<Option<u64>> {
    let longest = ZIP_END + usize::from(u16::MAX);
    let length = usize::try_from(bytes.size()).unwrap_or(longest).min(longest);
    let mut tail = vec![0; length];
    bytes.read_at(bytes.size() - length as u64, &mut tail)?;
    let field = |record: &[u8], at: usize| u16::from_le_bytes([record[at], record[at + 1]]);
    let record = tail.windows(ZIP_END).enumerate().rev().find(|(start, record)| {
        record.starts_with(ZIP_MARK)
            && start + ZIP_END + usize::from(field(record, 20)) == tail.len()
    });
    let count = record.map(|(_, record)| field(record, 10));
    Ok(count.filter(|&count| count < u16::MAX).map(u64::from))
}
