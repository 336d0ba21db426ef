//! Cabinets: a header with the length of all of it, folders, files, and the blocks of data of each folder.
//!
//! Microsoft's "Cabinet File Format" ([MS-CAB]) has the format. libarchive checks the sums of the blocks
//! that it comes to; here is looked at what it takes all for granted.

mod parts;

use std::collections::VecDeque;

use self::parts::{Data, File, Folder, Header};
use super::{Broken, LONGEST, Structure, Want, Whole};

/// How much of the list of files is asked for at once.
const PIECE: usize = 16 << 10;

/// The walk over one cabinet.
#[derive(Debug, Default)]
pub(crate) struct Cab {
    /// May data be packed with LZX? Versions of libarchive that do not look whether what is repeated was
    /// there before would take memory for it that holds anything.
    takes_lzx: bool,
    at: u64,
    next: CabPart,
    header: Header,
    folders: VecDeque<Folder>,
    files: u16,
    /// What has come of the list of files, and where its end is at the latest.
    list: Vec<u8>,
    list_end: u64,
    /// How far the files of each folder reach.
    reach: Vec<u64>,
    /// The folder at hand: what is left of its blocks, and what they come to.
    blocks: u16,
    unpacked: u64,
    folder: usize,
}

/// The part of the file that is read next.
#[derive(Debug, Default)]
enum CabPart {
    #[default]
    First,
    Header,
    Reserved,
    Folders,
    Files,
    Block,
    Last,
}

impl Cab {
    /// `takes_lzx`: are cabinets packed with LZX read soundly?
    pub(crate) fn new(takes_lzx: bool) -> Self {
        Self { takes_lzx, ..Self::default() }
    }

    fn want(&mut self, next: CabPart, length: usize) -> Result<Want, Broken> {
        let (at, end) = (self.at, self.at.checked_add(length as u64));
        self.next = next;
        self.at = end.ok_or_else(|| Broken("has parts at an impossible place".to_owned()))?;
        Ok(Want::Bytes { at, length })
    }

    fn folders(&mut self) -> Result<Want, Broken> {
        let length = self.header.folders * self.header.folder_length();
        // Only areas of unknown use make them so long.
        if length > LONGEST {
            return Broken::because("has more reserved for its folders than can be accounted for");
        }
        self.want(CabPart::Folders, length)
    }

    /// Takes the folders, and goes on to the files.
    fn files(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        let each = self.header.folder_length();
        if bytes.len() < self.header.folders * each {
            return Broken::because("is cut short: within its folders");
        }
        let folders = bytes.chunks_exact(each).map(|bytes| Folder::read(bytes, self.takes_lzx));
        self.folders = folders.collect::<Result<_, _>>()?;
        let starts = self.folders.iter().filter(|it| it.blocks > 0).map(|it| it.at);
        self.list_end = starts.clone().min().unwrap_or(self.header.length);
        if self.header.files_at < self.at
            || self.header.files_at > self.list_end
            || !starts.is_sorted_by(|one, other| one < other)
        {
            return Broken::because("has parts in an impossible order: damaged");
        }
        self.reach = vec![0; self.folders.len()];
        self.at = self.header.files_at;
        self.more_files()
    }

    fn more_files(&mut self) -> Result<Want, Broken> {
        let rest = self.list_end.saturating_sub(self.at);
        let length = usize::try_from(rest).unwrap_or(LONGEST).min(PIECE);
        if length == 0 {
            return Broken::because("has a list of files that does not end: damaged");
        }
        self.want(CabPart::Files, length)
    }

    fn file(&mut self) -> Result<Want, Broken> {
        if self.files == self.header.files {
            return self.next_folder();
        }
        let Some((file, length)) = File::read(&self.list)? else { return self.more_files() };
        self.list.drain(..length);
        self.files += 1;
        match self.reach.get_mut(file.folder) {
            // What one leaves out between two is no file's.
            Some(reach) if *reach == file.at => *reach += file.size,
            Some(_) => return Broken::because("has files that do not lie one after another"),
            None => return Broken::because("has a file in no folder: damaged"),
        }
        Ok(Want::Entry(file.listed))
    }

    /// Goes on to the next folder that has data.
    fn next_folder(&mut self) -> Result<Want, Broken> {
        loop {
            if self.unpacked < self.reach.get(self.folder.wrapping_sub(1)).copied().unwrap_or(0) {
                return Broken::because("has files that are longer than the data of their folder");
            }
            let Some(folder) = self.folders.pop_front() else {
                self.at = self.header.length - 1;
                return self.want(CabPart::Last, 1);
            };
            (self.blocks, self.unpacked) = (folder.blocks, 0);
            self.folder += 1;
            if folder.blocks > 0 {
                if self.folder > 1 && folder.at < self.at {
                    return Broken::because("has folders whose data overlap: damaged");
                }
                self.at = folder.at;
                return self.block();
            }
        }
    }

    fn block(&mut self) -> Result<Want, Broken> {
        if self.at > self.header.length {
            return Broken::because("has data behind its end: damaged");
        }
        if self.blocks == 0 {
            return self.next_folder();
        }
        self.blocks -= 1;
        self.want(CabPart::Block, self.header.data_length())
    }
}

impl Structure for Cab {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match self.next {
            CabPart::First => self.want(CabPart::Header, parts::HEADER),
            CabPart::Header => {
                self.header = Header::read(bytes)?;
                if self.header.has_reserved {
                    return self.want(CabPart::Reserved, 4);
                }
                self.folders()
            }
            CabPart::Reserved => {
                self.at += self.header.reserve(bytes)?;
                self.folders()
            }
            CabPart::Folders => self.files(bytes),
            // After an entry there are no bytes; the list goes on where it was.
            CabPart::Files => {
                self.list.extend_from_slice(bytes);
                self.file()
            }
            CabPart::Block => {
                let data = Data::read(bytes)?;
                self.at += data.packed;
                self.unpacked += data.unpacked;
                self.block()
            }
            CabPart::Last if bytes.is_empty() => {
                Broken::because("is cut short: its header counts more bytes")
            }
            CabPart::Last => Ok(Want::End(Whole { end: self.header.length, ..Whole::default() })),
        }
    }
}

#[cfg(test)]
mod tests;
