//! Which structure a container has.

use super::Structure;
use super::ar::Ar;
use super::cab::Cab;
use super::cpio::Cpio;
use super::iso9660::Iso9660;
use super::lha::Lha;
use super::rar::{Rar4, Rar5};
use super::seven_zip::SevenZip;
use super::tar::Tar;
use super::warc::Warc;
use super::xar::Xar;
use crate::sys::libarchive::{self, Format};

/// The first version of libarchive, as it numbers itself, that was seen to refuse what LZX repeats although
/// it was never there: 3.8.10. What older ones show then is what memory held.
const KNOWS_HISTORY: i32 = 3_008_010;

fn knows_history() -> bool {
    libarchive::version() >= KNOWS_HISTORY
}

/// A structure, and where its parts are.
pub(crate) enum Structured {
    /// It is read from front to back: it sees the bytes that pass by on their way to libarchive, and its
    /// entries are in the order of libarchive's.
    Passing(Box<dyn Structure>),
    /// It has an index: it is walked when the first entry is shown, wherever the parts are. Where the bytes
    /// come in their order, it sees them pass by, and must neither lead back nor have another order.
    Indexed(Box<dyn Structure>),
}

/// The structure of a format that libarchive has found; `None` where none is known.
pub(crate) fn structure_of(format: Format, ignore_zeros: bool) -> Option<Structured> {
    match format {
        // Where they can be read anywhere, they are walked beside libarchive, step by step.
        Format::Rar => Some(Structured::Passing(Box::new(Rar4::new()))),
        Format::Rar5 => Some(Structured::Passing(Box::new(Rar5::new()))),
        Format::SevenZip => Some(Structured::Indexed(Box::new(SevenZip::new()))),
        Format::Ar => Some(Structured::Passing(Box::<Ar>::default())),
        Format::Cab => Some(Structured::Indexed(Box::new(Cab::new(knows_history())))),
        Format::Cpio => Some(Structured::Passing(Box::<Cpio>::default())),
        Format::Iso9660 => Some(Structured::Indexed(Box::<Iso9660>::default())),
        Format::Lha => Some(Structured::Passing(Box::<Lha>::default())),
        Format::Warc => Some(Structured::Passing(Box::<Warc>::default())),
        Format::Xar => Some(Structured::Indexed(Box::<Xar>::default())),
        Format::Tar => Some(Structured::Passing(Box::new(Tar::new(ignore_zeros)))),
        _ => None,
    }
}
