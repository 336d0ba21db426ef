//! The parts of a cabinet: section 2 of \[MS-CAB\].

use super::super::{Broken, Listed};

/// How many bytes the header has, reserved areas apart.
pub(super) const HEADER: usize = 36;

/// How many bytes a folder and the header of a block of data have, reserved areas apart.
const FOLDER: usize = 8;
const DATA: usize = 8;

/// How many bytes the fixed part of a file has, and its name at most, with the NUL at its end.
const FILE: usize = 16;
const NAME: usize = 256;

/// The flags of a header: other cabinets come before or after; there are reserved areas.
const IN_SET: u64 = 0x0001 | 0x0002;
const RESERVED: u64 = 0x0004;

/// The compression types of folders.
const TYPE: u64 = 0x000f;
const LZX: u64 = 3;

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[derive(Debug, Default)]
pub(super) struct Header {
    /// How many bytes the cabinet has.
    pub(super) length: u64,
    pub(super) files_at: u64,
    pub(super) folders: usize,
    pub(super) files: u16,
    pub(super) has_reserved: bool,
    reserved_of_folder: usize,
    reserved_of_data: usize,
}

impl Header {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        let Some(bytes) = bytes.first_chunk::<HEADER>() else {
            return Broken::because("is cut short: within its header");
        };
        if bytes.starts_with(b"MZ") {
            return Broken::because("is a program that extracts itself, which is not read");
        }
        let flags = little(&bytes[30..32]);
        if flags & IN_SET != 0 || little(&bytes[34..36]) != 0 {
            return Broken::because("is one of a set of cabinets, which have its files together");
        }
        let header = Self {
            length: little(&bytes[8..12]),
            files_at: little(&bytes[16..20]),
            folders: usize::from(u16::from_le_bytes([bytes[26], bytes[27]])),
            files: u16::from_le_bytes([bytes[28], bytes[29]]),
            has_reserved: flags & RESERVED != 0,
            ..Self::default()
        };
        if !bytes.starts_with(b"MSCF") || header.folders == 0 || header.length < HEADER as u64 {
            return Broken::because("has a header that is no cabinet's: damaged");
        }
        Ok(header)
    }

    /// Takes the lengths of reserved areas, and says how long the first is, which follows.
    pub(super) fn reserve(&mut self, bytes: &[u8]) -> Result<u64, Broken> {
        let &[low, high, folder, data] = bytes else {
            return Broken::because("is cut short: within its header");
        };
        (self.reserved_of_folder, self.reserved_of_data) = (folder.into(), data.into());
        Ok(u16::from_le_bytes([low, high]).into())
    }

    pub(super) fn folder_length(&self) -> usize {
        FOLDER + self.reserved_of_folder
    }

    pub(super) fn data_length(&self) -> usize {
        DATA + self.reserved_of_data
    }
}

#[derive(Debug)]
pub(super) struct Folder {
    /// Where its data begin, in so many blocks.
    pub(super) at: u64,
    pub(super) blocks: u16,
}

impl Folder {
    pub(super) fn read(bytes: &[u8], takes_lzx: bool) -> Result<Self, Broken> {
        if little(&bytes[6..8]) & TYPE == LZX && !takes_lzx {
            let why = "is packed with LZX, which the libarchive at hand does not read soundly";
            return Broken::because(why);
        }
        Ok(Self { at: little(&bytes[..4]), blocks: u16::from_le_bytes([bytes[4], bytes[5]]) })
    }
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) folder: usize,
    /// Where it begins in what its folder unpacks to.
    pub(super) at: u64,
    pub(super) size: u64,
    pub(super) listed: Listed,
}

impl File {
    /// Reads the first file of a list, and says how many bytes it takes there; `None` if it is not all
    /// there.
    pub(super) fn read(list: &[u8]) -> Result<Option<(Self, usize)>, Broken> {
        let Some((fixed, named)) = list.split_at_checked(FILE) else { return Ok(None) };
        let length = match named.iter().take(NAME).position(|&byte| byte == 0) {
            None if named.len() < NAME => return Ok(None),
            None | Some(0) => return Broken::because("has a file without a name: damaged"),
            Some(length) => length,
        };
        let folder = little(&fixed[8..10]);
        if folder >= 0xfffd {
            return Broken::because("has a file that goes on in another cabinet of its set");
        }
        let size = little(&fixed[..4]);
        // Others are converted, each by its own rule.
        let name = named[..length].is_ascii().then(|| {
            let slashed = |&byte: &u8| if byte == b'\\' { b'/' } else { byte };
            named[..length].iter().map(slashed).collect()
        });
        let file = Self {
            folder: usize::try_from(folder).unwrap_or(usize::MAX),
            at: little(&fixed[4..8]),
            size,
            listed: Listed { name, size: Some(size) },
        };
        Ok(Some((file, FILE + length + 1)))
    }
}

#[derive(Debug)]
pub(super) struct Data {
    pub(super) packed: u64,
    pub(super) unpacked: u64,
}

impl Data {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        if bytes.len() < DATA {
            return Broken::because("is cut short: within its data");
        }
        Ok(Self { packed: little(&bytes[4..6]), unpacked: little(&bytes[6..8]) })
    }
}
