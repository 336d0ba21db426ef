//! What komparu itself knows of an archive, against what libarchive shows of it, entry by entry.

use unicode_normalization::UnicodeNormalization;

use super::limits::Meter;
use super::structure::rar::{Rar4, Rar5};
use super::structure::seven_zip::SevenZip;
use super::structure::zip::Zip;
use super::structure::{Broken, Details, LONGEST, Listed, Sort, Structure, Want, Whole};
use super::zip::ZipIndex;
use crate::content::ReadAt;
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::Format;

/// How much is read at a time where a structure asks for less: the next header is often near.
const PIECE: usize = 4 << 10;

/// A structure that is walked beside libarchive.
pub(crate) struct Checked {
    structure: Box<dyn Structure>,
    name: Name,
    piece: Vec<u8>,
    /// Where the piece begins.
    start: u64,
    /// Which bytes of the piece the structure is shown next.
    shown: std::ops::Range<usize>,
}

/// What a structure comes to next.
enum StructureItem {
    Entry(Listed, Details),
    End(Whole),
}

impl Checked {
    /// The check of an archive of this format, if it has a structure. `index` is a zip's index, if it has been
    /// read.
    ///
    /// # Errors
    /// When an index cannot be read, or makes no sense.
    pub(crate) fn new(
        format: Format,
        index: Option<Box<ZipIndex>>,
        bytes: &dyn ReadAt,
        name: &Name,
        meter: &Meter,
        context: &Context<'_>,
    ) -> Result<Option<Self>> {
        let structure: Box<dyn Structure> = match format {
            Format::Rar => Box::new(Rar4::new()),
            Format::Rar5 => Box::new(Rar5::new()),
            Format::SevenZip => Box::new(SevenZip::new()),
            Format::Zip => {
                let index = match index {
                    Some(index) => *index,
                    None => ZipIndex::read(bytes, meter, context)?
                        .map_err(|Broken(why)| Error::archive(name, why))?,
                };
                Box::new(Zip::new(index.members, index.end))
            }
            _ => return Ok(None),
        };
        let (name, piece) = (name.clone(), Vec::new());
        Ok(Some(Self { structure, name, piece, start: 0, shown: 0..0 }))
    }

    /// Holds an entry against the next one of the structure, and says what else is known of it.
    ///
    /// # Errors
    /// When they are not the same, or the structure is broken.
    pub(crate) fn entry(
        &mut self,
        name: &[u8],
        size: Option<u64>,
        sort: Sort,
        bytes: &dyn ReadAt,
        context: &Context<'_>,
    ) -> Result<Details> {
        if !self.structure.lists_entries() {
            return Ok(Details::default());
        }
        let shown = || Name::new(name);
        let StructureItem::Entry(listed, details) = self.next(bytes, context)? else {
            return Err(self.error(format!("is read as if it had an entry '{}'", shown())));
        };
        let is_named =
            listed.name.is_none_or(|listed| is_one_name(trimmed(&listed), trimmed(name)));
        if !is_named {
            return Err(self.error(format!("has an entry that is read as '{}'", shown())));
        }
        if details.sort.is_some_and(|listed| listed != sort) {
            let cause = format!("has an entry '{}' that is read as one of another kind", shown());
            return Err(self.error(cause));
        }
        if let (Some(listed), Some(size)) = (listed.size, size)
            && listed != size
        {
            let cause =
                format!("has an entry '{}' of {listed} bytes that is read as {size}", shown());
            return Err(self.error(cause));
        }
        Ok(details)
    }

    /// libarchive has come to the end. Says what the structure came to.
    ///
    /// # Errors
    /// When the structure has not.
    pub(crate) fn end(&mut self, bytes: &dyn ReadAt, context: &Context<'_>) -> Result<Whole> {
        match self.next(bytes, context)? {
            StructureItem::Entry(..) => Err(self.error("has an entry that is not read".to_owned())),
            StructureItem::End(whole) => Ok(whole),
        }
    }

    fn next(&mut self, bytes: &dyn ReadAt, context: &Context<'_>) -> Result<StructureItem> {
        loop {
            context.checkpoint()?;
            let shown = std::mem::take(&mut self.shown);
            let (at, length) = match self.structure.step(&self.piece[shown]) {
                Ok(Want::Bytes { at, length }) => (at, length.min(LONGEST)),
                Ok(Want::Entry(listed)) => {
                    return Ok(StructureItem::Entry(listed, Details::default()));
                }
                Ok(Want::Detailed(listed, details)) => {
                    return Ok(StructureItem::Entry(listed, details));
                }
                Ok(Want::End(whole)) => return Ok(StructureItem::End(whole)),
                Err(Broken(why)) => return Err(self.error(why)),
            };
            let ahead = usize::try_from(bytes.size().saturating_sub(at)).unwrap_or(usize::MAX);
            let length = length.min(ahead);
            let is_here =
                at >= self.start && at + length as u64 <= self.start + self.piece.len() as u64;
            if !is_here {
                self.start = at;
                self.piece.resize(length.max(PIECE).min(ahead), 0);
                if !self.piece.is_empty() {
                    bytes.read_at(at, &mut self.piece)?;
                }
            }
            // Both lie within the piece.
            let from = usize::try_from(at - self.start).unwrap_or(0).min(self.piece.len());
            self.shown = from..from + length;
        }
    }

    fn error(&self, cause: String) -> Error {
        Error::archive(&self.name, cause)
    }
}

/// libarchive composes names that are Unicode.
fn is_one_name(listed: &[u8], shown: &[u8]) -> bool {
    let composed = |name| std::str::from_utf8(name).map(UnicodeNormalization::nfc);
    listed == shown
        || match (composed(listed), composed(shown)) {
            (Ok(listed), Ok(shown)) => listed.eq(shown),
            _ => false,
        }
}

/// A name as far as libarchive shows it: up to a NUL, and with or without a slash at the end of that of a
/// directory.
fn trimmed(name: &[u8]) -> &[u8] {
    let mut name = name.split(|&byte| byte == 0).next().unwrap_or_default();
    while let Some(shorter) = name.strip_suffix(b"/") {
        name = shorter;
    }
    name
}
