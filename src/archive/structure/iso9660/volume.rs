//! The descriptors of an ISO 9660 image: where its trees are, and how long it is.

use super::super::contract::Broken;
use super::record::SECTOR;
use super::record::{Record, little};

/// What every descriptor begins with, behind its type.
const IDENTIFIER: &[u8] = b"CD001";

/// The types that ECMA-119, section 8, gives to descriptors.
const PRIMARY: u8 = 1;
const SUPPLEMENTARY: u8 = 2;
const TERMINATOR: u8 = 255;

/// One tree.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Volume {
    /// The sector of its root directory.
    pub(super) root: u64,
    pub(super) is_joliet: bool,
}

/// All descriptors that have been seen.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    primary: Option<Volume>,
    others: Vec<Volume>,
    sectors: u64,
    /// The number of this volume in its set.
    number: u64,
}

impl Volumes {
    /// Takes one descriptor, and says whether it is the last.
    pub(super) fn read(&mut self, sector: &[u8]) -> Result<bool, Broken> {
        if &sector[1..6] != IDENTIFIER {
            return Broken::because("has volume descriptors that do not end: damaged");
        }
        match sector[0] {
            TERMINATOR if self.primary.is_none() => {
                Broken::because("has no primary volume descriptor: damaged")
            }
            TERMINATOR => Ok(true),
            PRIMARY | SUPPLEMENTARY => self.volume(sector).map(|()| false),
            _ => Ok(false),
        }
    }

    fn volume(&mut self, sector: &[u8]) -> Result<(), Broken> {
        if little(&sector[128..130]) != SECTOR as u64 {
            return Broken::because("has blocks of another size than 2048 bytes");
        }
        let sectors = little(&sector[80..84]);
        let volume = Volume {
            root: little(&sector[158..162]),
            // The escape sequences of UCS-2, levels 1 to 3.
            is_joliet: matches!(&sector[88..91], [b'%', b'/', b'@' | b'C' | b'E']),
        };
        if volume.root < 16 || volume.root >= sectors {
            return Broken::because("has a root directory at an impossible place: damaged");
        }
        if sector[0] == PRIMARY && self.primary.is_none() {
            (self.number, self.primary) = (little(&sector[124..126]), Some(volume));
        } else if self.others.len() < 8 {
            self.others.push(volume);
        } else {
            return Broken::because("has too many trees");
        }
        self.sectors = self.sectors.max(sectors);
        Ok(())
    }

    /// Where the image ends.
    pub(super) fn size(&self) -> u64 {
        self.sectors * SECTOR as u64
    }

    /// Every tree, the primary one first, and whether it is that.
    pub(super) fn trees(&self) -> impl Iterator<Item = (Volume, bool)> {
        let primary = self.primary.map_or(0, |volume| volume.root);
        let others = self.others.iter().copied().filter(move |volume| volume.root != primary);
        self.primary.map(|volume| (volume, true)).into_iter().chain(others.map(|it| (it, false)))
    }

    /// Does this image have all of a record's content?
    pub(super) fn holds(&self, record: &Record) -> Result<(), Broken> {
        if record.volume != self.number {
            return Broken::because("is one of several volumes, which have its files together");
        }
        let is_within = record.at.checked_add(record.size).is_some_and(|end| end <= self.size());
        if record.size > 0 && (!is_within || record.at < 16 * SECTOR as u64) {
            return Broken::because("has an entry whose content lies outside of it: damaged");
        }
        Ok(())
    }
}
