//! Two archives, side by side, each in its own order.
//!
//! While both stand at the same name, their contents are compared as they come. Where they do not, one
//! of the two goes on alone, and of what passes the digest is kept.

use blake3::{Hash, Hasher};

use super::entries::{Body, Entries, Header, Kind};
use super::unpack::add_zeros;
use crate::context::Context;
use crate::engine::lockstep;
use crate::error::Result;
use crate::reader::{Chunk, Reader};

/// An archive, entry by entry. As a [`Reader`] it is the content of the entry at hand.
pub(super) trait Unpacked: Reader + Sized {
    /// The next entry; `None` after the last one. The content of the one before must be finished.
    fn entry(&mut self) -> Result<Option<Header>>;

    /// Passes over what is left of the content, and says how much of it there was in all, and its
    /// digest if that is all that can be had of it.
    fn finish(&mut self) -> Result<(u64, Option<Hash>)>;

    /// Names that were refused so far, and why.
    fn refused(self) -> Vec<(Vec<u8>, &'static str)>;
}

/// Reads both to their ends. `step` is how many bytes are compared between two looks at the context.
pub(super) fn read(
    mut left: impl Unpacked,
    mut right: impl Unpacked,
    step: usize,
    context: &Context<'_>,
) -> Result<[Entries; 2]> {
    let mut entries = [Entries::default(), Entries::default()];
    let [lefts, rights] = &mut entries;
    let (mut a, mut b) = (left.entry()?, right.entry()?);
    let mut lefts_turn = false;
    loop {
        context.checkpoint()?;
        let go_left = match (a.take(), b.take()) {
            (None, None) => break,
            (Some(one), Some(other)) if one.path == other.path => {
                together((&mut left, one, lefts), (&mut right, other, rights), step, context)?;
                (a, b) = (left.entry()?, right.entry()?);
                continue;
            }
            (one, other) => {
                let go_left = match (&one, &other) {
                    (_, None) => true,
                    (None, _) => false,
                    // One whose partner has passed already holds nobody up.
                    (_, Some(other)) if lefts.have(&other.path) => false,
                    (Some(one), _) if rights.have(&one.path) => true,
                    // Either may be the one that the other archive lacks. By turns, they meet again
                    // after as many entries as are missing.
                    _ => {
                        lefts_turn = !lefts_turn;
                        lefts_turn
                    }
                };
                (a, b) = (one, other);
                go_left
            }
        };
        if go_left {
            a = go_on(&mut left, a, lefts, context)?;
        } else {
            b = go_on(&mut right, b, rights, context)?;
        }
    }
    entries[0].refused = left.refused();
    entries[1].refused = right.refused();
    Ok(entries)
}

/// Reads one to its end, without any use for content.
pub(super) fn read_one(mut archive: impl Unpacked, context: &Context<'_>) -> Result<Entries> {
    let mut entries = Entries::default();
    while let Some(header) = archive.entry()? {
        context.checkpoint()?;
        let (size, digest) = archive.finish()?;
        entries.push(header, Body { size, digest, twin: None });
    }
    entries.refused = archive.refused();
    Ok(entries)
}

type At<'x, U> = (&'x mut U, Header, &'x mut Entries);

/// Takes the entry at hand by itself, and goes on to the next.
fn go_on(
    archive: &mut impl Unpacked,
    at: Option<Header>,
    entries: &mut Entries,
    context: &Context<'_>,
) -> Result<Option<Header>> {
    if let Some(header) = at {
        alone(archive, header, entries, context)?;
    }
    archive.entry()
}

/// Takes two entries of the same name.
fn together(
    (left, one, lefts): At<'_, impl Unpacked>,
    (right, other, rights): At<'_, impl Unpacked>,
    step: usize,
    context: &Context<'_>,
) -> Result<()> {
    if one.kind != Kind::File || other.kind != Kind::File {
        alone(left, one, lefts, context)?;
        return alone(right, other, rights, context);
    }
    let same = lockstep::compare(left, right, step, context)?;
    let ((size, digest), (other_size, other_digest)) = (left.finish()?, right.finish()?);
    // Where digests were sent, there was nothing to compare.
    let twin = |index| digest.is_none().then_some((index, same));
    let body = Body { size, digest, twin: twin(rights.next()) };
    let other_body = Body { size: other_size, digest: other_digest, twin: twin(lefts.next()) };
    lefts.push(one, body);
    rights.push(other, other_body);
    Ok(())
}

/// Takes an entry that the other archive is not at.
fn alone(
    archive: &mut impl Unpacked,
    header: Header,
    entries: &mut Entries,
    context: &Context<'_>,
) -> Result<()> {
    let mut hasher = Hasher::new();
    loop {
        let taken = match archive.chunk()? {
            Chunk::End => break,
            Chunk::Bytes(bytes) => {
                hasher.update(bytes);
                bytes.len() as u64
            }
            Chunk::Zeros(zeros) => {
                add_zeros(&mut hasher, zeros, context)?;
                zeros
            }
            Chunk::Waiting => 0,
        };
        if taken > 0 {
            archive.consume(taken);
        }
        context.checkpoint()?;
    }
    let (size, digest) = archive.finish()?;
    let digest = digest.unwrap_or_else(|| hasher.finalize());
    entries.push(header, Body { size, digest: Some(digest), twin: None });
    Ok(())
}
