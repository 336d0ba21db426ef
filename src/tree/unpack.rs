//! The thread that unpacks one archive.

use std::collections::HashSet;
use std::sync::Arc;

use blake3::{Hash, Hasher};

use super::entries::{Header, Index, Kind, Spelling};
use super::handover::Outlet;
use super::names;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::options::ArchiveLimits;
use crate::reader::archive::{ArchiveReader, Piece};
use crate::reader::supply::Origin;
use crate::sys::libarchive;

/// What holes are hashed as.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// What becomes of the content of files.
pub(super) enum Plan {
    /// It is sent.
    Send,
    /// Its digest is.
    Digest,
    /// The digests of these are, and of the others only how much there is.
    DigestOnly(HashSet<Index>),
}

/// Unpacks an archive, and sends all that counts in it.
pub(super) fn unpack(
    origin: &dyn Origin,
    plan: &Plan,
    limits: &ArchiveLimits,
    context: &Context<'_>,
    mut outlet: Outlet,
) {
    let outcome = send_all(origin, plan, limits, context, &mut outlet);
    // What has changed may well look damaged.
    let verified = match &outcome {
        Ok(()) | Err(Error::Archive { .. } | Error::ArchiveBomb { .. }) => origin.verify(),
        Err(_) => Ok(()),
    };
    outlet.end(verified.and(outcome));
}

fn send_all(
    origin: &dyn Origin,
    plan: &Plan,
    limits: &ArchiveLimits,
    context: &Context<'_>,
    outlet: &mut Outlet,
) -> Result<()> {
    let mut archive = ArchiveReader::open(origin.open(context)?, origin.name(), limits, context)?;
    let mut index: Index = 0;
    while let Some(entry) = archive.next()? {
        let kind = match entry.kind {
            libarchive::Kind::File => Kind::File,
            libarchive::Kind::Symlink(target) => Kind::Symlink(names::composed(target).into()),
            // A target that cannot be matched is the target of nothing: it stays as it is.
            libarchive::Kind::HardLink(target) => {
                Kind::HardLink(names::composed(names::normal(&target).unwrap_or(target)).into())
            }
            libarchive::Kind::Other => {
                archive.content(|_| Ok(()))?;
                continue;
            }
        };
        let name =
            if entry.is_cut { Err("contains a NUL byte") } else { names::normal(&entry.name) };
        let path = match name {
            Ok(path) if path.is_empty() => {
                outlet.refused(entry.name, "is empty")?;
                archive.content(|_| Ok(()))?;
                continue;
            }
            Ok(path) => path,
            Err(why) => {
                outlet.refused(entry.name, why)?;
                archive.content(|_| Ok(()))?;
                continue;
            }
        };
        let is_sent = matches!(plan, Plan::Send) && kind == Kind::File;
        let is_digested = match plan {
            Plan::Send | Plan::Digest => !is_sent,
            Plan::DigestOnly(chosen) => chosen.contains(&index),
        };
        let (path, spelling) = spelled(path, archive.spells_exactly());
        outlet.entry(Header { path, spelling, kind })?;
        let (size, digest) = if is_sent {
            (archive.content(|piece| outlet.content(piece))?, None)
        } else if is_digested {
            let (size, digest) = digest(&mut archive, context)?;
            (size, Some(digest))
        } else {
            (archive.content(|_| Ok(()))?, None)
        };
        outlet.done(size, digest)?;
        index += 1;
    }
    archive.finish()
}

/// The name composed, and how it is spelled. `exactly`: as it is given here.
fn spelled(name: Vec<u8>, exactly: bool) -> (Arc<[u8]>, Spelling) {
    let written = if name.is_ascii() { None } else { Some(name.clone()) };
    let path = names::composed(name);
    let spelling = match written {
        Some(_) if !exactly => Spelling::Unknown,
        Some(written) if written != path => Spelling::Other(written.into()),
        _ => Spelling::Composed,
    };
    (path.into(), spelling)
}

fn digest(archive: &mut ArchiveReader<'_>, context: &Context<'_>) -> Result<(u64, Hash)> {
    let mut hasher = Hasher::new();
    let size = archive.content(|piece| {
        match piece {
            Piece::Bytes(bytes) => hasher.update(bytes),
            Piece::Shared(slab, range) => hasher.update(&slab[range]),
            Piece::Zeros(length) => return add_zeros(&mut hasher, length, context),
        };
        Ok(())
    })?;
    Ok((size, hasher.finalize()))
}

/// Adds that many zero bytes to what is hashed: no digest can be told from the number alone.
pub(super) fn add_zeros(hasher: &mut Hasher, mut length: u64, context: &Context<'_>) -> Result<()> {
    while length > 0 {
        context.checkpoint()?;
        let part = usize::try_from(length).unwrap_or(ZEROS.len()).min(ZEROS.len());
        hasher.update(&ZEROS[..part]);
        length -= part as u64;
    }
    Ok(())
}
