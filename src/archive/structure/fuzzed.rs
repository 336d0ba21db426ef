//! Every structure that needs nothing but bytes, by number: for fuzz targets.

use super::Structure;
use super::ar::Ar;
use super::cab::Cab;
use super::cpio::Cpio;
use super::frames::Frames;
use super::iso9660::Iso9660;
use super::lha::Lha;
use super::rar::{Rar4, Rar5};
use super::seven_zip::SevenZip;
use super::tar::Tar;
use super::warc::Warc;
use super::xar::Xar;

pub(crate) const NAMES: [&str; 12] =
    ["ar", "cab", "cpio", "iso9660", "lha", "rar4", "rar5", "7z", "warc", "xar", "tar", "frames"];

/// Those that have an end mark, or say at their start where they end.
pub(crate) const HAVE_ENDS: [&str; 7] = ["cab", "cpio", "iso9660", "rar5", "7z", "xar", "tar"];

pub(crate) fn structure(format: usize) -> Box<dyn Structure> {
    match NAMES[format] {
        "ar" => Box::<Ar>::default(),
        "cab" => Box::new(Cab::new(true)),
        "cpio" => Box::<Cpio>::default(),
        "iso9660" => Box::<Iso9660>::default(),
        "lha" => Box::<Lha>::default(),
        "rar4" => Box::new(Rar4::new()),
        "rar5" => Box::new(Rar5::new()),
        "7z" => Box::new(SevenZip::new()),
        "warc" => Box::<Warc>::default(),
        "tar" => Box::new(Tar::new(false)),
        "frames" => Box::new(Frames::new()),
        _ => Box::<Xar>::default(),
    }
}
