//! Which streams an archive packs, how, and what comes out of them.

use super::fields::Fields;

/// How long a header may be: it is kept in memory, and one of a million files takes some 100 MB.
pub(super) const MOST_OF_HEADER: usize = 128 << 20;

/// Properties.
pub(super) const END: u8 = 0x00;
const PACK_INFO: u8 = 0x06;
const UNPACK_INFO: u8 = 0x07;
const SUBSTREAMS_INFO: u8 = 0x08;
const SIZE: u8 = 0x09;
const CHECKSUM: u8 = 0x0a;
const FOLDER: u8 = 0x0b;
const UNPACK_SIZE: u8 = 0x0c;
const SUBSTREAMS: u8 = 0x0d;

/// In a coder's first byte: how long its identifier is, whether it has several inputs or outputs, and whether
/// it has properties.
const IDENTIFIER: u8 = 0x0f;
const IS_COMPLEX: u8 = 0x10;
const HAS_PROPERTIES: u8 = 0x20;

/// Coders in a folder, and what goes into or comes out of them, at most: as many as 7-Zip takes.
const MOST_CODERS: u64 = 32;
/// Files and streams in an archive, at most, so that little memory is taken by what a damaged header claims.
pub(super) const MOST: u64 = 1 << 22;

/// The coder that encrypts, by AES-256 and SHA-256.
const AES: &[u8] = &[0x06, 0xf1, 0x07, 0x01];

/// All that is packed.
#[derive(Default)]
pub(super) struct Streams<'b> {
    /// Where it begins, behind the first header, and how long each packed stream is.
    pub(super) position: u64,
    pub(super) packed: Vec<u64>,
    pub(super) folders: Vec<Folder<'b>>,
    /// What comes out of them, one for each file with content: sizes, and checksums where there are any.
    pub(super) unpacked: Vec<(u64, Option<u32>)>,
}

/// Packed together: one stream comes out, of which each file has a part.
pub(super) struct Folder<'b> {
    /// How, if that takes one step only.
    pub(super) coder: Option<Coder<'b>>,
    pub(super) is_encrypted: bool,
    pub(super) size: u64,
    pub(super) checksum: Option<u32>,
    /// How many streams come out of its coders, and which of them out of all.
    outputs: u64,
    main: u64,
}

/// One way of packing.
pub(super) struct Coder<'b> {
    pub(super) id: &'b [u8],
    pub(super) properties: &'b [u8],
}

impl<'b> Streams<'b> {
    /// Reads what is said of them, up to its end. `None`: it makes no sense.
    pub(super) fn read(fields: &mut Fields<'b>) -> Option<Self> {
        let mut streams = Self::default();
        let mut has_substreams = false;
        loop {
            match fields.byte()? {
                END => break,
                PACK_INFO => streams.read_packed(fields)?,
                UNPACK_INFO => streams.read_folders(fields)?,
                SUBSTREAMS_INFO => {
                    streams.read_substreams(fields)?;
                    has_substreams = true;
                }
                _ => return None,
            }
        }
        if !has_substreams {
            let all = streams.folders.iter();
            streams.unpacked = all.map(|folder| (folder.size, folder.checksum)).collect();
        }
        Some(streams)
    }

    /// Where the last packed stream ends, behind the first header.
    pub(super) fn end(&self) -> Option<u64> {
        self.packed.iter().try_fold(self.position, |end, &size| end.checked_add(size))
    }

    fn read_packed(&mut self, fields: &mut Fields<'b>) -> Option<()> {
        let (position, streams) = (fields.number()?, few(fields.number()?)?);
        self.position = position;
        loop {
            match fields.byte()? {
                END => return Some(()),
                SIZE => {
                    for _ in 0..streams {
                        self.packed.push(fields.number()?);
                    }
                }
                CHECKSUM => {
                    fields.checksums(streams)?;
                }
                _ => return None,
            }
        }
    }

    fn read_folders(&mut self, fields: &mut Fields<'b>) -> Option<()> {
        (fields.byte()? == FOLDER).then_some(())?;
        let folders = few(fields.number()?)?;
        // Not in a stream of its own.
        (fields.byte()? == 0).then_some(())?;
        for _ in 0..folders {
            self.folders.push(folder(fields)?);
        }
        (fields.byte()? == UNPACK_SIZE).then_some(())?;
        for folder in &mut self.folders {
            for output in 0..folder.outputs {
                let size = fields.number()?;
                if output == folder.main {
                    folder.size = size;
                }
            }
        }
        loop {
            match fields.byte()? {
                END => return Some(()),
                CHECKSUM => {
                    let checksums = fields.checksums(folders)?;
                    for (folder, checksum) in self.folders.iter_mut().zip(checksums) {
                        folder.checksum = checksum;
                    }
                }
                _ => return None,
            }
        }
    }

    fn read_substreams(&mut self, fields: &mut Fields<'b>) -> Option<()> {
        let mut counts = vec![1; self.folders.len()];
        let mut kind = fields.byte()?;
        if kind == SUBSTREAMS {
            for count in &mut counts {
                *count = fields.number()?;
            }
            kind = fields.byte()?;
        }
        let has_sizes = kind == SIZE;
        let mut unknown = 0_u64;
        for (folder, &count) in self.folders.iter().zip(&counts) {
            // The size of the last one is what the others leave.
            let mut left = folder.size;
            few(count.checked_add(self.unpacked.len() as u64)?)?;
            for _ in 1..count {
                let size = has_sizes.then(|| fields.number())??;
                left = left.checked_sub(size)?;
                self.unpacked.push((size, None));
            }
            if count > 0 {
                self.unpacked.push((left, folder.checksum.filter(|_| count == 1)));
            }
            if count != 1 || folder.checksum.is_none() {
                unknown = unknown.checked_add(count)?;
            }
        }
        if has_sizes {
            kind = fields.byte()?;
        }
        loop {
            match kind {
                END => return Some(()),
                CHECKSUM => {
                    let without = self.unpacked.iter_mut().filter(|(_, known)| known.is_none());
                    for ((_, known), checksum) in without.zip(fields.checksums(unknown)?) {
                        *known = checksum;
                    }
                }
                _ => return None,
            }
            kind = fields.byte()?;
        }
    }
}

/// No more than there may be.
fn few(count: u64) -> Option<u64> {
    (count <= MOST).then_some(count)
}

/// Reads how a folder is packed. `None`: it makes no sense.
fn folder<'b>(fields: &mut Fields<'b>) -> Option<Folder<'b>> {
    let count = fields.number().filter(|count| (1..=MOST_CODERS).contains(count))?;
    let (mut coder, mut is_encrypted, mut inputs, mut outputs) = (None, false, 0_u64, 0_u64);
    for _ in 0..count {
        let flags = fields.byte()?;
        let id = fields.bytes((flags & IDENTIFIER).into())?;
        let is_complex = flags & IS_COMPLEX != 0;
        let (one, other) = if is_complex { (fields.number()?, fields.number()?) } else { (1, 1) };
        (inputs, outputs) = (inputs.checked_add(one)?, outputs.checked_add(other)?);
        (inputs <= MOST_CODERS && outputs <= MOST_CODERS).then_some(())?;
        let length = if flags & HAS_PROPERTIES != 0 { fields.number()? } else { 0 };
        let properties = fields.bytes(length)?;
        is_encrypted |= id == AES;
        coder = (count == 1).then_some(Coder { id, properties });
    }
    // All outputs but one are the input of another coder.
    let pairs = outputs.checked_sub(1)?;
    let mut bound = Vec::new();
    for _ in 0..pairs {
        fields.number()?;
        bound.push(fields.number()?);
    }
    let main = (0..outputs).find(|output| !bound.contains(output))?;
    let packed = inputs.checked_sub(pairs)?;
    if packed > 1 {
        for _ in 0..packed {
            fields.number()?;
        }
    }
    Some(Folder { coder, is_encrypted, size: 0, checksum: None, outputs, main })
}
