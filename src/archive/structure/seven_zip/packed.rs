//! The header of an archive, where it is packed itself: by LZMA most often, as 7-Zip does it.

use std::io::{Cursor, Read};

use lzma_rust2::{Lzma2Reader, LzmaReader};

use super::fields::{Fields, number};
use super::streams::{Coder, MOST_OF_HEADER, Streams};
use crate::archive::structure::Broken;

/// Coders that are undone here: as it is, LZMA 2, and LZMA.
const COPY: &[u8] = &[0x00];
const LZMA2: &[u8] = &[0x21];
const LZMA: &[u8] = &[0x03, 0x01, 0x01];

const DAMAGED: &str = "is damaged: its header cannot be unpacked";
const UNKNOWN: &str = "has a header that is packed in a way that is not known";

/// How much comes out at a time: a few milliseconds of work.
const PIECE: usize = 1 << 20;

/// Where a packed header lies behind the first header, and how it is packed.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) position: u64,
    pub(super) length: u64,
    size: usize,
    /// Of what comes out; some writers leave it away.
    pub(super) checksum: Option<u32>,
    coder: Vec<u8>,
    properties: Vec<u8>,
}

impl Packed {
    /// Reads what says so, without its type. All must lie within the first `length` bytes behind the first
    /// header.
    ///
    /// # Errors
    /// When it makes no sense, or when it is packed in another way than is known here.
    pub(super) fn read(head: &[u8], length: u64) -> Result<Self, Broken> {
        let damaged =
            || Broken("is damaged: what says how its header is packed makes no sense".to_owned());
        let mut fields = Fields(head);
        let streams = Streams::read(&mut fields).ok_or_else(damaged)?;
        let [folder] = &streams.folders[..] else { return Err(damaged()) };
        if folder.is_encrypted {
            return Broken::because("is encrypted, with its headers");
        }
        let (&[packed], Some(coder)) = (&streams.packed[..], &folder.coder) else {
            return Broken::because(UNKNOWN);
        };
        if streams.end().is_none_or(|end| end > length) {
            return Err(damaged());
        }
        let size = usize::try_from(folder.size).ok().filter(|&size| size <= MOST_OF_HEADER);
        let Some(size) = size.filter(|_| packed <= MOST_OF_HEADER as u64) else {
            return Broken::because("has a header of more than 128 MiB");
        };
        let Coder { id, properties } = coder;
        let (coder, properties) = (id.to_vec(), properties.to_vec());
        let checksum = folder.checksum;
        Ok(Self { position: streams.position, length: packed, size, checksum, coder, properties })
    }

    /// Begins to unpack it.
    ///
    /// # Errors
    /// When it is packed in a way that is not known here.
    pub(super) fn unpack(&self, packed: Vec<u8>) -> Result<Unpacking, Broken> {
        let (size, packed) = (self.size, Cursor::new(packed));
        // No more than all that comes out is ever looked back at.
        let most = u32::try_from(size).unwrap_or(u32::MAX).max(1 << 12);
        let from: Box<dyn Read + Send> = match (&self.coder[..], &self.properties[..]) {
            (COPY | [], []) => Box::new(packed),
            (LZMA, [properties, dictionary @ ..]) if dictionary.len() == 4 => {
                let dictionary = u32::try_from(number(dictionary)).unwrap_or(most).min(most);
                let (size, properties) = (size as u64, *properties);
                match LzmaReader::new_with_props(packed, size, properties, dictionary, None) {
                    Ok(reader) => Box::new(reader),
                    Err(_) => return Broken::because(DAMAGED),
                }
            }
            // Its dictionary may be as large as all that comes out.
            (LZMA2, [_]) => Box::new(Lzma2Reader::new(packed, most, None)),
            _ => return Broken::because(UNKNOWN),
        };
        Ok(Unpacking { from, unpacked: Vec::new(), size })
    }
}

/// A header that is being unpacked.
pub(super) struct Unpacking {
    from: Box<dyn Read + Send>,
    unpacked: Vec<u8>,
    size: usize,
}

impl Unpacking {
    /// Unpacks a little more of it; all of it, when that is there.
    ///
    /// # Errors
    /// When it is damaged.
    pub(super) fn step(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        let before = self.unpacked.len();
        self.unpacked.resize(self.size.min(before + PIECE), 0);
        if self.from.read_exact(&mut self.unpacked[before..]).is_err() {
            return Broken::because(DAMAGED);
        }
        let is_all = self.unpacked.len() == self.size;
        Ok(is_all.then(|| std::mem::take(&mut self.unpacked)))
    }
}
