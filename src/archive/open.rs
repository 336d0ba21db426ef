//! Opens an archive of any kind, in this process.

use std::sync::Arc;

use flate2::bufread::GzDecoder;

use super::input::{self, ArchiveInput, Bytes};
use super::libarchive::Libarchive;
use super::limits::Meter;
use super::parts::Parts;
use super::password::{NEEDED, ONLY_ZIPS, Password};
use super::single::{Single, Within, probe};
use super::stream::Entries;
use super::structure::Broken;
use super::within::{TAR, is_common};
use super::zip::{self, Begins, PlainZip, ZipIndex};
use crate::content::{Chunk, Extent, ReadAt};
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::{Filters, Reads};

/// How an archive is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner<'p> {
    /// Does a tar go on behind its end?
    pub(crate) ignore_zeros: bool,
    /// What a zip is decrypted with.
    pub(crate) password: Option<&'p Password>,
}

/// Refuses a zip with entries that cannot be decrypted.
fn check_encryption(index: &ZipIndex, name: &Name, password: Option<&Password>) -> Result<()> {
    match index.members.encrypted() {
        Some(_) if password.is_none() => Err(Error::archive(name, NEEDED)),
        // libarchive takes what is stored for the target.
        Some(true) => {
            Err(Error::archive(name, "has a link that is encrypted, which is not decrypted"))
        }
        _ => Ok(()),
    }
}

/// Finds out what kind of archive it is. `name` is what messages call it.
///
/// # Errors
/// When it is none, or cannot be read; when it is a zip with too many entries.
pub(crate) fn open_here<'a>(
    bytes: Bytes<'a>,
    name: &Name,
    meter: &Meter,
    manner: Manner<'_>,
    context: &'a Context<'a>,
) -> Result<Box<dyn Entries + 'a>> {
    let begins = match bytes.anywhere() {
        Some(bytes) => Begins::look(bytes, meter, context)?,
        None => Begins::Otherwise,
    };
    let (index, is_rar) = match begins {
        Begins::Broken(Broken(why)) => return Err(Error::archive(name, why)),
        Begins::Zip(index) => {
            check_encryption(&index, name, manner.password)?;
            (Some(index), false)
        }
        Begins::Rar => (None, true),
        Begins::Otherwise => (None, false),
    };
    match (index, bytes) {
        (Some(index), Bytes::Anywhere(bytes)) if index.is_plain => {
            Ok(Box::new(PlainZip::new(bytes, *index, name, context)))
        }
        (index, bytes) => {
            let mut input = input::open(bytes, name, meter, Filters::Others, context)?;
            if index.is_none() {
                input = input::behind_program(input)?;
            }
            // One that ends with a zip has one stored in it.
            let reads = Reads::Entries { ignore_zeros: manner.ignore_zeros, zip: !is_rar };
            if index.is_none() && input.is_compressed_once() {
                input = match within_one_layer(input, reads, context)? {
                    Within::Archive(input) => input,
                    Within::Single(_) if manner.password.is_some() => {
                        return Err(Error::archive(name, ONLY_ZIPS));
                    }
                    Within::Single(input) => return Ok(Box::new(Single::new(input, name)?)),
                };
            }
            let first = Libarchive::open(
                input,
                index,
                reads,
                meter.clone(),
                manner.password,
                name,
                context,
            )?;
            Ok(Box::new(Parts::new(first, meter.clone(), name, context)))
        }
    }
}

/// What is within one layer of compression.
fn within_one_layer<'a>(
    mut input: ArchiveInput<'a>,
    reads: Reads,
    context: &Context<'_>,
) -> Result<Within<'a>> {
    if input::is_single(&mut input)? {
        return Ok(Within::Single(input));
    }
    // A zip is read from its end.
    let start = input.start(TAR)?;
    if is_common(start) || zip::is_zip(start) {
        return Ok(Within::Archive(input));
    }
    probe(input, reads, context)
}

/// An archive of any kind, or what it is in if it is not a common one.
pub(crate) enum Common<'a> {
    Yes(Box<dyn Entries + 'a>),
    No(Bytes<'a>),
}

/// Opens a tar, a plain zip, a cpio or an ar, also within gzip, bzip2, xz, zstd and lz4. No reader of any other
/// format, and nothing that undoes anything else, sees any of it.
///
/// # Errors
/// When it cannot be read; when it is damaged.
pub(crate) fn open_common<'a>(
    mut bytes: Bytes<'a>,
    name: &Name,
    meter: &Meter,
    manner: Manner<'_>,
    context: &'a Context<'a>,
) -> Result<Common<'a>> {
    let input = match bytes {
        Bytes::Anywhere(bytes) => {
            match Begins::look(&*bytes, meter, context)? {
                Begins::Broken(Broken(why)) => return Err(Error::archive(name, why)),
                Begins::Zip(index) if index.is_plain => {
                    return Ok(Common::Yes(Box::new(PlainZip::new(bytes, *index, name, context))));
                }
                Begins::Zip(index) => {
                    check_encryption(&index, name, manner.password)?;
                    return Ok(Common::No(Bytes::Anywhere(bytes)));
                }
                Begins::Rar => return Ok(Common::No(Bytes::Anywhere(bytes))),
                Begins::Otherwise => {}
            }
            let shared = Shared(Arc::from(bytes));
            let again = Bytes::Anywhere(Box::new(shared.clone()));
            let mut input = input::open(again, name, meter, Filters::Common, context)?;
            let is_single = input::is_single(&mut input)?;
            if manner.password.is_some() && (is_single || is_common(input.start(TAR)?)) {
                return Err(Error::archive(name, ONLY_ZIPS));
            }
            if is_single {
                return Ok(Common::Yes(Box::new(Single::new(input, name)?)));
            }
            if !is_common(input.start(TAR)?) {
                return Ok(Common::No(Bytes::Anywhere(Box::new(shared))));
            }
            input
        }
        Bytes::Stream(..) => {
            // It cannot be begun anew: only what it begins with tells, which is not taken.
            if !begins_common(&mut bytes, context)? {
                return Ok(Common::No(bytes));
            }
            input::open(bytes, name, meter, Filters::Common, context)?
        }
    };
    let reads = Reads::Common { ignore_zeros: manner.ignore_zeros };
    let first =
        Libarchive::open(input, None, reads, meter.clone(), manner.password, name, context)?;
    Ok(Common::Yes(Box::new(Parts::new(first, meter.clone(), name, context))))
}

/// Does a tar, a cpio or an ar begin like what comes in its order, also within gzip?
fn begins_common(bytes: &mut Bytes<'_>, context: &Context<'_>) -> Result<bool> {
    let Bytes::Stream(reader, _) = bytes else { return Ok(false) };
    loop {
        context.checkpoint()?;
        return Ok(match reader.chunk()? {
            Chunk::Waiting => continue,
            // Nothing at all is no archive, as will be said.
            Chunk::End => true,
            Chunk::Zeros(_) => false,
            Chunk::Bytes(start) if start.starts_with(&input::GZIP) => {
                let mut within = vec![0; TAR];
                let mut filled = 0;
                let mut undone = GzDecoder::new(start);
                while filled < TAR {
                    match std::io::Read::read(&mut undone, &mut within[filled..]) {
                        Ok(0) | Err(_) => break,
                        Ok(length) => filled += length,
                    }
                }
                is_common(&within[..filled])
            }
            Chunk::Bytes(start) => is_common(start),
        });
    }
}

/// Bytes that may be read once more, by another reader.
#[derive(Clone)]
struct Shared<'a>(Arc<dyn ReadAt + 'a>);

impl ReadAt for Shared<'_> {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn extent(&self, offset: u64) -> Result<Extent> {
        self.0.extent(offset)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn is_promised(&self) -> bool {
        self.0.is_promised()
    }

    fn descriptor(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.0.descriptor()
    }
}
