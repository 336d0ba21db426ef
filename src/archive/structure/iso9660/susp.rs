//! The fields of System Use Sharing Protocol (IEEE P1281) behind the name of a record, as far as Rock
//! Ridge (IEEE P1282) says with them what the record is.

use super::super::contract::Broken;
use super::record::{Record, little};

/// A record whose further fields are read elsewhere.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) tree: usize,
    pub(super) record: Record,
    pub(super) susp: Susp,
    /// How often it was sent on.
    pub(super) count: usize,
}

/// The bits of a mode that say what an entry is, and their values: POSIX's, which Rock Ridge takes.
pub(super) const TYPE: u64 = 0o170_000;
pub(super) const DIRECTORY: u64 = 0o040_000;
pub(super) const REGULAR: u64 = 0o100_000;
pub(super) const LINK: u64 = 0o120_000;

/// Where further fields are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) sector: u64,
    pub(super) offset: usize,
    pub(super) length: usize,
}

/// What the fields say.
#[derive(Debug, Default)]
pub(super) struct Susp {
    pub(super) mode: Option<u64>,
    /// The number of the file: names of one number are links to one file.
    pub(super) number: Option<u64>,
    /// Is the entry a directory that is kept elsewhere, or one that is kept for elsewhere?
    pub(super) is_moved: bool,
    pub(super) is_rock_ridge: bool,
    pub(super) continued: Option<Area>,
}

/// How many bytes to pass over before the fields of a record, if the tree has any: the root's first says.
pub(super) fn begins(area: &[u8]) -> Option<usize> {
    match area {
        [b'S', b'P', 7, 1, 0xbe, 0xef, skipped, ..] => Some((*skipped).into()),
        _ => None,
    }
}

impl Susp {
    /// Takes the fields of an area, after so many bytes that are none.
    pub(super) fn read(&mut self, area: &[u8], skipped: usize) -> Result<&Self, Broken> {
        self.continued = None;
        let mut rest = area.get(skipped..).unwrap_or_default();
        while let [one, other, length, version, ..] = *rest
            && one.is_ascii_uppercase()
            && other.is_ascii_uppercase()
            && let Some((field, behind)) = rest.split_at_checked(length.into())
            && let Some(data) = field.get(4..)
        {
            rest = behind;
            match &[one, other] {
                b"ST" if data.is_empty() => break,
                b"CE" if data.len() == 24 && version == 1 => {
                    let sizes = [little(&data[8..12]), little(&data[16..20])].map(usize::try_from);
                    let [Ok(offset), Ok(length)] = sizes else {
                        return Broken::because("has fields at an impossible place: damaged");
                    };
                    if self.continued.is_some() {
                        return Broken::because("has an entry whose fields go on in two places");
                    }
                    self.continued = Some(Area { sector: little(&data[..4]), offset, length });
                }
                b"PX" if version == 1 => {
                    self.is_rock_ridge = true;
                    self.mode = data.get(..4).map(little).or(self.mode);
                    self.number = data.get(32..36).map(little).or(self.number);
                }
                b"CL" | b"RE" => (self.is_moved, self.is_rock_ridge) = (true, true),
                b"NM" | b"PN" | b"SL" | b"TF" if version == 1 => self.is_rock_ridge = true,
                _ => {}
            }
        }
        Ok(self)
    }
}
